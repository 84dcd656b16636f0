"""How dimensions of a latent are called, and how a person says which ones have a slider. No Qt.

Where a latent is noise alone, its dimensions are numbers: "0-5, 12". Where it has parts, they are called by them:
"noise 0-3, 12, c2, c3". Categories are no dimensions to slide along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from studio.models.core.latents import Part, Prior

WORD = re.compile(r"(?:(?P<part>.*\S)\s+)?(?P<low>\d+)(?:\s*-\s*(?P<high>\d+))?")


def name(prior: Prior, dimension: int) -> str:
    """ "z 14" of a latent of noise alone; else "noise 14", or "c2" for a part of one dimension."""
    part = prior.part(dimension)
    if len(prior.parts) == 1:
        return f"z {dimension}"
    return part.name if part.size == 1 else f"{part.name} {dimension - prior.place(part.name).start}"


def first(prior: Prior, count: int) -> tuple[int, ...]:
    """Dimensions that a person sees first: codes, then noise."""
    order = [*_continuous(prior, "code"), *_continuous(prior, "noise")]
    return tuple(d for where in order for d in range(where.start, where.stop))[:count]


def _continuous(prior: Prior, role: str) -> list[slice]:
    return [where for part, where in prior.placed() if part.role == role and part.kind != "categorical"]


def parse(text: str, prior: Prior) -> tuple[int, ...]:
    """Dimensions from what a person types. A number without a name is of the part that was named before, else of the
    noise.

    Raises:
        ValueError: naming the word that is no dimension of this latent, and what there is.
    """
    parts = {part.name.lower(): (part, where) for part, where in prior.placed()}
    last = next((p for p in parts.values() if p[0].role == "noise" and p[0].size > 1), None)
    found: list[int] = []
    for word in filter(None, (w.strip() for w in text.replace("–", "-").replace(";", ",").split(","))):
        read = WORD.fullmatch(word)
        if word.lower() in parts:
            named, low, high = parts[word.lower()], 0, parts[word.lower()][0].size - 1
        elif read is not None and (read["part"] is None or read["part"].lower() in parts):
            chosen = last if read["part"] is None else parts[read["part"].lower()]
            if chosen is None:
                raise ValueError(f"“{word}” is no dimension: say of which part, as in {example(prior)}")
            named, low, high = chosen, int(read["low"]), int(read["high"] or read["low"])
        else:
            raise ValueError(f"“{word}” is no dimension: write {example(prior)}")
        part, where = named
        if part.kind == "categorical":
            raise ValueError(f"“{word}” is no dimension: {part.name} is a category, with a button for each value")
        if high >= part.size or low > high:
            of = "the latent" if len(prior.parts) == 1 else part.name
            raise ValueError(f"“{word}”: {of} has dimensions 0 to {part.size - 1}")
        if part.size > 1:
            last = named
        found += [where.start + d for d in range(low, high + 1) if where.start + d not in found]
    return tuple(found)


def example(prior: Prior) -> str:
    """What may be typed, in words."""
    if len(prior.parts) == 1:
        return "numbers and ranges, as in 0-5, 12"
    parts = [p for p in prior.parts if p.kind != "categorical"]
    return "names and ranges, as in " + ", ".join([p.name if p.size == 1 else f"{p.name} 0-3" for p in parts][:3])


def written(dims: Sequence[int], prior: Prior) -> str:
    """The inverse of :func:`parse`, runs of numbers as ranges."""
    runs: list[tuple[Part, int, int]] = []
    for d in dims:
        part = prior.part(d)
        at = d - prior.place(part.name).start
        if runs and runs[-1][0] is part and runs[-1][2] == at - 1:
            runs[-1] = (part, runs[-1][1], at)
        else:
            runs.append((part, at, at))
    words, before = [], None
    for part, low, high in runs:
        span = str(low) if low == high else f"{low}–{high}"
        if part.size == 1 and len(prior.parts) > 1:
            words.append(part.name)
        else:
            words.append(span if part is before or len(prior.parts) == 1 else f"{part.name} {span}")
        before = part
    return ", ".join(words)
