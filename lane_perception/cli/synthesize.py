# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw labelled pictures of small-car tracks: a data set, or a recording of a drive."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.data.results_folder import made_folder
from lane_perception.errors import UserError
from lane_perception.machine import usable_cores
from lane_perception.progress import Progress

PINS = """
Every factor of the world is drawn at random unless it is pinned by KEY=VALUE:
  size=640x480          of the picture            camera_height=0.15   metres, 0.06 to 0.40 drawn
  floor=foam            wood carpet concrete      pitch=20             degrees downwards, 0 to 45
                        linoleum asphalt tile     fov=90               degrees across, 50 to 170
                        mat plain                 lens=equidistant     or plumb_bob
  floor_brightness=0.1  reflectance               resolution=320       of the sensor, pixels across
  tape_color=white      yellow orange blue red    exposure=100         mean grey level
                        green black               glare=0.5            0 to 1
  tape_width=0.02       metres                    blur=1.0             pixels at 640 across
  lane_width=0.4        metres                    noise=0.1            0 to 1
  min_radius=0.6        of the bends, metres      cast=0.2             of the white, 0 to 1
                                                  clutter=0.5          0 to 1
A data set is images/synthesize_NNNNNN.jpg, masks/synthesize_NNNNNN.png (255 marking, 0 not,
127 not judged) and truth.jsonl. A recording is a rosbag2 folder (MCAP) with
/camera/image_raw/compressed, /camera/camera_info, /ground_truth/lane_mask/compressed,
/ground_truth/center (pixels), /ground_truth/pose (the car in the lane), /ground_truth/path
(metres) and /tf_static.
Seeds from 1000000 on are kept for tests: training never draws them.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the verb's arguments."""
    parser = VerbParser(
        prog='synthesize', description=__doc__, epilog=PINS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pins', nargs='*', metavar='KEY=VALUE', help='factors of the world to pin')
    parser.add_argument('--count', type=int, default=100, metavar='N',
                        help='pictures, or frames of the recording (default: 100)')
    parser.add_argument('--seed', type=int, default=0, metavar='S',
                        help='the same seed draws the same pictures (default: 0)')
    parser.add_argument('--out', type=Path, required=True, metavar='DIR',
                        help='folder to make; the recording is the folder itself')
    parser.add_argument('--trackless', type=float, default=0.0, metavar='SHARE',
                        help='share of the pictures without a track, 0 to 1 (default: 0)')
    parser.add_argument('--processes', type=int, default=usable_cores(), metavar='N',
                        help='that draw a data set at the same time (default: one a core)')
    parser.add_argument('--recording', action='store_true',
                        help='write a drive as a recording instead of a data set')
    drive = parser.add_argument_group('with --recording')
    drive.add_argument('--speed', type=float, default=0.5, metavar='M/S',
                       help='of the car, metres per second (default: 0.5)')
    drive.add_argument('--rate', type=float, default=30.0, metavar='HZ',
                       help='frames per second (default: 30)')
    drive.add_argument('--reverse', action='store_true', help='drive the other way round')
    drive.add_argument('--raw', action='store_true',
                       help='raw pictures and masks, on the topics without /compressed')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Draw what is asked for."""
    parser = build_parser()
    arguments = parser.parse_intermixed_args(argv)
    _check(arguments)
    from lane_perception.data.synthetic.dataset import write_dataset
    from lane_perception.data.synthetic.recording import write_recording
    from lane_perception.data.synthetic.settings import pin
    settings = pin(arguments.pins)
    if arguments.recording:
        note_unused(parser, arguments, ['processes'], 'with --recording')
    else:
        note_unused(parser, arguments, ['speed', 'rate', 'reverse', 'raw'], 'without --recording')
    folder = made_folder(arguments.out.expanduser().parent, arguments.out)
    if arguments.recording:
        with folder, Progress('frames drawn') as progress:
            write_recording(arguments.out, arguments.seed, arguments.count, arguments.speed,
                            arguments.rate, settings, not arguments.raw, arguments.reverse,
                            progress=progress)
        what = f'a recording of {arguments.count / arguments.rate:.1f} s'
    else:
        with folder, Progress('pictures drawn') as progress:
            write_dataset(arguments.out, arguments.seed, arguments.count, settings,
                          arguments.trackless, arguments.processes, progress)
        what = f'{arguments.count} pictures with masks'
    print(f'{arguments.out}: {what}')
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse numbers that make no sense."""
    for name, least in (('count', 1), ('seed', 0), ('processes', 1)):
        value = getattr(arguments, name)
        if value < least:
            raise UserError(f'--{name} {value} should be at least {least}')
    if not 0 <= arguments.trackless <= 1:
        raise UserError(f'--trackless {arguments.trackless:g} should be a share from 0 to 1')
    for name, high in (('speed', 10.0), ('rate', 1000.0)):
        value = getattr(arguments, name)
        if not 0 < value <= high:
            raise UserError(f'--{name} {value:g} should be above 0 and at most {high:g}')
    if arguments.recording and arguments.trackless:
        raise UserError('--trackless is for data sets; a recording is a drive on a track')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())
