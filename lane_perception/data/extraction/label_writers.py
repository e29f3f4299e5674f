# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write polygons as labelme and CVAT (COCO) read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Sequence

import numpy as np

from lane_perception.json_file import write_json

FORMATS = ('labelme', 'coco')
COCO_FILE = 'annotations/instances_default.json'   # where CVAT's own COCO exports have it

Polygon = Sequence[tuple[float, float]]


def write_labelme(
    picture: Path, polygons: Sequence[Polygon], height: int, width: int, name: str,
) -> Path:
    """
    Write a picture's labelme file beside it.

    :param polygons: of (u, v) pixels.
    :param name: the label of each.
    :returns: the file.
    """
    content = {
        'version': '5.5.0',
        'flags': {},
        'shapes': [{'label': name, 'points': [list(point) for point in polygon],
                    'group_id': None, 'description': '', 'shape_type': 'polygon', 'flags': {},
                    'mask': None} for polygon in polygons],
        'imagePath': picture.name,
        'imageData': None,
        'imageHeight': height,
        'imageWidth': width,
    }
    path = picture.with_suffix('.json')
    write_json(path, content)
    return path


class CocoFile:
    """A COCO file in the making."""

    def __init__(self, name: str) -> None:
        """Start without pictures; name is the one category's."""
        self._content: dict[str, list[dict[str, Any]]] = {
            'licenses': [{'id': 0, 'name': '', 'url': ''}],
            'categories': [{'id': 1, 'name': name, 'supercategory': ''}],
            'images': [],
            'annotations': [],
        }

    def add(self, picture: str, polygons: Sequence[Polygon], height: int, width: int) -> None:
        """Add a picture by its file name, with its polygons of (u, v) pixels."""
        images, annotations = self._content['images'], self._content['annotations']
        images.append({'id': len(images) + 1, 'width': width, 'height': height,
                       'file_name': picture, 'license': 0, 'date_captured': 0})
        for polygon in polygons:
            points = np.array(polygon)
            low, high = points.min(axis=0), points.max(axis=0)
            after = np.roll(points, -1, axis=0)
            area = abs(float(np.sum(points[:, 0] * after[:, 1] - points[:, 1] * after[:, 0]))) / 2
            annotations.append({
                'id': len(annotations) + 1, 'image_id': len(images), 'category_id': 1,
                'segmentation': [points.reshape(-1).tolist()], 'area': area,
                'bbox': [*low.tolist(), *(high - low).tolist()], 'iscrowd': 0})

    def write(self, path: Path) -> None:
        """Write the file; its folder is made when missing."""
        write_json(path, self._content)
