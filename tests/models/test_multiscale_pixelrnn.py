"""Multi-scale PixelRNN: the small picture first, then the rest given all of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.core.recipe import make
from studio.models.multiscale_pixelrnn import MultiscalePixelRNN
from tests.models.ordered import influence, stirred, total

BITS = DataSpec("bits", "images", (1, 4, 4), 100)


def made(data: DataSpec = BITS, **values: Any) -> MultiscalePixelRNN:
    torch.manual_seed(0)
    small = {"width": 4, "layers": 1, "head": 4, "told": 4, "values": "threshold"}
    model = stirred(MultiscalePixelRNN(make(MultiscalePixelRNN.recipe_type, {**small, **values}), data))
    assert isinstance(model, MultiscalePixelRNN)
    return model


def test_the_probabilities_of_all_pictures_of_16_bits_sum_to_1() -> None:
    assert total(made(), last=16) == pytest.approx(1, abs=1e-5)


def test_the_small_picture_comes_first_and_no_pixel_twice() -> None:
    model = made(DataSpec("colour", "images", (3, 4, 5), 100), values="levels", bits=2)
    order = model.order
    assert sorted(order.tolist()) == list(range(60))
    first = order[: 3 * 2 * 3] % 20
    assert set(first.tolist()) == {0, 2, 4, 10, 12, 14}
    assert order[:3].tolist() == [0, 20, 40], "channel by channel"


@pytest.mark.parametrize("direction", ["row", "diagonal"])
def test_the_rest_may_know_all_of_the_small_picture_and_nothing_of_the_future(direction: str) -> None:
    found = influence(made(direction=direction))
    assert not found.triu().any()
    assert found[4:, :4].all(), "also pixels of it that lie below and to the right"


def test_its_likelihood_is_that_of_the_small_picture_and_of_the_rest_given_it() -> None:
    model = made()
    x = torch.randint(0, 2, (3, 1, 4, 4)).float() * 2 - 1
    other = x.clone()
    other[:, :, 1::2, 1::2] *= -1
    logs, changed = model.log_conditionals(x), model.log_conditionals(other)
    assert torch.equal(logs[:, :4], changed[:, :4]), "nobody told it of the rest"
    assert not torch.allclose(logs[:, 4:], changed[:, 4:])
