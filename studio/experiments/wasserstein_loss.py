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
    from pathlib import Path

    from studio.data.dataset import DataSpec
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
"""Without the running average: the sheets then are of the very generator that the losses are of."""
CRITIC, DIVERGENCE = "critic gap/", "divergence/"
HEADLINE = "rank correlation of WGAN's critic estimate with the sliced Wasserstein distance"
CEILING = math.log(2)
FIRST = 20
"""Steps before the first sheet that counts: until then the critic does not know anything."""


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
    with_w = Several.of([ranked(loss[(late := caught_up(loss)) :], w[late:]) for _, loss, w in wgan])
    with_jsd = Several.of([ranked(loss, w) for _, loss, w in dcgan])
    stuck = Several.of([100 * come(w, saturated(loss)) for _, loss, w in dcgan])
    ends = Several.of([float(loss[-max(1, len(loss) // 5) :].mean()) for _, loss, _ in dcgan])
    fell, fell_gan = (Several.of([100 * left(w) for _, _, w in found]) for found in (wgan, dcgan))
    how = f"Spearman's ρ over the sheets of the training, 64 samples each, {over(evidence.seeds)}"
    lower = f"mean of the last fifth; a lower bound of the true one; {over(evidence.seeds)}"
    least = "sliced distance to the held-out images, mean of the last fifth over the first"
    figures = (
        Figure(
            HEADLINE, with_w.middle, with_w.reach, reported="correlates (figure 3)",
            how=f"{how}, from the largest estimate on: before it the critic is still catching up",
        ),
        Figure(
            "how far the distance comes while the GAN's implied JSD stays within 5 % of log 2", stuck.middle,
            stuck.reach, "%", "all the way (figure 4)",
            f"of its way from the first to the least; {over(evidence.seeds)}",
        ),
        Figure("JSD that the GAN implies at the end", ends.middle, ends.reach, "nats", "≈ log 2 = 0.69", lower),
        Figure(
            "rank correlation of the GAN's implied JSD with the sliced Wasserstein distance", with_jsd.middle,
            with_jsd.reach, reported="none (figure 4)", how=how,
        ),
        Figure("distance that is left at the end, WGAN", fell.middle, fell.reach, "%", how=least),
        Figure("distance that is left at the end, GAN", fell_gan.middle, fell_gan.reach, "%", how=least),
    )  # fmt: skip
    falls, stays, always = with_w.middle >= 0.6, stuck.middle >= 50, ends.middle >= 0.9 * CEILING
    outcome: Outcome = "shown" if falls and stays and always else "partly" if falls or stays else "not shown"
    after = "" if always else ", and falls only then"
    verdict = (
        f"Once its critic has caught up, WGAN's estimate goes with the distance of its samples "
        f"(ρ = {with_w.middle:+.2f}); the divergence that the GAN implies stays at log 2 while its samples come "
        f"{stuck.middle:.0f} % of their way{after} (to {ends.middle:.2f} nats)."
    )
    trained = [ran for model in ("wgan", "dcgan") for ran in evidence.runs if ran.planned.model == model]
    rows = tuple(
        (ran.planned.title, f"{w[0]:.2f}", f"{w[-1]:.2f}", f"{loss.max():.3g}", f"{loss[-1]:.3g}", f"{len(w)}")
        for ran, (_, loss, w) in zip(trained, [*wgan, *dcgan], strict=True)
    )
    columns = ("run", "sliced W1, first", "last", "estimate, largest", "last", "sheets")
    return Findings(figures, outcome, verdict, (_draw(wgan[0], dcgan[0], evidence),), Table(columns, rows))


def _read(ran: Ran, panel: str) -> tuple[Floats, Floats, Floats]:
    """Steps, the estimate of the loss (a running median, as in the authors' figures) and the distance of the samples,
    at the steps of which there is a sheet of samples.

    The sheets show the same latents at every step, one every two seconds or so: more often than the measures of a
    training, which must not cost it time.
    """
    from studio.experiments.core.looking import data_of
    from studio.metrics.sliced import shift_factor, sliced_wasserstein
    from studio.runs import curves

    found = curves.read(ran.run.path).curves
    name = next((n for n in found if n.startswith(panel) and "held-out" not in n and "training data" not in n), "")
    if not name:
        raise ValueError(f"{ran.run.path.name} has no curve {panel}…; it may be from an older version")
    sheets = [(step, path) for step, path in ran.run.sheets() if step >= FIRST]
    if len(sheets) < 5:
        raise ValueError(f"{ran.run.path.name} has {len(sheets)} sheets of samples; at least 5 are needed for a rank")
    data = data_of(ran.run)
    held = _vectors(np.asarray(data.values[data.held_out]))
    scale = shift_factor(held.shape[1])
    distance = [sliced_wasserstein(_vectors(tiles(path, data.spec)), held) / scale for _, path in sheets]
    steps = np.array([step for step, _ in sheets], np.float64)
    return steps, _median_at(found[name], steps), np.array(distance)


def tiles(path: Path, spec: DataSpec) -> npt.NDArray[np.uint8]:
    """The images of a sheet, uint8 N×C×H×W, as :func:`studio.data.pictures.sheet` laid them out."""
    from PIL import Image

    (height, width), gap = spec.size, 1
    with Image.open(path) as opened:
        whole = np.asarray(opened.convert("RGB"))
    down, across = (whole.shape[0] - gap) // (height + gap), (whole.shape[1] - gap) // (width + gap)
    cut = whole[gap:, gap:].reshape(down, height + gap, across, width + gap, 3)[:, :height, :, :width]
    images = np.transpose(cut, (0, 2, 4, 1, 3)).reshape(down * across, 3, height, width)
    return np.ascontiguousarray(images[:, : spec.channels])


def _vectors(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """N×D on the models' scale."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(127.5) - 1


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


def caught_up(loss: Floats) -> int:
    """Where the estimate is largest. Until then it rises because the critic learns, not because samples get worse."""
    return min(int(loss.argmax()), max(0, len(loss) - 5))


def saturated(divergence: Floats) -> int:
    """The last place where an implied divergence is within 5 % of log 2; 0 when there is none."""
    high = np.flatnonzero(divergence >= 0.95 * CEILING)
    return int(high[-1]) if len(high) else 0


def come(w: Floats, at: int) -> float:
    """How much of its way from the first value to the least a distance has come at a place, 0..1."""
    way = w[0] - w.min()
    return float((w[0] - w[at]) / way) if way > 0 else 0.0


def left(w: Floats) -> float:
    """Of a distance: the mean of its last fifth over its first value."""
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
        "sliced Wasserstein distance between 64 samples and the held-out images, which neither player ever sees. The "
        "GAN is DCGAN, as in the paper's top row; its discriminator learns five times as fast, for it has to be near "
        "its best to imply a divergence. Digits of 64 pixels are easier than bedrooms: samples may come so near to the "
        "data that the divergence falls in the end."
    ),
    datasets=("digits",),
    short=Preset("short", "WGAN and DCGAN, 2,000 steps each, one seed", 5.0, "The claim, on one seed."),
    full=Preset("full", "20,000 steps each, twice as wide, 3 seeds", 80.0, "The claim, over seeds. For a GPU."),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    full_seeds=3,
)
