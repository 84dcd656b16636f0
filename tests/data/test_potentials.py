from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad
from scipy.stats import chi2

from studio.data import builtin, toys
from studio.data.potentials import BOX, POTENTIALS, REACH, WALL, draw

BOXED = {"u1": 6.537152, "u2": 8.0212, "u3": 14.0371, "u4": 15.0398}
"""∫ exp(−U) over −4 ≤ z₁ ≤ 4, as computed for the paper's table by others."""
every = pytest.mark.parametrize("name", list(POTENTIALS))


def mass(name: str, low: float, high: float) -> float:
    potential = POTENTIALS[name]
    return float(
        dblquad(
            lambda up, across: math.exp(-potential.energy(np.array([[across, up]]), np)[0]),
            low,
            high,
            -REACH,
            REACH,
            epsabs=1e-4,
            epsrel=1e-4,
        )[0]
    )


def as_printed(name: str, across: float, up: float) -> float:
    """Table 1 of the paper, in plain arithmetic."""
    w1 = math.sin(2 * math.pi * across / 4)
    w2 = 3 * math.exp(-0.5 * ((across - 1) / 0.6) ** 2)
    w3 = 3 / (1 + math.exp(-(across - 1) / 0.3))
    if name == "u1":
        sides = math.exp(-0.5 * ((across - 2) / 0.6) ** 2) + math.exp(-0.5 * ((across + 2) / 0.6) ** 2)
        return 0.5 * ((math.hypot(across, up) - 2) / 0.4) ** 2 - math.log(sides)
    if name == "u2":
        return 0.5 * ((up - w1) / 0.4) ** 2
    lower, sigma = (w2, 0.35) if name == "u3" else (w3, 0.4)
    first, second = math.exp(-0.5 * ((up - w1) / sigma) ** 2), math.exp(-0.5 * ((up - w1 + lower) / 0.35) ** 2)
    return -math.log(first + second)


@every
def test_inside_the_box_each_potential_is_the_one_of_the_table(name: str) -> None:
    points = np.random.default_rng(0).uniform(-2.5, 2.5, (50, 2))
    energy = POTENTIALS[name].energy(points, np)
    assert np.allclose(energy, [as_printed(name, *p) for p in points.tolist()], rtol=1e-9)


@every
def test_numpy_and_torch_have_the_same_energy_and_its_gradient_is_finite_everywhere(name: str) -> None:
    points = np.concatenate([np.random.default_rng(0).normal(0, 20, (500, 2)), np.zeros((1, 2))])
    tensor = torch.from_numpy(points).requires_grad_()
    energy = POTENTIALS[name].energy(tensor, torch)
    assert np.allclose(energy.detach().numpy(), POTENTIALS[name].energy(points, np))
    (slope,) = torch.autograd.grad(energy.sum(), tensor)
    assert slope.isfinite().all()


@every
def test_ln_z_is_that_of_the_box_and_of_its_tails(name: str) -> None:
    potential = POTENTIALS[name]
    inside = mass(name, -BOX, BOX)
    assert inside == pytest.approx(BOXED[name], rel=2e-5)
    tails = mass(name, BOX, BOX + 12 * WALL) + mass(name, -BOX - 12 * WALL, -BOX) if potential.confined else 0.0
    assert math.exp(potential.log_z) == pytest.approx(inside + tails, rel=1e-4)
    assert tails / (inside + tails) == pytest.approx(0.0304 if potential.confined else 0, abs=1e-4)


def test_the_bound_on_the_free_energy_of_u1_is_the_known_one() -> None:
    assert POTENTIALS["u1"].log_z == pytest.approx(1.877502, abs=1e-6)


@every
def test_points_are_drawn_from_the_density(name: str) -> None:
    """χ² of counts in cells against exp(−U) / Z at their middles, of cells small enough for that."""
    n, bins = 100_000, 100
    points = draw(name, np.random.default_rng(1), n)
    edges = np.linspace(-REACH, REACH, bins + 1)
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=[edges, edges])
    fine = 4  # within a cell the density is averaged
    middles = (np.arange(bins * fine) + 0.5) / (bins * fine) * 2 * REACH - REACH
    across, up = np.meshgrid(middles, middles, indexing="ij")
    density = np.exp(-POTENTIALS[name].energy(np.stack([across.ravel(), up.ravel()], axis=1), np))
    share = density.reshape(bins, fine, bins, fine).mean((1, 3)) * (2 * REACH / bins) ** 2
    expected = n * share / math.exp(POTENTIALS[name].log_z)
    seen = expected > 10
    distance = float(((counts - expected)[seen] ** 2 / expected[seen]).sum())
    assert chi2.sf(distance, int(seen.sum())) > 1e-4


def test_a_side_of_u1_is_its_label_and_the_others_have_none() -> None:
    points, side = toys.draw("u1", 3000)
    assert np.array_equal(side == 1, points[:, 0] > 0)
    assert 0.45 < side.mean() < 0.55
    assert toys.TOYS["u1"][2] == ("left", "right")
    assert [toys.TOYS[name][2] for name in ("u2", "u3", "u4")] == [(), (), ()]


def test_a_person_is_told_the_formula_and_whether_it_was_confined() -> None:
    (first,) = builtin.source("u1").inspect().notes
    (second,) = builtin.source("u2").inspect().notes
    assert first == f"drawn from exp(−U) / Z; U = {POTENTIALS['u1'].formula}"
    assert "confined to −4 ≤ z₁ ≤ 4" in second
    assert builtin.source("two-moons").inspect().notes == ()
