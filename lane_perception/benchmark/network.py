# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Time the network in every runtime and precision, with TTA and as an ensemble, and the pipeline.

Everything is a ratio to the baseline of the same run: torchvision's deeplabv3_resnet101 at
384x384, fp32, eager, its forward pass alone. Where torch or the exporter is missing, as on a car,
the baseline is missing too and the times stand alone. The baseline's weights are random: they
change its answers, not its time.
"""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import Any
from typing import Callable

import numpy as np

from lane_perception.benchmark.driving import DATA
from lane_perception.benchmark.driving import Driving
from lane_perception.benchmark.pictures import IMAGES
from lane_perception.benchmark.pictures import SEED
from lane_perception.benchmark.pictures import accuracy
from lane_perception.benchmark.pictures import picture
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.benchmark.timing import interleave
from lane_perception.benchmark.timing import milliseconds
from lane_perception.errors import UserError
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.pipeline import LanePipeline
from lane_perception.runtimes import open_runtime
from lane_perception.segmenter import Segmenter

BASELINE = 'deeplabv3_resnet101'
BASELINE_SIDE = 384   # pixels
BASELINES = (('torch', 'fp32'), ('torch', 'bf16'), ('onnxruntime', 'fp32'), ('openvino', 'fp32'),
             ('openvino', 'bf16'))
COMBINATIONS = (('openvino', 'fp32'), ('openvino', 'bf16'), ('openvino', 'int8'),
                ('onnxruntime', 'fp32'), ('onnxruntime', 'int8'), ('torch', 'fp32'),
                ('torch', 'bf16'), ('torch', 'fp16'))
REFERENCE = 'baseline torch fp32'
SIZE, LARGE = (480, 640), (720, 1280)   # height and width of the pipeline's pictures, pixels
PLAIN = 'process 640x480'


def measure(settings: BenchmarkSettings) -> dict[str, Any]:
    """
    Return {'reference', 'subjects': {name: times, ratio, accuracy}, 'unavailable'}.

    'first_seconds_ms' is what a frame takes while the camera is learnt, plain at 640x480.
    """
    settings.progress('network: loading every combination of runtime and precision')
    subjects: dict[str, Callable[[], object]] = {}
    segmenters: dict[str, Segmenter] = {}
    unavailable: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for runtime, precision in BASELINES:
            _try(unavailable, f'baseline {runtime} {precision}',
                 lambda name: subjects.update({name: _baseline(Path(folder), runtime, precision)}))
        for runtime, precision in COMBINATIONS:
            _try(unavailable, f'{runtime} {precision}',
                 lambda name: segmenters.update(
                     {name: Segmenter.load(settings.model, runtime, 'auto', precision)}))
        for name, segmenter in segmenters.items():
            subjects[f'network {name}'] = _forward(segmenter)
        pipelines = {PLAIN: LanePipeline.load(settings.model)}
        pipelines |= {f'{PLAIN} tta {tta}': LanePipeline.load(settings.model, tta=tta)
                      for tta in ('flip', 'full')}
        pipelines[f'{PLAIN} ensemble of three'] = LanePipeline.load(','.join([settings.model] * 3))
        for name, pipeline in pipelines.items():
            subjects[name] = Driving(pipeline, *SIZE)
        subjects[f'process {LARGE[1]}x{LARGE[0]}'] = Driving(
            LanePipeline(pipelines[PLAIN].segmenter, LaneFinder()), *LARGE)
        first = milliseconds(subjects[PLAIN].first)
        settings.progress(f'network: timing {len(subjects)} subjects in turns')
        times = interleave(subjects, settings.rounds, settings.budget_s)
    settings.progress('network: lane IoU of each combination')
    scored = {f'network {name}': accuracy(one) for name, one in segmenters.items()}
    scored |= {name: accuracy(one.segmenter) for name, one in pipelines.items()}
    segmenter = pipelines[PLAIN].segmenter
    chosen = segmenter.runtimes[0]
    return {
        'model': segmenter.name,
        'input': [chosen.card.input_height, chosen.card.input_width],
        'auto': f'{chosen.name} {chosen.precision}',
        'reference': REFERENCE if REFERENCE in times else None,
        'drive': DATA,
        'first_seconds_ms': first,
        'accuracy_data': f'{IMAGES} synthetic pictures of 640x480, seed {SEED}',
        'subjects': {name: _entry(name, times, scored.get(name))
                     for name in times},
        'unavailable': unavailable,
    }


def _entry(
    name: str, times: dict[str, list[float]], scored: dict[str, float] | None,
) -> dict[str, Any]:
    """Return a subject's times, its ratios to the baseline and to the plain pipeline."""
    median = np.median(times[name])
    entry: dict[str, Any] = {'ms': milliseconds(times[name])}
    if REFERENCE in times:
        entry['times_as_quick'] = round(float(np.median(times[REFERENCE]) / median), 2)
    if name.startswith(PLAIN):
        entry['times_plain'] = round(float(median / np.median(times[PLAIN])), 2)
    return {**entry, **(scored or {})}


def _try(unavailable: dict[str, str], name: str, load: Callable[[str], None]) -> None:
    """Load a subject, or keep the sentence that says why this machine has not got it."""
    try:
        load(name)
    except UserError as error:
        unavailable[name] = str(error)


def _baseline(folder: Path, runtime: str, precision: str) -> Callable[[], object]:
    for package in {'torch': ('torch', 'torchvision'), 'onnxruntime': ('torch', 'onnx'),
                    'openvino': ('torch', 'onnx')}[runtime]:
        if importlib.util.find_spec(package) is None:
            raise UserError(f'the baseline needs {package} here')
    suffix = '.safetensors' if runtime == 'torch' else '.onnx'
    path = folder / f'baseline{suffix}'
    if not path.exists():
        from lane_perception.training.untrained import write_untrained
        write_untrained(BASELINE, BASELINE_SIDE, path)
    loaded = open_runtime(path, runtime, 'cpu', precision)
    batch = np.random.default_rng(0).integers(
        0, 256, (1, BASELINE_SIDE, BASELINE_SIDE, 3), dtype=np.uint8)
    return lambda: loaded.run(batch)


def _forward(segmenter: Segmenter) -> Callable[[], object]:
    """Return the runtime's call alone, on one picture of the model's own input size."""
    runtime = segmenter.runtimes[0]
    small = picture(runtime.card.input_height, runtime.card.input_width)
    batch = np.ascontiguousarray(small[None, ..., ::-1])
    return lambda: runtime.run(batch)
