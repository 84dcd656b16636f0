"""Rates and momentum that depend on the cycle, players that move at once: in closed form, and after a resume."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset, DataSpec
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Scheduled, Update
from studio.models.core.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle
from studio.training.players import make as make_optimiser
from tests.training.conftest import train

MakeRun = Callable[..., RunFolder]
CPU = torch.device("cpu")
RATE = 0.125
"""A power of two, as are the factors: sums are exact."""


class Number(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.tensor(value))


class Game(Model):
    """min over a, max over b of a·b: at once, the players circle outwards by √(1 + rate²) a cycle."""

    title = "game"
    paper = Paper("nobody", 2000, "", "")
    about = ""
    recipe_type = Recipe
    simultaneous = True
    seen: ClassVar[list[Tensor]] = []

    def build(self, data: DataSpec) -> None:
        self.a, self.b = Number(3.0), Number(4.0)

    def updates(self) -> Sequence[Update]:
        return [
            Update("a", self.a, lambda batch: self._loss(batch, 1.0), self.optimiser, schedule=self.schedule),
            Update("b", self.b, lambda batch: self._loss(batch, -1.0), self.optimiser, averaged=True),
        ]

    optimiser: ClassVar[Optimiser] = Optimiser("sgd", RATE)
    schedule: ClassVar[Callable[[int], Scheduled] | None] = None

    def _loss(self, batch: Batch, sign: float) -> Loss:
        self.seen.append(batch.x)
        noise = torch.randn(()) * self.noise
        return Loss(sign * self.a.at * self.b.at + noise * (self.a.at + self.b.at))

    noise: ClassVar[float] = 0.0


class InTurn(Game):
    simultaneous = False


class Falling(Game):
    """a·b without b's move: a falls by a rate that halves each cycle."""

    schedule = staticmethod(lambda step: Scheduled(rate=0.5**step))

    def updates(self) -> Sequence[Update]:
        return super().updates()[:1]


class Rising(Falling):
    """Momentum that is 1/4 at first, and 1/2 from the second cycle on."""

    optimiser = Optimiser("sgd", RATE, momentum=0.75)
    schedule = staticmethod(lambda step: Scheduled(momentum=0.5 if step else 0.25))


class Noisy(Game):
    """All of it at once, with random numbers."""

    optimiser = Optimiser("sgd", 2**-7, momentum=0.5)
    schedule = staticmethod(lambda step: Scheduled(1 / (1 + step), min(0.9, 0.5 + step / 10)))
    noise = 0.1


def cycle(model: type[Model], data: Dataset) -> Cycle:
    return Cycle(model, Recipe(batch=6, seed=4), data, CPU)


def numbers(game: Cycle) -> tuple[float, float]:
    return game.model.a.at.item(), game.model.b.at.item()


def test_players_that_move_at_once_start_from_the_same_weights_and_batch(points: Dataset) -> None:
    game = cycle(Game, points)
    Game.seen.clear()
    moved = game.move()
    assert moved.player == "a and b"
    assert moved.cycle
    assert numbers(game) == (3 - RATE * 4, 4 + RATE * 3)
    assert torch.equal(*Game.seen)
    for _ in range(9):
        game.move()
    assert sum(number**2 for number in numbers(game)) == pytest.approx(25 * (1 + RATE**2) ** 10, rel=1e-5)
    assert (game.step, game.position) == (10, 0)


def test_players_in_turn_see_what_the_one_before_has_done(points: Dataset) -> None:
    game = cycle(InTurn, points)
    InTurn.seen.clear()
    assert [game.move().cycle for _ in range(2)] == [False, True]
    assert numbers(game) == (2.5, 4 + RATE * 2.5)
    assert not torch.equal(*InTurn.seen)


def test_a_rate_falls_as_its_schedule_says_from_what_the_person_has_set(points: Dataset) -> None:
    game = cycle(Falling, points)
    for _ in range(4):
        game.move()
    assert numbers(game)[0] == 3 - 4 * RATE * (1 + 0.5 + 0.25 + 0.125)
    game.player("a").rate = 2 * RATE
    game.move()
    assert numbers(game)[0] == 3 - 4 * RATE * (1 + 0.5 + 0.25 + 0.125 + 2 * 0.0625)
    assert game.rates() == {"a": 2 * RATE}


def test_momentum_rises_as_its_schedule_says(points: Dataset) -> None:
    """v ← m v + ∇, a ← a − rate v, where ∇ = b = 4 always."""
    game = cycle(Rising, points)
    for _ in range(3):
        game.move()
    v = [4.0, 0.5 * 4 + 4, 0.5 * 6 + 4]
    assert numbers(game)[0] == 3 - RATE * sum(v)


@pytest.mark.parametrize("model", [Noisy, Falling, Rising])
@pytest.mark.parametrize("cut", [1, 3, 7])
def test_resume_equals_never_stopped(model: type[Model], cut: int, points: Dataset, new_run: MakeRun) -> None:
    whole, parts, after = (cycle(model, points) for _ in range(3))
    run = new_run("wgan_gp", points)
    torch.manual_seed(1)
    for _ in range(9):
        whole.move()
    torch.manual_seed(1)
    for _ in range(cut):
        parts.move()
    checkpoint.save(run, parts.step, checkpoint.take(parts, 0.0))
    checkpoint.resume(run, after)
    for _ in range(9 - cut):
        after.move()
    assert whole.plain() == after.plain()
    for state, other in (
        (whole.tensors(), after.tensors()),
        (whole.model.state_dict(), after.model.state_dict()),
        (whole.average.state(), after.average.state()),
    ):
        assert state.keys() == other.keys()
        for name, tensor in state.items():
            assert torch.equal(tensor, other[name]), name


@pytest.mark.parametrize("model", ["gan", "wgan"])
def test_a_run_with_a_schedule_is_resumed_exactly(model: str, images: Dataset, new_run: MakeRun) -> None:
    """GAN moves both players at once, its rate falls and its momentum rises; WGAN's critic moves more often early."""
    whole, parts = new_run(model, images, "whole", steps=5), new_run(model, images, "parts", steps=5)
    train(whole, images)
    for stop in (2, 3, None):
        train(parts, images, steps=stop)
    one, other = (checkpoint.load(run, 5) for run in (whole, parts))
    for part in ("weights", "average", "engine"):
        for name, tensor in getattr(one, part).items():
            assert torch.equal(tensor, getattr(other, part)[name]), name


class Phases(Game):
    """First a moves, three cycles long, then b."""

    simultaneous = False

    def updates(self) -> Sequence[Update]:
        return [
            Update("a", self.a, lambda b: Loss(self.a.at), self.optimiser, times=lambda cycle: int(cycle < 3)),
            Update("b", self.b, lambda b: Loss(self.b.at), self.optimiser, times=lambda cycle: 2 * int(cycle >= 3)),
        ]


def test_one_thing_can_be_trained_after_another(images: Dataset) -> None:
    cycle = Cycle(Phases, Recipe(batch=4), images, CPU)
    moved = []
    while cycle.step < 5:
        moved.append((cycle.step, cycle.move().player))
    assert moved == [(0, "a"), (1, "a"), (2, "a"), (3, "b"), (3, "b"), (4, "b"), (4, "b")]
    weights = {name: float(tensor) for name, tensor in cycle.model.state_dict().items()}
    assert weights == {"a.at": 3.0 - 3 * RATE, "b.at": 4.0 - 4 * RATE}


def test_adadelta_is_that_of_its_paper_as_the_sentence_networks_code_has_it() -> None:
    """E[g²] ← ρ E[g²] + (1 − ρ) g²;  Δ = −√(E[Δ²] + ε) / √(E[g²] + ε) · g;  E[Δ²] likewise; ε = 10⁻⁶."""
    weights = nn.Parameter(torch.tensor([0.5, -2.0], dtype=torch.float64))
    optimiser = make_optimiser(Optimiser("adadelta", 1.0, rho=0.9), [weights], CPU)
    expected = weights.detach().clone()
    squares, steps = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for _ in range(5):
        optimiser.zero_grad()
        (weights**2).sum().backward()  # type: ignore[no-untyped-call]
        gradient = 2 * expected
        squares = 0.9 * squares + 0.1 * gradient**2
        step = -(steps + 1e-6).sqrt() / (squares + 1e-6).sqrt() * gradient
        steps = 0.9 * steps + 0.1 * step**2
        expected = expected + step
        optimiser.step()
        assert torch.allclose(weights.detach(), expected, rtol=1e-12)
