"""A run as one file, and back: the same run. Files made to hurt are refused, and leave nothing."""

from __future__ import annotations

import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from PIL import Image

from studio.data.watch import Cancelled, Watch
from studio.export.bundle import export_bundle, pack
from studio.export.jobs import ExportBundle
from studio.runs.folder import Record, RunFolder
from studio.runs.incoming import is_bundle
from studio.runs.library import Library, Refused
from studio.runs.spreads import SpreadRecord
from tests.export.conftest import Asking


@pytest.fixture
def run(trained: Callable[..., RunFolder]) -> RunFolder:
    made = trained(steps=(5, 10, 20))
    made.append([Record(n, n / 10, {"loss/critic": n / 7}) for n in range(1, 21)])
    made.append_spreads([SpreadRecord(n, n / 10, "gradient norm/critic", (0.5, 1.0, 2.0), (n, 1)) for n in (1, 20)])
    for step in (0, 10, 20):
        made.sheet(step).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(made.sheet(step))
    (made.path / "curves.csv").write_text("not a part of a run")
    with made.lock():
        pass
    return made


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def files_of(path: Path) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_out_and_in_again_is_the_same_run(tmp_path: Path, run: RunFolder, library: Library, asking: Asking) -> None:
    out = tmp_path / "run.zip"
    assert export_bundle(ExportBundle(str(run.path), str(out)), asking).paths == (str(out),)
    assert is_bundle(out)
    back = library.import_file(out)
    assert back.parent == library.root
    wanted = files_of(run.path)
    del wanted["curves.csv"], wanted[".lock"]
    assert files_of(back) == wanted
    assert [e.damaged for e in library.scan()] == [""]


def test_without_history_the_newest_stays(tmp_path: Path, run: RunFolder, library: Library) -> None:
    pack(run, tmp_path / "run.zip", Watch(), history=False)
    back = RunFolder(library.import_file(tmp_path / "run.zip"))
    assert back.checkpoints() == [20]
    assert back.checkpoints(resumable=True) == [20]
    assert [s for s, _ in back.sheets()] == [20]
    assert len(list(back.records())) == 20


def test_a_second_copy_gets_a_folder_and_an_id_of_its_own(tmp_path: Path, run: RunFolder, library: Library) -> None:
    pack(run, tmp_path / "run.zip", Watch())
    first, second = library.import_file(tmp_path / "run.zip"), library.import_file(tmp_path / "run.zip")
    assert first != second
    one, two = RunFolder(first).info(), RunFolder(second).info()
    assert one.id == run.info().id
    assert two.id != one.id
    assert two.forked_from.startswith(one.id)


def test_a_folder_is_taken_in_like_a_bundle(run: RunFolder, library: Library) -> None:
    back = library.import_file(run.path)
    assert RunFolder(back).checkpoints() == [5, 10, 20]
    assert not (back / "curves.csv").exists()
    assert run.path.exists()


def test_a_run_that_was_in_training_there_is_stopped_here(tmp_path: Path, run: RunFolder, library: Library) -> None:
    state = run.state()
    run.write_state(type(state)(**{**vars(state), "status": "running"}))
    pack(run, tmp_path / "run.zip", Watch())
    assert RunFolder(library.import_file(tmp_path / "run.zip")).state().status == "stopped"


@pytest.mark.parametrize("direction", ["out", "in"])
def test_cancel_leaves_nothing(tmp_path: Path, run: RunFolder, library: Library, direction: str) -> None:
    pack(run, tmp_path / "run.zip", Watch())
    folder = tmp_path / "outs"
    folder.mkdir()
    watch = Watch(lambda done, total, what: watch.cancel() if done > 2000 else None)
    carry = {
        "out": lambda: pack(run, folder / "r.zip", watch),
        "in": lambda: library.import_file(tmp_path / "run.zip", watch),
    }
    with pytest.raises(Cancelled):
        carry[direction]()
    assert list(folder.iterdir()) == []
    assert not library.root.exists() or list(library.root.iterdir()) == []


# --- files made to hurt


def members_of(run: RunFolder) -> dict[str, bytes]:
    return {f"r/{k}": v for k, v in files_of(run.path).items() if k not in (".lock", "curves.csv")}


def hostile(path: Path, members: dict[str, bytes], change: Callable[[zipfile.ZipFile], None] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if change is not None:
            change(archive)
    return path


def link(archive: zipfile.ZipFile) -> None:
    about = zipfile.ZipInfo("r/sheets/000000099.png")
    about.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(about, "/etc/passwd")


CASES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "climbs": (lambda m: m | {"r/../../evil.json": b"{}"}, "outside"),
    "absolute": (lambda m: m | {"/etc/evil": b"{}"}, "outside"),
    "backslash": (lambda m: m | {"r\\..\\evil.json": b"{}"}, "outside"),
    "drive": (lambda m: m | {"C:/evil.json": b"{}"}, "outside"),
    "bomb": (lambda m: m | {"r/checkpoints/000000030/average.safetensors": bytes(50 << 20)}, "unpack"),
    "no run": (lambda m: {"a.txt": b"x"}, "no exported run"),
    "half": (lambda m: {k: v for k, v in m.items() if "recipe" not in k}, "recipe.toml is missing"),
    "pickle": (lambda m: m | {"r/checkpoints/000000030/weights.safetensors": pickle.dumps({})}, "no safetensors"),
    "no picture": (lambda m: m | {"r/sheets/000000030.png": b"#!/bin/sh"}, "no PNG"),
    "no json": (lambda m: m | {"r/state.json": b"rm -rf"}, "no JSON"),
    "damaged": (lambda m: m | {"r/run.json": b"{}"}, "damaged"),
    "recipe": (lambda m: m | {"r/recipe.toml": b"model = 3"}, "damaged"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_bundle_is_refused_with_the_reason(
    tmp_path: Path, run: RunFolder, library: Library, case: str
) -> None:
    change, reason = CASES[case]
    path = hostile(tmp_path / "evil.zip", change(members_of(run)))
    with pytest.raises(Refused, match=reason):
        library.import_file(path)
    assert not library.root.exists() or list(library.root.iterdir()) == []
    assert not (tmp_path / "evil.json").exists()


def test_a_link_in_a_bundle_is_refused(tmp_path: Path, run: RunFolder, library: Library) -> None:
    with pytest.raises(Refused, match="link"):
        library.import_file(hostile(tmp_path / "evil.zip", members_of(run), link))


def test_what_is_no_part_of_a_run_stays_out(tmp_path: Path, run: RunFolder, library: Library) -> None:
    more = {"r/model.pkl": pickle.dumps(1), "r/setup.py": b"import os", "readme.txt": b"hi"}
    back = library.import_file(hostile(tmp_path / "odd.zip", members_of(run) | more))
    assert files_of(back).keys() == {k.removeprefix("r/") for k in members_of(run)}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04junk", orjson.dumps({"run": 1})])
def test_what_is_no_zip_is_refused(tmp_path: Path, library: Library, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert not is_bundle(tmp_path / "x.zip")
    with pytest.raises(Refused):
        library.import_file(tmp_path / "x.zip")
    with pytest.raises(Refused, match="not there"):
        library.import_file(tmp_path / "none.zip")
