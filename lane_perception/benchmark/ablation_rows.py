# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The table of the ablation: what is compared in each row, most valuable rows first.

Settings are those of a recipe. The first way of a row is what the others are held against.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_perception.errors import UserError
from lane_perception.training.augmentation import GROUPS

# What every run shares unless its way says otherwise: the recipe lite, small and short.
BASE = ('input_width=320', 'input_height=192', 'batch_size=4', 'epochs=2', 'warmup_steps=10',
        'max_minutes=0', 'patience=0', 'ema_decay=0.9', 'threads=1', 'workers=0',
        'precision=fp32')
EFFICIENTNET = ('architecture=efficientnet_lite0', 'initial=')
OWN_THRESHOLD = 0.0


@dataclass(frozen=True)
class Way:
    """One of the things that a row compares."""

    name: str
    settings: tuple[str, ...] = ()     # changes to BASE
    budget: float = 1.0                # multiple of the steps; 0: lane_lite as it is
    share: float = 1.0                 # of the training pictures, evenly spaced in time
    split: str = 'blocks'              # blocks (of time) or random (frames)
    tta: str = 'none'
    postprocess: str = 'none'
    threshold: float = OWN_THRESHOLD   # OWN_THRESHOLD: swept on validation, in the model file
    members: int = 1                   # networks, seeds apart, whose answers are averaged


@dataclass(frozen=True)
class Row:
    """A question, and the ways that answer it."""

    name: str
    question: str
    expected: str          # what the reports expected of it; '' where they said nothing
    ways: tuple[Way, ...]
    note: str = ''         # what a reader has to know to read the figures rightly
    least: float = 0.0     # the gain in miou_per_image at which the expectation begins to hold


ROWS = (
    Row('ensemble', 'Three networks instead of one', '+0.02 to 0.03', (
        Way('one'), Way('three', members=3)), least=0.02),
    Row('resolution', 'Input size', '320 to 384: +0.03 to 0.05', (
        Way('320x320', ('input_width=320', 'input_height=320')),
        Way('384x384', ('input_width=384', 'input_height=384')),
        Way('480x480', ('input_width=480', 'input_height=480'))), least=0.03),
    Row('learning_rates', 'A smaller learning rate for the encoder', '+0.01 to 0.02', (
        Way('one rate', (*EFFICIENTNET, 'pretrained=true', 'learning_rate=1e-3')),
        Way('encoder a tenth', (*EFFICIENTNET, 'pretrained=true', 'learning_rate=1e-3',
                                'encoder_learning_rate=1e-4'))),
        'On EfficientNet-Lite0 from ImageNet weights: the shipped network has no encoder that was '
        'trained on something else. So few steps do not bring this network far, and a slower '
        'encoder is held back by that.', least=0.01),
    Row('budget', 'Longer training', '50 to 100 epochs: +0.02 to 0.03', (
        Way('x1'), Way('x2', budget=2), Way('x4', budget=4)),
        'Steps are rounded to whole passes over the training frames; the table has them.',
        least=0.02),
    Row('split', 'Random frames instead of blocks of time', '', (
        Way('blocks of time'), Way('random frames', split='random')),
        'The two are scored on different frames, each on its own test part (`another track` is '
        'the same for both): this is how much better the figure looks, not how much better the '
        'network is. Frames of the last block may be harder or easier than the average.'),
    Row('tta', 'Test-time augmentation', '+0.02 to 0.03', (
        Way('none'), Way('flip', tta='flip'), Way('full', tta='full')), least=0.02),
    Row('threshold', 'The threshold', '', (
        Way('swept'), Way('fixed at 0.5', threshold=0.5)),
        'Swept is on the validation block, against the same kind of labels as in training.'),
    Row('postprocessing', 'Cleaning the mask', 'seen to cost 0.03', (
        Way('none'), Way('opening', postprocess='opening'),
        Way('closing', postprocess='closing'),
        Way('small parts removed', postprocess='components')), least=-0.03),
    Row('initial', 'Where the weights start', '', (
        Way('shipped weights'),
        Way('shipped weights as they are', budget=0),
        Way('from nothing', ('initial=', 'learning_rate=2e-3')),
        Way('EfficientNet from nothing', (*EFFICIENTNET, 'learning_rate=2e-3')),
        Way('EfficientNet from ImageNet', (*EFFICIENTNET, 'pretrained=true',
                                           'learning_rate=1e-3'))),
        '"As they are" is the shipped network without any of these labels, at its own 640x384.'),
    Row('loss', 'The loss', '', (
        Way('bce_dice'), Way('cross_entropy_dice', ('loss=cross_entropy_dice',)),
        Way('focal_tversky', ('loss=focal_tversky',)),
        Way('skeleton_recall', ('loss=skeleton_recall',)))),
    Row('labels', 'Lines as drawn, or snapped to the tape', '', (
        Way('drawn'), Way('snapped', ('labels=snap',)))),
    Row('labels_used', 'Fewer labels at equal steps', '', (
        Way('100 %'), Way('50 %', share=0.5), Way('25 %', share=0.25),
        Way('10 %', share=0.1))),
    Row('accumulation', 'Gradient accumulation', '', (
        Way('batch 4'), Way('4 x 3, equal steps', ('accumulation=3',)),
        Way('batch 12, equal steps', ('batch_size=12',)))),
    Row('ema', 'Averaged weights', '', (
        Way('average'), Way('last weights', ('ema_decay=0',)))),
    Row('augmentation', 'Varied pictures', '', (
        Way('varied'), Way('as they are', ('augmentation=0',)),
        *(Way(f'without {group}', (f'augmentation_without={group}',)) for group in GROUPS))),
    Row('precision', 'Half precision', 'FP16: +0.005', (
        Way('fp32'), Way('bf16', ('precision=bf16',))), least=0.005),
)


def find_rows(names: list[str]) -> list[Row]:
    """
    Return the rows of those names in the table's order, all without names.

    :raises UserError: for a name that the table does not have.
    """
    known = [row.name for row in ROWS]
    for name in names:
        if name not in known:
            raise UserError(f'there is no row "{name}"; known: {", ".join(known)}')
    return [row for row in ROWS if not names or row.name in names]
