"""Each constraint of the library against its formula."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.constraint import Constraint
from studio.models.core.constraints import scores
from studio.models.core.constraints.scores import ClassScore, Measured, NetworkScore, Sum, summed
from studio.models.core.constraints.table import parse
from studio.models.core.model import Batch

PICTURES = DataSpec("made up", "images", (3, 6, 5), 100, classes=("a", "b", "c"))
POINTS = DataSpec("points", "points", (2,), 100, classes=("a", "b"))
X = torch.rand(7, 3, 6, 5, generator=torch.Generator().manual_seed(0)) * 2 - 1


def asked(text: str, data: DataSpec = PICTURES, *, learned: bool = False) -> Constraint:
    return summed(parse(text, data, learned=learned), data, learned=learned).eval()


def f(text: str, x: Tensor = X, data: DataSpec = PICTURES) -> Tensor:
    return asked(text, data).score(Batch(x))


def test_brightness_is_a_gaussian_around_its_target() -> None:
    b = (X + 1).mean((1, 2, 3)) / 2
    assert torch.allclose(f("brightness 0.3"), -((b - 0.3) ** 2) / (2 * 0.05**2), atol=1e-4)
    flat = torch.full((1, 3, 4, 4), 0.2)
    assert float(f("brightness 0.6", flat)) == pytest.approx(0, abs=1e-9)
    assert float(f("brightness 0.65", flat)) == pytest.approx(-0.5, abs=1e-4), "one tolerance away"


@pytest.mark.parametrize("sign", [1, -1])
def test_ink_is_what_differs_from_the_border_whichever_is_dark(sign: int) -> None:
    x = torch.full((1, 1, 10, 10), -1.0)
    x[..., 3:6, 2:8] = 1
    expected = 18 / 100 * (1 - math.exp(-((1 / scores.GROUND) ** 2) / 2))
    assert float(scores.ink(sign * x)) == pytest.approx(expected, rel=1e-5)
    assert float(scores.ink(torch.full((1, 1, 4, 4), float(sign)))) == 0
    assert float(f("ink 0.18", sign * x)) == pytest.approx(0, abs=1e-4)


def test_ink_moves_what_is_drawn_and_not_the_ground() -> None:
    x = torch.zeros(1, 1, 6, 6)
    x[..., 2, 2] = 0.3
    x.requires_grad_()
    scores.ink(x).sum().backward()
    assert x.grad is not None
    assert x.grad[..., 2, 2] > 0
    assert x.grad.abs().sum() == x.grad[..., 2, 2].abs(), "what lies on the ground stays there"


def test_symmetry_is_best_for_mirror_images_of_themselves() -> None:
    both = (X + X.flip(3)) / 2
    assert torch.equal(f("symmetry", both), torch.zeros(7))
    half = torch.ones(1, 1, 2, 4)
    half[..., :2] = -1
    assert float(f("symmetry", half)) == pytest.approx(-1 / 0.05)
    assert torch.allclose(f("symmetry"), f("symmetry", X.flip(3)))


def test_total_variation_is_the_mean_step_between_neighbours() -> None:
    assert torch.equal(f("total variation", torch.full((2, 1, 5, 5), 0.7)), torch.zeros(2))
    stripes = torch.ones(1, 1, 4, 4)
    stripes[..., ::2] = -1
    assert float(scores.total_variation(stripes)) == pytest.approx(0.5), "all of the steps across, none down"
    assert float(f("total variation", stripes)) == pytest.approx(-0.5 / 0.05)


def test_points_are_asked_for_a_side_or_a_circle() -> None:
    x = torch.tensor([[1.0, 9.0], [0.3, -9.0], [3.0, 4.0]])
    assert torch.allclose(f("half plane 0.3", x, POINTS), -torch.log1p(torch.exp(-(x[:, 0] - 0.3) / 0.1)), atol=1e-6)
    assert float(f("half plane 0.3", x, POINTS)[1]) == pytest.approx(-math.log(2))
    assert float(f("circle 5", x, POINTS)[2]) == pytest.approx(0, abs=1e-6)
    assert float(f("circle 4.8", x, POINTS)[2]) == pytest.approx(-2, abs=1e-3)


def test_a_class_score_is_a_log_probability_and_is_taught_by_labels() -> None:
    torch.manual_seed(0)
    made = ClassScore(PICTURES, 2)
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 2])
    x = X + labels.float()[:, None, None, None] - 1
    descent = torch.optim.Adam(made.parameters(), 1e-2)
    for _ in range(30):
        loss = made.train().lesson(Batch(x, labels))
        assert loss is not None
        descent.zero_grad()
        loss.backward()
        descent.step()
    made.eval()
    assert torch.allclose(made.log_probabilities(x).exp().sum(1), torch.ones(7), atol=1e-5)
    found = made.score(Batch(x)).exp()
    assert found[labels == 2].min() > 0.8
    assert found[labels != 2].max() < 0.2
    assert made.lesson(Batch(x)) is None


def test_a_classifier_that_has_learned_already_takes_no_lessons() -> None:
    network = ClassScore(POINTS, 0).network
    made = ClassScore(POINTS, 1, network)
    assert not made.taught
    assert made.lesson(Batch(torch.zeros(2, 2), torch.tensor([0, 1]))) is None


@pytest.mark.parametrize("data", [PICTURES, POINTS], ids=["images", "points"])
def test_a_network_begins_with_nothing_to_say_and_judges_each_example_for_itself(data: DataSpec) -> None:
    torch.manual_seed(0)
    made = NetworkScore(data)
    x = X if data is PICTURES else X.flatten(1)[:, :2]
    assert torch.equal(made.score(Batch(x)), torch.zeros(7))
    torch.nn.init.normal_(made.network[-1].weight)  # type: ignore[arg-type]
    assert torch.allclose(made.score(Batch(x))[:2], made.score(Batch(x[:2])), atol=1e-6)


def test_several_constraints_are_added_up_by_their_weights() -> None:
    both = asked("2 brightness 0.3, symmetry")
    assert isinstance(both, Sum)
    assert torch.allclose(both.score(Batch(X)), 2 * f("brightness 0.3") + f("symmetry"))
    assert both.terms(Batch(X)).keys() == {"brightness 0.3", "symmetry"}
    assert torch.equal(both.terms(Batch(X))["symmetry"], f("symmetry"))
    assert isinstance(asked("symmetry"), Measured)
    assert not asked("symmetry").terms(Batch(X))
    taught = asked("class b, symmetry")
    assert taught.terms(Batch(X)).keys() == {"class b", "symmetry"}
    assert taught.taught
    assert taught.lesson(Batch(X, torch.zeros(7, dtype=torch.int64))) is not None


@pytest.mark.parametrize("text", ["brightness 0.3", "ink 0.4", "symmetry", "total variation", "class b"])
def test_every_score_can_be_followed_up_hill(text: str) -> None:
    torch.manual_seed(0)
    made = asked(text)
    x = X.clone().requires_grad_()
    before = made.score(Batch(x))
    before.sum().backward()
    assert x.grad is not None
    after = made.score(Batch(x.detach() + 0.01 * x.grad / x.grad.flatten(1).norm(dim=1)[:, None, None, None]))
    assert (after > before).all()


@pytest.mark.parametrize("text", ["brightness 0.3", "ink 0.2", "symmetry", "total variation"])
def test_a_learned_one_begins_by_asking_for_nothing_and_contains_the_fixed_one(text: str) -> None:
    made = asked(text, learned=True)
    assert isinstance(made, Measured)
    assert made.phi is not None
    assert torch.equal(made.score(Batch(X)), torch.zeros(7))
    made.phi.data = torch.tensor([0.0, -1.0]) if len(made.phi) == 2 else torch.tensor([-1.0])
    assert torch.allclose(made.score(Batch(X)), f(text), atol=1e-5)
    assert torch.allclose(made.held(Batch(X), made.score(Batch(X))), torch.full((7,), 0.5))
