"""Sigmoid belief network, trained with REINFORCE. Mnih & Gregor 2014, Neural Variational Inference and Learning in
Belief Networks (NVIL), arXiv:1402.0030.

    p(x, h) = p(h_L) Π p(h_(l−1) | h_l),  q(h|x) = Π q(h_l | h_(l−1)),  h_0 = x,  every factor Bernoulli(σ(W h + b))

What is climbed is the bound E_q l with l = log p(x, h) − log q(h|x). No gradient flows through a bit, so that of q is
estimated as E_q [(l − b) ∇ log q] (Williams 1992), the same for every b that does not depend on h, and steadier for a
good one: here none, a constant c, or C_ψ(x) + c (section 2.3.1); l may be divided by its running deviation where that
is above 1 (section 2.3.2); and a layer hears only of those terms of l that its bits can change (section 2.3.3).

One thing is said differently. The paper moves c and v by a batch before it takes them off the same batch: c then
depends on h, and the estimate is slightly biased. Here they are moved afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, cast

import torch
from torch import Generator, Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core import classic
from studio.models.core.adversarial import TINY, image_problems, pixels, training_problems
from studio.models.core.binary import bernoulli, binarised, kl_of_bits, unit
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.model import Batch, Gauge, Inferred, Loss, Model, Optimiser, Paper, Part, Prior, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe

BASELINES = ("none", "constant", "learned")
WATCHED, DRAWS = 50, 10
"""Examples, and latents of each, of which the variance of the gradient is measured."""
CENTRED = 1000
"""Batches of which the mean of the data is taken."""


@recipe
class SigmoidBeliefNetRecipe(ConstrainedRecipe):
    """Defaults of the one-layer network of the paper."""

    steps: int = 200_000
    batch: int = 100
    values: Annotated[
        Literal["dynamic", "threshold"],
        Field(
            "what a grey level becomes: a bit drawn anew each time, or a bit by threshold",
            essential=True,
            term="binarisation",
        ),
    ] = "dynamic"
    layers: Annotated[int, Field("layers of hidden bits", 1, 3, "layers", essential=True, term="belief net")] = 1
    units: Annotated[int, Field("bits in each layer", 1, 4096, "units", essential=True, scale="log")] = 200
    baseline: Annotated[
        Literal["none", "constant", "learned"],
        Field(
            "what is taken off the learning signal: nothing, its running mean, or what a network expects of an example",
            essential=True,
            term="baseline",
        ),
    ] = "learned"
    normalise: Annotated[
        bool,
        Field(
            "divide the learning signal by its running standard deviation where that is above 1",
            essential=True,
            term="variance normalisation",
        ),
    ] = True
    memory: Annotated[
        float, Field("memory α of the running mean and variance of the learning signal", 0, 0.9999, term="baseline")
    ] = 0.8
    baseline_units: Annotated[
        int, Field("tanh units of the network that learns the baseline", 1, 4096, "units", scale="log", term="baseline")
    ] = 100
    variance_every: Annotated[
        int,
        Field(
            "steps between two measurements of the gradient's variance under each baseline; 0: never",
            0,
            1_000_000,
            "steps",
            group="Training",
            term="gradient-variance",
        ),
    ] = 50
    optimiser: Annotated[
        Literal["adam", "rmsprop", "sgd"],
        Field("how it descends; sgd has momentum 0.9 and wants rates of 0.003 and less", group="Optimiser"),
    ] = "adam"
    rate: Annotated[
        float, Field("learning rate", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate")
    ] = 3e-4


class Layer(nn.Module):
    """One layer of bits h_l above h_(l−1): both directions between them, and the baseline C_ψ(h_(l−1))."""

    def __init__(self, below: int, units: int, baseline_units: int) -> None:
        super().__init__()
        self.down = nn.Linear(units, below)
        self.up = nn.Linear(below, units)
        self.baseline = nn.Sequential(nn.Linear(below, baseline_units), nn.Tanh(), nn.Linear(baseline_units, 1))


class SigmoidBeliefNet(Model):
    """See the top of this file. Layers are numbered from the data on."""

    title = "Sigmoid belief network"
    paper = Paper("Mnih and Gregor", 2014, "Neural Variational Inference and Learning in Belief Networks", "1402.0030")
    about = "Layers of hidden bits above a picture of bits; no gradient flows through them, so it learns by REINFORCE."
    recipe_type = SigmoidBeliefNetRecipe
    recipe: SigmoidBeliefNetRecipe
    draws = "means"
    gauges = (Gauge("baseline/gradient variance in use, of that without", "variance that the baseline leaves"),)

    begun: Tensor
    centre: Tensor
    taken: Tensor
    mean: Tensor
    variance: Tensor

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        sizes = [math.prod(data.shape), *[r.units] * r.layers]
        self.stack = nn.ModuleList(Layer(below, r.units, r.baseline_units) for below in sizes[:-1])
        self.top = nn.Parameter(torch.zeros(r.units))
        self.register_buffer("begun", torch.tensor(False))
        self.register_buffer("centre", torch.zeros(sizes[0]))
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))
        for name in ("mean", "variance"):  # of l and of l − C, layer by layer
            self.register_buffer(name, torch.zeros(2, r.layers))

    # --- p and q

    @property
    def layers(self) -> list[Layer]:
        return cast("list[Layer]", list(self.stack))

    def inferred(self, v: Tensor, generator: Generator | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """One draw of q: h_0 = v, h_1, …, h_L, and the logits of h_1, …, h_L. ``v``: bits 0 or 1, B×D."""
        bits, logits = [v], []
        for layer in self.layers:
            logits.append(layer.up(self.seen(bits)))
            random = torch.rand(logits[-1].shape, generator=generator, device=v.device)
            bits.append((random < logits[-1].sigmoid()).to(v))
        return bits, logits

    def seen(self, bits: Sequence[Tensor]) -> Tensor:
        """The last of these layers as q and C_ψ see it: the data less their mean."""
        return bits[-1] - self.centre if len(bits) == 1 else bits[-1]

    def log_p(self, bits: Sequence[Tensor]) -> list[Tensor]:
        """log p(h_0|h_1), …, log p(h_(L−1)|h_L), log p(h_L), B each, in nats."""
        down = [layer.down(above) for layer, above in zip(self.layers, bits[1:], strict=True)]
        return [bernoulli(h, a).sum(1) for h, a in zip(bits, [*down, self.top], strict=True)]

    def log_q(self, bits: Sequence[Tensor], logits: Sequence[Tensor]) -> list[Tensor]:
        """log q(h_1|h_0), …, log q(h_L|h_(L−1)), B each, in nats."""
        return [bernoulli(h, a).sum(1) for h, a in zip(bits[1:], logits, strict=True)]

    def guessed(self, bits: Sequence[Tensor]) -> Tensor:
        """C_ψ of each layer, B×L."""
        return torch.cat([layer.baseline(self.seen(bits[: i + 1])) for i, layer in enumerate(self.layers)], 1)

    # --- training

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        how = Optimiser(r.optimiser, r.rate, momentum=0.9 if r.optimiser == "sgd" else 0.0)
        return [Update("belief net", self, self.loss, how, averaged=True, full_precision=True)]

    def loss(self, batch: Batch) -> Loss:
        """−l of one draw of q, with the gradient of −log p(x, h) for p and REINFORCE's for q; C_ψ learns beside."""
        v = unit(self.held(batch.x))
        self.begin(v)
        bits, logits = self.inferred(v)
        log_p, log_q, guessed = self.log_p(bits), self.log_q(bits, logits), self.guessed(bits)
        signals = learning_signals(log_p, log_q)
        left = self.left(signals, guessed.detach())
        lessons = (self.scaled(left["learned"], "learned") * guessed).sum(1)  # half its squared error, as a slope
        surrogate = self.surrogate(log_p, log_q, left) + lessons
        bound = signals[:, 0].mean()
        value = surrogate.detach().mean() - surrogate.mean() - bound  # the bound's value, the surrogate's slope
        reconstruction = log_p[0].detach().mean()
        shows = {
            "log-likelihood/training": bound,
            "elbo/ELBO, of a minibatch": bound,
            "elbo/reconstruction": reconstruction,
            "kl/KL(q‖p), of a minibatch": reconstruction - bound,
        }
        if self.recipe.variance_every and int(self.taken) % self.recipe.variance_every == 0:
            shows |= self.gradient_variances(v)
        self.moved(signals, guessed.detach())
        return Loss(value, shows)

    def left(self, signals: Tensor, guessed: Tensor) -> dict[str, Tensor]:
        """The learning signal of each layer less each baseline, B×L."""
        return {
            "none": signals,
            "constant": signals - self.mean[0],
            "learned": signals - guessed - self.mean[1],
        }

    def scaled(self, left: Tensor, baseline: str) -> Tensor:
        """(l − C − c) / max(1, √v), where the recipe asks for that."""
        if not self.recipe.normalise:
            return left
        return left / self.variance[1 if baseline == "learned" else 0].sqrt().clamp(min=1)

    def surrogate(self, log_p: list[Tensor], log_q: list[Tensor], left: dict[str, Tensor]) -> Tensor:
        """What has the gradient of the bound: log p(x, h) + Σ signal · log q(h_l|h_(l−1)), the signals held, B."""
        signals = self.scaled(left[self.recipe.baseline], self.recipe.baseline)
        return sum(log_p, start=torch.zeros_like(log_p[0])) + (signals.detach() * torch.stack(log_q, 1)).sum(1)

    @torch.no_grad()
    def begin(self, v: Tensor) -> None:
        """Before the first move: the bias of the data at the logits of their mean; c and v where a draw of its own puts
        them, so that nothing large comes of having forgotten nothing yet."""
        if self.begun:
            return
        self.centre.copy_(v.mean(0))
        classic.begin(self.layers[0].down, self.begun, 2 * v - 1)
        bits, logits = self.inferred(v)
        signals = learning_signals(self.log_p(bits), self.log_q(bits, logits))
        for at, of in enumerate((signals, signals - self.guessed(bits))):
            self.mean[at], self.variance[at] = of.mean(0), of.var(0, correction=0)

    @torch.no_grad()
    def moved(self, signals: Tensor, guessed: Tensor) -> None:
        """What is remembered of the signals, once they have been used; and of the data, the mean."""
        for at, of in enumerate((signals, signals - guessed)):
            self.mean[at].lerp_(of.mean(0), 1 - self.recipe.memory)
            self.variance[at].lerp_(of.var(0, correction=0), 1 - self.recipe.memory)
        self.taken += 1

    @torch.no_grad()
    def gradient_variances(self, v: Tensor) -> dict[str, Tensor]:
        """Of (l − b) ∂log q/∂a with a the logits of q, under each baseline b on the same draws: the variance over draws
        of one example's latents, summed over units, averaged over examples. A unit's ∂log q/∂a is h − σ(a)."""
        some = v[:WATCHED]
        bits, logits = self.inferred(some.repeat(DRAWS, 1))
        signals = learning_signals(self.log_p(bits), self.log_q(bits, logits))
        found = {}
        for name, left in self.left(signals, self.guessed(bits)).items():
            slopes = [left[:, i, None] * (bits[i + 1] - a.sigmoid()) for i, a in enumerate(logits)]
            each = torch.cat(slopes, 1).view(DRAWS, len(some), -1)
            found[name] = each.var(0).sum(1).mean()
        shows = {f"gradient variance/{name}": value for name, value in found.items()}
        share = found[self.recipe.baseline] / found["none"].clamp(min=1e-12)
        return shows | {"baseline/gradient variance in use, of that without": share}

    def draw(self, batch: Batch) -> Batch:
        made = super().draw(batch)
        return replace(made, x=binarised(made.x, "dynamic"))

    def explained(self, batch: Batch) -> Tensor:
        """l of one draw of q, with the gradient of the bound."""
        bits, logits = self.inferred(unit(self.held(batch.x)))
        log_p, log_q = self.log_p(bits), self.log_q(bits, logits)
        signals = learning_signals(log_p, log_q)
        surrogate = self.surrogate(log_p, log_q, self.left(signals, self.guessed(bits).detach()))
        return signals[:, 0] + surrogate - surrogate.detach()

    # --- likelihood

    def held(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        return x if self.data.kind == "vectors" else binarised(x, self.recipe.values, generator)

    @property
    def in_bits(self) -> bool:
        return False

    @property
    def chance(self) -> str:
        return "the latent"

    @property
    def likelihood(self) -> str:
        if self.data.kind == "vectors":
            return "lower bound"
        return "lower bound of bits " + ("drawn anew" if self.recipe.values == "dynamic" else "by threshold")

    def log_likelihood(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """log p(x, h) − log q(h|x) of one draw of h."""
        bits, logits = self.inferred(unit(self.held(x, generator)), generator)
        return learning_signals(self.log_p(bits), self.log_q(bits, logits))[:, 0]

    # --- capabilities

    @property
    def prior(self) -> Prior:
        """A uniform number for each bit, of the top layer first: the bit is 1 where it lies below its probability."""
        return Prior(tuple(Part(f"layer {i}", "uniform", self.recipe.units) for i in range(self.recipe.layers, 0, -1)))

    def decode(self, z: Tensor) -> Tensor:
        """The mean 2 σ(W h_1 + b) − 1 of p(x|h_1)."""
        logits = self.top
        for layer, u in zip(reversed(self.layers), unit(z).chunk(self.recipe.layers, 1), strict=True):
            logits = layer.down((u < logits.sigmoid()).to(z))
        return (2 * logits.sigmoid() - 1).view(-1, *self.data.shape)

    def encode(self, x: Tensor) -> Tensor:
        """The likeliest bits of q, layer by layer, as uniform numbers in the middle of where they give these bits."""
        bits = [unit(x)]
        for layer in self.layers:
            bits.append((layer.up(self.seen(bits)) > 0).to(x))
        return self.as_uniform(bits, 0.5)

    def embed(self, x: Tensor) -> Tensor:
        """q(h_1 = 1 | x)."""
        first: Tensor = self.layers[0].up(self.seen([unit(x)]))
        return first.sigmoid()

    def above(self, bits: Sequence[Tensor]) -> list[Tensor]:
        """Logits of p for h_L, …, h_1, given the layers above them."""
        down = [layer.down(h) for layer, h in zip(self.layers, bits[1:], strict=True)]
        return [self.top.expand_as(bits[-1]), *reversed(down[1:])]

    def as_uniform(self, bits: Sequence[Tensor], within: Tensor | float) -> Tensor:
        """The latent that decodes to these bits; ``within``: where each number lies among those that do, 0..1."""
        p = torch.cat([a.sigmoid() for a in self.above(bits)], 1)
        h = torch.cat(list(reversed(bits[1:])), 1)
        return 2 * torch.where(h > 0, p * within, p + (1 - p) * within) - 1

    def infer(self, x: Tensor, samples: int = 1, generator: Generator | None = None) -> Inferred:
        """The uniform numbers given the bits are as under the prior, so that weights and KL are those of the bits."""
        bits, logits = self.inferred(unit(x).repeat(samples, 1), generator)
        within = torch.rand(len(bits[0]), self.prior.size, generator=generator, device=x.device)
        log_p, log_q = self.log_p(bits), self.log_q(bits, logits)
        of_q, of_p = torch.cat(list(reversed(logits)), 1), torch.cat(self.above(bits), 1)
        if len(self.layers) == 1:
            kl = kl_of_bits(of_q, of_p)
        else:
            h = torch.cat(list(reversed(bits[1:])), 1)
            kl = bernoulli(h, of_q) - bernoulli(h, of_p)
        each = (samples, len(x), -1)
        return Inferred(
            (of_p.sigmoid() - of_q.sigmoid()).view(each).mean(0),
            self.as_uniform(bits, within).view(each),
            log_p[0].view(each[:2]),
            kl.view(each).mean(0),
            learning_signals(log_p, log_q)[:, 0].view(each[:2]),
            "closed form" if len(self.layers) == 1 else "mean over samples",
        )

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        found = [] if data.kind == "vectors" else image_problems(cls.title, data)
        return found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind == "vectors":
            return {"steps": 15_000, "units": 50, "rate": 1e-2}
        small: dict[str, Value] = {"steps": 20_000, "rate": 1e-3}
        return small | {"units": 50} if pixels(data) <= TINY else small


def learning_signals(log_p: Sequence[Tensor], log_q: Sequence[Tensor]) -> Tensor:
    """l of each layer, B×L, without gradients: log p(h_(l−1), …, h_L) − log q(h_l, …, h_L), the terms that its bits can
    change. The first is that of the whole: log p(x, h) − log q(h|x)."""
    terms = torch.stack([p - q for p, q in zip(log_p[:-1], log_q, strict=True)], 1).detach()
    return terms.flip(1).cumsum(1).flip(1) + log_p[-1].detach()[:, None]
