"""NICE: non-linear independent components estimation. Dinh et al. 2015, arXiv:1410.8516.

Additive couplings on every other value of an example keep its volume exactly; one scale for each dimension, behind
them, says how much that dimension varies: the volume-preserving forerunner of RealNVP.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import Flow, FlowRecipe, epochs, flow_problems
from studio.models.core.model import Paper
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.dense import Dense
from studio.nn.flows.base import Bijection, Chain
from studio.nn.flows.masked import Alternate, Coupling, outputs
from studio.nn.flows.scales import Scales
from studio.nn.flows.scaling import FromLogistic, Scaling


@recipe
class NICERecipe(FlowRecipe):
    """Defaults of the paper's MNIST experiment."""

    steps: int = 50_000
    width: Annotated[
        int,
        Field("units in a hidden layer of a coupling's network", 4, 8192, "units", essential=True, scale="log"),
    ] = 1000
    layers: Annotated[int, Field("hidden layers of each network", 1, 10, "layers", essential=True)] = 5
    couplings: Annotated[
        int,
        Field(
            "coupling layers, each of which shifts every other value",
            2,
            32,
            "couplings",
            essential=True,
            term="coupling",
        ),
    ] = 4
    prior: Annotated[
        Literal["logistic", "normal"],
        Field(
            "distribution of the latents before they are made normal; a logistic one has longer tails",
            essential=True,
            term="prior",
        ),
    ] = "logistic"


class NICE(Flow):
    """See the top of this file."""

    title = "NICE"
    paper = Paper("Dinh, Krueger, Bengio", 2015, "NICE: Non-linear Independent Components Estimation", "1410.8516")
    about = "The first coupling flow: it shifts values without changing their volume, and scales each once at the end."
    recipe_type = NICERecipe
    recipe: NICERecipe

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        steps: list[tuple[str, Bijection | Chain]] = []
        for i in range(r.couplings):
            mask = Alternate(math.prod(data.shape), odd=i % 2 == 1)
            network = Dense(mask.reads, *[r.width] * r.layers, outputs(mask, affine=False))
            steps.append((f"step {i + 1}", Chain([("coupling", Coupling(mask, network, affine=False))])))
        steps.append(("scaling", Scaling(data.shape)))
        if r.prior == "logistic":
            steps.append(("logistic", FromLogistic()))
        self.put_together(Scales(data.shape, [Chain(steps)], learned=False, squeeze=False), prior="fixed")

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, NICERecipe)
        return flow_problems(cls.title, recipe, data, 0)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the paper's: networks that two processor cores train in minutes.
        if data.kind == "points":
            points: dict[str, Value] = {"width": 64, "layers": 2, "couplings": 8, "prior": "normal"}
            return {**points, "batch": 256, "steps": 5000}
        images: dict[str, Value] = {"layers": 3, "steps": epochs(data, 40, 64, 6000)}
        if pixels(data) <= TINY:
            return {**images, "width": 128}
        # A layer of 500 would have 12 million weights at 128×128.
        return {**images, "width": 500 if pixels(data) <= SMALL else 64}
