"""A flow of points that is made up, with an inverse in closed form: stretched along x, sheared, made smaller."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore.questions import (
    Density,
    DensityFound,
    Follow,
    Followed,
    Likelihoods,
    LikelihoodsFound,
    Trace,
    TraceFound,
)
from studio.explore.warping import Course
from studio.export.jobs import ExportFlow
from tests.gui.explore import toy
from tests.gui.explore.toy import POINTS, Toy

NAMES = ("prior", "step 1/stretch", "step 2/shear", "step 3/scale")
SCALE = np.array([0.5, 0.8])
if ExportFlow not in toy.EXPORTS:
    toy.EXPORTS = (*toy.EXPORTS, ExportFlow)


def course(z: Any, size: float = 1.0) -> Course:
    """All stations; ``size`` makes a flow that has trained on look newer."""
    x = np.asarray(z, np.float64)
    density = -(x**2).sum(axis=1) / 2 - math.log(2 * math.pi)
    points, densities = [x], [density]
    stretched = np.stack([np.sinh(x[:, 0]), x[:, 1]], axis=1)
    points.append(stretched)
    densities.append(densities[-1] - np.log(np.cosh(x[:, 0])))
    points.append(np.stack([stretched[:, 0], stretched[:, 1] + np.sin(stretched[:, 0])], axis=1))
    densities.append(densities[-1])
    points.append(points[-1] * SCALE * size)
    densities.append(densities[-1] - np.log(SCALE * size).sum())
    return Course(NAMES, np.stack(points).astype(np.float32), np.stack(densities))


def latent(x: Any, size: float = 1.0, after: int = 3) -> Any:
    """The other way, from where points are after so many steps."""
    y = np.array(x, np.float64)
    if after >= 3:
        y /= SCALE * size
    if after >= 2:
        y[:, 1] -= np.sin(y[:, 0])
    if after >= 1:
        y[:, 0] = np.arcsinh(y[:, 0])
    return y


class FlowToy(Toy):
    def __init__(self, data: DataSpec = POINTS) -> None:
        super().__init__(data, size=2 if data.kind == "points" else 12)
        self.capabilities = ("decode latent", "flow in steps")

    @property
    def size(self) -> float:
        return 0.7 + self.step / 1000

    def answer(self, question: Any) -> Any:
        match question:
            case Trace(where=where, z=z):
                found = course(z, self.size if where.checkpoint is None else 0.7 + where.checkpoint / 1000)
                return TraceFound(where.checkpoint or self.step, found.names, found.points, found.log_density)
            case Density(centre=centre, reach=reach, size=size, after=after):
                after = 3 if after is None else after
                along = ((np.arange(size) + 0.5) / size * 2 - 1) * reach
                x, y = np.meshgrid(centre[0] + along, centre[1] - along)
                z = latent(np.stack([x.ravel(), y.ravel()], axis=1), self.size, after)
                log = course(z, self.size).log_density[after].reshape(size, size)
                return DensityFound(self.step, log, float(np.exp(log).sum() * (2 * reach / size) ** 2))
            case Likelihoods():
                values = np.array([-1.0, -2.0, -3.0, -2.0])
                return LikelihoodsFound(self.step, "nats", values, values + 0.5, {})
            case Follow(x=place, z=z):
                at = latent(np.array([place]), self.size) if z is None else np.array([z])
                found = course(at, self.size)
                off = np.abs(latent(found.points[-1], self.size) - at).max()
                return Followed(
                    self.step,
                    at[0].astype(np.float32),
                    NAMES,
                    found.points[:, 0],
                    found.log_density[:, 0],
                    1e-7,
                    float(off),
                )
            case _:
                return super().answer(question)
