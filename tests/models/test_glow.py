"""Glow: exact both ways at random weights, and the same density as an independent one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.bench import normflows_glow
from studio.bench.flows import apart_from
from studio.data.dataset import DataSpec
from studio.models.core.latents import draw
from studio.models.core.model import Batch, capabilities
from studio.models.core.recipe import Value, check, make
from studio.models.glow import Glow, GlowRecipe
from studio.nn.flows.glow import MixingKind
from studio.nn.flows.levels import Dequantised
from tests.models.every import CLASSES, POINTS
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken

GREY = DataSpec("grey", "images", (1, 8, 8), 100, classes=CLASSES)
COLOUR = DataSpec("colour", "images", (3, 8, 8), 100, classes=CLASSES)
TINY = DataSpec("tiny", "images", (1, 4, 4), 100, classes=CLASSES)
SMALL: dict[str, Value] = {"levels": 2, "depth": 3, "width": 8}


def build(data: DataSpec = COLOUR, **values: Value) -> Glow:
    """At random weights, in evaluation and float64."""
    torch.manual_seed(0)
    return shaken(Glow(make(GlowRecipe, {**SMALL, **values}), data).double(), spread=0.1)


def fresh(data: DataSpec = COLOUR, **values: Value) -> Glow:
    torch.manual_seed(0)
    return Glow(make(GlowRecipe, {**SMALL, **values}), data).train()


def pictures(data: DataSpec = COLOUR, n: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (n, *data.shape), generator=generator).double() / 127.5 - 1


mixings = pytest.mark.parametrize("mixing", get_args(MixingKind))


# --- both ways


@mixings
@pytest.mark.parametrize(("data", "levels"), [(GREY, 3), (COLOUR, 1), (COLOUR, 2)])
def test_pictures_come_back(data: DataSpec, levels: int, mixing: str) -> None:
    made, x = build(data, levels=levels, mixing=mixing), pictures(data)
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-10
    found = made.float().invert(x.float())
    assert (made.decode(found.z) - x.float()).abs().max() < 1e-5
    assert torch.equal(((made.decode(found.z) + 1) * 127.5).round(), ((x.float() + 1) * 127.5).round()), "every byte"


def test_latents_come_back() -> None:
    made = build()
    z = torch.from_numpy(draw(made.prior, 5, 0)).double() * 0.3
    parts = [z[:, where].view(-1, *(part.shape or ())) for part, where in made.prior.placed()]
    assert made.top is not None
    values = made.scales.inverse([*parts[:-1], made.top.inverse(parts[-1], None)])
    again, _ = made.scales(values)
    again[-1] = made.top(again[-1], None)[0]
    assert (torch.cat([p.flatten(1) for p in again], dim=1) - z).abs().max() < 1e-9


@mixings
@pytest.mark.parametrize(
    "values", [{}, {"coupling": "additive"}, {"split_prior": "fixed"}, {"bits": 5}, {"preprocess": "logit"}]
)
def test_the_log_dets_of_all_steps_sum_to_autograds(values: dict[str, Value], mixing: str) -> None:
    made, x = build(TINY, mixing=mixing, **values), pictures(TINY, 2)
    within = torch.rand(x.shape, dtype=torch.float64)
    found = made.invert(x, within)

    def flat(v: Tensor) -> Tensor:
        parts, _ = made.scales(made.before(v)[0])
        assert made.top is not None
        parts[-1] = made.top(parts[-1], None)[0]
        return torch.cat([p.flatten(1) for p in parts], dim=1)

    volume = log_volume(flat, made.grey.values(x, within))
    assert torch.allclose(sum(found.log_dets.values(), torch.zeros(2)), volume, atol=1e-4)
    normal = torch.distributions.Normal(0, 1).log_prob(found.z).sum(1)
    assert torch.allclose(found.log_likelihood, normal + volume, atol=1e-4)


def test_one_picture_is_enough_for_all_of_it() -> None:
    made, x = fresh(), pictures(n=1).float()
    made.loss(Batch(x)).value.backward()
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)
    made.eval()
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-5


# --- an independent opinion


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")  # normflows still calls it
@pytest.mark.parametrize("coupling", ["affine", "additive"])
@pytest.mark.parametrize("data", [GREY, COLOUR])
def test_with_the_same_weights_normflows_gives_the_same_density(data: DataSpec, coupling: str) -> None:
    made = build(data, mixing="LU", split_prior="fixed", coupling=coupling)
    theirs = normflows_glow.TheirGlow(made).double()
    normflows_glow.copy_weights(made, theirs)
    assert apart_from(theirs, made, pictures(data)) < 1e-10


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")
def test_the_same_glow_of_normflows_has_as_many_parameters() -> None:
    """Theirs have no gain behind the last convolution of a coupling, but one for the mean and σ of the top's prior."""
    made = build(COLOUR, mixing="LU", split_prior="fixed", depth=2)
    gains = sum(p.numel() for name, p in made.named_parameters() if name.endswith("network.2.gain"))
    assert made.top is not None
    ours = sum(p.numel() for p in made.parameters()) - gains + made.top.shared.numel()
    assert ours == sum(p.numel() for p in normflows_glow.TheirGlow(made).parameters())


# --- begin


def test_at_first_each_step_is_a_rotation_and_a_fixed_scale() -> None:
    made, x = fresh().eval(), pictures().float()
    found = made.invert(x)
    for name, log_det in found.log_dets.items():
        if name.endswith(("mixing", "actnorm", "split", "prior")):
            assert log_det.abs().max() < 1e-3, name
        elif name.endswith("coupling"):
            values = {"level 1": 6 * 16, "level 2": 12 * 4}[name[:7]]
            assert torch.allclose(log_det, torch.full_like(log_det, values * math.log(1 / (1 + math.exp(-2)))))


def test_a_resumed_training_does_not_begin_again(tmp_path: Path) -> None:
    first, other = pictures().float(), -0.5 * pictures(n=3).float()
    made = fresh()
    made.loss(Batch(first))
    save_file(made.state_dict(), tmp_path / "weights.safetensors")
    resumed = fresh()
    resumed.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    torch.manual_seed(5)
    once = made.loss(Batch(other)).value
    torch.manual_seed(5)
    assert torch.equal(resumed.loss(Batch(other)).value, once)
    kept = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(v, kept[name]) for name, v in resumed.state_dict().items())
    assert all(bool(v) for name, v in kept.items() if name.endswith("begun"))


@pytest.mark.parametrize("mixing", ["plain", "LU"])
def test_the_first_moves_make_pictures_likelier(mixing: str) -> None:
    made, x = fresh(mixing=mixing), pictures(n=16).float() * 0.2
    (update,) = made.updates()
    assert update.optimiser.name == "adamax"
    optimiser = torch.optim.Adamax(made.parameters(), 1e-2)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = update.loss(Batch(x))
        loss.value.backward()
        optimiser.step()
        assert update.after is not None
        update.after()
        losses.append(float(loss.value.detach()))
    assert losses[-1] < losses[0] - 0.5
    assert loss.shows["mixing/smallest singular value"] > 0.3


# --- memory


def test_recomputing_gives_the_same_gradients() -> None:
    x = pictures()
    gradients = []
    for memory in ("store", "recompute"):
        made = build(memory=memory)
        torch.manual_seed(7)
        made.loss(Batch(x)).value.backward()
        gradients.append({n: p.grad for n, p in made.named_parameters() if p.grad is not None})
    stored, again = gradients
    assert stored.keys() == again.keys() == dict(build().named_parameters()).keys()
    for name, gradient in stored.items():
        assert (gradient - again[name]).abs().max() <= 1e-8 * gradient.abs().max().clamp(min=1), name


def test_recomputing_is_in_full_precision_since_rounding_adds_up() -> None:
    assert [u.full_precision for u in build(memory="recompute").updates()] == [True]
    assert [u.full_precision for u in build(memory="store").updates()] == [False]


# --- bits, temperature, classes


def test_with_5_bits_32_grey_levels_are_kept_and_cost_5_bits_when_equally_likely() -> None:
    made, x = build(bits=5), pictures()
    found = made.invert(x)
    assert torch.equal(found.x, Dequantised(5).kept(x))
    assert (made.decode(found.z) - found.x).abs().max() < 1e-10
    assert found.log_dets["data/range"] == pytest.approx(-made.dimensions * math.log(32))


def test_temperature_scales_the_noise_of_every_level() -> None:
    made = build()
    cold = draw(made.prior, 500, 0, temperature=0.5)
    assert made.temperature == 0.7
    for _, where in made.prior.placed():
        assert cold[:, where].std() == pytest.approx(0.5, abs=0.02)
    without = made.decode(torch.from_numpy(draw(made.prior, 3, 0, temperature=0.0)).double())
    assert torch.allclose(without, without[:1]), "at 0 only the means of all levels are left"


def test_log_p_is_of_the_class_that_is_told() -> None:
    made, x = build(class_conditional=True), pictures()
    assert made.top is not None
    assert "take classes" in capabilities(made)
    of_class = []
    for k in range(len(CLASSES)):
        one_hot = made.one_hot(torch.full((4,), k))
        found = made.read(x, None, one_hot)
        assert (made.decode(found.z) - x).abs().max() < 1e-10
        of_class.append(found.log_likelihood)
    likeliest = torch.stack(of_class, 1).argmax(1)
    found = made.invert(x)
    assert torch.equal(found.z[:, -len(CLASSES) :].argmax(1), likeliest)
    each = torch.stack(of_class, 1)
    assert torch.allclose(found.log_likelihood, each.logsumexp(1) - math.log(each.shape[1]))
    assert (of_class[0] - of_class[1]).abs().min() > 1e-3, "classes differ"


def test_the_prior_of_a_class_learns_from_its_labels() -> None:
    made, x = fresh(class_conditional=True), pictures(n=6).float()
    labels = torch.tensor([0, 1, 0, 1, 0, 1])
    made.loss(Batch(x, labels)).value.backward()
    assert made.top is not None
    assert made.top.by_class is not None
    assert made.top.by_class.grad is not None
    assert made.top.by_class.grad[:2].abs().sum(1).min() > 0
    assert not made.top.by_class.grad[2].any()


def test_without_classes_it_does_not_take_any() -> None:
    made = build()
    assert "take classes" not in capabilities(made)
    assert not hasattr(made, "class_part")
    assert {"invert exactly", "score likelihood", "decode latent", "encode"} <= set(capabilities(made))


# --- which data


def test_what_it_cannot_be_built_for_is_said_in_words() -> None:
    assert "made for images" in str(Glow.problems(GlowRecipe(), POINTS)[0])
    odd = DataSpec("odd", "images", (3, 25, 32), 100)
    assert "halves the sides" in str(Glow.problems(GlowRecipe(levels=1), odd)[0])
    (deep,) = Glow.problems(GlowRecipe(levels=4), GREY)
    assert deep.field == "levels"
    unlabelled = DataSpec("photos", "images", (3, 32, 32), 100)
    (classes,) = Glow.problems(GlowRecipe(class_conditional=True), unlabelled)
    assert classes.field == "class_conditional"
    assert "no labels" in classes.message
    assert check(GlowRecipe, {"mixing": "1x1"})


def test_by_logits_pictures_come_back_too() -> None:
    made, x = build(TINY, preprocess="logit"), pictures(TINY)
    found = made.invert(x)
    assert "data/logit" in found.log_dets
    assert (made.decode(found.z) - x).abs().max() < 1e-8
