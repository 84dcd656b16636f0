"""Planar and radial flows. Rezende & Mohamed 2015, Variational Inference with Normalizing Flows, arXiv:1505.05770.

A Gaussian in the plane is bent by K simple invertible steps, z_K = f_K(… f_1(z_0)), and its density is known all along:
ln q_K(z_K) = ln q_0(z_0) − Σ ln |det ∂f_k/∂z| (equation 13). Of a potential, the density exp(−U) / Z, what is descended
is the free energy E_q [ln q_K + β_t U(z_K)], with U turned on slowly (equation 20 and section 6.1): no data are needed,
and the flow runs from the latent to the points in closed form. Of any other points it is the likelihood, and the closed
form runs from the points to the latent. The direction that has none is found by numbers, to the last digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal

import torch
from torch import Tensor

from studio.data import potentials
from studio.data.dataset import DataSpec
from studio.models.core.adversarial import training_problems
from studio.models.core.flow import Flow, PointFlowRecipe
from studio.models.core.model import Batch, Gauge, Level, Loss, Optimiser, Paper, Traced, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.flows.base import Bijection, Chain, Reversed
from studio.nn.flows.planar import Planar
from studio.nn.flows.radial import Radial
from studio.nn.flows.scales import Scales

CURVES = 8
"""Steps, or groups of neighbouring steps, whose log-det has a curve of its own."""


@recipe
class PlanarFlowRecipe(PointFlowRecipe):
    """Which steps, how many, and what they are fitted to."""

    kind: Annotated[
        Literal["planar", "radial"],
        Field("what a step does: pushes along a direction, or draws to a centre", essential=True, term="planar flow"),
    ] = "planar"
    length: Annotated[
        int, Field("steps K that bend the Gaussian", 0, 256, "steps", essential=True, term="flow steps")
    ] = 16
    target: Annotated[
        Literal["auto", "energy", "points"],
        Field(
            "what is fitted: the energy of a potential, which needs no data, or the likelihood of the points; "
            "auto takes the energy where there is one",
            essential=True,
            term="potential",
        ),
    ] = "auto"
    prior: Annotated[
        Literal["fixed", "learned"],
        Field("the Gaussian that is bent: N(0, 1), or with a mean and a width per axis that are learned", term="prior"),
    ] = "fixed"
    anneal: Annotated[
        int, Field("steps in which the energy is turned on; 0: at once", 0, 1_000_000, "steps", term="annealing")
    ] = 10_000
    optimiser: Annotated[
        Literal["adam", "rmsprop"],
        Field("how it descends; the paper's RMSprop has momentum 0.9 and wants a rate of 0.00001", group="Optimiser"),
    ] = "adam"


class PlanarFlow(Flow):
    """See the top of this file. Steps are numbered from the latent on, as in the paper."""

    title = "Planar and radial flows"
    paper = Paper("Rezende and Mohamed", 2015, "Variational Inference with Normalizing Flows", "1505.05770")
    about = "Bends a Gaussian in the plane into a density, step by step, each of which can be looked at and undone."
    recipe_type = PlanarFlowRecipe
    recipe: PlanarFlowRecipe
    levels = (
        Level("kl", "q = p", 0.0, "kl"),
        Level("invertibility", "could not be undone", 0.0, "planar flow"),
    )
    gauges = (Gauge("invertibility/smallest slope of a step", "slope of the flattest step", good=(0.001, 1.0)),)

    taken: Tensor

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.potential = potentials.of(data) if r.target != "points" else None
        kind = Planar if r.kind == "planar" else Radial
        steps: list[tuple[str, Bijection]] = [(f"step {k + 1}", kind(data.shape[0])) for k in range(r.length)]
        if self.potential is not None:
            steps = [(name, Reversed(step)) for name, step in steps]
        self.put_together(Scales(data.shape, [Chain(reversed(steps))]), prior=r.prior)
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))

    # --- training

    def updates(self) -> Sequence[Update]:
        (update,) = super().updates()
        return [replace(update, after=self.count)]

    def optimiser(self) -> Optimiser:
        r = self.recipe
        return Optimiser(r.optimiser, r.rate, momentum=0.9, clip=r.clip)

    def count(self) -> None:
        self.taken += 1

    @property
    def beta(self) -> Tensor:
        """β_t = min(1, 0.01 + t / anneal)."""
        rising = 0.01 + self.taken / max(self.recipe.anneal, 1)
        return rising.clamp(max=1) if self.recipe.anneal else torch.ones_like(rising)

    def loss(self, batch: Batch) -> Loss:
        found = super().loss(batch) if self.potential is None else self.free_energy(batch)
        return replace(found, shows={**found.shows, "invertibility/smallest slope of a step": self.smallest_slope()})

    def free_energy(self, batch: Batch) -> Loss:
        """E_q [ln q_K(z_K) + β U(z_K)], of as many draws as there are examples in the batch; it uses no more of it."""
        assert self.potential is not None
        stations = self.trace(torch.randn_like(batch.x))
        energy = self.potential.energy(stations[-1].points, torch)
        found = stations[-1].log_density
        whole = (found + energy).detach().mean()
        beta = self.beta
        shows = {
            "free energy/at β = 1, of a minibatch": whole,
            "kl/KL(q‖p), of a minibatch": whole + self.potential.log_z,
            "annealing/β": beta,
            **self.split(stations[0].log_density, _changes(stations)),
        }
        return Loss((found + beta * energy).mean(), shows)

    def curve(self, name: str) -> str:
        if not name.startswith("step ") or self.recipe.length <= CURVES:
            return super().curve(name)
        many = math.ceil(self.recipe.length / CURVES)
        first = (int(name.removeprefix("step ")) - 1) // many * many + 1
        last = min(first + many - 1, self.recipe.length)
        digits = len(str(self.recipe.length))  # in the order of the alphabet they are in their own
        named = [f"{number:0{digits}}" for number in sorted({first, last})]
        return f"step{'s' * (last > first)} {'–'.join(named)}"

    @torch.no_grad()
    def smallest_slope(self) -> Tensor:
        """The factor of the flattest step at its flattest, at most 1; at 0 it could not be undone."""
        steps = [step.step if isinstance(step, Reversed) else step for _, step in self.scales.chain(0).single()]
        slopes = [step.slope for step in steps if isinstance(step, Planar | Radial)]
        return torch.stack([*slopes, torch.ones_like(self.beta)]).min()

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, PlanarFlowRecipe)
        if data.kind != "points":
            return [
                Problem(
                    "", f"{cls.title} bend the plane; {data.name} holds {data.kind}. Choose points, or another model"
                )
            ]
        found = training_problems(recipe, data)
        if recipe.target == "energy" and potentials.of(data) is None:
            known = ", ".join(p.title for p in potentials.POTENTIALS.values())
            found.append(
                Problem("target", f"no energy is known of {data.name}, only its points: take points, or one of {known}")
            )
        if recipe.length == 0 and recipe.prior == "fixed":
            found.append(
                Problem("length", "no steps and a fixed prior leave nothing to learn: take 1, or a learned prior")
            )
        return found

    @classmethod
    def made_for(cls, data: DataSpec) -> bool:
        return potentials.of(data) is not None

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind != "points":
            return {}
        return {"steps": 4000, "batch": 256, "rate": 5e-3, "anneal": 1000}


def _changes(stations: Sequence[Traced]) -> dict[str, Tensor]:
    """log|det| of each step from the points to the latent, by name: by what it adds to the log-density."""
    return {after.name: after.log_density - before.log_density for before, after in pairwise(stations)}
