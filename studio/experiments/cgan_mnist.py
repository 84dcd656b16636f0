"""A conditional GAN draws the digit that it is asked for. Mirza & Osindero 2014, arXiv:1411.1784."""

from __future__ import annotations

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
    Planned,
    Preset,
    PresetName,
    Table,
)
from studio.models.core.recipe import Value

if TYPE_CHECKING:
    from studio.explore.codes import Dial
    from studio.models.core.latents import Prior

SMALL: dict[str, Value] = {
    "optimiser": "adam", "generator_rate": 5e-4, "discriminator_rate": 1e-3, "norm": "batch", "dropout": 0.2,
    "generator_dropout": 0.0, "width": 256, "noise_units": 128, "class_units": 128, "units": 100, "pieces": 3,
    "batch": 64,
}  # fmt: skip
"""What two processor cores train in minutes; D has to be quick, or each class ends as one picture."""
SIZES: dict[PresetName, dict[str, Value]] = {"short": SMALL | {"steps": 6000}, "full": {"steps": 100_000}}
EACH = 1000
"""Samples of each class, as in the paper."""
VALIDATION = 1000
HEADLINE = "samples that a classifier reads as the class asked for"


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(f"{seed}", "cgan", "mnist", {**SIZES[preset], "seed": seed}, f"Digits by class, seed {seed}")
        for seed in seeds
    )


def asked(prior: Prior, dial: Dial, classes: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Latents, EACH of every class, and the class that each asks for."""
    from studio.explore.codes import sweep
    from studio.models.core.latents import draw

    return sweep(draw(prior, EACH, 3), dial, range(classes)), np.tile(np.arange(classes), EACH)


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, model_of, over, scaled, through
    from studio.explore.codes import dials
    from studio.metrics.classifier import classifier
    from studio.metrics.parzen import parzen

    watch = evidence.watch
    data = data_of(evidence.runs[0].run)
    spec, classes = data.spec, len(data.spec.classes)
    judge = classifier(data, watch)
    held = _flat(scaled(data, data.held_out))
    if len(held) < 2 * VALIDATION:
        raise ValueError(f"{spec.name} holds out {len(held):,} images; at least {2 * VALIDATION:,} are needed")
    right, nats, spread, pictures, rows = [], [], [], [], []
    labels = np.asarray(data.labels)[data.held_out]
    real = _spread(held, labels, classes)
    for ran in evidence.runs:
        model, seed = model_of(ran.run), ran.planned.key
        dial = next(d for d in dials(model.prior, "class") if d.name == model.class_part)
        latents, wanted = asked(model.prior, dial, classes)
        made = through(model.decode, latents, watch, "sampling")
        read = through(judge.probabilities, made, watch, "classifying").argmax(axis=1)
        agreed = read == wanted
        right.append(100 * float(agreed.mean()))
        spread.append(100 * _spread(_flat(made), wanted, classes) / real)
        window = parzen(_flat(made), held[:VALIDATION], held[VALIDATION:], watch)
        nats.append(window.value)
        rows += [
            (f"seed {seed}", name, f"{100 * float(agreed[wanted == c].mean()):.1f}")
            for c, name in enumerate(spec.classes)
        ]
        title = "A row for each draw of the noise, a column for each class"
        pictures.append(
            drawing.save_sheet(made[: 10 * classes], spec, evidence.folder, f"classes-{seed}", title, classes)
        )
    agree, likely, differ = Several.of(right), Several.of(nats), Several.of(spread)
    figures = (
        Figure(
            HEADLINE, agree.middle, agree.reach, "%",
            how=f"{EACH:,} of each class, {over(right)}; the classifier itself is right on {judge.accuracy:.2%} of "
            "held-out images",
        ),
        Figure(
            "Parzen log-likelihood", likely.middle, likely.reach or window.error, "nats", "132 ± 1.8",
            f"{EACH * classes:,} samples, width {window.width:.3g} chosen on {VALIDATION:,} held-out images, mean over "
            f"the other {len(held) - VALIDATION:,}, ± {'half the range' if likely.reach else 'standard error'}; real "
            "images as samples give 260",
        ),
        Figure(
            "how much samples of one class differ, against real ones", differ.middle, differ.reach, "%",
            how="root-mean-square deviation from the class's mean picture, over the same of held-out images",
        ),
    )  # fmt: skip
    varied = differ.middle >= 50
    outcome: Outcome = "shown" if agree.middle >= 90 and varied else "partly" if agree.middle >= 50 else "not shown"
    verdict = (
        f"{agree.middle:.1f} % of the samples are read as the class that was asked for, and within a class they differ "
        f"by {differ.middle:.0f} % of what real ones do; their Parzen estimate is {likely.middle:.0f} nats, where the "
        "paper has 132."
    )
    return Findings(
        figures, outcome, verdict, tuple(pictures), Table(("run", "class", "read as asked, %"), tuple(rows))
    )


def _spread(x: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], classes: int) -> float:
    """Root-mean-square deviation of vectors N×D from the mean of their class."""
    own = [x[labels == c] for c in range(classes)]
    return float(np.sqrt(np.mean([((part - part.mean(axis=0)) ** 2).mean() for part in own if len(part)])))


def _flat(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Images in 0..1 as vectors: the range that Parzen windows are reported for."""
    return np.asarray((x.reshape(len(x), -1) + 1) / 2, np.float32)


experiment = Experiment(
    name="cgan_mnist",
    title="A conditional GAN draws the digit that is asked for",
    authors="Mirza, Osindero",
    year=2014,
    paper="Conditional Generative Adversarial Nets",
    arxiv="1411.1784",
    where="section 4.1, figure 2 and table 1",
    claim=(
        "Given a label, the generator draws digits of that class: a row for each label. Parzen-window log-likelihood "
        "132 ± 1.8 nats, less than the unconditional GAN's 225 ± 2."
    ),
    about=(
        "1,000 samples of each class. A classifier trained on the dataset says how many are what was asked for, and "
        "pixels how much samples of a class differ; the paper measures neither. The Parzen window is the paper's "
        "measure, good for comparing with it only. Validation images are held-out ones here, not training ones."
    ),
    datasets=("mnist",),
    short=Preset(
        "short",
        "one run of 6,000 steps, batch 64, smaller nets, Adam",
        4.0,
        "That classes come out as asked. The digits are rougher than the paper's.",
    ),
    full=Preset(
        "full",
        "one run of 100,000 steps (200 epochs), batch 100, the paper's networks and SGD",
        90.0,
        "The paper's setting. For a GPU.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
)
