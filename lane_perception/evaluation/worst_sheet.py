# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The worst pictures of an evaluation on one sheet, to see what they have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.contact_sheet import labeled_tile
from lane_perception.data.image_files import write_image
from lane_perception.evaluation.gallery import Exhibit

SHOWN = ('prediction', 'error')   # of each exhibit, side by side
QUALITY = 88


def write_worst_sheet(path: Path, exhibits: Sequence[Exhibit], count: int) -> None:
    """
    Write the worst pictures as one JPEG, the worst first, each with its errors beside it.

    In the errors, found markings are white, false ones orange, missed ones blue; the lane centre
    that was found is a green dot, that of the label a cyan ring.

    :param exhibits: the worst first; at least one. Those kept as the best are left out.
    :param count: of pictures, at most.
    """
    tiles = []
    for exhibit in [one for one in exhibits if not one.best][:count]:
        score = exhibit.score
        figure = '-' if score.line_f1 is None else f'{score.line_f1:.2f}'
        captions = (f'{exhibit.caption}  line F1 {figure}', ', '.join(score.failures))
        pair = [labeled_tile(_picture(exhibit.pictures[shown]), None, caption)
                for shown, caption in zip(SHOWN, captions)]
        tiles.append(np.hstack(pair))
    write_image(path, contact_sheet(tiles, 1 if len(tiles) < 4 else 2), quality=QUALITY)


def _picture(data: bytes) -> NDArray[np.uint8]:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
