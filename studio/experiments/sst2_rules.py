"""Does a rule of logic make a reader of sentences better? Hu et al. 2016, arXiv:1603.06318, table 1, with the question
that Krishna et al. 2018 (arXiv:1808.07733) put to it: does it over many seeds?"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.experiments.core import drawing
from studio.experiments.core.experiment import (
    Evidence,
    Experiment,
    Figure,
    Findings,
    Outcome,
    Picture,
    Planned,
    Preset,
    PresetName,
    Table,
)
from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPOCH = 139
"""Moves of 50 sentences in one of SST-2."""
SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {"embedding": 100, "filters": 50, "steps": 15 * EPOCH},
    "full": {"steps": 20 * EPOCH},
}
SYSTEMS: dict[str, dict[str, Value]] = {"base": {"imitation": 0.0}, "rule": {}}
"""The base knows the rule and learns nothing from it: its teacher is what the rule does to a finished reader."""
REPORTED = {("base", "p"): "87.2", ("rule", "p"): "88.8", ("rule", "q"): "89.3"}
"""With word2vec's vectors, on all of the test sentences; %."""
NAMES = {
    ("base", "p"): "base",
    ("base", "q"): "base with the rule put upon it",
    ("rule", "p"): "student p",
    ("rule", "q"): "teacher q",
}
HEADLINE = "test accuracy of the teacher q"
SURE = 2.0
"""Standard errors from which on a difference over seeds is taken for one."""


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(
            f"{system}/{seed}",
            "rule_distillation",
            "sst2",
            {**SIZES[preset], **values, "seed": seed},
            f"SST-2, {'without' if system == 'base' else 'with'} the rule, seed {seed}",
        )
        for seed in seeds
        for system, values in SYSTEMS.items()
    )


@dataclass(frozen=True)
class Chosen:
    """Of one run, at the epoch that is best on dev for this reader: shares in %, of dev, test, and of the sentences of
    test that the rule is about; the step it was at; and dev at all epochs."""

    dev: float
    test: float
    ruled: float
    step: int
    course: tuple[tuple[int, float], ...]


def chosen(run: RunFolder, who: str) -> Chosen:
    """What "p" or "q" of a run got on test at the first of the epochs at which it was best on dev.

    Raises:
        ValueError: when it was not looked at, or has no dev or test sentences.
    """
    epochs: dict[int, dict[str, float]] = {}
    for record in run.records():  # what was measured again after a resume stands twice; the later line holds
        found = {name: 100 * value for curve, value in record.values.items() if (name := _named(curve, who))}
        if found:
            epochs[record.step] = found
    whole = {step: found for step, found in epochs.items() if {"dev", "test"} <= found.keys()}
    if not whole:
        raise ValueError(f"{run.path.name}: there are no accuracies on dev and test; does the dataset have both?")
    best = max(whole, key=lambda step: (whole[step]["dev"], -step))
    at = whole[best]
    course = tuple((step, whole[step]["dev"]) for step in sorted(whole))
    return Chosen(at["dev"], at["test"], at.get("ruled", float("nan")), best, course)


def _named(curve: str, who: str) -> str:
    """Which of "dev", "test" and "ruled" a curve of :mod:`studio.metrics.rules` is, for "p" or "q"; else nothing."""
    panel, _, rest = curve.partition("/")
    if rest.startswith(f"{who}, "):
        return {"accuracy": "dev", "test accuracy": "test", "test accuracy under the rule": "ruled"}.get(panel, "")
    return ""


def conclude(evidence: Evidence) -> Findings:
    found: dict[tuple[str, str], list[Chosen]] = {kind: [] for kind in NAMES}
    for ran in evidence.runs:
        system = ran.planned.key.partition("/")[0]
        for who in ("p", "q"):
            found[system, who].append(chosen(ran.run, who))
    seeds = len(evidence.seeds)
    spread = f"mean of {seeds} seeds ± standard deviation" if seeds > 1 else "one seed"
    how = f"at the epoch that is best on dev for it, {spread}"
    figures = [
        Figure(
            f"test accuracy of the {NAMES[kind]}", *_mean([c.test for c in found[kind]]), "%", REPORTED.get(kind, ""),
            f"{how}; one seed alone is uncertain by 1 % for so many sentences (binomial)",
        )
        for kind in reversed(NAMES)
    ] + [
        Figure(
            f"accuracy on test sentences with “but”, {NAMES[kind]}", *_mean([c.ruled for c in found[kind]]), "%",
            how=f"{how}; one seed alone is uncertain by 2.8 % for so few sentences (binomial)",
        )
        for kind in reversed(NAMES)
    ]  # fmt: skip
    gains = {
        "student p over base": _gains(found["rule", "p"], found["base", "p"]),
        "teacher q over student p": _gains(found["rule", "q"], found["rule", "p"]),
        "the rule put upon the base, over base": _gains(found["base", "q"], found["base", "p"]),
    }
    for what, gained in gains.items():
        value, error = _error(gained)
        figures.append(Figure(f"gain of {what}", value, error, "% of test", how="seed by seed, mean ± standard error"))
    outcome = judged(gains["student p over base"], gains["teacher q over student p"])
    said = ", ".join(f"{NAMES[kind]} {_mean([c.test for c in of])[0]:.1f} %" for kind, of in found.items())
    over, taught = _error(gains["student p over base"]), _error(gains["teacher q over student p"])
    verdict = (
        f"On test: {said}; seed by seed the student is {_signed(over)} against the base, the teacher {_signed(taught)} "
        f"against the student{'' if seeds > 1 else ', of which one seed says little'}."
    )
    rows = tuple(
        (
            f"{seed}", NAMES[kind], f"{one.step:,}", f"{one.dev:.2f}", f"{one.test:.2f}", f"{one.ruled:.1f}",
        )
        for at, seed in enumerate(evidence.seeds)
        for kind, of in found.items()
        for one in of[at : at + 1]
    )  # fmt: skip
    columns = ("seed", "reader", "best step", "dev, %", "test, %", "test with “but”, %")
    return Findings(tuple(figures), outcome, verdict, (_draw(found, evidence),), Table(columns, rows))


def judged(student: Sequence[float], teacher: Sequence[float]) -> Outcome:
    """Whether base < student < teacher, from what each gains seed by seed: "shown" when both gains are beyond twice
    their standard errors, "partly" when only the means are in that order, or one of the two gains is sure."""
    means = [statistics.fmean(student), statistics.fmean(teacher)]
    sure = [_sure(student), _sure(teacher)]
    if all(sure):
        return "shown"
    ordered = means[0] > 0 and means[1] >= 0
    return "partly" if ordered or any(sure) else "not shown"


def _sure(gains: Sequence[float]) -> bool:
    value, error = _error(gains)
    return error is not None and value > SURE * error and value > 0


def _gains(better: Sequence[Chosen], worse: Sequence[Chosen]) -> list[float]:
    return [a.test - b.test for a, b in zip(better, worse, strict=True)]


def _mean(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation over seeds (n − 1); no deviation of one."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def _error(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and its standard error."""
    mean, deviation = _mean(values)
    return mean, None if deviation is None else float(deviation / np.sqrt(len(values)))


def _signed(gain: tuple[float, float | None]) -> str:
    value, error = gain
    return f"{value:+.2f}".replace("-", "−") + ("" if error is None else f" ± {error:.2f}") + " points"


def _draw(found: dict[tuple[str, str], list[Chosen]], evidence: Evidence) -> Picture:
    drawn, axes = drawing.figure(2)
    styles = {("base", "p"): (0, "--"), ("rule", "p"): (1, "-"), ("rule", "q"): (2, ":")}
    for kind, (colour, dash) in styles.items():
        for at, one in enumerate(found[kind]):
            x, y = zip(*one.course, strict=True)
            label = NAMES[kind] if not at else None
            axes[0].plot(x, y, dash, color=drawing.COLOURS[colour], linewidth=1, label=label)
    drawing.dressed(axes[0], "On dev, epoch by epoch", "step", "accuracy, %")
    _dots(axes[1], found)
    return drawing.save(drawn, evidence.folder, "accuracy", "Dev accuracy by epoch; test accuracy at the best of them")


def _dots(axes: Axes, found: dict[tuple[str, str], list[Chosen]]) -> None:
    for place, (kind, of) in enumerate(found.items()):
        values = [one.test for one in of]
        axes.plot([place] * len(values), values, "o", color=drawing.COLOURS[0], markersize=4, alpha=0.6)
        axes.hlines(statistics.fmean(values), place - 0.3, place + 0.3, color=drawing.COLOURS[1], linewidth=2)
        if kind in REPORTED:
            axes.plot(place, float(REPORTED[kind]), "x", color="0.5", label="reported" if not place else None)
    axes.set_xticks(range(len(found)), [NAMES[kind].replace(" with", "\nwith") for kind in found])
    drawing.dressed(axes, "On test: each seed, and their mean", "", "accuracy, %")


experiment = Experiment(
    name="sst2_rules",
    title="A rule of logic is distilled into a reader of sentences",
    authors="Hu, Ma, Liu, Hovy, Xing",
    year=2016,
    paper="Harnessing Deep Neural Networks with Logic Rules",
    arxiv="1603.06318",
    where="section 5.1, table 1",
    claim=(
        "Film reviews of SST-2: Kim's network is right on 87.2 %, trained to imitate a teacher that follows the rule "
        "“A but B is as B is” on 88.8 %, and the teacher on 89.3 %."
    ),
    about=(
        "Words begin at random (the paper's word2vec file is 3.5 GB; --data can name a dataset that was added with "
        "vectors), sentences alone without their phrases: both lower all figures. Each reader is taken at the epoch "
        "that is best on dev for it, and judged on test. Krishna et al. 2018 (arXiv:1808.07733) repeated the "
        "experiment with 100 seeds and found that distillation gains little, and that most of what there is comes of "
        "putting the rule upon the finished reader: so that is measured too, and gains are reckoned seed by seed."
    ),
    datasets=("sst2",),
    short=Preset(
        "short",
        "3 seeds with and without the rule, 15 epochs, words of 100 values, 3 × 50 filters",
        8.0,
        "Which way it goes, and how much of it is luck. Accuracies are lower than the paper's.",
    ),
    full=Preset(
        "full",
        "10 seeds with and without the rule, 20 epochs, the paper's network",
        200.0,
        "The paper's network and training, with words that begin at random.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    full_seeds=10,
    short_seeds=3,
)
