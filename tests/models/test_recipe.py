"""Recipes: how a system says what its paper's defaults are."""

from __future__ import annotations

from typing import Annotated

import pytest

from studio.models.core.recipe import Field, Recipe, check, fields, make, recipe


@recipe
class Steep(Recipe):
    slope: Annotated[float, Field("how steep", 0, 10, "°", essential=True)] = 1.0
    batch: int = 32


@recipe
class Steeper(Steep):
    slope: float = 5.0


def test_a_field_that_says_only_its_type_is_another_default_and_keeps_help_and_range() -> None:
    about = {f.name: f for f in fields(Steeper)}
    above = {f.name: f for f in fields(Steep)}
    assert (about["slope"].default, about["batch"].default) == (5.0, 32)
    assert (Steeper().slope, Steeper().batch, Steep().slope, Recipe().batch) == (5.0, 32, 1.0, 64)
    assert about["slope"].help == above["slope"].help == "how steep"
    assert list(about) == list(above), "and nothing new"
    assert [p.field for p in check(Steeper, {"slope": 11, "batch": 0})] == ["batch", "slope"]
    assert make(Steeper, {"slope": 2}).slope == 2.0


def test_a_default_out_of_the_fields_range_never_becomes_a_recipe() -> None:
    @recipe
    class Wrong(Steep):
        slope: float = 20.0

    with pytest.raises(ValueError, match="at most 10"):
        make(Wrong, {"slope": Wrong.slope})


def test_another_type_for_an_inherited_field_is_refused() -> None:
    with pytest.raises(TypeError, match="slope"):

        @recipe
        class Wrong(Steep):
            slope: str = "steep"  # type: ignore[assignment]
