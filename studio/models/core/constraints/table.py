"""What samples can be asked for, as plain data, and the words in which it is asked. No torch: the window reads this.

Every score f is in nats: q* ∝ p exp(λ f) takes it as it is, and at λ = 1 a sample one nat worse is e times rarer. What
is just as it was asked for has f = 0.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from studio.data.dataset import DataSpec, Kind

AUTO = "auto"


@dataclass(frozen=True)
class Entry:
    """A constraint of the library.

    Attributes:
        name: as it is asked for ("brightness").
        title, formula: for the person; the formula of f in one line.
        kind: of the data that it is for; "" for images and points.
        target: what is chosen besides the weight: "" nothing, "number" between ``low`` and ``high``, "class" a class.
        default: of a number.
        tolerance: s in the formula: the distance from the target, in the unit of what is measured, at which f is −½.
        fixed: False for what says nothing until it is learned.
    """

    name: str
    title: str
    formula: str
    kind: Kind | Literal[""] = "images"
    target: Literal["", "number", "class"] = ""
    low: float = 0.0
    high: float = 1.0
    default: float = 0.5
    tolerance: float = 0.05
    fixed: bool = True


UNIT = "nats"
"""Of every f."""

ENTRIES = (
    Entry(
        "brightness", "Brightness", "f = −½ (b − t)²/s², b the mean grey of the picture, 0..1, s = 0.05",
        target="number",
    ),
    Entry(
        "ink", "Ink", "f = −½ (k − t)²/s², k the share of the picture that differs from its border, s = 0.05",
        target="number", default=0.3,
    ),
    Entry(
        "symmetry", "Symmetry", "f = −a/s, a the mean difference of a pixel and its mirror image, 0..1, s = 0.05",
    ),
    Entry(
        "total variation", "Smoothness", "f = −v/s, v the mean difference of neighbouring pixels, 0..1, s = 0.05",
    ),
    Entry(
        "class", "Class", "f = log p(class | x) of a classifier that is taught on the dataset's own labels",
        kind="", target="class",
    ),
    Entry(
        "half plane", "Half plane", "f = log σ((x₁ − t)/s): to the right of t, s = 0.1",
        kind="points", target="number", low=-100.0, high=100.0, default=0.0, tolerance=0.1,
    ),
    Entry(
        "circle", "Circle", "f = −½ (‖x‖ − t)²/s²: on a circle of radius t around 0, s = 0.1",
        kind="points", target="number", high=100.0, default=1.0, tolerance=0.1,
    ),
    Entry(
        "network", "Network", "f = f_φ(x), a small network; it says nothing until it is learned",
        kind="", fixed=False,
    ),
)  # fmt: skip


def entries(data: DataSpec) -> tuple[Entry, ...]:
    """What examples of this dataset can be asked for."""
    if data.kind not in ("images", "points"):
        return ()
    labelled = len(data.classes) >= 2
    return tuple(e for e in ENTRIES if e.kind in ("", data.kind) and (labelled or e.target != "class"))


@dataclass(frozen=True)
class Term:
    """One constraint that is asked for: weight · f, with its target (of a class its number)."""

    entry: Entry
    target: float = 0.0
    weight: float = 1.0

    def said(self, data: DataSpec) -> str:
        """Name and target, as they would be asked for, without the weight."""
        match self.entry.target:
            case "number":
                return f"{self.entry.name} {self.target:g}"
            case "class":
                return f"{self.entry.name} {data.classes[int(self.target)]}"
            case _:
                return self.entry.name


_TERM = re.compile(r"^(?:(?P<weight>[-+]?\d*\.?\d+(?:e[-+]?\d+)?)\s*[×x*]?\s*(?=[a-z]))?(?P<rest>.+)$", re.IGNORECASE)


def parse(text: str, data: DataSpec, *, learned: bool = False) -> tuple[Term, ...]:
    """What is asked for: terms with a comma between them, each an optional weight, a name and its target:
    "brightness 0.3, 2 symmetry, class boot".

    Args:
        text: "auto" stands for a network where the constraint is learned, else for symmetry of images and for a half
            plane of points.

    Raises:
        ValueError: in words for a person, for what there is not, or not for this dataset.
    """
    known = {e.name: e for e in entries(data)}
    if not known:
        raise ValueError(f"there is no constraint on {data.kind}")
    if text.strip().lower() == AUTO:
        name = "network" if learned else "symmetry" if data.kind == "images" else "half plane"
        return (Term(known[name], _target(known[name], "", data)),)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError(f"nothing is asked for; there are: {', '.join(known)}")
    return tuple(_term(part, known, data, learned) for part in parts)


def _term(part: str, known: dict[str, Entry], data: DataSpec, learned: bool) -> Term:
    found = _TERM.match(part)
    assert found is not None  # a part is not empty
    weight = float(found["weight"]) if found["weight"] else 1.0
    rest = found["rest"].strip()
    name = next((n for n in known if re.match(rf"{n}(\s|$)", rest, re.IGNORECASE)), None)
    if name is None:
        elsewhere = next((e for e in ENTRIES if re.match(rf"{e.name}(\s|$)", rest, re.IGNORECASE)), None)
        if elsewhere is not None and elsewhere.target == "class":
            raise ValueError(f"{elsewhere.name} needs labels of at least two classes, and {data.name} has none")
        if elsewhere is not None:
            raise ValueError(f"{elsewhere.name} is for {elsewhere.kind}; of {data.kind} there are: {', '.join(known)}")
        raise ValueError(f"there is no constraint {rest!r}; there are: {', '.join(known)}")
    entry = known[name]
    if not math.isfinite(weight) or weight <= 0:
        raise ValueError(f"the weight of {name} must be above 0, not {weight:g}")
    if not entry.fixed and not learned:
        raise ValueError(f"a {name} says nothing until it is learned: set constraint to learned, or ask for another")
    return Term(entry, _target(entry, rest[len(name) :].strip(), data), weight)


def _target(entry: Entry, text: str, data: DataSpec) -> float:
    if not entry.target:
        if text:
            raise ValueError(f"{entry.name} takes no target, and was given {text!r}")
        return 0.0
    if entry.target == "class":
        names = [c.lower() for c in data.classes]
        if text.lower() in names:
            return float(names.index(text.lower()))
        raise ValueError(f"class wants one of {', '.join(data.classes)}, not {text or 'nothing'!r}")
    if not text:
        return entry.default
    try:
        target = float(text)
    except ValueError:
        raise ValueError(f"{entry.name} wants a number, not {text!r}") from None
    if not entry.low <= target <= entry.high:
        raise ValueError(f"{entry.name} wants a number from {entry.low:g} to {entry.high:g}, not {text}")
    return target
