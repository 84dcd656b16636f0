"""What a person has set on the scatter panel, as one immutable value. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from studio.explore.questions import Real
from studio.models.core.latents import Prior

MOST = 8
"""Examples that are put among the others at once: as many as are told apart."""
COUNTS = (2_000, 10_000, 60_000)
Part = Literal["all", "held out", "train"]
Way = Literal["latent", "pca"]


@dataclass(frozen=True)
class Scattering:
    """See the module.

    Attributes:
        part, count: which examples are seen, and how many at most.
        way: two dimensions of the latent, ``first`` and ``second``, or principal components; None: what suits.
        hidden: classes that are not seen.
        sampled: whether a sample of each posterior is seen in place of its mean, of models that infer.
        prior: whether lines of the prior's density are drawn.
        real: examples that are put among the others.
    """

    part: Part = "all"
    count: int = COUNTS[1]
    way: Way | None = None
    first: int = 0
    second: int = 1
    sampled: bool = False
    hidden: frozenset[int] = frozenset()
    prior: bool = True
    real: Real = field(default_factory=Real)

    def placed(self, real: Real) -> Scattering:
        """With these examples among the others, as many as there may be."""
        indices = real.indices[:MOST]
        return replace(self, real=replace(real, indices=indices, paths=real.paths[: MOST - len(indices)]))

    def toggled(self, number: int) -> Scattering:
        """A class hidden, or seen again."""
        return replace(self, hidden=self.hidden ^ {number})

    def alone(self, number: int, classes: int) -> Scattering:
        """One class alone; all, where it is alone already."""
        others = frozenset(range(classes)) - {number}
        return replace(self, hidden=frozenset() if self.hidden == others else others)

    def asks_like(self, other: Scattering) -> bool:
        """Whether both see the same examples in the same plane."""
        plain = replace(self, hidden=other.hidden, prior=other.prior, real=other.real)
        return plain == other


def way_of(state: Scattering, prior: Prior) -> Way:
    """The plane that is seen: the latent itself where it has two dimensions."""
    return state.way or ("latent" if prior.size == 2 else "pca")


def prior_in_plane(state: Scattering, prior: Prior) -> str:
    """What the prior is in the plane that is seen: "normal" or "uniform"; empty: neither, as of uniform numbers along a
    principal component."""
    alone = way_of(state, prior) == "latent"
    parts = [prior.part(d) for d in (state.first, state.second)] if alone else prior.parts
    kinds = {part.kind for part in parts}
    if kinds == {"normal"}:
        return "normal"
    return "uniform" if alone and kinds == {"uniform"} else ""


def suits(state: Scattering, prior: Prior, count: int, classes: int) -> bool:
    """Whether a state is of such a latent and such a dataset."""
    axes = {state.first, state.second}
    inside = len(axes) == 2 and all(0 <= a < prior.size for a in axes)
    shown = all(0 <= c < classes for c in state.hidden)
    return inside and shown and all(0 <= i < count for i in state.real.indices)


def as_plain(state: Scattering) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return {
        "part": state.part,
        "count": state.count,
        "way": state.way,
        "first": state.first,
        "second": state.second,
        "sampled": state.sampled,
        "hidden": sorted(state.hidden),
        "prior": state.prior,
        "indices": list(state.real.indices),
        "paths": list(state.real.paths),
        "negative": state.real.negative,
    }


def from_plain(plain: Mapping[str, Any]) -> Scattering | None:
    """The state of :func:`as_plain`, or None when it is damaged."""
    try:
        paths = tuple(p for p in plain["paths"] if isinstance(p, str) and "\0" not in p)
        real = Real(tuple(max(int(i), 0) for i in plain["indices"]), paths, plain.get("negative") is True)
        return Scattering(
            part=plain["part"] if plain["part"] in get_args(Part) else "all",
            count=plain["count"] if plain["count"] in COUNTS else COUNTS[1],
            way=plain["way"] if plain["way"] in get_args(Way) else None,
            first=int(plain["first"]),
            second=int(plain["second"]),
            sampled=plain.get("sampled") is True,
            hidden=frozenset(int(c) for c in plain["hidden"]),
            prior=plain.get("prior") is not False,
        ).placed(real)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
