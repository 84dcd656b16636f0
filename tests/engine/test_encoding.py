"""Latents of real examples as the engine answers: by an encoder, and searched for, of the dataset and of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from studio.data import store
from studio.data.errors import DataError
from studio.data.watch import Cancelled, Watch
from studio.engine.answers import Context, answer
from studio.engine.client import Engine
from studio.engine.messages import Advanced, Answer, Ask, Cancel, Failed
from studio.explore.latents import draw
from studio.explore.questions import Decode, Encode, Invert, Inverted, Look, Real, Search, Where
from studio.explore.questions.encoding import Compare
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle
from tests.engine.conftest import Ear

SHORT = Search(restarts=2, iterations=12)


Made = Callable[..., RunFolder]


@pytest.fixture
def trained(new_run: Made) -> Made:
    """A run with a checkpoint of step 2."""

    def make(model: str = "wgan_gp", **changed: Any) -> RunFolder:
        made = new_run(model=model, **changed)
        name, values = made.recipe()
        kind, data = catalog.load(name), store.open(made.info().data.fingerprint)
        cycle = Cycle(kind, recipes.make(kind.recipe_type, values), data, torch.device("cpu"))
        for _ in range(2):
            cycle.move()
        checkpoint.save(made, 2, checkpoint.take(cycle, 1.0))
        return made

    return make


@pytest.fixture
def run(trained: Made) -> RunFolder:
    """Of a generator without an encoder."""
    return trained()


def where(run: RunFolder) -> Where:
    return Where(str(run.path))


def test_an_encoders_latents_come_with_what_they_decode_to_and_the_error(trained: Made) -> None:
    run = trained("bigan", units=16)
    data = store.open(run.info().data.fingerprint)
    found = answer(Encode(where(run), Real((3, 17))), Context())
    model: Any = checkpoint.load_model(run)[0]
    with torch.no_grad():
        z = model.encode(torch.from_numpy(data.values[[3, 17]].astype(np.float32)) / 127.5 - 1).numpy()
    np.testing.assert_allclose(found.z, z, atol=1e-6)
    np.testing.assert_array_equal(found.originals[..., 0], data.values[[3, 17], 0])
    np.testing.assert_array_equal(found.images, answer(Decode(where(run), found.z), Context()).images)
    apart = found.images.astype(float) - found.originals
    np.testing.assert_allclose(found.errors, np.sqrt((apart**2).mean(axis=(1, 2, 3))), atol=0.6)
    assert (found.step, found.labels.tolist()) == (2, [-1, -1])


def test_an_encoders_latent_is_refined_to_a_lesser_error(trained: Made) -> None:
    run = trained("bigan", units=16)
    before = answer(Encode(where(run), Real((3, 17))), Context())
    refined = Search(iterations=60, refine=True)
    after = answer(Invert(where(run), Real((3, 17)), refined, seconds=60), Context())
    np.testing.assert_allclose(after.sought.curve[0], before.errors, atol=0.05)
    assert (after.errors < before.errors).all()
    assert after.restarts.shape == (2, 1)


def test_latents_found_before_are_compared_with_their_examples(run: RunFolder) -> None:
    z = draw(Prior.of("normal", 8), 2, 1)
    found = answer(Compare(where(run), Real((3, 17)), z), Context())
    np.testing.assert_array_equal(found.z, z)
    np.testing.assert_array_equal(found.images, answer(Decode(where(run), z), Context()).images)
    apart = found.images.astype(float) - found.originals
    np.testing.assert_allclose(found.errors, np.sqrt((apart**2).mean(axis=(1, 2, 3))), atol=0.6)
    with pytest.raises(ValueError, match="as many examples"):
        answer(Compare(where(run), Real((3,)), z), Context())


def test_a_model_without_an_encoder_says_what_to_do_instead(run: RunFolder) -> None:
    with pytest.raises(ValueError, match="has no encoder; search"):
        answer(Encode(where(run), Real((0,))), Context())
    with pytest.raises(ValueError, match="has no encoder; search"):
        answer(Invert(where(run), Real((0,)), Search(refine=True)), Context())
    with pytest.raises(ValueError, match="at least one example"):
        answer(Invert(where(run), Real()), Context())


def test_picture_files_are_brought_to_the_datasets_size_and_colour(run: RunFolder, tmp_path: Path) -> None:
    square = np.zeros((40, 60, 3), np.uint8)
    square[:, 20:40] = 255
    Image.fromarray(square).save(tmp_path / "square.png")
    found = answer(Look(str(run.path), Real((5,), (str(tmp_path / "square.png"),))), Context())
    assert found.images.shape == (2, 8, 8, 3)
    assert found.indices.tolist() == [5, -1]
    assert found.images[1].max() == 255
    dark = answer(Look(str(run.path), Real((5,), (str(tmp_path / "square.png"),), negative=True)), Context())
    np.testing.assert_array_equal(dark.images[0], found.images[0])
    np.testing.assert_array_equal(dark.images[1], 255 - found.images[1])
    searched = answer(Invert(where(run), Real((), (str(tmp_path / "square.png"),)), SHORT, seconds=60), Context())
    np.testing.assert_array_equal(searched.originals, found.images[1:])
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"broken\.png: is no picture that can be read$"):
        answer(Look(str(run.path), Real((), (str(tmp_path / "broken.png"),))), Context())


def test_a_search_of_a_models_own_picture_comes_close_to_it(run: RunFolder, tmp_path: Path) -> None:
    z = draw(Prior.of("normal", 8), 1, 4)
    own = answer(Decode(where(run), z), Context()).images[0]
    Image.fromarray(own).save(tmp_path / "own.png")
    real = Real(paths=(str(tmp_path / "own.png"),))
    found = answer(Invert(where(run), real, Search(restarts=2, iterations=80), seconds=60), Context())
    assert found.finished
    assert found.errors[0] < 3, "grey levels"
    assert found.restarts[0, 0] == found.errors[0]


def test_rounds_carry_the_search_on_to_the_same_end(run: RunFolder) -> None:
    context, real = Context(), Real((1, 2))
    whole = answer(Invert(where(run), real, SHORT, seconds=60), context)
    found: Inverted | None = None
    rounds = 0
    while found is None or not found.finished:
        found = answer(Invert(where(run), real, SHORT, found.sought if found else None, seconds=0), context)
        rounds += 1
        assert found.sought.done == rounds
    np.testing.assert_array_equal(found.z, whole.z)
    np.testing.assert_array_equal(found.errors, whole.errors)
    assert found.sought.curve.shape == (12, 2)


def test_a_search_leaves_torchs_generator_alone_and_can_be_cancelled(run: RunFolder) -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    answer(Invert(where(run), Real((1,)), SHORT, seconds=60), Context())
    assert torch.equal(torch.random.get_rng_state(), before)
    watch = Watch(lambda done, total, what: watch.cancel() if done == 3 else None)
    with pytest.raises(Cancelled):
        answer(Invert(where(run), Real((1,)), SHORT, seconds=60), Context(watch))


def test_through_the_engines_process_with_progress_and_cancel(shared: Engine, ear: Ear, run: RunFolder) -> None:
    shared.send(Ask(901, Invert(where(run), Real((1, 2)), SHORT, seconds=60), slow=True))
    found = ear.wait(Answer, stamp=901).value
    assert found.finished
    assert found.z.shape == (2, 8)
    shared.send(Ask(902, Invert(where(run), Real((1, 2)), Search(iterations=20_000), seconds=600), slow=True))
    assert ear.wait(Advanced, stamp=902).total == 20_000
    shared.send(Cancel(902))
    assert ear.wait(Failed, stamp=902).message == "cancelled"
