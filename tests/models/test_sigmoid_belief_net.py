"""The sigmoid belief network against enumeration: what REINFORCE estimates, and what a baseline does to it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.binary import bernoulli, kl_of_bits, unit
from studio.models.core.latents import draw
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make
from studio.models.sigmoid_belief_net import (
    BASELINES,
    SigmoidBeliefNet,
    SigmoidBeliefNetRecipe,
    learning_signals,
)

BITS = DataSpec("bits", "vectors", (5,), 100)
GREY = DataSpec("grey", "images", (1, 8, 8), 100)
X = torch.tensor([1.0, -1.0, -1.0, 1.0, 1.0])


def build(layers: int = 1, data: DataSpec = BITS, **values: Value) -> SigmoidBeliefNet:
    """At weights far from where they start, with the running means somewhere."""
    torch.manual_seed(3)
    small: dict[str, Value] = {"units": 4 if layers == 1 else 3, "baseline_units": 4, "normalise": False}
    made = SigmoidBeliefNet(
        make(SigmoidBeliefNetRecipe, {**small, "layers": layers, "variance_every": 0, **values}), data
    )
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.8)
        made.centre.uniform_(0.2, 0.8)
    rest(made)
    return made


def rest(model: SigmoidBeliefNet) -> None:
    """The running numbers where they are in these tests, whatever a batch made of them."""
    model.begun.fill_(True)
    model.mean.copy_(torch.tensor([-3.0, -0.7])[:, None].expand_as(model.mean))
    model.variance.fill_(4.0)


def every(bits: int) -> Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=bits)))


def latents(model: SigmoidBeliefNet, v: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Every value of h above one example, as ``inferred`` gives draws."""
    h = every(model.recipe.layers * model.recipe.units)
    bits = [v.expand(len(h), -1), *h.chunk(model.recipe.layers, 1)]
    return bits, [layer.up(model.seen(bits[: i + 1])) for i, layer in enumerate(model.layers)]


def log_x(model: SigmoidBeliefNet, v: Tensor) -> Tensor:
    bits, _ = latents(model, v)
    return sum(model.log_p(bits), start=torch.zeros(())).logsumexp(0)


def exact_bound(model: SigmoidBeliefNet, v: Tensor) -> Tensor:
    """Σ_h q (log p − log q), with its gradient."""
    bits, logits = latents(model, v)
    log_p = sum(model.log_p(bits), start=torch.zeros(()))
    log_q = sum(model.log_q(bits, logits), start=torch.zeros(()))
    return (log_q.exp() * (log_p - log_q)).sum()


def gradients(model: SigmoidBeliefNet, value: Tensor) -> Tensor:
    """Of p's and q's weights, in one row."""
    own = [p for n, p in model.named_parameters() if "baseline" not in n]
    return torch.cat([g.flatten() for g in torch.autograd.grad(value, own)])


def within(found: Tensor, wanted: Tensor, errors: float = 4.0) -> None:
    """The mean of the rows of ``found`` is within so many standard errors of what is wanted."""
    error = found.std(0) / math.sqrt(len(found))
    assert ((found.mean(0) - wanted).abs() <= errors * error + 1e-6).all()


@pytest.mark.parametrize("layers", [1, 2])
def test_probabilities_of_all_examples_sum_to_one_and_the_bound_is_below_each(layers: int) -> None:
    model = build(layers)
    with torch.no_grad():
        logs = torch.stack([log_x(model, v) for v in every(5)])
        bounds = torch.stack([exact_bound(model, v) for v in every(5)])
    assert float(logs.exp().sum()) == pytest.approx(1, abs=1e-5)
    assert (bounds < logs).all()


@pytest.mark.parametrize("layers", [1, 2])
def test_one_draw_gives_the_bound_on_average_and_its_weight_the_probability(layers: int) -> None:
    model = build(layers)
    with torch.no_grad():
        found = model.log_likelihood(X.expand(20_000, -1), torch.Generator().manual_seed(0))
        within(found[:, None], exact_bound(model, unit(X[None])[0])[None])
        within(found.exp()[:, None], log_x(model, unit(X[None])[0]).exp()[None])


def test_where_the_posterior_is_exact_the_bound_is_the_likelihood_of_every_draw() -> None:
    model = build()
    with torch.no_grad():
        model.layers[0].down.weight.zero_()
        model.layers[0].up.weight.zero_()
        model.layers[0].up.bias.copy_(model.top)
        found = model.log_likelihood(X.expand(50, -1))
        assert torch.allclose(found, log_x(model, unit(X[None])[0]), atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("baseline", BASELINES)
def test_the_gradient_is_that_of_the_bound_under_any_baseline(baseline: str, layers: int) -> None:
    model = build(layers, baseline=baseline)
    wanted = -gradients(model, exact_bound(model, unit(X[None])[0]))
    torch.manual_seed(0)
    found = []
    for _ in range(60):
        rest(model)
        found.append(gradients(model, model.loss(Batch(X.expand(400, -1))).value))
    within(torch.stack(found), wanted)


def test_the_score_of_the_posterior_is_zero_on_average() -> None:
    model = build(2)
    bits, logits = latents(model, unit(X[None])[0])
    log_q = torch.stack(model.log_q(bits, logits), 1)
    weights = log_q.sum(1).exp().detach()
    assert float(weights.sum()) == pytest.approx(1, abs=1e-5)
    ups = [p for layer in model.layers for p in layer.up.parameters()]
    for g in torch.autograd.grad((weights * log_q.sum(1)).sum(), ups):
        assert g.abs().max() < 1e-6


def moments(model: SigmoidBeliefNet) -> tuple[Tensor, Tensor, Tensor]:
    """Of each h of a one-layer network: q(h|x), l, and the score h − σ(a)."""
    bits, logits = latents(model, unit(X[None])[0])
    log_q = model.log_q(bits, logits)
    return log_q[0].exp(), learning_signals(model.log_p(bits), log_q)[:, 0], bits[1] - logits[0].sigmoid()


@torch.no_grad()
def test_the_best_baseline_is_the_signal_weighted_by_the_squared_score() -> None:
    q, signal, s = moments(build())

    def variance(b: Tensor | float) -> Tensor:
        slope = (signal[:, None] - b) * s
        return (q[:, None] * slope.square()).sum(0) - (q[:, None] * slope).sum(0).square()

    best = (q[:, None] * signal[:, None] * s.square()).sum(0) / (q[:, None] * s.square()).sum(0)
    for other in (0.0, best - 0.5, best + 0.5, float((q * signal).sum())):
        assert (variance(best) < variance(other)).all()
        mean = (q[:, None] * (signal[:, None] - other) * s).sum(0)
        assert torch.allclose(mean, (q[:, None] * signal[:, None] * s).sum(0), atol=1e-5)


@torch.no_grad()
def test_the_variance_that_is_shown_is_that_of_enumeration() -> None:
    model = build()
    q, signal, s = moments(model)
    v = unit(X[None])
    guess = float(model.guessed([v])[0, 0])
    torch.manual_seed(0)
    shown = [model.gradient_variances(v.expand(50, -1)) for _ in range(60)]
    for name, b in {"none": 0.0, "constant": -3.0, "learned": guess - 0.7}.items():
        slope = (signal[:, None] - b) * s
        exact = (q[:, None] * slope.square()).sum(0) - (q[:, None] * slope).sum(0).square()
        within(torch.stack([f[f"gradient variance/{name}"] for f in shown])[:, None], exact.sum()[None])


def test_the_baseline_learns_by_its_squared_error_and_says_nothing_to_the_posterior() -> None:
    model = build(baseline="learned")
    torch.manual_seed(5)
    model.loss(Batch(X.expand(30, -1))).value.backward()
    found = {n: p.grad for n, p in model.named_parameters()}
    rest(model)
    torch.manual_seed(5)
    bits, logits = model.inferred(unit(X.expand(30, -1)))
    log_p, log_q = model.log_p(bits), model.log_q(bits, logits)
    guessed = model.guessed(bits)
    left = learning_signals(log_p, log_q) - guessed + 0.7
    model.zero_grad()
    (left.square().sum(1).mean() / 2).backward(retain_graph=True)
    for name, parameter in model.named_parameters():
        if "baseline" in name:
            assert parameter.grad is not None
            assert found[name] is not None
            assert torch.allclose(found[name], parameter.grad, atol=1e-6)  # type: ignore[arg-type]
        else:
            assert parameter.grad is None
    (-(left.detach()[:, 0] * log_q[0]).mean()).backward()
    for name, parameter in model.named_parameters():
        if ".up." in name:
            assert torch.allclose(found[name], parameter.grad, atol=1e-6)  # type: ignore[arg-type]


def test_running_numbers_move_after_they_are_used() -> None:
    model = build(baseline="constant", memory=0.8, normalise=True)
    torch.manual_seed(5)
    found = gradients(model, model.loss(Batch(X.expand(30, -1))).value)
    moved, varied = model.mean[0, 0].clone(), model.variance[0, 0].clone()
    rest(model)
    torch.manual_seed(5)
    bits, logits = model.inferred(unit(X.expand(30, -1)))
    log_p, log_q = model.log_p(bits), model.log_q(bits, logits)
    signal = learning_signals(log_p, log_q)[:, 0]
    assert float(moved) == pytest.approx(0.8 * -3 + 0.2 * float(signal.mean()), rel=1e-5)
    assert float(varied) == pytest.approx(0.8 * 4 + 0.2 * float(signal.var(correction=0)), rel=1e-5)
    scaled = (signal + 3) / 2  # √v is 2
    by_hand = -(sum(log_p, start=torch.zeros(())) + scaled * log_q[0]).mean()
    assert torch.allclose(found, gradients(model, by_hand), atol=1e-5)
    model.variance.fill_(0.25)
    assert torch.equal(model.scaled(signal[:, None], "constant"), signal[:, None]), "it makes nothing larger"


def test_a_layer_hears_of_what_its_bits_can_change() -> None:
    log_p = [torch.tensor([value]) for value in (1.0, 20.0, 300.0)]
    log_q = [torch.tensor([value]) for value in (0.5, 7.0)]
    assert learning_signals(log_p, log_q).tolist() == [[1 - 0.5 + 20 - 7 + 300, 20 - 7 + 300]]


def test_what_a_constraint_climbs_has_the_gradient_of_the_bound() -> None:
    model = build(baseline="constant")
    batch = Batch(X.expand(20, -1))
    torch.manual_seed(5)
    loss = model.loss(batch).value
    rest(model)
    torch.manual_seed(5)
    explained = model.explained(batch).mean()
    assert torch.allclose(explained, -loss, rtol=1e-5)
    assert torch.allclose(gradients(model, explained), -gradients(model, loss), atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
@torch.no_grad()
def test_inferred_latents_decode_to_the_bits_that_were_drawn(layers: int) -> None:
    model = build(layers)
    x = torch.where(every(5) > 0, 1.0, -1.0)
    found = model.infer(x, 40, torch.Generator().manual_seed(0))
    drawn = found.reconstruction - found.log_weights
    if layers == 1:
        within(drawn, found.kl.sum(1))
    else:
        assert torch.allclose(drawn.mean(0), found.kl.sum(1), atol=1e-4), "shares of one estimate"
    made = unit(model.decode(found.z[0]))
    again = (unit(x) * made.log() + (1 - unit(x)) * (1 - made).log()).sum(1)
    assert torch.allclose(again, found.reconstruction[0], atol=1e-4)
    assert found.z.abs().max() <= 1
    within(found.z[:, 0], found.mean[0])


@torch.no_grad()
def test_the_kl_of_a_unit_is_closed_form() -> None:
    model = build()
    v = unit(X[None])
    bits, logits = latents(model, v[0])
    q = model.log_q(bits, logits)[0].exp()
    each = bernoulli(bits[1], logits[0]) - bernoulli(bits[1], model.top)
    found = model.infer(X[None]).kl[0]
    assert torch.allclose(found, (q[:, None] * each).sum(0), atol=1e-5)
    assert kl_of_bits(model.top, model.top).abs().max() < 1e-6


@torch.no_grad()
def test_a_latent_of_the_prior_is_a_draw_of_the_network() -> None:
    model = build(2)
    probability = torch.stack([log_x(model, v).exp() for v in every(5)])
    wanted = 2 * (probability[:, None] * every(5)).sum(0) - 1
    within(model.decode(torch.from_numpy(draw(model.prior, 20_000, 0))), wanted)
    assert [part.name for part in model.prior.parts] == ["layer 2", "layer 1"]


@torch.no_grad()
def test_encoding_takes_the_likeliest_bits() -> None:
    model = build()
    x = torch.where(every(5) > 0, 1.0, -1.0)
    likeliest = (model.layers[0].up(unit(x) - model.centre) > 0).float()
    wanted = 2 * model.layers[0].down(likeliest).sigmoid() - 1
    assert torch.allclose(model.decode(model.encode(x)), wanted, atol=1e-6)


def test_grey_levels_are_seen_as_bits() -> None:
    grey = torch.full((2000, 1, 8, 8), 0.5)
    drawn = build(data=GREY, values="dynamic").held(grey, torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    assert float(drawn.mean()) == pytest.approx(0.5, abs=0.01)
    assert build(data=GREY, values="threshold").held(grey).eq(1).all()


def test_it_learns_and_a_better_baseline_leaves_less_variance() -> None:
    """Half of the examples are all the same, half are noise: how good a draw can be depends on the example."""
    torch.manual_seed(0)
    data = DataSpec("same or noise", "vectors", (8,), 100)
    values: dict[str, Value] = {"units": 6, "baseline_units": 16, "variance_every": 10}
    model = SigmoidBeliefNet(make(SigmoidBeliefNetRecipe, values), data)
    adam = torch.optim.Adam(model.parameters(), 0.02)
    bounds = []
    for _ in range(201):
        x = torch.where(torch.rand(50, 1) < 0.5, 1.0, torch.randint(0, 2, (50, 8)) * 2.0 - 1)
        adam.zero_grad()
        loss = model.loss(Batch(x))
        loss.value.backward()
        adam.step()
        bounds.append(float(loss.shows["log-likelihood/training"]))
    best = -math.log(2) - 4 * math.log(2)  # nearly: noise is seldom the other one
    assert best - 1 < sum(bounds[-50:]) / 50 < best + 0.2
    none, constant, learned = (float(loss.shows[f"gradient variance/{name}"]) for name in BASELINES)
    assert learned < 0.7 * constant < constant < none
