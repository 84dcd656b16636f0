"""Deep convolutional GAN. Radford et al. 2016, arXiv:1511.06434.

The discriminator D tells real images from made ones; the generator G makes D say "real" (the non-saturating loss).
With logits a(x), log D = −softplus(−a) and log (1 − D) = −softplus(a): no logarithm of a rounded probability.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import (
    BALANCE,
    SMALL,
    TINY,
    GameRecipe,
    game_shows,
    image_problems,
    pixels,
    reaching,
    training_problems,
)
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Problem, Recipe, Value, recipe
from studio.nn.pyramid import Downward, Upward
from studio.nn.starts import normal_start


@recipe
class DCGANRecipe(GameRecipe):
    """Defaults of the paper's 64×64 experiments."""

    batch: int = 128
    latent: int = 100
    width: int = 128
    generator_rate: float = 2e-4


class DCGAN(Model):
    """See the top of this file."""

    title = "DCGAN"
    paper = Paper(
        "Radford, Metz, Chintala",
        2016,
        "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
        "1511.06434",
    )
    about = "The classic convolutional GAN: fast, sharp pictures, and it may lose its balance."
    recipe_type = DCGANRecipe
    recipe: DCGANRecipe
    levels = BALANCE

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.generator = Upward(r.latent, data.channels, data.size, r.width, "batch")
        self.discriminator = Downward(data.channels, data.size, r.width, "batch")
        self.apply(normal_start)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "discriminator",
                self.discriminator,
                self.discriminator_loss,
                Optimiser("adam", r.discriminator_rate, r.beta1, r.beta2),
            ),
            Update(
                "generator",
                self.generator,
                self.generator_loss,
                Optimiser("adam", r.generator_rate, r.beta1, r.beta2),
                averaged=True,
            ),
        ]

    def discriminator_loss(self, batch: Batch) -> Loss:
        """−E log D(x) − E log (1 − D(G(z))). Real and made examples go through apart: normalised in one batch, the
        two would give themselves away by its statistics."""
        with torch.no_grad():
            fake = self.generator(self.noise(batch.x))
        on_real, on_fake = self.discriminator(batch.x).float(), self.discriminator(fake).float()
        return Loss(
            softplus(-on_real).mean() + softplus(on_fake).mean(),
            game_shows(on_real, on_fake),
        )

    def generator_loss(self, batch: Batch) -> Loss:
        """−E log D(G(z))."""
        fake = self.generator(self.noise(batch.x))
        return Loss(softplus(-self.discriminator(fake).float()).mean(), spreads=reaching(fake))

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities. It does not criticise: D's logit estimates log p/q, no distance between the two.

    @property
    def prior(self) -> Prior:
        return Prior.of("uniform", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)  # type: ignore[no-any-return]

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        return image_problems(cls.title, data) + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Narrower than the paper's: networks that two processor cores train in minutes.
        if pixels(data) <= TINY:
            return {"width": 32, "batch": 64, "steps": 8000}
        if pixels(data) <= SMALL:
            return {"width": 32, "batch": 64, "steps": 10_000}
        return {"width": 64, "batch": 64, "steps": 30_000}
