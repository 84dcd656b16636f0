"""Adversarial variational Bayes: what its adversary is at its best, that contrast changes nothing then, and a bound."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.models.avb import AVB, FLOOR, SURE, AVBRecipe
from studio.models.core.decoding import standard
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make

BITS = DataSpec("bits", "vectors", (4,), 100)
ENCODERS = pytest.mark.parametrize("encoder", ["joined", "basis"])
CONTRAST = pytest.mark.parametrize("contrast", [False, True])


def avb(spread: float = 0.0, **values: Value) -> AVB:
    torch.manual_seed(0)
    small = {"latent": 2, "width": 8, "units": 8, "noise": 3, "basis": 4}
    made = AVB(make(AVBRecipe, {**small, **values}), BITS).eval()
    for parameter in made.parameters() if spread else ():
        nn.init.normal_(parameter, std=spread)
    return made


def bits(n: int = 4) -> Tensor:
    return (torch.eye(4) * 2 - 1).repeat(n // 4 + 1, 1)[:n]


# --- the adversary at its best


def test_the_best_logistic_regression_says_the_ratio_of_two_densities() -> None:
    """Of q = N(0.7, 0.5²) against p = N(0, 1), on a grid: what descends the adversary's loss freely, a number for each
    place, ends at log q − log p, and there D/(1 − D) = q/p."""
    z = torch.linspace(-1.5, 3, 61, dtype=torch.float64)
    q = (standard((z - 0.7) / 0.5) - math.log(0.5)).exp()
    p = standard(z).exp()
    t = torch.zeros(61, dtype=torch.float64, requires_grad=True)
    for _ in range(40):  # Newton's method, as the loss is convex in each number
        (slope,) = torch.autograd.grad((q * softplus(-t) + p * softplus(t)).sum(), t)
        bend = (q + p) * torch.sigmoid(t) * torch.sigmoid(-t)
        t = (t - (slope / bend).clamp(-1, 1)).detach().requires_grad_()
    t = t.detach()
    closed = -((z - 0.7) / 0.5).square() / 2 + z.square() / 2 - math.log(0.5)
    assert torch.allclose(t, closed, atol=1e-6)
    d = torch.sigmoid(t)
    assert torch.allclose(d / (1 - d), q / p, rtol=1e-6)
    kl = float((q * t).sum() / q.sum())
    assert kl == pytest.approx(0.5 * (0.5**2 + 0.7**2 - 1) - math.log(0.5), abs=5e-3)


def test_the_best_adversary_needs_no_gradient_through_itself() -> None:
    """E_q ∇φ T* = 0 on a finite support, by enumeration, so the gradient of E_q T* is that of the KL."""
    p = torch.tensor([0.1, 0.4, 0.2, 0.3], dtype=torch.float64)
    phi = torch.tensor([0.3, -1.0, 0.5, 0.1], dtype=torch.float64, requires_grad=True)
    q = phi.softmax(0)
    best = q.log() - p.log()
    (through,) = torch.autograd.grad((q.detach() * best).sum(), phi, retain_graph=True)
    assert through.abs().max() < 1e-15
    (held,) = torch.autograd.grad((q * best.detach()).sum(), phi, retain_graph=True)
    (whole,) = torch.autograd.grad((q * (q.log() - p.log())).sum(), phi)
    assert torch.allclose(held, whole, atol=1e-15)
    assert whole.abs().max() > 0.05


class Exact(nn.Module):
    """T* of a posterior N(m, s²) that is the same for all x, against a standard normal, where z is scaled by the
    reference's mean and σ."""

    def __init__(self, m: Tensor, s: Tensor, mean: Tensor, sigma: Tensor) -> None:
        super().__init__()
        self.m, self.s = (m - mean) / sigma, s / sigma

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return (standard((z - self.m) / self.s) - self.s.log() - standard(z)).sum(1)


def test_contrast_changes_nothing_when_the_adversary_is_exact() -> None:
    """T* + log r − log p is log q − log p whatever r is: the same loss of the same z, the same KL."""
    made = avb()
    m, s = torch.tensor([0.4, -1.0]), torch.tensor([0.3, 0.8])
    z = m + s * torch.randn(4, 2)
    found = []
    for mean, sigma in ((torch.zeros(2), torch.ones(2)), (m, s), (torch.tensor([2.0, 0.5]), torch.tensor([0.7, 2.0]))):
        made.adversary = Exact(m, s, mean, sigma)  # type: ignore[assignment]
        told, known = made.divergence(bits(), z, mean.expand(4, -1), sigma.expand(4, -1))
        found.append(told + known)
    for other in found[1:]:
        assert torch.allclose(found[0], other, atol=1e-4)
    assert torch.allclose(found[0], (standard((z - m) / s) - s.log() - standard(z)).sum(1), atol=1e-4)


def test_the_adversary_learns_the_ratio_of_a_gaussian_posterior() -> None:
    """By its own loss, for a short time, of an encoder that is set to N(m, s²)."""
    made = avb(units=32, contrast=False, encoder="joined")
    m, s = torch.tensor([0.5, -0.5]), torch.tensor([0.6, 0.8])
    made.drawn = lambda x: (m + s * torch.randn(len(x), 2), torch.zeros(2), torch.ones(2))  # type: ignore[method-assign]
    adam = torch.optim.Adam(made.adversary.parameters(), 1e-2)
    for _ in range(200):
        adam.zero_grad()
        made.adversary_loss(Batch(bits(256))).value.backward()
        adam.step()
    z = m + s * torch.randn(2000, 2)
    exact = Exact(m, s, torch.zeros(2), torch.ones(2))(bits(2000), z)
    with torch.no_grad():
        said = made.adversary(bits(2000), z)
    assert float(torch.corrcoef(torch.stack([said, exact]))[0, 1]) > 0.93
    assert float(said.mean()) == pytest.approx(float(exact.mean()), abs=0.15)


# --- the encoder's moments


@ENCODERS
@torch.no_grad()
def test_moments_are_those_of_the_posteriors_samples(encoder: str) -> None:
    made = avb(0.5, encoder=encoder)
    x = bits()
    drawn = made.posterior(x, 20_000, torch.Generator().manual_seed(4))
    noise = made.encoder.noise(20_000, 1, generator=torch.Generator().manual_seed(5))
    mean, sigma = made.encoder.moments(made.encoder.features(x), noise)
    assert torch.allclose(mean, drawn.mean(0), atol=5 * float(drawn.std(0).max()) / 100)
    assert torch.allclose(sigma, (drawn.var(0) + FLOOR).sqrt(), rtol=0.05)
    assert not torch.allclose(sigma[0], sigma[1], rtol=0.05), "of each example its own"


@ENCODERS
def test_no_gradient_passes_the_moments(encoder: str) -> None:
    """But through z, in the normalised z and in log r alike, with one and the same μ and σ."""
    made = avb(0.5, encoder=encoder)
    torch.manual_seed(1)
    z, mean, sigma = made.drawn(bits())
    assert z.requires_grad
    assert not mean.requires_grad
    assert not sigma.requires_grad
    told, known = made.divergence(bits(), z, mean, sigma)
    log_r = torch.distributions.Normal(mean, sigma).log_prob(z).sum(1)
    assert torch.allclose(known, log_r - standard(z).sum(1), atol=1e-5)
    assert torch.allclose(told, made.adversary(bits(), (z - mean) / sigma))


@CONTRAST
def test_each_player_is_moved_by_its_own_part_of_the_game(contrast: bool) -> None:
    made = avb(0.3, contrast=contrast)
    adversary, autoencoder = made.updates()
    torch.manual_seed(1)
    loss = autoencoder.loss(Batch(bits()))
    torch.manual_seed(1)
    z, mean, sigma = made.drawn(bits())
    told, known = made.divergence(bits(), z, mean, sigma)
    expected = told + known - made.reconstructed(bits(), z[None])[0]
    assert torch.allclose(loss.value, expected.mean(), atol=1e-5)
    assert (sigma == 1).all() != contrast
    adversary.loss(Batch(bits())).value.backward()
    assert all(p.grad is None for p in made.pair.parameters())


def test_the_rate_of_encoder_and_decoder_falls_and_the_adversarys_stays() -> None:
    adversary, autoencoder = avb(falling=True, steps=1000).updates()
    assert adversary.schedule is None
    assert autoencoder.schedule is not None
    found = [autoencoder.schedule(cycle).rate for cycle in (0, 500, 750, 1000, 5000)]
    assert found == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    assert avb().updates()[1].schedule is None


# --- its likelihood


@ENCODERS
@torch.no_grad()
def test_the_likelihood_is_a_bound_whatever_the_adversary_says(encoder: str) -> None:
    """Against a sum over the plane; and importance weights average to p(x), as r(z|x) is wide enough here."""
    made = avb(0.2, encoder=encoder)
    x = bits()
    side = torch.linspace(-8, 8, 161)
    grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1).view(-1, 1, 2)
    joint = made.reconstructed(x, grid.expand(-1, 4, -1)) + standard(grid).sum(-1)
    exact = joint.logsumexp(0) + 2 * math.log(float(side[1] - side[0]))
    before = made.infer(x, 4000, torch.Generator().manual_seed(1))
    error = before.log_weights.std(0) / math.sqrt(4000)
    assert (before.log_weights.mean(0) < exact + 4 * error).all()
    weighted = before.log_weights.logsumexp(0) - math.log(4000)
    assert (weighted > before.log_weights.mean(0)).all()
    for parameter in made.adversary.parameters():
        nn.init.normal_(parameter, std=3.0)
    after = made.infer(x, 4000, torch.Generator().manual_seed(1))
    assert torch.equal(before.log_weights, after.log_weights)
    assert made.likelihood == "lower bound (Gaussian proposal with the posterior's moments)"


@torch.no_grad()
def test_the_log_weights_are_those_of_the_proposal_that_is_drawn_from() -> None:
    made = avb(0.4)
    x = bits()
    found = made.infer(x, 6, torch.Generator().manual_seed(1))
    mean, sigma = made.proposal(x)
    r = torch.distributions.Normal(mean, sigma * math.sqrt(1.2))
    log_p = found.reconstruction + standard(found.z).sum(-1)
    assert torch.allclose(found.log_weights, log_p - r.log_prob(found.z).sum(-1), atol=1e-4)
    p = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    assert torch.allclose(found.kl, torch.distributions.kl_divergence(r, p), atol=1e-5)
    assert torch.equal(made.encode(x), mean)
    assert SURE > 100


@torch.no_grad()
def test_its_samples_are_of_the_posterior_and_not_of_the_proposal() -> None:
    """Of a posterior with two humps, which no Gaussian has."""
    made = avb(encoder="joined", noise=1)

    def humps(features: Tensor, noise: Tensor) -> Tensor:
        return (torch.where(noise > 0, 1.0, -1.0) + 0.01 * noise).expand(-1, len(features), -1)

    made.encoder.noisy.forward = humps  # type: ignore[method-assign, assignment]
    made.encoder.noisy.draws = (2,)
    found = made.infer(bits(), 2000, torch.Generator().manual_seed(1))
    assert found.samples is found.posterior
    assert ((found.samples.abs() - 1).abs() < 0.1).all()
    assert ((found.z.abs() - 1).abs() > 0.1).float().mean() > 0.5


@torch.no_grad()
def test_what_is_shown_of_an_example_does_not_depend_on_chance_or_on_the_others() -> None:
    made = avb(0.4)
    before = torch.get_rng_state()
    codes = made.encode(bits())
    assert torch.equal(before, torch.get_rng_state())
    assert torch.allclose(codes[1:2], made.encode(bits()[1:2]), atol=1e-6)
