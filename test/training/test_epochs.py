# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""In a real run every epoch has its own order, its own variations, and its own size."""

import pytest

from labeled_folder import QUICK
from labeled_folder import write_folder

torch = pytest.importorskip('torch')
pytest.importorskip('lightning')

from lightning.pytorch.callbacks import Callback  # noqa: E402

from lane_perception.data.readers import read_dataset  # noqa: E402
from lane_perception.training.recipe import load_recipe  # noqa: E402
from lane_perception.training.run import RunData  # noqa: E402
from lane_perception.training.run import train  # noqa: E402
from lane_perception.training.sources import LabeledSource  # noqa: E402


class Seen(Callback):
    """Keeps what each epoch trained on."""

    def __init__(self):
        """Begin with nothing."""
        self.epochs = {}

    def on_train_batch_start(self, trainer, module, batch, index):
        """Keep indices and pictures."""
        order, pictures = self.epochs.setdefault(trainer.current_epoch, ([], {}))
        for number, picture in zip(batch['index'].tolist(), batch['image']):
            order.append(number)
            pictures[number] = picture.clone()


@pytest.mark.parametrize('workers', [0, 1])
def test_each_epoch_is_drawn_anew_and_the_first_at_half_size(tmp_path, workers):
    source = LabeledSource(
        read_dataset(write_folder(tmp_path / 'data', 8)).samples, 128, 192)
    recipe = load_recipe('lite', [*QUICK, f'workers={workers}', 'epochs=3', 'batch_size=4',
                                  'half_size_epochs=1', 'input_width=192', 'input_height=128'])
    seen = Seen()
    train(recipe, RunData(source, source, 'a test'), tmp_path, 'test', '', progress=False,
          watch=[seen])
    orders, pictures = zip(*(seen.epochs[epoch] for epoch in range(3)))
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert [one[0].shape[1:] for one in pictures] == [(64, 96), (128, 192), (128, 192)]
    assert not any(torch.equal(pictures[1][number], pictures[2][number]) for number in range(8))
