"""Attempts are kept whatever becomes of them, and go on where they stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from studio.data import places
from studio.experiments.core import attempts, catalog, summary
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Figure, Findings, Picture, Planned, PresetName, Table
from studio.runs.folder import DamagedRun, RunFolder
from tests.experiments.conftest import begun, defaults, spec

COLLAPSE = catalog.load("mode_collapse")


def found(value: float) -> Findings:
    figures = (Figure(COLLAPSE.headline, value, 0.5, "modes of 8", "6.3 ± 0.5", "2,500 samples"),)
    return Findings(figures, "shown", "It did.", (Picture("a.svg", "A"),), Table(("x", "y"), (("1", "2"),)))


@pytest.fixture
def attempt() -> Attempt:
    data = {name: spec(name) for name in COLLAPSE.datasets}
    return attempts.begin(COLLAPSE, "short", (0,), data, defaults())


def test_a_new_one_has_its_runs_in_the_library_and_is_not_finished(attempt: Attempt) -> None:
    assert attempts.read(attempt.path) == attempt
    assert attempt.status == "running"
    assert attempt.machine
    assert "torch" in attempt.versions
    assert len(attempt.runs) == 8
    for made, planned in zip(attempt.runs, COLLAPSE.planned("short", (0,)), strict=True):
        model, recipe = RunFolder(made.folder).recipe()
        assert model == planned.model
        assert {k: recipe[k] for k in planned.values} == dict(planned.values)
    assert attempts.left(attempt) == [made.folder for made in attempt.runs]
    assert attempts.unfinished() == [attempt]


def test_a_full_disk_leaves_no_half_of_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    data = {name: spec(name) for name in COLLAPSE.datasets}
    monkeypatch.setattr(attempts, "write", full)
    with pytest.raises(OSError, match="No space"):
        attempts.begin(COLLAPSE, "short", (0,), data, defaults())
    assert attempts.listed() == []
    assert not list(places.runs().iterdir())
    assert not list((attempts.folder() / "mode_collapse").iterdir())


def test_what_came_out_is_read_back_as_it_was(attempt: Attempt) -> None:
    done = attempts.finish(attempt, found(7), 2.0, "a machine")
    assert attempts.read(attempt.path) == done
    assert done.findings == found(7)
    assert (done.status, done.seconds, done.machine) == ("finished", 2.0, "a machine")
    assert done.pictures == []  # the file is not there
    (attempt.path / "a.svg").write_text("<svg/>")
    assert done.pictures == [attempt.path / "a.svg"]
    assert attempts.unfinished() == []


def test_failed_and_cancelled_ones_stay_in_the_list_and_can_be_taken_up(attempt: Attempt) -> None:
    failed = attempts.fail(attempt, "the disk is full")
    assert (attempts.listed()[0].status, attempts.listed()[0].message) == ("failed", "the disk is full")
    again = attempts.again(failed)
    assert attempts.unfinished() == [again]
    assert attempts.cancel(again).status == "cancelled"
    assert [a.status for a in attempts.listed("mode_collapse")] == ["cancelled"]
    assert attempts.listed("infogan_mnist") == []


def test_two_of_the_same_second_have_folders_of_their_own_and_the_newer_comes_first(attempt: Attempt) -> None:
    data = {name: spec(name) for name in COLLAPSE.datasets}
    other = attempts.begin(COLLAPSE, "short", (0,), data, defaults())
    assert other.path != attempt.path
    assert attempts.listed()[0].path == other.path


@pytest.mark.parametrize("text", ["", "{", "[]", '{"status": "finished"}', "null"])
def test_a_damaged_one_is_shown_as_damaged_and_harms_no_other(attempt: Attempt, text: str) -> None:
    data = {name: spec(name) for name in COLLAPSE.datasets}
    other = attempts.begin(COLLAPSE, "short", (0,), data, defaults())
    (attempt.path / attempts.FILE).write_text(text)
    damaged = attempts.read(attempt.path)
    assert damaged.status == "damaged"
    assert str(attempt.path / attempts.FILE) in damaged.message
    assert {a.status for a in attempts.listed()} == {"running", "damaged"}
    assert attempts.unfinished() == [other]
    assert "damaged" in summary.markdown(COLLAPSE, attempts.listed())


def test_fields_of_the_wrong_kind_are_damage_too(attempt: Attempt) -> None:
    path = attempt.path / attempts.FILE
    path.write_text(path.read_text().replace('"running"', '"sleeping"'))
    assert attempts.read(attempt.path).status == "damaged"


def test_an_attempt_that_somebody_is_at_is_not_offered(attempt: Attempt) -> None:
    with attempt.lock():
        assert attempts.taken(attempt)
        assert attempts.unfinished() == []
    assert attempts.unfinished() == [attempt]


def test_a_run_that_is_gone_or_another_one_is_named(attempt: Attempt) -> None:
    import shutil

    first, second = attempt.runs[0].folder, attempt.runs[1].folder
    shutil.rmtree(first)
    with pytest.raises(DamagedRun, match=first.name):
        attempts.left(attempt)
    shutil.copytree(second, first)
    with pytest.raises(DamagedRun, match="another run"):
        attempts.left(attempt)


def test_there_is_no_evidence_before_all_runs_have_finished(attempt: Attempt) -> None:
    with pytest.raises(ValueError, match="8 of its 8 runs are not finished"):
        attempts.evidence(attempt, COLLAPSE)
    for made in attempt.runs:
        run = RunFolder(made.folder)
        run.write_state(replace(run.state(), status="finished"))
    assert [r.planned.key for r in attempts.evidence(attempt, COLLAPSE).runs] == [r.key for r in attempt.runs]


def test_runs_of_another_version_of_the_experiment_are_no_evidence(attempt: Attempt) -> None:
    with pytest.raises(ValueError, match="another version"):
        attempts.evidence(replace(attempt, seeds=(5,)), COLLAPSE)


def test_the_best_and_the_last_are_told_by_the_headline() -> None:
    tried = []
    for value in (5.0, 8.0, 6.0):
        tried.insert(0, attempts.finish(begun(COLLAPSE), found(value), 1.0))
    tried.insert(0, attempts.fail(begun(COLLAPSE), "no room"))
    assert summary.best(COLLAPSE, tried) == tried[2]
    (best, _), (last, newest) = summary.best_and_last(COLLAPSE, tried)
    assert (best, last, newest) == ("best", "last", tried[0])
    assert "8 ± 0.5 modes of 8 (paper: 6.3 ± 0.5)" in summary.line(COLLAPSE, tried[2])
    assert "failed: no room" in summary.line(COLLAPSE, tried[0])
    table = summary.markdown(COLLAPSE, tried)
    assert table.count("\n|") == 2 + 4
    assert summary.best(replace(COLLAPSE, better="less"), tried) == tried[3]


def test_a_planned_run_begins_where_the_one_it_names_ends() -> None:
    def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
        one = Planned("one", "gan", "8gaussians", {"steps": 40}, "One")
        return one, Planned("two", "gan", "8gaussians", {"steps": 60}, "Two", begins_from="one")

    data = {name: spec(name) for name in COLLAPSE.datasets}
    one, two = attempts.begin(replace(COLLAPSE, planned=planned), "short", (0,), data, defaults()).runs
    assert RunFolder(one.folder).info().begins_from == ""
    assert RunFolder(two.folder).info().begins_from == f"{one.id}@40" == RunFolder(two.folder).info().forked_from
