"""RealNVP: real-valued non-volume preserving transformations. Dinh et al. 2017, arXiv:1605.08803.

At each scale of an image three couplings pass a checkerboard of pixels on, then, after a squeeze of 2×2 pixels into
channels, three pass half of the channels on; half of the values are factored out as latents, and the next scale goes on
with the others. The last scale is four checkerboard couplings. Points are changed one coordinate at a time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import TINY, pixels
from studio.models.core.flow import Flow, FlowRecipe, epochs, flow_problems, most_levels
from studio.models.core.model import Batch, Loss, Paper
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.dense import Dense
from studio.nn.flows.actnorm import ActNorm
from studio.nn.flows.base import Bijection, Chain
from studio.nn.flows.batch_norm import BatchNorm
from studio.nn.flows.masked import Alternate, Channels, Checkerboard, Coupling, Mask, Reordered, diagonals, outputs
from studio.nn.flows.scales import Scales, Squeeze
from studio.nn.residual import Residual, WeightNormed


@recipe
class RealNVPRecipe(FlowRecipe):
    """Defaults of the paper's experiments with 32×32 images."""

    steps: int = 100_000
    width: Annotated[
        int,
        Field(
            "channels inside the networks of the first scale, doubled at each squeeze; of points: units of a layer",
            4,
            512,
            "channels",
            essential=True,
            scale="log",
        ),
    ] = 32
    blocks: Annotated[
        int,
        Field("residual blocks of each network; of points: its hidden layers", 1, 16, "blocks", essential=True),
    ] = 4  # fmt: skip
    levels: Annotated[
        int,
        Field(
            "scales of images: after each but the last half of the values are latents and the sides are halved",
            1,
            7,
            "scales",
            essential=True,
            term="split-prior",
        ),
    ] = 3
    couplings: Annotated[
        int,
        Field(
            "coupling layers with one kind of mask at each scale, and one more at the last; of points: all of them",
            2,
            64,
            "couplings",
            essential=True,
            term="checkerboard",
        ),
    ] = 3
    norm: Annotated[
        Literal["batch", "actnorm", "none"],
        Field(
            "what keeps the values between couplings in range: statistics of the batches, "
            "or numbers that the first batch sets and that are learned from then on",
            term="actnorm",
        ),
    ] = "batch"
    lag: Annotated[
        float,
        Field(
            "share of its running statistics that a batch normalisation between couplings keeps at each step; "
            "0: each batch is normalised by itself",
            0,
            0.999,
            term="batch normalisation",
        ),
    ] = 0.9
    penalty: Annotated[
        float,
        Field(
            "weight of the squared gains of weight normalisation and scales of the couplings in the loss",
            0,
            1,
            term="weight normalisation",
        ),
    ] = 5e-5


class RealNVP(Flow):
    """See the top of this file."""

    title = "RealNVP"
    paper = Paper("Dinh, Sohl-Dickstein, Bengio", 2017, "Density Estimation Using Real NVP", "1605.08803")
    about = "Exact both ways, from couplings whose masks are checkerboards and channels; of points as well as pictures."
    recipe_type = RealNVPRecipe
    recipe: RealNVPRecipe

    def build(self, data: DataSpec) -> None:
        levels = self.scales_of(data.shape) if self.images else [self.steps_of(data.shape[0])]
        self.put_together(Scales(data.shape, levels, learned=False, squeeze=False), preprocess="logit", prior="fixed")

    def scales_of(self, shape: tuple[int, ...]) -> list[Chain]:
        """The couplings of each scale of images C×H×W (section 3.6)."""
        r = self.recipe
        channels, height, width = shape
        found = []
        for level in range(r.levels):
            last = level == r.levels - 1
            wide = r.width * 2**level
            steps: list[tuple[str, Bijection | Chain]] = []
            for i in range(r.couplings + last):
                mask = Checkerboard((channels, height, width), odd=i % 2 == 0)
                steps.append((f"checkerboard {i + 1}", self.coupling(mask, channels, wide)))
            if not last:
                channels, height, width = 4 * channels, height // 2, width // 2
                steps.append(("squeeze", Squeeze()))
                for i in range(r.couplings):
                    step = self.coupling(Channels(channels, second=i % 2 == 1), channels, 2 * wide)
                    steps.append((f"channels {i + 1}", step))
                steps.append(("order", Reordered(diagonals(channels))))
                channels //= 2
            found.append(Chain(steps))
        return found

    def coupling(self, mask: Mask, channels: int, width: int) -> Chain:
        """A coupling of images, then what keeps its output in range (section 3.7)."""
        network = Residual(mask.reads, outputs(mask, affine=True), width, self.recipe.blocks)
        return Chain([("coupling", Coupling(mask, network, affine=True)), *self.norm(channels)])

    def steps_of(self, size: int) -> Chain:
        """All couplings of points. What keeps their range stands first: points may be large."""
        r = self.recipe
        steps = []
        for i in range(r.couplings):
            mask = Alternate(size, odd=i % 2 == 1)
            network = Dense(mask.reads, *[r.width] * r.blocks, outputs(mask, affine=True))
            steps.append(
                (f"step {i + 1}", Chain([*self.norm(size), ("coupling", Coupling(mask, network, affine=True))]))
            )
        return Chain(steps)

    def norm(self, channels: int) -> list[tuple[str, Bijection]]:
        match self.recipe.norm:
            case "batch":
                return [("batch norm", BatchNorm(channels, self.recipe.lag))]
            case "actnorm":
                return [("actnorm", ActNorm(channels))]
            case "none":
                return []

    def loss(self, batch: Batch) -> Loss:
        found = super().loss(batch)
        return replace(found, value=found.value + self.recipe.penalty * self.squared_gains())

    def squared_gains(self) -> Tensor:
        """Σ g² of weight normalisation and of the couplings' scales (section 4.1, and the authors' code)."""
        gains = [m.gain for m in self.modules() if isinstance(m, WeightNormed)]
        gains += [m.scale for m in self.modules() if isinstance(m, Coupling)]
        return torch.stack([g.square().sum() for g in gains if g is not None]).sum()

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, RealNVPRecipe)
        found = flow_problems(cls.title, recipe, data, recipe.levels - 1)
        if data.kind == "images" and not found and min(data.size) >> (recipe.levels - 1) < 2:
            small = f"sides of {data.size[1]}×{data.size[0]} are 1 px at the last of {recipe.levels} scales"
            found.append(Problem("levels", f"{small}, where no checkerboard has two halves. Take one less"))
        return found

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the paper's: networks that two processor cores train in minutes.
        if data.kind == "points":
            return {"width": 64, "blocks": 2, "couplings": 8, "norm": "actnorm", "batch": 256, "steps": 5000}
        images = {"levels": 1 + min(most_levels(data), 2), "blocks": 2, "steps": epochs(data, 20, 64, 1500)}
        return {**images, "width": 16 if pixels(data) <= TINY else 12}
