"""What is said of posteriors, against a model whose posterior is known in closed form; and planes of latents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA  # type: ignore[import-untyped]

from studio.data import store
from studio.data.dataset import DataSpec
from studio.data.watch import Cancelled, Watch
from studio.engine.answers import Context, answer
from studio.engine.answers.inferring import BLOCK
from studio.explore import planes
from studio.explore.questions import Encode, FindUnits, Real, Scatter, SplitBound, Where
from studio.metrics.likelihood import examples
from studio.models.core.likelihood import ACTIVE
from studio.models.core.model import capabilities
from tests.engine.linear import LinearGaussian, built

HERE = Where("/runs/linear")


@pytest.fixture
def model(data: DataSpec) -> LinearGaussian:
    return built(data)


def beside(model: LinearGaussian, watch: Watch | None = None) -> Context:
    """As while that model trains."""
    return Context(watch, live=lambda run, wait: (model, 7))


def real(model: LinearGaussian, *indices: int) -> torch.Tensor:
    return torch.from_numpy(examples(store.open(model.data.fingerprint), np.array(indices)))


def test_with_the_exact_posterior_every_bound_is_the_likelihood_and_splits_as_it_should(
    model: LinearGaussian,
) -> None:
    assert {"encode", "infer latents", "decode latent"} <= set(capabilities(type(model)))
    found = answer(SplitBound(HERE, Real((3, 17, 200)), samples=64), beside(model))
    with torch.no_grad():
        x = real(model, 3, 17, 200)
        exact, mean = model.log_evidence(x).numpy(), model.encode(x)
        kl = ((model.spread + mean.square() - 1 - model.spread.log()) / 2).numpy()
    np.testing.assert_allclose(found.bound, exact, rtol=1e-4)
    np.testing.assert_allclose(found.weighted, exact, rtol=1e-4)
    np.testing.assert_allclose(found.kl, kl, atol=1e-4)
    np.testing.assert_allclose(found.mean, mean.numpy(), atol=1e-4)
    np.testing.assert_allclose(found.reconstruction - found.kl.sum(axis=1), exact, atol=0.6, err_msg="64 samples")
    assert found.kl[:, 2].max() < 1e-6, "a latent that says nothing costs nothing"
    assert (found.step, found.kl_estimator, found.z.shape) == (7, "closed form", (64, 3, 3))
    again = model.decode(torch.from_numpy(found.z[5, 1][None])).detach().numpy()
    made = found.drawn[1 * 64 + 5].astype(float)[..., 0]
    np.testing.assert_allclose(made, np.clip((again[0, 0] + 1) * 127.5, 0, 255), atol=0.51)


def test_of_another_posterior_more_samples_bound_better_and_both_stay_below_the_likelihood(data: DataSpec) -> None:
    model = built(data, off=0.3)
    found = answer(SplitBound(HERE, Real((3, 17)), samples=200), beside(model))
    with torch.no_grad():
        exact = model.log_evidence(real(model, 3, 17)).numpy()
    assert (found.bound + 0.2 < found.weighted).all()
    assert (found.bound < exact).all()
    one = answer(SplitBound(HERE, Real((3, 17)), samples=1), beside(model))
    np.testing.assert_array_equal(one.bound, one.weighted)


def test_a_seed_gives_the_same_samples_whatever_else_is_asked_and_leaves_torch_alone(data: DataSpec) -> None:
    model = built(data, bits=True)
    before = torch.get_rng_state()
    both = answer(SplitBound(HERE, Real((3, 17)), samples=4, seed=5), beside(model))
    one = answer(SplitBound(HERE, Real((3,)), samples=4, seed=5), beside(model))
    other = answer(SplitBound(HERE, Real((3,)), samples=4, seed=6), beside(model))
    np.testing.assert_array_equal(both.z[:, :1], one.z)
    assert not np.array_equal(one.z, other.z)
    assert set(np.unique(one.originals)) == {0, 255}, "as the model holds them"
    assert torch.equal(before, torch.get_rng_state())


def test_units_that_the_data_moves_are_active_and_the_others_are_not(model: LinearGaussian) -> None:
    data = store.open(model.data.fingerprint)
    found = answer(FindUnits(HERE, count=25), beside(model))
    assert (found.count, found.split) == (25, "held out")
    every = np.sort(np.random.default_rng(0).permutation(data.held_out)[:25])
    with torch.no_grad():
        x = real(model, *every)
        mean = model.encode(x).numpy()
        exact = float(model.log_evidence(x).mean())
    np.testing.assert_allclose(found.variance, mean.var(axis=0), rtol=1e-4, atol=1e-6)
    assert (found.variance > ACTIVE).tolist() == [True, True, False]
    np.testing.assert_allclose(found.bound, exact, rtol=1e-4)
    np.testing.assert_allclose(found.reconstruction - found.kl.sum(), exact, atol=0.6)


def test_a_dataset_lies_in_the_plane_of_its_principal_components(model: LinearGaussian) -> None:
    found = answer(Scatter(HERE, "all", 10_000), beside(model))
    assert sorted(found.indices) == list(range(300))
    with torch.no_grad():
        z = model.encode(real(model, *sorted(found.indices))).numpy()[found.indices]
    judge = PCA(2, svd_solver="full").fit(z.astype(np.float64))
    np.testing.assert_allclose(found.explained, judge.explained_variance_ratio_, atol=1e-5)
    np.testing.assert_allclose(np.abs(found.axes @ judge.components_.T), np.eye(2), atol=1e-3)
    np.testing.assert_allclose(found.places, (z - found.mean) @ found.axes.T, atol=1e-4)
    np.testing.assert_allclose(found.places.var(axis=0), judge.explained_variance_ * 299 / 300, rtol=1e-3)
    assert found.names[0] == "principal component 1"
    assert (found.labels == -1).all()


def test_two_coordinates_are_shown_as_they_are_and_fewer_examples_are_the_first_of_more(model: LinearGaussian) -> None:
    context = beside(model)
    more = answer(Scatter(HERE, "train", 200, "latent", 2, 0), context)
    fewer = answer(Scatter(HERE, "train", 50, "latent", 2, 0), context)
    np.testing.assert_array_equal(fewer.places, more.places[:50])
    np.testing.assert_array_equal(fewer.indices, more.indices[:50])
    at = more.indices[:3]
    z = answer(Encode(HERE, Real(tuple(at.tolist()))), context).z
    np.testing.assert_allclose(more.places[:3], z[:, [2, 0]], atol=1e-5)
    assert more.names == ("z 2", "z 0")
    assert set(more.indices) <= set(store.open(model.data.fingerprint).train.tolist())
    for first, second in ((0, 3), (1, 1), (-1, 0)):
        with pytest.raises(ValueError, match="two different dimensions of the latent, 0 to 2"):
            answer(Scatter(HERE, way="latent", first=first, second=second), context)


def test_samples_of_posteriors_lie_about_their_means_as_far_as_they_say(model: LinearGaussian) -> None:
    context = beside(model)
    means = answer(Scatter(HERE, "all", 300, "latent", 2, 0), context)
    drawn = answer(Scatter(HERE, "all", 300, "latent", 2, 0, sampled=True), context)
    again = answer(Scatter(HERE, "all", 100, "latent", 2, 0, sampled=True), context)
    np.testing.assert_array_equal(drawn.indices, means.indices)
    np.testing.assert_array_equal(again.places, drawn.places[:100])
    off = drawn.places - means.places
    variance = model.spread.detach().numpy()[[2, 0]]
    np.testing.assert_allclose(off.var(axis=0), variance, rtol=0.35)
    assert (np.abs(off.mean(axis=0)) < 4 * np.sqrt(variance / 300)).all()


def test_latents_of_the_same_weights_are_encoded_once(model: LinearGaussian, monkeypatch: Any) -> None:
    seen: list[int] = []
    encode = LinearGaussian.encode

    def counted(self: LinearGaussian, x: torch.Tensor) -> torch.Tensor:
        seen.append(len(x))
        return encode(self, x)

    monkeypatch.setattr(LinearGaussian, "encode", counted)
    context = beside(model)
    for way in ("pca", "latent", "pca"):
        answer(Scatter(HERE, "all", 300, way), context)
    assert sum(seen) == 300 <= BLOCK


def test_a_scatter_ends_when_it_is_cancelled_and_says_how_far_it_is(model: LinearGaussian) -> None:
    told: list[tuple[int, int]] = []
    watch = Watch(lambda done, total, what: told.append((done, total)))
    answer(Scatter(HERE), beside(model, watch))
    assert told[-1] == (300, 300)
    watch.cancel()
    for question in (Scatter(HERE, seed=1), FindUnits(HERE), SplitBound(HERE, Real((1,)))):
        with pytest.raises(Cancelled):
            answer(question, beside(model, watch))


def test_what_cannot_be_asked_is_said(model: LinearGaussian) -> None:
    with pytest.raises(ValueError, match="one dimension has no plane"):
        planes.principal(np.zeros((5, 1), np.float32))
    with pytest.raises(ValueError, match="at least two examples"):
        planes.principal(np.zeros((1, 5), np.float32))
    with pytest.raises(ValueError, match="at least one example"):
        answer(SplitBound(HERE, Real(())), beside(model))
    model.b.data[:] = float("nan")
    with pytest.raises(ValueError, match="diverged"):
        answer(Scatter(HERE), beside(model))
