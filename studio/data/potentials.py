"""The four potentials of Rezende & Mohamed 2015 (arXiv:1505.05770), table 1: densities p(z) = exp(−U(z)) / Z in the
plane that are known but for Z, and points drawn from them.

U1 decays in all directions. U2 to U4 are waves that never end along z₁, so that Z would be infinite, and a flow that is
fitted to them spreads its mass for ever: they are confined to −4 ≤ z₁ ≤ 4 by adding ½ ((|z₁| − 4) / 0.1)² outside. What
that costs is known: within the box nothing changes, and the tails beyond it, half a Gaussian at either side, hold
3.04 % of the whole. For the box alone ln Z is 2.08209, 2.64171 and 2.71070; with the tails, which is what a flow is
fitted to and points are drawn from, 0.03085 more.

Every function takes NumPy arrays and torch tensors alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.dataset import DataSpec

BOX = 4.0
"""Half the width of what U2 to U4 are confined to, along z₁."""
WALL = 0.1
"""How far beyond it the density falls by exp(−½)."""
REACH = 6.5
"""Half the side of the square in which points are drawn: outside of it no density is above 1e-11 of its peak."""


@dataclass(frozen=True)
class Potential:
    """One of the four.

    Attributes:
        formula: for a person.
        log_z: ln ∫ exp(−U) over the plane, of the confined potential where it is one.
        inside: U of z₁ and z₂ as it stands in the paper.
        confined: whether it needs to be.
    """

    title: str
    formula: str
    log_z: float
    inside: Callable[[Any, Any, Any], Any]
    confined: bool = True

    def energy(self, z: Any, xp: Any) -> Any:
        """U of points N×2, N; ``xp`` is the module that has their functions, ``numpy`` or ``torch``."""
        across, up = z[:, 0], z[:, 1]
        energy = self.inside(across, up, xp)
        if self.confined:
            energy = energy + 0.5 * (xp.clip(xp.abs(across) - BOX, 0.0, None) / WALL) ** 2
        return energy


def _ring(across: Any, up: Any, xp: Any) -> Any:
    radius = xp.sqrt(across**2 + up**2 + 1e-12)  # which has a gradient at 0
    modes = xp.logaddexp(-0.5 * ((across - 2) / 0.6) ** 2, -0.5 * ((across + 2) / 0.6) ** 2)
    return 0.5 * ((radius - 2) / 0.4) ** 2 - modes


def _wave(across: Any, xp: Any) -> Any:
    return xp.sin(2 * math.pi * across / 4)


def _one(across: Any, up: Any, xp: Any) -> Any:
    return 0.5 * ((up - _wave(across, xp)) / 0.4) ** 2


def _two(across: Any, up: Any, xp: Any) -> Any:
    away = up - _wave(across, xp)
    bump = 3 * xp.exp(-0.5 * ((across - 1) / 0.6) ** 2)
    return -xp.logaddexp(-0.5 * (away / 0.35) ** 2, -0.5 * ((away + bump) / 0.35) ** 2)


def _fork(across: Any, up: Any, xp: Any) -> Any:
    away = up - _wave(across, xp)
    step = 1.5 * (1 + xp.tanh((across - 1) / 0.6))  # 3 σ((z₁ − 1) / 0.3), which does not overflow
    return -xp.logaddexp(-0.5 * (away / 0.4) ** 2, -0.5 * ((away + step) / 0.35) ** 2)


def _log_z(*sigmas: float) -> float:
    """Of waves of Gaussian cross-sections, whose mass is the same at each z₁: times the box and the two tails."""
    root = math.sqrt(2 * math.pi)
    return math.log(sum(sigmas) * root * (2 * BOX + WALL * root))


_W1, _W2, _W3 = "w₁ = sin(2π z₁ / 4)", "w₂ = 3 exp(−½ ((z₁ − 1) / 0.6)²)", "w₃ = 3 σ((z₁ − 1) / 0.3)"
POTENTIALS: dict[str, Potential] = {
    "u1": Potential(
        "Potential U1",
        "½ ((‖z‖ − 2) / 0.4)² − ln(exp(−½ ((z₁ − 2) / 0.6)²) + exp(−½ ((z₁ + 2) / 0.6)²))",
        1.8775016261096,  # by quadrature
        _ring,
        confined=False,
    ),
    "u2": Potential("Potential U2", f"½ ((z₂ − w₁) / 0.4)²,  {_W1}", _log_z(0.4), _one),
    "u3": Potential(
        "Potential U3",
        f"−ln(exp(−½ ((z₂ − w₁) / 0.35)²) + exp(−½ ((z₂ − w₁ + w₂) / 0.35)²)),  {_W1},  {_W2}",
        _log_z(0.35, 0.35),
        _two,
    ),
    "u4": Potential(
        "Potential U4",
        f"−ln(exp(−½ ((z₂ − w₁) / 0.4)²) + exp(−½ ((z₂ − w₁ + w₃) / 0.35)²)),  {_W1},  {_W3}",
        _log_z(0.4, 0.35),
        _fork,
    ),
}
"""By the name of the built-in dataset."""


def of(data: DataSpec) -> Potential | None:
    """The potential whose points a dataset holds; None when it is none of theirs."""
    origin, _, name = data.source.partition(":")
    return POTENTIALS.get(name) if origin == "builtin" else None


def draw(name: str, rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    """Points N×2 of the density, by rejection: those of a uniform cloud that a level under exp(−U), drawn with each,
    leaves. No density is above 2."""
    found: list[npt.NDArray[np.float64]] = []
    while sum(map(len, found)) < n:
        cloud = rng.uniform(-REACH, REACH, (4 * n + 1000, 2))
        level = 2 * rng.random(len(cloud))
        found.append(cloud[level < np.exp(-POTENTIALS[name].energy(cloud, np))])
    return np.concatenate(found)[:n]
