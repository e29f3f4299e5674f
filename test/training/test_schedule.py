# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Each part of a network learns at its own rate, and a run ends with its time."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('lightning')

from lane_perception.training.schedule import Schedule  # noqa: E402
from lane_perception.training.schedule import parameter_groups  # noqa: E402

FINAL = 0.01


class Network(torch.nn.Module):
    """An encoder and a head, each a convolution with normalization."""

    def __init__(self):
        super().__init__()
        self.encoder, self.head = (torch.nn.Sequential(
            torch.nn.Conv2d(3, 3, 3), torch.nn.BatchNorm2d(3)) for _ in range(2))


def test_an_encoder_has_its_own_rate_and_only_convolutions_decay():
    groups = {group['name']: group for group in parameter_groups(Network(), 2e-3, 2e-4, 0.1)}
    assert {name: (group['lr'], group['peak_lr'], group['weight_decay'])
            for name, group in groups.items()} == {
        'encoder': (2e-4, 2e-4, 0.1), 'encoder_no_decay': (2e-4, 2e-4, 0.0),
        'head': (2e-3, 2e-3, 0.1), 'head_no_decay': (2e-3, 2e-3, 0.0)}
    assert [one.ndim for one in groups['encoder']['params']] == [4]
    together = parameter_groups(Network(), 2e-3, 0.0, 0.1)
    assert {group['peak_lr'] for group in together} == {2e-3}
    assert sum(len(group['params']) for group in together) == 8


@pytest.mark.parametrize(('step', 'spent_s', 'share', 'stops'), [
    (0, 0.0, 1.0, False), (50, 0.0, 0.505, False), (0, 30.0, 0.505, False),
    (50, 59.9, FINAL, False), (100, 0.0, FINAL, False), (50, 60.0, FINAL, True)],
    ids=['begin', 'half of the steps', 'half of the time', 'nearly over', 'all steps', 'over'])
def test_the_rate_falls_by_steps_or_by_time_whichever_is_further(step, spent_s, share, stops):
    schedule = Schedule(total_steps=100, warmup_steps=0, final=FINAL, max_minutes=1.0)
    schedule.load_state_dict({'elapsed': spent_s})   # before the run was resumed
    group = {'name': 'head', 'peak_lr': 2.0}
    trainer = SimpleNamespace(
        global_step=step, should_stop=False, optimizers=[SimpleNamespace(param_groups=[group])],
        strategy=SimpleNamespace(broadcast=lambda value: value))
    module = SimpleNamespace(log=lambda *of_value, **more: None)
    schedule.on_train_start(trainer, module)
    schedule.on_train_batch_start(trainer, module, None, 0)
    schedule.on_train_batch_end(trainer, module, None, None, 0)
    assert group['lr'] == pytest.approx(2.0 * share, rel=0.02)
    assert trainer.should_stop == stops
    assert schedule.state_dict()['elapsed'] >= spent_s


@pytest.mark.parametrize(('step', 'minutes', 'left'), [
    (0, 0.0, None), (25, 0.0, 90.0), (100, 0.0, 0.0), (25, 1.0, 30.0), (75, 1.0, 10.0),
    (25, 0.25, 0.0)],
    ids=['begin', 'a quarter', 'all', 'time is further', 'steps are further', 'time is over'])
def test_the_time_left_is_that_of_the_whole_run_by_steps_or_by_its_limit(step, minutes, left):
    schedule = Schedule(total_steps=100, warmup_steps=0, final=FINAL, max_minutes=minutes)
    schedule.load_state_dict({'elapsed': 30.0})   # before the run was resumed
    found = schedule.seconds_left(step)
    assert found is None if left is None else found == pytest.approx(left, abs=1.0)


def test_what_drops_out_depends_on_seed_and_epoch_alone(monkeypatch):
    from lane_perception.training.lane_training import LaneTraining
    from lane_perception.training.recipe import Recipe
    module = LaneTraining(Recipe(architecture='lane_dense_tiny', initial=''))

    def drawn(epoch):
        torch.rand(5)   # as much as an interrupted run has drawn before
        monkeypatch.setattr(LaneTraining, 'current_epoch', epoch)
        module.on_train_epoch_start()
        return torch.rand(4).tolist()
    assert drawn(3) == drawn(3) != drawn(4)
