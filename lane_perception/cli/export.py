# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Export trained weights to ONNX, and check that nothing was lost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Optional
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import run_main
from lane_perception.data.results_folder import made_folder
from lane_perception.errors import UserError

DESCRIPTION = """
Write FILE's network as NAME.onnx, and with --int8 also as NAME_int8.onnx, into DIR. Each file is
scored against its source on labeled pictures (--data, or the synthetic world) and not kept when
it loses more than 0.005 of lane IoU.

FILE is a .safetensors model file, the folder of a training run, or, with --architecture and
--resolution, a state dict that torch.save wrote.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the verb's argument parser."""
    parser = VerbParser(
        prog='export', description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('file', metavar='FILE|RUN', help='what to export')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the files')
    parser.add_argument('--name', help="of the model (default: the file's own name)")
    parser.add_argument('--data', metavar='DIR|synthetic:SEED', default='synthetic:500000',
                        help='labeled pictures to calibrate on, and others of them to score on\n'
                             '(default: synthetic:500000)')
    parser.add_argument('--class', dest='classes', action='append', default=[],
                        help='class of a COCO or labelme label that is a marking;\n'
                             'a,b are two; may be repeated')
    parser.add_argument('--count', type=int, default=48,
                        help='pictures to score on at most, and as many to calibrate on,\n'
                             'evenly spaced over the data (default: 48)')
    parser.add_argument('--int8', action='store_true', help='write the int8 file too')
    parser.add_argument('--architecture', help='of a state dict, e.g. deeplabv3_resnet101')
    parser.add_argument('--resolution', metavar='HxW',
                        help='input size of a state dict, pixels, multiples of 32')
    parser.add_argument('--threshold', type=float,
                        help='lane probability for the card of a state dict (default: 0.5)')
    return parser


def body(argv: Optional[Sequence[str]] = None) -> int:
    """Export as the arguments say; return the exit status."""
    arguments = build_parser().parse_args(argv)
    if arguments.count < 1:
        raise UserError(f'--count {arguments.count} should be 1 or more')
    try:
        from lane_perception.data.readers.class_choice import parse_classes
        from lane_perception.training.exporting import export
    except ModuleNotFoundError as error:
        raise UserError(f'exporting needs {error.name}, which is not installed; '
                        "pip install -e '.[train]' in the checkout") from error
    out = Path(arguments.out)
    with made_folder(out, out):
        written = export(
            Path(arguments.file), out, arguments.name, arguments.data, arguments.count,
            arguments.int8, arguments.architecture, arguments.resolution, arguments.threshold,
            parse_classes(arguments.classes))
    print(f'scored on {arguments.count} pictures at most of {arguments.data}; --data names others')
    print('\n'.join(f'wrote {path}' for path in written))
    return 0


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the verb; a user's mistake becomes one sentence."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())
