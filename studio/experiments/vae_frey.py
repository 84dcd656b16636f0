"""A plane of faces: a VAE with two latents on the frames of one video. Kingma & Welling 2014, arXiv:1312.6114,
section 5 and figures 2 and 4a.

The frames come in the order of the video, and no one tells the model. So whether its plane means anything is measured:
two frames that follow each other should lie near each other, against any two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

NETWORK: dict[str, Value] = {
    "decoder": "gaussian",
    "networks": "dense",
    "width": 200,
    "layers": 1,
    "activation": "tanh",
    "batch": 100,
    "rate": 1e-3,
}
"""The paper's: one hidden layer of 200 tanh units on either side. It has Adagrad, and a width for each pixel."""
SIZES: dict[PresetName, dict[str, Value]] = {"short": {"steps": 5000}, "full": {"steps": 50_000}}
LATENTS: dict[PresetName, tuple[int, ...]] = {"short": (2, 20), "full": (2, 5, 10, 20)}
DRAWS = 64
SIDE = 14
"""Faces along a side of the plane."""
NEAR = 0.6
"""Of the distance of any two frames, that of two which follow each other has to be below."""
HEADLINE = "bound of held-out frames, 2 latents"


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(
            f"{latent}/{seed}",
            "vae",
            "frey",
            {**NETWORK, **SIZES[preset], "latent": latent, "seed": seed},
            f"Frey faces, {latent} latents, seed {seed}",
        )
        for seed in seeds
        for latent in LATENTS[preset]
    )


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, over

    data = data_of(evidence.runs[0].run)
    seen = {ran.planned.key: _look(ran.run, data, evidence) for ran in evidence.runs}
    latents, seeds = LATENTS[evidence.preset], evidence.seeds
    alone = pixel_by_pixel(data)

    def of(latent: int, what: str) -> Several:
        return Several.of([seen[f"{latent}/{seed}"][what] for seed in seeds])

    most = max(latents)
    many = f"{len(data.held_out):,} held-out frames"
    how = f"{many}, lower bound (ELBO, uniform dequantisation), mean of {DRAWS} draws, {over(seeds)}"
    weighted = f"{many}, importance-weighted bound of {DRAWS} draws, {over(seeds)}"
    figures = [
        Figure(HEADLINE, of(2, "bits").middle, of(2, "bits").reach, "bits/dim", "curve only", how),
        Figure("the same in nats", of(2, "nats").middle, of(2, "nats").reach, "nats", "curve only", how),
    ]
    for latent in latents:
        value = of(latent, "weighted")
        name = f"importance-weighted bound of held-out frames, {latent} latents"
        figures.append(Figure(name, value.middle, value.reach, "bits/dim", how=weighted))
    near, used = of(2, "near"), of(most, "active")
    figures += [
        Figure("each pixel by itself, a Gaussian", alone, unit="bits/dim", how=f"{many}, fitted to the others, bound"),
        Figure(
            "distance in the plane of frames that follow each other", 100 * near.middle, None, "%",
            how="of that of any two frames, mean over all of the video, 2 latents",
        ),
        Figure(
            f"active units of {most} latents", used.middle, used.reach, "units",
            how="variance of the posterior mean over the frames above 0.01",
        ),
    ]  # fmt: skip
    gain = of(2, "bits").middle - of(most, "bits").middle
    outcome = judged(alone - of(2, "bits").middle, gain, near.middle)
    verdict = (
        f"With two latents a held-out frame costs {of(2, 'bits').middle:.2f} bits/dim ({alone:.2f} pixel by pixel), "
        f"with {most} {of(most, 'bits').middle:.2f}; frames that follow each other lie "
        f"{100 * near.middle:.0f} % as far apart in the plane as any two."
    )
    first = seen[f"2/{seeds[0]}"]
    rows = tuple(
        (
            key.replace("/", " latents, seed "),
            f"{found['bits']:.3f}",
            f"{found['weighted']:.3f}",
            f"{found['training']:.3f}",
            f"{found['active']:.0f}",
        )
        for key, found in seen.items()
    )
    columns = ("run", "ELBO", f"weighted, {DRAWS}", "ELBO, training frames", "active units")
    pictures = (first["plane"], first["again"], seen[f"{most}/{seeds[0]}"]["again"], _curves(evidence))
    return Findings(tuple(figures), outcome, verdict, pictures, Table(columns, rows))


def judged(gained: float, more: float, near: float) -> Outcome:
    """By bits/dim that two latents gain on none, that more latents gain on two, and how near neighbours are."""
    if gained <= 0:
        return "not shown"
    return "shown" if more > 0 and near < NEAR else "partly"


def pixel_by_pixel(data: Dataset) -> float:
    """Bits/dim of held-out images under a Gaussian for each pixel, fitted to the training images, in grey levels each
    with a uniform number added: its mean over that number, in closed form."""
    train = np.asarray(data.values[data.train], np.float64) + 0.5
    held = np.asarray(data.values[data.held_out], np.float64) + 0.5
    variance = train.var(0) + 1 / 12  # of the uniform number
    nats = ((held - train.mean(0)) ** 2 + 1 / 12) / (2 * variance) + np.log(2 * math.pi * variance) / 2
    return float(nats.mean() / math.log(2))


def followed(places: Numbers) -> float:
    """How far apart points N×d are that follow each other, of how far any two are; root mean squares."""
    steps = np.diff(places, axis=0)
    any_two = 2 * places.var(0, ddof=1).sum()
    return float(np.sqrt((steps**2).sum(1).mean() / any_two))


def _look(run: Any, data: Dataset, evidence: Evidence) -> dict[str, Any]:
    """Everything that is to be seen in one run."""
    from studio.experiments.core.looking import model_of, scaled, through
    from studio.metrics import likelihood

    model, watch = model_of(run), evidence.watch
    found = {f.key: f.value for f in likelihood.figures(model, data, len(data), draws=DRAWS, watch=watch)}
    every = np.arange(len(data))
    means = through(model.encode, scaled(data, every), watch, "where the frames lie").astype(np.float64)
    spread = means.var(0)
    name = f"{model.recipe.latent}-{model.recipe.seed}"
    shown = {
        "bits": found["likelihood/bits per dim"],
        "nats": found["likelihood/log-likelihood"],
        "weighted": found["likelihood/bits per dim, importance-weighted"],
        "training": found["likelihood/bits per dim, training examples"],
        "active": float((spread > 0.01).sum()),
        "near": followed(means),
        "again": _again(model, data, evidence, name),
    }
    if model.recipe.latent == 2:
        made = through(model.decode, plane(SIDE), watch, "the plane")
        title = "The plane of faces: the mean picture of each pair of latents, at equal shares of the prior"
        shown["plane"] = drawing.save_sheet(made, data.spec, evidence.folder, f"plane-{name}", title, SIDE)
    return shown


def plane(side: int) -> Floats:
    """Latents side²×2 whose distribution function under N(0, 1) is a regular grid, from the upper left row by row."""
    from scipy.special import ndtri

    shares = np.asarray(ndtri((np.arange(side) + 0.5) / side))
    across, up = np.meshgrid(shares, shares[::-1])
    return np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)


def _again(model: Any, data: Dataset, evidence: Evidence, name: str) -> Picture:
    """Held-out frames, and below each the mean picture of its mean latent."""
    from studio.experiments.core.looking import scaled, through

    chosen = data.held_out[:: max(1, len(data.held_out) // SIDE)][:SIDE]
    x = scaled(data, chosen)
    made = through(lambda given: model.decode(model.encode(given)), x, evidence.watch, "making them again")
    title = f"Held-out frames, and what {model.recipe.latent} latents keep of them"
    both = np.concatenate([x, made])
    return drawing.save_sheet(both, data.spec, evidence.folder, f"again-{name}", title, len(x))


def _curves(evidence: Evidence) -> Picture:
    """The bound of training minibatches and of held-out frames through the training."""
    from studio.runs import curves

    figure, (axes,) = drawing.figure(1, width=6.4)
    for number, ran in enumerate(r for r in evidence.runs if r.planned.key.endswith(f"/{evidence.seeds[0]}")):
        latent, colour = ran.planned.values["latent"], drawing.COLOURS[number]
        for key, curve in curves.read(ran.run.path).curves.items():
            held = key.startswith("bits per dim/held-out")
            if held or key == "bits per dim/training":
                x, y = drawing.smooth(curve.step, curve.y)
                label = f"{latent} latents, {'held-out' if held else 'training'}"
                axes.plot(x, y, color=colour, lw=1.2, ls="-" if held else ":", label=label)
    drawing.dressed(axes, "the bound through the training", "step", "bits/dim")
    return drawing.save(figure, evidence.folder, "bound", "Bound of held-out frames and of training minibatches")


experiment = Experiment(
    name="vae_frey",
    title="A plane of faces from the frames of one video",
    authors="Kingma, Welling",
    year=2014,
    paper="Auto-Encoding Variational Bayes",
    arxiv="1312.6114",
    where="section 5, figures 2 and 4a",
    claim=(
        "Two latents spread the frames of the Frey faces over a plane of expressions and directions that can be walked "
        "through (figure 4a). More latents raise the bound of held-out frames and superfluous ones do no harm; the "
        "figure has curves only."
    ),
    about=(
        "The paper's network, one hidden layer of 200 units, with Adam for Adagrad and one learned width of the "
        "Gaussian for all pixels, where the paper has one for each. The density is of grey levels with a uniform "
        "number added, as flows have it, so that its bits/dim compare with theirs; the paper's nats are of another "
        "density. A tenth of the frames is held out at random: each has neighbours of the same second among the others."
    ),
    datasets=("frey",),
    short=Preset(
        "short",
        "2 and 20 latents, 5,000 steps of 100 frames each",
        2.0,
        "The plane, and that more latents say more of a frame.",
    ),
    full=Preset(
        "full",
        "2, 5, 10 and 20 latents, 50,000 steps of 100 frames each",
        30.0,
        "Whether superfluous latents harm when training goes on for long.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    better="less",
)
