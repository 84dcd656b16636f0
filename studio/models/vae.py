"""The variational autoencoder. Kingma & Welling 2014, arXiv:1312.6114; Rezende et al. 2014, arXiv:1401.4082.

An encoder says a Gaussian over the latents of each example, a decoder the distribution of its values given the latents,
and both are trained by one bound of log p(x): how well examples are given back, less what the latents say of them
beyond the prior. With K draws of the latent it is the importance-weighted autoencoder (Burda et al. 2016,
arXiv:1509.00519), with another weight of the KL a β-VAE (Higgins et al. 2017). The rest: :mod:`.core.variational`.
"""

from __future__ import annotations

from typing import Annotated

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import epochs
from studio.models.core.model import Paper
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.models.core.variational import Variational, VariationalRecipe, variational_problems


@recipe
class VAERecipe(VariationalRecipe):
    """Two hidden layers, as in the importance-weighted paper's first network, wider."""

    steps: int = 100_000
    layers: int = 2
    beta: Annotated[float, Field("weight β of the KL; 1 is the bound itself", 0, 100, essential=True, term="beta")] = (
        1.0
    )


class VAE(Variational):
    """See the top of this file."""

    title = "VAE"
    paper = Paper("Kingma, Welling", 2014, "Auto-Encoding Variational Bayes", "1312.6114")
    about = (
        "Learns a Gaussian code of each example and a decoder for it, by one bound of the likelihood; trains steadily."
    )
    recipe_type = VAERecipe
    recipe: VAERecipe

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, VAERecipe)
        return variational_problems(cls.title, recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the papers': networks that two processor cores train in minutes.
        if data.kind == "points":
            points: dict[str, Value] = {"decoder": "gaussian", "latent": 2, "width": 128, "activation": "elu"}
            return {**points, "sigma": 0.5, "floor": 0.01, "batch": 256, "steps": 8000, "anneal": 2000}
        if data.kind == "vectors":
            return {"latent": 10, "width": 100, "layers": 1, "steps": 6000}
        steps = epochs(data, 60, 128, 15_000)
        if data.channels == 1 and pixels(data) <= SMALL:
            return {"width": 128 if pixels(data) <= TINY else 400, "steps": steps}
        large: dict[str, Value] = {"networks": "convolutional", "layers": 1, "width": 256, "latent": 64}
        return {**large, "decoder": "logistic", "batch": 64, "rate": 5e-4, "channels": 16, "steps": 8000}
