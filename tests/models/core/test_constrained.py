"""Every model that samples under a constraint: who moves, who is held, what stays as it was without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.core import constrained
from studio.models.core.constraint import as_it_is
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.model import Batch, DecodesLatent, Model, TakesClasses, Update
from studio.models.core.recipe import make
from studio.models.dcgan import DCGAN
from studio.models.realnvp import RealNVP
from studio.models.wgan_gp import WGANGP
from tests.models.every import PICTURES, POINTS, batch, build, builds, small

SAMPLING = [(m, d) for m, d in builds() if issubclass(m.recipe_type, ConstrainedRecipe) and d.kind != "vectors"]
"""No constraint of the library is on binary vectors."""
every = pytest.mark.parametrize(("model", "data"), SAMPLING, ids=[f"{m.__name__}-{d.name}" for m, d in SAMPLING])
library = [(m, d) for m, d in SAMPLING if not m.wants]
general = pytest.mark.parametrize(("model", "data"), library, ids=[f"{m.__name__}-{d.name}" for m, d in library])


def players(made: Model) -> dict[str, Update]:
    return {update.player: update for update in made.players()}


def hold_all_but(made: Model, update: Update) -> None:
    """As the engine does before a move."""
    made.requires_grad_(False)
    for parameter in update.module.parameters():
        parameter.requires_grad_()


def wish(data: DataSpec) -> str:
    return "brightness 0.7" if data.kind == "images" else "circle 2"


def test_every_model_that_draws_samples_can_be_given_a_constraint() -> None:
    drawing = {m for m, _ in builds() if hasattr(m, "decode")}
    assert drawing <= {m for m, _ in SAMPLING}


@every
def test_without_a_constraint_weights_and_players_are_as_ever(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    assert made.constraint is None
    assert not [name for name in made.state_dict() if "constraint" in name]
    assert [u.player for u in made.players()] == [u.player for u in made.updates()]
    fixed = build(model, data, constraint="fixed")
    for name, tensor in made.state_dict().items():
        assert torch.equal(tensor, fixed.state_dict()[name]), "a constraint changes nothing of how the model begins"


@general
@pytest.mark.parametrize("kind", ["fixed", "learned"])
def test_players_own_their_weights_and_no_others(model: type[Model], data: DataSpec, kind: str) -> None:
    made = build(model, data, constraint=kind, asked=wish(data))
    assert made.constraint is not None
    own = {id(p) for p in made.constraint.parameters()}
    assert bool(own) == (kind == "learned")
    found = players(made)
    assert (constrained.PLAYER in found) == (kind == "learned")
    for name, update in found.items():
        ids = {id(p) for p in update.module.parameters()}
        assert ids == own if name == constrained.PLAYER else not ids & own
    before = {id(p) for u in build(model, data).updates() for p in u.module.parameters()}
    assert len(before) == len(
        {id(p) for n, u in found.items() if n != constrained.PLAYER for p in u.module.parameters()}
    )


@general
def test_the_constraint_reaches_the_model_and_is_itself_held(model: type[Model], data: DataSpec) -> None:
    """The loss under a constraint has another gradient in the weights that make samples, none in the constraint's."""
    made = build(model, data, constraint="learned", asked=wish(data), strength=2.0)
    assert isinstance(made.constraint, torch.nn.Module)
    for parameter in made.constraint.parameters():
        torch.nn.init.constant_(parameter, -0.3)
    at = [u.player for u in made.players() if u.averaged][-1]
    update = players(made)[at]
    plain = next(u for u in made.updates() if u.player == at)
    plain.loss(batch(data))  # what begins with the first batch has begun
    gradients = []
    for loss in (plain.loss, update.loss):
        hold_all_but(made, update)
        made.zero_grad()
        torch.manual_seed(1)
        loss(batch(data)).value.backward()
        gradients.append([p.grad for p in update.module.parameters()])
    assert any(a is not None and b is not None and not torch.allclose(a, b) for a, b in zip(*gradients, strict=True))
    assert all(p.grad is None for p in made.constraint.parameters())


@general
def test_what_a_constraint_shows_are_detached_scalars(model: type[Model], data: DataSpec) -> None:
    made = build(model, data, constraint="learned", asked=wish(data))
    shown: dict[str, Any] = {}
    for update in made.players():
        hold_all_but(made, update)
        loss = update.loss(batch(data))
        shown |= loss.shows
        assert all(s.shape == (6,) and not s.requires_grad for s in loss.spreads.values())
    curves = {
        name: float(v) for name, v in shown.items() if name.split("/")[0] in ("constraint", "effective sample size")
    }
    assert len(curves) == 6
    assert all(v.numel() == 1 and not v.requires_grad for v in shown.values())
    assert 0 < curves["effective sample size/share of the batch"] <= 1 + 1e-6


@general
def test_samples_come_under_the_conditions_of_the_batch(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    for update in made.updates():
        update.loss(batch(data))
    made.eval()
    given = batch(data)
    drawn = made.draw(given)
    assert drawn.x.shape == given.x.shape
    assert drawn.x.requires_grad or made.explains
    if isinstance(made, TakesClasses):
        assert drawn.labels is not None
        assert torch.equal(drawn.labels, given.labels)
        seen: list[torch.Tensor] = []
        assert isinstance(made, DecodesLatent)
        decode = made.decode
        made.decode = lambda z: seen.append(z) or decode(z)  # type: ignore[method-assign, assignment, func-returns-value]
        made.draw(given)
        ((_, where),) = made.prior.placed("class")
        assert torch.equal(seen[0][:, where].argmax(1), given.labels)
    else:
        assert drawn.labels is None


def test_lessons_come_first_and_do_not_move_the_model() -> None:
    made = build(WGANGP, PICTURES, constraint="fixed", asked="class b", lessons=3)
    found = players(made)
    assert list(found) == ["constraint", "critic", "generator"]
    teacher, generator = found["constraint"], found["generator"]
    assert [teacher.moves(cycle) for cycle in range(5)] == [1, 1, 1, 0, 0]
    assert teacher.full_precision
    assert made.constraint is not None
    for _ in range(3):
        shows = generator.loss(batch(PICTURES)).shows
        assert not [curve for curve in shows if curve.startswith("constraint")]
        teacher.loss(batch(PICTURES)).value.backward()
        assert teacher.after is not None
        teacher.after()
    assert int(made.constraint.lessons) == 3
    assert "constraint/f of data" in generator.loss(batch(PICTURES)).shows
    teacher.after()
    assert int(made.constraint.lessons) == 3


def test_a_learned_constraint_goes_on_after_its_lessons() -> None:
    made = build(WGANGP, PICTURES, constraint="learned", asked="class b", lessons=1)
    teacher = players(made)["constraint"]
    assert [teacher.moves(cycle) for cycle in range(3)] == [1, 1, 1]
    assert teacher.schedule is not None
    assert [teacher.schedule(cycle).rate for cycle in (0, 1, 5000)] == [1.0, 0.1, 0.1], "more slowly from then on"
    assert not teacher.loss(batch(PICTURES)).shows
    assert teacher.after is not None
    teacher.after()
    assert "constraint/f of data − f under q" in teacher.loss(batch(PICTURES)).shows


def test_what_was_taught_goes_on_learning_more_slowly() -> None:
    values = {"constraint": "learned", "lessons": 3, "tuning": 0.2}
    teacher = players(build(WGANGP, PICTURES, asked="class b", **values))["constraint"]
    assert teacher.schedule is not None
    assert [teacher.schedule(cycle).rate for cycle in range(5)] == [1, 1, 1, 0.2, 0.2]
    assert players(build(WGANGP, PICTURES, asked="network", **values))["constraint"].schedule is None


def test_what_judges_is_in_evaluation_mode_and_takes_no_statistics_from_samples() -> None:
    made = build(WGANGP, PICTURES, constraint="fixed", asked="class b", lessons=0)
    assert made.constraint is not None
    before = {k: v.clone() for k, v in made.constraint.state_dict().items()}
    modes: list[bool] = []
    made.constraint.register_forward_pre_hook(lambda *_: None)
    score = made.constraint.score
    made.constraint.score = lambda b: modes.append(made.constraint.training) or score(b)  # type: ignore
    players(made)["generator"].loss(batch(PICTURES)).value.backward()
    assert modes
    assert not any(modes)
    assert made.constraint.training
    assert all(torch.equal(v, before[k]) for k, v in made.constraint.state_dict().items())


def test_modes_come_back_one_by_one() -> None:
    made = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Dropout()).train()
    made[1].eval()
    with as_it_is(made):
        assert not any(part.training for part in made.modules())
    assert made.training
    assert made[0].training
    assert not made[1].training


def test_a_flow_learns_from_its_samples_without_taking_statistics_from_them() -> None:
    """Batch normalisation between couplings keeps the statistics of the data: the inverse goes by them."""
    made = build(RealNVP, PICTURES, norm="batch", constraint="fixed", asked="brightness 0.5")
    (update,) = made.players()
    seen = [b for name, b in made.named_buffers() if name.endswith("seen")]
    update.loss(batch(PICTURES)).value.backward()
    assert {int(s) for s in seen} == {1}


def test_a_young_flow_that_draws_infinite_points_is_still_moved_by_the_others() -> None:
    made = build(RealNVP, POINTS, constraint="fixed", asked="circle 1")
    draw = made.draw

    def wild(b: Batch) -> Batch:
        drawn = draw(b)
        x = drawn.x.clone()
        x[0], x[1] = float("inf"), float("nan")
        return replace(drawn, x=x)

    made.draw = wild  # type: ignore[method-assign]
    (update,) = made.players()
    loss = update.loss(batch(POINTS))
    loss.value.backward()
    assert torch.isfinite(loss.value)
    assert float(loss.shows["constraint/f of samples, p"]) > -1e6, "what is no number is no score"
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in made.parameters())


def test_flows_go_by_the_likelihood_of_weighted_samples_and_games_by_their_gradient() -> None:
    assert build(RealNVP, PICTURES).explains
    assert not build(WGANGP, PICTURES).explains


def test_the_implicit_move_is_alpha_lambda_times_the_mean_score() -> None:
    """Of G(z) = z + θ and f of a half plane, −αλ E f is to be had by hand."""
    made = build(WGANGP, POINTS, constraint="fixed", asked="half plane 0.5", strength=3.0, outer=0.5)
    shift = torch.nn.Parameter(torch.tensor([0.2, 0.0]))
    made.decode = lambda z: z[:, :2] + shift  # type: ignore
    assert made.constraint is not None
    assert isinstance(made.recipe, ConstrainedRecipe)
    game = constrained.Game(made, made.constraint, made.recipe)
    torch.manual_seed(3)
    value, shows, _ = game.implicit(batch(POINTS, 4000))
    value.backward()
    torch.manual_seed(3)
    u = (made.draw(batch(POINTS, 4000)).x[:, 0].detach() - 0.5) / 0.1
    assert float(value.detach()) == pytest.approx(1.5 * float(torch.nn.functional.softplus(-u).mean()), rel=1e-5)
    assert shift.grad is not None
    assert float(shift.grad[0]) == pytest.approx(-1.5 * float(torch.sigmoid(-u).mean()) / 0.1, rel=1e-5)
    assert float(shift.grad[1]) == 0
    assert float(shows["constraint/f of samples, q"]) > float(shows["constraint/f of samples, p"])


@pytest.mark.parametrize("values", [{"strength": 0.0}, {"outer": 0.0}])
def test_without_lambda_or_alpha_a_game_is_moved_as_ever(values: dict[str, float]) -> None:
    made = build(DCGAN, PICTURES, constraint="fixed", asked="brightness 0.9", **values)
    update, plain = players(made)["generator"], made.updates()[-1]
    gradients = []
    for loss in (plain.loss, update.loss):
        made.zero_grad()
        torch.manual_seed(1)
        loss(batch(PICTURES)).value.backward()
        gradients.append([p.grad.clone() for p in update.module.parameters() if p.grad is not None])
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(*gradients, strict=True))


def test_scores_are_float32_whatever_is_around_them() -> None:
    made = build(WGANGP, PICTURES, constraint="learned", asked="network, 2 brightness")
    assert made.constraint is not None
    assert isinstance(made.recipe, ConstrainedRecipe)
    game = constrained.Game(made, made.constraint, made.recipe)
    with torch.autocast("cpu", torch.bfloat16):
        found = game.score(Batch(batch(PICTURES).x.bfloat16()))
        assert found.dtype == torch.float32
    assert torch.equal(found, game.score(Batch(batch(PICTURES).x.bfloat16().float())))


def test_a_model_that_samples_nothing_is_told_apart() -> None:
    class Silent(Model):
        title = "Silent"
        recipe_type = ConstrainedRecipe

        def build(self, data: DataSpec) -> None:
            pass

        def updates(self) -> list[Update]:
            return []

    with pytest.raises(TypeError, match="Silent draws no samples"):
        Silent(make(ConstrainedRecipe, {}), PICTURES).draw(batch(PICTURES))


def test_bad_wishes_are_problems_of_every_model_before_it_trains() -> None:
    for model, data in library:
        recipe = make(model.recipe_type, {**small(model), "constraint": "fixed", "asked": "nonsense"})
        assert "asked" in [p.field for p in model.problems(recipe, data)], model.title
