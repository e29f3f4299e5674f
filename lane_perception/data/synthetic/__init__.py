# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A procedural world of small-car tracks: labelled pictures without a camera."""

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.driving import drive
from lane_perception.data.synthetic.driving import Frame
from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.judging import shown_mask
from lane_perception.data.synthetic.judging import true_mask
from lane_perception.data.synthetic.renderer import Renderer
from lane_perception.data.synthetic.renderer import View
from lane_perception.data.synthetic.sampling import lane_truth
from lane_perception.data.synthetic.sampling import LaneTruth
from lane_perception.data.synthetic.sampling import Sample
from lane_perception.data.synthetic.sampling import sample
from lane_perception.data.synthetic.sampling import trackless
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.scene import Scene
from lane_perception.data.synthetic.settings import TEST_SEEDS
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.data.synthetic.track import Track

__all__ = ['Camera', 'Frame', 'LaneTruth', 'Pose', 'Renderer', 'Sample', 'Scene', 'TEST_SEEDS',
           'Track', 'View', 'World', 'WorldSettings', 'drive', 'lane_truth', 'sample',
           'shown_mask', 'trackless', 'true_mask']
