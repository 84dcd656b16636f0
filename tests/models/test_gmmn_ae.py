"""Moment matching in a code: one thing after the other, and nothing moves that has had its turn."""

from __future__ import annotations

import numpy as np
import torch

from studio.data.dataset import Dataset, DataSpec
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make
from studio.models.gmmn_ae import GMMNAE, GMMNAERecipe, cross_entropy
from studio.training.cycle import Cycle
from tests.models.every import PICTURES, examples

MNIST = DataSpec("MNIST", "images", (1, 28, 28), 70_000, 10_000)
SMALL: dict[str, Value] = {"width": 16, "hidden": 12, "code": 5, "batch": 8}


def build(data: DataSpec = PICTURES, **values: Value) -> GMMNAE:
    torch.manual_seed(0)
    return GMMNAE(make(GMMNAERecipe, {**SMALL, **values}), data)


def test_the_papers_settings_are_the_defaults() -> None:
    r = GMMNAERecipe()
    with torch.device("meta"):
        model = GMMNAE(r, MNIST)
    assert [tuple(layer.weight.shape) for layer in model.encoder] == [(1024, 784), (32, 1024)]
    assert [tuple(layer.weight.shape) for layer in model.decoder] == [(784, 1024), (1024, 32)]
    assert (model.dropouts, r.autoencoder_rate, r.bandwidths) == ((0.2, 0.5), 0.1, "1")
    assert model.generator.out == 32


def test_layers_then_the_autoencoder_then_the_generator_have_their_turns() -> None:
    model = build(pretraining=2, autoencoder=3, steps=20)
    moving = [[u.player for u in model.updates() if u.moves(cycle)] for cycle in range(9)]
    assert moving == [["layer 1"]] * 2 + [["layer 2"]] * 2 + [["autoencoder"]] * 3 + [["generator"]] * 2
    schedule = model.updates()[-1].schedule
    assert schedule is not None
    settle = model.recipe.settle
    assert schedule(settle).rate == 1.0, "counted from the generator's first step"
    assert schedule(settle + 7).rate == 0.1


def test_the_autoencoder_is_held_while_the_generator_learns() -> None:
    values = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    spec = DataSpec("made up", "images", (1, 8, 8), 40)
    data = Dataset(spec, values, None, np.arange(40), np.arange(0))
    cycle = Cycle(
        GMMNAE, make(GMMNAERecipe, {**SMALL, "pretraining": 1, "autoencoder": 1, "steps": 9}), data, torch.device("cpu")
    )
    told = []
    for _ in range(3):
        told.append(cycle.move().player)
    assert told == ["layer 1", "layer 2", "autoencoder"]
    before = {name: tensor.clone() for name, tensor in cycle.model.state_dict().items()}
    for _ in range(2):
        assert cycle.move().player == "generator"
    after = cycle.model.state_dict()
    changed = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"generator"}


def test_a_layer_learns_to_give_back_what_the_one_below_it_says() -> None:
    model = build(input_dropout=0.0, hidden_dropout=0.0)
    x = examples(PICTURES)
    v = (x.flatten(1) + 1) / 2
    (up, next_up), (down, next_down) = model.encoder, model.decoder
    h = up(v).sigmoid()
    wanted = cross_entropy(v, down(h)), cross_entropy(h.detach(), next_down(next_up(h.detach()).sigmoid()))
    for number in (0, 1):
        loss = model.layer_loss(Batch(x), number).value
        assert torch.allclose(loss, wanted[number])
    model.zero_grad()
    model.layer_loss(Batch(x), 1).value.backward()  # type: ignore[no-untyped-call]
    assert up.weight.grad is None


def test_codes_are_those_of_the_whole_encoder_without_dropout() -> None:
    model = build().train()
    x = examples(PICTURES)
    v = (x.flatten(1) + 1) / 2
    code = model.encoder[1](model.encoder[0](v).sigmoid()).sigmoid()
    assert torch.equal(model.embed(x), code)
    made = model.decoder[0](model.decoder[1](code).sigmoid()).sigmoid()
    assert torch.allclose(model.written(code), 2 * made.view(-1, 1, 8, 8) - 1)
    undropped = build(input_dropout=0.0, hidden_dropout=0.0).autoencoder_loss(Batch(x)).value
    assert torch.allclose(undropped, -(v * made.log() + (1 - v) * (1 - made).log()).sum(1).mean(), rtol=1e-4)
    assert not torch.allclose(build().autoencoder_loss(Batch(x)).value, undropped)


def test_a_recipe_that_leaves_nothing_for_the_generator_is_refused_in_words() -> None:
    (problem,) = GMMNAE.problems(GMMNAERecipe(steps=9000), PICTURES)
    assert problem.field == "autoencoder"
    assert "9,000" in problem.message
