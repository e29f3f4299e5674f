# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Find out how the mounted camera sees the floor, and write the ground calibration file."""

from __future__ import annotations

import argparse
import csv
import importlib.util
import sys
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np

from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.data.image_files import read_image
from lane_perception.data.image_files import write_image
from lane_perception.data.results_folder import made_folder
from lane_perception.errors import UserError
from lane_perception.geometry import calibrating
from lane_perception.geometry.boards import Board
from lane_perception.geometry.boards import FORMS
from lane_perception.geometry.calibration_picture import draw_calibration
from lane_perception.geometry.camera_info import holds_lens
from lane_perception.geometry.camera_info import info_of_pictures
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.geometry.camera_info import is_rectified
from lane_perception.geometry.camera_info import lens_of_message
from lane_perception.geometry.camera_info import read_camera_info
from lane_perception.geometry.lane_finder import LaneFinder

FARTHEST_AXLE = 2.0   # metres from the camera


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the calibration's arguments."""
    parser = VerbParser(
        prog='calibrate_ground', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--image', type=Path, help='a picture of the camera')
    source.add_argument('--bag', type=Path, help='a recording of the camera')
    source.add_argument('--topic', help='a live topic with pictures')
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument('--board', help=f'a board that lies on the floor: {FORMS}')
    way.add_argument('--points', type=Path,
                     help='CSV file with lines u,v,x,y: pixels, and metres forward and left')
    way.add_argument('--click', nargs='+', metavar='X,Y',
                     help='floor points in metres, to be clicked one after the other in a window')
    way.add_argument('--lane-width', type=float,
                     help="metres between the middles of a straight lane's two markings")
    parser.add_argument('--bag-topic', help="of the pictures in the recording; without it its "
                        "first of a camera's pictures")
    parser.add_argument('--frame', type=int, default=0, help='which picture of the recording')
    parser.add_argument('--camera-info', type=Path,
                        help='lens file as camera_calibration writes it; without it that of the '
                        'recording or the live topic, else pixels count as undistorted')
    parser.add_argument('--camera-to-axle', type=float, default=0.0,
                        help='metres from under the camera back to the rear axle, for --board and '
                        '--lane-width; 0 leaves the origin under the camera')
    parser.add_argument('--model', default='lane_lite',
                        help='that finds the markings, for --lane-width')
    parser.add_argument('--max-error', type=float, default=10.0,
                        help='millimetres of RMS error on the floor that are accepted')
    parser.add_argument('--out', type=Path, default=Path('ground.yaml'),
                        help='calibration file, .yaml or .yml; a picture to judge it by is put '
                        'beside it (ground_check.png)')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Calibrate, judge the error, write the file and the picture."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.bag is None:
        note_unused(parser, arguments, ('bag_topic', 'frame'), 'without --bag')
    if arguments.lane_width is None:
        note_unused(parser, arguments, ('model',), 'without --lane-width')
    if not abs(arguments.camera_to_axle) <= FARTHEST_AXLE:
        raise UserError(f'--camera-to-axle {arguments.camera_to_axle:g} is in metres, and '
                        f'{FARTHEST_AXLE:g} at most on a small car')
    if (arguments.points or arguments.click) and arguments.camera_to_axle:
        raise UserError('--camera-to-axle is for --board and --lane-width: the measured points '
                        'already say where the axle is')
    if not arguments.max_error > 0.0:
        raise UserError(f'--max-error {arguments.max_error:g} is not a number above 0')
    picture = arguments.out.parent / f'{arguments.out.stem}_check.png'
    _spare_inputs(arguments, picture)
    if arguments.out.suffix.lower() not in ('.yaml', '.yml'):
        raise UserError(f'--out {arguments.out} must end in .yaml or .yml')
    with made_folder(arguments.out.parent, arguments.out):
        _write_calibration(arguments, picture)
    print(f'judge it by eye: {picture}')
    return 0


def _write_calibration(arguments, picture: Path) -> None:
    image, info, topic = _picture(arguments)
    size = (image.shape[1], image.shape[0])
    lens = None
    if is_rectified(topic) and (info is not None or arguments.camera_info is not None):
        print(f'{topic} is rectified: its lens is the projection matrix of camera_info')
    if info is not None:
        info = info_of_pictures(info, topic)
    if arguments.camera_info is not None:
        lens = read_camera_info(arguments.camera_info, size, topic)
    elif info is not None and holds_lens(info):
        lens = lens_of_message(info, size)
    elif info is not None:
        print('camera_info holds no lens model: the camera driver was never given one')
    if lens is None:
        print('no camera_info: pixels count as undistorted' + (
            '' if is_rectified(topic) else '; do not do this with a wide lens'))
    calibration, pixels = _calibrate(arguments, image, size, lens)
    error = 1000.0 * calibration.rms_error_m
    if error > arguments.max_error:
        raise UserError(f'the points miss by {error:.1f} mm (RMS) on the floor, more than '
                        f'--max-error {arguments.max_error:g}: measure again, or check the lens')
    if arguments.camera_to_axle:
        calibration = calibrating.moved_to_axle(calibration, arguments.camera_to_axle)
        calibration.check()
    calibration.save(arguments.out)
    write_image(picture, draw_calibration(image, calibration, pixels))
    count = len(np.unique(pixels, axis=0))
    print(f'{arguments.out}: reprojection error {error:.2f} mm (RMS of {count} points on '
          f'the floor){_mount(calibration)}')
    if count == 4:
        print('four points leave nothing to check the result by: measure a fifth')


def _spare_inputs(arguments, picture: Path) -> None:
    """Refuse to write the file or its picture over anything that is read."""
    read = [arguments.image, arguments.points, arguments.camera_info, arguments.bag,
            *map(Path, arguments.model.split(','))]
    if arguments.bag is not None:
        for pattern in ('metadata.yaml', '*.mcap*', '*.db3*'):
            read += arguments.bag.glob(pattern)
    read = [path for path in read if path is not None and path.is_file()]
    for written in (arguments.out, picture):
        if written.is_file() and any(written.samefile(path) for path in read):
            raise UserError(f'{written} is read and would be overwritten: give another --out')


def _mount(calibration) -> str:
    mount = calibrating.mount_of(calibration)
    if mount is None:
        return ''
    return (f'; camera {mount.height:.3f} m up, {np.degrees(mount.pitch):.1f} degrees down, '
            f'{abs(mount.forward):.3f} m {"behind" if mount.forward < 0.0 else "ahead of"} the '
            'origin')


def _picture(arguments):
    """Return the picture, the CameraInfo message that belongs to it, or None, and its topic."""
    if arguments.image is not None:
        # The sensor's rows and columns, as the node sees them, whatever EXIF says.
        return read_image(arguments.image, turned=False), None, ''
    if arguments.bag is not None:
        return _from_bag(arguments.bag, arguments.bag_topic, arguments.frame)
    if importlib.util.find_spec('rclpy') is None:
        raise UserError('--topic needs ROS 2: source /opt/ros/DISTRO/setup.bash')
    from lane_perception.ros.capture import capture
    return (*capture(arguments.topic), arguments.topic)


def _from_bag(path: Path, topic: str | None, number: int):
    from lane_perception.data.image_topics import choose_images
    from lane_perception.data.recordings import RecordingReader
    from lane_perception.ros.images import to_bgr
    with RecordingReader(path) as reader:
        topic = choose_images(reader, topic, option='--bag-topic').name
        image = None
        for frame in reader.received(topic):
            if frame.number == number:
                image = None if frame.message is None else np.array(to_bgr(frame.message))
                break
        for problem in reader.problems:
            print(f'note: {problem}', file=sys.stderr)
        if image is None:
            raise UserError(f'{topic} in {path} has no picture number {number}')
        info = _info_topic(reader, topic)
        lens = next((message for _, _, message in reader.frames(info)), None) if info else None
    return image, lens, topic


def _info_topic(reader, topic: str) -> str | None:
    """Return the camera_info beside a picture topic, else the only one that there is."""
    topics = [name for name, kind in reader.topics().items()
              if kind.message_type == 'sensor_msgs/msg/CameraInfo' and kind.count]
    beside = info_topic_of(topic)
    if beside in topics:
        return beside
    if len(topics) > 1:
        raise UserError(f'the recording holds the lenses of {", ".join(topics)}, and none as '
                        f'{beside}: give --camera-info')
    return topics[0] if topics else None


def _calibrate(arguments, image, size, lens):
    """Return the calibration and the (N, 2) pixels that it was made from."""
    if arguments.points is not None:
        pixels, floor = _read_points(arguments.points)
        if (pixels < -0.5).any() or (pixels > np.array(size) - 0.5).any():
            raise UserError(f'{arguments.points}: a point lies outside of the picture of '
                            f'{size[0]}x{size[1]}')
        return calibrating.from_points(pixels, floor, size, lens), pixels
    if arguments.click is not None:
        floor = _places(arguments.click)
        calibrating.check_places(floor)
        pixels = _clicked(image, floor)
        return calibrating.from_points(pixels, floor, size, lens), pixels
    if arguments.board is not None:
        board = Board.parse(arguments.board)
        found = board.find(image)
        if found is None:
            raise UserError(board.missed(image))
        return calibrating.from_board(*found, size, lens), found[0]
    if lens is None:
        raise UserError('--lane-width needs the lens: give --camera-info')
    from lane_perception.segmenter import Segmenter
    lane = LaneFinder().find(Segmenter.load(arguments.model).mask(image))
    try:
        if lane.left is None or not len(lane.left) or not len(lane.right):
            raise UserError('no lane with two markings is seen in the picture')
        pixels = np.vstack((lane.left, lane.right))
        return (calibrating.from_lane(lane.left, lane.right, arguments.lane_width, size, lens),
                pixels[lens.covers(pixels)])
    except UserError as error:
        if arguments.bag is None:
            raise
        raise UserError(f'picture {arguments.frame} of the recording: {error}; another one is '
                        'chosen with --frame') from error


def _read_points(path: Path):
    rows = []
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:   # Excel puts a mark in front
            reader = csv.reader(file)
            for row in reader:
                if not any(map(str.strip, row)) or row[0].lstrip().startswith('#'):
                    continue
                try:
                    u, v, x, y = map(float, row)
                except ValueError as error:
                    if rows or any(map(_begins_as_number, row)):
                        raise UserError(
                            f'{path}, line {reader.line_num}: {",".join(row)!r} is not four '
                            'numbers u,v,x,y; separate them by commas, with a decimal point'
                        ) from error
                    continue   # a heading
                rows.append((u, v, x, y))
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f'{path} is no text of lines u,v,x,y') from error
    values = np.array(rows).reshape(-1, 4)
    if not np.isfinite(values).all():
        raise UserError(f'{path}: a number is not finite')
    return values[:, :2], values[:, 2:]


def _begins_as_number(text: str) -> bool:
    return text.strip()[:1] in set('+-.0123456789')


def _places(texts: list[str]):
    try:
        places = np.array([[float(part) for part in text.split(',')] for text in texts])
        places = places.reshape(len(texts), 2)
    except ValueError as error:
        raise UserError('--click takes places as X,Y in metres, such as 0.4,0.2') from error
    if not np.isfinite(places).all():
        raise UserError('--click: a place is not finite')
    return places


def _clicked(image, floor):
    """Let the user click the floor points in a window; return their (N, 2) pixels."""
    pixels: list[tuple[float, float]] = []
    window = 'calibrate_ground'

    def on_mouse(event, u, v, flags, data):
        if event == cv2.EVENT_LBUTTONDOWN and len(pixels) < len(floor):
            pixels.append((float(u), float(v)))
    try:
        cv2.namedWindow(window)
        cv2.setMouseCallback(window, on_mouse)
        while len(pixels) < len(floor):
            shown = image.copy()
            for u, v in pixels:
                cv2.drawMarker(shown, (round(u), round(v)), (0, 0, 255), cv2.MARKER_CROSS, 12)
            x, y = floor[len(pixels)]
            cv2.putText(shown, f'click x {x:g} m, y {y:g} m (Esc: give up)', (8, 20),
                        cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
            cv2.imshow(window, shown)
            if cv2.waitKey(30) == 27:
                raise UserError('given up')
        cv2.destroyWindow(window)
    except cv2.error as error:
        raise UserError('this OpenCV opens no windows (headless build): give --points') from error
    return np.array(pixels)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())
