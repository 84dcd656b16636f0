"""How many modes of a mixture each system reaches. Protocol of Lin et al. 2018 (PacGAN, arXiv:1712.04086, section 4.1),
after Srivastava et al. 2017 (VEEGAN, arXiv:1705.07761).

The mixtures are WGAN-GP's, which are theirs in another unit: the ring of radius 1 and σ 0.01 times √2, the lattice of
step 2 and σ 0.05 divided by 2√2. Whether a sample is within 3 σ of a mode does not depend on the unit. There are 20,000
points instead of 100,000; the full preset of the GAN sees each as often, 400 times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    Table,
)
from studio.models.core.recipe import Value

if TYPE_CHECKING:
    from studio.data.dataset import Dataset

Floats = npt.NDArray[np.float32]

PACGAN: dict[str, Value] = {
    "latent": 2, "noise": "normal", "width": 400, "layers": 4, "norm": "batch", "units": 200,
    "discriminator_layers": 3, "pieces": 5, "dropout": 0.0, "input_dropout": 0.0, "optimiser": "adam",
    "generator_rate": 1e-4, "discriminator_rate": 1e-4, "beta1": 0.8, "batch": 100,
}  # fmt: skip
"""The GAN of PacGAN's table: 4 layers of 400 against 3 maxout layers of 200, Adam 1e-4 with β1 0.8."""
SYSTEMS: dict[str, dict[str, Value]] = {
    "gan": PACGAN,
    "wgan": {"latent": 2, "width": 512, "batch": 256},
    "wgan_gp": {"latent": 2, "width": 512, "batch": 256, "penalty": 0.1},
    "sngan": {"latent": 2, "width": 256, "batch": 256},
}
FAST: dict[str, Value] = {"width": 128, "batch": 128, "average": 0.99, "generator_rate": 1e-3}
"""Small networks at ten times the papers' rates, of which most samples sit on the modes after half a minute."""
QUICK: dict[str, dict[str, Value]] = {
    "gan": FAST
    | {"discriminator_rate": 1e-3, "beta1": 0.5, "layers": 3, "units": 64, "pieces": 3, "discriminator_layers": 2}
    | {"steps": 5500},
    "wgan": FAST | {"critic_rate": 5e-4, "generator_rate": 5e-4, "clip": 0.1, "critic_steps": 3, "steps": 2800},
    "wgan_gp": FAST | {"critic_rate": 1e-3, "critic_steps": 3, "steps": 2200},
    "sngan": FAST | {"discriminator_rate": 1e-3, "discriminator_steps": 2, "steps": 3200},
}
LONG: dict[str, int] = {"gan": 80_000, "wgan": 20_000, "wgan_gp": 20_000, "sngan": 20_000}
TITLES = {"gan": "GAN", "wgan": "WGAN", "wgan_gp": "WGAN-GP", "sngan": "SN-GAN"}
MIXTURES = ("8gaussians", "25gaussians")
REPORTED = {
    ("gan", "8gaussians"): "6.3 ± 0.5 modes, 98.2 %, 0.45 nats",
    ("gan", "25gaussians"): "17.3 ± 0.8 modes, 94.8 %, 0.70 nats",
}
SCORED = 2500
SETTLED = 50.0
"""Percent of the samples near a mode from which on a system is said to have settled on its modes."""
HEADLINE = "modes that the GAN reaches of the 8 on a ring"


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    made = []
    for mixture in MIXTURES:
        for system, recipe in SYSTEMS.items():
            more = QUICK[system] if preset == "short" else {"steps": LONG[system]}
            for seed in seeds:
                values = {**recipe, **more, "seed": seed}
                title = f"{TITLES[system]} on {mixture[:-9]} Gaussians, seed {seed}"
                made.append(Planned(f"{system}/{mixture}/{seed}", system, mixture, values, title))
    return tuple(made)


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, model_of, samples
    from studio.metrics.modes import coverage, mixture

    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    clouds: dict[tuple[str, str], tuple[Floats, Dataset]] = {}
    for done, ran in enumerate(evidence.runs):
        evidence.watch.advance(done, len(evidence.runs), "counting modes")
        key = (ran.planned.model, ran.planned.dataset)
        data = data_of(ran.run)
        cloud = samples(model_of(ran.run), SCORED, evidence.watch)
        centres, sigma = mixture(data)
        seen = coverage(cloud, centres, sigma)
        found.setdefault(key, []).append((float(seen.modes), 100 * seen.high_quality, seen.reverse_kl))
        clouds.setdefault(key, (cloud, data))
    rows, figures = [], []
    seeds = len(evidence.seeds)
    how = f"{SCORED:,} samples, " + (f"median of {seeds} seeds ± half the range" if seeds > 1 else "one seed")
    reached: dict[tuple[str, str], float] = {}
    near_one: dict[tuple[str, str], float] = {}
    for (system, name), values in found.items():
        modes, near, kl = (Several.of([v[i] for v in values]) for i in range(3))
        of = 8 if name == "8gaussians" else 25
        reached[system, name], near_one[system, name] = modes.middle / of, near.middle
        rows.append(
            (
                TITLES[system],
                f"{of}",
                str(Figure("", modes.middle, modes.reach)),
                str(Figure("", near.middle, near.reach)),
                str(Figure("", kl.middle, kl.reach)),
                REPORTED.get((system, name), "–"),
            )
        )
        where = "of the 8 on a ring" if of == 8 else "of the 25 on a lattice"
        figures.append(
            Figure(
                f"modes that the {TITLES[system]} reaches {where}",
                modes.middle,
                modes.reach,
                f"modes of {of}",
                REPORTED.get((system, name), "").partition(" modes")[0],
                how,
            )
        )
    outcome = judged(reached, near_one)
    said = "; ".join(
        f"{TITLES[s]} {reached[s, '8gaussians'] * 8:.0f} of 8 and {reached[s, '25gaussians'] * 25:.0f} of 25, with "
        f"{near_one[s, '8gaussians']:.0f} and {near_one[s, '25gaussians']:.0f} % of the samples near one"
        for s in SYSTEMS
    )
    verdict = f"Modes reached: {said}. Samples of the mixture itself have 98.9 % near one."
    columns = ("system", "modes there are", "reached", "within 3 σ, %", "reverse KL, nats", "PacGAN's table")
    return Findings(tuple(figures), outcome, verdict, (_draw(clouds, evidence),), Table(columns, tuple(rows)))


def judged(reached: Mapping[tuple[str, str], float], near: Mapping[tuple[str, str], float]) -> Outcome:
    """Whether the GAN is seen to miss modes where its samples, and those of a system that reaches more, are near some.

    Args:
        reached: share of the modes 0..1 by system and mixture; near: percent of the samples that are near one. Samples
            strewn over the plane reach every mode with a few of them, so modes alone show nothing.
    """
    missed = [name for name in MIXTURES if reached["gan", name] < 1]
    settled = {key for key, share in near.items() if share >= SETTLED}
    for name in missed:
        others = [s for s in SYSTEMS if (s, name) in settled and reached[s, name] > reached["gan", name]]
        if ("gan", name) in settled and others:
            return "shown"
    return "partly" if missed else "not shown"


def _draw(clouds: dict[tuple[str, str], tuple[Floats, Dataset]], evidence: Evidence) -> Picture:
    from studio.metrics.modes import mixture

    figure, axes = drawing.figure(len(SYSTEMS), len(MIXTURES), width=1.9, height=2.0)
    for place, (system, name) in zip(axes, [(s, m) for m in MIXTURES for s in SYSTEMS], strict=True):
        cloud, data = clouds[system, name]
        centres, _ = mixture(data)
        place.scatter(centres[:, 0], centres[:, 1], s=26, facecolors="none", edgecolors="grey", linewidths=0.6)
        place.scatter(cloud[:500, 0], cloud[:500, 1], s=2, color=drawing.COLOURS[0], alpha=0.5, linewidths=0)
        reach = 1.35 * float(np.abs(centres).max())
        place.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
        place.set_title(TITLES[system], fontsize=9)
    title = f"Samples of each system; rings: the modes. Seed {evidence.seeds[0]}"
    return drawing.save(figure, evidence.folder, "modes", title)


experiment = Experiment(
    name="mode_collapse",
    title="Mode collapse on 8 and 25 Gaussians, by system",
    authors="Lin, Khetan, Fanti, Oh",
    year=2018,
    paper="PacGAN: The power of two samples in generative adversarial networks",
    arxiv="1712.04086",
    where="section 4.1 and table 1",
    claim=(
        "A plain GAN misses modes: 6.3 ± 0.5 of 8 on a ring with 98.2 % of the samples near one, 17.3 ± 0.8 of 25 on a "
        "lattice with 94.8 %. (VEEGAN's paper reports 1 and 3.3 for its GAN: networks decide more than the loss.)"
    ),
    about=(
        "2,500 samples of each system; a mode counts when a sample is within 3 σ of it. The GAN has PacGAN's networks "
        "in the full preset; the other systems, of which PacGAN reports nothing, those of WGAN-GP's toy experiments."
    ),
    datasets=MIXTURES,
    short=Preset(
        "short",
        "8 runs of 2,200 to 5,500 steps, small networks, rates ten times the papers', one seed",
        5.0,
        "Which systems find all modes, and how evenly; on the ring most samples settle on the modes, on the lattice a "
        "third does. WGAN's clip is ten times the paper's too.",
    ),
    full=Preset(
        "full",
        "24 runs, 3 seeds: the GAN 80,000 steps, the others 20,000 of 5 + 1 moves",
        900.0,
        "The paper's 400 epochs, of our 20,000 points instead of its 100,000. For a GPU.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    full_seeds=3,
)
