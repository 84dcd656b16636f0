"""WGAN's loss falls as samples get better; the divergence that a GAN's discriminator implies does not.
Arjovsky et al. 2017, arXiv:1701.07875, figures 3 and 4."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    Ran,
    Table,
)
from studio.models.core.recipe import Value

if TYPE_CHECKING:
    from studio.runs.curves import Curve

Floats = npt.NDArray[np.float64]
SHARP: dict[str, Value] = {"batch": 64, "average": 0.0, "discriminator_rate": 5e-4, "generator_rate": 1e-4}
"""D learns five times as fast as G, so that it stays near its best: what it implies is the divergence only then."""
SIZES: dict[PresetName, dict[str, dict[str, Value]]] = {
    "short": {
        "wgan": {"steps": 2000, "width": 32, "average": 0.0},
        "dcgan": {"steps": 2000, "width": 32, **SHARP},
    },
    "full": {
        "wgan": {"steps": 20_000, "width": 64, "average": 0.0},
        "dcgan": {"steps": 20_000, "width": 64, **SHARP},
    },
}
"""Without the running average: the distance is then of the very generator that the losses are of."""
CRITIC, DIVERGENCE = "critic gap/", "divergence/"
DISTANCE = "wasserstein/sliced"
HEADLINE = "rank correlation of WGAN's critic estimate with the sliced Wasserstein distance"
CEILING = math.log(2)
SKIPPED = 0.05
"""Share of the training that is left out at its start, where the critic does not yet know anything."""


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    named = {"wgan": "WGAN", "dcgan": "DCGAN"}
    return tuple(
        Planned(
            f"{model}/{seed}",
            model,
            "digits",
            {**values, "seed": seed},
            f"{named[model]}: loss and quality, seed {seed}",
        )
        for model, values in SIZES[preset].items()
        for seed in seeds
    )


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, over

    wgan = [_read(ran, CRITIC) for ran in evidence.runs if ran.planned.model == "wgan"]
    dcgan = [_read(ran, DIVERGENCE) for ran in evidence.runs if ran.planned.model == "dcgan"]
    with_w = Several.of([ranked(loss, w) for _, loss, w in wgan])
    with_jsd = Several.of([ranked(loss, w) for _, loss, w in dcgan])
    ends = Several.of([float(loss[-max(1, len(loss) // 5) :].mean()) for _, loss, _ in dcgan])
    fell = Several.of([_fall(w) for _, _, w in wgan])
    fell_gan = Several.of([_fall(w) for _, _, w in dcgan])
    how = f"Spearman's ρ over the measures of the training, {over(evidence.seeds)}"
    figures = (
        Figure(HEADLINE, with_w.middle, with_w.reach, reported="correlates (figure 3)", how=how),
        Figure(
            "rank correlation of the GAN's implied JSD with the sliced Wasserstein distance", with_jsd.middle,
            with_jsd.reach, reported="does not correlate (figure 4)", how=how,
        ),
        Figure(
            "JSD that the GAN's discriminator implies, end of the training", ends.middle, ends.reach, "nats",
            "≈ log 2 = 0.69", f"mean of the last fifth; a lower bound of the true one; {over(evidence.seeds)}",
        ),
        Figure(
            "what is left of the sliced distance at the end, WGAN", 100 * fell.middle, None, "%",
            how="last fifth against the first measure",
        ),
        Figure(
            "what is left of the sliced distance at the end, GAN", 100 * fell_gan.middle, None, "%",
            how="last fifth against the first measure",
        ),
    )  # fmt: skip
    falls, saturates = with_w.middle >= 0.6, ends.middle >= 0.5
    uncorrelated = with_jsd.middle <= 0.3
    outcome: Outcome = "shown" if falls and saturates and uncorrelated else "partly" if falls else "not shown"
    verdict = (
        f"WGAN's estimate goes with the distance of its samples (ρ = {with_w.middle:+.2f}); the GAN's divergence "
        f"(ρ = {with_jsd.middle:+.2f}) ends at {ends.middle:.2f} nats of at most {CEILING:.2f}, "
        f"while its samples come to {fell_gan.middle:.0%} of their first distance."
    )
    rows = tuple(
        (
            ran.planned.title,
            f"{ranked(loss, w):+.2f}",
            f"{w[0]:.2f}",
            f"{w[-1]:.2f}",
            f"{loss[0]:.3g}",
            f"{loss[-1]:.3g}",
        )
        for ran, (_, loss, w) in zip(
            [r for m in ("wgan", "dcgan") for r in evidence.runs if r.planned.model == m], [*wgan, *dcgan], strict=True
        )
    )
    columns = ("run", "ρ", "sliced W1, first", "last", "estimate, first", "last")
    return Findings(figures, outcome, verdict, (_draw(wgan[0], dcgan[0], evidence),), Table(columns, rows))


def _read(ran: Ran, panel: str) -> tuple[Floats, Floats, Floats]:
    """Steps, the estimate of the loss (a running median, as in the authors' figures) and the distance of the samples,
    at the steps where the distance was measured."""
    from studio.runs import curves

    found = curves.read(ran.run.path).curves
    name = next((n for n in found if n.startswith(panel) and "held-out" not in n and "training data" not in n), "")
    distance = next((n for n in found if n.startswith(DISTANCE)), "")
    if not name or not distance:
        raise ValueError(f"{ran.run.path.name} has no curve {panel}… or {DISTANCE}; it may be from an older version")
    steps, values = found[distance].step.astype(np.float64), found[distance].y
    first = SKIPPED * steps[-1]
    late = steps >= first
    if late.sum() < 5:
        raise ValueError(f"{ran.run.path.name} was measured {int(late.sum())} times; at least 5 are needed for a rank")
    return steps[late], _median_at(found[name], steps[late]), values[late]


def _median_at(curve: Curve, steps: Floats) -> Floats:
    """The median of the curve around each of these steps, over a stretch of a twentieth of the training."""
    reach = max(1.0, (curve.step[-1] - curve.step[0]) / 40)
    x = curve.step.astype(np.float64)
    return np.array([float(np.nanmedian(curve.y[_near(x, s, reach)])) for s in steps])


def _near(x: Floats, at: float, reach: float) -> slice:
    low, high = np.searchsorted(x, [at - reach, at + reach + 1e-9])
    nearest = int(np.abs(x - at).argmin())
    return slice(min(int(low), nearest), max(int(high), nearest + 1))


def ranked(a: Floats, b: Floats) -> float:
    """Spearman's rank correlation, −1..1; 0 when one of them never changes."""
    from scipy.stats import spearmanr

    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def _fall(w: Floats) -> float:
    return float(w[-max(1, len(w) // 5) :].mean() / w[0])


def _draw(wgan: tuple[Floats, Floats, Floats], dcgan: tuple[Floats, Floats, Floats], evidence: Evidence) -> Picture:
    figure, places = drawing.figure(2)
    told = (("WGAN: critic estimate (K·W1)", wgan), ("GAN: JSD that D implies, nats", dcgan))
    for axes, (title, (steps, loss, distance)) in zip(places, told, strict=True):
        axes.plot(steps, loss, color=drawing.COLOURS[0], lw=1.4, label="from the loss, running median")
        if "JSD" in title:
            axes.axhline(CEILING, color="black", lw=0.6, ls=":", label="log 2")
            axes.set_ylim(0, 0.75)
        beside = axes.twinx()
        beside.plot(steps, distance, "--", color=drawing.COLOURS[1], lw=1.2, label="sliced W1 of the samples (right)")
        beside.set_ylim(0, None)
        beside.tick_params(labelsize=8)
        beside.spines["top"].set_visible(False)
        drawing.dressed(axes, title, "generator steps", "", legend=False)
        lines = [*axes.get_lines(), *beside.get_lines()]
        axes.legend(lines, [str(line.get_label()) for line in lines], fontsize=7, frameon=False)
    return drawing.save(
        figure, evidence.folder, "losses", "Losses against the distance of the samples from held-out data"
    )


experiment = Experiment(
    name="wasserstein_loss",
    title="WGAN's loss tells how good the samples are, a GAN's does not",
    authors="Arjovsky, Chintala, Bottou",
    year=2017,
    paper="Wasserstein GAN",
    arxiv="1701.07875",
    where="figures 3 and 4",
    claim=(
        "The critic's estimate falls as the samples get better. The Jensen–Shannon divergence that a discriminator "
        "implies stays near log 2 = 0.69 or rises, whether the samples get better or not."
    ),
    about=(
        "The paper shows it by eye on LSUN bedrooms. Here on 8×8 digits, where each estimate is ranked against the "
        "sliced Wasserstein distance between samples and held-out images, which neither player ever sees. The GAN is "
        "DCGAN, as in the paper's top row; its discriminator learns five times as fast, for it has to be "
        "near its best to imply a divergence."
    ),
    datasets=("digits",),
    short=Preset("short", "WGAN and DCGAN, 2,000 steps each, one seed", 5.0, "The claim, on one seed."),
    full=Preset("full", "20,000 steps each, twice as wide, 3 seeds", 80.0, "The claim, over seeds. For a GPU."),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    full_seeds=3,
)
