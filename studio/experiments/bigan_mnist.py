"""BiGAN's encoder makes features in which the nearest neighbour tells the digit.
Donahue et al. 2017, arXiv:1605.09782."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
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
    from studio.data.dataset import Dataset
    from studio.data.watch import Watch

Floats = npt.NDArray[np.float32]
SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {"steps": 8000, "batch": 64, "units": 256},
    "full": {"steps": 187_500, "batch": 128, "units": 1024},
}
TESTED = {"short": 2000, "full": 10_000}
KNOWN = {"short": 20_000, "full": 1 << 30}
"""Training examples among which the nearest is looked for."""
HEADLINE = "1-NN accuracy of the encoder's features"
BLOCK = 2000


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(f"{seed}", "bigan", "mnist", {**SIZES[preset], "seed": seed}, f"BiGAN features, seed {seed}")
        for seed in seeds
    )


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, model_of, over, scaled, through

    watch = evidence.watch
    data = data_of(evidence.runs[0].run)
    if data.labels is None or not len(data.held_out):
        raise ValueError(f"{data.spec.name} has no labels, or no examples held out, to tell classes of")
    test = data.held_out[: TESTED[evidence.preset]]
    known = np.random.default_rng(0).permutation(data.train)[: KNOWN[evidence.preset]]
    pixels = _told(data, known, test, lambda x: x.reshape(len(x), -1), watch)
    rows, pictures = [("raw pixels", f"{pixels:.2f}", "–", "–")], []
    found: dict[str, list[float]] = {"features": [], "latent": [], "error": []}
    for ran in evidence.runs:
        model = model_of(ran.run)
        own = {
            "features": _told(data, known, test, partial(through, model.embed, watch=watch, what="features"), watch),
            "latent": _told(data, known, test, partial(through, model.encode, watch=watch, what="latents"), watch),
        }
        x = scaled(data, test)
        again = through(model.decode, through(model.encode, x, watch, "encoding"), watch, "reconstructing")
        own["error"] = float(np.sqrt(((again - x) ** 2).mean()) * 127.5)
        for name, value in own.items():
            found[name].append(value)
        seed = ran.planned.key
        rows.append((f"BiGAN, seed {seed}", f"{own['features']:.2f}", f"{own['latent']:.2f}", f"{own['error']:.1f}"))
        both = np.concatenate([np.stack([x[i], again[i]]) for i in range(32)])
        title = "Held-out digits, each with G(E(x)) at its right"
        pictures.append(drawing.save_sheet(both, data.spec, evidence.folder, f"reconstructed-{seed}", title, 8))
    features, latent, error = (Several.of(found[name]) for name in ("features", "latent", "error"))
    how = f"{len(test):,} held-out among {len(known):,} training images, {over(evidence.runs)}"
    figures = (
        Figure(HEADLINE, features.middle, features.reach, "%", "97.39 %", f"layer before the code; {how}"),
        Figure("1-NN accuracy of the code E(x)", latent.middle, latent.reach, "%", "92.10 % (authors' log)", how),
        Figure("1-NN accuracy of raw pixels", pixels, unit="%", how=f"the same images; {how.rpartition(',')[0]}"),
        Figure(
            "reconstruction error", error.middle, error.reach, "grey levels (RMSE, 0..255)", how="x against G(E(x))"
        ),
    )
    reached = features.middle >= 96.5
    outcome: Outcome = "shown" if reached else "partly" if features.middle > pixels else "not shown"
    verdict = (
        f"The encoder's features tell {features.middle:.2f} % of the digits (the paper 97.39 %), "
        f"raw pixels {pixels:.2f} % and the code itself {latent.middle:.2f} %."
    )
    table = Table(("in", "1-NN of features, %", "1-NN of the code, %", "RMSE, grey levels"), tuple(rows))
    return Findings(figures, outcome, verdict, tuple(pictures), table)


def _told(
    data: Dataset,
    known: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
    see: Callable[[Floats], Floats],
    watch: Watch,
) -> float:
    """1-NN accuracy in percent, in the features that ``see`` makes of examples."""
    from studio.experiments.core.looking import scaled
    from studio.metrics.nearest import class_accuracy

    labels = data.labels
    assert labels is not None

    def blocks() -> Iterator[tuple[Floats, npt.NDArray[np.int64]]]:
        for start in range(0, len(known), BLOCK):
            part = known[start : start + BLOCK]
            yield see(scaled(data, part)), np.asarray(labels[part])

    return 100 * class_accuracy(blocks(), see(scaled(data, test)), np.asarray(labels[test]), watch, len(known))


experiment = Experiment(
    name="bigan_mnist",
    title="Features that an encoder learns from a game tell digits apart",
    authors="Donahue, Krähenbühl, Darrell",
    year=2017,
    paper="Adversarial Feature Learning",
    arxiv="1605.09782",
    where="section 4.2 and table 1",
    claim=(
        "On permutation-invariant MNIST the nearest neighbour in the encoder's features (the layer before the code) "
        "has the right label for 97.39 % of the test images. The code itself gives about 92 %."
    ),
    about=(
        "Fully connected encoder, generator and joint discriminator; the nearest training image in the features of "
        "each held-out image gives its label. Raw pixels are the line to beat."
    ),
    datasets=("mnist",),
    short=Preset(
        "short",
        "one run of 8,000 steps, batch 64, 256 units instead of 1,024",
        4.0,
        "That features of a game without labels tell digits far better than chance; 400 epochs' worth of accuracy "
        "cannot come out of eight.",
    ),
    full=Preset(
        "full",
        "one run of 187,500 steps (400 epochs), batch 128, the paper's networks",
        300.0,
        "The paper's figure. For a GPU; about 5 hours on two processor cores.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
)
