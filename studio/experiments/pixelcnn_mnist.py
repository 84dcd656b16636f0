"""PixelCNN and Gated PixelCNN on binarised MNIST, in nats. van den Oord et al. 2016, arXiv:1601.06759 and
arXiv:1606.05328; the figures for bits drawn anew from a public implementation."""

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
    from studio.data.dataset import Dataset

SYSTEMS = {"pixelcnn": "PixelCNN", "gated_pixelcnn": "Gated PixelCNN"}
REPORTED = {"pixelcnn": "81.45", "gated_pixelcnn": "81.50"}
"""Nats of test images with bits drawn anew, 457 and some epochs (github.com/EugenHotaj/pytorch-generative)."""
LOGISTIC = 96.58
"""The same of logistic autoregression (FVBN), from the same source: what these have to be better than."""
REACHED = 82.0
SIZES: dict[PresetName, dict[str, dict[str, Value]]] = {
    "short": {
        "pixelcnn": {"width": 16, "blocks": 8, "head": 32, "steps": 1600, "rate": 3e-3, "average": 0.99},
        "gated_pixelcnn": {
            "width": 16, "layers": 6, "head": 32, "kernel": 5, "steps": 1600, "rate": 5e-3, "average": 0.99,
        },
    },
    "full": {
        "pixelcnn": {"width": 64, "blocks": 15, "head": 64, "steps": 94_000, "rate": 1e-3, "average": 0.9995},
        "gated_pixelcnn": {
            "width": 64, "layers": 10, "head": 64, "kernel": 5, "steps": 94_000, "rate": 1e-3, "average": 0.9995,
        },
    },
}  # fmt: skip
BATCH: dict[PresetName, int] = {"short": 32, "full": 64}
TESTED: dict[PresetName, int] = {"short": 1000, "full": 10_000}
DRAWN, SURPRISED = 40, 8
"""Samples on a sheet, and test images whose surprise is drawn."""
HEADLINE = "test log-likelihood of Gated PixelCNN, exact"


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(
            f"{name}/{seed}",
            name,
            "mnist",
            {
                **SIZES[preset][name], "batch": BATCH[preset], "values": "dynamic", "seed": seed,
                **({"conditional": False} if name == "gated_pixelcnn" else {}),
            },
            f"{title} on bits of MNIST, seed {seed}",
        )
        for name, title in SYSTEMS.items()
        for seed in seeds
    )  # fmt: skip


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, model_of, over, samples
    from studio.metrics.likelihood import examples, log_likelihoods

    data = data_of(evidence.runs[0].run)
    if len(data.held_out) < 2:
        raise ValueError(f"{data.spec.name} has no examples held out to score")
    random = np.random.default_rng(0)
    held = examples(data, random.permutation(data.held_out)[: TESTED[evidence.preset]])
    alone = by_themselves(data)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SYSTEMS}
    rows: list[tuple[str, ...]] = [("each pixel by itself", f"{alone:.2f}", "–", "–", "–")]
    pictures: list[Picture] = []
    surprises: dict[str, npt.NDArray[Any]] = {}
    for ran in evidence.runs:
        name, _, seed = ran.planned.key.partition("/")
        model, state = model_of(ran.run), ran.run.state()
        nats = -log_likelihoods(model, held, watch=evidence.watch)[:, 0]
        mean, error = float(nats.mean()), float(nats.std(ddof=1) / math.sqrt(len(nats)))
        found[name].append((mean, error))
        seen = state.step * BATCH[evidence.preset] / len(data.train)
        size = f"{sum(p.numel() for p in model.parameters()):,}"
        row = (f"{SYSTEMS[name]}, seed {seed}", f"{mean:.2f} ± {error:.2f}", size, f"{seen:.2f}")
        rows.append((*row, f"{state.seconds / 60:.1f}"))
        made = samples(model, DRAWN, evidence.watch, seed=3)
        pictures.append(
            drawing.save_sheet(
                made, data.spec, evidence.folder, f"samples-{name}-{seed}", f"Drawn by {SYSTEMS[name]}, seed {seed}", 10
            )
        )
        surprises.setdefault(name, _surprise(model, held[:SURPRISED]))
    middle = {name: Several.of([mean for mean, _ in values]) for name, values in found.items()}
    many = f"{len(held):,} test images, exact of bits drawn anew, one draw of the bits"
    figures = [
        Figure(
            f"test log-likelihood of {SYSTEMS[name]}, exact", -value.middle,
            value.reach if value.reach is not None else found[name][0][1], "nats", f"−{REPORTED[name]}",
            f"{many}, {over(evidence.seeds) if value.reach is not None else 'one seed ± standard error'}",
        )
        for name, value in reversed(middle.items())
    ]  # fmt: skip
    figures.append(Figure("test log-likelihood of each pixel by itself", -alone, None, "nats", how="the line to beat"))
    nats_of = {name: value.middle for name, value in middle.items()}
    told = ", ".join(f"{SYSTEMS[name]} {nats_of[name]:.1f}" for name in SYSTEMS)
    epochs = evidence.runs[0].run.state().step * BATCH[evidence.preset] / len(data.train)
    verdict = (
        f"A test image costs, in nats, by {told}, after {epochs:.2g} epochs; the implementation that is held "
        f"against has {', '.join(REPORTED.values())} after hundreds, logistic autoregression {LOGISTIC}, and pixel by "
        f"pixel it is {alone:.0f}."
    )
    pictures += [_curve(evidence), _heats(held[:SURPRISED], surprises, evidence)]
    columns = ("code", "test images, nats", "parameters", "epochs", "minutes")
    return Findings(tuple(figures), judged(nats_of), verdict, tuple(pictures), Table(columns, tuple(rows)))


def judged(nats: Mapping[str, float]) -> Outcome:
    """Both near the reported figures; or both better than logistic autoregression; or not."""
    worst = max(nats.values())
    return "shown" if worst <= REACHED else "partly" if worst < LOGISTIC else "not shown"


def by_themselves(data: Dataset) -> float:
    """Nats of a held-out image whose bits are drawn by its grey levels, when each pixel has the probability that it has
    in the training images: the cross-entropy, over all draws."""
    shares = []
    for indices in (data.train, data.held_out):
        total = np.zeros(math.prod(data.spec.shape))
        for part in np.array_split(indices, max(1, len(indices) // 5000)):
            total += np.asarray(data.values[part], np.float64).reshape(len(part), -1).sum(0) / 255
        shares.append((total, len(indices)))
    (lit, many), (held, tested) = shares
    p, q = (lit + 0.5) / (many + 1), held / tested
    return float(-(q * np.log(p) + (1 - q) * np.log(1 - p)).sum())


# --- pictures


def _surprise(model: Any, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """What each pixel costs, N×H×W in nats, and the bits N×H×W themselves in front: N×2×H×W."""
    import torch

    with torch.inference_mode():
        held = model.held(torch.from_numpy(x), torch.Generator().manual_seed(0))
        nats = -model.log_conditionals(held).view(len(x), *model.data.size)
    return np.stack([held[:, 0].numpy(), nats.numpy()], 1)


def _heats(x: npt.NDArray[np.float32], found: dict[str, npt.NDArray[Any]], evidence: Evidence) -> Picture:
    figure, places = drawing.figure(len(x), 1 + len(found), width=1.1, height=1.2)
    bits = next(iter(found.values()))[:, 0]
    at = iter(places)
    for image in bits:
        next(at).imshow(image, cmap="gray", vmin=-1, vmax=1)
    highest = float(np.quantile(np.stack([heats[:, 1] for heats in found.values()]), 0.998))
    for heats in found.values():
        for heat in heats[:, 1]:
            next(at).imshow(heat, cmap="magma", vmin=0, vmax=highest)
    for place in places:
        place.set(xticks=[], yticks=[])
    for place, title in zip(places[:: len(x)], ("bits", *(SYSTEMS[name] for name in found)), strict=True):
        place.set_title(title, fontsize=7, loc="left")
    title = f"What each pixel of test images costs given those before it: black 0, bright {highest:.1f} nats and more"
    return drawing.save(figure, evidence.folder, "surprise", title)


def _curve(evidence: Evidence) -> Picture:
    from studio.runs import curves

    figure, (axes,) = drawing.figure()
    lowest = []
    for ran, colour in zip(evidence.runs, drawing.COLOURS, strict=False):
        name, _, seed = ran.planned.key.partition("/")
        read = curves.read(ran.run.path).curves
        for curve, way, what in (("held-out", "o-", "test"), ("training", "-", "minibatches")):
            names = [n for n in read if n.startswith(f"log-likelihood/{curve}") and "as many" not in n]
            for one in names[:1]:
                x, y = drawing.smooth(read[one].step, -read[one].y)
                wide, strong = (0.7, 0.45) if what == "minibatches" else (1.4, 1.0)
                said = f"{SYSTEMS[name]}, seed {seed}, {what}"
                axes.plot(x, y, way, color=colour, label=said, lw=wide, alpha=strong, ms=3)
                lowest.append(float(np.nanmin(y)))
    axes.axhline(float(REPORTED["pixelcnn"]), color="black", lw=0.6, ls=":", label="reported, 81.45 and 81.50")
    if lowest:
        axes.set_ylim(min(78.0, min(lowest) - 1), max(130.0, min(lowest) + 20))
    drawing.dressed(axes, "What an image costs", "steps", "nats")
    return drawing.save(
        figure, evidence.folder, "nats", "Nats of test images (256 of them) and of training minibatches"
    )


experiment = Experiment(
    name="pixelcnn_mnist",
    title="PixelCNN and Gated PixelCNN on binarised MNIST, in nats",
    authors="van den Oord, Kalchbrenner, Vinyals, Espeholt, Graves, Kavukcuoglu",
    year=2016,
    paper="Pixel Recurrent Neural Networks; Conditional Image Generation with PixelCNN Decoders",
    arxiv="1606.05328",
    where="the models; the figures for MNIST with bits drawn anew are those of a public implementation",
    claim=(
        "Convolutions that are masked give exact likelihoods better than all models before them: 81.45 nats with "
        "PixelCNN and 81.50 with Gated PixelCNN after hundreds of epochs of MNIST with bits drawn anew, where logistic "
        "autoregression has 96.58. (The first paper has 79.20 with a Diagonal BiLSTM on bits drawn once for all, which "
        "must not be compared.)"
    ),
    about=(
        "Both by Adam, told no class. Bits are drawn anew from the grey levels whenever an image is shown; the figure "
        "is the exact log-likelihood of test images whose bits are drawn once. Beside it what the pixels cost by "
        "themselves, and where on an image the nats are spent."
    ),
    datasets=("mnist",),
    short=Preset(
        "short",
        "both for 1,600 steps of 32 images (0.9 epochs), 16 channels",
        6.0,
        "That less than one epoch gets below logistic autoregression; strokes that look like digits.",
    ),
    full=Preset(
        "full",
        "both for 94,000 steps of 64 images (100 epochs), 64 channels, 15 blocks and 10 layers",
        6000.0,
        "The figures, nearly. For a GPU.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
)
