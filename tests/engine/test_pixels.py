"""Drawing value by value, completing, and surprise: asked of a made-up system whose every probability is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from studio.data import sources, store
from studio.data.dataset import DataSpec
from studio.data.watch import Cancelled, Watch
from studio.engine.answers import Context, answer
from studio.engine.answers import pixels as answers
from studio.explore.completion import painter, surprise
from studio.explore.questions import DrawInOrder, Real, Surprise, Where
from studio.models.core import latents
from studio.training.sheets import to_bytes
from tests.engine.paints import Leaning, leaning

WHERE = Where("somewhere")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataSpec]:
    """40 grey 8×8 pictures of noise in two classes."""
    at = tmp_path_factory.mktemp("pixels")
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8)).astype(np.uint8)
    np.savez(at / "noise.npz", images=images, labels=np.arange(40) % 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_STUDIO_HOME", str(at / "home"))
        source = sources.recognise(at / "noise.npz")
        yield store.prepare(source, store.suggested(source)).spec


@pytest.fixture(autouse=True)
def home_of_the_data(home: object, data: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEN_STUDIO_HOME", str(data.source).rpartition("/")[0] + "/home")


class Made(Context):
    """Whose every run has this model."""

    def __init__(self, model: Leaning, watch: Watch | None = None) -> None:
        super().__init__(watch)
        self._made = model

    def model(self, where: Where) -> tuple[Any, int]:
        return self._made, 7


def of_colours() -> Leaning:
    """Three channels and four levels: the order is not that of the flattened example."""
    return leaning(DataSpec("c", "images", (3, 3, 4), 9, fingerprint="c"), values="levels", bits=2)


def test_what_is_drawn_in_order_is_what_the_seed_decodes_to(data: DataSpec) -> None:
    for model in (leaning(data), of_colours()):
        found = answer(DrawInOrder(WHERE, count=5, seed=3), Made(model))
        z = torch.from_numpy(latents.draw(model.prior, 5, 3))
        assert found.step == 7
        want = to_bytes(model.decode(z)).transpose(0, 2, 3, 1)
        assert np.array_equal(found.images, np.broadcast_to(want, found.images.shape))
        assert not found.known.any()
        assert len(found.original) == 0
        fewer = answer(DrawInOrder(WHERE, count=2, seed=3), Made(model))
        assert np.array_equal(fewer.values, found.values[:2])


def test_the_distributions_are_those_of_the_turns(data: DataSpec) -> None:
    model = of_colours()
    found = answer(DrawInOrder(WHERE, count=4, seed=1), Made(model))
    assert found.chances.shape == (4, 36, 4)
    assert found.chances.astype(np.float64).sum(2) == pytest.approx(1, abs=2e-3)
    own = np.take_along_axis(found.chances, found.values[..., None].astype(np.int64), 2)[..., 0]
    assert np.exp(-found.nats) == pytest.approx(own.astype(np.float64), abs=1e-3)
    x = model.as_examples(torch.from_numpy(found.values.astype(np.int64)))
    assert found.nats == pytest.approx(-model.log_conditionals(x).detach().numpy(), abs=1e-5)
    assert found.nats.sum(1) == pytest.approx(-model.log_likelihood(x).detach().numpy(), abs=1e-4)


def test_distributions_are_kept_of_as_many_as_fit(data: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.explore.completion.CHANCES", 300)  # 64 values of two, two bytes each: 256
    found = answer(DrawInOrder(WHERE, count=4), Made(leaning(data)))
    assert len(found.chances) == 1
    assert len(found.values) == len(found.nats) == 4


def test_what_is_known_stands_in_every_completion(data: DataSpec) -> None:
    model = leaning(data)
    known = np.zeros((8, 8), np.bool_)
    known[:2] = True
    known[7, 4] = True
    question = DrawInOrder(WHERE, 6, seed=2, real=Real((4,)), known=known)
    found = answer(question, Made(model))
    assert np.array_equal(found.known, known.reshape(-1)), "pixels of one channel come in reading order"
    assert np.array_equal(found.images[:, known], np.repeat(found.original[:, known], 6, 0))
    assert len({found.images[k].tobytes() for k in range(6)}) > 1
    grey = np.unique(found.original)
    assert set(grey) <= {0, 255}, "it is completed as the model holds it"
    again = answer(question, Made(model))
    assert np.array_equal(found.values, again.values)
    whole = answer(DrawInOrder(WHERE, 2, real=Real((4,)), known=np.ones((8, 8), np.bool_)), Made(model))
    assert np.array_equal(whole.images, np.repeat(whole.original, 2, 0))


def test_all_channels_of_a_known_pixel_are_known(data: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    model = of_colours()
    x = np.random.default_rng(0).choice([-1, -1 / 3, 1 / 3, 1], (1, 3, 3, 4)).astype(np.float32)
    monkeypatch.setattr(answers, "real_examples", lambda real, spec, context: (x, np.full(1, -1)))
    known = np.zeros((3, 4), np.bool_)
    known[1, 2] = True
    found = answer(DrawInOrder(WHERE, 3, real=Real((0,)), known=known), Made(model))
    assert np.flatnonzero(found.known).tolist() == [18, 19, 20], "pixel 6 of 12, channel by channel"
    assert np.array_equal(found.images[:, 1, 2], np.repeat(found.original[:, 1, 2], 3, 0))


def test_a_class_is_drawn_where_one_is_asked_for(data: DataSpec) -> None:
    model = leaning(data)
    dark, light = (answer(DrawInOrder(WHERE, 16, label=c), Made(model)).images.mean() for c in (0, 1))
    assert light > dark + 20


def test_surprise_sums_to_the_likelihood_with_a_class_and_over_all(data: DataSpec) -> None:
    model = leaning(data, values="threshold")
    real = Real((0, 1, 2, 3, 17))
    own = answer(Surprise(WHERE, real), Made(model))
    assert own.nats.shape == (5, 8, 8)
    assert own.nats.sum((1, 2)) == pytest.approx(own.totals, rel=1e-5)
    assert own.labels.tolist() == [0, 1, 0, 1, 1]
    assert own.likelihood == "exact of bits by threshold, given the class"
    assert own.bits_per_dim is None
    each = [answer(Surprise(WHERE, real, label=c), Made(model)).totals for c in (0, 1)]
    assert own.totals == pytest.approx(np.where(own.labels, each[1], each[0]), rel=1e-5)

    x = torch.from_numpy(own.images[..., 0].astype(np.float32) / 127.5 - 1)[:, None]
    nats = surprise(painter(model), x, np.full(5, -1))
    whole = -np.logaddexp(-each[0].astype(np.float64), -each[1].astype(np.float64)) + math.log(2)
    assert nats.sum(1).numpy() == pytest.approx(whole, rel=1e-5)
    assert nats.sum(1).numpy() == pytest.approx(-model.log_likelihood(x).detach().numpy(), rel=1e-5)


def test_surprise_of_grey_levels_has_bits_and_lies_where_the_pixels_are(
    data: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = of_colours()
    x = np.random.default_rng(0).choice([-1, -1 / 3, 1 / 3, 1], (2, 3, 3, 4)).astype(np.float32)
    monkeypatch.setattr(answers, "real_examples", lambda real, spec, context: (x[: len(real)], np.full(len(real), -1)))
    found = answer(Surprise(WHERE, Real((0, 1))), Made(model))
    nats = -model.log_conditionals(torch.from_numpy(x)).detach().numpy()
    assert found.nats == pytest.approx(nats.reshape(2, 12, 3).sum(2).reshape(2, 3, 4), rel=1e-5)
    assert found.bits_per_dim is not None
    assert found.bits_per_dim == pytest.approx(found.totals / 36 / math.log(2))


def test_vectors_are_drawn_and_seen_on_their_grid(data: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = DataSpec("v", "vectors", (37,), 9, fingerprint="v")
    model = leaning(vectors)
    high, wide = vectors.size
    assert high * wide > 37
    x = np.random.default_rng(0).choice([-1, 1], (2, 37)).astype(np.float32)
    monkeypatch.setattr(answers, "real_examples", lambda real, spec, context: (x[: len(real)], np.full(len(real), -1)))
    found = answer(Surprise(WHERE, Real((0, 1))), Made(model))
    assert found.nats.shape == (2, high, wide)
    assert int(np.isnan(found.nats[0]).sum()) == high * wide - 37
    assert np.nansum(found.nats, axis=(1, 2)) == pytest.approx(found.totals, rel=1e-5)
    known = np.arange(37) < 20
    made = answer(DrawInOrder(WHERE, 3, real=Real((0,)), known=known), Made(model))
    assert np.array_equal(made.values[:, :20], np.repeat(x[:1, :20] > 0, 3, 0))


def test_drawing_tells_how_far_it_is_and_ends_when_it_is_called_off(data: DataSpec) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int, what: str) -> None:
        told.append((done, total))
        if done == 5:
            watch.cancel()

    watch = Watch(tell)
    with pytest.raises(Cancelled):
        answer(DrawInOrder(WHERE), Made(leaning(data), watch))
    assert told == [(i, 64) for i in range(6)]


def test_what_cannot_be_drawn_is_said_in_words(data: DataSpec) -> None:
    context = Made(leaning(data))
    some = np.zeros((8, 8), np.bool_)
    some[0] = True
    with pytest.raises(ValueError, match="1 to 64 examples"):
        answer(DrawInOrder(WHERE, count=0), context)
    with pytest.raises(ValueError, match="classes 0 to 1, and no 5"):
        answer(DrawInOrder(WHERE, label=5), context)
    with pytest.raises(ValueError, match="choose the example"):
        answer(DrawInOrder(WHERE, real=Real(), known=some), context)
    with pytest.raises(ValueError, match=r"has the size \(2, 2\)"):
        answer(DrawInOrder(WHERE, real=Real((0,)), known=np.ones((2, 2), np.bool_)), context)
    with pytest.raises(ValueError, match="takes no class"):
        answer(DrawInOrder(WHERE, label=0), Made(of_colours()))
