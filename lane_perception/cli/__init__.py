# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
One thin main per verb.

A verb is a module here with ``main(argv=None)`` that returns an exit status; setup.py makes an
executable of every one of them, so a verb exists exactly when its file does.
"""
