"""What a person has set on the inversion panel, as one immutable value. No Qt here; latents are made of it in moves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args

from studio.explore.latents import Path
from studio.explore.questions import ByFactor, ByLabel, ByPicks, Real
from studio.explore.questions.flows import STRANGERS

By = ByLabel | ByFactor | ByPicks
Way = Literal["keep", "noise", "zero"]
MOST = 16
"""Examples at once."""
HOTTEST = 1.5
"""The highest temperature."""
FARTHEST = 2.0
"""An attribute is added so many times, or taken away."""
MOST_SEED = 2**31 - 1
MOST_FRAMES = 200
COUNTS = (64, 4096)
"""Examples of each kind in the histogram of likelihoods, at least and at most."""


@dataclass(frozen=True)
class Level:
    """What is done with the latents of one scale: they are kept, or go the share ``amount`` (0..1) of the way to the
    noise of ``seed``, or to zero."""

    way: Way = "keep"
    amount: float = 1.0
    seed: int = 0


KEPT = Level()


@dataclass(frozen=True)
class Trait:
    """So much of an attribute on the picture: ``amount`` −2..2 times the difference of means that ``by`` names."""

    by: By
    name: str
    amount: float = 0.0


@dataclass(frozen=True)
class Between:
    """Two real examples (one in each Real; none: not chosen yet) and the place ``t`` 0..1 on the way between them."""

    start: Real = field(default_factory=Real)
    end: Real = field(default_factory=Real)
    t: float = 0.5
    kind: Path = "spherical"
    frames: int = 12
    fps: int = 12
    loop: bool = True


@dataclass(frozen=True)
class Typical:
    """Which likelihoods the picture's is seen among: ``count`` examples of each kind, the keys of STRANGERS, and
    fingerprints of other datasets."""

    count: int = 256
    strangers: tuple[str, ...] = ("noise", "flat")
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inversion:
    """See the module.

    Attributes:
        real: the chosen examples, at most MOST.
        current: which of them is looked at and edited.
        temperature: what all of its noise is multiplied by, 0..1.5.
        levels: of the parts of the latent that are not kept, by name.
        label: the class it is decoded with; None: the one that was found for it.
        seed: of the noises that are shown for each level.
        traits: attributes that were found, with how much of each.
        having, lacking: examples that are being collected for the next attribute.
    """

    real: Real = field(default_factory=Real)
    current: int = 0
    temperature: float = 1.0
    levels: tuple[tuple[str, Level], ...] = ()
    label: int | None = None
    seed: int = 0
    traits: tuple[Trait, ...] = ()
    having: Real = field(default_factory=Real)
    lacking: Real = field(default_factory=Real)
    between: Between = field(default_factory=Between)
    typical: Typical = field(default_factory=Typical)

    def chosen(self, real: Real) -> Inversion:
        """With these examples, as many as there may be; the one looked at stays when it is among them, else it is
        the last that came."""
        indices = real.indices[:MOST]
        new = replace(real, indices=indices, paths=real.paths[: MOST - len(indices)])
        at = [i for i in range(len(new)) if one(new, i) == one(self.real, self.current)] if len(self.real) else []
        return replace(self, real=new, current=at[0] if at else max(len(new) - 1, 0))

    def level(self, name: str) -> Level:
        return dict(self.levels).get(name, KEPT)

    def with_level(self, name: str, level: Level) -> Inversion:
        """Another way with one level; one that is kept is not noted."""
        others = tuple(pair for pair in self.levels if pair[0] != name)
        own = () if level.way == "keep" else ((name, level),)
        return replace(self, levels=tuple(sorted(others + own, key=lambda pair: pair[0])))

    @property
    def edited(self) -> bool:
        """Whether the latent is another one than the picture's own, as far as can be told here."""
        return self != self.reset()

    def reset(self) -> Inversion:
        """The picture as it was inverted; its attributes stay at hand, at 0."""
        level = tuple(replace(t, amount=0.0) for t in self.traits)
        return replace(self, temperature=1.0, levels=(), label=None, traits=level)

    def indices(self) -> tuple[int, ...]:
        """Of all examples of the dataset that are named anywhere in here."""
        picks = [t.by for t in self.traits if isinstance(t.by, ByPicks)]
        several = [self.real, self.having, self.lacking, self.between.start, self.between.end]
        several += [real for by in picks for real in (by.having, by.lacking)]
        return tuple(i for real in several for i in real.indices)


def one(real: Real, index: int) -> Real:
    """One of the examples, alone; none when there is no such one."""
    if 0 <= index < len(real.indices):
        return Real((real.indices[index],))
    at = index - len(real.indices)
    return Real((), (real.paths[at],), real.negative) if 0 <= at < len(real.paths) else Real()


# --- as plain data


def as_plain(state: Inversion) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    between, typical = state.between, state.typical
    return {
        "real": _real(state.real),
        "current": state.current,
        "temperature": state.temperature,
        "levels": {name: vars(level) for name, level in state.levels},
        "label": state.label,
        "seed": state.seed,
        "traits": [{"by": _by(t.by), "name": t.name, "amount": t.amount} for t in state.traits],
        "having": _real(state.having),
        "lacking": _real(state.lacking),
        "between": {**vars(between), "start": _real(between.start), "end": _real(between.end)},
        "typical": {**vars(typical), "strangers": list(typical.strangers), "others": list(typical.others)},
    }


def from_plain(plain: Mapping[str, Any]) -> Inversion | None:
    """The state of :func:`as_plain`, or None when it is damaged; numbers out of bounds are brought back."""
    try:
        between, typical = plain["between"], plain["typical"]
        label = plain["label"]
        levels = ((str(name), _level(level)) for name, level in plain["levels"].items())
        state = Inversion(
            temperature=_number(plain["temperature"], 0.0, HOTTEST),
            levels=tuple(sorted((name, level) for name, level in levels if level.way != "keep")),
            label=None if label is None else max(int(label), 0),
            seed=int(_number(plain["seed"], 0, MOST_SEED)),
            traits=tuple(_trait(t) for t in plain["traits"]),
            having=_read_real(plain["having"]),
            lacking=_read_real(plain["lacking"]),
            between=Between(
                _read_real(between["start"]),
                _read_real(between["end"]),
                _number(between["t"], 0.0, 1.0),
                cast(Path, _one_of(between["kind"], get_args(Path))),
                int(_number(between["frames"], 2, MOST_FRAMES)),
                int(_number(between["fps"], 1, 60)),
                between["loop"] is True,
            ),
            typical=Typical(
                int(_number(typical["count"], *COUNTS)),
                tuple(s for s in typical["strangers"] if s in STRANGERS),
                tuple(str(o) for o in typical["others"]),
            ),
        ).chosen(_read_real(plain["real"]))
        most = max(len(state.real) - 1, 0)
        return replace(state, current=int(_number(plain["current"], 0, most)))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def _real(real: Real) -> dict[str, Any]:
    return {"indices": list(real.indices), "paths": list(real.paths), "negative": real.negative}


def _read_real(plain: Mapping[str, Any]) -> Real:
    paths = tuple(p for p in plain["paths"] if isinstance(p, str) and "\0" not in p)
    return Real(tuple(max(int(i), 0) for i in plain["indices"]), paths, plain.get("negative") is True)


def _by(by: By) -> dict[str, Any]:
    if isinstance(by, ByPicks):
        return {"having": _real(by.having), "lacking": _real(by.lacking)}
    return dict(vars(by))


def _read_by(plain: Mapping[str, Any]) -> By:
    if "having" in plain:
        return ByPicks(_read_real(plain["having"]), _read_real(plain["lacking"]))
    count = max(int(plain["count"]), 1)
    if "label" in plain:
        return ByLabel(max(int(plain["label"]), 0), count)
    value = plain["value"]
    return ByFactor(str(plain["factor"]), None if value is None else int(value), count)


def _trait(plain: Mapping[str, Any]) -> Trait:
    return Trait(_read_by(plain["by"]), str(plain["name"]), _number(plain["amount"], -FARTHEST, FARTHEST))


def _level(plain: Mapping[str, Any]) -> Level:
    way = cast(Way, _one_of(plain["way"], get_args(Way)))
    return Level(way, _number(plain["amount"], 0.0, 1.0), int(_number(plain["seed"], 0, MOST_SEED)))


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {known}")
    return str(value)


def _number(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("no number")
    return min(max(number, low), high)
