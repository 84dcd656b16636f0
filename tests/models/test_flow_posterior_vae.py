"""A posterior that a flow bends: with no step a Gaussian, and with any the density that its samples have."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.decoding import standard
from studio.models.core.model import Batch, capabilities
from studio.models.core.recipe import Value, make
from studio.models.core.variational import Posterior
from studio.models.flow_posterior_vae import FlowPosteriorVAE, FlowPosteriorVAERecipe
from studio.models.vae import VAE, VAERecipe
from studio.nn.flows.autoregressive import OPEN, Autoregressions
from studio.nn.flows.planar import Planar, PlanarSteps

BITS = DataSpec("bits", "vectors", (9,), 100)
FLOWS = pytest.mark.parametrize("flow", ["planar", "iaf"])


def vae(flow: str = "planar", spread: float = 0.4, **values: Value) -> FlowPosteriorVAE:
    """Away from where it begins."""
    torch.manual_seed(0)
    small = {"latent": 2, "width": 8, "layers": 1, "units": 8, "length": 3, "flow": flow}
    made = FlowPosteriorVAE(make(FlowPosteriorVAERecipe, {**small, **values}), BITS).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=spread)
    if isinstance(made.flow, Autoregressions):
        for step in made.flow.steps:
            step.network.last.bias.data[2:] += OPEN  # type: ignore[union-attr, index, operator]
    return made


def bits(n: int = 5) -> Tensor:
    return torch.randint(0, 2, (n, 9), generator=torch.Generator().manual_seed(3)).float() * 2 - 1


@FLOWS
@torch.no_grad()
def test_without_a_step_it_is_a_gaussian_vae(flow: str) -> None:
    made = vae(flow, length=0)
    plain = VAE(make(VAERecipe, {"latent": 2, "width": 8, "layers": 1}), BITS).eval()
    plain.load_state_dict(made.state_dict())
    found, expected = (m.infer(bits(), 7, torch.Generator().manual_seed(1)) for m in (made, plain))
    assert found.kl_estimator == expected.kl_estimator == "closed form"
    for name in ("mean", "z", "reconstruction", "kl", "log_weights"):
        assert torch.equal(getattr(found, name), getattr(expected, name))


@FLOWS
@torch.no_grad()
def test_what_it_says_of_its_samples_is_their_density_and_that_sums_to_one(flow: str) -> None:
    """Of one example: the density on a grid, by undoing the flow, against what sampling says on its way forward."""
    made = vae(flow).double()
    q = made.posterior(bits(1).double())
    noise = torch.randn(200, 1, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    drawn = made.sample(q, noise)
    assert torch.allclose(log_density(made, q, drawn.z[:, 0]), drawn.log_q.sum(-1)[:, 0], atol=1e-8)
    assert torch.allclose(drawn.log_p, standard(drawn.z))
    reach, cells = float(drawn.z.abs().max()) + 4, 250
    side = (torch.arange(cells, dtype=torch.float64) + 0.5) / cells * 2 * reach - reach
    grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1).view(-1, 2)
    mass = log_density(made, q, grid).exp().sum() * (2 * reach / cells) ** 2
    assert float(mass) == pytest.approx(1, abs=1e-3)


def log_density(made: FlowPosteriorVAE, q: Posterior, z: Tensor) -> Tensor:
    """log q(z|x) of N×2, for the one example of q."""
    given = q.features.expand(len(z), -1)
    if isinstance(made.flow, Autoregressions):
        start = made.flow.inverse(z, given)
        log_det = made.flow(start, given)[1]
    else:
        start, log_det = z, torch.zeros(len(z), dtype=torch.float64)
        u, w, b = made.flow.parameters_of(q.features)
        for k in reversed(range(made.recipe.length)):
            step = Planar(2).double()
            for own, value in ((step.u, u), (step.w, w), (step.b, b)):
                own.copy_(value[0, k])
            start, change = step.inverse_and_log_det(start)
            log_det = log_det - change
    noise = (start - q.mean) / q.log_sigma.exp()
    return (standard(noise) - q.log_sigma).sum(1) - log_det


@FLOWS
def test_every_example_is_bent_another_way(flow: str) -> None:
    made = vae(flow)
    assert isinstance(made.flow, PlanarSteps | Autoregressions)
    q = made.posterior(bits(2))
    same = torch.zeros(1, 2, 2)
    moved, log_det = made.flow(same, q.features)
    assert not torch.allclose(moved[0, 0], moved[0, 1])
    assert not torch.allclose(log_det[0, 0], log_det[0, 1])


@FLOWS
def test_the_kl_is_the_mean_over_samples_and_the_bound_what_is_left(flow: str) -> None:
    made = vae(flow)
    found = made.infer(bits(), 50, torch.Generator().manual_seed(1))
    assert found.kl_estimator == "mean over samples"
    elbo = found.reconstruction.mean(0) - found.kl.sum(1)
    assert torch.allclose(elbo, found.log_weights.mean(0), atol=1e-4)
    torch.manual_seed(5)
    loss = made.loss(Batch(bits()))
    torch.manual_seed(5)
    assert torch.allclose(loss.value, -made.infer(bits(), 1).log_weights.mean(), atol=1e-4)


@FLOWS
@torch.no_grad()
def test_what_the_bound_misses_is_the_divergence_from_the_true_posterior(flow: str) -> None:
    """log p(x) and KL(q ‖ p(z|x)) by sums over the plane, the bound by samples."""
    made = vae(flow, spread=0.3).double()
    x = bits(1).double()
    q = made.posterior(x)
    side = torch.linspace(-8, 8, 160, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1).view(-1, 2)
    cell = float(side[1] - side[0]) ** 2
    joint = (made.reconstructed(x, grid[:, None]) + standard(grid).sum(-1)[:, None])[:, 0]
    exact = joint.logsumexp(0) + math.log(cell)
    density = log_density(made, q, grid)
    missed = float((density.exp() * (density - joint + exact)).sum() * cell)
    logs = made.infer(x, 10_000, torch.Generator().manual_seed(1)).log_weights[:, 0]
    error = float(logs.std()) / math.sqrt(len(logs))
    assert missed > 10 * error, "so that the next line can fail"
    assert float(exact - logs.mean()) == pytest.approx(missed, abs=4 * error + 1e-3)


def test_it_can_do_what_a_vae_can() -> None:
    assert capabilities(FlowPosteriorVAE) == capabilities(VAE)
