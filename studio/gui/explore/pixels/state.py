"""What a person has set on the panel, as one immutable value; masks and strokes. No Qt here."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from studio.explore.questions import ModelView, Real

Mask = npt.NDArray[np.bool_]
Cell = tuple[int, int]
Mode = Literal["draw", "complete", "surprise"]
Seen = Literal["both", "over", "map", "picture"]
MOST_COUNT = 16
MOST_SEED = 2**31 - 1
MOST_REAL = 24
MOST_PIXELS = 1 << 20
"""Of a mask that comes from a file."""
ORIGINAL = -1
"""In place of a sample: the real example itself."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """See the module.

    Attributes:
        seed, count: of the samples, or of the completions.
        label: the class that is drawn, or under which a surprise is reckoned; None: each of its own.
        real: the examples that are completed or looked at; current: which of them.
        known: what is given of the example, H×W; None: its upper half.
        follow: the sample that is watched, or ORIGINAL.
        seen: how a surprise is shown.
    """

    mode: Mode = "draw"
    seed: int = 0
    count: int = 6
    label: int | None = None
    real: Real = field(default_factory=Real)
    current: int = 0
    known: Mask | None = None
    follow: int = 0
    seen: Seen = "both"

    def mask(self, size: Cell) -> Mask:
        """What is given, H×W."""
        return QUICK["lower half"](size) if self.known is None else self.known

    @property
    def one(self) -> Real:
        """The example that is completed; empty: none is chosen."""
        return alone(self.real, self.current)

    def chosen(self, real: Real) -> Drawing:
        """Other examples; what was looked at stays, while it is among them."""
        few = Real(real.indices[:MOST_REAL], real.paths[: max(MOST_REAL - len(real.indices), 0)], real.negative)
        now = self.one
        known = [alone(self.real, k) for k in range(len(self.real))]
        fresh = [k for k in range(len(few)) if alone(few, k) not in known]
        same = [k for k in range(len(few)) if alone(few, k) == now]
        at = fresh[-1] if fresh else same[0] if same else 0
        return replace(self, real=few, current=at)

    def suits(self, view: ModelView) -> bool:
        """Whether it is of a model and a dataset like these."""
        classes = next((p.size for p, _ in view.prior.placed("class")), 0)
        return (
            (self.label is None or self.label < classes)
            and all(i < view.data.count for i in self.real.indices)
            and (self.known is None or self.known.shape == view.data.size)
        )


def alone(real: Real, at: int) -> Real:
    """One of several examples; empty where there are fewer."""
    if at < len(real.indices):
        return Real((real.indices[at],), (), real.negative)
    return Real((), real.paths[at - len(real.indices) :][:1], real.negative)


# --- masks


def _below(size: Cell) -> Mask:
    return np.arange(size[0])[:, None].repeat(size[1], 1) < size[0] // 2


def _right(size: Cell) -> Mask:
    return np.arange(size[1])[None].repeat(size[0], 0) < size[1] // 2


def _middle(size: Cell) -> Mask:
    known = np.ones(size, np.bool_)
    known[size[0] // 4 : -(size[0] // 4) or None, size[1] // 4 : -(size[1] // 4) or None] = False
    return known


QUICK: dict[str, Callable[[Cell], Mask]] = {
    "lower half": _below,
    "right half": _right,
    "middle": _middle,
    "all": lambda size: np.zeros(size, np.bool_),
    "nothing": lambda size: np.ones(size, np.bool_),
}
"""What is drawn anew, by name: the rest is known."""


def footprint(cell: Cell, width: int, size: Cell) -> Mask:
    """What a brush so many pixels wide covers at a pixel: a disc."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    off = 0.5 if width % 2 == 0 else 0.0  # of an even width the middle lies between pixels
    away = np.hypot(rows - cell[0] + off, columns - cell[1] + off)
    covered: Mask = away <= max(width / 2, 0.5)
    return covered


def stroked(known: Mask, start: Cell, end: Cell, width: int, *, keep: bool) -> Mask:
    """A mask after a brush went from one pixel straight to another. ``keep``: what it covers is known again."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    covered = np.zeros(known.shape, np.bool_)
    for t in range(steps + 1):
        at = (
            round(start[0] + (end[0] - start[0]) * t / steps),
            round(start[1] + (end[1] - start[1]) * t / steps),
        )
        covered |= footprint(at, width, (known.shape[0], known.shape[1]))
    return known | covered if keep else known & ~covered


# --- out, and back


def as_plain(state: Drawing) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    known = None
    if state.known is not None and state.known.size <= MOST_PIXELS:
        known = {"size": list(state.known.shape), "bits": base64.b64encode(np.packbits(state.known).tobytes()).decode()}
    return {
        "mode": state.mode,
        "seed": state.seed,
        "count": state.count,
        "label": state.label,
        "indices": list(state.real.indices),
        "paths": list(state.real.paths),
        "negative": state.real.negative,
        "current": state.current,
        "known": known,
        "follow": state.follow,
        "seen": state.seen,
    }


def from_plain(plain: Mapping[str, Any]) -> Drawing | None:
    """The state of :func:`as_plain`, or None when it is damaged; numbers out of bounds are brought back."""
    try:
        label, known = plain["label"], plain["known"]
        indices = tuple(_whole(i, 0, MOST_SEED) for i in plain["indices"][:MOST_REAL])
        paths = tuple(p for p in plain["paths"][: MOST_REAL - len(indices)] if isinstance(p, str) and "\0" not in p)
        real = Real(indices, paths, plain["negative"] is True)
        count = _whole(plain["count"], 1, MOST_COUNT)
        return Drawing(
            mode=plain["mode"] if plain["mode"] in get_args(Mode) else "draw",
            seed=_whole(plain["seed"], 0, MOST_SEED),
            count=count,
            label=None if label is None else _whole(label, 0, MOST_SEED),
            real=real,
            current=_whole(plain["current"], 0, max(len(real) - 1, 0)),
            known=None if known is None else _mask(known),
            follow=_whole(plain["follow"], ORIGINAL, count - 1),
            seen=plain["seen"] if plain["seen"] in get_args(Seen) else "both",
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _mask(plain: Mapping[str, Any]) -> Mask:
    high, wide = (int(n) for n in plain["size"])
    if min(high, wide) < 1 or high * wide > MOST_PIXELS:
        raise ValueError("no mask has that size")
    bits = np.frombuffer(base64.b64decode(plain["bits"], validate=True), np.uint8)
    if len(bits) != -(-high * wide // 8):
        raise ValueError("a mask cut short")
    return np.unpackbits(bits, count=high * wide).reshape(high, wide).astype(np.bool_)


def _whole(value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("not a number")
    return int(min(max(int(value), low), high))
