# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The demo: a recording drives the node over DDS, and what comes out is scored and shown.

Without a recording of one's own, one is made: a drive over a synthetic track with its true masks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Callable

from lane_perception.data.image_topics import choose_images
from lane_perception.data.recording_places import require_apart
from lane_perception.data.recording_places import require_place
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import IMAGE_TYPES
from lane_perception.data.recordings import RecordingReader
from lane_perception.data.results_folder import open_results
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.errors import UserError
from lane_perception.json_file import write_report
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine
from lane_perception.model_file import find_model
from lane_perception.model_file import member_names
from lane_perception.ros.demo_pictures import Pictures
from lane_perception.ros.demo_score import pairs
from lane_perception.ros.demo_score import score
from lane_perception.ros.lane_outputs import NODE_NAME
from lane_perception.ros.lane_outputs import output_types
from lane_perception.ros.playback import Playback
from lane_perception.ros.playback import PlaybackSettings
from lane_perception.ros.playback import play_into_node
from lane_perception.runtimes import read_card

FRAMES = 120
RATE = 30.0          # frames per second
SPEED = 0.6          # metres per second
SEED = 1_000_004     # training never draws it
WORLD = WorldSettings(size=(640, 480))
RESULTS = ('report.json', 'frames.png', 'overlay.mp4')   # bag/ and recording/ say what they are


@dataclass(frozen=True)
class DemoSettings:
    """What the demo is asked to do."""

    out: Path                        # folder for everything that it leaves
    bag: Path | None = None          # a recording; None makes a synthetic one
    topic: str | None = None         # of the frames; None: the recording's first picture topic
    truth_topic: str | None = None   # of the true masks; None: not scored
    model: str = 'lane_lite'         # shipped name or path; a,b,c is an ensemble
    hz: float | None = None          # frames per second; None: the recording's own rate


@dataclass(frozen=True)
class Source:
    """A recording, and what in it is what."""

    bag: Path
    topic: str
    compressed: bool            # sensor_msgs/CompressedImage
    truth_topic: str | None
    frames: int
    center_topic: str | None = None   # of the true lane centres


class NothingCameOut(Exception):
    """Say in one sentence that not a single mask was received, and where to look."""


def run_demo(
    settings: DemoSettings, progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """
    Play, record, score and show; return what report.json holds.

    :param progress: told each step in a sentence.
    :raises UserError: for a model, recording, topic or folder that cannot be used.
    :raises NothingCameOut: when no mask was received.
    """
    for name in member_names(settings.model):
        read_card(find_model(name))
    output_bag = settings.out / 'bag'
    if settings.bag:
        require_apart(settings.bag, output_bag)
    else:
        require_place(settings.out / 'recording', replace=True)
    require_place(output_bag, replace=True)
    with open_results(settings.out, recordings=[settings.bag] if settings.bag else [],
                      results=RESULTS):
        return _play_and_score(settings, output_bag, progress)


def _play_and_score(
    settings: DemoSettings, output_bag: Path, progress: Callable[[str], None],
) -> dict[str, Any]:
    source = _own_recording(settings, progress) if settings.bag else _synthetic(settings, progress)
    playback_settings = PlaybackSettings(
        source.bag, source.topic, source.compressed, settings.model, hz=settings.hz, clock=True)
    with RecordingWriter(output_bag, replace=True) as writer:
        for name, kind in output_types(None).items():
            if name in playback_settings.outputs:
                writer.add_topic(f'{NODE_NAME}/{name}', kind)
        playback = play_into_node(playback_settings, settings.out, writer, progress)
        _require_something(playback, settings.out)
    progress(f'{len(playback.received)} of {len(playback.published)} masks came back; '
             'scoring and drawing them')
    frames = pairs(source.bag, source.topic, source.truth_topic, output_bag, NODE_NAME,
                   source.center_topic)
    with Pictures(settings.out, len(playback.received)) as pictures:
        scored = score(frames, pictures.add)
    report = {
        **scored,
        **playback.figures(),
        'data': {
            'recording': 'synthetic drive' if settings.bag is None else str(settings.bag),
            'topic': source.topic,
            'truth_topic': source.truth_topic,
            'center_topic': source.center_topic,
            'images': source.frames,
        },
        'model': settings.model,
        'node': {
            'start_s': round(playback.start_s, 2),
            'exit_status': playback.exit_status,
            'diagnostics': playback.diagnostics,
        },
        'command': command_line('demo'),
        'machine': describe_machine(),
    }
    write_report(settings.out / 'report.json', report)
    return report


def _synthetic(settings: DemoSettings, progress: Callable[[str], None]) -> Source:
    from lane_perception.data.synthetic import recording
    bag = settings.out / 'recording'
    progress(f'drawing {FRAMES} frames of a drive through the synthetic world')
    start = time.monotonic()

    def drawn(done: int, total: int) -> None:
        if done % (FRAMES // 4) == 0 and done < total:
            progress(f'{done} of {total} frames drawn')
    recording.write_recording(
        bag, SEED, FRAMES, SPEED, RATE, WORLD, compressed=False, replace=True, progress=drawn)
    progress(f'they and their true masks are in {bag} after {time.monotonic() - start:.0f} s')
    return Source(bag, recording.IMAGE_TOPIC, False, recording.MASK_TOPIC, FRAMES,
                  recording.CENTER_TOPIC)


def _own_recording(settings: DemoSettings, progress: Callable[[str], None]) -> Source:
    with RecordingReader(settings.bag) as reader:
        topic = choose_images(reader, settings.topic, settings.truth_topic)
        if settings.truth_topic:
            reader.require(settings.truth_topic, IMAGE_TYPES)
        stamps = [stamp_ns for stamp_ns, _, _ in reader.frames(topic.name)]
        for problem in reader.problems:
            progress(f'note: {problem}')
    different = len(set(stamps))
    if different < len(stamps):
        raise UserError(
            f'{len(stamps)} frames of {topic.name} in {settings.bag} share {different} header '
            'stamps; results cannot be matched to frames without a stamp of their own')
    progress(f'{topic.count} frames on {topic.name} ({topic.message_type})'
             + ('' if settings.topic else '; another topic is chosen with --topic'))
    compressed = topic.message_type.endswith('CompressedImage')
    return Source(settings.bag, topic.name, compressed, settings.truth_topic, topic.count)


def _require_something(playback: Playback, out: Path) -> None:
    if any(stamp in playback.published for stamp in playback.received):
        return
    said = playback.diagnostics.get('message', '')
    raise NothingCameOut(
        f'{len(playback.published)} frames were sent and no mask came back'
        f'{f"; the node says: {said}" if said else ""}; see {out / "lane_node.log"}')


def why_dropped(report: dict[str, Any]) -> str:
    """Return why frames were dropped, from the node's diagnostics; '' where they do not say."""
    said = report['node']['diagnostics']
    if not int(said.get('frames_dropped', 0)):   # none was overtaken by a newer one
        lost = int(said.get('frames_lost', 0))
        return f'{lost} were lost on the way to the node' if lost else ''
    times = {key.removesuffix('_ms_p50'): float(value) for key, value in said.items()
             if key.endswith('_ms_p50') and key != 'age_ms_p50'}
    takes_ms, period_ms = sum(times.values()), 1000 / report['input_rate_hz']
    if takes_ms < period_ms:
        return f'at times a frame took longer than the {period_ms:.0f} ms until the next'
    return (f'a frame takes {takes_ms:.0f} ms here (the network {times["network"]:.0f}), and one '
            f'comes every {period_ms:.0f} ms; see resolution in docs/models.md')


def summary(report: dict[str, Any], out: Path) -> str:
    """Return the lines that the demo ends with."""
    age, rows = report['age_ms'], []
    rows.append(('frames', f"{report['frames_sent']} sent, {report['frames_received']} received, "
                           f"{report['frames_dropped']} dropped"))
    if report['frames_dropped'] and (why := why_dropped(report)):
        rows.append(('why dropped', why))
    rows.append(('output rate', f"{report['output_rate_hz']:.1f} Hz"))
    rows.append(('age', f"{age['p50']:.1f} ms median, {age['p99']:.1f} ms p99 "
                        '(publishing a frame to receiving its mask)'))
    if report['frames_scored']:
        rows.append(('lane IoU', f"{report['lane_iou']:.3f}"))
        rows.append(('line F1', f"{report['line_f1']:.3f}"))
    if report['center_mae_px'] is not None:
        against = ('the true center, without a ground calibration'
                   if report['data']['center_topic'] else 'the center in the label')
        rows.append(('center error', f"{report['center_mae_px']:.1f} px mean against {against}"))
    rows.append(('lane found', f"in {report['lane_found']:.0%} of the frames"))
    rows += [('picture', str(out / 'frames.png')), ('video', str(out / 'overlay.mp4')),
             ('output bag', str(out / 'bag')), ('figures', str(out / 'report.json'))]
    return '\n'.join(f'  {name:<13} {value}' for name, value in rows)
