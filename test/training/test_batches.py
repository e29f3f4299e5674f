# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Order, targets, augmentation and the threshold sweep."""

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from lane_perception.errors import UserError  # noqa: E402
from lane_perception.evaluation.metrics import SegmentationScore  # noqa: E402
from lane_perception.training.augmentation import augment  # noqa: E402
from lane_perception.training.batches import EpochOrder  # noqa: E402
from lane_perception.training.batches import Samples  # noqa: E402
from lane_perception.training.losses import LOSSES  # noqa: E402
from lane_perception.training.schedule import learning_rate_factor  # noqa: E402
from lane_perception.training.targets import make_sample  # noqa: E402
from lane_perception.training.threshold_sweep import ThresholdSweep  # noqa: E402


class Drawn:
    """A source of three different pictures."""

    def __len__(self):
        """Return how many there are."""
        return 3

    def load(self, index):
        """Return a picture with a vertical bar."""
        image = np.full((64, 96, 3), 40, np.uint8)
        mask = np.zeros((64, 96), np.uint8)
        image[:, 20 * index:20 * index + 9] = 220
        mask[:, 20 * index:20 * index + 9] = 255
        return make_sample(image, mask, 64, 96)


def test_an_epoch_sees_every_sample_as_often_as_it_has_passes():
    order = EpochOrder(7, 3, seed=0, passes=2)
    batches = list(order)
    assert len(batches) == len(order) == 5 and {len(batch) for batch in batches} == {3}
    keys = [key for batch in batches for key in batch]
    assert {key for key in keys} == {(number, index) for number in (0, 1) for index in range(7)}
    order.set_epoch(1)
    assert {number for batch in order for number, _ in batch} == {2, 3}


def test_an_epoch_ends_with_a_whole_optimizer_step():
    order = EpochOrder(37, 4, seed=0, accumulation=3)
    batches = list(order)
    assert len(batches) == len(order) == 12 and {len(batch) for batch in batches} == {4}
    assert {index for batch in batches for _, index in batch} == set(range(37))


def test_a_sample_depends_on_seed_pass_and_index_alone():
    def image(seed, key):
        return Samples(Drawn(), seed, augmentation=1.0)[key]['image']
    assert torch.equal(image(1, (4, 2)), image(1, (4, 2)))
    assert not torch.equal(image(1, (4, 2)), image(1, (5, 2)))
    assert not torch.equal(image(1, (4, 2)), image(2, (4, 2)))


class Broken(Drawn):
    """The same, of which the second cannot be read."""

    def load(self, index):
        """Return a picture, or fail."""
        if index == 1:
            raise UserError('1.png is broken')
        return super().load(index)


def test_a_broken_picture_is_judged_by_no_other_in_validation(capsys):
    whole, stand_in = (Samples(Broken(), validation=True)[0, index] for index in (2, 1))
    assert whole['target'][1].all() and not stand_in['target'].any()
    assert torch.equal(Samples(Broken())[0, 1]['target'], whole['target'])
    sweep = ThresholdSweep()
    for sample in (whole, stand_in):
        target, judged = sample['target'][None].float().div(255).split(1, dim=1)
        sweep.add(1 - target, target, judged, sample['index'][None])
    assert sweep.result()['per_image'] == [[2, 0.0]]
    assert sweep.result()['miou_per_image'] == 0.0
    assert '1.png is broken' in capsys.readouterr().err


def test_a_validation_of_which_nothing_is_judged_is_refused():
    sweep = ThresholdSweep()
    sweep.add(*torch.zeros(3, 2, 1, 8, 8), torch.tensor([0, 1]))
    with pytest.raises(UserError, match='no label of the validation part judges a pixel'):
        sweep.result()


def test_augmentation_moves_picture_and_target_as_one():
    image, target = Drawn().load(1)
    for seed in range(40):
        varied, moved = augment(image, target, 1.0, np.random.default_rng(seed))
        assert varied.shape == image.shape and moved.shape == target.shape
        gray = varied.mean(axis=2)
        inside = (moved[..., 0] > 200) & (moved[..., 1] == 255)
        outside = (moved[..., 0] < 10) & (moved[..., 1] == 255)
        assert np.median(gray[inside]) >= np.median(gray[outside])


def test_a_target_keeps_the_edge_between_two_pixels():
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 33:51] = 255  # 16.5 to 25.5 at half the size
    _, target = make_sample(np.zeros((64, 96, 3), np.uint8), mask, 32, 48)
    assert target[0, 15:27, 0].tolist() == [0, 128, *[255] * 8, 128, 0]
    assert (target[..., 1] == 255).all()


def test_a_line_thinner_than_a_pixel_is_not_lost_and_the_unjudged_stays_unjudged():
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 40] = 255
    mask[0:5] = 127
    _, target = make_sample(np.zeros((64, 96, 3), np.uint8), mask, 16, 24)
    assert (target[2:, 10, 0] == 255).all()
    assert (target[:2, :, 1] == 0).all() and (target[2:, :, 1] == 255).all()


def test_the_sweep_finds_what_counting_at_each_threshold_finds():
    rng = np.random.default_rng(0)
    target = torch.from_numpy((rng.random((2, 1, 40, 40)) > 0.7).astype(np.float32))
    noisy = target.numpy() * 0.35 + rng.random((2, 1, 40, 40)) * 0.6
    probability = torch.from_numpy(noisy.astype(np.float32))
    judged = torch.from_numpy((rng.random((2, 1, 40, 40)) > 0.2).astype(np.float32))
    sweep = ThresholdSweep()
    sweep.add(probability, target, judged, torch.tensor([0, 1]))
    result = sweep.result()

    def lane_iou(threshold):
        answer, label = probability >= threshold, target > 0.5
        counts = judged > 0.5
        return float(((answer & label) & counts).sum() / ((answer | label) & counts).sum())
    assert result['lane_iou'] == pytest.approx(lane_iou(result['threshold']), abs=1e-6)
    others = [lane_iou(threshold / 200) for threshold in range(20, 181)]
    assert result['lane_iou'] == pytest.approx(max(others), abs=1e-6)
    score = SegmentationScore()
    for chances, label, counts in zip(probability, target, judged):
        score.add((chances >= result['threshold']).numpy()[0],
                  np.where(counts > 0.5, label * 255, 127).astype(np.uint8)[0])
    for name in ('lane_iou', 'background_iou', 'miou', 'miou_per_image'):
        assert result[name] == pytest.approx(score.result()[name], abs=1e-6), name


def test_a_pixel_at_the_threshold_is_a_marking_in_the_sweep_as_in_the_segmenter():
    from lane_perception.segmenter import reaches
    for level in range(20, 181):
        exactly = np.full((1, 1, 2, 2), level / 200, np.float32)
        exactly[..., 1] = np.nextafter(exactly[..., 1], np.float32(0))
        label = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
        sweep = ThresholdSweep()
        sweep.add(torch.from_numpy(exactly), label, torch.ones_like(label), torch.tensor([0]))
        result = sweep.result()
        assert result['lane_iou'] == 1.0 and result['threshold'] == level / 200
        assert (reaches(exactly[0, 0], result['threshold']) == 255 * label[0, 0].numpy()).all()


@pytest.mark.parametrize('name', sorted(LOSSES))
def test_a_loss_is_least_for_the_right_answer_and_blind_to_the_unjudged(name):
    loss = LOSSES[name]
    target = torch.zeros(1, 1, 16, 16)
    target[..., 4:7] = 1
    judged = torch.ones_like(target)
    right, wrong = (target * 2 - 1) * 8, (1 - target * 2) * 8
    assert loss(right, target, judged) < 0.05 < loss(torch.zeros_like(target), target, judged)
    assert loss(torch.zeros_like(target), target, judged) < loss(wrong, target, judged)
    judged[..., 8:] = 0
    spoiled = right.clone()
    spoiled[..., 8:] = 8
    assert torch.allclose(loss(spoiled, target, judged), loss(right, target, judged))


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate_factor(step, step / 100, 10, 0.01) for step in range(101)]
    assert rates[0] == pytest.approx(0.1, abs=0.01)
    assert max(rates) == rates[9]
    assert rates[100] == pytest.approx(0.01)
    assert all(later < earlier for earlier, later in zip(rates[9:], rates[10:]))
