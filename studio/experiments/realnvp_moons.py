"""RealNVP maps two moons to a Gaussian and back, with a density that is known. Dinh et al. 2017, arXiv:1605.08803.

How the moons are drawn is known (:func:`studio.data.toys.two_moons`), so what the flow learned is held against the true
density, a mean of Gaussians along two half circles, instead of being looked at only:

    p(x) = ½ Σ over moons of  1/π ∫₀^π N(x; c(a), 0.08² I) da
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
    from studio.data.watch import Watch

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
POINTS: dict[str, Value] = {"width": 64, "blocks": 2, "couplings": 8, "norm": "actnorm", "batch": 256}
"""What the model takes for points by itself."""
SIZES: dict[PresetName, dict[str, Value]] = {"short": POINTS | {"steps": 4000}, "full": POINTS | {"steps": 40_000}}
NOISE, SCALE = 0.08, 1.2
"""Of the moons: standard deviation, and the radius of the half circles."""
REACH = 3.0
"""Half the side of the window over which the density is summed; the moons end at 2."""
CELLS = 240
DRAWN = 4000
KERNELS = (0.02, 0.03, 0.045, 0.07, 0.1, 0.15)
"""Widths that are tried for the kernel estimate, in the unit of the axes."""
HEADLINE = "KL divergence of the flow from the true density, held-out points"


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(f"{seed}", "realnvp", "two-moons", {**SIZES[preset], "seed": seed}, f"Two moons, seed {seed}")
        for seed in seeds
    )


# --- the truth


def true_log_density(x: npt.ArrayLike, arcs: int = 600) -> Numbers:
    """ln p of points N×2 in nats; each half circle by the midpoint rule with so many places: a dozen to a standard
    deviation, where the rule's error is far below a float32's."""
    at = np.asarray(x, np.float64)
    angle = (np.arange(arcs) + 0.5) / arcs * np.pi
    cos, sin = np.cos(angle), np.sin(angle)
    across = np.concatenate([cos - 0.5, 0.5 - cos]) * SCALE
    up = np.concatenate([sin - 0.25, 0.25 - sin]) * SCALE
    found = np.empty(len(at))
    for start in range(0, len(at), 2000):
        some = at[start : start + 2000]
        squared = (some[:, :1] - across) ** 2 + (some[:, 1:] - up) ** 2
        found[start : start + 2000] = np.logaddexp.reduce(-squared / (2 * NOISE**2), axis=1)
    return np.asarray(found - math.log(2 * arcs) - math.log(2 * math.pi * NOISE**2))


def gap(z: Numbers) -> float:
    """The largest gap between the distribution of |z|² and that of two normal values (χ² of two, which is known)."""
    squared = np.sort((z**2).sum(axis=1))
    below = 1 - np.exp(-squared / 2)
    n = len(squared)
    return float(max((np.arange(1, n + 1) / n - below).max(), (below - np.arange(n) / n).max()))


# --- what the flow learned


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, model_of, over
    from studio.explore.flows import grid, inverses, mass
    from studio.metrics.likelihood import examples, log_likelihoods
    from studio.models.core.latents import draw

    watch = evidence.watch
    data = data_of(evidence.runs[0].run)
    held = examples(data, data.held_out)
    upper = np.asarray(data.labels)[np.sort(data.held_out)] == 0
    truth = true_log_density(held)
    window = grid((0.0, 0.0), REACH, CELLS)
    kernels = kernel_estimate(data.values[data.train], held, watch)
    found: dict[str, list[float]] = {name: [] for name in ("kl", "error", "nats", "mass", "back", "gap")}
    rows: list[tuple[str, ...]] = [
        ("true density", f"{truth.mean():.4f}", "0", "1", "–", "–"),
        ("kernels of the best width", f"{kernels:.4f}", f"{truth.mean() - kernels:.4f}", "–", "–", "–"),
    ]
    drawn: list[tuple[Any, ...]] = []
    for ran in evidence.runs:
        model, seed = model_of(ran.run), ran.planned.key
        scored = log_likelihoods(model, held, watch=watch)[:, 0]
        less = truth - scored
        density = log_likelihoods(model, window, watch=watch)[:, 0].reshape(CELLS, CELLS)
        there = inverses(model, held, watch=watch)
        made = _decoded(model, draw(model.prior, DRAWN, 5))
        own = {
            "kl": float(less.mean()),
            "error": float(less.std(ddof=1) / math.sqrt(len(less))),
            "nats": float(scored.mean()),
            "mass": mass(density, REACH),
            "back": float(np.abs(_decoded(model, there.z) - held).max()),
            "gap": gap(there.z.astype(np.float64)),
        }
        for name, value in own.items():
            found[name].append(value)
        rows.append(
            (
                f"RealNVP, seed {seed}",
                f"{own['nats']:.4f}",
                f"{own['kl']:.4f} ± {own['error']:.4f}",
                f"{own['mass']:.5f}",
                f"{own['back']:.1g}",
                f"{own['gap']:.3f}",
            )
        )
        drawn.append((held, upper, there.z, made, density))
    kl, nats, whole, back, away = (Several.of(found[name]) for name in ("kl", "nats", "mass", "back", "gap"))
    error = kl.reach if kl.reach is not None else found["error"][0]
    which = over(evidence.seeds) if kl.reach is not None else "one seed ± standard error"
    many = f"{len(held):,} held-out points"
    figures = (
        Figure(HEADLINE, kl.middle, error, "nats", how=f"mean of ln p − ln q over {many}, {which}"),
        Figure(
            "log-likelihood of held-out points", nats.middle, nats.reach, "nats",
            how=f"exact, {many}; the true density gives them {truth.mean():.4f}, Gaussian kernels {kernels:.4f}",
        ),
        Figure(
            "what the density sums to", whole.middle, whole.reach, reported="1",
            how=f"{CELLS}×{CELLS} cells of −{REACH:g}..{REACH:g}; 1 is claimed by construction",
        ),
        Figure(
            "largest error there and back", back.middle, back.reach, "of the unit of the axes",
            reported="0", how=f"any coordinate of {many}, float32",
        ),
        Figure(
            "largest gap of the latents from a Gaussian", away.middle, away.reach,
            how=f"Kolmogorov–Smirnov, |z|² of {many} against χ² of two; chance alone gives about "
            f"{0.87 / math.sqrt(len(held)):.3f}",
        ),
    )  # fmt: skip
    outcome = judged(kl.middle, whole.middle, back.middle)
    verdict = (
        f"The flow is {kl.middle:.3f} nats from the true density of the moons, where kernels around "
        f"{len(data.train):,} points are {truth.mean() - kernels:.3f} from it; it sums to {whole.middle:.4f}, and "
        f"points come back to {back.middle:.0e}."
    )
    columns = ("density", "held-out, nats", "KL from the truth, nats", "mass", "there and back", "gap")
    return Findings(figures, outcome, verdict, _draw(drawn[0], evidence), Table(columns, tuple(rows)))


def judged(kl: float, whole: float, back: float) -> Outcome:
    """Whether a density, its sum and its inverse are what the paper claims of them."""
    exact = abs(whole - 1) < 0.01 and back < 1e-3
    return "shown" if exact and kl < 0.05 else "partly" if exact or kl < 0.05 else "not shown"


def kernel_estimate(train: Floats, held: Floats, watch: Watch) -> float:
    """Held-out log-likelihood of Gaussian kernels around half of the training points; the other half chooses the
    width."""
    from studio.metrics.parzen import log_densities

    some = np.random.default_rng(0).permutation(len(train))
    centres, others = (np.asarray(train[part], np.float32) for part in np.array_split(some, 2))
    tried = log_densities(centres, others[:2000], KERNELS, watch).mean(axis=1)
    width = KERNELS[int(tried.argmax())]
    return float(log_densities(np.asarray(train, np.float32), held, (width,), watch)[0].mean())


def _decoded(model: Any, z: Floats) -> Floats:
    import torch

    with torch.inference_mode():
        return np.asarray(model.decode(torch.from_numpy(z)).numpy())


def _draw(drawn: tuple[Any, ...], evidence: Evidence) -> tuple[Picture, ...]:
    from studio.explore.flows import grid

    held, upper, z, made, density = drawn
    figure, places = drawing.figure(4, width=2.5, height=2.7)
    random = np.random.default_rng(0).standard_normal((len(made), 2))
    shown = (
        ("x: held-out points", held, upper, REACH - 0.8),
        ("z = f(x)", z, upper, 3.6),
        ("z drawn from N(0, I)", random, None, 3.6),
        ("x = f⁻¹(z)", made, None, REACH - 0.8),
    )
    for place, (title, points, told, reach) in zip(places, shown, strict=True):
        parts = [(points, drawing.COLOURS[2])]
        if told is not None:
            parts = [(points[told], drawing.COLOURS[0]), (points[~told], drawing.COLOURS[1])]
        for some, colour in parts:
            place.scatter(some[:DRAWN, 0], some[:DRAWN, 1], s=1.5, color=colour, lw=0)
        place.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
        place.set_title(title, fontsize=9, loc="left")
    title = "The four pictures of the paper's figure 1: points to latents, latents to points"
    mapped = drawing.save(figure, evidence.folder, "mapping", title)
    figure, places = drawing.figure(2, width=3.2, height=3.2)
    truth = np.exp(true_log_density(grid((0.0, 0.0), REACH, CELLS))).reshape(CELLS, CELLS)
    for place, title, heat in zip(places, ("the true density", "the flow's"), (truth, np.exp(density)), strict=True):
        place.imshow(heat, extent=(-REACH, REACH, -REACH, REACH), cmap="viridis", vmin=0, vmax=truth.max())
        place.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xticks=[], yticks=[])
        place.set_title(title, fontsize=9, loc="left")
    title = "The true density of the moons and the flow's, on one scale"
    return mapped, drawing.save(figure, evidence.folder, "density", title)


experiment = Experiment(
    name="realnvp_moons",
    title="RealNVP maps two moons to a Gaussian and back",
    authors="Dinh, Sohl-Dickstein, Bengio",
    year=2017,
    paper="Density estimation using Real NVP",
    arxiv="1605.08803",
    where="figure 1 and sections 3.1 to 3.3",
    claim=(
        "Coupling layers learn an invertible, stable map from data to a Gaussian: inference is exact, sampling is "
        "exact and as fast, and the density is known. The paper shows it on two moons, without a figure."
    ),
    about=(
        "How the moons are drawn is known, so the flow's density is held against the true one: the KL divergence, "
        "which is 0 only for the same density. Beside it kernels around all training points, what the density sums to "
        "over the plane, the error there and back, and how far the latents are from a Gaussian. The networks are the "
        "model's own for points; the paper says nothing of its."
    ),
    datasets=("two-moons",),
    short=Preset("short", "one run of 4,000 steps", 1.5, "All of the claim."),
    full=Preset("full", "three runs of 40,000 steps", 90.0, "How near to the truth it comes in the end, over seeds."),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    better="less",
    full_seeds=3,
)
