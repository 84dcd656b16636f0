"""PixelCNN++: the mixture of each pixel, its channels, its classes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.core.model import TakesClasses, capabilities
from studio.models.core.ordered import Rerun, drawn
from studio.models.core.recipe import make
from studio.models.pixelcnn_pp import PixelCNNPP
from tests.models.ordered import some, stirred, total

CLASSES = ("a", "b")
COLOUR = DataSpec("colour", "images", (3, 4, 5), 100, classes=CLASSES)
SMALL: dict[str, Any] = {"width": 4, "blocks": 1, "sizes": 2, "components": 3, "bits": 3}


def made(data: DataSpec = COLOUR, **values: Any) -> PixelCNNPP:
    torch.manual_seed(0)
    model = stirred(PixelCNNPP(make(PixelCNNPP.recipe_type, {**SMALL, **values}), data))
    assert isinstance(model, PixelCNNPP)
    return model


@torch.no_grad()
def test_all_values_of_two_pixels_sum_to_1_in_colour() -> None:
    assert total(made(bits=2), last=6) == pytest.approx(1, abs=1e-5)


@torch.no_grad()
def test_a_channel_is_given_those_before_it_of_the_same_pixel() -> None:
    model = made()
    values = some(model, 1)
    for channel, moved in ((0, {1, 2}), (1, {2}), (2, set())):
        other = values.clone()
        other[0, 15 + channel] = 7 - other[0, 15 + channel]
        before, after = (model.log_probabilities(model.as_examples(v))[0] for v in (values, other))
        own = {c for c in range(3) if not torch.allclose(before[15 + c], after[15 + c], atol=1e-6)}
        assert own == moved
        assert torch.equal(before[:15], after[:15])


@torch.no_grad()
def test_a_class_moves_what_is_drawn_and_the_likelihood_is_over_all_of_them() -> None:
    model = made(conditional=True)
    assert isinstance(model, TakesClasses)
    assert "take classes" not in capabilities(made())
    x = model.as_examples(some(model))
    each = torch.stack([model.log_conditionals(x, c).sum(1) for c in model.every_class(3, x)])
    assert not torch.allclose(each[0], each[1])
    assert torch.allclose(model.log_likelihood(x), each.double().exp().mean(0).log().float(), atol=1e-3)
    u = torch.rand(4, model.dimensions)
    told = torch.eye(2)[torch.tensor([0, 1, 0, 1])]
    assert torch.equal(drawn(model.course(4, told), u), drawn(Rerun(model, 4, told), u))


def test_sides_that_cannot_be_halved_so_often_are_said() -> None:
    recipe = make(PixelCNNPP.recipe_type, {"sizes": 4})
    (problem,) = PixelCNNPP.problems(recipe, DataSpec("d", "images", (1, 4, 8), 100))
    assert problem.field == "sizes"
    assert "8×4" in problem.message
