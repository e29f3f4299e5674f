# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Decide which pixels are marking: where tape is, and where a picture shows it.

Both agree where a picture is sharp. In a blurred one bright tape on a dark floor looks wider than
it is, because brightness is blurred before the tone curve lifts the dark end; people, and programs
that look at contrast, label what they see. So the masks of pictures end where the picture has half
of the marking's contrast.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import NOT_JUDGED
from lane_perception.data.synthetic.renderer import View
from lane_perception.data.synthetic.sensor import Exposure
from lane_perception.data.synthetic.sensor import Sensor

UNJUDGED = 0.7    # markings narrower than this many pixels are not judged
THIN = 1.0        # markings narrower than this many pixels need less coverage to count
FAINT = 2.5       # markings that differ by fewer grey levels from the floor are not judged
LEAST_SHOWN = 0.3  # share of their contrast below which smeared markings are not judged


def true_mask(view: View) -> NDArray[np.uint8]:
    """
    Return the (H, W) mask of the tape itself: 255 marking, 0 background, 127 not judged.

    A pixel is marking where markings cover half of it or more. Far away, where a marking is
    narrower than a pixel, a third suffices, down to UNJUDGED pixels; what is thinner than that
    cannot be told and is not judged.
    """
    cover = view.coverage
    mask = np.where(cover >= 0.5, 255, 0).astype(np.uint8)
    width = _width(cover)
    thin = (width < THIN) & (cover > 0.12)
    mask[thin] = NOT_JUDGED
    mask[thin & (width >= UNJUDGED) & (cover >= 0.35)] = 255
    return mask


def shown_mask(view: View, sensor: Sensor, exposure: Exposure) -> NDArray[np.uint8]:
    """
    Return the (H, W) mask of a sensor's picture: 255 marking, 0 background, 127 not judged.

    A pixel is marking where the picture, but for its noise, shows half of the contrast that the
    marking has hereabouts. Not judged is what is thinner than UNJUDGED pixels, what blur leaves
    less than LEAST_SHOWN of, what differs by fewer than FAINT grey levels from the floor (too
    dark, washed out by glare), and what the caption covers.

    :param exposure: that :meth:`Sensor.expose` returned for the picture.
    """
    mask = np.zeros(view.coverage.shape, np.uint8)
    rows = np.flatnonzero((view.coverage > 0.02).any(1))
    if rows.size == 0:
        return mask
    height, width = mask.shape
    margin = 6 + int(width / 640 * (3 * sensor.defocus + sensor.motion))
    part = slice(max(rows[0] - margin, 0), min(rows[-1] + margin + 1, height))
    cover, light, contrast = (field[part] for field in (view.coverage, view.light, view.contrast))
    smeared = sensor.blur(cover, width)
    near = cv2.blur(cover, (9, 9))
    tape = cv2.blur(contrast, (9, 9)) / np.maximum(near, 1e-4)[..., None]
    floor = cv2.blur(light - contrast, (5, 5))
    at = np.nonzero(smeared > 0.04)
    factor = np.array(sensor.cast, np.float32) * np.float32(exposure.gain)
    # Where blur carries tape beyond its neighborhood, the contrast is that of the nearest tape.
    known = near[at] > 1e-3
    delta = tape[at] * factor
    if known.any() and not known.all():
        delta[~known] = delta[known].mean(0)
    base = floor[at] * factor
    if exposure.stray is not None:
        base = (base + exposure.stray[part][at]).clip(0, None)
    bare = sensor.develop(base).astype(np.float32)
    full = sensor.develop(base + delta).astype(np.float32) - bare
    seen = sensor.develop(base + delta * smeared[at][:, None]).astype(np.float32) - bare
    share = np.zeros(cover.shape, np.float32)
    share[at] = (seen * full).sum(1) / np.maximum((full * full).sum(1), 1e-6)
    apart = np.zeros(cover.shape, np.float32)
    apart[at] = np.abs(seen).max(1)
    reach = 2 * int(np.ceil(2 + width / 640 * (sensor.defocus + sensor.motion / 2))) + 1
    peak = cv2.dilate(share, np.ones((reach, reach), np.uint8))
    strip = np.where((share >= 0.5 * peak) & (share > 0.1), 255, 0).astype(np.uint8)
    thin = cv2.dilate(_width(cover), np.ones((reach, reach), np.uint8)) < UNJUDGED
    # What a neighborhood shows on the whole counts, not each grain of the floor.
    marked = (strip > 0).astype(np.float32)
    apart = cv2.blur(apart * marked, (7, 7)) / np.maximum(cv2.blur(marked, (7, 7)), 1e-3)
    light = float((base + delta).mean()) if len(base) else 0.0
    faint = FAINT + 0.15 * sensor.noise_level(light)
    strip[(strip > 0) & ((apart < faint) | thin | (peak < LEAST_SHOWN))] = NOT_JUDGED
    mask[part] = strip
    mask[(mask > 0) & sensor.hidden(height, width)] = NOT_JUDGED
    return mask


def _width(cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return about how many pixels wide the marking at each pixel is, up to five."""
    return cv2.boxFilter(cover, -1, (5, 5), normalize=False, borderType=cv2.BORDER_REPLICATE) / 5
