"""Every attempt at measuring a run, as its measures.jsonl keeps it. No torch: the window reads it too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from studio.metrics.figures import Figure
from studio.runs.folder import RunFolder

YEAR_9999 = 253_000_000_000
"""Seconds since the epoch; no calendar goes on."""


@dataclass(frozen=True)
class Attempt:
    """What was measured of the weights of one step at one time.

    Attributes:
        figures: in the order in which they were measured.
        left_out: names of measures that were asked for and could not be taken → why.
        samples: how many were drawn, by this ``seed``.
        averaged: whether they were drawn with the running average of the weights.
        at: seconds since the epoch, when it was done; ``seconds`` it took.
        versions: of the software that could change a result.
        not_kept: why it is not in the run's measures.jsonl; empty: it is, or was not meant to be.
    """

    step: int
    figures: tuple[Figure, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    samples: int = 0
    seed: int = 0
    averaged: bool = True
    at: float = 0.0
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    not_kept: str = ""

    @property
    def values(self) -> dict[str, float]:
        """By "group/label"."""
        return {f.key: f.value for f in self.figures}

    def as_plain(self) -> dict[str, Any]:
        plain = {**vars(self), "figures": [f.as_plain() for f in self.figures]}
        return {name: value for name, value in plain.items() if name != "not_kept" or value}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Attempt:
        """Of a file that may be anybody's. Raises KeyError, TypeError, ValueError, OverflowError for what is none."""
        at = float(plain.get("at", 0))
        return cls(
            int(plain["step"]),
            tuple(Figure.from_plain(f) for f in plain["figures"]),
            _texts(plain.get("left_out", {})),
            int(plain.get("samples", 0)),
            int(plain.get("seed", 0)),
            bool(plain.get("averaged", True)),
            at if 0 < at < YEAR_9999 else 0.0,
            float(plain.get("seconds", 0)),
            _texts(plain.get("versions", {})),
        )


def _texts(plain: Any) -> dict[str, str]:
    if not isinstance(plain, dict):
        raise TypeError("not a table")
    return {str(name): str(value) for name, value in plain.items()}


def keep(run: RunFolder, attempt: Attempt) -> None:
    """Add it to those of the run. Raises OSError."""
    run.append_measures(attempt.as_plain())


def attempts(run: RunFolder) -> list[Attempt]:
    """All of a run, the oldest first; what cannot be read is passed over. Raises OSError."""
    found = []
    for plain in run.measures():
        try:
            found.append(Attempt.from_plain(plain))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return found


@dataclass(frozen=True)
class Row:
    """One number of one attempt."""

    attempt: Attempt
    figure: Figure


def rows(of: Iterable[Attempt]) -> list[Row]:
    """All numbers, the newest attempt first."""
    return [Row(a, f) for a in reversed(list(of)) for f in a.figures]


HEADERS = ("step", "measure", "value", "±", "unit", "how", "samples", "seed", "measured at")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table under :data:`HEADERS`, with all digits that a comparison could need."""
    from datetime import UTC, datetime

    attempt, figure = row.attempt, row.figure
    at = datetime.fromtimestamp(attempt.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if attempt.at else ""
    error = "" if figure.error is None else f"{figure.error:.3g}"
    return (
        str(attempt.step),
        f"{figure.group}: {figure.label}",
        f"{figure.value:.6g}",
        f"{error} ({figure.error_of})" if error and figure.error_of else error,
        figure.unit,
        figure.how,
        str(attempt.samples),
        str(attempt.seed),
        at,
    )


def as_csv(of: Iterable[Row]) -> str:
    """For a spreadsheet."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows(map(cells, of))
    return text.getvalue()


def as_markdown(of: Iterable[Row]) -> str:
    """For a text."""
    lines = [HEADERS, tuple("---" for _ in HEADERS), *map(cells, of)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
