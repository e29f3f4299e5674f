# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The error that a user's mistake raises."""


class UserError(Exception):
    """
    Say in one sentence what was wrong with an input and what to do about it.

    Raised for everything that the person at the keyboard can mend: a wrong file, a combination
    that this machine cannot do, a bag without the topic. The verbs print it and exit with status
    2; the node reports it in its log and in its diagnostics.
    """
