"""What is answered of a model that takes codes: an InfoGAN on made-up digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.data import sources, store
from studio.data.dataset import DataSpec
from studio.data.watch import Watch
from studio.engine.answers import Context, answer
from studio.explore.codes import readings
from studio.explore.questions import (
    Browse,
    Classify,
    Decode,
    Question,
    ReadCodes,
    ReadReal,
    Real,
    TabulateCodes,
    Where,
)
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.models.core.latents import Prior, draw
from studio.runs.folder import RunFolder
from studio.training import checkpoint

SMALL = {"latent": 5, "width": 4, "batch": 8, "dense": 12, "head": 8, "codes": "3, u, 2"}


def _run(tmp_path: Path, data: DataSpec, model: str = "infogan") -> RunFolder:
    """With the weights that a training begins with."""
    kind = catalog.load(model)
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)}
    run = RunFolder.create(
        tmp_path / "runs" / model, model, values | {k: v for k, v in SMALL.items() if k in values}, data
    )
    torch.manual_seed(0)
    state = kind(recipes.make(kind.recipe_type, run.recipe()[1]), data).state_dict()
    checkpoint.save(run, 7, checkpoint.Saved(state, state, {}, {}))
    return run


def _data(tmp_path: Path, *, labels: bool = True) -> DataSpec:
    random = np.random.default_rng(0)
    arrays = {"images": random.integers(0, 255, (60, 8, 8)).astype(np.uint8)}
    if labels:
        arrays["labels"] = np.arange(60) % 4
    np.savez(tmp_path / "squares.npz", **arrays)
    source = sources.recognise(tmp_path / "squares.npz")
    return store.prepare(source, store.suggested(source)).spec


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return _run(tmp_path, _data(tmp_path))


def _prior(run: RunFolder) -> Prior:
    model, _ = checkpoint.load_model(run)
    return model.prior  # type: ignore[return-value, union-attr]


def test_codes_are_read_back_off_the_very_pictures_that_the_latents_make(run: RunFolder) -> None:
    where, z = Where(str(run.path)), draw(_prior(run), 6, 0)
    found = answer(ReadCodes(where, z), Context())
    np.testing.assert_array_equal(found.images, answer(Decode(where, z), Context()).images)
    model, _ = checkpoint.load_model(run)
    with torch.inference_mode():
        wanted = model.read_codes(model.decode(torch.from_numpy(z)))  # type: ignore[union-attr, operator]
    np.testing.assert_allclose(found.codes, wanted.numpy(), atol=1e-6)
    q = readings(_prior(run), found.codes)
    assert found.codes.shape == (6, 3 + 1 + 2)
    np.testing.assert_allclose(q["c1"].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(q["c3"].sum(axis=1), 1, atol=1e-5)


def test_real_examples_are_made_again_from_their_codes_with_the_noise_held(run: RunFolder, tmp_path: Path) -> None:
    where, z = Where(str(run.path)), draw(_prior(run), 1, 4)[0]
    browsed = answer(Browse(str(run.path), count=3), Context())
    found = answer(ReadReal(where, Real(tuple(browsed.indices.tolist())), z), Context())
    np.testing.assert_array_equal(found.real.images, browsed.images)
    np.testing.assert_array_equal(found.labels, browsed.labels)
    assert np.array_equal(found.z[:, :5], np.repeat(z[None, :5], 3, axis=0)), "the noise is that of the latent"
    q = readings(_prior(run), found.real.codes)
    np.testing.assert_array_equal(found.z[:, 5:8].argmax(axis=1), q["c1"].argmax(axis=1))
    np.testing.assert_allclose(found.z[:, 8:9], q["c2"], atol=1e-6)
    np.testing.assert_array_equal(found.again.images, answer(Decode(where, found.z), Context()).images)


def test_the_table_counts_every_held_out_example_once(run: RunFolder) -> None:
    seen: list[tuple[int, int]] = []
    found = answer(TabulateCodes(Where(str(run.path))), Context(Watch(lambda d, t, w: seen.append((d, t)))))
    data = store.open(run.info().data.fingerprint)
    assert (found.step, found.part, found.count) == (7, "held out", len(data.held_out))
    assert [t.name for t in found.tables] == ["c1", "c3"]
    assert data.labels is not None
    for table, values in zip(found.tables, (3, 2), strict=True):
        assert table.counts.shape == (values, 4)
        np.testing.assert_array_equal(table.counts.sum(axis=0), np.bincount(data.labels[data.held_out], minlength=4))
        assert table.match is not None
        assert 0.25 <= table.match.majority <= 1
    assert seen[-1] == (found.count, found.count)
    assert answer(TabulateCodes(Where(str(run.path)), count=2), Context()).count == 2


def test_without_labels_the_table_says_how_often_each_value_was_read(tmp_path: Path) -> None:
    found = answer(TabulateCodes(Where(str(_run(tmp_path, _data(tmp_path, labels=False)).path))), Context())
    assert [(t.counts.shape, t.match) for t in found.tables] == [((3, 1), None), ((2, 1), None)]
    assert found.tables[0].counts.sum() == found.count


def test_a_model_without_codes_says_so(tmp_path: Path) -> None:
    run = _run(tmp_path, _data(tmp_path), "dcgan")
    z = draw(_prior(run), 1, 0)
    where = Where(str(run.path))
    questions: tuple[Question[object], ...] = (
        ReadCodes(where, z),
        ReadReal(where, Real((0,)), z[0]),
        TabulateCodes(where),
    )
    for question in questions:
        with pytest.raises(ValueError, match="has no codes"):
            answer(question, Context())


def test_a_classifier_of_the_dataset_is_trained_only_when_that_is_wanted(run: RunFolder) -> None:
    where, z = Where(str(run.path)), draw(_prior(run), 5, 0)
    assert answer(Classify(where, z), Context()).labels is None
    told: list[str] = []
    found = answer(Classify(where, z, train=True), Context(Watch(lambda d, t, w: told.append(w))))
    assert "training a classifier" in told
    assert found.labels is not None
    assert found.labels.shape == (5,)
    assert set(found.labels) <= set(range(4))
    assert 0 <= found.accuracy <= 1
    assert found.checked > 0
    again = answer(Classify(where, z), Context())
    np.testing.assert_array_equal(again.labels, found.labels)


def test_reading_draws_nothing_from_torchs_generator(run: RunFolder) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    z, where = draw(_prior(run), 2, 0), Where(str(run.path))
    for question in (ReadCodes(where, z), ReadReal(where, Real((0,)), z[0]), TabulateCodes(where)):
        answer(question, Context())
        assert torch.equal(before, torch.get_rng_state())
