"""Pose-guided people without a constraint, with a fixed and with a learned one. Hu et al. 2018, arXiv:1806.09764,
section 4.1, on the system of Ma et al. 2017, arXiv:1705.09368. DeepFashion needs a licence; here people are drawn by a
procedure.

One training of stage 1, in which the parser takes its lessons too, is shared by three of stage 2: so they differ in
nothing but the constraint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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

if TYPE_CHECKING:
    from studio.metrics.parser import Judge
    from studio.metrics.posed import Scores
    from studio.models.core.model import Batch

DATA = "figures"
SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {"width": 16, "parser_width": 8, "batch": 8, "first": 2200, "lessons": 800, "generator_rate": 1e-3},
    "full": {"width": 32, "parser_width": 16, "batch": 16, "first": 20_000, "lessons": 5000, "generator_rate": 5e-4},
}
EACH: dict[str, Value] = {"average": 0.99, "falling": 0.5}
SECOND: dict[PresetName, int] = {"short": 400, "full": 10_000}
"""Cycles of stage 2."""
TESTED: dict[PresetName, int] = {"short": 300, "full": 1000}
"""Pairs of held-out people."""
CHOICES = ("none", "fixed", "learned")
TITLES = {"none": "base", "fixed": "fixed constraint", "learned": "learned constraint"}
REPORTED = {"none": ".676", "fixed": ".679", "learned": ".727"}
HEADLINE = "SSIM gained by the learned constraint"
ROWS = 6
AT_ONCE = 50


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    size, made = SIZES[preset], []
    first = int(size["first"])
    for seed in seeds:
        values: dict[str, Value] = {**EACH, **size, "seed": seed}
        one = {**values, "constraint": "fixed", "steps": first}
        made.append(Planned(f"stage 1/{seed}", "pg2", DATA, one, f"PG² stage 1, seed {seed}"))
        for choice in CHOICES:
            two = {**values, "constraint": choice, "steps": first + SECOND[preset]}
            title = f"PG², {TITLES[choice]}, seed {seed}"
            made.append(Planned(f"{choice}/{seed}", "pg2", DATA, two, title, begins_from=f"stage 1/{seed}"))
    return tuple(made)


COLUMNS = (
    "pictures",
    "SSIM",
    "mask-SSIM",
    "pose error, px",
    "against the masks, px",
    "parts missed, %",
    "f of the judge, nats/px",
)


def _row(of: Scores) -> tuple[str, ...]:
    names = (
        (of.ssim, "{:.3f}"),
        (of.mask_ssim, "{:.3f}"),
        (of.parsed, "{:.2f}"),
        (of.exact, "{:.2f}"),
        (100 * of.missed, "{:.1f}"),
        (of.agreement, "{:.2f}"),
    )
    return tuple(form.format(_mean(values)) for values, form in names)


def _mean(values: npt.NDArray[np.float64]) -> float:
    """Of the pairs that have this number; NaN where none has."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else math.nan


def conclude(evidence: Evidence) -> Findings:
    import torch

    from studio.experiments.core.looking import data_of, model_of
    from studio.metrics import parser
    from studio.metrics.posed import scores
    from studio.training import feed

    watch = evidence.watch
    data = data_of(evidence.runs[0].run)
    judge = parser.judge(data, watch)
    pairs = feed.chosen(data, TESTED[evidence.preset], 0, torch.device("cpu"), ("joints", "parts"), pairs=True)
    assert pairs.partner is not None
    found: dict[str, list[Scores]] = {choice: [] for choice in ("stage 1", *CHOICES)}
    drawn: dict[str, Any] = {"source": pairs.partner.x[:ROWS]}
    for done, ran in enumerate(evidence.runs):
        watch.advance(done, len(evidence.runs), "posing held-out people")
        choice, _, seed = ran.planned.key.partition("/")
        made = _made(model_of(ran.run), pairs)
        found[choice].append(scores(made, pairs, judge))
        if seed == str(evidence.seeds[0]):
            drawn[choice] = made[:ROWS]
    drawn["truth"] = pairs.x[:ROWS]
    rows = [("the source as it is", *_row(scores(pairs.partner.x, pairs, judge)))]
    for choice, of in found.items():
        for number, score in zip(evidence.seeds, of, strict=True):
            rows.append((f"{TITLES.get(choice, choice)}, seed {number}", *_row(score)))
    rows.append(("the true pictures", *_row(scores(pairs.x, pairs, judge))))
    return Findings(
        _figures(found, evidence, judge, len(pairs.x)),
        judged(found),
        _verdict(found, evidence),
        (_sheet(drawn, data.spec, evidence),),
        Table(COLUMNS, tuple(rows)),
    )


def _made(model: Any, pairs: Batch) -> Any:
    """The finished pictures of these people in their new poses."""
    import torch

    from studio.metrics.posed import finished
    from studio.training import feed

    starts = range(0, len(pairs.x), AT_ONCE)
    return torch.cat([finished(model, feed.rows(pairs, slice(start, start + AT_ONCE))) for start in starts])


def gain(found: Mapping[str, Sequence[Scores]], more: str, less: str) -> tuple[float, float]:
    """How much SSIM one choice has over another: the median over seeds and half their range; of one seed the mean over
    the pairs and its standard error."""
    differences = [a.ssim - b.ssim for a, b in zip(found[more], found[less], strict=True)]
    if len(differences) == 1:
        return float(differences[0].mean()), float(differences[0].std(ddof=1) / np.sqrt(len(differences[0])))
    means = [float(d.mean()) for d in differences]
    return float(np.median(means)), (max(means) - min(means)) / 2


def judged(found: Mapping[str, Sequence[Scores]]) -> Outcome:
    """Whether SSIM rises from base to fixed to learned, each by more than twice its error."""
    fixed, learned = gain(found, "fixed", "none"), gain(found, "learned", "fixed")
    whole = gain(found, "learned", "none")
    sure = [value > 2 * error for value, error in (fixed, learned, whole)]
    return "shown" if sure[0] and sure[1] else "partly" if sure[0] or sure[2] else "not shown"


def _figures(found: Mapping[str, Sequence[Scores]], evidence: Evidence, judge: Judge, pairs: int) -> tuple[Figure, ...]:
    from studio.experiments.core.looking import Several, over

    runs = over(evidence.seeds)
    of = f"{pairs:,} pairs of held-out people"
    error = (
        "± half the range of the seeds" if len(evidence.seeds) > 1 else "± the standard error over the pairs, one seed"
    )
    value, spread = gain(found, "learned", "none")
    made = [Figure(HEADLINE, value, spread, reported=".051", how=f"learned − base, {of}; {error}")]
    for choice in CHOICES:
        ssim = Several.of([float(s.ssim.mean()) for s in found[choice]])
        made.append(
            Figure(f"SSIM, {TITLES[choice]}", ssim.middle, ssim.reach, reported=REPORTED[choice], how=f"{of}, {runs}")
        )
    for choice in CHOICES:
        away = Several.of([_mean(s.exact) for s in found[choice]])
        how = f"centroids of parts that the judge sees, against the exact masks; {of}, {runs}; judge {judge.about}"
        made.append(Figure(f"pose error, {TITLES[choice]}", away.middle, away.reach, "px", how=how))
    return tuple(made)


def _verdict(found: Mapping[str, Sequence[Scores]], evidence: Evidence) -> str:
    from studio.experiments.core.looking import Several

    said = []
    for choice in CHOICES:
        ssim = Several.of([float(s.ssim.mean()) for s in found[choice]]).middle
        away = Several.of([_mean(s.exact) for s in found[choice]]).middle
        said.append(f"{TITLES[choice]} {ssim:.3f} and {away:.2f} px")
    first = Several.of([float(s.ssim.mean()) for s in found["stage 1"]]).middle
    return f"SSIM and pose error: {', '.join(said)}; stage 1 alone has an SSIM of {first:.3f}."


def _sheet(drawn: Mapping[str, Any], spec: Any, evidence: Evidence) -> Picture:
    order = ("source", "stage 1", *CHOICES, "truth")
    across = np.stack([drawn[name].numpy() for name in order], 1)
    title = f"Source, {', '.join(TITLES.get(name, name) for name in order[1:-1])}, truth. Seed {evidence.seeds[0]}"
    return drawing.save_sheet(across.reshape(-1, *across.shape[2:]), spec, evidence.folder, "people", title, len(order))


experiment = Experiment(
    name="pose_figures",
    title="People in new poses: no constraint, a fixed one, a learned one",
    authors="Hu, Yang, Salakhutdinov, Liang, Qin, Dong, Xing",
    year=2018,
    paper="Deep Generative Models with Learnable Knowledge Constraints",
    arxiv="1806.09764",
    where="section 4.1, table 1",
    claim=(
        "A part parser as constraint makes pose-guided people better, and more so when it is learned along: SSIM .676 "
        "without, .679 with the fixed one, .727 with the learned one, on DeepFashion at 256 px."
    ),
    about=(
        "PG² on drawn people of 64 px, who have exact masks and true pictures in every pose. The three differ in "
        "nothing but the constraint: stage 1 is trained once and shared. The learned parser keeps its lessons beside "
        "the φ-step, without which it unlearns the parts. The judge of poses is a parser trained apart."
    ),
    datasets=(DATA,),
    short=Preset(
        "short",
        "stage 1 of 2,200 cycles, three stages 2 of 400, batch 8, width 16, one seed",
        9.5,
        "That people take their poses, and which way each constraint moves them: the paper's training is twenty times "
        "as long.",
    ),
    full=Preset(
        "full",
        "stage 1 of 20,000 cycles, three stages 2 of 10,000, batch 16, width 32, three seeds",
        1400.0,
        "About as many pictures as the paper's training sees, at 64 px. For a GPU.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    full_seeds=3,
)
