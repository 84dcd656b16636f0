"""The VAE against what is known in closed form: of a linear decoder with Gaussian noise everything is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from studio.models.core.model import ScoresLikelihood, capabilities
from studio.models.core.recipe import make
from studio.models.core.variational import Posterior, Variational, active
from studio.models.vae import VAE, VAERecipe
from tests.models.every import PICTURES, POINTS, batch, build, examples

SIGMA = 0.5
W = torch.tensor([[0.8, -0.3], [0.6, 0.4]])
"""With orthogonal columns, so that the posterior is diagonal."""
MU = torch.tensor([0.2, -0.1])


def linear(samples: int = 1, exact: bool = True) -> VAE:
    """x = W z + μ + σ ε, with its own posterior, or with one that is off."""
    recipe = {"layers": 0, "latent": 2, "decoder": "gaussian", "spread": "fixed", "sigma": SIGMA, "samples": samples}
    made = VAE(make(VAERecipe, recipe), POINTS).eval()
    precision = (W.T @ W).diagonal() + SIGMA**2
    reading = (W / precision).T
    assert isinstance(made.decoder.last, nn.Linear)
    with torch.no_grad():
        made.decoder.last.weight.copy_(W)
        made.decoder.last.bias.copy_(MU)
        made.head.linear.weight.copy_(torch.cat([reading * (1 if exact else 0.6), torch.zeros(2, 2)]))
        made.head.linear.bias.copy_(
            torch.cat([-reading @ MU, (SIGMA / precision.sqrt()).log() + (0 if exact else 0.3)])
        )
    return made.requires_grad_(False)


def truth(x: Tensor) -> Tensor:
    """log N(x; μ, W Wᵀ + σ² I)."""
    covariance = W @ W.T + SIGMA**2 * torch.eye(2)
    squared = ((x - MU) @ torch.linalg.inv(covariance) * (x - MU)).sum(1)
    return -squared / 2 - torch.logdet(covariance) / 2 - math.log(2 * math.pi)


def test_with_the_exact_posterior_every_weight_is_the_likelihood() -> None:
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)) * 2
    found = linear().infer(x, 16, torch.Generator().manual_seed(1))
    assert torch.allclose(found.log_weights, truth(x).expand(16, -1), atol=1e-4)
    assert float(found.log_weights.std(0).max()) < 1e-4
    elbo = found.reconstruction.mean(0) - found.kl.sum(1)
    assert float((elbo - truth(x)).mean().abs()) < 0.1  # the reconstruction is still a mean over 16 draws


def test_the_bound_of_k_weights_rises_with_k_and_stays_below_the_likelihood() -> None:
    x = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    logs = linear(exact=False).infer(x, 64, torch.Generator().manual_seed(1)).log_weights
    bounds = [float((logs.view(-1, k, 400).logsumexp(1) - math.log(k)).mean()) for k in (1, 2, 8, 64)]
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[-1] - 0.02
    assert bounds[-1] < float(truth(x).mean()) + 0.005


def test_the_closed_form_of_the_kl_is_the_mean_of_the_log_ratio() -> None:
    made = build(VAE, PICTURES)
    q = Posterior(torch.tensor([[0.0, 1.5, -0.3]]), torch.tensor([[0.0, -1.0, 0.7]]), torch.zeros(1, 0))
    drawn = made.sample(q, torch.randn(40_000, 1, 3, generator=torch.Generator().manual_seed(0)))
    ratio = (drawn.log_q - drawn.log_p)[:, 0]
    closed = made.divergence(q)
    assert closed is not None
    assert closed[0, 0] == 0
    error = ratio.std(0) / math.sqrt(len(ratio))
    assert ((ratio.mean(0) - closed[0]).abs() <= 3 * error + 1e-6).all()


@pytest.mark.parametrize("objective", ["elbo", "iwae"])
def test_the_gradient_of_the_loss_is_that_of_finite_differences(objective: str) -> None:
    made = build(VAE, PICTURES, objective=objective, samples=3, binarise="threshold", anneal=4).double()
    given = batch(PICTURES)
    given = type(given)(given.x.double())

    def loss() -> Tensor:
        torch.manual_seed(3)
        return made.loss(given).value

    loss().backward()
    for parameter in (made.head.linear.weight, made.decoder.last.weight):
        assert isinstance(parameter, Tensor)
        assert parameter.grad is not None
        at = parameter.grad.abs().flatten().argmax()
        values = []
        for step in (1e-4, -1e-4):
            with torch.no_grad():
                parameter.view(-1)[at] += step
                values.append(float(loss()))
                parameter.view(-1)[at] -= step
        # The logits go through float32.
        assert (values[0] - values[1]) / 2e-4 == pytest.approx(float(parameter.grad.flatten()[at]), rel=2e-2)


def test_free_bits_are_of_the_mean_over_the_batch_and_beta_weighs_them() -> None:
    made = build(VAE, PICTURES, beta=2.0, free=0.5, anneal=10)
    found = made.infer(made.held(examples(PICTURES)), 1)
    kl = torch.tensor([[0.0, 0.2, 3.0], [0.8, 0.2, 1.0]])
    found = type(found)(found.mean, found.z, torch.tensor([[-7.0, -9.0]]), kl, found.log_weights)
    made.taken.fill_(4)  # the fifth of ten steps
    value, shows = made.descended(found)
    assert float(value) == pytest.approx(8 + 2.0 * 5 / 10 * (0.5 + 0.5 + 2.0))
    assert float(shows["annealing/β"]) == pytest.approx(1.0)
    assert float(shows["free bits/share of latents that stay within theirs"]) == pytest.approx(2 / 3)
    made.taken.fill_(40)
    assert float(made.beta) == 2


def test_a_latent_is_active_when_its_mean_moves_with_the_example() -> None:
    assert active(torch.tensor([[0.0, 1.0], [0.1, 1.5]])).tolist() == [False, True]


def test_grey_levels_taken_for_probabilities_have_no_likelihood() -> None:
    made = build(VAE, PICTURES, binarise="none")
    assert "score likelihood" not in capabilities(made)
    assert not isinstance(made, ScoresLikelihood)
    assert "score likelihood" in capabilities(build(VAE, PICTURES))
    curves = made.loss(batch(PICTURES)).shows
    assert not any("ELBO" in name or "likelihood/" in name for name in curves)


@pytest.mark.parametrize(("decoder", "unit"), [("bernoulli", False), ("gaussian", True), ("logistic", True)])
def test_grey_levels_are_scored_in_bits_and_bits_in_nats(decoder: str, unit: bool) -> None:
    made = build(VAE, PICTURES, decoder=decoder).eval()
    assert made.in_bits is unit
    x = examples(PICTURES).mul(127.5).round().div(127.5)
    random = torch.Generator().manual_seed(0)
    one, other = (made.log_likelihood(made.held(x, random), random) for _ in range(2))
    assert one.shape == (6,)
    assert not torch.equal(one, other), "the latent is left to chance"


def test_convolutional_networks_and_colour_have_the_shape_of_the_image() -> None:
    data = replace(PICTURES, shape=(3, 16, 12))
    made = build(VAE, data, networks="convolutional", decoder="logistic", spread="predicted", layers=1)
    assert made.decode(torch.zeros(2, made.prior.size)).shape == (2, 3, 16, 12)
    assert isinstance(made, Variational)
    made.loss(batch(data)).value.backward()
    assert all(p.grad is not None for p in made.parameters())


def test_what_does_not_go_together_is_said_in_words() -> None:
    def told(data: object, **values: object) -> list[str]:
        return [str(p) for p in VAE.problems(make(VAERecipe, values), data)]  # type: ignore[arg-type]

    assert told(PICTURES) == []
    assert told(POINTS) == ["decoder: of points it is gaussian, not bernoulli"]
    assert "take dense" in told(POINTS, decoder="gaussian", networks="convolutional")[0]
    assert "set them to 0" in told(PICTURES, objective="iwae", free=0.1)[0]
