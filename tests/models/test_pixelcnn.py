"""PixelCNN and Gated PixelCNN: exact likelihoods, what a pixel can see, and what a class changes."""

from __future__ import annotations

import itertools
import math
from typing import cast

import pytest
import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core import catalog
from studio.models.core.model import capabilities
from studio.models.core.ordered import Ordered
from studio.models.core.recipe import Value, make
from studio.models.gated_pixelcnn import GatedPixelCNN
from studio.models.pixelcnn import PixelCNN
from tests.models.ordered import influence, stirred

CLASSES = ("a", "b", "c")
both = pytest.mark.parametrize("name", ["pixelcnn", "gated_pixelcnn"])
SIZES: dict[str, dict[str, Value]] = {
    "pixelcnn": {"width": 6, "blocks": 2, "head": 8, "first": 5},
    "gated_pixelcnn": {"width": 6, "layers": 3, "head": 8, "first": 5, "kernel": 3},
}


def build(name: str, shape: tuple[int, int, int], **values: Value) -> Ordered:
    kind = catalog.load(name)
    data = DataSpec("d", "images", shape, 100, classes=CLASSES)
    torch.manual_seed(0)
    model = kind(make(kind.recipe_type, {**SIZES[name], "average": 0.0, **values}), data)
    return stirred(cast("Ordered", model))


def everything(model: Ordered) -> Tensor:
    """All images there are."""
    ways = itertools.product(range(model.value_count), repeat=model.dimensions)
    return model.as_examples(torch.tensor(list(ways)))


@both
@pytest.mark.parametrize(
    ("shape", "values"),
    [((1, 2, 3), {"values": "threshold"}), ((3, 1, 2), {"values": "levels", "bits": 2})],
)
@torch.no_grad()
def test_the_likelihoods_of_all_images_sum_to_1(
    name: str, shape: tuple[int, int, int], values: dict[str, Value]
) -> None:
    """Also of each class, and over all classes, each as likely."""
    model = build(name, shape, **values)
    x = everything(model)
    assert float(model.log_likelihood(x).exp().double().sum()) == pytest.approx(1, abs=1e-5)
    if model.class_conditional:
        each = [model.log_conditionals(x, c).sum(1).exp() for c in model.every_class(len(x), x)]
        assert [float(p.double().sum()) for p in each] == pytest.approx([1] * 3, abs=1e-5)
        assert torch.allclose(torch.stack(each).mean(0), model.log_likelihood(x).exp(), rtol=1e-4)


@both
def test_each_channel_of_each_pixel_sees_earlier_ones_alone_by_autograd(name: str) -> None:
    """Every pair of the values of a 5×5×3 image."""
    model = build(name, (3, 5, 5), values="levels", bits=2, first=3, width=12, head=24)
    found = torch.stack([influence(model, seed) for seed in range(2)]).sum(0)  # what one shuts off, another opens
    assert not found.triu().any()
    before = found.tril(-1)
    assert (before[1:] > 0).any(1).all(), "of something each value depends on"
    inside = before.view(25, 3, 25, 3).diagonal(dim1=0, dim2=2)  # channels of one pixel
    assert (inside[1, 0] > 0).all()
    assert (inside[2, :2] > 0).all()


def past_seen(model: Ordered, side: int) -> Tensor:
    """Which pixels the one in the middle depends on, by autograd at weights and images that shut no unit off."""
    middle = side * side // 2
    found = torch.zeros(side * side, dtype=torch.bool)
    for seed in range(4):
        x = model.as_examples(torch.randint(0, 2, (1, side * side), generator=torch.Generator().manual_seed(seed)))
        x.requires_grad_()
        logs = model.log_probabilities(x, None)[0, middle]
        found |= torch.autograd.grad(logs[0], x)[0].flatten() != 0
    assert not found[middle:].any()
    return found[:middle].view(-1)


def test_a_pixelcnn_of_one_mask_a_and_four_b_has_a_blind_spot_of_10_of_60_pixels() -> None:
    """At kernels of 3: what lies above to the right, further than the layers step up."""
    seen = past_seen(build("pixelcnn", (1, 11, 11), first=3, blocks=4, width=16), 11)
    assert (len(seen), int(seen.sum())) == (60, 50)
    lost = [divmod(i, 11) for i in (~seen).nonzero().flatten().tolist()]
    assert all(column - 5 > 5 - row for row, column in lost), "one column to the right for each row up, no further"


def test_a_gated_pixelcnn_as_deep_sees_all_60() -> None:
    assert past_seen(build("gated_pixelcnn", (1, 11, 11), first=3, layers=5, width=16, conditional=False), 11).all()


# --- classes


def gated(**values: Value) -> GatedPixelCNN:
    model = build("gated_pixelcnn", (1, 4, 5), values="threshold", **values)
    assert isinstance(model, GatedPixelCNN)
    return model


@torch.no_grad()
def test_no_class_is_the_network_that_is_told_none() -> None:
    told, untold = gated(), gated(conditional=False)
    untold.load_state_dict({k: v for k, v in told.state_dict().items() if k in untold.state_dict()})
    x = everything_of(told)
    assert torch.equal(told.log_probabilities(x, None), untold.log_probabilities(x, None))
    assert torch.equal(told.log_probabilities(x, torch.zeros(len(x), 3)), told.log_probabilities(x, None))


@torch.no_grad()
def test_another_class_is_another_distribution_of_every_pixel_even_the_first() -> None:
    model = gated()
    x = everything_of(model)
    a, b, _ = (model.log_probabilities(x, c) for c in model.every_class(len(x), x))
    assert ((a - b).abs().amax((0, 2)) > 1e-3).all()


def everything_of(model: Ordered, n: int = 8) -> Tensor:
    return model.as_examples(torch.randint(0, 2, (n, model.dimensions), generator=torch.Generator().manual_seed(3)))


def test_it_takes_classes_where_there_are_some_and_the_recipe_says_so() -> None:
    assert "take classes" in capabilities(gated())
    assert gated().prior.size == 20 + 3
    assert "take classes" not in capabilities(gated(conditional=False))
    assert gated(conditional=False).prior.size == 20
    plain = DataSpec("d", "images", (1, 4, 5), 100)
    assert "take classes" not in capabilities(
        GatedPixelCNN(make(GatedPixelCNN.recipe_type, SIZES["gated_pixelcnn"]), plain)
    )


# --- grey levels


@both
@torch.no_grad()
def test_grey_levels_are_told_in_bits_of_each_value(name: str) -> None:
    """Of weights that say nothing yet, log2 of how many levels there are."""
    model = build(name, (1, 4, 4), values="levels", bits=5)
    cast("PixelCNN", model).last.weight.zero_()
    cast("PixelCNN", model).last.bias.zero_()  # type: ignore[union-attr]
    x = torch.rand(3, 1, 4, 4) * 2 - 1
    assert model.in_bits
    assert torch.allclose(model.log_likelihood(x), torch.full((3,), -16 * math.log(32.0)), rtol=1e-5)


@both
def test_a_kernel_without_a_middle_is_named(name: str) -> None:
    kind = catalog.load(name)
    data = DataSpec("d", "images", (1, 8, 8), 100)
    found = kind.problems(make(kind.recipe_type, {"first": 4, "kernel": 4}), data)
    assert [p.field for p in found] == ["first", "kernel"]
