"""Points in the plane with a known shape: the classics on which a generative model can be watched as a whole.

Scales of 8 Gaussians, 25 Gaussians and the Swiss roll as in Gulrajani et al. 2017 (arXiv:1704.00028), official code,
gan_toy.py; the others are brought to about unit standard deviation as well, but for the potentials, which stand where
their paper has them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from studio.data import potentials

Plane = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Drawn = tuple[Plane, Labels]

COUNT = 20_000


def eight_gaussians(rng: np.random.Generator, n: int) -> Drawn:
    """Modes on a circle of radius 2, standard deviation 0.02, all divided by 1.414."""
    angles = np.arange(8) * np.pi / 4
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    mode = rng.integers(8, size=n)
    return (centres[mode] + 0.02 * rng.standard_normal((n, 2))) / 1.414, mode


def twenty_five_gaussians(rng: np.random.Generator, n: int) -> Drawn:
    """Modes on a 5×5 lattice 2·{−2..2}, standard deviation 0.05, all divided by 2.828. Label = 5·column + row."""
    mode = rng.integers(25, size=n)
    centres = 2.0 * np.stack([mode // 5 - 2, mode % 5 - 2], axis=1)
    return (centres + 0.05 * rng.standard_normal((n, 2))) / 2.828, mode


def swiss_roll(rng: np.random.Generator, n: int) -> Drawn:
    """t·(cos t, sin t) with t uniform in 1.5π..4.5π, noise 0.25, divided by 7.5. No modes: one label."""
    t = 1.5 * np.pi * (1 + 2 * rng.random(n))
    roll = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) + 0.25 * rng.standard_normal((n, 2))
    return roll / 7.5, np.zeros(n, np.int64)


def two_moons(rng: np.random.Generator, n: int) -> Drawn:
    """Two half circles of radius 1, the lower one moved by (1, 0.5), noise 0.08; then centred."""
    moon = rng.integers(2, size=n)
    angle = np.pi * rng.random(n)
    x = np.where(moon == 0, np.cos(angle), 1 - np.cos(angle)) - 0.5
    y = np.where(moon == 0, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return np.stack([x, y], axis=1) * 1.2 + 0.08 * rng.standard_normal((n, 2)), moon


def spirals(rng: np.random.Generator, n: int) -> Drawn:
    """Two arms of one and a half turns, the second the first turned by 180°, radius up to 2, noise 0.05."""
    arm = rng.integers(2, size=n)
    t = np.sqrt(rng.random(n))  # even along the arm, where a uniform draw would crowd the centre
    angle = 3 * np.pi * t + np.pi * arm
    points = 2 * t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + 0.05 * rng.standard_normal((n, 2)), arm


def checkerboard(rng: np.random.Generator, n: int) -> Drawn:
    """The eight squares of one colour of a 4×4 board on −2..2. Label: which square."""
    square = rng.integers(8, size=n)
    column = square // 2
    row = 2 * (square % 2) + column % 2
    corner = np.stack([column - 2, row - 2], axis=1)
    return corner + rng.random((n, 2)), square


def of_potential(name: str) -> Callable[[np.random.Generator, int], Drawn]:
    """Points of the density exp(−U) / Z. Label: of U1, on which side; the others hang together and have one."""

    def points(rng: np.random.Generator, n: int) -> Drawn:
        found = potentials.draw(name, rng, n)
        return found, (found[:, 0] > 0).astype(np.int64) if name == "u1" else np.zeros(n, np.int64)

    return points


TOYS: dict[str, tuple[str, Callable[[np.random.Generator, int], Drawn], tuple[str, ...]]] = {
    "8gaussians": ("8 Gaussians", eight_gaussians, tuple(f"mode {i + 1}" for i in range(8))),
    "25gaussians": ("25 Gaussians", twenty_five_gaussians, tuple(f"mode {i + 1}" for i in range(25))),
    "two-moons": ("Two moons", two_moons, ("upper", "lower")),
    "spirals": ("Spirals", spirals, ("first arm", "second arm")),
    "checkerboard": ("Checkerboard", checkerboard, tuple(f"square {i + 1}" for i in range(8))),
    "swiss-roll": ("Swiss roll", swiss_roll, ()),
    **{
        name: (potential.title, of_potential(name), ("left", "right") if name == "u1" else ())
        for name, potential in potentials.POTENTIALS.items()
    },
}
"""Name → title, how to draw it, names of the modes (none: unlabelled)."""


def draw(name: str, count: int = COUNT, seed: int = 0) -> Drawn:
    """Points float64 N×2, and the mode of each; the same name, count and seed give the same points."""
    return TOYS[name][1](np.random.default_rng(seed), count)
