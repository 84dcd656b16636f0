"""The attributes on the inversion panel: what adding, moving and collecting makes of its state. No Qt here."""

from __future__ import annotations

from dataclasses import replace

from studio.explore.questions import Real
from studio.explore.questions.real import MOST_FILES
from studio.gui.explore.invert.state import By, Inversion, Trait, one

MOST_TRAITS = 12
"""Attributes at once."""
MOST_PICKS = 256
"""Examples of each set that a person collects by hand."""


def trait_of(state: Inversion, by: By) -> Trait | None:
    """The attribute that is found that way, if it is there."""
    return next((t for t in state.traits if t.by == by), None)


def with_trait(state: Inversion, by: By, name: str) -> Inversion:
    """With another attribute, at 0; one that is there already is not added again, nor one more than MOST_TRAITS."""
    if len(state.traits) >= MOST_TRAITS or trait_of(state, by) is not None:
        return state
    return replace(state, traits=(*state.traits, Trait(by, name)))


def without_trait(state: Inversion, by: By) -> Inversion:
    return replace(state, traits=tuple(t for t in state.traits if t.by != by))


def moved_to(state: Inversion, by: By, amount: float) -> Inversion:
    return replace(state, traits=tuple(replace(t, amount=amount) if t.by == by else t for t in state.traits))


def all_at_zero(state: Inversion) -> Inversion:
    """No attribute is added; they stay in the list."""
    return replace(state, traits=tuple(replace(t, amount=0.0) for t in state.traits))


def collected(state: Inversion, having: bool, real: Real) -> Inversion:
    """With these examples in one of the two sets, and no longer in the other one."""
    mine, other = (state.having, state.lacking) if having else (state.lacking, state.having)
    return _sets(state, having, joined(mine, real), _without(other, real))


def dropped(state: Inversion, having: bool, at: int) -> Inversion:
    """Without one example of a set, by its place; −1: without all of them."""
    mine, other = (state.having, state.lacking) if having else (state.lacking, state.having)
    return _sets(state, having, Real() if at < 0 else _without(mine, one(mine, at)), other)


def joined(old: Real, new: Real) -> Real:
    """Both, each example once: first those that were there; at most MOST_PICKS, and MOST_FILES files."""
    indices = (*old.indices, *(i for i in new.indices if i not in old.indices))[:MOST_PICKS]
    paths = (*old.paths, *(p for p in new.paths if p not in old.paths))[:MOST_FILES]
    return Real(indices, paths, new.negative if new.paths else old.negative)


def _without(old: Real, gone: Real) -> Real:
    indices = tuple(i for i in old.indices if i not in gone.indices)
    return replace(old, indices=indices, paths=tuple(p for p in old.paths if p not in gone.paths))


def _sets(state: Inversion, having: bool, mine: Real, other: Real) -> Inversion:
    return replace(state, having=mine, lacking=other) if having else replace(state, having=other, lacking=mine)
