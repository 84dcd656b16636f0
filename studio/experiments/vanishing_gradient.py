"""The gradient of the best discriminator vanishes, a critic's does not. Arjovsky et al. 2017, arXiv:1701.07875.

Real examples are N(0, 1) and made ones N(θ, 1). In closed form, with the origin moved half way between them:

    logit D*(x) = −θ x,    E_made |∂ log(1 − D*(x))/∂x| = θ E_made D*(x) → 0 as θ grows,    W1 = θ, whose slope is 1.

Nothing here is a run: both nets are trained to the end on fresh draws for each θ, in seconds, and held against that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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

if TYPE_CHECKING:
    import torch

    from studio.data.watch import Watch

Floats = npt.NDArray[np.float64]

APART = (1.0, 2.0, 3.0, 4.0, 6.0)
"""Distances θ of the two means."""
SHOWN = 4.0
"""The θ of the picture that is like the paper's."""
STEPS = {"short": 1000, "full": 4000}
BATCH = 512
HIDDEN = 64
CLIP = 0.1
HEADLINE = "gradient at the made examples, best discriminator against θ = 1"


@dataclass(frozen=True)
class Trained:
    """What two nets for one θ have come to, on a grid ``x`` (origin between the means).

    Attributes:
        d: D(x); f: the critic, its mean over the grid taken off, divided by its largest slope.
        minimax, saturated: E_made |∂ log(1 − D)/∂x| of the trained net, and E_made D.
        critic: E_made |f'(x)| divided by the largest slope.
        jsd: the Jensen–Shannon divergence in nats that D implies.
    """

    theta: float
    x: Floats
    d: Floats
    f: Floats
    minimax: float
    saturated: float
    critic: float
    jsd: float


# --- closed forms


def best_discriminator(x: Floats, theta: float) -> Floats:
    """D*(x) = p/(p + q) of N(−θ/2, 1) and N(θ/2, 1)."""
    return 1 / (1 + np.exp(theta * x))


def best_gradient(theta: float) -> float:
    """E_made |∂ log(1 − D*)/∂x| = θ E_made D*, by the trapezium rule over ±12 standard deviations (error < 1e-9)."""
    x = np.linspace(-12, 12, 4801) + theta / 2
    made = np.exp(-((x - theta / 2) ** 2) / 2) / math.sqrt(2 * math.pi)
    return float(theta * np.trapezoid(best_discriminator(x, theta) * made, x))


def divergence(theta: float) -> float:
    """JSD(N(−θ/2, 1), N(θ/2, 1)) in nats, by the same rule: log 2 + E_real log D*, for the two are mirror images."""
    x = np.linspace(-12, 12, 4801) - theta / 2
    real = np.exp(-((x + theta / 2) ** 2) / 2) / math.sqrt(2 * math.pi)
    return float(math.log(2) - np.trapezoid(real * np.logaddexp(0, theta * x), x))


def parallel_lines(theta: float, seed: int = 0, n: int = 128) -> tuple[float, float]:
    """JSD (nats) and W1 of a line {(0, u)} from the same line at distance θ, u the same n draws from U(0, 1).

    W1 by linear programming, as everywhere here; the JSD of the two sets as they are, by counting.
    """
    from studio.metrics.exact import exact_wasserstein

    u = np.random.default_rng(seed).random(n)
    real, made = np.stack([np.zeros(n), u], axis=1), np.stack([np.full(n, theta), u], axis=1)
    _, where = np.unique(np.concatenate([real, made]), axis=0, return_inverse=True)
    places = int(where.max()) + 1
    p = np.bincount(where[:n], minlength=places) / n
    q = np.bincount(where[n:], minlength=places) / n
    return _jsd(p, q), exact_wasserstein(real, made)


def _jsd(p: Floats, q: Floats) -> float:
    def kl(a: Floats) -> float:
        there = a > 0
        return float((a[there] * np.log(a[there] / ((p + q)[there] / 2))).sum())

    return (kl(p) + kl(q)) / 2


# --- the two nets


def train(thetas: Sequence[float], steps: int, seed: int, watch: Watch) -> list[Trained]:
    """D by Adam on −log D(real) − log(1 − D(made)); f by RMSProp on f(made) − f(real), clipped after each step.

    One net per θ and player, all moved at once as one batch of matrices.
    """
    import torch
    from torch.nn.functional import softplus

    random = torch.Generator().manual_seed(seed)
    shift = torch.tensor(thetas)[:, None, None] / 2
    many = len(thetas)
    discriminator, critic = _nets(many, random), _nets(many, random)
    adam = torch.optim.Adam(discriminator, 3e-3)
    rms = torch.optim.RMSprop(critic, 5e-4)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.003, steps)
    for step in range(steps):
        if step % 20 == 0:
            watch.advance(step, steps, "training both nets")
        real = torch.randn(many, BATCH, 1, generator=random) - shift
        made = torch.randn(many, BATCH, 1, generator=random) + shift
        loss = softplus(-_apply(discriminator, real)).mean((1, 2)) + softplus(_apply(discriminator, made)).mean((1, 2))
        adam.zero_grad()
        torch.autograd.backward(loss.sum())
        adam.step()
        falling.step()
        gap = _apply(critic, made).mean((1, 2)) - _apply(critic, real).mean((1, 2))
        rms.zero_grad()
        torch.autograd.backward(gap.sum())
        rms.step()
        with torch.no_grad():
            for weight in critic:
                weight.clamp_(-CLIP, CLIP)
    watch.advance(steps, steps, "training both nets")

    reach = max(thetas) / 2 + 3
    grid = torch.linspace(-reach, reach, 401)[None, :, None].expand(many, -1, -1)
    real = torch.randn(many, 20_000, 1, generator=random) - shift
    made = torch.randn(many, 20_000, 1, generator=random) + shift
    logit, _ = _sloped(discriminator, grid)
    score, slope = _sloped(critic, grid)
    on_made, slope_made = _sloped(discriminator, made)
    _, critic_made = _sloped(critic, made)
    with torch.no_grad():
        value = -(softplus(-_apply(discriminator, real)).mean((1, 2)) + softplus(on_made).mean((1, 2)))
    steepest = slope.abs().amax((1, 2))
    made_d = on_made.sigmoid()
    return [
        Trained(
            theta,
            grid[0, :, 0].double().numpy(),
            logit[i, :, 0].double().sigmoid().numpy(),
            ((score[i, :, 0] - score[i].mean()) / steepest[i]).double().numpy(),
            float((made_d[i] * slope_made[i].abs()).mean()),
            float(made_d[i].mean()),
            float(critic_made[i].abs().mean() / steepest[i]),
            float(value[i] + math.log(4)) / 2,
        )
        for i, theta in enumerate(thetas)
    ]


def _nets(many: int, random: torch.Generator) -> list[torch.Tensor]:
    """Weights and biases of ``many`` nets 1-64-64-1, each layer many×in×out and many×1×out."""
    import torch

    made = []
    for fan_in, fan_out in ((1, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 1)):
        bound = 1 / math.sqrt(fan_in)
        for rows in (fan_in, 1):
            weight = torch.empty(many, rows, fan_out).uniform_(-bound, bound, generator=random)
            made.append(weight.requires_grad_())
    return made


def _apply(net: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """many×B×1 → many×B×1."""
    import torch

    for layer in range(0, len(net), 2):
        x = torch.baddbmm(net[layer + 1], x, net[layer])
        if layer < len(net) - 2:
            x = x.relu()
    return x


def _sloped(net: list[torch.Tensor], x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and slopes, many×B×1 each, without a graph."""
    import torch

    asked = x.detach().requires_grad_()
    y = _apply(net, asked)
    (slope,) = torch.autograd.grad(y.sum(), asked)
    return y.detach(), slope


# --- the experiment


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return ()


def conclude(evidence: Evidence) -> Findings:
    found = [train(APART, STEPS[evidence.preset], seed, evidence.watch) for seed in evidence.seeds]
    mean = {t: _mean([next(r for r in one if r.theta == t) for one in found]) for t in APART}
    near, far = mean[APART[0]], mean[APART[-1]]
    fell, exact_fell = far.minimax / near.minimax, best_gradient(APART[-1]) / best_gradient(APART[0])
    stays = far.critic / near.critic
    apart_d = max(float(np.abs(r.d - best_discriminator(r.x, r.theta))[_dense(r)].max()) for one in found for r in one)
    apart_j = max(abs(r.jsd - divergence(r.theta)) for one in found for r in one)
    lines = [(t, *parallel_lines(t)) for t in (0.0, 0.25, 0.5, 1.0)]
    trained = f"mean of {len(found)} training{'s' * (len(found) > 1)} of {STEPS[evidence.preset]:,} steps"
    figures = (
        Figure(
            HEADLINE, fell, reported="→ 0 (figure)", how=f"θ = {APART[-1]:g}, {trained}; closed form {exact_fell:.3g}"
        ),
        Figure(
            "slope at the made examples, clipped critic against θ = 1",
            stays,
            reported="does not vanish (figure)",
            how=f"θ = {APART[-1]:g}, {trained}; slopes relative to the critic's largest, for its scale is arbitrary",
        ),
        Figure(
            "largest error of D against D*", apart_d, how="over all θ, where either density is above 1 % of its peak"
        ),
        Figure("largest error of the implied JSD", apart_j, unit="nats", how="over all θ, against the integral"),
        Figure("JSD of parallel lines, θ = 0.5", lines[2][1], unit="nats", reported="log 2 = 0.6931 whatever θ ≠ 0"),
        Figure("W1 of parallel lines, θ = 0.5", lines[2][2], reported="|θ| = 0.5", how="linear programming"),
    )
    shown = fell < 0.1 and stays > 0.3 and apart_d < 0.1
    verdict = (
        f"From θ = {APART[0]:g} to {APART[-1]:g} the gradient that the trained discriminator gives at the made "
        f"examples falls to {fell:.1%} of what it was (in closed form to {exact_fell:.1%}), "
        f"the critic's slope stays at {stays:.0%}."
    )
    rows = tuple(
        (
            f"{t:g}",
            f"{mean[t].minimax:.4f}",
            f"{best_gradient(t):.4f}",
            f"{mean[t].critic:.2f}",
            f"{mean[t].jsd:.4f}",
            f"{divergence(t):.4f}",
            f"{t:g}",
        )
        for t in APART
    )
    columns = (
        "θ",
        "|∇ log(1−D)|, trained",
        "closed form",
        "critic slope ÷ largest",
        "JSD, implied",
        "JSD, exact",
        "W1",
    )
    picture = _draw(mean, evidence)
    outcome: Outcome = "shown" if shown else "partly" if fell < 0.5 else "not shown"
    return Findings(figures, outcome, verdict, (picture,), Table(columns, rows))


def _dense(r: Trained) -> npt.NDArray[np.bool_]:
    away = np.minimum(np.abs(r.x - r.theta / 2), np.abs(r.x + r.theta / 2))
    return np.asarray(np.exp(-(away**2) / 2) > 0.01)


def _mean(found: list[Trained]) -> Trained:
    def over(name: str) -> Any:
        return np.mean([getattr(r, name) for r in found], axis=0)

    numbers = [float(over(name)) for name in ("minimax", "saturated", "critic", "jsd")]
    return Trained(found[0].theta, found[0].x, over("d"), over("f"), *numbers)


def _draw(mean: dict[float, Trained], evidence: Evidence) -> Picture:
    figure, (left, right) = drawing.figure(2)
    r = mean[SHOWN]
    x, blue, red, green, pink = r.x, *drawing.COLOURS[:4]
    for centre, colour, label in ((-SHOWN / 2, green, "real"), (SHOWN / 2, pink, "made")):
        left.fill_between(x, np.exp(-((x - centre) ** 2) / 2) / 2.5066, color=colour, alpha=0.35, label=label, lw=0)
    left.plot(x, r.d, color=blue, lw=1.6, label="D(x), trained")
    left.plot(x, best_discriminator(x, SHOWN), "--", color="black", lw=0.8, label="D*(x), closed form")
    left.plot(x, r.f / SHOWN, color=red, lw=1.6, label=f"critic ÷ (largest slope · {SHOWN:g})")
    drawing.dressed(left, f"θ = {SHOWN:g}: D is flat where the made ones are", "x", "")
    thetas = np.array(list(mean))
    fine = np.linspace(0.5, max(thetas) + 1, 60)
    right.plot(fine, [best_gradient(t) / t for t in fine], "--", color="black", lw=0.8, label="best D, closed form")
    right.plot(thetas, [mean[t].minimax / t for t in thetas], "o-", color=blue, ms=4, label="D, trained")
    right.plot(thetas, [mean[t].critic for t in thetas], "s-", color=red, ms=4, label="clipped critic")
    right.set_yscale("log")
    drawing.dressed(right, "gradient at the made examples ÷ its largest", "θ, distance of the two Gaussians", "")
    return drawing.save(figure, evidence.folder, "gradients", "Discriminator and critic of two Gaussians")


experiment = Experiment(
    name="vanishing_gradient",
    title="Where the best discriminator's gradient vanishes, and a critic's does not",
    authors="Arjovsky, Chintala, Bottou",
    year=2017,
    paper="Wasserstein GAN",
    arxiv="1701.07875",
    where="figure 2 and example 1; 10-708 lecture 13, figure 1",
    claim=(
        "Trained to the end on two Gaussians that hardly overlap, the discriminator saturates and its gradient at the "
        "made examples vanishes; the clipped critic is nearly a line and its gradient stays. For parallel lines the "
        "JSD is log 2 at every distance, W1 is the distance."
    ),
    about=(
        "Two small nets for each distance θ of two unit Gaussians on a line, trained on fresh draws and held against "
        "the closed forms. The paper doesn't say how far apart its Gaussians are, so several distances are tried; the "
        f"critic is clipped at {CLIP:g} and moved by RMSProp."
    ),
    datasets=(),
    short=Preset("short", "10 nets of 64-64 units, 1,000 steps, batch 512, 1 seed", 1.0, "All of the claim."),
    full=Preset("full", "the same with 4,000 steps, 5 seeds", 10.0, "The same with smaller errors."),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    better="less",
    full_seeds=5,
)
