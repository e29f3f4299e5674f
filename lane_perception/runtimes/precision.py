# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Which arithmetic suits the processor, by its instructions alone (docs/benchmark.md measures it).

bf16 pays only where AMX multiplies its matrices: by the vectors of AVX-512 BF16 networks take
longer than in fp32. int8 pays by VNNI, and no more than bf16 does by AMX.
"""

from __future__ import annotations

from lane_perception.machine import instructions

AMX = 'amx_bf16'
VNNI = {'avx512_vnni', 'avx_vnni'}


def suits_bf16() -> bool:
    """Tell whether bf16 is the quickest arithmetic of this processor."""
    return AMX in instructions()


def suits_int8() -> bool:
    """Tell whether int8 is the quickest arithmetic of this processor."""
    return not suits_bf16() and not VNNI.isdisjoint(instructions())
