"""What autoregressive systems share, by one whose every probability is written down in a table."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.latents import draw
from studio.models.core.model import Batch, Paper
from studio.models.core.ordered import Ordered, OrderedRecipe, Rerun, drawn

CLASSES = ("a", "b")


class Table(Ordered):
    """p(x_i | how many of those before it are not 0), a row of logits for each."""

    title, about, recipe_type = "Table", "", OrderedRecipe
    paper = Paper("nobody", 2000, "", "")

    def build(self, data: DataSpec) -> None:
        size, count = math.prod(data.shape), max(1, len(data.classes))
        random = torch.Generator().manual_seed(0)
        self.logits = nn.Parameter(torch.randn(count, size, size, self.value_count, generator=random))

    def log_probabilities(self, x: Tensor, classes: Tensor | None) -> Tensor:
        lit = (self.as_values(x) > 0).long().cumsum(1)
        before = torch.cat([torch.zeros_like(lit[:, :1]), lit[:, :-1]], 1)
        of = classes.argmax(1) if classes is not None else torch.zeros(len(x), dtype=torch.int64)
        return self.logits[of[:, None], torch.arange(before.shape[1]), before].log_softmax(-1)


class ByClass(Table):
    class_conditional = True
    class_part = "class"


def table(
    shape: tuple[int, ...] = (1, 2, 2),
    values: Literal["dynamic", "levels"] = "dynamic",
    bits: int = 8,
    by: bool = False,
) -> Table:
    kind: Literal["images", "vectors"] = "images" if len(shape) == 3 else "vectors"
    data = DataSpec("d", kind, shape, 100, classes=CLASSES if by else ())
    return (ByClass if by else Table)(OrderedRecipe(values=values, bits=bits), data).eval()


def every(model: Table) -> Tensor:
    """All examples there are."""
    ways = [torch.arange(model.value_count)] * model.dimensions
    return model.as_examples(torch.cartesian_prod(*ways))


def test_pixels_come_row_by_row_and_channels_within_a_pixel() -> None:
    made = table((3, 1, 2), "levels", 2)
    x = torch.arange(6).view(1, 3, 1, 2)  # red 0 1, green 2 3, blue 4 5
    assert x.flatten()[made.order].tolist() == [0, 2, 4, 1, 3, 5]
    assert table((7,)).order.tolist() == list(range(7))


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_grey_levels_keep_their_higher_bits_and_lie_evenly_between_black_and_white(bits: int) -> None:
    made = table((1, 1, 2), "levels", bits)
    grey = torch.arange(256).view(-1, 1, 1, 1).expand(-1, 1, 1, 2) / 127.5 - 1
    values = made.as_values(grey)
    assert torch.equal(values[:, 0], torch.arange(256) >> (8 - bits))
    held = made.held(grey)
    assert torch.equal(made.held(held), held)
    assert torch.equal(made.as_values(held), values)
    assert (held.min(), held.max(), len(held[:, 0].unique())) == (-1, 1, 2**bits)
    assert made.in_bits
    assert not table().in_bits


@pytest.mark.parametrize("model", [table(), table((4,)), table((3, 1, 1), "levels", 2), table((3,), by=True)])
def test_probabilities_of_all_examples_sum_to_1(model: Table) -> None:
    with torch.no_grad():
        total = model.log_likelihood(every(model)).double().exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-5)


@torch.no_grad()
def test_an_example_is_drawn_as_often_as_it_is_likely() -> None:
    made = table()
    z = torch.from_numpy(draw(made.prior, 20_000, 0))
    weight = 2 ** torch.arange(4)
    number = (made.as_values(made.decode(z)) * weight).sum(1).bincount(minlength=16) / len(z)
    all_of_them = every(made)
    wanted = torch.empty(16)
    wanted[(made.as_values(all_of_them) * weight).sum(1)] = made.log_likelihood(all_of_them).exp()
    assert ((number - wanted).abs() <= 4 * (wanted * (1 - wanted) / len(z)).sqrt()).all()


@torch.no_grad()
def test_what_was_said_while_drawing_is_the_likelihood_of_what_was_drawn() -> None:
    made = table((3, 1, 1), "levels", 2)
    said: list[Tensor] = []
    u = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
    values = drawn(Rerun(made, 5, None), u, told=lambda i, logs: said.append(logs))
    running = torch.stack([logs.gather(1, values[:, i : i + 1])[:, 0] for i, logs in enumerate(said)], 1)
    assert torch.allclose(running.sum(1), made.log_likelihood(made.as_examples(values)), atol=1e-5)


@torch.no_grad()
def test_what_is_known_stands_and_what_comes_before_it_does_not_change() -> None:
    made = table((6,))
    u = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
    free = drawn(Rerun(made, 4, None), u)
    given = 1 - free
    known = torch.tensor([False, False, True, False, True, False])
    completed = drawn(Rerun(made, 4, None), u, given, known)
    assert torch.equal(completed[:, known], given[:, known])
    assert torch.equal(completed[:, :2], free[:, :2])
    assert torch.equal(drawn(Rerun(made, 4, None), u, given, torch.ones(6, dtype=torch.bool)), given)


@torch.no_grad()
def test_without_a_class_each_is_as_likely_as_the_others_and_with_one_it_is_that_ones() -> None:
    made = table((3,), by=True)
    x = every(made)
    each = torch.stack([made.log_conditionals(x, c).sum(1) for c in made.every_class(len(x), x)])
    assert torch.allclose(made.log_likelihood(x).exp(), each.exp().mean(0))
    labels = torch.arange(len(x)) % 2
    assert torch.equal(made.explained(Batch(x, labels)), each[labels, torch.arange(len(x))])
    assert not torch.allclose(each[0], each[1])


def test_numbers_at_the_ends_of_the_unit_interval_give_values_that_there_are() -> None:
    made = table((2, 2, 2), "levels", 2)
    for end in (-1.0, 1.0):
        z = torch.full((1, made.prior.size), end)
        with torch.no_grad():
            assert made.decode(z).abs().max() <= 1
