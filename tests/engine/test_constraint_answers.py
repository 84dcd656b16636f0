"""What samples can be asked for, and how they and real examples score."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from studio.data import sources, store
from studio.data.dataset import DataSpec
from studio.engine.answers import Context, answer
from studio.engine.answers import constraints as answers
from studio.engine.answers.base import decoder
from studio.explore.questions import Asked, Decode, OfferConstraints, ScoreSamples, Where
from studio.models.core import catalog, latents
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataSpec]:
    """300 grey 8×8 squares of noise, the second class with a bright middle."""
    at = tmp_path_factory.mktemp("labelled")
    random = np.random.default_rng(0)
    labels = np.arange(300) % 2
    images = random.integers(0, 120, (300, 8, 8)).astype(np.uint8)
    images[labels == 1, 2:6, 2:6] += 120
    np.savez(at / "squares.npz", images=images, labels=labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_STUDIO_HOME", str(at / "home"))
        source = sources.recognise(at / "squares.npz")
        yield store.prepare(source, store.suggested(source)).spec


@pytest.fixture
def trained(new_run: Callable[..., RunFolder]) -> Callable[..., str]:
    """The path of a run with a checkpoint of its second step."""

    def make(**changed: object) -> str:
        run = new_run(**changed)
        name, values = run.recipe()
        kind = catalog.load(name)
        recipe = recipes.make(kind.recipe_type, values)
        cycle = Cycle(kind, recipe, store.open(run.info().data.fingerprint), torch.device("cpu"))
        for _ in range(2):
            cycle.move()
        plain = cycle.plain() | {"seconds": 1.0}
        saved = checkpoint.Saved(cycle.model.state_dict(), cycle.average.state(), cycle.tensors(), plain)
        checkpoint.save(run, 2, saved)
        return str(run.path)

    return make


def test_a_run_is_offered_what_its_data_can_be_asked_for(trained: Callable[..., str]) -> None:
    offered = {one.name: one for one in answer(OfferConstraints(trained()), Context())}
    assert {"brightness", "ink", "symmetry", "total variation"} <= set(offered)
    assert "own" not in offered
    assert "network" not in offered, "it says nothing until it is learned"
    for one in offered.values():
        assert one.about.startswith("f = ")
        assert one.unit == "nats"


def test_scores_are_those_of_the_pictures_that_come_with_them(trained: Callable[..., str]) -> None:
    where, context = Where(trained()), Context()
    found = answer(ScoreSamples(where, (Asked("brightness", 0.5), Asked("symmetry")), 128, seed=3), context)
    model, _ = context.model(where)
    assert np.array_equal(found.z, latents.draw(decoder(model).prior, 128, 3))
    assert np.array_equal(found.images, answer(Decode(where, found.z), context).images)
    grey = found.images.mean((1, 2, 3)) / 255
    assert found.scores.shape == (128, 2)
    assert found.scores[:, 0] == pytest.approx(-0.5 * ((grey - 0.5) / 0.05) ** 2, abs=0.2)
    mirrored = np.abs(found.images.astype(float) - found.images[:, :, ::-1]).mean((1, 2, 3)) / 255
    assert found.scores[:, 1] == pytest.approx(-mirrored / 0.05, abs=0.2)
    assert len(found.real) > 0
    assert found.real.shape[1] == 2


def test_another_target_scores_the_samples_that_are_there(
    trained: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where, context = Where(trained()), Context()
    first = answer(ScoreSamples(where, (Asked("brightness", 0.5),), 64), context)
    monkeypatch.setattr(answers, "decoded", lambda *given: pytest.fail("they are kept"))
    again = answer(ScoreSamples(where, (Asked("brightness", 0.2),), 64), context)
    assert np.array_equal(first.images, again.images)
    assert not np.allclose(first.scores, again.scores)
    none = answer(ScoreSamples(where, (), 64), context)
    assert none.scores.shape == (64, 0)


def test_the_class_score_is_that_of_the_cached_classifier(
    trained: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.metrics import classifier

    monkeypatch.setattr(classifier, "SEEN", 600)
    where, context = Where(trained()), Context()
    spec = context.model(where)[0].data
    asked = tuple(Asked("class", k) for k in range(len(spec.classes)))
    assert len(asked) == 2
    assert not {one.name: one for one in answer(OfferConstraints(where.run), context)}["class"].ready
    found = answer(ScoreSamples(where, asked, 64), context)
    assert np.exp(found.scores).sum(1) == pytest.approx(np.ones(64), abs=1e-4), "probabilities of all classes"
    offered = {one.name: one for one in answer(OfferConstraints(where.run), context)}
    assert offered["class"].ready, "it is kept"
    assert offered["class"].classes == spec.classes


def test_a_runs_own_constraint_is_offered_with_its_weights(trained: Callable[..., str]) -> None:
    run, context = trained(constraint="learned", asked="network"), Context()
    offered = {one.name: one for one in answer(OfferConstraints(run), context)}
    assert "network" in offered["own"].about
    found = answer(ScoreSamples(Where(run), (Asked("own"),), 64), context)
    assert np.isfinite(found.scores).all()


def test_what_there_is_not_is_refused_in_words(trained: Callable[..., str]) -> None:
    run, context = trained(), Context()
    with pytest.raises(ValueError, match="cannot be asked for 'poetry'"):
        answer(ScoreSamples(Where(run), (Asked("poetry"),), 64), context)
    with pytest.raises(ValueError, match="no constraint"):
        answer(ScoreSamples(Where(run), (Asked("own"),), 64), context)
