"""What is answered of flows, held to closed forms: a linear flow, and what the engine's own models give."""

from __future__ import annotations

import gc
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.data import builtin, store
from studio.data.dataset import Dataset, DataSpec, split
from studio.data.watch import Cancelled, Watch
from studio.engine.answers import answer
from studio.explore import flows
from studio.explore.latents import draw
from studio.explore.questions import (
    AnyQuestion,
    Attribute,
    ByFactor,
    ByLabel,
    ByPicks,
    Decode,
    DecodeScored,
    Density,
    FindAttribute,
    Likelihoods,
    Real,
    Trace,
    Unfold,
    Where,
)
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Batch, Model, capabilities
from tests.metrics.test_measure import shifted
from tests.models.every import build, builds
from tests.models.linear import ByClass, Given, gaussian, linear
from tests.nn.flows.weights import shaken

HERE = Where("run")
RANDOM = np.random.default_rng(0)


def pictures(count: int = 80, held_out: float = 0.25, channels: int = 3) -> Dataset:
    """Of two classes, of which one is brighter in the first channel, by a known number of grey levels."""
    labels = np.arange(count) % 2
    values = RANDOM.integers(60, 160, (count, channels, 8, 8)).astype(np.uint8)
    values[:, 0] += (60 * labels[:, None, None]).astype(np.uint8)
    spec = DataSpec("made up", "images", (channels, 8, 8), count, classes=("dark", "red"), fingerprint="made-up")
    return Dataset(spec, values, labels, *split(count, held_out), {"red": labels + RANDOM.random(count) / 2})


def plane(count: int = 400) -> Dataset:
    values = RANDOM.standard_normal((count, 2)).astype(np.float32)
    return Dataset(DataSpec("plane", "points", (2,), count, fingerprint="plane"), values, None, *split(count, 0.5))


@pytest.fixture
def given() -> Given:
    data = pictures()
    return Given(linear(data.spec), data)


def bytes_of(context: Given, indices: list[int]) -> np.ndarray:
    data = context.given.data
    assert data is not None
    return np.asarray(data.values[indices]).transpose(0, 2, 3, 1)


# --- there and back


def test_a_picture_comes_back_to_the_byte_with_all_that_is_said_of_it(given: Given) -> None:
    found = answer(Unfold(HERE, Real((3, 50, 7)), draws=3), given)
    np.testing.assert_array_equal(found.originals, bytes_of(given, [3, 50, 7]))
    np.testing.assert_array_equal(found.images, found.originals)
    assert found.same.all()
    assert (found.worst < 0.01).all()
    assert (found.errors <= found.worst).all()
    assert (found.step, found.labels.tolist(), found.z.shape) == (7, [1, 0, 1], (3, 192))
    np.testing.assert_array_equal(answer(Decode(HERE, found.z), given).images, found.originals)
    assert found.steps[0] == "data/range"
    assert {"level 1/step 1/affine", "level 2/step 1/affine", "top/prior"} <= set(found.steps)
    assert found.log_dets.shape == (3, len(found.steps))
    # in the middle of each level, prior and volumes are the whole; the draws are about there
    whole = found.log_prior + found.log_dets.sum(axis=1)
    np.testing.assert_allclose(whole, found.log_likelihood, atol=2)
    np.testing.assert_allclose(found.bits, bits_per_dim(found.log_likelihood, 192), rtol=1e-12)
    assert (found.bits_sd > 0).all()


def test_what_is_said_of_a_picture_does_not_depend_on_its_neighbours_nor_on_when_it_is_asked(given: Given) -> None:
    together = answer(Unfold(HERE, Real((3, 50))), given)
    alone = answer(Unfold(HERE, Real((50,))), given)
    np.testing.assert_allclose(together.log_likelihood[1], alone.log_likelihood[0], rtol=1e-6)
    np.testing.assert_array_equal(answer(Unfold(HERE, Real((50,))), given).bits, alone.bits)
    once = answer(Unfold(HERE, Real((50,)), draws=1), given)
    assert once.bits_sd.tolist() == [0]


def test_of_fewer_bits_the_picture_with_as_many_comes_back(given: Given) -> None:
    data = given.given.data
    assert data is not None
    few = Given(linear(data.spec, bits=3), data)
    found = answer(Unfold(HERE, Real((1, 2))), few)
    assert found.same.all()
    assert (found.worst < 0.01).all()
    assert (found.errors > 5).all()  # the original has all eight
    assert len(np.unique(found.images)) <= 8


def test_the_likelihood_is_that_of_a_gaussian_in_closed_form() -> None:
    data = pictures()
    mean, sd = -0.1, 0.25
    context = Given(gaussian(data.spec, mean, sd), data)
    found = answer(Unfold(HERE, Real((0, 5)), draws=64), context)
    v = (data.values[[0, 5]].reshape(2, -1) + 0.5) / 256 - 0.5
    at_middle = (-(((v - mean) / sd) ** 2) / 2 - math.log(sd * math.sqrt(2 * math.pi)) - math.log(256)).sum(axis=1)
    np.testing.assert_allclose(found.log_prior + found.log_dets.sum(axis=1), at_middle, rtol=1e-6)
    # over a level the quadratic term is larger on average by its variance, 1/12 of a level squared
    expected = at_middle - 192 * (1 / 256 / sd) ** 2 / 24
    np.testing.assert_allclose(found.log_likelihood, expected, atol=0.2)


def test_a_file_is_inverted_too(given: Given, tmp_path: Path) -> None:
    Image.fromarray(bytes_of(given, [4])[0]).save(tmp_path / "mine.png")
    found = answer(Unfold(HERE, Real((4,), (str(tmp_path / "mine.png"),))), given)
    assert found.same.all()
    np.testing.assert_array_equal(found.z[0], found.z[1])
    assert found.labels.tolist() == [0, -1]


def test_points_come_back_with_a_density_and_without_bits() -> None:
    data = plane()
    context = Given(gaussian(data.spec, 1.0, 2.0), data)
    found = answer(Unfold(HERE, Real((0, 1, 2))), context)
    x = data.values[:3].astype(np.float64)
    exact = (-(((x - 1) / 2) ** 2) / 2).sum(axis=1) - math.log(2 * math.pi * 4)
    np.testing.assert_allclose(found.log_likelihood, exact, rtol=1e-5)
    np.testing.assert_allclose(found.points, x, atol=1e-5)
    assert np.isnan(found.bits).all()
    assert (found.worst < 1e-5).all()
    assert found.bits_sd.tolist() == [0, 0, 0] or np.isnan(found.bits_sd).all()
    assert len(found.originals) == 0


def test_latents_are_scored_as_their_pictures_are_shown(given: Given) -> None:
    z = draw(given.given.model.prior, 5, 0)  # type: ignore[arg-type]
    found = answer(DecodeScored(HERE, z, draws=3), given)
    np.testing.assert_array_equal(found.images, answer(Decode(HERE, z), given).images)
    shown = found.images.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(found.log_likelihood, flows.drawn_likelihood(given.given.model, shown, 3).mean(axis=1))
    np.testing.assert_allclose(found.bits, bits_per_dim(found.log_likelihood, 192))
    points = plane()
    flat = answer(DecodeScored(HERE, np.zeros((1, 2), np.float32)), Given(gaussian(points.spec, 1, 2), points))
    assert flat.log_likelihood[0] == pytest.approx(-math.log(2 * math.pi * 4), rel=1e-6)
    assert np.isnan(flat.bits).all()


def test_a_picture_that_is_left_as_it_is_has_the_same_likelihood_by_its_latent(given: Given) -> None:
    found = answer(Unfold(HERE, Real((3, 50)), draws=2), given)
    scored = answer(DecodeScored(HERE, found.z, draws=2), given)
    np.testing.assert_allclose(scored.bits, found.bits, rtol=1e-6)
    once = answer(DecodeScored(HERE, found.z), given)
    assert (np.abs(once.bits - found.bits) < 6 * found.bits_sd).all()


# --- how likely


def test_likelihoods_are_of_as_many_examples_of_each_kind_and_kept_for_these_weights(given: Given) -> None:
    question = Likelihoods(HERE, 16, ("noise", "flat", "negative", "shuffled"))
    found = answer(question, given)
    assert (found.unit, len(found.held_out), len(found.train)) == ("bits/dim", 16, 16)
    assert {k: len(v) for k, v in found.strangers.items()} == dict.fromkeys(question.strangers, 16)
    again = answer(question, given)
    assert again.held_out is found.held_out
    assert again.strangers["flat"] is found.strangers["flat"]
    other = answer(Likelihoods(HERE, 16, seed=1), given)
    assert not np.array_equal(np.sort(other.held_out), np.sort(found.held_out))
    given.given.model = linear(given.given.model.data, spread=0.3)
    assert not np.array_equal(answer(question, given).held_out, found.held_out)


def test_what_was_found_about_weights_is_forgotten_with_them(given: Given) -> None:
    asked: list[int] = []
    for _ in range(2):
        given.of_model(given.given.model, "a", lambda: asked.append(1))
    assert asked == [1]
    assert len(given._of_models) == 1
    given.given.model = linear(given.given.model.data)
    gc.collect()
    assert len(given._of_models) == 0


def test_a_gaussian_finds_likely_what_it_is_and_unlikely_what_is_far_off() -> None:
    data = pictures(200, 0.5)
    fitted = Given(gaussian(data.spec, -0.02, 0.15), data)
    found = answer(Likelihoods(HERE, 50, ("noise", "shuffled", "negative")), fitted)
    # independent values do not care where they stand; noise is spread further than the data
    np.testing.assert_allclose(np.sort(found.strangers["shuffled"]).mean(), found.held_out.mean(), atol=0.01)
    assert found.strangers["noise"].min() > found.held_out.max()
    assert found.train.mean() == pytest.approx(found.held_out.mean(), abs=0.05)


def test_other_datasets_are_brought_to_this_ones_size_and_colour(home: Path, given: Given) -> None:
    digits = store.prepare(builtin.source("digits")).spec
    given.given.data = data = store.prepare(builtin.source("sprites"))
    given.given.model = linear(data.spec)
    found = answer(Likelihoods(HERE, 12, others=(digits.fingerprint,)), given)
    assert list(found.strangers) == ["Digits"]
    assert found.strangers["Digits"].shape == (12,)
    moons = store.prepare(builtin.source("two-moons")).spec
    with pytest.raises(ValueError, match="Two moons holds points"):
        answer(Likelihoods(HERE, 12, others=(moons.fingerprint,)), given)


def test_without_held_out_images_what_is_made_of_them_is_left_out() -> None:
    data = pictures(held_out=0.0)
    found = answer(Likelihoods(HERE, 10, ("flat", "negative")), Given(linear(data.spec), data))
    assert (len(found.held_out), len(found.train), list(found.strangers)) == (0, 10, ["flat"])


def test_points_have_nats_and_no_strangers() -> None:
    data = plane()
    context = Given(gaussian(data.spec, 0, 1), data)
    found = answer(Likelihoods(HERE, 100), context)
    assert found.unit == "nats"
    assert found.held_out.mean() == pytest.approx(-math.log(2 * math.pi) - 1, abs=0.3)
    with pytest.raises(ValueError, match="plane holds points"):
        answer(Likelihoods(HERE, 100, ("noise",)), context)


# --- attributes


@pytest.mark.parametrize(
    "by", [ByLabel(1), ByFactor("red"), ByPicks(Real(tuple(range(1, 80, 2))), Real(tuple(range(0, 80, 2))))]
)
def test_an_attribute_of_a_known_direction_changes_the_picture_by_it(given: Given, by: object) -> None:
    found = answer(FindAttribute(HERE, by), given)  # type: ignore[arg-type]
    assert isinstance(found, Attribute)
    assert found.having == found.lacking
    plain = answer(Unfold(HERE, Real((0,))), given)
    edited = given.given.model.decode(torch.from_numpy(plain.z + found.vector))  # type: ignore[operator, union-attr]
    change = (edited.detach().numpy() - plain.originals.transpose(0, 3, 1, 2) / 127.5 + 1) * 127.5
    assert change[0, 0].mean() == pytest.approx(60, abs=3)
    assert change[0, 1:].mean() == pytest.approx(0, abs=3)
    assert math.isnan(found.separation) if isinstance(by, ByPicks) else found.separation == 1


def test_random_labels_give_a_direction_that_means_nothing() -> None:
    data = pictures(1200, 0.5)
    random = Dataset(data.spec, data.values, RANDOM.integers(0, 2, 1200), data.train, data.held_out)
    found = answer(FindAttribute(HERE, ByLabel(0)), Given(linear(data.spec), random))
    assert found.separation == pytest.approx(0.5, abs=0.1)


def test_attributes_leave_a_class_alone(given: Given) -> None:
    data = given.given.data
    assert data is not None
    found = answer(FindAttribute(HERE, ByLabel(1)), Given(linear(data.spec, ByClass), data))
    assert found.vector.shape == (192 + 2,)
    assert (found.vector[-2:] == 0).all()
    assert np.abs(found.vector[:-2]).max() > 0.1


# --- the plane


def test_a_density_weighs_one_and_is_largest_where_it_must_be() -> None:
    data = plane()
    context = Given(gaussian(data.spec, 1.0, 0.5), data)
    found = answer(Density(HERE, (0.0, 0.0), 4.0, 64), context)
    assert found.log_density.shape == (64, 64)
    assert found.mass == pytest.approx(1, abs=1e-2)
    row, column = np.unravel_index(found.log_density.argmax(), (64, 64))
    assert (row, column) in [(r, c) for r in (23, 24) for c in (39, 40)]  # up and right of the middle
    assert answer(Density(HERE, (1.0, 1.0), 0.5, 64), context).mass == pytest.approx(
        math.erf(1 / math.sqrt(2)) ** 2, abs=1e-3
    )


def test_latents_are_traced_to_the_points_they_decode_to() -> None:
    data = plane()
    context = Given(linear(data.spec), data)
    z = draw(context.given.model.prior, 5000, 0)  # type: ignore[arg-type]
    found = answer(Trace(HERE, z), context)
    assert found.names == ("prior", "top/prior", "step 1/affine")
    assert found.points.shape == (3, 5000, 2)
    assert found.log_density.shape == (3, 5000)
    np.testing.assert_array_equal(found.points[0], z)
    np.testing.assert_allclose(found.points[-1], answer(Decode(HERE, z), context).points, atol=1e-6)
    np.testing.assert_allclose(
        found.log_density[0], -(z.astype(float) ** 2).sum(1) / 2 - math.log(2 * math.pi), atol=1e-5
    )
    np.testing.assert_allclose(found.log_density[-1], answer(DecodeScored(HERE, z), context).log_likelihood, atol=1e-4)


# --- what cannot be, and manners


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Unfold(HERE, Real((0,))), "shifted does not invert exactly"),
        (DecodeScored(HERE, np.zeros((1, 2), np.float32)), "shifted does not invert exactly"),
        (Likelihoods(HERE), "shifted gives examples no likelihood"),
        (FindAttribute(HERE, ByLabel(0)), "shifted does not invert exactly"),
        (Trace(HERE, np.zeros((1, 2), np.float32)), "the steps of shifted"),
        (Density(HERE, (0.0, 0.0), 1.0), "shifted gives examples no likelihood"),
    ],
)
def test_other_models_say_what_they_lack(question: AnyQuestion, words: str) -> None:
    data = plane()
    with pytest.raises(ValueError, match=words):
        answer(question, Given(shifted(data), data))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Unfold(HERE, Real()), "at least one example"),
        (Likelihoods(HERE, 0), "at least one example"),
        (DecodeScored(HERE, np.zeros((1, 3), np.float32)), "has 192 values"),
        (Trace(HERE, np.zeros((1, 192), np.float32)), "points in the plane"),
        (Density(HERE, (0.0, 0.0), 1.0), "points in the plane"),
        (FindAttribute(HERE, ByPicks(Real((1,)), Real())), "one that lacks it"),
    ],
)
def test_what_makes_no_sense_is_said(given: Given, question: AnyQuestion, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        answer(question, given)


def test_a_model_that_has_diverged_is_told_in_words(given: Given) -> None:
    with torch.no_grad():
        for parameter in given.given.model.parameters():
            parameter.fill_(float("nan"))
    for question in (Unfold(HERE, Real((0,))), Likelihoods(HERE, 4), FindAttribute(HERE, ByLabel(1))):
        with pytest.raises(ValueError, match="diverged"):
            answer(question, given)


def test_no_question_touches_torchs_generator_and_each_can_be_cancelled(given: Given) -> None:
    z = draw(given.given.model.prior, 2, 0)  # type: ignore[arg-type]
    questions: list[AnyQuestion] = [
        Unfold(HERE, Real((0,))),
        DecodeScored(HERE, z),
        Likelihoods(HERE, 4, ("noise", "shuffled")),
        FindAttribute(HERE, ByLabel(1)),
    ]
    before = torch.get_rng_state()
    for question in questions:
        watch = Watch()
        watch.cancel()
        with pytest.raises(Cancelled):
            answer(question, given.watched(watch))
        answer(question, given)
    assert torch.equal(before, torch.get_rng_state())


def test_progress_never_goes_back(given: Given) -> None:
    seen: list[float] = []
    watch = Watch(lambda done, total, what: seen.append(done / total))
    answer(Likelihoods(HERE, 20, ("noise", "flat")), given.watched(watch))
    assert seen == sorted(seen)
    assert seen[-1] == 1


# --- every model of the package


EXACT = [(model, data) for model, data in builds() if "invert exactly" in capabilities(model)]


@pytest.mark.parametrize(("model", "spec"), EXACT, ids=[f"{m.__name__}-{d.kind}" for m, d in EXACT])
def test_of_every_model_examples_come_back_and_what_is_said_of_them_agrees(model: type[Model], spec: DataSpec) -> None:
    made = build(model, spec)
    made.loss(Batch(torch.rand(32, *spec.shape) * 2 - 1, torch.arange(32) % 3))  # type: ignore[operator]
    shaken(made, 0.05)
    values = RANDOM.integers(0, 256, (12, *spec.shape)).astype(np.uint8)
    if spec.kind == "points":
        values = RANDOM.standard_normal((12, 2)).astype(np.float32)
    data = Dataset(replace(spec, fingerprint="x"), values, np.arange(12) % 3, *split(12, 0.5))
    made.data = data.spec
    context = Given(made.eval(), data)
    found = answer(Unfold(HERE, Real(tuple(range(12)))), context)
    scored = answer(DecodeScored(HERE, found.z, draws=4), context)
    middle = found.log_prior + found.log_dets.sum(axis=1)
    np.testing.assert_allclose(scored.log_likelihood, found.log_likelihood, rtol=1e-4, atol=2e-2)
    if spec.kind == "images":
        assert found.same.all()
        assert found.worst.max() < 0.05
        np.testing.assert_array_equal(found.images, found.originals)
    else:
        assert found.worst.max() < 1e-4
        np.testing.assert_allclose(middle, found.log_likelihood, rtol=1e-6)
        assert answer(Density(HERE, (0.0, 0.0), 12.0, 256), context).mass == pytest.approx(1, abs=1e-2)
        traced = answer(Trace(HERE, found.z), context)
        np.testing.assert_allclose(traced.points[-1], values, atol=1e-4)
        np.testing.assert_allclose(traced.log_density[-1], middle, atol=1e-3)
    likely = answer(Likelihoods(HERE, 6), context)
    assert np.isfinite(likely.held_out).all()
