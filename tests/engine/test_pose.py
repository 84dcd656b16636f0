"""People in other poses, as the engine answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from studio.data import builtin, figures, store
from studio.data.dataset import DataSpec
from studio.data.reading import Preparation
from studio.data.skeleton import PARTS, UNKNOWN, J, mirrored
from studio.engine.answers import Context, answer
from studio.explore.questions import BrowsePoses, Measure, Person, PoseTaken, Real, TakePose, Where
from studio.metrics import parser
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.models.core.model import Batch
from studio.nn.parts import agreement, wanted
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle

SIZE = (32, 24)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def data(house: Path) -> Iterator[DataSpec]:
    """200 figures of 32×24."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_STUDIO_HOME", str(house))
        patch.setattr(builtin.Figures, "count", 200)
        yield store.prepare(builtin.source("figures"), Preparation(SIZE, held_out=0.2)).spec


@pytest.fixture(autouse=True)
def home_of_the_data(home: Path, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEN_STUDIO_HOME", str(house))


@pytest.fixture(scope="module")
def run(data: DataSpec, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """PG² under a fixed constraint, after two cycles."""
    kind = catalog.load("pg2")
    small = {"width": 4, "parser_width": 4, "batch": 4, "first": 1, "steps": 100, "constraint": "fixed"}
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)} | small
    made = RunFolder.create(tmp_path_factory.mktemp("run") / "run", "pg2", values, data)
    cycle = Cycle(kind, recipes.make(kind.recipe_type, made.recipe()[1]), opened(data), torch.device("cpu"))
    for _ in range(2):
        cycle.move()
    checkpoint.save(made, 2, checkpoint.take(cycle, 1.0))
    return made


def opened(data: DataSpec) -> Any:
    return store.open(data.fingerprint)


def posed(run: RunFolder, source: Person, joints: Any, context: Context | None = None, **how: Any) -> PoseTaken:
    return answer(TakePose(Where(str(run.path)), source, joints, **how), context or Context())


def two_of(data: DataSpec) -> tuple[int, int]:
    """Two held-out pictures of one person."""
    whole = opened(data)
    person = whole.columns["person"][whole.held_out[0]]
    first, second = np.flatnonzero(whole.columns["person"] == person)[:2]
    return int(first), int(second)


def test_the_library_shows_held_out_people_in_an_order_of_its_own(run: RunFolder, data: DataSpec) -> None:
    whole = opened(data)
    page = answer(BrowsePoses(str(run.path), count=10), Context())
    assert page.total == len(whole.held_out)
    assert set(page.indices) <= set(whole.held_out)
    assert np.array_equal(page.people, whole.columns["person"][page.indices])
    assert np.array_equal(page.joints, whole.columns["joints"][page.indices])
    assert page.images.shape == (10, *SIZE, 3)
    after = answer(BrowsePoses(str(run.path), offset=10, count=10), Context())
    assert not set(page.indices) & set(after.indices)
    one = answer(BrowsePoses(str(run.path), person=int(page.people[0])), Context())
    assert one.total == figures.POSES
    assert (np.diff(one.indices) > 0).all()
    assert set(answer(BrowsePoses(str(run.path), part="train"), Context()).indices) <= set(whole.train)


def test_a_person_in_the_pose_of_another_picture_comes_with_the_truth(run: RunFolder, data: DataSpec) -> None:
    source, target = two_of(data)
    whole = opened(data)
    joints = np.array(whole.columns["joints"][[target]])
    found = posed(run, Person(Real((source,))), joints, target=target, parser="own")
    assert list(found.stages) == ["stage 1", "difference", "stage 2"]
    assert found.images.shape == (1, *SIZE, 3)
    assert (found.step, found.person) == (2, whole.columns["person"][source])
    assert np.array_equal(found.source[0], whole.values[source].transpose(1, 2, 0))
    assert np.array_equal(found.source_joints, whole.columns["joints"][source])
    assert np.array_equal(found.truth[0], whole.values[target].transpose(1, 2, 0))
    assert -1 <= found.mask_ssim[0] <= 1
    again = posed(run, Person(Real((target,))), joints, target=target, parser="none")
    assert np.array_equal(again.truth, found.truth)
    assert (again.parts, again.scores, again.parser) == (None, {}, "")


def test_an_edited_pose_of_a_drawn_person_has_its_true_picture_too(run: RunFolder, data: DataSpec) -> None:
    source, target = two_of(data)
    whole = opened(data)
    joints = np.array(whole.columns["joints"][[target, target]])
    joints[1] = mirrored(joints[1], SIZE[1])
    found = posed(run, Person(Real((source,))), joints, parser="none")
    true, _ = figures.redraw(found.person, joints, SIZE)
    assert np.array_equal(found.truth, true)
    assert np.array_equal(found.truth[0], whole.values[target].transpose(1, 2, 0))
    assert found.ssim.shape == (2,)


def test_scores_are_the_constraints_own(run: RunFolder, data: DataSpec) -> None:
    source, target = two_of(data)
    joints = np.array(opened(data).columns["joints"][[target]])
    joints[0, J["left wrist"]] = 0
    found = posed(run, Person(Real((source,))), joints, parser="own")
    assert found.parser == "the run's own, step 2"
    asked = wanted(torch.from_numpy(joints), SIZE)
    assert np.array_equal(found.wanted, asked.numpy())
    assert (found.wanted == UNKNOWN).any()
    model: Any = checkpoint.load_model(run)[0]
    with torch.no_grad():
        made = model.pose(
            torch.from_numpy(opened(data).values[[source]]).float() / 127.5 - 1, torch.from_numpy(joints), None
        )["stage 2"]
        log_p = model.parse(made)
        by_part, total = agreement(log_p, asked)
        own = model.constraint.score(Batch(made, columns={"joints": torch.from_numpy(joints)}))
    assert list(found.scores) == list(PARTS)
    assert np.isnan(found.scores["left forearm"]).all()
    np.testing.assert_allclose([found.scores[name][0] for name in PARTS], by_part[0].numpy(), rtol=1e-4)
    np.testing.assert_allclose(found.total, total.numpy(), rtol=1e-4)
    np.testing.assert_allclose(found.total, own.numpy(), rtol=1e-4)
    assert np.array_equal(found.parts, log_p.argmax(1).numpy())


def test_the_judge_is_trained_when_that_is_wanted_and_there_from_then_on(
    run: RunFolder, data: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser, "STEPS", 5)
    source, target = two_of(data)
    joints = np.array(opened(data).columns["joints"][[target]])
    context, who = Context(), Person(Real((source,)))
    before = posed(run, who, joints, context)
    assert (before.parts, before.parser) == (None, "")
    trained = posed(run, who, joints, context, train=True)
    assert "% of pixels right" in trained.parser
    assert trained.parts is not None
    after = posed(run, who, joints, context)
    assert np.array_equal(after.parts, trained.parts)
    assert np.array_equal(after.total, trained.total)


def test_files_and_made_pictures_have_no_truth_and_nobodys_number(
    run: RunFolder, data: DataSpec, tmp_path: Path
) -> None:
    joints = np.array(opened(data).columns["joints"][:1])
    picture = np.full((*SIZE, 3), 99, np.uint8)
    Image.fromarray(picture).save(tmp_path / "me.png")
    for who in (Person(Real(paths=(str(tmp_path / "me.png"),))), Person(picture=picture)):
        found = posed(run, who, joints, parser="none")
        assert np.array_equal(found.source[0], picture)
        assert (found.person, len(found.truth), len(found.ssim)) == (-1, 0, 0)
        assert not found.source_joints.any()
    known = posed(run, Person(picture=picture, joints=joints[0]), joints, parser="none")
    assert np.array_equal(known.source_joints, joints[0])


def test_what_is_no_pose_is_refused_in_words(run: RunFolder, data: DataSpec) -> None:
    joints = np.array(opened(data).columns["joints"][:1])
    who = Person(Real((0,)))
    with pytest.raises(ValueError, match="18 joints"):
        posed(run, who, joints[0])
    with pytest.raises(ValueError, match="finite"):
        posed(run, who, joints * np.nan)
    with pytest.raises(ValueError, match="one picture"):
        posed(run, Person(Real((0, 1))), joints)
    with pytest.raises(ValueError, match="24×32"):
        posed(run, Person(picture=np.zeros((8, 8, 3), np.uint8)), joints)


def test_posing_touches_no_training_s_random_numbers_and_many_at_once_are_the_same(
    run: RunFolder, data: DataSpec
) -> None:
    joints = np.array(opened(data).columns["joints"][:40])
    before = torch.random.get_rng_state()
    found = posed(run, Person(Real((0,))), joints, parser="own")
    assert len(found.images) == 40
    assert torch.equal(torch.random.get_rng_state(), before)
    one = posed(run, Person(Real((0,))), joints[33:34], parser="own")
    assert np.abs(one.images[0].astype(int) - found.images[33]).max() <= 1


def test_pose_measures_are_taken_of_a_run(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "STEPS", 5)
    found = answer(Measure(Where(str(run.path)), ("all",), 20, keep=False), Context())
    assert {figure.group for figure in found.figures} == {"pose"}
    assert found.values["pose/SSIM"] < 0.99
    assert found.values["pose/pose error by the true masks"] >= 0
    assert "no samples" in found.left_out["swd"]


def test_a_run_that_was_trained_without_a_parser_says_so_instead_of_failing(
    run: RunFolder, data: DataSpec, tmp_path: Path
) -> None:
    kind = catalog.load("pg2")
    base = RunFolder.create(tmp_path / "base", "pg2", {**run.recipe()[1], "constraint": "none"}, data)
    cycle = Cycle(kind, recipes.make(kind.recipe_type, base.recipe()[1]), opened(data), torch.device("cpu"))
    checkpoint.save(base, 0, checkpoint.take(cycle, 0.0))
    source = two_of(data)[0]
    found = posed(base, Person(Real((source,))), np.array(opened(data).columns["joints"][[source]]), parser="own")
    assert found.parts is None
    assert found.parser == ""
