"""Pose-guided person generation (PG²). Ma et al. 2017, arXiv:1705.09368.

A picture I_A of a person, and the pose of another, I_B. Stage 1 makes a coarse picture in that pose,

    Î₁ = G1(I_A, P_B),   descending  ‖(Î₁ − I_B) ⊙ (1 + M_B)‖₁

with P_B a map per joint and M_B the pose mask: what lies on the body counts twice. Stage 2 adds what is missing, a
difference map, and has to convince a discriminator that looks at pairs of pictures, (I_A, ·):

    Î₂ = Î₁ + G2(I_A, Î₁),   descending  −E log D(I_A, Î₂) + λ ‖(Î₂ − I_B) ⊙ (1 + M_B)‖₁

G1 is trained first, by itself, and held from then on. The paper's rates are 2e-5; here they are larger by default,
which the smaller networks bear. Outputs are linear, as in the authors' code, and clipped to −1..1 when they are shown.

Hu et al. 2018, arXiv:1806.09764, put a constraint on it: a part parser f_φ that scores how well the parsed parts of Î₂
agree with the pose. It learns from real pictures during stage 1, and then is held ("fixed") or goes on learning by the
φ-step ("learned"); see :mod:`studio.models.core.constraint`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.data.skeleton import JOINTS
from studio.models.core.adversarial import BALANCE, game_shows, reaching, training_problems
from studio.models.core.body import Parser, parts_drawn, posed_problems, poses_drawn
from studio.models.core.constrained import PLAYER
from studio.models.core.constraint import Constraint
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Scheduled, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.pose import Maps, mask, mask_l1
from studio.nn.pose import maps as joint_maps
from studio.nn.pyramid import Downward
from studio.nn.starts import normal_start
from studio.nn.unet import UNet, levels


@recipe
class PG2Recipe(ConstrainedRecipe):
    """Lengths and weights of the paper's DeepFashion experiment."""

    steps: int = 50_000
    batch: int = 8
    first: Annotated[
        int,
        Field(
            "length of stage 1, after which its generator is held and stage 2 begins",
            1,
            10_000_000,
            "cycles",
            essential=True,
            group="Training",
            scale="log",
            term="pg2",
        ),
    ] = 30_000
    width: Annotated[
        int,
        Field(
            "channels of the level next to the image; the n-th level has n times as many",
            4,
            256,
            "channels",
            essential=True,
            scale="log",
        ),
    ] = 64
    bottleneck: Annotated[
        int,
        Field(
            "numbers that the whole picture passes through in stage 1",
            1,
            4096,
            "units",
            scale="log",
            term="pg2 bottleneck",
        ),
    ] = 64
    maps: Annotated[
        Maps, Field("how a joint is shown to the generator: a Gaussian, or the paper's disc", term="heat map")
    ] = "gaussian"
    l1: Annotated[
        float,
        Field("λ: weight of the pose-mask L1 loss beside the adversary", 0, 1000, essential=True, term="pose mask"),
    ] = 10.0
    generator_rate: Annotated[
        float,
        Field("learning rate of both generators", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate"),
    ] = 2e-4
    falling: Annotated[
        float,
        Field(
            "last share of stage 1, over which its learning rate falls to a hundredth; 0: it stays, as in the paper",
            0,
            1,
            group="Optimiser",
            term="rate",
        ),
    ] = 0.0
    discriminator_rate: Annotated[
        float, Field("learning rate of the discriminator", 1e-7, 1, group="Optimiser", scale="log", term="rate")
    ] = 2e-4
    constraint: Annotated[
        Literal["none", "fixed", "learned"],
        Field(
            "a part parser that asks made people to have the pose's parts in place: none, as it is taught in stage 1, "
            "or learning on",
            essential=True,
            group="Constraint",
            term="constraint",
        ),
    ] = "none"
    lessons: int = 3000
    bound: float = 2.0
    parser_width: Annotated[
        int,
        Field("channels of the parser's level next to the image", 4, 256, "channels", group="Constraint", scale="log"),
    ] = 32
    beta1: Annotated[float, Field("Adam's memory of the gradient", 0, 0.999, group="Optimiser", term="adam")] = 0.5
    beta2: Annotated[float, Field("Adam's memory of its square", 0, 0.9999, group="Optimiser", term="adam")] = 0.999


class PG2(Model):
    """See the top of this file."""

    title = "PG²"
    paper = Paper(
        "Ma, Jia, Sun, Schiele, Tuytelaars and Van Gool", 2017, "Pose Guided Person Image Generation", "1705.09368"
    )
    about = "Turns a picture of a person into the same person in another pose: first coarse, then with the details."
    recipe_type = PG2Recipe
    recipe: PG2Recipe
    wants = ("joints", "parts")
    pairs = True
    levels = BALANCE

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        channels, depth = data.channels, levels(data.size)
        self.coarse = UNet(channels + len(JOINTS), channels, data.size, r.width, depth, bottleneck=r.bottleneck)
        self.fine = UNet(2 * channels, channels, data.size, r.width, max(depth - 2, 2), still=True)
        self.discriminator = Downward(2 * channels, data.size, r.width, "batch")
        self.discriminator.apply(normal_start)
        self._made: tuple[Batch, Tensor] | None = None

    def own_constraint(self) -> Constraint:
        return Parser(self.data, self.recipe.parser_width)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        made, judged = (Optimiser("adam", rate, r.beta1, r.beta2) for rate in (r.generator_rate, r.discriminator_rate))
        return [
            Update(
                "stage 1", self.coarse, self.first_loss, made, times=self.in_first, averaged=True, schedule=self.slowed
            ),
            Update("discriminator", self.discriminator, self.discriminator_loss, judged, times=self.in_second),
            Update("stage 2", self.fine, self.second_loss, made, times=self.in_second, averaged=True),
        ]

    def players(self) -> Sequence[Update]:
        """A learned constraint rests between its lessons and stage 2, whose pictures it is learned from."""
        found = super().players()
        if self.recipe.constraint != "learned":
            return found
        return [replace(u, times=self.constraint_moves) if u.player == PLAYER else u for u in found]

    def constraint_moves(self, cycle: int) -> int:
        taught = self.constraint is not None and self.constraint.taught
        return int(cycle >= self.recipe.first or (taught and cycle < self.recipe.lessons))

    def in_first(self, cycle: int) -> int:
        return int(cycle < self.recipe.first)

    def in_second(self, cycle: int) -> int:
        return int(cycle >= self.recipe.first)

    def slowed(self, cycle: int) -> Scheduled:
        """The rate of stage 1 in a cycle: once held it is the last weights that count, not their average."""
        r = self.recipe
        left = (r.first - cycle) / (r.first * r.falling) if r.falling else 1.0
        return Scheduled(min(1.0, max(0.01, left)))

    # --- Î₁ and Î₂

    def first(self, source: Tensor, joints: Tensor) -> Tensor:
        """Î₁ of pictures B×C×H×W for poses B×18×3."""
        return self.coarse(torch.cat([source, joint_maps(joints, self.data.size, self.recipe.maps)], 1))  # type: ignore[no-any-return]

    def difference(self, source: Tensor, coarse: Tensor) -> Tensor:
        """What stage 2 adds to Î₁."""
        return self.fine(torch.cat([source, coarse], 1))  # type: ignore[no-any-return]

    def both(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Î₁, which no gradient reaches, and Î₂ of the batch's sources in its own poses."""
        source, joints = condition(batch)
        with torch.no_grad():
            coarse = self.first(source, joints)
        return coarse, coarse + self.difference(source, coarse)

    def draw(self, batch: Batch) -> Batch:
        """Î₂ in place of the real pictures. In the move of stage 2 these are the ones that its own loss is of."""
        made, self._made = self._made, None
        return replace(batch, x=made[1] if made is not None and made[0] is batch else self.both(batch)[1])

    # --- losses

    def first_loss(self, batch: Batch) -> Loss:
        """‖(Î₁ − I_B) ⊙ (1 + M_B)‖₁, the mean over pixels and channels."""
        made = self.first(*condition(batch))
        away = mask_l1(made, batch.x, mask(batch.columns["joints"], self.data.size))
        return Loss(away, {"pose-mask L1/stage 1": away.detach()})

    def discriminator_loss(self, batch: Batch) -> Loss:
        """−E log D(I_A, I_B) − E log(1 − D(I_A, Î₂)). Real and made pairs go through apart, as in every game here."""
        source, _ = condition(batch)
        with torch.no_grad():
            _, made = self.both(batch)
        on_real, on_made = (self.judged(source, x) for x in (batch.x, made))
        return Loss(softplus(-on_real).mean() + softplus(on_made).mean(), game_shows(on_real, on_made))

    def second_loss(self, batch: Batch) -> Loss:
        """−E log D(I_A, Î₂) + λ ‖(Î₂ − I_B) ⊙ (1 + M_B)‖₁."""
        source, joints = condition(batch)
        coarse, made = self.both(batch)
        if self.constraint is not None:
            self._made = batch, made
        covered = mask(joints, self.data.size)
        away = mask_l1(made, batch.x, covered)
        convinced = softplus(-self.judged(source, made)).mean()
        shows = {
            "pose-mask L1/stage 1": mask_l1(coarse, batch.x, covered),
            "pose-mask L1/stage 2": away.detach(),
            "adversary/−log D(made)": convinced.detach(),
        }
        return Loss(convinced + self.recipe.l1 * away, shows, reaching(made))

    def judged(self, source: Tensor, other: Tensor) -> Tensor:
        """Logits of D for pairs, B."""
        return self.discriminator(torch.cat([source, other], 1)).float()  # type: ignore[no-any-return]

    # --- capabilities

    def pose(self, source: Tensor, joints: Tensor, source_joints: Tensor) -> dict[str, Tensor]:
        """The source's own joints are not asked for: the paper's generators see the picture alone."""
        coarse = self.first(source, joints)
        added = self.difference(source, coarse)
        return {
            "stage 1": coarse.clamp(-1, 1),
            "difference": (added / 2).clamp(-1, 1),
            "stage 2": (coarse + added).clamp(-1, 1),
        }

    def illustrate(self, batch: Batch) -> dict[str, Tensor]:
        source, joints = condition(batch)
        stages = self.pose(source, joints, joints)
        shown = {"source": source, "pose": poses_drawn(joints, self.data.size)}
        shown |= {"stage 1": stages["stage 1"], "stage 2": stages["stage 2"]}
        if isinstance(self.constraint, Parser):
            shown["parsed"] = parts_drawn(self.constraint.parse(stages["stage 2"]).argmax(1))
        return {**shown, "truth": batch.x}

    @property
    def parse(self) -> Callable[[Tensor], Tensor]:
        """By the parser that constrains it, where there is one."""
        if not isinstance(self.constraint, Parser):
            raise AttributeError(f"this {self.title} was trained without a parser")
        return self.constraint.parse

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        return posed_problems(cls.title, data, pairs=True) + training_problems(recipe, data)

    @classmethod
    def made_for(cls, data: DataSpec) -> bool:
        return not posed_problems(cls.title, data, pairs=True)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if max(data.size) > 64:
            return {}
        # What two processor cores train in four minutes. The average follows quickly, since so few cycles are seen.
        small: dict[str, Value] = {"width": 16, "parser_width": 8, "lessons": 800, "average": 0.99}
        return {**small, "generator_rate": 1e-3, "falling": 0.5, "first": 2500, "steps": 3200}


def condition(batch: Batch) -> tuple[Tensor, Tensor]:
    """The source's pictures, and the joints of the pose that is wanted: those of the batch itself.

    Raises:
        ValueError: for a batch without partners.
    """
    if batch.partner is None:
        raise ValueError("PG² learns from pairs of pictures of the same person, and this batch has no partners")
    return batch.partner.x, batch.columns["joints"]
