"""Bits per dimension of a flow of images, beside what they are judged by: the same conclusion for each dataset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.experiments.core import drawing
from studio.experiments.core.experiment import Evidence, Figure, Findings, Outcome, Picture, Ran, Table

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.data.watch import Watch

Numbers = npt.NDArray[np.float64]
HEADLINE = "bits per dimension of held-out images"
BACK = 256
"""Held-out images that are turned into latents and back."""
SHEET = 64
TEMPERATURES = (0.7, 1.0)


def conclude(evidence: Evidence, *, reported: str, reached: float, tested: int, source: str) -> Findings:
    """What came out of runs of one recipe.

    Args:
        reported: the papers' figure, as text; ``source``: of what it is.
        reached: from which bits/dim on the claim is said to be seen.
        tested: held-out images that are scored, at most.

    Raises:
        ValueError: when the dataset holds nothing out.
    """
    from studio.experiments.core.looking import Several, data_of, model_of, over

    watch = evidence.watch
    data = data_of(evidence.runs[0].run)
    if len(data.held_out) < 2:
        raise ValueError(f"{data.spec.name} has no examples held out to score")
    alone = by_themselves(data)
    rows: list[tuple[str, ...]] = [("each pixel by itself", f"{alone:.3f}", "–", "–", "–", "–")]
    found: dict[str, list[float]] = {name: [] for name in ("held", "error", "train", "same", "back", "seen", "minutes")}
    pictures: list[Picture] = []
    for ran in evidence.runs:
        model, seed = model_of(ran.run), ran.planned.key
        own = _scored(model, data, tested, watch) | _there_and_back(model, data, watch) | _spent(ran)
        for name, value in own.items():
            found[name].append(value)
        rows.append(
            (
                f"Glow, seed {seed}",
                f"{own['held']:.3f} ± {own['error']:.3f}",
                f"{own['train']:.3f}",
                f"{own['seen']:,.0f}",
                f"{own['minutes']:.0f}",
                f"{100 * own['same']:.1f}",
            )
        )
        pictures.append(_sheet(model, data, evidence, seed))
    held, train, same, back, seen, minutes = (
        Several.of(found[name]) for name in ("held", "train", "same", "back", "seen", "minutes")
    )
    many = min(tested, len(data.held_out))
    error = held.reach if held.reach is not None else found["error"][0]
    which = over(evidence.seeds) if held.reach is not None else "one seed ± standard error"
    epochs = seen.middle / len(data.train)
    figures = (
        Figure(
            HEADLINE, held.middle, error, "bits/dim", reported,
            f"{many:,} images, one draw of the noise, {which}; {source}",
        ),
        Figure("bits per dimension of training images", train.middle, train.reach, "bits/dim", how=f"as many, {which}"),
        Figure(
            "bits per dimension when each pixel is coded by itself", alone, unit="bits/dim",
            how="by how often each grey level stood there in the training images, and once more; the line to beat",
        ),
        Figure(
            "images seen", seen.middle / 1000, unit="thousand images",
            how=f"{epochs:.1f} epochs of {len(data.train):,} images",
        ),
        Figure("minutes of training", minutes.middle, unit="min", how="on the machine of the attempt, busy or not"),
        Figure(
            "held-out images that come back bit for bit", 100 * same.middle, unit="%", reported="100 %",
            how=f"{min(BACK, len(data.held_out))} of them; at worst {back.middle:.2g} grey levels off before rounding",
        ),
    )  # fmt: skip
    outcome = judged(held.middle, reached)
    overfitted = train.middle < held.middle - 0.15
    verdict = (
        f"{held.middle:.2f} bits/dim on held-out images after {seen.middle:,.0f} images seen ({epochs:.1f} epochs, "
        f"{minutes.middle:.0f} minutes), where the papers have {reported} and pixels by themselves cost {alone:.2f}"
        + (f"; {train.middle:.2f} on training images: it has begun to learn them by heart." if overfitted else ".")
    )
    columns = ("code", "held-out, bits/dim", "training, bits/dim", "images seen", "minutes", "back bit for bit, %")
    return Findings(figures, outcome, verdict, (*pictures, _curve(evidence)), Table(columns, tuple(rows)))


def judged(held: float, reached: float) -> Outcome:
    """Near the papers' figure; or within a tenth of what counts as that; or not."""
    if held <= reached:
        return "shown"
    return "partly" if held <= 1.1 * reached else "not shown"


def by_themselves(data: Dataset) -> float:
    """Bits/dim of held-out images when each value has its own histogram of grey levels, with one more of each than the
    training images have (Laplace)."""
    train = np.asarray(data.values[data.train]).reshape(len(data.train), -1)
    held = np.asarray(data.values[data.held_out]).reshape(len(data.held_out), -1)
    total = 0.0
    for place in range(train.shape[1]):
        counts = np.bincount(train[:, place], minlength=256) + 1.0
        total -= np.log2(counts / counts.sum())[held[:, place]].mean()
    return float(total / train.shape[1])


def _scored(model: Any, data: Dataset, tested: int, watch: Watch) -> dict[str, float]:
    from studio.metrics.likelihood import bits, examples, log_likelihoods

    random = np.random.default_rng(0)
    found = []
    for indices in (data.held_out, data.train):
        x = examples(data, random.permutation(indices)[: min(tested, len(data.held_out))])
        found.append(bits(log_likelihoods(model, x, watch=watch)[:, 0], x.shape[1:]))
    held, train = found
    error = held.std(ddof=1) / math.sqrt(len(held))
    return {"held": float(held.mean()), "error": float(error), "train": float(train.mean())}


def _there_and_back(model: Any, data: Dataset, watch: Watch) -> dict[str, float]:
    from studio.experiments.core.looking import through
    from studio.explore.flows import inverses
    from studio.metrics.likelihood import examples

    found = inverses(model, examples(data, data.held_out[:BACK]), watch=watch)
    again = through(model.decode, found.z, watch, "reconstructing")
    away = np.abs(again - found.x).reshape(len(again), -1).max(axis=1) * 127.5
    return {"same": float((away < 0.5).mean()), "back": float(away.max())}


def _spent(ran: Ran) -> dict[str, float]:
    state = ran.run.state()
    batch = int(ran.run.recipe()[1]["batch"])
    return {"seen": float(state.step * batch), "minutes": state.seconds / 60}


def _sheet(model: Any, data: Dataset, evidence: Evidence, seed: str) -> Picture:
    from studio.experiments.core.looking import through
    from studio.models.core.latents import draw

    each = SHEET // len(TEMPERATURES)
    made = [
        through(model.decode, draw(model.prior, each, 3, temperature=t), evidence.watch, "sampling")
        for t in TEMPERATURES
    ]
    told = ", ".join(f"{t:g}" for t in TEMPERATURES)
    title = f"Samples at temperatures {told}, four rows of each; the same noise. Seed {seed}"
    return drawing.save_sheet(np.concatenate(made), data.spec, evidence.folder, f"samples-{seed}", title, each // 4)


def _curve(evidence: Evidence) -> Picture:
    from studio.runs import curves

    figure, (axes,) = drawing.figure()
    found = curves.read(evidence.runs[0].run.path).curves
    names: Sequence[str] = [name for name in found if name.startswith("bits per dim/")]
    for name, colour in zip(names, drawing.COLOURS, strict=False):
        x, y = drawing.smooth(found[name].step, found[name].y)
        axes.plot(x, y, color=colour, lw=1.4, label=name.partition("/")[2])
    settled = [found[name].y[len(found[name].y) // 10 :] for name in names]
    if settled and all(map(len, settled)):
        low, high = min(map(np.nanmin, settled)), max(map(np.nanmax, settled))
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low) + 1e-6)
    title = f"Bits per dimension through the training, seed {evidence.runs[0].planned.key}"
    drawing.dressed(axes, "", "steps", "bits/dim")
    return drawing.save(figure, evidence.folder, "bits", title)
