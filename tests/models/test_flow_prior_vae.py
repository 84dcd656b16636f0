"""A prior that a flow makes: it sums to one, samples have its density, and its bound is that of a flow posterior."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.decoding import standard
from studio.models.core.recipe import Value, make
from studio.models.core.variational import Posterior, Sampled
from studio.models.flow_prior_vae import FlowPriorVAE, FlowPriorVAERecipe
from studio.models.vae import VAE, VAERecipe
from studio.nn.flows.autoregressive import OPEN, Autoregressions
from tests.nn.flows.jacobians import log_volume

BITS = DataSpec("bits", "vectors", (9,), 100)
FLOWS = pytest.mark.parametrize("flow", ["autoregressive", "coupling"])


class Moved(FlowPriorVAE):
    """The same weights as a flow posterior: f bends what the encoder says, the prior is N(0, 1), and the decoder begins
    with f⁻¹."""

    def sample(self, q: Posterior, noise: Tensor) -> Sampled:
        start = q.mean + q.log_sigma.exp() * noise
        z, log_det = self.standardised(start.flatten(0, 1))
        z = z.view_as(start)
        log_q = standard(noise) - q.log_sigma - log_det.view(z.shape[:2])[..., None] / z.shape[-1]
        return Sampled(z, log_q, standard(z))

    def reconstructed(self, x: Tensor, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return super().reconstructed(x, self.unravel(z.flatten(0, 1)).view_as(z), generator)


def vae(flow: str, kind: type[FlowPriorVAE] = FlowPriorVAE, spread: float = 0.3, **values: Value) -> FlowPriorVAE:
    torch.manual_seed(0)
    small = {"latent": 4, "width": 8, "layers": 1, "units": 16, "length": 3, "flow": flow}
    made = kind(make(FlowPriorVAERecipe, {**small, **values}), BITS).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=spread)
    if isinstance(made.flow, Autoregressions):
        for step in made.flow.steps:
            step.network.last.bias.data[made.recipe.latent :] += OPEN  # type: ignore[union-attr, index, operator]
    return made


def bits(n: int = 5) -> Tensor:
    return torch.randint(0, 2, (n, 9), generator=torch.Generator().manual_seed(3)).float() * 2 - 1


@FLOWS
@torch.no_grad()
def test_its_bound_is_that_of_a_flow_posterior_whose_flow_is_undone_in_the_decoder(flow: str) -> None:
    """Chen et al. 2017, section 3.2: the same weights and the same noise, two ways to compute."""
    prior, posterior = vae(flow), vae(flow, Moved)
    posterior.load_state_dict(prior.state_dict())
    one, other = (m.infer(bits(), 20, torch.Generator().manual_seed(1)) for m in (prior, posterior))
    for name in ("z", "reconstruction", "log_weights", "mean"):
        assert torch.allclose(getattr(one, name), getattr(other, name), atol=1e-5), name
    assert torch.allclose(one.kl.sum(1), other.kl.sum(1), atol=1e-5)
    plain = vae(flow, length=0)
    plain.load_state_dict(prior.state_dict(), strict=False)
    without = plain.infer(bits(), 20, torch.Generator().manual_seed(1))
    assert not torch.allclose(one.log_weights, without.log_weights, atol=0.1), "the flow does something"


@FLOWS
@torch.no_grad()
def test_without_a_step_it_is_a_vae(flow: str) -> None:
    made = vae(flow, length=0)
    plain = VAE(make(VAERecipe, {"latent": 4, "width": 8, "layers": 1}), BITS).eval()
    plain.load_state_dict(made.state_dict())
    found, expected = (m.infer(bits(), 7, torch.Generator().manual_seed(1)) for m in (made, plain))
    assert torch.equal(found.kl, expected.kl)
    assert torch.equal(found.log_weights, expected.log_weights)
    assert torch.equal(made.decode(found.z[0]), plain.decode(found.z[0]))


@FLOWS
def test_the_prior_is_the_density_of_what_the_decoder_is_given(flow: str) -> None:
    """ε ~ N(0, 1) comes back from its z, with the volume that autograd finds; and the density sums to one."""
    made = vae(flow, spread=0.2, latent=2).double()
    noise = torch.randn(6, 2, dtype=torch.float64)
    with torch.no_grad():
        z = made.unravel(noise)
        back, log_det = made.standardised(z)
    assert torch.allclose(back, noise, atol=1e-8)
    assert torch.allclose(log_det, log_volume(lambda v: made.standardised(v)[0], z), atol=1e-8)
    with torch.no_grad():
        reach = 2 * float(made.unravel(torch.randn(2000, 2, dtype=torch.float64)).abs().max())
        side = torch.linspace(-reach, reach, 250, dtype=torch.float64)
        grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1).view(-1, 2)
        code, log_det = made.standardised(grid)
        mass = (standard(code).sum(1) + log_det).exp().sum() * float(side[1] - side[0]) ** 2
    assert float(mass) == pytest.approx(1, abs=1e-2)


@FLOWS
@torch.no_grad()
def test_what_a_person_moves_is_normal_and_decodes_to_what_was_encoded(flow: str) -> None:
    made = vae(flow)
    found = made.infer(bits(), 3, torch.Generator().manual_seed(1))
    again = made.reconstructed(bits(), made.unravel(found.z.flatten(0, 1)).view_as(found.z))
    assert torch.allclose(again, found.reconstruction, atol=1e-4)
    mean = made.posterior(bits()).mean
    assert torch.allclose(made.unravel(made.encode(bits())), mean, atol=1e-5)


def test_one_latent_has_no_two_halves() -> None:
    recipe = make(FlowPriorVAERecipe, {"latent": 1, "flow": "coupling"})
    assert [p.field for p in FlowPriorVAE.problems(recipe, BITS)] == ["latent"]
    assert FlowPriorVAE.problems(make(FlowPriorVAERecipe, {"latent": 1}), BITS) == []
