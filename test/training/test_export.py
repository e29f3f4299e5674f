# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Export: files that score like their source, checkpoints of others, refusals."""

import logging
import shutil

import cv2
import numpy as np
import pytest
from labeled_folder import write_folder

torch = pytest.importorskip('torch')
pytest.importorskip('onnx')

from lane_perception.cli.export import body as main_body  # noqa: E402
from lane_perception.cli.export import main  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.model_file import read_safetensors  # noqa: E402
from lane_perception.model_file import write_safetensors  # noqa: E402
from lane_perception.networks import build_network  # noqa: E402
from lane_perception.runtimes import find_file  # noqa: E402
from lane_perception.runtimes import read_card  # noqa: E402
from lane_perception.runtimes import open_runtime  # noqa: E402
from lane_perception.training import exporting  # noqa: E402
from lane_perception.training.exporting import read_pictures  # noqa: E402
from lane_perception.training.foreign_checkpoint import read_checkpoint  # noqa: E402
from lane_perception.training.rescoring import check  # noqa: E402

NAME = 'lane_dense_tiny'


def test_export_writes_both_precisions_and_their_scores(overfitted, tmp_path, capsys, caplog):
    run, data = overfitted
    for name in (None, 'torch.onnx'):
        caplog.set_level(logging.INFO, name)
    arguments = [str(run), '--out', str(tmp_path), '--name', 'mine', '--data', str(data), '--int8']
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert 'mine.onnx: lane IoU source 0.9' in printed
    assert 'mine_int8.onnx: lane IoU source 0.9' in printed
    assert f'scored on 48 pictures at most of {data}; --data names others\n' in printed
    assert read_card(tmp_path / 'mine.onnx').precision == 'fp32'
    card = read_card(tmp_path / 'mine_int8.onnx')
    assert (card.precision, card.name) == ('int8', 'mine')
    assert open_runtime(tmp_path / 'mine.onnx', precision='int8').precision == 'int8'
    assert {logging.getLogger(name).level for name in (None, 'torch.onnx')} == {logging.INFO}


@pytest.mark.parametrize('there, asked, chosen', [
    (95, 48, [*range(0, 95, 2)]), (10, 4, [0, 3, 6, 9]), (3, 48, [0, 1, 2]), (5, 1, [0])])
def test_pictures_lie_evenly_over_all_of_the_data(tmp_path, there, asked, chosen):
    write_folder(tmp_path, there)
    for number in set(range(there)) - set(chosen):   # what is not chosen is not even read
        (tmp_path / f'images/frame_{number:05d}.png').write_bytes(b'damaged')
    wanted = [cv2.imread(str(tmp_path / f'images/frame_{number:05d}.png')) for number in chosen]
    assert np.array_equal([image for image, _ in read_pictures(str(tmp_path), asked)], wanted)


def test_pictures_that_cannot_be_read_are_named_and_none_at_all_is_an_error(tmp_path, capsys):
    write_folder(tmp_path, 3)
    images = sorted((tmp_path / 'images').iterdir())
    images[0].write_bytes(b'damaged')
    assert len(read_pictures(str(tmp_path), 3)) == 2
    assert f'{images[0]} is damaged' in capsys.readouterr().err
    for image in images:
        image.write_bytes(b'damaged')
    with pytest.raises(UserError, match='none of the 2 pictures chosen .* can be read'):
        read_pictures(str(tmp_path), 2)


def test_labels_that_judge_nothing_are_refused(tmp_path):
    write_folder(tmp_path, 3)
    for mask in (tmp_path / 'masks').iterdir():
        cv2.imwrite(str(mask), np.full((96, 160), 127, np.uint8))
    with pytest.raises(UserError, match='no label of .* has a pixel that is judged'):
        read_pictures(str(tmp_path), 3)


def test_it_is_scored_on_the_classes_that_are_chosen(overfitted, tmp_path, monkeypatch):
    asked = []

    def opened(data, **more):
        asked.append(more['classes'])
        raise UserError('enough')
    monkeypatch.setattr(exporting, 'open_source', opened)
    for arguments in (['--class', 'lane,stop line'], ['--class', 'lane', '--class', 'car'], []):
        assert main([str(overfitted[0]), '--out', str(tmp_path), '--data', 'x', *arguments]) == 2
    assert asked == [('lane', 'stop line'), ('lane', 'car'), ()]


def test_int8_is_calibrated_on_other_pictures_than_it_is_scored_on(
        overfitted, tmp_path, monkeypatch):
    run, data = overfitted
    calibrated, scored = [], []
    quantize, score = exporting.quantize, exporting.check
    monkeypatch.setattr(exporting, 'quantize', lambda source, destination, pictures: (
        calibrated.extend(pictures), quantize(source, destination, pictures)))
    monkeypatch.setattr(exporting, 'check', lambda source, path, runtimes, pictures: (
        scored.extend(image for image, _ in pictures), score(source, path, runtimes, pictures))[1])
    main_body([str(run), '--out', str(tmp_path), '--data', str(data), '--count', '3', '--int8'])
    assert len(calibrated) == 3 and len(scored) == 2 * 3, 'three for each of two files'
    assert {image.tobytes() for image in calibrated}.isdisjoint(
        image.tobytes() for image in scored)


def test_an_int8_file_of_weights_that_were_replaced_is_not_taken(
        overfitted, tmp_path, monkeypatch):
    monkeypatch.setattr('lane_perception.runtimes.precision.instructions', lambda: ['avx_vnni'])
    run, data = overfitted
    weights, card = read_safetensors(run / 'model.safetensors')
    again = [str(tmp_path / 'car.safetensors'), '--out', str(tmp_path), '--data', str(data)]
    write_safetensors(tmp_path / 'car.safetensors', weights, card)
    main_body([*again, '--int8'])
    main_body(again)
    assert find_file(tmp_path / 'car.onnx').name == 'car_int8.onnx', 'of the same weights'
    name = next(iter(weights))
    write_safetensors(tmp_path / 'car.safetensors', {**weights, name: 1.01 * weights[name]}, card)
    main_body(again)
    assert find_file(tmp_path / 'car.onnx').name == 'car.onnx'


def test_a_file_that_loses_accuracy_is_refused(overfitted, tmp_path):
    from bright_model import write_bright_model
    run, data = overfitted
    worse = tmp_path / 'worse.onnx'
    write_bright_model(worse, 96, 160, threshold=0.9999)
    with pytest.raises(UserError, match='worse.onnx reaches lane IoU 0.* a loss of more than'):
        check(run / 'model.safetensors', worse, ['onnxruntime'], read_pictures(str(data), 4))


@pytest.mark.parametrize('failure', [UserError('too bad'), KeyboardInterrupt()])
def test_a_file_that_was_not_found_good_takes_nobodys_place(
        overfitted, tmp_path, monkeypatch, failure):
    run, data = overfitted

    def failing(*arguments):
        raise failure
    monkeypatch.setattr(exporting, 'check', failing)
    kept = {tmp_path / 'mine.onnx', tmp_path / 'mine.safetensors'}
    for file in kept:
        file.write_text('as it was')
    with pytest.raises(type(failure)):
        main_body([str(run), '--out', str(tmp_path), '--name', 'mine', '--data', str(data)])
    assert set(tmp_path.iterdir()) == kept
    assert {file.read_text() for file in kept} == {'as it was'}


def test_without_a_runtime_to_check_in_nothing_is_exported(
        overfitted, tmp_path, monkeypatch, capsys):
    run, data = overfitted
    monkeypatch.setattr(exporting, 'installed_runtimes', lambda: ['torch'])
    assert main([str(run), '--out', str(tmp_path), '--data', str(data), '--count', '1']) == 2
    assert 'model.onnx cannot be checked' in capsys.readouterr().err
    assert not list(tmp_path.glob('**/*.onnx'))


def test_a_source_that_finds_nothing_is_said(tmp_path, overfitted, capsys):
    _, data = overfitted
    network = build_network(NAME)
    network.head.bias.data[:] = -20
    torch.save(network.state_dict(), tmp_path / 'best.pth')
    assert main([str(tmp_path / 'best.pth'), '--architecture', NAME, '--resolution', '96x160',
                 '--data', str(data), '--count', '2', '--out', str(tmp_path / 'out')]) == 0
    assert 'best.safetensors itself finds no marking of' in capsys.readouterr().err


@pytest.mark.parametrize('wrap', [
    lambda state: state,
    lambda state: {f'module.{name}': value for name, value in state.items()},
    lambda state: {'epoch': 3, 'state_dict': state},
    lambda state: {'model': {f'module.{name}': value for name, value in state.items()}},
    lambda state: {'epoch': 3, 'best_iou': torch.tensor(0.69), 'model_state_dict': state},
])
def test_state_dicts_are_read_bare_or_wrapped(tmp_path, wrap):
    network = build_network(NAME)
    torch.save(wrap(network.state_dict()), tmp_path / 'best.pth')
    read, architecture, notes = read_checkpoint(tmp_path / 'best.pth', NAME)
    assert architecture == NAME and not notes
    for name, value in network.state_dict().items():
        assert torch.equal(read.state_dict()[name], value)


def test_a_deeplab_of_torchvision_with_two_classes_and_no_auxiliary_head_is_read(tmp_path):
    from torchvision.models.segmentation import deeplabv3_resnet101
    theirs = deeplabv3_resnet101(weights=None, weights_backbone=None, num_classes=2).eval()
    torch.save({'state_dict': theirs.state_dict()}, tmp_path / 'best.pth')
    ours, architecture, notes = read_checkpoint(tmp_path / 'best.pth', 'deeplabv3_resnet101')
    assert architecture == 'deeplabv3_resnet101_two_classes'
    assert notes == ['there is no auxiliary head in it, which only training needs']
    pixels = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        features = theirs.classifier(theirs.backbone(pixels)['out'])
        expected = torch.softmax(features, dim=1)[:, 1]
        assert torch.allclose(torch.sigmoid(ours(pixels))[:, 0], expected, atol=1e-5)


def test_a_checkpoint_becomes_a_model_file(overfitted, tmp_path):
    run, data = overfitted
    weights = read_safetensors(run / 'model.safetensors')[0]
    torch.save({key: torch.from_numpy(value) for key, value in weights.items()},
               tmp_path / 'best.pth')
    status = main([str(tmp_path / 'best.pth'), '--architecture', NAME, '--resolution', '96x160',
                   '--data', str(data), '--count', '4', '--out', str(tmp_path / 'out')])
    assert status == 0
    for name, value in read_safetensors(tmp_path / 'out' / 'best.safetensors')[0].items():
        assert name.endswith('num_batches_tracked') or np.array_equal(value, weights[name])
    assert read_card(tmp_path / 'out' / 'best.onnx').input_height == 96


def test_a_state_dict_without_a_threshold_gets_one_half(overfitted, tmp_path):
    weights = read_safetensors(overfitted[0] / 'model.safetensors')[0]
    torch.save({key: torch.from_numpy(value) for key, value in weights.items()},
               tmp_path / 'best.pth')
    for asked, given in (([], 0.5), (['--threshold', '0.3'], 0.3)):
        assert main([str(tmp_path / 'best.pth'), '--architecture', NAME, '--resolution', '96x160',
                     '--data', str(overfitted[1]), '--count', '1', '--out',
                     str(tmp_path / 'out'), '--name', 'Best-1.0_a', *asked]) == 0
        assert read_card(tmp_path / 'out' / 'Best-1.0_a.onnx').threshold == given


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_that_are_not_finite_are_refused(overfitted, tmp_path, capsys, value):
    state = build_network(NAME).state_dict()
    state['head.bias'] = torch.full_like(state['head.bias'], value)
    torch.save(state, tmp_path / 'best.pth')
    weights, card = read_safetensors(overfitted[0] / 'model.safetensors')
    write_safetensors(tmp_path / 'model.safetensors',
                      {**weights, 'head.bias': state['head.bias'].numpy()}, card)
    arguments = ['--out', str(tmp_path / 'out'), '--data', str(overfitted[1])]
    for file in ([str(tmp_path / 'best.pth'), '--architecture', NAME, '--resolution', '96x160'],
                 [str(tmp_path / 'model.safetensors')]):
        assert main([*file, *arguments]) == 2
        assert 'not finite (NaN or infinite), the first in head.bias' in capsys.readouterr().err
        assert not (tmp_path / 'out').exists()


def test_what_does_not_fit_is_named(tmp_path):
    state = build_network(NAME).state_dict()
    state['head.weight'] = torch.zeros(7, 16, 1, 1)
    del state['head.bias']
    state['extra'] = torch.zeros(1)
    torch.save(state, tmp_path / 'best.pth')
    with pytest.raises(UserError) as caught:
        read_checkpoint(tmp_path / 'best.pth', NAME)
    for words in ('missing: ', 'head.bias', 'head.weight (7, 16, 1, 1) instead of (4, 16, 1, 1)',
                  'unknown: extra'):
        assert words in str(caught.value)


class Nasty:
    """What a checkpoint that runs code holds."""

    def __reduce__(self):
        return print, ('the checkpoint ran code',)


def cut_short(path, zipped):
    """Write a checkpoint and leave half of it."""
    torch.save({'state_dict': {'weight': torch.zeros(1000)}}, path,
               _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


@pytest.mark.parametrize('content, sentence', [
    (lambda path: torch.save({'state_dict': Nasty()}, path), 'could run code'),
    (lambda path: path.write_bytes(b'not a checkpoint'), 'could run code|damaged'),
    (lambda path: cut_short(path, zipped=False), 'damaged'),
    (lambda path: cut_short(path, zipped=True), 'damaged'),
    (lambda path: torch.save({'epoch': 3}, path), 'holds no state dict'),
    (lambda path: None, 'does not exist'),
])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, capsys, content, sentence):
    content(tmp_path / 'best.pth')
    with pytest.raises(UserError, match=sentence):
        read_checkpoint(tmp_path / 'best.pth', NAME)
    assert 'ran code' not in capsys.readouterr().out


@pytest.mark.parametrize('arguments, sentence', [
    (['best.pth', '--out', 'out'], 'add --architecture NAME'),
    (['gone.PTH', '--out', 'out', '--architecture', NAME, '--resolution', '96x160'],
     'gone.PTH does not exist'),
    (['RUN', '--out', 'out', '--name', 'car_int8'], 'car_int8 cannot end in _int8'),
    (['best_int8.pth', '--out', 'out', '--architecture', NAME, '--resolution', '96x160'],
     'best_int8 cannot end in _int8'),
    (['best.pth', '--out', 'out', '--architecture', 'resnet', '--resolution', '96x160'],
     'no architecture "resnet"'),
    (['best.pth', '--out', 'out', '--architecture', NAME, '--resolution', '100x160'],
     'multiples of 32'),
    (['best.pth', '--out', 'out', '--architecture', NAME, '--resolution', '0x160'],
     'multiples of 32'),
    (['nothing.safetensors', '--out', 'out'], 'does not exist'),
    (['RUN/model.onnx', '--out', 'out'], 'exported already'),
    (['RUN', '--out', 'out', '--resolution', '96x160'], 'brings its own'),
    (['RUN', '--out', 'out', '--threshold', '0.5'], 'brings its own'),
    (['best.pth', '--out', 'out', '--architecture', NAME, '--resolution', '96x160',
      '--threshold', '7'], '--threshold 7'),
    (['RUN', '--out', 'out', '--count', '0'], '--count'),
    *((['RUN', '--out', 'out', '--name', name], 'cannot be the name of a model')
      for name in ('', '.hidden', 'a/b', '../a', 'a b', 'ä', 'a\n')),
])
def test_a_mistake_is_one_sentence_and_status_two(
        overfitted, tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    for name in ('best.pth', 'best_int8.pth'):
        torch.save(build_network(NAME).state_dict(), tmp_path / name)
    shutil.copytree(overfitted[0], tmp_path / 'RUN')
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert sentence in printed and 'Traceback' not in printed
