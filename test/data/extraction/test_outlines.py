# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Polygons drawn from a probability give its mask back."""

import cv2
import numpy as np

from lane_perception.data.drawing import fill_polygon
from lane_perception.data.extraction.outlines import outlines


def redrawn(polygons, height, width):
    mask = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        fill_polygon(mask, tuple(polygon), 255)
    return mask > 0


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


def lines():
    mask = np.zeros((240, 320), np.uint8)
    cv2.line(mask, (60, 239), (150, 60), 255, 9)
    cv2.line(mask, (300, 239), (170, 60), 255, 5)
    return mask


def test_outlines_give_the_mask_back():
    probability = lines().astype(np.float32) / 255
    polygons = outlines(probability, 0.5, 240, 320)
    assert len(polygons) == 2
    assert iou(redrawn(polygons, 240, 320), probability > 0.5) > 0.93
    assert sum(len(polygon) for polygon in polygons) < 40, 'few enough corners to correct'


def test_an_outline_lies_where_its_area_does():
    probability = np.zeros((240, 320), np.float32)
    probability[100:140, 60:120] = 1   # its middle is (90, 120)
    polygon, = outlines(probability, 0.5, 240, 320)
    points = np.array(polygon)
    assert np.abs((points.min(axis=0) + points.max(axis=0)) / 2 - (90, 120)).max() < 0.1


def test_a_small_probability_is_outlined_at_the_size_of_the_picture():
    small = cv2.resize(lines().astype(np.float32) / 255, (160, 120), interpolation=cv2.INTER_AREA)
    polygons = outlines(small, 0.5, 240, 320)
    assert iou(redrawn(polygons, 240, 320), lines() > 0) > 0.85


def test_a_closed_loop_of_tape_stays_a_loop():
    mask = np.zeros((240, 320), np.uint8)
    cv2.ellipse(mask, (160, 120), (100, 60), 0, 0, 360, 255, 8)
    polygons = outlines(mask.astype(np.float32) / 255, 0.5, 240, 320)
    assert len(polygons) == 1
    assert not redrawn(polygons, 240, 320)[120, 160]
    assert iou(redrawn(polygons, 240, 320), mask > 0) > 0.9


def test_two_holes_in_one_area_both_stay_open():
    mask = np.zeros((240, 320), np.uint8)
    mask[40:200, 40:280] = 255
    mask[60:100, 60:260] = 0
    mask[120:180, 60:260] = 0
    found = redrawn(outlines(mask.astype(np.float32) / 255, 0.5, 240, 320), 240, 320)
    assert iou(found, mask > 0) > 0.95


def test_specks_are_left_out():
    probability = np.zeros((240, 320), np.float32)
    probability[50, 50] = 1
    assert outlines(probability, 0.5, 240, 320) == []
    assert outlines(np.zeros((240, 320), np.float32), 0.5, 240, 320) == []
