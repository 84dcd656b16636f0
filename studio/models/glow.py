"""Glow: generative flow with invertible 1×1 convolutions. Kingma and Dhariwal 2018, arXiv:1807.03039.

Each of L levels squeezes 2×2 pixels into channels, takes K steps of actnorm, 1×1 convolution and affine coupling, and
factors half of its channels out, as Gaussians that a convolution reads off the other half. The authors' code where it
differs from the text: shift before scale, scale σ(h + 2), Adamax, W itself learned unless LU is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import Flow, FlowRecipe, flow_problems, most_levels
from studio.models.core.model import Batch, Loss, Optimiser, Paper, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.flows.base import Chain
from studio.nn.flows.glow import GlowStep
from studio.nn.flows.mixing import Mixing, keep_invertible, smallest_singular_value
from studio.nn.flows.scales import Scales, inner


@recipe
class GlowRecipe(FlowRecipe):
    """Defaults of the paper's CIFAR-10 experiment; warm-up of ten epochs."""

    steps: int = 200_000
    warm_up: int = 7800
    temperature: float = 0.7
    levels: Annotated[
        int,
        Field(
            "scales, L: at each the sides are halved, and after all but the last half of the channels are latents",
            1,
            6,
            "levels",
            essential=True,
            term="split-prior",
        ),
    ] = 3
    depth: Annotated[
        int, Field("flow steps at each level, K", 1, 64, "steps", essential=True, term="flow steps")
    ] = 32  # fmt: skip
    width: Annotated[
        int, Field("channels inside the network of a coupling", 4, 1024, "channels", essential=True, scale="log")
    ] = 512
    coupling: Annotated[
        Literal["affine", "additive"],
        Field(
            "what is done to one half of the channels, told by the other: scaled and shifted, or shifted alone",
            essential=True,
            term="coupling",
        ),
    ] = "affine"
    mixing: Annotated[
        Literal["plain", "LU", "shuffle", "reverse"],
        Field(
            "how channels are mixed before each coupling: a learned matrix, the same by its LU factors, "
            "or fixed orders to compare with",
            term="mixing",
        ),
    ] = "plain"
    split_prior: Annotated[
        Literal["learned", "fixed"],
        Field(
            "what the latents of the finer levels are expected to be: a Gaussian read off the rest, or N(0, 1)",
            term="split-prior",
        ),
    ] = "learned"
    preprocess: Annotated[
        Literal["range", "logit"],
        Field(
            "what the first step is given: grey levels brought to −½ to ½, as the paper has it, or their logits, which "
            "pictures that are mostly black or white are learned faster from",
            term="dequantisation",
        ),
    ] = "range"
    class_conditional: Annotated[
        bool,
        Field("the expected latents of the last level depend on the class, which can then be chosen", essential=True),
    ] = False
    optimiser: Annotated[Literal["adamax", "adam"], Field("how it descends", group="Optimiser", term="adam")] = "adamax"
    memory: Annotated[
        Literal["store", "recompute"],
        Field(
            "what the gradient needs of each step: kept, or worked out again by the inverse, so that memory does not "
            "grow with the depth and a move takes a third longer; then always in float32, as rounding adds up",
            group="Training",
            term="recompute",
        ),
    ] = "store"


class Glow(Flow):
    """See the top of this file."""

    title = "Glow"
    paper = Paper("Kingma, Dhariwal", 2018, "Glow: Generative Flow with Invertible 1×1 Convolutions", "1807.03039")
    about = "Exact both ways: every picture has its latent and its likelihood, and edits of real pictures come back."
    recipe_type = GlowRecipe
    recipe: GlowRecipe

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.class_conditional = r.class_conditional
        levels = [
            Chain(
                [(f"step {i + 1}", GlowStep(channels, r.width, r.coupling, r.mixing)) for i in range(r.depth)],
                recompute=r.memory == "recompute",
            )
            for channels, *_ in inner(data.shape, r.levels)
        ]
        scales = Scales(data.shape, levels, learned=r.split_prior == "learned")
        self.put_together(scales, preprocess=r.preprocess, prior="learned")

    def updates(self) -> Sequence[Update]:
        return [
            replace(update, after=self.keep, full_precision=self.recipe.memory == "recompute")
            for update in super().updates()
        ]

    def optimiser(self) -> Optimiser:
        r = self.recipe
        return Optimiser(r.optimiser, r.rate, clip=r.clip)

    def loss(self, batch: Batch) -> Loss:
        found = super().loss(batch)
        smallest = smallest_singular_value(self.mixings())
        if smallest is None:
            return found
        return replace(found, shows={**found.shows, "mixing/smallest singular value": smallest})

    def keep(self) -> None:
        """After a move: no matrix becomes singular."""
        keep_invertible(self.mixings())

    def mixings(self) -> list[Mixing]:
        return [m for m in self.modules() if isinstance(m, Mixing)]

    @property
    def class_part(self) -> str:
        """Only where the recipe asks for classes."""
        if not self.class_conditional:
            raise AttributeError("this model was not told classes")
        return "class"

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, GlowRecipe)
        if data.kind != "images":
            other = "RealNVP for them" if data.kind == "points" else "images, or another model"
            return [Problem("", f"{cls.title} is made for images; {data.name} holds {data.kind}. Choose {other}")]
        found = flow_problems(cls.title, recipe, data, recipe.levels)
        if recipe.class_conditional and len(data.classes) < 2:
            has = "only one class" if data.classes else "no labels"
            found.append(Problem("class_conditional", f"{data.name} has {has}; switch it off"))
        return found

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind != "images":
            return {}
        # Smaller than the paper's, and faster: networks that two processor cores train in minutes. On MNIST, K 8 and
        # width 64, Adam at 0.002 comes to 2.3 bits/dim in 1500 batches of 32, Adamax at 0.001 in 3600 of 64.
        levels = max(1, min(3, most_levels(data)))
        quick: dict[str, Value] = {"optimiser": "adam", "rate": 2e-3, "clip": 10.0, "warm_up": 200}
        quick |= {"batch": 32, "average": 0.99}  # pictures of now, not of long ago, while it learns fast
        if pixels(data) <= TINY:
            return quick | {"levels": min(levels, 2), "depth": 8, "width": 64, "batch": 64, "steps": 8000}
        if pixels(data) <= SMALL:
            grey: dict[str, Value] = {"width": 64, "steps": 12_000, "preprocess": "logit"}
            wide: dict[str, Value] = grey if data.channels == 1 else {"width": 128, "steps": 6000}
            return quick | {"levels": levels, "depth": 8, **wide}
        slow = {"rate": 1e-3, "warm_up": 1000, "batch": 16, "average": 0.999, "steps": 100_000}
        return quick | {"levels": levels, "depth": 16, "width": 256, **slow}
