"""What moment matching networks share: a kernel alone tells a generator how far its samples are from the data.

MMD² = E k(x, x′) − 2 E k(x, y) + E k(y, y′) compares all moments of two distributions at once, and is 0 for equal ones
alone (Gretton et al. 2012). Of a batch of samples and a batch of data it is a formula: no opponent is needed. What is
descended is its root, whose gradient stays when the two come near (Li et al. 2015, arXiv:1502.02761, section 3):

    loss = √(MMD²_b + ε),  k(x, y) = Σ_q exp(−‖x − y‖² / (2 σ_q)),  MMD²_b the biased estimate, never below 0

In the authors' code, as here, σ_q is no standard deviation but a variance: in the unit of a squared distance. Theirs is
this loss times 1,000 and divided by the 1,000 samples of a batch: so their learning rates are the ones here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.model import Batch, Level, Loss, Model, Optimiser, Prior, Scheduled, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, recipe
from studio.nn.dense import Dense
from studio.nn.mmd import GaussianMixture, median_square, statistic

AUTO = "auto"
SCALES = tuple(4.0**power for power in range(-4, 2))
"""What "auto" multiplies the median squared distance by: fine enough for modes of a sixteenth of the whole."""
EPSILON = 1e-6
"""Below the root, whose slope at 0 is infinite: a thousandth is the least loss."""


@recipe
class MomentRecipe(ConstrainedRecipe):
    """Defaults of the authors' settings for MNIST."""

    steps: int = 40_000
    batch: int = 1000
    latent: Annotated[
        int, Field("numbers that a sample is made from", 1, 1024, "dimensions", essential=True, term="latent")
    ] = 10
    width: Annotated[
        int,
        Field(
            "units of the generator's last hidden layer; the three before it have a 16th, a quarter and a quarter",
            16,
            8192,
            "units",
            essential=True,
            scale="log",
        ),
    ] = 1024
    bandwidths: Annotated[
        str,
        Field(
            "the σ of each Gaussian in the kernel, in the unit of a squared distance, as 2, 5, 10; "
            "auto: 1/256 to 4 times the median squared distance between examples",
            essential=True,
            term="bandwidth",
        ),
    ] = "2, 5, 10, 20, 40, 80"
    optimiser: Annotated[
        Literal["sgd", "adam"],
        Field("how it descends: sgd wants rates near 1, adam near 0.001", group="Optimiser"),
    ] = "sgd"
    rate: Annotated[
        float,
        Field("learning rate of the generator", 1e-7, 100, essential=True, group="Optimiser", scale="log", term="rate"),
    ] = 2.0
    momentum: Annotated[float, Field("momentum (sgd)", 0, 0.999, group="Optimiser", term="momentum")] = 0.9
    settle: Annotated[
        int,
        Field(
            "steps of the generator after which the rate is a tenth, and the momentum ten times as near to 1 (sgd); "
            "0: never",
            0,
            10_000_000,
            "steps",
            group="Optimiser",
            term="rate decay",
        ),
    ] = 10_000


class MomentMatching(Model):
    """A system says ``build``, in which it makes ``generator``; what is compared of examples, :meth:`compared`; and how
    the generator's output becomes an example, :meth:`written`."""

    recipe: MomentRecipe
    generator: Generator
    levels = (Level("mmd", "no difference (unbiased)", 0.0, "mmd"),)

    begun: Tensor
    unit: Tensor

    def compared(self, x: Tensor) -> Tensor:
        """What the kernel sees of examples, float32 B×F."""
        raise NotImplementedError

    def written(self, made: Tensor) -> Tensor:
        """The other way: examples of what the generator makes, B×F."""
        raise NotImplementedError

    def remember_unit(self) -> None:
        """Called in ``build``: the unit of the bandwidths, which with "auto" the first batch tells."""
        self.register_buffer("begun", torch.tensor(self.recipe.bandwidths.strip().lower() != AUTO))
        self.register_buffer("unit", torch.ones(()))

    # --- training

    def generator_update(self, after: int = 0, times: int | Callable[[int], int] = 1) -> Update:
        """The generator's move. ``after``: so many cycles train other things first."""
        r = self.recipe
        how = Optimiser(r.optimiser, r.rate, momentum=r.momentum if r.optimiser == "sgd" else 0.0)

        def settling(cycle: int) -> Scheduled:
            late = r.settle > 0 and cycle - after >= r.settle
            return Scheduled(0.1, 1 - (1 - r.momentum) / 10) if late else Scheduled(1.0, r.momentum)

        return Update(
            "generator", self.generator, self.generator_loss, how, times=times, averaged=True, full_precision=True,
            schedule=settling if r.optimiser == "sgd" else None,
        )  # fmt: skip

    def generator_loss(self, batch: Batch) -> Loss:
        with torch.no_grad():
            real = self.compared(batch.x)
        if not self.begun:
            self.unit.copy_(median_square(real))
            self.begun.fill_(True)
        made = self.generator(sample(self.prior, len(real), real.device))
        kernel = self.kernel
        xx, xy = kernel.each(made, made), kernel.each(made, real)
        with torch.no_grad():
            yy = kernel.each(real, real)
            unbiased = statistic(xx, xy, yy, unbiased=True).sum()
        each = statistic(xx, xy, yy)
        shows = {"mmd/training, biased": each.detach().sum(), "mmd/training, unbiased": unbiased}
        shows |= {f"mmd of each σ/{n}": share for n, share in zip(self.names, each.detach(), strict=True)}
        return Loss((each.sum().clamp(min=0) + EPSILON).sqrt(), shows)

    @property
    def kernel(self) -> GaussianMixture:
        unit = float(self.unit)
        return GaussianMixture(tuple(s * unit for s in parse(self.recipe.bandwidths)))

    @property
    def names(self) -> list[str]:
        """Of the bandwidths, for their curves."""
        found = parse(self.recipe.bandwidths)
        if self.recipe.bandwidths.strip().lower() == AUTO:
            return [f"σ = {Fraction(s)} of the median" for s in found]
        return [f"σ = {s:g}" for s in found]

    # --- capabilities

    @property
    def prior(self) -> Prior:
        return Prior.of("uniform", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.written(self.generator(z))

    def mismatch(self, x: Tensor, z: Tensor) -> Tensor:
        kernel, real, made = self.kernel, self.compared(x), self.generator(z)
        return statistic(kernel(made, made), kernel(made, real), kernel(real, real), unbiased=True)


class Generator(nn.Module):
    """Latents B×latent to B×``out``, in 0..1 where ``bounded``."""

    def __init__(self, recipe: MomentRecipe, out: int, *, bounded: bool) -> None:
        super().__init__()
        w = recipe.width
        self.layers = Dense(recipe.latent, max(1, w // 16), max(1, w // 4), max(1, w // 4), w, out)
        self.out, self.bounded = out, bounded

    def forward(self, z: Tensor) -> Tensor:
        made = self.layers(z).view(len(z), self.out)
        return made.sigmoid() if self.bounded else made  # type: ignore[no-any-return]


def parse(bandwidths: str) -> tuple[float, ...]:
    """The σ of a recipe; of "auto" what the median squared distance is multiplied by.

    Raises:
        ValueError: in words, for what are no positive numbers with commas between them.
    """
    if bandwidths.strip().lower() == AUTO:
        return SCALES
    found = []
    for word in bandwidths.split(","):
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise ValueError(
                f"{word.strip() or 'nothing'!r} is no bandwidth: write positive numbers, as 2, 5, 10; or auto"
            )
        found.append(value)
    if len(set(found)) < len(found):
        raise ValueError("a bandwidth stands there twice; write each once")
    return tuple(found)


def bandwidth_problems(recipe: MomentRecipe) -> list[Problem]:
    try:
        parse(recipe.bandwidths)
    except ValueError as wrong:
        return [Problem("bandwidths", str(wrong))]
    return []
