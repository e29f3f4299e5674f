# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Every network of the table keeps the same contract."""

import pytest

torch = pytest.importorskip('torch')

from lane_perception.errors import UserError  # noqa: E402
from lane_perception.networks import NETWORKS  # noqa: E402
from lane_perception.networks import build_network  # noqa: E402
from lane_perception.networks.efficientnet_lite import SamePad  # noqa: E402

SMALL = sorted(name for name in NETWORKS if not name.startswith('deeplab'))


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_logits_cover_the_same_view_at_a_fraction_of_the_size(name):
    network = build_network(name).eval()
    with torch.inference_mode():
        logits = network(torch.rand(1, 3, 64, 96))
    assert logits.shape[:2] == (1, 1)
    assert logits.shape[2] * 96 == logits.shape[3] * 64
    assert torch.isfinite(logits).all()


def test_convolutions_of_efficientnet_begin_at_the_first_pixel_as_tensorflows_do():
    convolution = SamePad(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    pixels = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert convolution(pixels)[0, 0, 0, 0] == pixels[0, 0, :3, :3].sum()


@pytest.mark.parametrize('name', SMALL)
def test_every_weight_of_a_network_learns(name):
    network = build_network(name).train()
    network(torch.rand(2, 3, 64, 64)).square().mean().backward()
    idle = [key for key, value in network.named_parameters() if value.grad is None]
    assert not idle


@pytest.mark.parametrize('name', [name for name in SMALL if name.startswith('lane_dense')])
def test_lane_dense_sees_a_dark_picture_as_a_bright_one(name):
    network = build_network(name).eval()
    picture = torch.rand(1, 3, 64, 64) * 0.8 + 0.1
    with torch.inference_mode():
        bright, dark = network.exposure(picture), network.exposure(picture * 0.2)
        black = network.exposure(torch.zeros(1, 3, 64, 64))
    assert (bright - dark).abs().max() < 0.1 * bright.max()
    assert torch.isfinite(black).all()


def test_the_imagenet_weights_really_classify():
    # A picture of a cup of espresso, and ImageNet's class 967.
    data = pytest.importorskip('skimage.data')
    import cv2
    from torch.nn import functional

    from lane_perception.networks.efficientnet_lite import EPSILON
    from lane_perception.networks.efficientnet_lite import imagenet_weights
    network = build_network('efficientnet_lite0', pretrained=True).eval()
    weights = imagenet_weights()
    entry = NETWORKS['efficientnet_lite0']
    picture = cv2.resize(data.coffee()[:, 100:500], (224, 224), interpolation=cv2.INTER_AREA)
    pixels = (torch.from_numpy(picture) / 255 - torch.tensor(entry.mean)) / torch.tensor(entry.std)
    with torch.inference_mode():
        deepest = network.encoder(pixels.permute(2, 0, 1)[None].float())[-1]
        head = functional.batch_norm(
            functional.conv2d(deepest, weights['_conv_head.weight']),
            weights['_bn1.running_mean'], weights['_bn1.running_var'], weights['_bn1.weight'],
            weights['_bn1.bias'], eps=EPSILON)
        pooled = functional.relu6(head).mean(dim=(2, 3))
        share = torch.softmax(
            functional.linear(pooled, weights['_fc.weight'], weights['_fc.bias']), dim=1)[0]
    assert int(share.argmax()) == 967
    assert float(share.max()) > 0.7


def test_an_unknown_architecture_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match='did you mean lane_dense_small'):
        build_network('lane_dense_smal')


def test_pretrained_is_refused_where_there_are_no_such_weights():
    with pytest.raises(UserError, match='pretrained=false'):
        build_network('lane_dense_small', pretrained=True)
