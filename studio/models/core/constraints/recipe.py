"""What a recipe says of a constraint. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from studio.data.dataset import DataSpec
from studio.models.core.constraints import table
from studio.models.core.recipe import Field, Problem, Recipe, recipe


@recipe
class ConstrainedRecipe(Recipe):
    """Of every model that samples. λ and α are two things: λ stands in the exponent of q* ∝ p exp(λ f), α before what
    that adds to the loss."""

    constraint: Annotated[
        Literal["none", "fixed", "learned"],
        Field(
            "what samples are to satisfy besides: nothing, what is asked for as it stands, "
            "or what is learned of it from the data",
            group="Constraint",
            term="constraint",
        ),
    ] = "none"
    asked: Annotated[
        str,
        Field(
            f"what is asked for, with weight and target: brightness 0.3, 2 symmetry, class 7. There are: "
            f"{', '.join(e.name for e in table.ENTRIES)}; auto takes what the model brings with it",
            group="Constraint",
            term="constraint function",
        ),
    ] = table.AUTO
    strength: Annotated[
        float,
        Field(
            "λ: how far q* ∝ p exp(λ f) leans towards what is asked for; 0: q* is p",
            0,
            1e6,
            group="Constraint",
            scale="log",
            term="posterior regularisation",
        ),
    ] = 1.0
    outer: Annotated[
        float,
        Field(
            "α: weight of the constraint beside the model's own loss",
            0,
            1e6,
            group="Constraint",
            scale="log",
            term="posterior regularisation",
        ),
    ] = 1.0
    lessons: Annotated[
        int,
        Field(
            "cycles in which a constraint that must be taught (a classifier, a parser) learns from real examples "
            "before it counts",
            0,
            1_000_000,
            "cycles",
            group="Constraint",
            scale="log",
            term="constraint lesson",
        ),
    ] = 500
    constraint_rate: Annotated[
        float,
        Field(
            "learning rate of the constraint, for its lessons and while it is learned",
            1e-7,
            1,
            group="Constraint",
            scale="log",
            term="rate",
        ),
    ] = 1e-3
    tuning: Annotated[
        float,
        Field(
            "times that rate, with which a constraint that was taught goes on when it is learned",
            1e-4,
            1,
            group="Constraint",
            scale="log",
            term="learned constraint",
        ),
    ] = 0.1
    bound: Annotated[
        float,
        Field(
            "how far a learned score may go, up or down: |f| of a network stays below it at its best",
            0.01,
            1e4,
            "nats",
            group="Constraint",
            scale="log",
            term="learned constraint",
        ),
    ] = 10.0


def constraint_problems(values: Recipe, data: DataSpec) -> list[Problem]:
    """What is wrong between what a recipe asks samples for and a dataset; empty where it asks for nothing."""
    if not isinstance(values, ConstrainedRecipe) or values.constraint == "none":
        return []
    try:
        table.parse(values.asked, data, learned=values.constraint == "learned")
    except ValueError as wrong:
        return [Problem("asked", str(wrong))]
    return []
