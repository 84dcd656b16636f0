"""How numbers that each example has were spread, now and then: the lines of a run's spreads.jsonl. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import orjson

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class SpreadRecord:
    """One line of spreads.jsonl: a histogram of one number per example of one batch.

    Attributes:
        seconds: of training so far.
        name: "panel/what", as a model gives it.
        edges: rising, one more than ``counts``; equal steps on the ``scale``, on which they are positive where it is
            "log". The first bin also has what lies below it.
        left_out: how many numbers were not finite.
    """

    step: int
    seconds: float
    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    scale: Scale = "linear"
    left_out: int = 0

    def as_line(self) -> bytes:
        plain = {
            "step": self.step,
            "seconds": round(self.seconds, 3),
            "name": self.name,
            "scale": self.scale,
            "edges": self.edges,
            "counts": self.counts,
        }
        return orjson.dumps(plain | ({"left_out": self.left_out} if self.left_out else {})) + b"\n"


def parsed(lines: Iterable[bytes]) -> Iterator[SpreadRecord]:
    """The records in these lines; what is none, or holds no histogram, is passed over."""
    for line in lines:
        try:
            plain = orjson.loads(line)
            edges, counts = tuple(map(float, plain["edges"])), tuple(map(int, plain["counts"]))
            scale: Scale = "log" if plain["scale"] == "log" else "linear"
            record = SpreadRecord(
                int(plain["step"]),
                float(plain["seconds"]),
                str(plain["name"]),
                edges,
                counts,
                scale,
                int(plain.get("left_out", 0)),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            continue
        rising = all(math.isfinite(e) for e in edges) and all(a < b for a, b in pairwise(edges))
        positive = scale == "linear" or (edges and edges[0] > 0)
        if rising and positive and counts and len(edges) == len(counts) + 1 and min(counts) >= 0:
            yield record


def by_name(records: Iterable[SpreadRecord]) -> dict[str, list[SpreadRecord]]:
    """Per name, steps rising strictly: of a step that was done again after a resume, the later record."""
    found: dict[str, list[SpreadRecord]] = {}
    for record in records:
        before = found.setdefault(record.name, [])
        while before and before[-1].step >= record.step:
            before.pop()
        before.append(record)
    return found
