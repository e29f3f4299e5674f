# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""replay scores every readable frame of a recording, and leaves a bag, a video and a report."""

import json

import cv2
import pytest
from recordings_on_disk import PERIOD
from recordings_on_disk import START
from recordings_on_disk import TOPIC
from recordings_on_disk import TRUTH
from recordings_on_disk import track
from recordings_on_disk import true_pose
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.evaluate import main as evaluate
from lane_perception.cli.replay import main
from lane_perception.data.image_files import write_image
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.evaluation import encoders
from lane_perception.evaluation import video
from lane_perception.evaluation.replay import replay
from lane_perception.evaluation.replay import ReplaySettings
from lane_perception.geometry.lane import RANGES
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.images import to_bgr
from lane_perception.ros.images import to_mask
from lane_perception.ros.parameters import PARAMETERS


def run(bag, model, out, *arguments, status=0):
    assert main([str(bag), '--model', str(model), '--out', str(out),
                 *map(str, arguments)]) == status
    return json.loads((out / 'report.json').read_text())


def outputs(bag, name):
    with RecordingReader(bag) as reader:
        return list(reader.frames(f'/lane_perception/{name}'))


@pytest.mark.parametrize(('compressed', 'storage'), [(False, 'mcap'), (True, 'sqlite3')])
def test_figures_equal_those_of_evaluate_on_the_same_frames(
        tmp_path, model, compressed, storage):
    suffix = '/compressed' if compressed else ''
    bag = write_recording(tmp_path / 'drive', compressed=compressed, storage=storage)
    report = run(bag, model, tmp_path / 'out', '--truth-topic', TRUTH + suffix)
    data = tmp_path / 'data'
    for folder in ('images', 'masks'):
        (data / folder).mkdir(parents=True)
    for index in range(12):
        image, label = track(index)
        write_image(data / 'images' / f'{index:03d}.png', image)
        write_image(data / 'masks' / f'{index:03d}.png', label)
    assert evaluate(['--data', str(data), '--model', str(model),
                     '--out', str(tmp_path / 'same')]) == 0
    same = json.loads((tmp_path / 'same' / 'report.json').read_text())
    for key in ('lane_iou', 'miou', 'miou_per_image', 'precision', 'recall', 'f1', 'line_f1'):
        assert report[key] == pytest.approx(same[key], abs=1e-6)
    assert 0.3 < report['lane_iou'] < 0.99
    assert report['images_judged'] == 12
    assert report['data']['topic'] == TOPIC + suffix


def test_the_output_bag_holds_what_the_pipeline_says_at_the_frames_stamps(tmp_path, model):
    bag = write_recording(tmp_path / 'drive')
    run(bag, model, tmp_path / 'out')
    pipeline = LanePipeline.load(model)
    masks, centers, offsets = (outputs(tmp_path / 'out' / 'bag', name)
                               for name in ('mask', 'center', 'offset'))
    overlays = outputs(tmp_path / 'out' / 'bag', 'overlay/compressed')
    assert len(masks) == len(centers) == len(offsets) == len(overlays) == 12
    for index in range(12):
        stamp = START + index * PERIOD
        lane = pipeline.process(track(index)[0], stamp / 1e9)
        assert {one[index][1] for one in (masks, centers, offsets, overlays)} == {stamp}
        assert masks[index][0] == centers[index][0] == stamp
        assert masks[index][2].header.frame_id == 'camera'
        assert (to_mask(masks[index][2]) == lane.mask).all()
        point = centers[index][2].point
        assert (point.x, point.y) == pytest.approx(lane.center)
        assert offsets[index][2].data == pytest.approx(lane.offset, abs=1e-6)
        assert to_bgr(overlays[index][2]).shape == (120, 160, 3)


def test_the_video_runs_as_the_recording(tmp_path, model):
    bag = write_recording(tmp_path / 'drive')
    report = run(bag, model, tmp_path / 'out')
    video = cv2.VideoCapture(str(tmp_path / 'out' / 'overlay.mp4'))
    length = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    times = [index * 0.05 for index in range(12)]
    assert length == pytest.approx(times[-1] + 0.1, abs=0.11)
    assert report['frames']['video_s'] == pytest.approx(times, abs=0.002)


@pytest.mark.parametrize(('installed', 'arguments', 'told'), [
    (False, (), True), (False, ('--no-video',), False), (True, (), False)])
def test_where_the_video_takes_long_a_note_says_what_would_not(
        tmp_path, model, monkeypatch, capsys, installed, arguments, told):
    monkeypatch.setattr(encoders, 'has_openh264', lambda: installed)
    monkeypatch.setattr(video, 'open_encoder', encoders.Vp9Encoder)
    bag = write_recording(tmp_path / 'drive', count=3)
    run(bag, model, tmp_path / 'out', '--no-bag', *arguments)
    notes = [line for line in capsys.readouterr().err.splitlines() if 'GStreamer' in line]
    assert len(notes) == told
    assert all(note.startswith('replay: note: ') and '--no-video' in note for note in notes)


def test_a_replay_that_is_broken_off_leaves_nothing_half_written(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', count=40)
    settings = ReplaySettings(bag, tmp_path / 'out', model=str(model), truth_topic=TRUTH)

    def stop(done, total):
        if done == 20:
            raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        replay(settings, stop)
    assert not [file for file in (tmp_path / 'out').rglob('*') if file.is_file()]


def test_two_runs_give_the_same_report_but_for_times(tmp_path, model):
    bag = write_recording(tmp_path / 'drive')
    texts = []
    for _ in range(2):
        report = run(bag, model, tmp_path / 'out', '--truth-topic', TRUTH)
        for key in ('latency_ms', 'replay_s', 'frames_per_second', 'machine'):
            del report[key]
        del report['frames']['latency_ms'], report['totals']['latencies_ms']
        texts.append(json.dumps(report))
    assert texts[0] == texts[1]


def test_without_truth_steadiness_is_the_measure(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', count=60, truth=False, blank=range(20, 40))
    report = run(bag, model, tmp_path / 'out')
    assert 'lane_iou' not in report
    assert report['gaps'] == 1
    # The lane finder may hold the lane for half a second of the twenty black frames.
    assert 0.4 < report['longest_gap_s'] <= 1.1
    assert 0.6 < report['lane_found'] < 0.9
    assert report['failures']['no lane'] == round(60 * (1 - report['lane_found']))
    stretch, = report['stretches']
    assert 20 <= stretch['first'] and stretch['last'] == 39
    assert stretch['reasons'] == ['no lane']
    assert report['flicker'] > 0


def test_labels_are_matched_by_stamp_by_number_and_by_rate(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', truth=True)
    whole = run(bag, model, tmp_path / 'truth', '--truth-topic', TRUTH)
    namings = {
        'nanoseconds': (lambda index: str(START + index * PERIOD), []),
        'seconds': (lambda index: f'{(START + index * PERIOD) // 10**9}.'
                                  f'{(START + index * PERIOD) % 10**9:09d}', []),
        'number': (lambda index: f'frame_{index:05d}', []),
        'rate': (lambda index: f'frame_{index * 3:05d}', ['--label-rate', '60']),
    }
    for name, (naming, arguments) in namings.items():
        folder = tmp_path / name
        folder.mkdir()
        for index in range(12):
            write_image(folder / f'{naming(index)}.png', track(index)[1])
        report = run(bag, model, tmp_path / f'{name}_out', '--labels', folder, *arguments)
        assert report['images_judged'] == 12, name
        assert report['lane_iou'] == pytest.approx(whole['lane_iou'], abs=1e-8)


def test_roboflows_names_are_those_of_the_frames_and_doubles_are_named(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', truth=True)
    whole = run(bag, model, tmp_path / 'truth', '--truth-topic', TRUTH)
    folder = tmp_path / 'labels'
    folder.mkdir()
    for index in range(12):
        write_image(folder / f'frame_{index:05d}_jpg.rf.1a2b{11 - index}c.png', track(index)[1])
    write_image(folder / 'frame_00003_jpg.rf.ffff9.png', track(0)[1] * 0)
    report = run(bag, model, tmp_path / 'out', '--labels', folder)
    assert report['images_judged'] == 12
    assert report['lane_iou'] == pytest.approx(whole['lane_iou'], abs=1e-8)
    problem, = report['problems']
    assert 'frame_00003_jpg.rf.ffff9' in problem and 'has one already (00003)' in problem


def test_labels_that_match_no_frame_are_a_line_of_the_report(tmp_path, model):
    bag = write_recording(tmp_path / 'drive')
    folder = tmp_path / 'labels'
    folder.mkdir()
    write_image(folder / 'frame_500.png', track(0)[1])
    report = run(bag, model, tmp_path / 'out', '--labels', folder)
    assert report['images'] == 12 and report['images_judged'] == 0
    assert any('1 of 1 labels' in problem for problem in report['problems'])
    assert any('nothing was scored' in problem for problem in report['problems'])


def test_a_truncated_recording_is_scored_up_to_the_cut(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', count=40)
    file = bag / 'drive.mcap'
    with open(file, 'r+b') as stream:
        stream.truncate(file.stat().st_size * 2 // 3)
    report = run(bag, model, tmp_path / 'out', '--truth-topic', TRUTH)
    assert 15 <= report['images'] < 40
    assert any('cut short' in problem for problem in report['problems'])


def test_a_recording_without_metadata_is_scored(tmp_path, model):
    bag = write_recording(tmp_path / 'drive')
    (bag / 'metadata.yaml').unlink()
    report = run(bag, model, tmp_path / 'out')
    assert report['images'] == 12
    assert 'metadata.yaml' in report['problems'][0]


def test_mixed_sizes_are_scored_and_named(tmp_path, model):
    sizes = [(120, 160)] * 8 + [(240, 320)] * 4
    bag = write_recording(tmp_path / 'drive', sizes=sizes)
    report = run(bag, model, tmp_path / 'out', '--truth-topic', TRUTH)
    assert report['images_judged'] == 12
    assert report['data']['sizes'] == {'160x120': 8, '320x240': 4}
    assert any('several sizes: 8 of 160x120, 4 of 320x240' in one for one in report['problems'])


def test_duplicate_and_backward_stamps_are_counted_and_every_frame_is_processed(tmp_path, model):
    stamps = [START + index * PERIOD for index in (0, 1, 1, 2, 5, 3, 4, 6)]
    bag = write_recording(tmp_path / 'drive', count=8, stamps=stamps)
    report = run(bag, model, tmp_path / 'out')
    assert report['images'] == 8
    assert any(one.startswith('1 frames') and 'the same as' in one for one in report['problems'])
    assert any(one.startswith('1 frames') and 'before that' in one for one in report['problems'])
    assert report['frames']['stamp_ns'] == stamps
    assert len(outputs(tmp_path / 'out' / 'bag', 'mask')) == 8


def test_frames_without_a_stamp_are_judged_alone_as_by_the_node(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', count=8, stamps=[0] * 8, blank=[6])
    report = run(bag, model, tmp_path / 'out', '--no-video')
    assert report['lane_found'] == 7 / 8, 'without time no lane is held through the black frame'


def test_broken_frames_are_left_out_and_counted(tmp_path, model):
    bag = tmp_path / 'drive'
    with RecordingWriter(bag) as writer:
        make = writer.message_class
        for index in range(4):
            header = make('std_msgs/msg/Header')(make('builtin_interfaces/msg/Time')(index, 0), '')
            pixels = track(0)[0].ravel()[:100 if index == 2 else None]
            message = make('sensor_msgs/msg/Image')(header, 120, 160, 'bgr8', 0, 480, pixels)
            writer.write(TOPIC, 'sensor_msgs/msg/Image', message, index)
    report = run(bag, model, tmp_path / 'out')
    assert report['images'] == 3
    assert any('1 frames on /camera/image_raw were left out' in one for one in report['problems'])


@pytest.mark.parametrize(('arguments', 'sentence'), [
    (['--topic', '/nope'], 'no topic /nope'),
    (['--truth-topic', '/nope'], 'no topic /nope'),
    (['--labels', '/nowhere'], 'no folder of labels'),
    (['--truth-topic', TRUTH, '--labels', '/nowhere'], 'not both'),
    (['--pose-topic', '/pose'], '--ground'),
    (['--ground', '/nowhere.yaml'], '/nowhere.yaml'),
    (['--workers', '0'], 'at least 1'),
    (['--label-rate', '0'], 'above 0'),
    (['--label-rate', 'nan'], 'above 0'),
    (['--label-rate', 'inf'], 'above 0'),
    (['--look-ahead', '35'], 'look_ahead 35 should be from 0 to 1'),
    (['--look-ahead-m', '0.5'], '--ground'),
    (['--lane-width', '-1'], 'lane_width -1 should be from 0 to 20'),
    (['--max-gap-s', 'nan'], 'max_gap_s nan should be from 0 to 10'),
    (['--min-confidence', '2'], 'min_confidence 2 should be from 0 to 1'),
])
def test_bad_use_gives_one_sentence_status_2_and_leaves_nothing(
        tmp_path, model, capsys, arguments, sentence):
    bag = write_recording(tmp_path / 'drive', count=2)
    status = main([str(bag), '--model', str(model), '--out', str(tmp_path / 'out'), *arguments])
    assert status == 2
    assert sentence in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / 'out' / 'bag').exists()


def test_a_recording_without_pictures_says_what_it_has(tmp_path, model, capsys):
    with RecordingWriter(tmp_path / 'drive') as writer:
        number = writer.message_class('std_msgs/msg/Float32')(1.0)
        writer.write('/speed', 'std_msgs/msg/Float32', number, START)
    assert main([str(tmp_path / 'drive'), '--model', str(model),
                 '--out', str(tmp_path / 'out')]) == 2
    assert 'no topic with pictures; its topics: /speed' in capsys.readouterr().err


def test_a_pose_topic_gives_the_error_in_metres(tmp_path, model):
    bag = tmp_path / 'drive'
    ground = write_ground(tmp_path / 'ground.yaml')
    pipeline = LanePipeline.load(model, ground=ground)
    with RecordingWriter(bag) as writer:
        make = writer.message_class
        for index in range(6):
            stamp = START + index * PERIOD
            image = track(index)[0]
            lane = pipeline.process(image, stamp / 1e9)
            pose = true_pose(stamp, lane.lateral - 0.03, lane.heading + 0.1, make)
            header = make('std_msgs/msg/Header')(pose.header.stamp, 'camera')
            message = make('sensor_msgs/msg/Image')(
                header, *image.shape[:2], 'bgr8', 0, 480, image.ravel())
            writer.write(TOPIC, 'sensor_msgs/msg/Image', message, stamp)
            writer.write('/pose', 'geometry_msgs/msg/PoseStamped', pose, stamp)
    report = run(bag, model, tmp_path / 'out', '--pose-topic', '/pose', '--ground', ground)
    assert report['lateral_mae_m'] == pytest.approx(0.03, abs=1e-6)
    assert report['heading_mae_rad'] == pytest.approx(0.1, abs=1e-6)
    assert report['frames']['lateral_error_m'] == pytest.approx([0.03] * 6, abs=1e-6)
    assert len(outputs(tmp_path / 'out' / 'bag', 'path')) == 6
    assert len(outputs(tmp_path / 'out' / 'bag', 'pose')) == 6
    markers = outputs(tmp_path / 'out' / 'bag', 'markers')
    assert markers[0][2].markers[1].points[0].x > 0


def test_the_lane_is_found_with_the_nodes_parameters(tmp_path, model):
    ground = write_ground(tmp_path / 'ground.yaml')
    bag = write_recording(tmp_path / 'drive', count=6)
    settings = LaneSettings(look_ahead_m=1.2, lane_width=0.42, max_gap_s=0.2, min_confidence=0.01)
    pipeline = LanePipeline.load(model, ground=ground, settings=settings)
    run(bag, model, tmp_path / 'out', '--ground', ground, '--look-ahead-m', 1.2,
        '--lane-width', 0.42, '--max-gap-s', 0.2, '--min-confidence', 0.01)
    centers = outputs(tmp_path / 'out' / 'bag', 'center')
    plain = LanePipeline.load(model, ground=ground)
    for index in range(6):
        image, stamp = track(index)[0], (START + index * PERIOD) / 1e9
        point = centers[index][2].point
        assert (point.x, point.y) == pytest.approx(pipeline.process(image, stamp).center)
        assert abs(plain.process(image, stamp).center[1] - point.y) > 2


def test_the_network_takes_the_input_that_is_asked_for(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', count=2)
    plain = run(bag, model, tmp_path / 'plain')
    report = run(bag, model, tmp_path / 'out', '--resolution', '64x96')
    assert report['variant']['resolution'] == '64x96' != plain['variant']['resolution']
    pipeline = LanePipeline.load(model, resolution=(64, 96))
    for index, (_, _, mask) in enumerate(outputs(tmp_path / 'out' / 'bag', 'mask')):
        expected = pipeline.process(track(index)[0], (START + index * PERIOD) / 1e9).mask
        assert (to_mask(mask) == expected).all()


def test_the_lane_settings_range_as_the_nodes_parameters():
    assert RANGES == {one.name: (one.minimum, one.maximum) for one in PARAMETERS
                      if one.name in RANGES}


@pytest.mark.parametrize(('arguments', 'found'), [
    ([], 3), (['--max-gap-s', '0'], 1), (['--min-confidence', '1'], 0)])
def test_gaps_and_doubt_are_judged_as_asked(tmp_path, model, arguments, found):
    bag = write_recording(tmp_path / 'drive', count=8, blank=[5, 6])
    report = run(bag, model, tmp_path / 'out', '--no-video', *arguments)
    assert round(report['lane_found'] * 8) == found + (0 if found == 0 else 5)


@pytest.mark.parametrize('off, problems', [(0.0, 0), (3.0, 1)])
def test_a_center_topic_is_the_truth_about_the_center(tmp_path, model, off, problems):
    bag = tmp_path / 'drive'
    pipeline = LanePipeline.load(model)
    with RecordingWriter(bag) as writer:
        make = writer.message_class
        for index in range(5):
            stamp = START + index * PERIOD
            image = track(index)[0]
            u, v = pipeline.process(image, stamp / 1e9).center
            header = make('std_msgs/msg/Header')(
                make('builtin_interfaces/msg/Time')(*divmod(stamp, 1_000_000_000)), 'camera')
            message = make('sensor_msgs/msg/Image')(
                header, *image.shape[:2], 'bgr8', 0, 480, image.ravel())
            writer.write(TOPIC, 'sensor_msgs/msg/Image', message, stamp)
            place = float('nan') if index == 4 else u - 2.5
            point = make('geometry_msgs/msg/PointStamped')(
                header, make('geometry_msgs/msg/Point')(place, v + off, 0.0))
            writer.write('/center', 'geometry_msgs/msg/PointStamped', point, stamp)
    report = run(bag, model, tmp_path / 'out', '--center-topic', '/center')
    assert report['center_mae_px'] == pytest.approx(2.5, abs=1e-6)
    assert report['frames']['center_error_px'] == pytest.approx([2.5] * 4 + [None], abs=1e-6)
    page = (tmp_path / 'out' / 'report.html').read_text()
    assert 'from the true center' in page and 'from that of the label' not in page
    assert report['lane_false'] == 1
    assert len(report['problems']) == problems
    assert all('4 centers on /center lie more than 2 pixels off the look-ahead row' in problem
               for problem in report['problems'])
