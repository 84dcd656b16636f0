"""InfoGAN against the exact facts of its paper (papers.md 2.5e)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from studio.data.dataset import DataSpec
from studio.models.core.codes import code_loss, entropy, information, log_likelihood, parse, read_back
from studio.models.core.latents import Part, Prior, draw
from studio.models.core.model import Batch, TakesCodes
from studio.models.core.noise import sample
from studio.models.infogan import InfoGAN, InfoGANRecipe

PICTURES = DataSpec("made up", "images", (1, 8, 8), 100)


def build(codes: str = "3, u, 2", **values: float) -> InfoGAN:
    torch.manual_seed(0)
    small = {"width": 6, "latent": 5, "dense": 12, "head": 7, **values}
    return InfoGAN(InfoGANRecipe(codes=codes, **small), PICTURES)  # type: ignore[arg-type]


def test_codes_are_written_as_sizes_and_u_in_any_mix() -> None:
    assert parse("10, u,U ,2") == (
        Part("c1", "categorical", 10, "code"),
        Part("c2", "uniform", 1, "code"),
        Part("c3", "uniform", 1, "code"),
        Part("c4", "categorical", 2, "code"),
    )
    assert build("4").prior.size == 5 + 4
    assert build("u, u", latent=0).prior.size == 2


@pytest.mark.parametrize("text", ["", " , ", "1", "10, x", "1001", "-3", "u, 2.5", "²"])
def test_what_is_no_code_is_named_at_its_field(text: str) -> None:
    with pytest.raises(ValueError, match="code"):
        parse(text)
    assert [p.field for p in InfoGAN.problems(InfoGANRecipe(codes=text), PICTURES)] == ["codes"]


def test_entropies_are_those_of_the_paper() -> None:
    ten, flat = parse("10, u")
    assert entropy(ten) == pytest.approx(2.302585, abs=1e-6)
    assert entropy(flat) == pytest.approx(0.693147, abs=1e-6)


def test_the_bound_is_met_by_the_true_posterior_and_missed_by_any_other() -> None:
    """Finite toy: 3 codes, 4 pictures. L_I ≤ I(c; x) ≤ H(c), with equality at Q = p(c|x)."""
    random = np.random.default_rng(0)
    made = random.dirichlet(np.ones(4), size=3)  # p(x|c)
    joint = made / 3
    posterior = joint / joint.sum(0)
    true = float((joint * np.log(joint / (joint.sum(0) * joint.sum(1, keepdims=True)))).sum())

    def bound(q: np.ndarray) -> float:  # type: ignore[type-arg]
        """E over the joint of log Q(c|x) + H(c), by weighting ``information`` of each pair."""
        part = Part("c", "categorical", 3, "code")
        total = 0.0
        for c in range(3):
            for x in range(4):
                logits, code = torch.from_numpy(np.log(q[:, x]))[None], torch.eye(3, dtype=torch.float64)[c : c + 1]
                total += joint[c, x] * float(information(part, logits, code))
        return total

    assert bound(posterior) == pytest.approx(true, abs=1e-12)
    assert true < math.log(3)
    for _ in range(20):
        assert bound(random.dirichlet(np.ones(3), size=4).T) < true


def test_a_continuous_codes_bound_is_that_of_the_best_gaussian() -> None:
    """Readings off by N(0, s²): I ≥ ln 2 − ½ ln 2πe s², what is shown; and less for a wrong standard deviation."""
    generator = torch.Generator().manual_seed(0)
    part = Part("c", "uniform", 1, "code")
    code = torch.rand(200_000, 1, generator=generator) * 2 - 1
    read = code + 0.1 * torch.randn(200_000, 1, generator=generator)
    exact = math.log(2) - 0.5 * math.log(2 * math.pi * math.e * 0.01)
    assert float(information(part, read, code)) == pytest.approx(exact, abs=0.01)
    assert float(log_likelihood(part, read, code)) + entropy(part) < exact


def test_q_is_rewarded_in_both_losses_with_its_own_weight_for_each_kind() -> None:
    made = build("3, u", categorical_weight=2.0, continuous_weight=0.5)
    prior = made.prior
    z = sample(prior, 50, torch.device("cpu"))
    read = torch.randn(50, 4)
    gained, shows = code_loss(prior, read, z, {"categorical": 2.0, "uniform": 0.5})
    three, flat = parse("3, u")
    expected = 2 * log_likelihood(three, read[:, :3], z[:, 5:8]) + 0.5 * log_likelihood(flat, read[:, 3:], z[:, 8:])
    assert float(gained) == pytest.approx(float(expected), rel=1e-6)
    total = shows["information/L_I of all codes"]
    assert float(total) == pytest.approx(sum(float(v) for k, v in shows.items() if "all" not in k), rel=1e-6)
    torch.manual_seed(1)
    free = build("3, u", categorical_weight=0.0, continuous_weight=0.0)
    for loss in ("discriminator_loss", "generator_loss"):
        free.zero_grad()
        getattr(free, loss)(Batch(torch.rand(6, 1, 8, 8))).value.backward()
        gradients = [p.grad for p in free.discriminator.read.parameters()]
        assert all(g is None or not g.any() for g in gradients), "weight 0 leaves Q alone"


def test_the_authors_settings_are_the_defaults_and_q_moves_with_the_discriminator() -> None:
    r = InfoGANRecipe()
    assert (r.generator_rate, r.discriminator_rate, r.beta1, r.batch) == (1e-3, 2e-4, 0.5, 128)
    assert (r.categorical_weight, r.continuous_weight, r.latent, r.codes) == (1, 1, 62, "10, u, u")
    made = build()
    players = {u.player: u for u in made.updates()}
    rates = {name: (u.optimiser.name, u.optimiser.rate, u.optimiser.beta1) for name, u in players.items()}
    assert rates == {"discriminator": ("adam", 2e-4, 0.5), "generator": ("adam", 1e-3, 0.5)}
    q = {id(p) for p in made.discriminator.read.parameters()}
    assert q <= {id(p) for p in players["discriminator"].module.parameters()}
    assert not q & {id(p) for p in players["generator"].module.parameters()}
    noise, ten, *flat = InfoGAN(r, DataSpec("m", "images", (1, 28, 28), 100)).prior.parts
    assert (noise.kind, noise.size) == ("uniform", 62)
    assert (ten.kind, ten.size) == ("categorical", 10)
    assert [(p.kind, p.size) for p in flat] == [("uniform", 1)] * 2


@pytest.mark.parametrize("loss", ["discriminator_loss", "generator_loss"])
def test_what_q_reads_is_subtracted_from_both_losses(loss: str) -> None:
    """By torch's own distributions, off what went into G and came out of Q."""
    made = build("3, u", categorical_weight=2.0, continuous_weight=0.5)
    drawn, read, scores = [], [], []
    made.generator.register_forward_hook(lambda module, inputs, output: drawn.append(inputs[0]))
    made.discriminator.read.register_forward_hook(lambda module, inputs, output: read.append(output))
    made.discriminator.score.register_forward_hook(lambda module, inputs, output: scores.append(output.squeeze(1)))
    found = getattr(made, loss)(Batch(torch.rand(6, 1, 8, 8) * 2 - 1)).value
    (z,) = drawn
    category = torch.distributions.Categorical(logits=read[-1][:, :3]).log_prob(z[:, 5:8].argmax(1))
    number = torch.distributions.Normal(read[-1][:, 3], 1.0).log_prob(z[:, 8])
    game = -scores[-1].sigmoid().log().mean()
    if loss == "discriminator_loss":
        game = -scores[0].sigmoid().log().mean() - (1 - scores[-1].sigmoid()).log().mean()
    gained = 2 * category.mean() + 0.5 * number.mean()
    assert found.item() == pytest.approx((game - gained).item(), rel=1e-5)


def test_q_shares_the_trunk_of_d_and_every_parameter_gets_a_gradient() -> None:
    made = build()
    x = Batch(torch.rand(6, 1, 8, 8) * 2 - 1)
    seen = []
    made.discriminator.trunk.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    for update in made.updates():
        made.zero_grad()
        update.loss(x).value.backward()
        for name, parameter in update.module.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name
    assert seen == [6, 6, 6]  # real, made; then made once more: D and Q never look twice


def test_what_is_read_back_are_probabilities_and_means() -> None:
    made = build("3, u, 2").eval()
    assert isinstance(made, TakesCodes)
    z = torch.from_numpy(draw(made.prior, 9, 0))
    with torch.no_grad():
        read = made.read_codes(made.decode(z))
    assert read.shape == (9, 6)
    assert torch.allclose(read[:, :3].sum(1), torch.ones(9))
    assert torch.allclose(read[:, 4:].sum(1), torch.ones(9))
    exact = read_back(Prior(parse("u")), torch.tensor([[0.25]]))
    assert exact.item() == 0.25


def test_the_gradient_that_reaches_each_sample_is_shown() -> None:
    made = build()
    loss = made.generator_loss(Batch(torch.rand(6, 1, 8, 8)))
    assert loss.spreads == {}
    loss.value.backward()
    (found,) = loss.spreads.values()
    assert found.shape == (6,)
    assert bool((found > 0).all())


def test_the_networks_are_the_papers_on_mnist() -> None:
    made = InfoGAN(InfoGANRecipe(), DataSpec("m", "images", (1, 28, 28), 100))
    assert made.prior.size == 74
    assert made.generator.base == (128, 7, 7)
    shapes = [tuple(m.weight.shape[:2]) for m in made.discriminator.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert shapes == [(64, 1), (128, 64), (1024, 128 * 49), (1, 1024), (128, 1024), (12, 128)]
