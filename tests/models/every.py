"""Every model of the package, built small, and what its tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.data.skeleton import JOINTS, PARTS
from studio.models.core import catalog
from studio.models.core.model import Batch, Model, capabilities
from studio.models.core.recipe import Value, fields, make

CLASSES = ("a", "b", "c")
PICTURES = DataSpec("made up", "images", (1, 8, 8), 100, classes=CLASSES)
POINTS = DataSpec("points", "points", (2,), 100, classes=CLASSES)
POTENTIAL = DataSpec("potential", "points", (2,), 100, classes=("left", "right"), source="builtin:u1")
"""Points whose density is known: what is fitted by its energy is."""
VECTORS = DataSpec("vectors", "vectors", (12,), 100, classes=CLASSES)
SENTENCES = DataSpec(
    "sentences", "sentences", (12,), 100, classes=("negative", "positive"), carries=("but", "part"), vocabulary=30
)
POSED = DataSpec("posed people", "images", (3, 16, 16), 100, classes=CLASSES, carries=("joints", "person", "parts"))
WIDE = 16
"""What is larger, of what networks are made of, is made smaller."""
DEPTHS, DEEP = ("blocks", "layers"), 2
"""How often they have the same again, and how often is enough."""


def small(model: type[Model]) -> dict[str, Value]:
    """Of the recipe: networks that are built in no time."""
    made_of = [f for f in fields(model.recipe_type) if f.group == "Model" and f.type == "int"]
    depths: dict[str, Value] = {f.name: DEEP for f in made_of if f.name in DEPTHS and f.default > DEEP}  # type: ignore[operator]
    return {f.name: max(6, int(f.low or 0)) for f in made_of if f.default > WIDE} | depths  # type: ignore[operator]


def build(model: type[Model], data: DataSpec, **values: Value) -> Model:
    """In training mode, the same each time."""
    torch.manual_seed(0)
    return model(make(model.recipe_type, {**small(model), **values}), data).train()


def examples(data: DataSpec, n: int = 6) -> Tensor:
    if data.kind == "sentences":
        random = torch.Generator().manual_seed(1)
        long = torch.arange(data.shape[0]) < torch.arange(3, 3 + n)[:, None]  # of 3, 4, 5, ... words
        return torch.randint(1, data.vocabulary + 1, (n, *data.shape), generator=random) * long
    if data.kind == "vectors":
        return torch.randint(0, 2, (n, *data.shape), generator=torch.Generator().manual_seed(1)).float() * 2 - 1
    return torch.rand(n, *data.shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def batch(data: DataSpec, n: int = 6) -> Batch:
    carried = {"but": torch.arange(n) % 3 - 1} if "but" in data.carries else {}
    made = Batch(examples(data, n), torch.arange(n) % len(data.classes), carried)
    if "joints" not in data.carries:
        return made
    one, other = (replace(made, columns=_people(data, n, seed)) for seed in (2, 3))
    return replace(one, partner=replace(other, x=made.x.flip(0)))


def _people(data: DataSpec, n: int, seed: int) -> dict[str, Tensor]:
    """Joints somewhere in the picture, every seventh of them missing, and parts of any kind."""
    random = torch.Generator().manual_seed(seed)
    joints = torch.rand(n, len(JOINTS), 3, generator=random) * torch.tensor([*data.size[::-1], 1.0])
    joints[..., 2] = 1
    joints.view(-1, 3)[::7] = 0
    parts = torch.randint(0, len(PARTS), (n, *data.size), generator=random)
    return {"joints": joints, "parts": parts.to(torch.uint8)}


def builds() -> list[tuple[type[Model], DataSpec]]:
    """Each model with each kind of data that it has no problem with."""
    found = []
    for name in catalog.names():
        model = catalog.load(name)
        known = (POTENTIAL,) if "flow in steps" in capabilities(model) else ()
        posed = (POSED,) if "joints" in model.wants else ()  # any other takes them as pictures
        for data in (PICTURES, POINTS, VECTORS, SENTENCES, *posed, *known):
            if not model.problems(make(model.recipe_type, small(model)), data):
                found.append((model, data))
    return found


def cross_talk(critic: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """The largest |∂critic(x)ᵢ/∂xⱼ| of i ≠ j."""
    jacobian = torch.autograd.functional.jacobian(critic, x).flatten(2).abs().amax(2)  # type: ignore[no-untyped-call]
    return float((jacobian - torch.diag(jacobian.diagonal())).max())
