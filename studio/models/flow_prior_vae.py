"""A VAE whose prior is a flow. Chen et al. 2017, Variational Lossy Autoencoder, arXiv:1611.02731, section 3.2.

p(z) = N(f(z); 0, I) |det ∂f/∂z|: the latents of the data are not asked to look like a Gaussian, but are made one by f,
autoregressive steps or couplings. Read the other way, ε ~ N(0, I), z = f⁻¹(ε), it is a deeper decoder; and the
bound is, to the last digit, that of a posterior that f bends, with f⁻¹ in the decoder (equation 11 and appendix). So
the latent that a person moves is ε, and z is between it and the decoder's network.
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
from studio.nn.dense import Dense
from studio.nn.flows.autoregressive import Autoregressions
from studio.nn.flows.base import Chain, LogDets
from studio.nn.flows.masked import Alternate, Coupling, outputs


@recipe
class FlowPriorVAERecipe(VariationalRecipe):
    """A VAE's, and the flow."""

    steps: int = 100_000
    latent: int = 40
    layers: int = 2
    flow: Annotated[
        Literal["autoregressive", "coupling"],
        Field(
            "what a step of the prior does: each latent is moved and scaled by those before it, or half of them by the "
            "other half, which is quicker to draw from",
            essential=True,
            term="flow prior",
        ),
    ] = "autoregressive"
    length: Annotated[
        int, Field("steps K between the latent and N(0, 1)", 0, 64, "steps", essential=True, term="flow steps")
    ] = 2
    units: Annotated[
        int, Field("units of each of the two hidden layers of a step's network", 1, 4096, "units", scale="log")
    ] = 320


class FlowPriorVAE(Variational):
    """See the top of this file."""

    title = "VAE with a flow prior"
    paper = Paper("Chen, Kingma, Salimans, et al.", 2017, "Variational Lossy Autoencoder", "1611.02731")
    about = "A VAE whose prior is learned: a flow makes the latents of the data Gaussian, so samples meet the decoder."
    recipe_type = FlowPriorVAERecipe
    recipe: FlowPriorVAERecipe

    def build(self, data: DataSpec) -> None:
        super().build(data)
        r = self.recipe
        units = max(r.units, r.latent)
        self.flow: Autoregressions | Chain
        if r.flow == "autoregressive":
            self.flow = Autoregressions(r.latent, r.length, (units, units))
        else:
            masks = [Alternate(r.latent, odd=i % 2 == 1) for i in range(r.length)]
            networks = [Dense(m.reads, units, units, outputs(m, affine=True)) for m in masks]
            steps = [Coupling(m, network, affine=True) for m, network in zip(masks, networks, strict=True)]
            self.flow = Chain((f"step {i + 1}", step) for i, step in enumerate(steps))

    # --- prior

    def standardised(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """ε = f(z) of latents N×d, and log|det ∂ε/∂z|, N."""
        if isinstance(self.flow, Chain):
            found: LogDets = {}
            return self.flow(z, found), sum(found.values(), z.new_zeros(len(z)))
        return self.flow(z)  # type: ignore[no-any-return]

    def sample(self, q: Posterior, noise: Tensor) -> Sampled:
        drawn = super().sample(q, noise)
        code, log_det = self.standardised(drawn.z.flatten(0, 1))
        code, log_det = code.view_as(drawn.z), log_det.view(drawn.z.shape[:2])
        return Sampled(drawn.z, drawn.log_q, standard(code) + log_det[..., None] / code.shape[-1], code)

    def divergence(self, q: Posterior) -> Tensor | None:
        """None: only without a step it has a closed form."""
        return None if self.recipe.length else super().divergence(q)

    def unravel(self, code: Tensor) -> Tensor:
        """z = f⁻¹(ε)."""
        return self.flow.inverse(code)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, FlowPriorVAERecipe)
        found = variational_problems(cls.title, recipe, data)
        if recipe.flow == "coupling" and recipe.latent < 2 and recipe.length:
            found.append(Problem("latent", "a coupling needs two halves: take 2 dimensions, or autoregressive steps"))
        return found

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        return {**VAE.suits(data), "units": 64 if data.kind == "points" else 256}
