# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Take the frames worth labeling out of a recording or video, labeled by the present model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import run_main
from lane_perception.errors import UserError

EPILOG = (
    'Frames are spread over time, unlike each other, and the most uncertain come first in '
    'report.json and on contact_sheet.jpg. Open OUT/images in labelme, or give it with '
    'OUT/annotations/instances_default.json to CVAT (import as COCO 1.0), correct the polygons, '
    'and train on OUT.')


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of extract_frames' arguments."""
    parser = VerbParser(
        prog='extract_frames', description=__doc__, epilog=EPILOG,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('source', type=Path, metavar='BAG|VIDEO',
                        help='a rosbag2 folder, an .mcap or .db3 file, or a video')
    parser.add_argument('--count', type=int, default=100, help='frames wanted')
    parser.add_argument('--format', default='labelme', choices=('labelme', 'coco'),
                        help='labelme: a file beside each picture; coco: one file, for CVAT')
    parser.add_argument('--topic', help="of the frames; without it the recording's first of a "
                        "camera's pictures")
    parser.add_argument('--model', default='lane_lite',
                        help='shipped name or path; a,b,c is an ensemble')
    parser.add_argument('--runtime', default='auto', help='auto, onnxruntime, openvino or torch')
    parser.add_argument('--threshold', type=float, help="lane probability, 0 to 1; without it the "
                        "model's own")
    parser.add_argument('--out', type=Path, required=True,
                        help='folder for images/, the labels, contact_sheet.jpg and report.json')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Extract; return 0."""
    arguments = build_parser().parse_args(argv)
    if arguments.count < 1:
        raise UserError(f'--count {arguments.count} should be at least 1')
    from lane_perception.data.extraction.extract import extract
    from lane_perception.data.extraction.extract import open_folder
    from lane_perception.data.extraction.frame_sources import RecordingFrames
    from lane_perception.data.extraction.frame_sources import VideoFrames
    from lane_perception.data.image_topics import choose_images
    from lane_perception.data.recordings import RecordingReader
    from lane_perception.segmenter import Segmenter
    model = Segmenter.load(arguments.model, arguments.runtime, threshold=arguments.threshold)
    settings = (model, arguments.count, arguments.format, arguments.out)
    if _read_as_recording(arguments.source):
        with RecordingReader(arguments.source) as reader:
            topic = choose_images(reader, arguments.topic).name
            with open_folder(arguments.out, arguments.source):
                report = extract(RecordingFrames(reader, topic), *settings)
    else:
        if arguments.topic:
            raise UserError(f'--topic is for recordings, and {arguments.source} is none')
        if not arguments.source.is_file():
            raise UserError(f'there is no file or folder {arguments.source}')
        with open_folder(arguments.out, arguments.source):
            report = extract(VideoFrames(arguments.source), *settings)
    for problem in report['problems']:
        print(f'note: {problem}', file=sys.stderr)
    found = len(report['frames'])
    fewer = '' if found == arguments.count else ', all that differ enough'
    print(f'{found} of {report["frames_in_source"]} frames{fewer}, with '
          f'{sum(frame["polygons"] for frame in report["frames"])} polygons, in {arguments.out}')
    return 0


def _read_as_recording(path: Path) -> bool:
    """Tell whether a source is to be read as a recording, otherwise as a video."""
    return path.is_dir() or path.suffix in ('.mcap', '.db3', '.zstd', '.bag')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb; a user's mistake becomes one sentence."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())
