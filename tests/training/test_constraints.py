"""A training under a constraint: the same again, stopped and resumed or not, and what is on disk afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.data.dataset import Dataset
from studio.models.core import catalog
from studio.models.core.recipe import make, values_of
from studio.runs.folder import RunFolder
from studio.training.cycle import Cycle
from studio.training.events import Spread
from tests.training.conftest import SMALL, train
from tests.training.test_exactness import everything, same

MakeRun = Callable[..., RunFolder]
CGAN = {"units": 4, "batch": 60, "momentum_epochs": 1}


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("wgan_gp", {"constraint": "fixed", "asked": "class b, brightness 0.4", "lessons": 3}),
        ("wgan_gp", {"constraint": "learned", "asked": "network, symmetry", "precision": "bfloat16"}),
        ("wgan_gp", {"constraint": "learned", "asked": "class c", "lessons": 2}),
        ("cgan", {"constraint": "fixed", "asked": "class b", "lessons": 3, **CGAN}),
        ("cgan", {"constraint": "learned", "asked": "ink", **CGAN}),
        ("realnvp", {"constraint": "learned", "asked": "brightness", "levels": 2, "blocks": 1, "latent": None}),
    ],
)
def test_resume_equals_never_stopped_under_a_constraint(
    model: str, values: dict[str, Any], classes: Dataset, tmp_path: Path
) -> None:
    """Stopped within the lessons, right after them, and later; simultaneous moves too, and an explicit model."""
    values = {k: v for k, v in ({**SMALL, **values}).items() if v is not None}
    recipe = values_of(make(catalog.load(model).recipe_type, values))
    whole, parts = (RunFolder.create(tmp_path / name, model, recipe, classes.spec) for name in ("whole", "parts"))
    train(whole, classes)
    for stop in (1, 3, 4, None):
        train(parts, classes, steps=stop)
    same(whole, parts)
    found = everything(whole)[0]
    assert any(k.startswith("weights/constraint.") for k in found)
    if "lessons" in values:
        assert int(found["weights/constraint.lessons"]) == values["lessons"]


def test_scores_of_samples_are_recorded_as_a_spread(classes: Dataset, new_run: MakeRun) -> None:
    heard = train(new_run("wgan_gp", classes, constraint="fixed", asked="ink 0.3"), classes)
    assert "constraint/f of samples" in {s.name for s in heard.of(Spread)}


def test_a_flow_under_a_learned_constraint_does_not_move_phi_by_its_own_update(points: Dataset) -> None:
    kind = catalog.load("realnvp")
    recipe = make(kind.recipe_type, {"width": 4, "batch": 16, "constraint": "learned", "asked": "circle 1"})
    cycle = Cycle(kind, recipe, points, torch.device("cpu"))
    assert [p.name for p in cycle.players] == ["constraint", "flow"]
    assert cycle.model.constraint is not None
    state = {k: v.clone() for k, v in cycle.model.state_dict().items()}

    def changed() -> set[bool]:
        now = cycle.model.state_dict()
        found = {k.startswith("constraint.") for k in now if not torch.equal(now[k], state[k])}
        state.update({k: v.clone() for k, v in now.items()})
        return found

    cycle.move()
    assert changed() == {True}, "the constraint alone"
    cycle.move()
    assert changed() == {False}, "the flow alone"


def test_the_average_of_a_flow_is_over_all_but_its_constraint(points: Dataset) -> None:
    kind = catalog.load("realnvp")
    recipe = make(kind.recipe_type, {"width": 4, "batch": 16, "constraint": "learned", "asked": "circle 1"})
    cycle = Cycle(kind, recipe, points, torch.device("cpu"))
    for _ in range(6):
        cycle.move()
    live, average = cycle.model.state_dict(), cycle.average.state()
    same_memory = {k for k in live if live[k].data_ptr() == average[k].data_ptr()}
    assert same_memory == {k for k in live if k.startswith("constraint.")}
