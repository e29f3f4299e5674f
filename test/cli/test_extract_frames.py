# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`extract_frames` leaves labeled frames that every label tool, and the readers, can open."""

import json

import cv2
import numpy as np
import pytest
from conftest import draw_track
from recordings_on_disk import START
from recordings_on_disk import TOPIC
from recordings_on_disk import write_recording

from lane_perception.cli.extract_frames import main
from lane_perception.data.extraction import extract
from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample


def run(source, out, model, *more):
    return main([str(source), '--model', str(model), '--out', str(out), *map(str, more)])


def write_video(path, count=40):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 20, (320, 240))
    for number in range(count):
        writer.write(draw_track(240, 320, shift=60 * np.sin(number / 4)))
    writer.release()
    return path


def iou_with_bright(sample):
    image, mask = load_sample(sample)
    bright = image.mean(axis=2) > 160
    return ((mask > 0) & bright).sum() / ((mask > 0) | bright).sum()


@pytest.mark.parametrize('label_format', ['labelme', 'coco'])
def test_labels_can_be_trained_on_as_they_are(tmp_path, bright_model, label_format, capsys):
    video = write_video(tmp_path / 'lap.avi')
    out = tmp_path / 'out'
    assert run(video, out, bright_model, '--count', 5, '--format', label_format) == 0
    data = read_dataset(out)
    assert 1 <= len(data) <= 5 and data.problems == () and data.unlabeled == ()
    for sample in data.samples:
        assert iou_with_bright(sample) > 0.75
        assert sample.recording.endswith('lap')
    report = json.loads((out / 'report.json').read_text())
    assert [frame['rank'] for frame in report['frames']] == list(range(1, len(data) + 1))
    doubts = [frame['doubt'] for frame in report['frames']]
    assert doubts == sorted(doubts, reverse=True)
    assert report['frames_in_source'] == 40
    assert f'{len(data)} of 40 frames' in capsys.readouterr().out
    assert (out / 'contact_sheet.jpg').is_file()


def test_labelme_files_are_what_labelme_writes(tmp_path, bright_model):
    out = tmp_path / 'out'
    run(write_video(tmp_path / 'lap.avi'), out, bright_model, '--count', 2)
    file = sorted((out / 'images').glob('*.json'))[0]
    content = json.loads(file.read_text())
    assert set(content) == {'version', 'flags', 'shapes', 'imagePath', 'imageData',
                            'imageHeight', 'imageWidth'}
    assert (content['imageHeight'], content['imageWidth']) == (240, 320)
    assert (file.parent / content['imagePath']).is_file()
    for shape in content['shapes']:
        assert shape['shape_type'] == 'polygon' and len(shape['points']) >= 3
        assert {'label', 'points', 'group_id', 'flags'} <= set(shape)


def test_coco_files_load_in_pycocotools(tmp_path, bright_model):
    from pycocotools.coco import COCO
    out = tmp_path / 'out'
    run(write_video(tmp_path / 'lap.avi'), out, bright_model, '--count', 3, '--format', 'coco')
    coco = COCO(str(out / 'annotations/instances_default.json'))
    for image in coco.loadImgs(coco.getImgIds()):
        picture = cv2.imread(str(out / 'images' / image['file_name']))
        assert picture.shape[:2] == (image['height'], image['width'])
    annotations = coco.loadAnns(coco.getAnnIds())
    assert annotations
    for annotation in annotations:
        assert annotation['area'] == pytest.approx(coco.annToMask(annotation).sum(), rel=0.1)


@pytest.mark.parametrize('compressed', [False, True])
def test_frames_of_a_recording_are_named_by_their_stamp(tmp_path, bright_model, compressed):
    bag = write_recording(tmp_path / 'bag', count=10, compressed=compressed)
    assert run(bag, tmp_path / 'out', bright_model, '--count', 3) == 0
    stamps = [int(path.stem.split('_')[-1]) for path in (tmp_path / 'out/images').glob('*.jpg')]
    assert stamps and all((stamp - START) % 50_000_000 == 0 for stamp in stamps)
    data = read_dataset(tmp_path / 'out')
    assert {sample.recording for sample in data.samples} == {'bag'}


@pytest.mark.parametrize('still', [range(10), range(2, 8)])
def test_frames_whose_stamps_stand_still_are_told_apart_by_log_time_and_number(
        tmp_path, bright_model, still):
    stamps = [START + 50_000_000 * number for number in range(10)]
    count = len(extracted(tmp_path / 'rising', bright_model, stamps))
    frames = extracted(tmp_path / 'still', bright_model, [
        stamps[still[0]] if number in still else stamp for number, stamp in enumerate(stamps)])
    assert len({frame['image'] for frame in frames}) == len(frames) == count > 1
    from lane_perception.data.recordings import Received
    from lane_perception.evaluation.label_folder import LabelFolder
    labels = LabelFolder(tmp_path / 'still' / 'out')
    for frame in frames:
        stamp = stamps[still[0] if frame['number'] in still else frame['number']]
        assert labels.label(Received(frame['number'], stamp, 0, 'message'), (120, 160)) is not None
    assert labels.close() == []


def extracted(folder, model, stamps):
    """Return what report.json says of the frames extracted from a recording."""
    bag = write_recording(folder / 'bag', count=10, stamps=stamps)
    assert run(bag, folder / 'out', model, '--count', 4) == 0
    return json.loads((folder / 'out' / 'report.json').read_text())['frames']


def test_a_broken_frame_is_named_and_the_rest_extracted(tmp_path, bright_model, capsys):
    sizes = [(120, 160)] * 10
    bag = write_recording(tmp_path / 'bag', count=10, sizes=sizes, compressed=True)
    from lane_perception.data.recording_writer import RecordingWriter
    from lane_perception.data.recordings import RecordingReader
    topic = f'{TOPIC}/compressed'
    kind = 'sensor_msgs/msg/CompressedImage'
    with RecordingReader(bag) as reader, RecordingWriter(tmp_path / 'bad') as writer:
        for number, (stamp, _, message) in enumerate(reader.frames(topic)):
            if number == 4:
                message.data = message.data[:20]
            writer.write(topic, kind, message, stamp)
    assert run(tmp_path / 'bad', tmp_path / 'out', bright_model, '--count', 8) == 0
    assert 'frame 4' in capsys.readouterr().err


def test_a_damaged_message_is_named_once(tmp_path, bright_model, capsys):
    from lane_perception.data.recording_writer import RecordingWriter
    from lane_perception.data.recordings import RecordingReader
    bag = write_recording(tmp_path / 'bag', count=10, truth=False)
    with RecordingReader(bag) as reader, RecordingWriter(tmp_path / 'bad') as writer:
        for number, raw in enumerate(reader.messages()):
            data = raw.data[:20] if number in (4, 7) else raw.data
            writer.write_serialized(raw.topic, raw.message_type, data, raw.log_time_ns)
    assert run(tmp_path / 'bad', tmp_path / 'out', bright_model, '--count', 3) == 0
    problems = json.loads((tmp_path / 'out' / 'report.json').read_text())['problems']
    assert len(problems) == 2 and all('damaged' in problem for problem in problems)
    assert capsys.readouterr().err.count('was left out') == 2


@pytest.mark.parametrize('source, more, sentence', [
    ('none', [], 'there is no file or folder'),
    ('text.txt', [], 'neither a recording'),
    ('empty', [], 'is not a recording'),
    ('lap.avi', ['--topic', '/a'], '--topic is for recordings'),
    ('bag', ['--topic', '/a'], 'has no topic /a'),
    ('lap.avi', ['--count', '0'], '--count 0 should be at least 1'),
])
def test_a_mistake_is_one_sentence(tmp_path, bright_model, capfd, source, more, sentence):
    write_video(tmp_path / 'lap.avi', 3)
    write_recording(tmp_path / 'bag', count=2)
    (tmp_path / 'text.txt').write_text('no video')
    (tmp_path / 'empty').mkdir()
    assert run(tmp_path / source, tmp_path / 'out', bright_model, *more) == 2
    assert sentence in capfd.readouterr().err


def test_a_model_that_is_not_there_is_named(tmp_path, capfd):
    assert run(write_video(tmp_path / 'lap.avi', 3), tmp_path / 'out', 'none.onnx') == 2
    assert 'none.onnx' in capfd.readouterr().err


def test_a_folder_with_pictures_is_not_mixed_with_others(tmp_path, bright_model, capsys):
    video = write_video(tmp_path / 'lap.avi', 5)
    assert run(video, tmp_path / 'out', bright_model, '--count', 2) == 0
    assert run(video, tmp_path / 'out', bright_model, '--count', 2) == 2
    assert 'exists already and is no empty folder' in capsys.readouterr().err


def test_a_link_to_a_folder_elsewhere_is_no_place_for_pictures(tmp_path, bright_model, capsys):
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'images').symlink_to(tmp_path / 'elsewhere')
    assert run(write_video(tmp_path / 'lap.avi', 5), tmp_path / 'out', bright_model) == 2
    assert 'exists already and is no empty folder' in capsys.readouterr().err


@pytest.mark.parametrize('label_format', ['labelme', 'coco'])
def test_an_interrupted_run_leaves_nothing_and_can_be_repeated(
        tmp_path, bright_model, label_format, monkeypatch):
    source, out = write_video(tmp_path / 'lap.avi', 10), tmp_path / 'out'
    (out / 'images').mkdir(parents=True)
    (out / 'notes.txt').write_text('mine')
    written = []

    def interrupt_at_the_second(path, *picture):
        written.append(path)
        if len(written) == 2:
            raise KeyboardInterrupt
        write_image(path, *picture)
    write_image = extract.write_image
    arguments = (source, out, bright_model, '--count', 3, '--format', label_format)
    with monkeypatch.context() as patch:
        patch.setattr(extract, 'write_image', interrupt_at_the_second)
        assert run(*arguments) == 130
    assert len(written) == 2
    assert sorted(out.rglob('*')) == [out / 'images', out / 'notes.txt']
    assert run(*arguments) == 0
    assert len(read_dataset(out)) > 0
    assert {path.name for path in out.iterdir()} - {'annotations'} == {
        'images', 'contact_sheet.jpg', 'report.json', 'notes.txt'}


@pytest.mark.parametrize('place', ['run', 'bag', 'bag/out', 'file'])
def test_a_place_for_no_data_set_is_refused_before_the_source_is_read(
        place, tmp_path, bright_model, capsys, monkeypatch):
    bag = write_recording(tmp_path / 'bag', count=2)
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'run.json').write_text('{}')
    (tmp_path / 'file').write_text('mine')
    before = sorted(tmp_path.rglob('*'))
    monkeypatch.setattr('lane_perception.data.extraction.frame_sources.RecordingFrames', None)
    assert run(bag, tmp_path / place, bright_model) == 2
    said, = capsys.readouterr().err.strip().splitlines()
    assert str(tmp_path / place.split('/')[0]) in said
    assert sorted(tmp_path.rglob('*')) == before
