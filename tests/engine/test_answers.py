"""What is answered to each kind of question, in this process, as the command line asks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.data import places, store
from studio.data.dataset import DataSpec
from studio.data.watch import Cancelled, Watch
from studio.engine import context as contexts
from studio.engine.answers import Context, answer
from studio.engine.messages import Catalogue
from studio.engine.shelf import Shelf
from studio.explore.latents import draw
from studio.explore.questions import Decode, Describe, Directions, Measure, Nearest, Question, ThroughTime, Where
from studio.export.jobs import ExportBundle, ExportLatents, ExportSamples, ExportWalk, ExportWeights
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.models.core.latents import Prior
from studio.models.core.model import Model
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle

Trained = Callable[..., RunFolder]


@pytest.fixture
def trained(new_run: Callable[..., RunFolder]) -> Trained:
    """A run with a checkpoint of each of these steps."""

    def make(*steps: int, **changed: object) -> RunFolder:
        run = new_run(**changed)
        name, values = run.recipe()
        kind, info = catalog.load(name), run.info()
        cycle = Cycle(
            kind, recipes.make(kind.recipe_type, values), store.open(info.data.fingerprint), torch.device("cpu")
        )
        for step in steps:
            while cycle.step < step:
                cycle.move()
            saved = checkpoint.Saved(
                cycle.model.state_dict(), cycle.average.state(), cycle.tensors(), cycle.plain() | {"seconds": 1.0}
            )
            checkpoint.save(run, step, saved)
        return run

    return make


def newest(run: RunFolder, checkpoint: int | None = None) -> Where:
    return Where(str(run.path), checkpoint)


def latents(n: int = 3, seed: int = 0) -> np.ndarray:
    return draw(Prior.of("normal", 8), n, seed)


def test_decode_gives_the_pictures_of_the_averaged_weights_of_that_step(trained: Trained) -> None:
    run = trained(1, 5)
    context = Context()
    found = answer(Decode(newest(run), latents()), context)
    assert (found.step, found.images.shape, found.images.dtype) == (5, (3, 8, 8, 3), np.uint8)
    model, _ = checkpoint.load_model(run, 5)
    with torch.no_grad():
        levels = (model.decode(torch.from_numpy(latents())) + 1) * 127.5
    np.testing.assert_allclose(found.images[..., 0], levels[:, 0].numpy(), atol=0.51)
    assert not np.array_equal(found.images, answer(Decode(newest(run, 1), latents()), context).images)
    raw = answer(Decode(Where(str(run.path), averaged=False), latents()), context)
    assert not np.array_equal(found.images, raw.images)


def test_many_latents_give_the_same_pictures_as_one_by_one(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(3)
    whole = answer(Decode(newest(run), latents(40)), Context()).images
    monkeypatch.setattr("studio.engine.answers.base.PIXELS", 64 * 7)
    parts = answer(Decode(newest(run), latents(40)), Context()).images
    assert np.abs(whole.astype(int) - parts.astype(int)).max() <= 1
    assert answer(Decode(newest(run), latents(0)), Context()).images.shape == (0, 8, 8, 3)


def test_through_time_shows_one_latent_at_every_checkpoint(trained: Trained) -> None:
    run = trained(1, 2, 6)
    seen: list[tuple[int, int]] = []
    found = answer(ThroughTime(str(run.path), latents(1)[0]), Context(Watch(lambda d, t, w: seen.append((d, t)))))
    assert found.steps == (1, 2, 6)
    assert found.images.shape == (3, 8, 8, 3)
    np.testing.assert_array_equal(found.images[2:], answer(Decode(newest(run), latents(1)), Context()).images)
    assert seen[-1] == (3, 3)


def test_describe_needs_no_weights(new_run: Callable[..., RunFolder]) -> None:
    view = answer(Describe(newest(new_run(model="dcgan"))), Context())
    assert (view.step, view.checkpoints, view.prior) == (0, (), Prior.of("uniform", 8))
    assert view.capabilities == ("decode latent",)


def test_nearest_finds_the_training_examples_by_index_with_their_pictures(trained: Trained) -> None:
    run = trained(2)
    found = answer(Nearest(newest(run), latents(2), 4), Context())
    assert found.indices.shape == found.distances.shape == (2, 4)
    assert (np.diff(found.distances) >= 0).all()
    data = store.open(run.info().data.fingerprint)
    assert np.isin(found.indices, data.train).all()
    assert found.images.shape == (8, 8, 8, 3)
    np.testing.assert_array_equal(found.images[..., 0], data.values[found.indices.reshape(-1), 0])


def test_directions_are_orthonormal_and_the_first_changes_the_picture_most(trained: Trained) -> None:
    run = trained(8)
    found = answer(Directions(newest(run), count=8), Context())
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(8), atol=1e-5)
    assert found.gains[0] > found.gains[-1] >= 0
    model, _ = checkpoint.load_model(run)
    z = torch.from_numpy(latents(64, 5))

    def change(direction: np.ndarray) -> float:
        with torch.no_grad():
            return float((model.decode(z + 0.1 * torch.from_numpy(direction)) - model.decode(z)).square().mean().sqrt())

    assert change(found.vectors[0]) == max(change(v) for v in found.vectors)
    assert change(found.vectors[0]) / 0.1 == pytest.approx(float(found.gains[0]), rel=0.25)


def test_evaluate_gives_labelled_measures_and_can_be_cancelled(trained: Trained) -> None:
    run = trained(2)
    found = answer(Measure(newest(run), samples=20), Context())
    assert found.step == 2
    assert "wasserstein/critic estimate, held-out" in found.values
    assert "wasserstein/floor (exact, real v real)" in found.values
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        answer(Measure(newest(run)), Context(watch))


def test_points_come_as_points(tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    np.save(tmp_path / "cloud.npy", random.standard_normal((200, 2)).astype(np.float32))
    from studio.data import sources

    spec = store.prepare(source := sources.recognise(tmp_path / "cloud.npy"), store.suggested(source)).spec
    values = {f.name: f.default for f in recipes.fields(catalog.load("wgan_gp").recipe_type)}
    run = RunFolder.create(tmp_path / "cloud", "wgan_gp", values | {"latent": 8, "width": 8, "batch": 8}, spec)
    model = Context().empty(run).to_empty(device="cpu")
    torch.nn.init.normal_(next(model.parameters()))
    state = {k: torch.randn_like(v) for k, v in model.state_dict().items()}
    checkpoint.save(run, 1, checkpoint.Saved(state, state, {}, {}))
    made = answer(Decode(newest(run), latents()), Context())
    assert made.images.shape[0] == 0
    assert made.points is not None
    assert made.points.shape == (3, 2)
    near = answer(Nearest(newest(run), latents(), 2), Context())
    assert near.points is not None
    np.testing.assert_allclose(
        np.linalg.norm(near.points.reshape(3, 2, 2) - made.points[:, None], axis=2), near.distances, rtol=1e-4
    )
    through = answer(ThroughTime(str(run.path), latents(1)[0]), Context())
    assert through.points is not None
    assert through.points.shape == (1, 2)
    assert "wasserstein/sliced" in answer(Measure(newest(run)), Context()).values


def test_catalogue_has_every_model_and_renews_the_cache_of_the_window() -> None:
    cards = answer(Catalogue(), Context())
    assert [card.name for card in cards] == catalog.names()
    assert catalog.cards(places.cache() / "models.json") == list(cards)


def test_everything_that_can_be_taken_away_is_written_by_its_export(tmp_path: Path, trained: Trained) -> None:
    run, context = trained(2), Context()
    where = newest(run)
    for job in (
        ExportSamples(where, str(tmp_path / "sheet.png"), count=4),
        ExportLatents(where, str(tmp_path / "picked.npz"), latents(), format="npz"),
        ExportWalk(where, str(tmp_path / "walk.gif"), latents(2), frames=2, format="gif"),
        ExportWeights(where, str(tmp_path / "weights.safetensors")),
        ExportBundle(str(run.path), str(tmp_path / "run.zip")),
    ):
        written = answer(job, context)
        assert [Path(p) for p in written.paths] == [Path(job.out)]
        assert Path(job.out).stat().st_size > 0


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody here"):
        answer(Question(), Context())


def test_no_question_draws_from_torchs_generator(trained: Trained) -> None:
    run = trained(2)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    context = Context()
    where = newest(run)
    for question in (
        Describe(where),
        Decode(where, latents()),
        ThroughTime(str(run.path), latents(1)[0]),
        Nearest(where, latents()),
        Directions(where),
        Measure(where, samples=20),
        Catalogue(),
    ):
        answer(question, context)
        assert torch.equal(before, torch.get_rng_state()), type(question).__name__


def test_a_loaded_model_is_kept_until_its_checkpoint_changes(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    real = contexts.load_model
    monkeypatch.setattr(contexts, "load_model", lambda *a, **k: loads.append(a) or real(*a, **k))
    run = trained(1)
    context = Context()
    first = context.model(newest(run))
    assert context.watched(Watch()).model(newest(run))[0] is first[0]
    assert len(loads) == 1
    trained_again = run.checkpoint(1) / "average.safetensors"
    stat = trained_again.stat()
    import os

    os.utime(trained_again, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert context.model(newest(run))[0] is not first[0]
    assert len(loads) == 2


def test_weights_of_a_run_in_training_come_before_those_on_disk(trained: Trained) -> None:
    run = trained(3)
    model, _ = checkpoint.load_model(run)
    context = Context(live=lambda path, wait: (model, 9) if path == str(run.path) else None)
    assert answer(Decode(newest(run), latents()), context).step == 9
    assert answer(Describe(newest(run)), context).step == 9
    assert answer(Decode(newest(run, 3), latents()), context).step == 3


def test_a_shelf_forgets_what_was_not_used_for_longest() -> None:
    shelf: Shelf[int] = Shelf(10, float)
    made: list[int] = []

    def make(n: int) -> int:
        made.append(n)
        return n

    for n in (4, 5, 4, 3):  # 5 has to go: 4 was used since
        shelf.get(n, lambda n=n: make(n))
    assert made == [4, 5, 3]
    shelf.get(4, lambda: make(4))
    shelf.get(5, lambda: make(5))
    assert made == [4, 5, 3, 5]
    shelf.get(99, lambda: make(99))
    assert len(shelf) == 1


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_model_without_a_latent_says_so(data: DataSpec, monkeypatch: pytest.MonkeyPatch, trained: Trained) -> None:
    run = trained(1)

    class Mute(torch.nn.Module):
        title = "Mute"

    monkeypatch.setattr(Context, "model", lambda self, where: (Mute(), 0))
    with pytest.raises(ValueError, match="Mute has no latent"):
        answer(Decode(newest(run), latents()), Context())
    assert not isinstance(Mute(), Model)
