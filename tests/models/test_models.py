"""What every model of the package keeps to, whichever it is."""

from __future__ import annotations

import math

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.data.skeleton import PARTS
from studio.models.core import catalog
from studio.models.core.latents import draw
from studio.models.core.model import (
    CAPABILITIES,
    Criticises,
    DecodesLatent,
    DrawsInOrder,
    Embeds,
    Encodes,
    FollowsRules,
    Illustrates,
    InfersLatents,
    InvertsExactly,
    Model,
    ParsesParts,
    ScoresLikelihood,
    TakesClasses,
    TakesCodes,
    TakesPose,
    capabilities,
)
from studio.models.core.recipe import fields, from_toml, make, to_toml, values_of
from studio.models.dcgan import DCGAN, DCGANRecipe
from studio.models.wgan_gp import WGANGP, WGANGPRecipe
from tests.models.every import CLASSES, PICTURES, POINTS, batch, build, builds, examples, small

BUILDS = builds()
every = pytest.mark.parametrize(("model", "data"), BUILDS, ids=[f"{m.__name__}-{d.name}" for m, d in BUILDS])


def test_every_model_is_held_to_what_follows() -> None:
    assert {m for m, _ in BUILDS} == {catalog.load(name) for name in catalog.names()}


@every
def test_each_loss_reaches_every_parameter_of_its_player(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    for parameter in made.parameters():
        if not parameter.any():  # a layer that begins with zeros hides what is behind it
            torch.nn.init.normal_(parameter, std=0.1)
    for update in made.updates():
        made.zero_grad()
        update.loss(batch(data)).value.backward()
        for name, parameter in update.module.named_parameters():
            assert parameter.grad is not None, name
            if parameter.numel() > 1:  # the last bias of an opponent may cancel between real and made, exactly
                assert parameter.grad.abs().sum() > 0, name


@every
def test_players_get_no_gradient_from_a_move_before_theirs(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    *earlier, last = made.updates()
    for update in earlier:
        update.loss(batch(data)).value.backward()
    assert all(p.grad is None for p in last.module.parameters())


@every
def test_building_on_the_meta_device_draws_no_random_numbers(model: type[Model], data: DataSpec) -> None:
    before = torch.get_rng_state()
    with torch.device("meta"):
        model(make(model.recipe_type, small(model)), data)
    assert torch.equal(before, torch.get_rng_state())


@every
def test_players_that_move_at_once_move_once_per_cycle(model: type[Model], data: DataSpec) -> None:
    updates = build(model, data).updates()
    assert not model.simultaneous or [u.times for u in updates] == [1] * len(updates)


@every
def test_what_is_shown_are_detached_scalars_and_every_gauge_has_its_curve(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    shown = {}
    for update in made.updates():
        loss = update.loss(batch(data))
        shown |= loss.shows
        loss.value.backward()
        assert all(s.shape == (6,) and not s.requires_grad for s in loss.spreads.values())
    assert all(value.numel() == 1 and not value.requires_grad for value in shown.values())
    assert {gauge.curve for gauge in model.gauges} <= shown.keys()


@pytest.mark.parametrize("name", catalog.names())
def test_every_level_has_a_curve_with_some_kind_of_data(name: str) -> None:
    model = catalog.load(name)
    shown: set[str] = set()
    for data in (d for m, d in BUILDS if m is model):
        for update in build(model, data).updates():
            shown |= update.loss(batch(data)).shows.keys()
    assert {level.panel for level in model.levels} <= {curve.split("/")[0] for curve in shown}


@every
def test_a_schedule_depends_on_the_finished_cycles_alone(model: type[Model], data: DataSpec) -> None:
    for update, again in zip(build(model, data).updates(), build(model, data).updates(), strict=True):
        if update.schedule is not None and again.schedule is not None:
            for cycles in (100_000, 0, 7):
                assert update.schedule(cycles) == again.schedule(cycles)
                assert 0 < update.schedule(cycles).rate < float("inf")


# --- capabilities


@every
def test_each_capability_gives_what_its_protocol_says(model: type[Model], data: DataSpec) -> None:
    made = build(model, data).eval()
    assert set(capabilities(made)) <= set(capabilities(model))
    x = examples(data)
    with torch.no_grad():
        if isinstance(made, DecodesLatent):
            z = torch.from_numpy(draw(made.prior, 6, 0))
            drawn = made.decode(z)
            assert drawn.shape == (6, *data.shape)
            assert torch.equal(drawn, made.decode(z)), "nothing is left to chance"
            assert torch.allclose(drawn[:2], made.decode(z[:2]), atol=1e-5), "each for itself"
            assert data.kind == "points" or drawn.abs().max() <= 1
        if isinstance(made, Criticises):
            assert made.criticise(x).shape == (6,)
            assert made.critic_unit
        if isinstance(made, TakesCodes):
            assert made.read_codes(x).shape == (6, sum(p.size for p, _ in made.prior.placed("code")))
        if isinstance(made, TakesClasses):
            ((part, _),) = made.prior.placed("class")
            assert (part.name, part.kind, part.labels) == (made.class_part, "categorical", CLASSES)
        if isinstance(made, Encodes):
            assert isinstance(made, DecodesLatent)
            assert made.encode(x).shape == (6, made.prior.size)
        if isinstance(made, ScoresLikelihood):
            held = made.held(x, torch.Generator().manual_seed(0))
            assert held.shape == x.shape
            assert torch.equal(made.held(held), held), "what is held is held as it is"
            scored = made.log_likelihood(held, torch.Generator().manual_seed(0))
            assert scored.shape == (6,)
            assert scored.isfinite().all()
            again = made.log_likelihood(held, torch.Generator().manual_seed(0 if made.chance else 1))
            assert torch.equal(scored, again), "all that is left to chance comes from the generator"
            assert made.likelihood
        if isinstance(made, InfersLatents):
            inferred = made.infer(made.held(x), 3, torch.Generator().manual_seed(0))
            size = inferred.mean.shape[1]
            assert inferred.mean.shape == inferred.kl.shape == (6, size)
            assert inferred.z.shape == (3, 6, made.prior.size if isinstance(made, DecodesLatent) else size)
            assert inferred.reconstruction.shape == inferred.log_weights.shape == (3, 6)
        if isinstance(made, DrawsInOrder):
            assert sorted(made.order.tolist()) == list(range(math.prod(data.shape)))
            course = made.course(6)
            logs = course.next()
            assert logs.shape == (6, made.value_count)
            assert torch.allclose(logs.exp().sum(1), torch.ones(6), atol=1e-5)
        if isinstance(made, FollowsRules):
            found = made.ruled(batch(data))
            assert found.applies.any()
            for said in (found.student, found.teacher, found.clause):
                assert torch.allclose(said.sum(1), torch.ones(6))
            assert torch.equal(found.student[~found.applies], found.teacher[~found.applies])
            assert found.truth[~found.applies].eq(1).all()
            assert found.truth.min() >= 0
            assert found.truth.max() <= 1
        if isinstance(made, Illustrates):
            rows = made.illustrate(batch(data))
            assert all(shown.shape in {(6, c, *data.size) for c in (1, 3)} for shown in rows.values())
            assert all(shown.abs().max() <= 1 for shown in rows.values())
        if isinstance(made, TakesPose):
            given = batch(data).columns["joints"]
            stages = made.pose(x, given, torch.zeros_like(given))
            assert all(stage.shape == x.shape for stage in stages.values())
            assert all(stage.abs().max() <= 1 for stage in stages.values())
            alone = made.pose(x[:2], given[:2], torch.zeros_like(given[:2]))
            assert all(torch.allclose(alone[name], stages[name][:2], atol=1e-5) for name in stages)
        if "parse parts" in capabilities(made):
            assert isinstance(made, ParsesParts)
            parsed = made.parse(x)
            assert parsed.shape == (6, len(PARTS), *data.size)
            assert torch.allclose(parsed.exp().sum(1), torch.ones(6, *data.size), atol=1e-5)
        if isinstance(made, Embeds):
            assert made.embed(x).shape[0] == 6
            assert made.embed(x).dim() == 2


@every
def test_weights_that_are_held_give_what_they_gave(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    for update in made.updates():
        update.loss(batch(data))  # what begins with the first batch has begun
    made.eval()
    if not isinstance(made, DecodesLatent):
        return
    z = torch.from_numpy(draw(made.prior, 3, 0))
    with torch.no_grad():
        before = made.decode(z)
        found = made.invert(before) if isinstance(made, InvertsExactly) else None
        made.hold()
        assert torch.allclose(made.decode(z), before, atol=1e-5)
        if isinstance(made, InvertsExactly) and found is not None:
            again = made.invert(before)
            assert torch.allclose(again.z, found.z, atol=1e-5)
            assert torch.allclose(again.log_likelihood, found.log_likelihood, rtol=1e-5)


def test_capabilities_are_told_of_class_and_instance_alike() -> None:
    assert capabilities(WGANGP) == ["decode latent", "criticise"] == capabilities(build(WGANGP, PICTURES))
    assert capabilities(DCGAN) == ["decode latent"]
    assert set(capabilities(DCGAN)) <= CAPABILITIES.keys()


# --- recipes


@pytest.mark.parametrize("name", catalog.names())
def test_a_recipe_survives_fields_flags_and_toml(name: str) -> None:
    kind = catalog.load(name).recipe_type
    about = fields(kind)
    assert len({f.flag for f in about}) == len(about)
    assert 4 <= sum(f.essential for f in about) <= 8
    values = {f.name: f.default for f in about}
    assert values == values_of(kind())
    again = from_toml(to_toml(name, values))
    assert again == (name, values)
    assert make(kind, again[1]) == kind()


@pytest.mark.parametrize("name", [n for n in catalog.names() if (catalog.load(n), PICTURES) in BUILDS])
@pytest.mark.parametrize("side", [8, 12, 28, 32, 64, 128])
def test_what_suits_makes_a_recipe_without_problems(name: str, side: int) -> None:
    model = catalog.load(name)
    data = DataSpec("d", "images", (3, side, side), 1000, classes=CLASSES)
    found = model.problems(make(model.recipe_type, model.suits(data)), data)
    assert [p for p in found if side < 64 or "at another size" not in p.message] == []  # some draw value by value


@pytest.mark.parametrize("name", [n for n in catalog.names() if (catalog.load(n), POINTS) in BUILDS])
def test_what_suits_points_makes_a_recipe_without_problems(name: str) -> None:
    model = catalog.load(name)
    assert model.problems(make(model.recipe_type, model.suits(POINTS)), POINTS) == []


def test_all_misfits_are_named_at_once() -> None:
    assert "points" in str(DCGAN.problems(DCGANRecipe(), POINTS)[0])
    odd = DataSpec("holiday", "images", (4, 300, 5), 1)
    said = "\n".join(map(str, WGANGP.problems(WGANGPRecipe(), odd)))
    assert "5×300" in said
    assert "4 channels" in said
    assert "1 example" in said
    mirrored = WGANGP.problems(WGANGPRecipe(mirror=True), POINTS)
    assert [p.field for p in mirrored] == ["mirror"]
