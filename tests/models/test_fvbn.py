from __future__ import annotations

import itertools
from typing import cast

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch, Scheduled
from studio.models.fvbn import FVBN
from studio.models.nade import NADE
from studio.models.neural_ar import NeuralAR
from tests.models.every import build
from tests.models.ordered import some, stirred

BITS = DataSpec("bits", "vectors", (7,), 100)
PAIR = DataSpec("pairs", "vectors", (2,), 100)


def test_every_weight_before_a_bit_is_learned_and_no_other_gets_a_gradient() -> None:
    made = cast("FVBN", stirred(cast("FVBN", build(FVBN, BITS))))
    made.loss(Batch(made.as_examples(some(made, 40)))).value.backward()
    assert made.weight.grad is not None
    assert not made.weight.grad.triu().any()
    assert made.weight.grad[*torch.tril_indices(7, 7, -1)].all()


def test_the_best_model_of_two_bits_is_the_table_of_how_often_they_are() -> None:
    counts = {(0, 0): 5, (0, 1): 1, (1, 0): 2, (1, 1): 8}
    values = torch.tensor([pair for pair, many in counts.items() for _ in range(many)])
    made = cast("FVBN", build(FVBN, PAIR))
    x = made.as_examples(values)
    # log-odds of the table: the maximum of the likelihood, in closed form
    with torch.no_grad():
        made.bias[:] = torch.tensor([10 / 6, 1 / 5]).log()
        made.weight[1, 0] = torch.tensor((8 / 2) / (1 / 5)).log()
        every = made.as_examples(torch.tensor(list(counts)))
        assert torch.allclose(made.log_likelihood(every).exp(), torch.tensor([n / 16 for n in counts.values()]))
    made.loss(Batch(x)).value.backward()
    assert made.bias.grad is not None
    assert made.weight.grad is not None
    assert made.bias.grad.abs().max() < 1e-6
    assert made.weight.grad.abs().max() < 1e-6


def test_a_likelihood_is_the_product_of_its_regressions() -> None:
    made = cast("FVBN", stirred(cast("FVBN", build(FVBN, BITS))))
    values = some(made, 5)
    weight, bias = made.weight.detach(), made.bias.detach()
    for row, found in zip(values.float(), made.log_likelihood(made.as_examples(values)), strict=True):
        chance = torch.stack([torch.sigmoid(bias[i] + (weight[i, :i] * row[:i]).sum()) for i in range(7)])
        assert torch.allclose(torch.where(row > 0, chance, 1 - chance).log().sum(), found, atol=1e-5)


@pytest.mark.parametrize("kind", [FVBN, NADE, NeuralAR])
def test_another_order_is_another_model_and_the_same_number_the_same_order(kind: type[FVBN]) -> None:
    plain, *shuffled = (stirred(build(kind, BITS, shuffle=number)) for number in (0, 3, 3, 4))  # type: ignore[arg-type]
    assert plain.order.tolist() == list(range(7))
    assert sorted(shuffled[0].order.tolist()) == list(range(7))
    assert shuffled[0].order.tolist() == shuffled[1].order.tolist() != shuffled[2].order.tolist()
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=7)))
    with torch.no_grad():
        here, there = plain.log_likelihood(x), shuffled[0].log_likelihood(x)
    assert torch.allclose(there, here[_numbers(x[:, shuffled[0].order])]), "the same weights on bits in another order"
    assert not torch.allclose(there, here)


def _numbers(x: torch.Tensor) -> torch.Tensor:
    """Which row of all examples each is."""
    return ((x > 0).long() * 2 ** torch.arange(6, -1, -1)).sum(1)


def test_the_rate_falls_as_one_over_the_steps_where_it_is_asked_to() -> None:
    (update,) = build(NADE, BITS, optimiser="sgd", rate=0.05, rate_decay=0.001, weight_decay=0.01).updates()
    assert (update.optimiser.name, update.optimiser.rate, update.optimiser.weight_decay) == ("sgd", 0.05, 0.01)
    assert update.schedule is not None
    assert [update.schedule(t) for t in (0, 1000)] == [Scheduled(1.0), Scheduled(0.5)]
    (plain,) = build(NADE, BITS).updates()
    assert plain.schedule is None


@pytest.mark.parametrize("kind", [FVBN, NADE, NeuralAR])
def test_what_they_cannot_be_built_for_is_said(kind: type[FVBN]) -> None:
    def said(data: DataSpec, **values: str) -> str:
        recipe = kind.recipe_type(**values)  # type: ignore[arg-type]
        return " ".join(p.message for p in kind.problems(recipe, data))

    assert "holds points" in said(DataSpec("p", "points", (2,), 100))
    assert "has one bit" in said(DataSpec("i", "images", (1, 8, 8), 100), values="levels")
    assert "another size" in said(DataSpec("i", "images", (3, 64, 64), 100))
    assert said(DataSpec("i", "images", (1, 28, 28), 100)) == ""
    assert said(BITS) == ""
