# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write labeled pictures as the programs do that label them."""

import json

import cv2
import numpy as np

from lane_perception.data.samples import load_sample

HEIGHT, WIDTH = 60, 100
SQUARE = [20, 10, 40, 10, 40, 30, 20, 30]   # its corners: u v u v ...


def write_picture(path, height=HEIGHT, width=WIDTH):
    """Write a picture of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    cv2.imwrite(str(path), noise)


def write_mask(path, mask):
    """Write a mask as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), mask)


def write_json(path, value):
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def square():
    """Return the mask of rows 10 to 29, columns 20 to 39."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:30, 20:40] = 255
    return mask


def only_mask(data):
    """Return the mask of a data set that has one sample and no problem."""
    assert len(data) == 1 and data.problems == ()
    image, mask = load_sample(data.samples[0])
    assert image.shape == (HEIGHT, WIDTH, 3) and mask.dtype == np.uint8
    return mask


def coco(segmentation, name='a_1.jpg', category='lane', **image):
    """Return a COCO file with one picture and one annotation."""
    return {
        'images': [{'id': 7, 'file_name': name, 'height': HEIGHT, 'width': WIDTH, **image}],
        'categories': [{'id': 0, 'name': 'objects'}, {'id': 3, 'name': category}],
        'annotations': [{'id': 1, 'image_id': 7, 'category_id': 3, 'iscrowd': 0,
                         'bbox': [20, 10, 20, 20], 'segmentation': segmentation}],
    }


def labelme(*shapes, name='a_1.jpg'):
    """Return a labelme file of a_1.jpg with these shapes."""
    return {'version': '5.5.0', 'flags': {}, 'imagePath': name, 'imageData': None,
            'imageHeight': HEIGHT, 'imageWidth': WIDTH,
            'shapes': [{'label': 'lane', 'group_id': None, 'flags': {}, **shape}
                       for shape in shapes]}


def line(*points, **more):
    """Return a labelme linestrip."""
    return {'shape_type': 'linestrip', 'points': list(points), **more}
