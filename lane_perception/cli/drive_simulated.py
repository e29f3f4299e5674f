# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Drive a simulated car round a synthetic track by what the lane finder sees."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import sys
from pathlib import Path
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.errors import UserError
from lane_perception.segmenter import parse_resolution

DEFAULT_MODEL = 'lane_lite'
RESULTS = ('report.json', 'top_view.png', 'drive.mp4')
GROUND = 'ground.yaml'   # what a node is told of the camera


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the drive's arguments."""
    parser = VerbParser(
        prog='drive_simulated', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--track', type=int, default=2_000_000, metavar='SEED',
                        help='the track; training never draws seeds from 1000000 on')
    parser.add_argument('--speed', type=float, default=0.5, help='m/s')
    parser.add_argument('--seconds', type=float, default=60.0, help='length of the drive')
    parser.add_argument('--reverse', action='store_true', help='drive the other way round')
    # Without a default of its own: --true-mask refuses a model that was given, whichever it is.
    parser.add_argument('--model', default=argparse.SUPPRESS,
                        help='shipped name or path; a,b,c is an ensemble '
                        f'(default: {DEFAULT_MODEL})')
    parser.add_argument('--resolution', default='', metavar='HxW',
                        help="of the network's input, multiples of 32; without it the model's own")
    parser.add_argument('--true-mask', action='store_true',
                        help='in the place of the model: the masks of a faultless one')
    parser.add_argument('--over-dds', action='store_true',
                        help='see through a lane_node in a process of its own, in lock-step')
    parser.add_argument('--steer-by', choices=('path', 'offset'), default='path',
                        help='pure pursuit of the path in metres, or the offset in the picture')
    parser.add_argument('--latency', type=float, default=0.04,
                        help='seconds of the drive from the picture to the wheels; over DDS too, '
                        'where the time that the node really takes does not count')
    parser.add_argument('--drop', type=float, default=0.0, help='share of the frames that is lost')
    parser.add_argument('--gap', type=float, default=0.0,
                        help='seconds without frames, at the end of every 5 seconds')
    parser.add_argument('--no-calibration', action='store_true',
                        help='drive as with a camera that nobody has calibrated, and a lane whose '
                        'width nobody has measured; needs --steer-by offset')
    parser.add_argument('--learn-width', action='store_true',
                        help="do not tell the lane finder the lane's width")
    parser.add_argument('--no-video', action='store_true', help='write no drive.mp4')
    parser.add_argument('--out', type=Path, default=Path('out/drive'),
                        help='folder for report.json, top_view.png and drive.mp4')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Drive, write the report and the pictures, and print the figures."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    _check(arguments)
    arguments.model = getattr(arguments, 'model', DEFAULT_MODEL)
    from lane_perception.data.image_files import write_image
    from lane_perception.data.results_folder import open_results
    from lane_perception.data.results_folder import remove_earlier
    from lane_perception.data.synthetic import TEST_SEEDS
    from lane_perception.json_file import write_report
    from lane_perception.machine import command_line
    from lane_perception.machine import describe_machine
    from lane_perception.simulation.closed_loop import has_gap
    from lane_perception.simulation.closed_loop import LoopSettings
    from lane_perception.simulation.top_view import draw_top_view
    settings = LoopSettings(
        speed=arguments.speed, seconds=arguments.seconds, latency=arguments.latency,
        steer_by=arguments.steer_by, drop=arguments.drop, gap=arguments.gap)
    if arguments.track < TEST_SEEDS and not arguments.true_mask:
        print(f'drive_simulated: note: training may have drawn track {arguments.track}, as any '
              f'below {TEST_SEEDS}', file=sys.stderr)
    if arguments.no_calibration:
        note_unused(parser, arguments, ['learn_width'], 'with --no-calibration')
    if not has_gap(settings):
        note_unused(parser, arguments, ['gap'],
                    f'in this drive: a gap is the last {arguments.gap:g} s of each '
                    f'{settings.gap_every:g} s')
    told = [GROUND] if arguments.over_dds and not arguments.no_calibration else []
    with open_results(arguments.out, results=[*RESULTS, *told]):
        world, log = _drive(arguments, settings)
    report = {**log.report(), 'track': arguments.track, 'reverse': arguments.reverse,
              'speed': arguments.speed, 'steer_by': arguments.steer_by,
              'mask': 'true' if arguments.true_mask else arguments.model,
              'resolution': arguments.resolution or 'own',
              'transport': 'dds' if arguments.over_dds else 'in process',
              'calibrated': not arguments.no_calibration,
              'lane_width_given': not (arguments.learn_width or arguments.no_calibration),
              'latency_s': arguments.latency, 'drop': arguments.drop, 'gap_s': arguments.gap,
              'command': command_line('drive_simulated'), 'machine': describe_machine()}
    # Of an earlier drive; its ground.yaml, which may be the user's own, stays.
    remove_earlier(arguments.out, (['drive.mp4'] if arguments.no_video else [])
                   + ([] if arguments.over_dds else ['lane_node.log']))
    write_report(arguments.out / 'report.json', report)
    write_image(arguments.out / 'top_view.png', draw_top_view(world.scene.track, log))
    print(f'{report["distance_m"]:.1f} m in {report["seconds"]:.0f} s, in lane '
          f'{report["in_lane"]:.1%}, mean offset {1000 * report["mean_offset_m"]:.0f} mm, largest '
          f'{1000 * report["max_offset_m"]:.0f} mm, departures {report["departures"]}; '
          f'see {arguments.out}')
    return 0


def _check(arguments: argparse.Namespace) -> None:
    for name, low, high in (('speed', 0.05, 5.0), ('seconds', 0.1, 3600.0),
                            ('latency', 0.0, 1.0), ('drop', 0.0, 0.95), ('gap', 0.0, 4.5)):
        value = getattr(arguments, name)
        if not low <= value <= high:
            raise UserError(f'--{name} {value:g} is not between {low:g} and {high:g}')
    if arguments.resolution and arguments.true_mask:
        raise UserError('--true-mask needs no network: leave --resolution out')
    if 'model' in arguments and arguments.true_mask:
        raise UserError('--true-mask needs no network: leave --model out')
    if arguments.no_calibration and arguments.steer_by == 'path':
        raise UserError('the path is in metres, which need a calibration: give --steer-by offset, '
                        'or leave --no-calibration out')
    parse_resolution(arguments.resolution)
    if arguments.over_dds and arguments.true_mask:
        raise UserError('--true-mask needs no node: leave --over-dds out')
    if arguments.over_dds and importlib.util.find_spec('rclpy') is None:
        raise UserError('--over-dds needs ROS 2: source /opt/ros/DISTRO/setup.bash')
    if arguments.track < 0:
        raise UserError(f'--track {arguments.track} is negative; give a seed from 0 on')


def _drive(arguments, settings):
    from lane_perception.data.synthetic.driving import World
    from lane_perception.geometry.lane_finder import LaneFinder
    from lane_perception.geometry.lane_finder import LaneSettings
    from lane_perception.pipeline import LanePipeline
    from lane_perception.simulation.closed_loop import drive_loop
    from lane_perception.simulation.eyes import calibration_of
    from lane_perception.simulation.eyes import car_camera
    from lane_perception.simulation.eyes import lane_width
    from lane_perception.simulation.eyes import PipelineEyes
    from lane_perception.simulation.eyes import TrueMaskEyes
    camera = car_camera()
    ground = None if arguments.no_calibration else calibration_of(camera)
    world = World(arguments.track, camera=camera, reverse=arguments.reverse)
    width = 0.0 if arguments.learn_width or ground is None else lane_width(world)
    with contextlib.ExitStack() as stack:
        if arguments.over_dds:
            from lane_perception.ros.remote_eyes import RemoteEyes
            if ground is not None:
                ground.save(arguments.out / GROUND)
            look = stack.enter_context(RemoteEyes(
                arguments.out, arguments.model, ground and arguments.out / GROUND, width,
                arguments.resolution))
        elif arguments.true_mask:
            look = TrueMaskEyes(LaneFinder(LaneSettings(lane_width=width), ground),
                                pictures=not arguments.no_video)
        else:
            look = PipelineEyes(LanePipeline.load(
                arguments.model, ground=ground,
                resolution=parse_resolution(arguments.resolution),
                settings=LaneSettings(lane_width=width)))
        video = None if arguments.no_video else _video(stack, arguments.out)

        def watch(stamp, lane, image, mask):
            if video is not None:
                from lane_perception.overlay import draw_overlay
                video.add(draw_overlay(image, mask, lane), stamp)
            if round(stamp * settings.rate) % round(5 * settings.rate) == 0:
                print(f'{stamp:5.0f} of {settings.seconds:.0f} s', flush=True)
        return world, drive_loop(world, look, settings, watch=watch)


def _video(stack, folder: Path):
    from lane_perception.evaluation.video import Video
    return stack.enter_context(Video(folder / 'drive.mp4'))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())
