"""Every system of the package that draws in order, on data small enough to look at all of it."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core import catalog
from studio.models.core.model import Model, capabilities
from studio.models.core.ordered import Ordered, Rerun, drawn
from studio.models.core.recipe import make
from tests.models.every import CLASSES, build, small
from tests.models.ordered import a_class, influence, reach, some, stirred, total

DATA: dict[str, tuple[DataSpec, dict[str, Any]]] = {
    "vectors": (DataSpec("vectors", "vectors", (9,), 100), {}),
    "bits": (DataSpec("bits", "images", (1, 4, 4), 100, classes=CLASSES), {"values": "threshold"}),
    "colour": (DataSpec("colour", "images", (3, 4, 4), 100, classes=CLASSES), {"values": "levels", "bits": 2}),
    "larger": (DataSpec("larger", "images", (3, 8, 8), 100, classes=CLASSES), {"values": "levels", "bits": 2}),
}
"""The last for those that cannot be built for the one before it."""


def _builds() -> list[tuple[type[Model], str]]:
    found = []
    for name in catalog.names():
        model = catalog.load(name)
        if "draw in order" in capabilities(model):
            fits = [
                at
                for at, (data, values) in DATA.items()
                if not model.problems(make(model.recipe_type, {**small(model), **values}), data)
            ]
            found += [(model, at) for at in fits if at != "larger" or "colour" not in fits]
    return found


BUILDS = _builds()
every = pytest.mark.parametrize(("model", "at"), BUILDS, ids=[f"{m.__name__}-{at}" for m, at in BUILDS])


def made(model: type[Model], at: str) -> Ordered:
    data, values = DATA[at]
    return stirred(cast("Ordered", build(model, data, **values)))


@every
def test_the_probabilities_of_all_there_can_be_sum_to_1(model: type[Model], at: str) -> None:
    free = 10 if at in ("vectors", "bits") else 4
    assert total(made(model, at), free) == pytest.approx(1, abs=1e-4)


@every
def test_a_value_depends_on_those_before_it_alone(model: type[Model], at: str) -> None:
    system = made(model, at)
    for found in (reach(system), *([influence(system)] if at != "colour" else [])):
        assert not found.triu().any(), "of itself or a later one"
        assert found[1:].any(1).float().mean() > 0.6, "of any before it, but for units that are off"


@every
@torch.no_grad()
def test_drawing_from_what_was_kept_is_drawing_by_the_whole_network(model: type[Model], at: str) -> None:
    system = made(model, at)
    u = torch.rand(2, system.dimensions, generator=torch.Generator().manual_seed(2))
    classes = a_class(system, 2)
    quickly: list[Tensor] = []
    slowly: list[Tensor] = []
    quick = drawn(system.course(2, classes), u, told=lambda i, logs: quickly.append(logs.clone()))
    slow = drawn(Rerun(system, 2, classes), u, told=lambda i, logs: slowly.append(logs))
    assert torch.equal(quick, slow)
    assert torch.allclose(torch.stack(quickly), torch.stack(slowly), atol=1e-4)
    running = torch.stack(quickly, 1).gather(2, quick[..., None])[..., 0]
    x = system.as_examples(quick)
    assert torch.allclose(running, system.log_conditionals(x, classes), atol=1e-4), "said while drawing"


@every
@torch.no_grad()
def test_what_each_value_is_likely_to_be_sums_to_1_and_holds_the_likelihood(model: type[Model], at: str) -> None:
    system = made(model, at)
    x = system.as_examples(values := some(system))
    logs = system.log_probabilities(x, a_class(system, 3))
    assert torch.allclose(logs.logsumexp(2), torch.zeros(()), atol=1e-5)
    own = system.log_conditionals(x, a_class(system, 3))
    assert torch.allclose(logs.gather(2, values[..., None])[..., 0], own, atol=1e-5)
