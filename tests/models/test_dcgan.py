"""DCGAN against the exact facts of its paper (papers.md 2.2)."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.core.recipe import make
from studio.models.dcgan import DCGAN, DCGANRecipe
from tests.models.every import cross_talk, examples

PICTURES = DataSpec("made up", "images", (1, 8, 8), 100)


def build(data: DataSpec = PICTURES) -> DCGAN:
    torch.manual_seed(0)
    return DCGAN(make(DCGANRecipe, {"width": 6, "latent": 5}), data)


def test_the_papers_hyperparameters_are_the_defaults() -> None:
    dc = DCGANRecipe()
    assert (dc.latent, dc.width, dc.batch, dc.generator_rate, dc.discriminator_rate, dc.beta1) == (
        100, 128, 128, 2e-4, 2e-4, 0.5,
    )  # fmt: skip


class Constant(nn.Module):
    """Gives the same logit to everything."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(logit))

    def forward(self, x: Tensor) -> Tensor:
        return self.logit.expand(len(x))


@pytest.mark.parametrize("logit", [0.0, 3.0, -200.0, 200.0])
def test_the_losses_are_finite_and_right_for_any_logit(logit: float) -> None:
    made = build()
    made.discriminator = Constant(logit)  # type: ignore[assignment]
    on_both = made.discriminator_loss(Batch(examples(PICTURES)))
    exact = torch.tensor(logit, dtype=torch.float64)
    expected = nn.functional.softplus(-exact) + nn.functional.softplus(exact)
    assert on_both.value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert on_both.shows["discriminator/D(x)"].item() == pytest.approx(exact.sigmoid().item(), abs=1e-6)
    generator = made.generator_loss(Batch(examples(PICTURES))).value
    assert generator.item() == pytest.approx(nn.functional.softplus(-exact).item(), rel=1e-6)
    if logit == 0:
        assert -on_both.value.item() == pytest.approx(-math.log(4), abs=1e-6)


def test_real_and_made_images_are_normalised_apart() -> None:
    made = build()
    seen: list[int] = []
    made.discriminator.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    made.discriminator_loss(Batch(examples(PICTURES)))
    assert seen == [6, 6]


def test_only_the_normalised_discriminator_mixes_the_examples_of_a_batch() -> None:
    wide = DataSpec("d", "images", (1, 16, 16), 100)  # two convolutions: the second is normalised
    assert cross_talk(build(wide).discriminator.train(), examples(wide)) > 0
    assert cross_talk(build(wide).discriminator.eval(), examples(wide)) == 0
