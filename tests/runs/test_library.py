"""The library: a scan that nothing can break, and deeds that can be undone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import send2trash

from studio.data import places
from studio.runs import entry as entries
from studio.runs.folder import DamagedRun, RunFolder, RunState
from studio.runs.library import Library, Refused
from studio.runs.spreads import SpreadRecord
from tests.runs.conftest import DATA

Made = Callable[..., RunFolder]


def test_a_scan_shows_what_stands_in_the_files(library: Library, made: Made) -> None:
    run = made("a", checkpoints=(10, 20))
    library.tag(run.path, ["good", " two  words ", "good", ""])
    library.note(run.path, "first try")
    (entry,) = library.scan()
    assert (entry.path, entry.title, entry.model, entry.data) == (run.path, "a", "wgan_gp", DATA)
    assert (entry.tags, entry.note, entry.damaged, entry.crashed) == (("good", "two words"), "first try", "", False)
    assert (entry.state.status, entry.state.step, entry.thumbnail) == ("stopped", 20, run.sheet(20))
    assert entry.size == sum(p.stat().st_size for p in run.path.rglob("*") if p.is_file())
    assert entry.id == run.info().id


def test_the_newest_comes_first(library: Library, made: Made) -> None:
    for name in ("a", "b", "c"):
        made(name)
    assert [e.path.name for e in library.scan()] == ["c", "b", "a"]


def test_a_library_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Library(tmp_path / "nothing").scan() == []


def test_a_run_copied_in_by_hand_appears(library: Library, made: Made) -> None:
    run = made("a", checkpoints=(10,))
    library.scan()
    shutil.copytree(run.path, library.root / "copy of a")
    assert {e.path.name for e in library.scan()} == {"a", "copy of a"}
    shutil.rmtree(library.root / "a")
    assert {e.path.name for e in library.scan()} == {"copy of a"}


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("recipe.toml", None, "recipe.toml"),
        ("recipe.toml", "model = [", "recipe.toml"),
        ("run.json", "", "run.json"),
        ("run.json", "[]", "run.json"),
        ("run.json", '{"id": "x"}', "run.json"),
        ("state.json", '{"status": "running"', "state.json"),
        ("state.json", '{"status": "dancing"}', "state.json"),
        ("state.json", '{"step": "many"}', "state.json"),
    ],
)
def test_a_damaged_run_is_shown_with_the_reason_and_harms_nothing(
    library: Library, made: Made, file: str, content: str | None, named: str
) -> None:
    made("good")
    bad = made("bad", checkpoints=(10,))
    if content is None:
        (bad.path / file).unlink()
    else:
        (bad.path / file).write_text(content)
    found = {e.path.name: e for e in library.scan()}
    assert found["good"].damaged == ""
    assert named in found["bad"].damaged
    assert found["bad"].thumbnail == bad.sheet(10)
    assert {e.path.name: e.damaged for e in library.scan()} == {n: e.damaged for n, e in found.items()}
    assert (bad.path / "metrics.jsonl").exists()


@pytest.mark.parametrize("change", [{"title": 3}, {"created": "today"}, {"tags": [1]}, {"data": {"kind": "sound"}}])
def test_values_of_the_wrong_kind_are_damage_too(library: Library, made: Made, change: dict[str, object]) -> None:
    run = made("a")
    plain = json.loads((run.path / "run.json").read_text())
    for key, value in change.items():
        plain[key] = {**plain[key], **value} if isinstance(value, dict) else value
    (run.path / "run.json").write_text(json.dumps(plain))
    (entry,) = library.scan()
    assert "run.json" in entry.damaged


def test_a_folder_that_is_no_run_is_damaged_and_files_are_not_looked_at(library: Library) -> None:
    (library.root / "holiday").mkdir()
    (library.root / "notes.txt").write_text("x")
    (library.root / ".hidden").mkdir()
    (entry,) = library.scan()
    assert entry.path.name == "holiday"
    assert entry.damaged


def test_a_scan_reads_only_what_changed(library: Library, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        made(name, checkpoints=(10,))
    before = library.scan()
    looked: list[str] = []
    real = entries.read
    monkeypatch.setattr(entries, "read", lambda path: looked.append(path.name) or real(path))
    assert library.scan() == before
    assert looked == []
    library.rename(library.root / "b", "better")
    assert [e.title for e in library.scan()] == ["c", "better", "a"]
    assert looked == ["b"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": "0.1.0", "runs": {"a": {"stamp": []}}}', b"\xff\xfe"])
def test_a_damaged_index_costs_nothing(library: Library, made: Made, content: bytes) -> None:
    made("a")
    before = library.scan()
    (index,) = (places.cache() / "libraries").iterdir()
    index.write_bytes(content)
    assert library.scan() == before
    shutil.rmtree(places.cache())
    assert library.scan() == before


def test_a_run_that_says_it_runs_while_nobody_does_has_crashed(library: Library, made: Made) -> None:
    run = made("a")
    run.write_state(RunState("running", 5, 20))
    assert [e.crashed for e in library.scan()] == [True]
    with run.lock():
        assert [e.crashed for e in library.scan()] == [False]
    assert [e.crashed for e in library.scan()] == [True]


def test_names_tags_and_notes_come_back_by_what_was_returned(library: Library, made: Made) -> None:
    run = made("a")
    assert library.rename(run.path, "  My   best run ") == "a"
    assert run.info().title == "My best run"
    assert library.rename(run.path, "a") == "My best run"
    assert library.tag(run.path, ["x"]) == ()
    assert library.tag(run.path, []) == ("x",)
    assert library.note(run.path, "n") == ""
    assert library.note(run.path, "") == "n"
    with pytest.raises(Refused, match="title"):
        library.rename(run.path, "  ")
    assert run.path.name == "a"


def test_a_damaged_run_is_not_written_to(library: Library) -> None:
    (library.root / "bad").mkdir()
    with pytest.raises(DamagedRun):
        library.rename(library.root / "bad", "x")
    assert list((library.root / "bad").iterdir()) == []


def test_a_duplicate_has_the_recipe_and_nothing_else(library: Library, made: Made) -> None:
    run = made("a", checkpoints=(10,), penalty=3.5)
    copy = RunFolder(library.duplicate(run.path))
    assert copy.recipe() == run.recipe()
    assert copy.info().data == run.info().data
    assert copy.info().id != run.info().id
    assert copy.info().title == "a (copy)"
    assert (copy.state().status, copy.state().steps) == ("new", 20)
    assert copy.checkpoints() == []
    assert library.duplicate(run.path) not in (copy.path, run.path)


def test_a_fork_begins_where_the_checkpoint_was(library: Library, made: Made) -> None:
    run = made("a", checkpoints=(5, 10, 20))
    run.append_spreads([SpreadRecord(step, step / 10, "a/b", (0.0, 1.0), (step,)) for step in (4, 10, 12)])
    fork = RunFolder(library.fork(run.path, 10))
    assert [(s.step, s.counts) for s in fork.spreads()["a/b"]] == [(4, (4,)), (10, (10,))]
    assert fork.checkpoints(resumable=True) == [10]
    assert [s for s, _ in fork.sheets()] == [5, 10]
    assert [r.step for r in fork.records()] == list(range(1, 11))
    assert fork.info().forked_from == f"{run.info().id}@10"
    assert (fork.state().status, fork.state().step, fork.state().steps) == ("stopped", 10, 20)
    assert fork.state().seconds == 1.0
    assert fork.recipe() == run.recipe()
    assert len(library.scan()) == 2
    assert run.checkpoints() == [5, 10, 20]


def test_a_checkpoint_without_its_optimisers_cannot_be_forked(library: Library, made: Made) -> None:
    run = made("a", checkpoints=(5, 10, 20))
    with pytest.raises(Refused, match="10, 20"):
        library.fork(run.path, 5)
    assert len(list(library.root.iterdir())) == 1


def test_trash_and_back(library: Library, made: Made) -> None:
    run = made("a", checkpoints=(10,))
    before = library.scan()
    trashed = library.trash(run.path)
    assert library.scan() == []
    assert library.restore(trashed) == run.path
    assert library.scan() == before


def test_what_comes_back_to_a_taken_place_gets_another(library: Library, made: Made) -> None:
    first = made("a", checkpoints=(10,)).info().id
    trashed = library.trash(library.root / "a")
    made("a")
    back = library.restore(trashed)
    assert back.name != "a"
    assert RunFolder(back).info().id == first
    assert len(library.scan()) == 2


def test_the_trash_is_emptied_into_the_systems(library: Library, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(send2trash, "send2trash", lambda path: (given.append(Path(path).name), shutil.rmtree(path)))
    trashed = [library.trash(made(name).path) for name in ("a", "b")]
    assert library.empty_trash() == []
    assert sorted(given) == sorted(t.at.name for t in trashed)
    assert not (library.root / ".trash").exists()
    with pytest.raises(Refused, match="trash"):
        library.restore(trashed[0])
    assert library.empty_trash() == []


def test_what_the_system_does_not_take_stays(library: Library, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise OSError("no trash here")

    monkeypatch.setattr(send2trash, "send2trash", refuse)
    trashed = library.trash(made("a").path)
    assert library.empty_trash() == [trashed.at]
    assert library.restore(trashed).name == "a"


def test_only_runs_of_the_library_that_nobody_trains_are_thrown_away(
    library: Library, made: Made, tmp_path: Path
) -> None:
    run = made("a")
    with run.lock(), pytest.raises(Refused, match="in training"):
        library.trash(run.path)
    assert run.path.exists()
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(Refused, match="not in this library"):
        library.trash(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="no longer"):
        library.trash(library.root / "gone")


def test_a_run_is_found_by_path_folder_title_and_id(
    library: Library, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made("a")
    library.rename(run.path, "My run")
    for name in (str(run.path), "a", "My run", run.info().id, run.info().id[:8]):
        assert library.find(name) == run.path
    monkeypatch.chdir(library.root)
    assert library.find("a").resolve() == run.path
    with pytest.raises(Refused, match="no run 'b'"):
        library.find("b")
    library.rename(made("b").path, "My run")
    with pytest.raises(Refused, match="several"):
        library.find("My run")
    with pytest.raises(Refused, match="no run"):
        library.find("../library")


def test_differences_name_model_dataset_and_fields(library: Library, made: Made) -> None:
    other = type(DATA)(**{**DATA.as_dict(), "fingerprint": "other"})
    paths = [made("a", penalty=1.0).path, made("b", penalty=2.0).path, made("c", data=other, extra=True).path]
    table = library.difference(paths)
    assert table.titles == ("a", "b", "c")
    assert [r.name for r in table.rows[:2]] == ["model", "dataset"]
    found = {r.name: r.values for r in table.differing}
    assert found["penalty"] == (1.0, 2.0, None)
    assert found["extra"] == (None, None, True)
    assert found["dataset fingerprint"] == ("f00", "f00", "other")
    assert "batch" not in found
    assert library.difference(paths[:1]).differing == ()


def test_the_library_needs_neither_torch_nor_qt(library: Library) -> None:
    code = (
        "import sys; from studio.runs.library import Library; from studio.export import provenance, jobs; "
        "sys.exit(any(m.split('.')[0] in ('torch', 'PySide6', 'onnx') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ), check=False).returncode == 0
