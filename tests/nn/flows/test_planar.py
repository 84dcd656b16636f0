"""Planar and radial steps: undone exactly, with the volume that autograd finds, and never past their constraint."""

from __future__ import annotations

import normflows
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.nn.flows.base import Bijection, Reversed
from studio.nn.flows.planar import LEAST, Planar, PlanarSteps, constrained, root
from studio.nn.flows.radial import Radial
from tests.nn.flows.jacobians import log_volume

KINDS: tuple[type[Bijection], ...] = (Planar, Radial)
every = pytest.mark.parametrize("kind", KINDS)


def at_random(kind: type[Bijection], seed: int, size: int = 2, dtype: torch.dtype = torch.float64) -> Bijection:
    """With all parameters from N(0, 1): far from where it begins, some close to the constraint."""
    torch.manual_seed(seed)
    step = kind(size).to(dtype)  # type: ignore[call-arg]
    for parameter in step.parameters():
        nn.init.normal_(parameter)
    return step


def cloud(n: int, size: int = 2, dtype: torch.dtype = torch.float64) -> Tensor:
    return 2 * torch.randn(n, size, generator=torch.Generator().manual_seed(5), dtype=torch.float64).to(dtype)


# --- the inverse


@every
@pytest.mark.parametrize("size", [1, 2, 5])
@torch.no_grad()
def test_every_point_comes_back_in_float64(kind: type[Bijection], size: int) -> None:
    x = cloud(500, size)
    for seed in range(100):
        step = at_random(kind, seed, size)
        assert (step.inverse(step(x)[0]) - x).abs().max() < 1e-10


@every
@torch.no_grad()
def test_every_point_comes_back_in_float32_as_far_as_it_can_be_told_from_its_neighbours(kind: type[Bijection]) -> None:
    """Within 1e-5, but for steps so flat that rounding their output to float32 moves what it came from farther."""
    x = cloud(500, dtype=torch.float32)
    hard = 0
    for seed in range(200):
        step = at_random(kind, seed, dtype=torch.float32)
        error = (step.inverse(step(x)[0]) - x).abs().amax(1)
        wide = at_random(kind, seed, dtype=torch.float32).double()
        rounded = wide(x.double())[0].float()
        unavoidable = (wide.inverse(rounded.double()) - x).abs().amax(1)
        assert (error <= (10 * unavoidable.max()).clamp(min=1e-5)).all()
        hard += int((error > 1e-5).any())
    assert hard <= 4, "of 200"


@every
@torch.no_grad()
def test_the_inverse_of_one_point_does_not_depend_on_the_others(kind: type[Bijection]) -> None:
    step = at_random(kind, 1)
    y = cloud(7)
    assert torch.equal(step.inverse(y)[3:4], step.inverse(y[3:4]))


@every
def test_gradients_through_the_inverse_are_those_of_the_inverse(kind: type[Bijection]) -> None:
    """Of the point and of every parameter, against differences."""
    step = at_random(kind, 3)
    y = cloud(3).requires_grad_()
    parameters = dict(step.named_parameters())

    def inverse(y: Tensor, *values: Tensor) -> Tensor:
        given = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(Reversed(step), {f"step.{k}": v for k, v in given.items()}, (y,))[0]

    assert torch.autograd.gradcheck(inverse, (y, *parameters.values()), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("s", [LEAST, 1e-3, 0.3, 1.0, 1.7, 30.0, 1e4])
def test_the_root_is_found_to_its_last_digits_whatever_the_slope(s: float) -> None:
    size = 10.0 ** torch.linspace(-8, 1.5, 400, dtype=torch.float64)
    t = torch.cat([-size, torch.zeros(1, dtype=torch.float64), size])
    slope = torch.tensor(s, dtype=torch.float64)
    found = root(slope, t + (slope - 1) * torch.tanh(t))
    assert ((found - t).abs() / (1 + t.abs())).max() < 1e-11


# --- the volume


@every
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-4), (torch.float64, 1e-6)])
def test_the_log_det_is_the_one_autograd_finds_in_both_directions(
    kind: type[Bijection], dtype: torch.dtype, close: float
) -> None:
    x = cloud(10, 3, dtype)
    for seed in range(20):
        step = at_random(kind, seed, 3, dtype)
        y, claimed = step(x)
        assert torch.allclose(claimed, log_volume(lambda v, step=step: step(v)[0], x), atol=close)
        assert torch.allclose(step.inverse_and_log_det(y)[1], -claimed, atol=100 * close)
        assert torch.allclose(Reversed(step)(y)[1], -claimed, atol=100 * close)


def test_planar_steps_of_the_same_weights_are_those_of_normflows() -> None:
    for seed in range(20):
        own = at_random(Planar, seed, 4)
        weights = {name: tensor.detach().clone() for name, tensor in own.named_parameters()}
        other = normflows.flows.Planar((4,), u=weights["u"][None], w=weights["w"][None], b=weights["b"][None]).double()
        x = cloud(50, 4)
        for ours, theirs in zip(own(x), other(x), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-9)


def test_radial_steps_of_the_same_weights_are_those_of_normflows() -> None:
    for seed in range(20):
        own = at_random(Radial, seed, 4)
        weights = {name: tensor.detach().clone() for name, tensor in own.named_parameters()}
        other = normflows.flows.Radial((4,), z_0=weights["centre"][None]).double()
        with torch.no_grad():
            other.alpha.fill_(float(softplus(weights["alpha"])))  # theirs is |α| itself
            other.beta.fill_(float(weights["beta"]))
        x = cloud(50, 4)
        for ours, theirs in zip(own(x), other(x), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-9)


# --- the constraint


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("times", [1.0, 30.0, 1000.0, 1e6])
@torch.no_grad()
def test_a_planar_step_cannot_be_set_past_its_constraint(times: float, dtype: torch.dtype) -> None:
    """Whatever u is: straight against w, too. The map stays one to one and its log-det a number."""
    x = cloud(200, dtype=dtype)
    for seed in range(50):
        step = at_random(Planar, seed, dtype=dtype)
        assert isinstance(step, Planar)
        step.u.copy_(-times * step.w if seed % 2 else times * step.u)
        rounding = 4 * torch.finfo(dtype).eps * float(step.u.norm() * step.w.norm())
        assert (step.direction * step.w).sum() >= -1 - rounding
        assert step.slope >= LEAST
        y, log_det = step(x)
        assert y.isfinite().all()
        assert log_det.isfinite().all()
        if dtype == torch.float64 and times <= 1000:
            order = (x * step.w).sum(1).argsort()
            assert (y * step.w).sum(1)[order].diff().min() > 0, "no two planes meet"


@torch.no_grad()
def test_without_its_constraint_such_a_step_would_fold_the_plane() -> None:
    """So that the test above can fail: u itself in place of û."""
    step = at_random(Planar, 1)
    assert isinstance(step, Planar)
    step.u.copy_(-3 * step.w / step.w.square().sum())
    x = cloud(2000)
    folded = x + step.u * torch.tanh((x * step.w).sum(1) + step.b)[:, None]
    order = (x * step.w).sum(1).argsort()
    assert (folded * step.w).sum(1)[order].diff().min() < 0
    assert (step(x)[0] * step.w).sum(1)[order].diff().min() > 0


@pytest.mark.parametrize("alpha", [-100.0, 0.0, 30.0])
@pytest.mark.parametrize("beta", [-1000.0, -5.0, 50.0])
@torch.no_grad()
def test_a_radial_step_cannot_be_set_past_its_constraint(alpha: float, beta: float) -> None:
    step = at_random(Radial, 2)
    assert isinstance(step, Radial)
    step.alpha.fill_(alpha)
    step.beta.fill_(beta)
    assert step.slope > 0
    x = torch.cat([cloud(200), step.centre[None]])
    y, log_det = step(x)
    assert log_det.isfinite().all()
    far = (x - step.centre).norm(dim=1).sort()
    assert (y - step.centre).norm(dim=1)[far.indices].diff().min() >= 0, "no two circles meet"
    assert torch.equal(y[-1], x[-1]), "the centre stays"


# --- where it begins, and its corners


@every
@torch.no_grad()
def test_a_step_begins_close_to_doing_nothing_but_not_with_nothing_to_learn_from(kind: type[Bijection]) -> None:
    torch.manual_seed(0)
    for _ in range(20):
        step = kind(2)  # type: ignore[call-arg]
        x = cloud(100, dtype=torch.float32)
        y, log_det = step(x)
        assert 0 < (y - x).abs().max() < 1
        assert log_det.abs().max() < 1


def test_a_plane_without_a_direction_moves_all_points_alike() -> None:
    step = at_random(Planar, 0)
    assert isinstance(step, Planar)
    with torch.no_grad():
        step.w.zero_()
    x = cloud(20).requires_grad_()
    y, log_det = step(x)
    assert torch.allclose(y - x, (step.u * torch.tanh(step.b)).expand(20, 2), atol=1e-15)
    assert (log_det == 0).all()
    assert step.slope == 1
    assert torch.allclose(step.inverse(y), x, atol=1e-15)
    (y.sum() + log_det.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in step.parameters())


@every
def test_one_example_is_enough(kind: type[Bijection]) -> None:
    step = at_random(kind, 0)
    x = cloud(1)
    y, log_det = step(x)
    assert (y.shape, log_det.shape) == ((1, 2), (1,))
    assert torch.allclose(step.inverse(y), x, atol=1e-12)


@every
@torch.no_grad()
def test_a_lower_precision_around_it_changes_nothing(kind: type[Bijection]) -> None:
    step = at_random(kind, 0, dtype=torch.float32)
    x = cloud(50, dtype=torch.float32)
    y, log_det = step(x)
    with torch.autocast("cpu", torch.bfloat16):
        again, volume = step(x)
        back = step.inverse(y)
    assert torch.equal(again, y)
    assert torch.equal(volume, log_det)
    assert torch.equal(back, step.inverse(y))


# --- steps that are others for every example


def amortised(length: int, size: int = 3, dtype: torch.dtype = torch.float64, spread: float = 1.0) -> PlanarSteps:
    """As it begins for a spread of 0."""
    torch.manual_seed(0)
    made = PlanarSteps(4, size, length).to(dtype)
    for parameter in made.parameters() if spread else ():
        nn.init.normal_(parameter, std=spread)
    return made


def test_amortised_steps_are_planar_steps_of_each_examples_own_parameters() -> None:
    made, x, features = amortised(2), cloud(7, 3), cloud(7, 4)
    moved, log_det = made(x, features)
    u, w, b = made.parameters_of(features)
    for i in range(7):
        one, total = x[i : i + 1], torch.zeros(1, dtype=torch.float64)
        for k in range(2):
            step = Planar(3).double()
            with torch.no_grad():
                for own, given in ((step.u, u), (step.w, w), (step.b, b)):
                    own.copy_(given[i, k])
            one, found = step(one)
            total = total + found
        assert torch.allclose(moved[i], one[0], atol=1e-12)
        assert torch.allclose(log_det[i], total[0], atol=1e-12)


@pytest.mark.parametrize("length", [0, 1, 4])
def test_the_log_det_of_amortised_steps_is_the_one_autograd_finds(length: int) -> None:
    made, x, features = amortised(length), cloud(8, 3), cloud(8, 4)
    _, claimed = made(x, features)
    each = [log_volume(lambda v, f=features[i : i + 1]: made(v, f)[0], x[i : i + 1])[0] for i in range(8)]
    assert torch.allclose(claimed, torch.stack(each), atol=1e-6)


@torch.no_grad()
def test_no_encoder_can_set_an_amortised_step_past_its_constraint() -> None:
    made = amortised(5, spread=30.0)
    x, features = cloud(300, 3), cloud(300, 4)
    u, w, _ = made.parameters_of(features)
    s, direction = constrained(u, w)
    assert ((u * w).sum(-1) < -100).any(), "the encoder asks for it"
    assert ((direction * w).sum(-1) - (s - 1)).abs().max() < 1e-9
    assert s.min() >= LEAST
    assert made(x, features)[1].isfinite().all()


@torch.no_grad()
def test_amortised_steps_begin_close_to_doing_nothing() -> None:
    x, features = cloud(100, 3, torch.float32), cloud(100, 4, torch.float32)
    moved, log_det = amortised(1, dtype=torch.float32, spread=0.0)(x, features)
    assert 0 < (moved - x).abs().max() < 1.5
    assert log_det.abs().max() < 1
