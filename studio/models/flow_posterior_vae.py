"""A VAE whose posterior is a Gaussian that a flow bends. Rezende & Mohamed 2015, arXiv:1505.05770; Kingma et al. 2016,
arXiv:1606.04934.

z_0 ~ N(μ(x), σ(x)²), z_K = f_K(… f_1(z_0)), and log q(z_K|x) = log q(z_0|x) − Σ log|det ∂f_k/∂z| takes the place of the
Gaussian's in the bound. Planar steps push along one direction each, which the encoder says for every example; inverse
autoregressive ones (IAF) move and scale each latent by what those before it say, given features of the example. What is
bent is the posterior alone: the decoder and the prior are those of a VAE, and with no step it is one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.decoding import standard
from studio.models.core.model import Paper
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.models.core.variational import (
    Posterior,
    Sampled,
    Variational,
    VariationalRecipe,
    variational_problems,
)
from studio.models.vae import VAE
from studio.nn.flows.autoregressive import Autoregressions
from studio.nn.flows.planar import PlanarSteps


@recipe
class FlowPosteriorVAERecipe(VariationalRecipe):
    """A VAE's, and the flow."""

    steps: int = 100_000
    latent: int = 40
    layers: int = 2
    flow: Annotated[
        Literal["planar", "iaf"],
        Field(
            "what a step does: pushes along one direction, or moves and scales each latent by those before it (IAF)",
            essential=True,
            term="flow posterior",
        ),
    ] = "planar"
    length: Annotated[
        int, Field("steps K that bend the posterior", 0, 128, "steps", essential=True, term="flow steps")
    ] = 10
    units: Annotated[
        int,
        Field("with iaf, units of each of the two hidden layers of a step's network", 1, 4096, "units", scale="log"),
    ] = 320


class FlowPosteriorVAE(Variational):
    """See the top of this file."""

    title = "VAE with a flow posterior"
    paper = Paper("Rezende and Mohamed", 2015, "Variational Inference with Normalizing Flows", "1505.05770")
    about = "A VAE whose posterior is no plain Gaussian: a flow bends it for each example, and the bound comes closer."
    recipe_type = FlowPosteriorVAERecipe
    recipe: FlowPosteriorVAERecipe

    def build(self, data: DataSpec) -> None:
        super().build(data)
        r = self.recipe
        self.flow: PlanarSteps | Autoregressions
        if r.flow == "planar":
            self.flow = PlanarSteps(self.encoder.out, r.latent, r.length)
        else:
            units = max(r.units, r.latent)
            self.flow = Autoregressions(r.latent, r.length, (units, units), self.encoder.out)

    # --- posterior

    def sample(self, q: Posterior, noise: Tensor) -> Sampled:
        start = q.mean + q.log_sigma.exp() * noise
        z, log_det = self.flow(start, q.features)
        bent = log_det[..., None] / z.shape[-1]
        return Sampled(z, standard(noise) - q.log_sigma - bent, standard(z))

    def divergence(self, q: Posterior) -> Tensor | None:
        """None: only without a step it has a closed form."""
        return None if self.recipe.length else super().divergence(q)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, FlowPosteriorVAERecipe)
        return variational_problems(cls.title, recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        return {**VAE.suits(data), "units": 64 if data.kind == "points" else 256}
