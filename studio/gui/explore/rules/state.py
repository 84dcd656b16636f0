"""What a person has set on the rules panel, as one immutable value, and words for what was read. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from studio.explore.questions import RulesRead
from studio.explore.rules import teacher

Which = Literal["all", "ruled", "disagree", "wrong"]
Part = Literal["held out", "train"]
TYPED, FIRST = -1, -2
"""In place of an index: the typed sentence, or the first one of the list."""
PAGE = 40
LONGEST = 2000
"""Letters of a typed sentence."""
STRONGEST, SUREST = 400.0, 10.0
"""The ends of the sliders of C and λ."""
WHICH: dict[Which, tuple[str, str]] = {
    "ruled": ("with the rule", "Sentences that the rule is about; those that the teacher moves most come first"),
    "disagree": ("p and q differ", "Of these, those of which student and teacher say different labels"),
    "wrong": ("p or q wrong", "Of these, those of which the student or the teacher says the wrong label"),
    "all": ("all", "All sentences; those that the rule is about come first"),
}


@dataclass(frozen=True)
class Rules:
    """See the module. ``looked``: the index of the sentence that is looked at, or :data:`TYPED`, or :data:`FIRST`;
    ``strength``, ``confidence``: C and λ, None: those of the recipe."""

    typed: str = ""
    which: Which = "ruled"
    part: Part = "held out"
    offset: int = 0
    looked: int = FIRST
    strength: float | None = None
    confidence: float | None = None


def as_plain(state: Rules) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return asdict(state)


def from_plain(plain: Mapping[str, Any]) -> Rules | None:
    """The state of :func:`as_plain`, or None when it is damaged; numbers out of bounds are brought back."""
    try:
        if plain["which"] not in get_args(Which) or plain["part"] not in get_args(Part):
            return None
        return Rules(
            str(plain["typed"])[:LONGEST],
            plain["which"],
            plain["part"],
            max(int(plain["offset"]), 0),
            max(int(plain["looked"]), FIRST),
            _bounded(plain["strength"], STRONGEST),
            _bounded(plain["confidence"], SUREST),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _bounded(value: Any, high: float) -> float | None:
    if value is None:
        return None
    if not math.isfinite(value):
        raise ValueError("no number")
    return float(min(max(value, 0.0), high))


# --- what was read, with the strength that is set


@dataclass(frozen=True, eq=False)
class Read:
    """Sentences that were read, with the teacher at this strength Cλ.

    Attributes:
        teacher: N×K.
    """

    found: RulesRead
    strength: float
    teacher: npt.NDArray[np.float64]

    @classmethod
    def of(cls, found: RulesRead, strength: float) -> Read:
        return cls(found, strength, teacher(found.student, found.truth, strength))

    def __len__(self) -> int:
        return len(self.found.words)

    def ruled(self, at: int) -> bool:
        return bool(self.found.clause[at] >= 0)

    @property
    def moved(self) -> npt.NDArray[np.float64]:
        """|q − p| of the likeliest change, N."""
        return np.asarray(np.abs(self.teacher - self.found.student).max(axis=1, initial=0))

    def right(self) -> tuple[int, int, int]:
        """How many labelled sentences there are, and how many of them student and teacher have right."""
        known = self.found.labels >= 0
        labels = self.found.labels[known]
        p, q = (x[known].argmax(axis=1) for x in (self.found.student, self.teacher))
        return int(known.sum()), int((p == labels).sum()), int((q == labels).sum())

    def agreed(self) -> int:
        return int((self.found.student.argmax(axis=1) == self.teacher.argmax(axis=1)).sum())


def in_words(read: Read, at: int) -> str:
    """Why the teacher says what it says, in a sentence or two."""
    found = read.found
    if not read.ruled(at):
        return "The rule is not about this sentence: it has no clause behind “but”, so q = p."
    said, truth = found.of_clause[at], found.truth[at]
    likeliest = int(said.argmax())
    other = [f"{truth[k]:.2f} for {name}" for k, name in enumerate(found.classes)]
    p, q = found.student[at], read.teacher[at]
    changed = "" if p.argmax() == q.argmax() else f" It changes the answer to {found.classes[int(q.argmax())]}."
    return (
        f"The clause alone is {found.classes[likeliest]} to the student ({said[likeliest]:.2f}), so the rule is true "
        f"to {' and '.join(reversed(other))}.{changed}"
    )


def as_html(words: tuple[str, ...], clause: int, unknown: tuple[int, ...], ground: str, warn: str) -> str:
    """The sentence with its clause on a ground of its own and underlined, and unknown words marked by a question mark.

    Args:
        ground, warn: colours, ``#rrggbb``.
    """
    parts = []
    for at, word in enumerate(words):
        text = escape(word)
        if at in unknown:
            text = f'<span style="color:{warn}"><i>{text}</i><sup>?</sup></span>'
        parts.append(text)
    if clause < 0:
        return " ".join(parts)
    before, behind = " ".join(parts[:clause]), " ".join(parts[clause:])
    return f'{before} <span style="background-color:{ground}; text-decoration:underline">{behind}</span>'
