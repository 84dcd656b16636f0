"""Attempts in words and tables: what the paper reports beside what this machine got. No torch."""

from __future__ import annotations

import time
from collections.abc import Sequence

from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Experiment, Figure, Preset, figure

STATUS = {
    "running": "not finished",
    "finished": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
    "damaged": "damaged",
}


def about_minutes(preset: Preset) -> str:
    """ "about 5 minutes on 2 CPU cores"."""
    if preset.minutes < 0.75:
        return "less than a minute on 2 CPU cores"
    if preset.minutes < 90:
        count = round(preset.minutes)
        return f"about {count} minute{'s' if count > 1 else ''} on 2 CPU cores"
    return f"about {round(preset.minutes / 60)} hours on 2 CPU cores"


def headline(experiment: Experiment, attempt: Attempt) -> Figure | None:
    """The figure that the attempt is ranked by."""
    return None if attempt.findings is None else figure(attempt.findings, experiment.headline)


def best(experiment: Experiment, tried: Sequence[Attempt]) -> Attempt | None:
    """Of those that finished, the one with the best headline figure."""
    ranked = [(found.value, a) for a in tried if (found := headline(experiment, a)) is not None]
    ranked = [(value, a) for value, a in ranked if value == value]  # NaN has no rank
    if not ranked:
        return None
    choose = max if experiment.better == "more" else min
    return choose(ranked, key=lambda pair: pair[0])[1]


def best_and_last(experiment: Experiment, tried: Sequence[Attempt]) -> list[tuple[str, Attempt]]:
    """Attempts worth a line in a short list, each with what it is; ``tried`` is newest first."""
    top, last = best(experiment, tried), next(iter(tried), None)
    found = [("best", top)] if top is not None else []
    if last is not None and last is not top:
        found.append(("last", last))
    return found


def line(experiment: Experiment, attempt: Attempt) -> str:
    """ "93.1 % (paper: ≈ 95 %), full, 2026-03-01"."""
    when = time.strftime("%Y-%m-%d", time.localtime(attempt.started))
    found = headline(experiment, attempt)
    if found is None:
        return f"{STATUS[attempt.status]}{': ' + attempt.message if attempt.message else ''}, {attempt.preset}, {when}"
    reported = f" (paper: {found.reported})" if found.reported else ""
    return f"{found}{reported}, {attempt.preset}, {when}: {found.name}"


def report(experiment: Experiment, attempt: Attempt) -> str:
    """What came out of one attempt, for a terminal."""
    lines = [experiment.title, f"paper        {experiment.claim}"]
    found = attempt.findings
    if found is not None:
        lines += [f"here         {found.verdict}", f"claim        {found.outcome}", ""]
        for one in found.figures:
            reported = f"   paper: {one.reported}" if one.reported else ""
            lines += [f"  {one.name}", f"      {one}{reported}"]
            if one.how:
                lines.append(f"      {one.how}")
        if found.table is not None:
            lines += ["", *_aligned([found.table.columns, *found.table.rows])]
        lines += ["", *(f"picture      {path}" for path in attempt.pictures)]
    elif attempt.message:
        lines.append(f"{STATUS[attempt.status]}: {attempt.message}")
    lines.append(f"spent        {_spent(attempt)}, on {attempt.machine}")
    return "\n".join(lines)


def markdown(experiment: Experiment, tried: Sequence[Attempt]) -> str:
    """A section: the claim, and a table that keeps every attempt."""
    lines = [f"## {experiment.title}", "", f"{experiment.claim} ({experiment.authors} {experiment.year})", ""]
    if not tried:
        return "\n".join([*lines, "Not tried yet."])
    lines += ["| when | preset | seeds | status | result | paper | time | machine |", "|" + " --- |" * 8]
    for attempt in tried:
        found = headline(experiment, attempt)
        cells = (
            time.strftime("%Y-%m-%d %H:%M", time.localtime(attempt.started)),
            attempt.preset,
            str(len(attempt.seeds)),
            STATUS[attempt.status] if attempt.findings is None else attempt.findings.outcome,
            f"{found} ({found.name})" if found is not None else attempt.message or "–",
            found.reported or "–" if found is not None else "–",
            _spent(attempt),
            attempt.machine or "–",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines)


def _spent(attempt: Attempt) -> str:
    seconds = attempt.seconds
    if not seconds:
        return "–"
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip() for row in rows]
