"""Drops: what each kind leads to, through a real drop event and through drop(); and what a bad one says."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QGraphicsView, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from studio.data import places, store
from studio.data.dataset import DataSpec
from studio.data.reading import Preparation
from studio.data.sources import recognise
from studio.data.watch import Watch
from studio.export import provenance
from studio.gui import dragging
from studio.gui import drop as drops
from studio.gui.session import Session, Trouble
from studio.gui.window import MainWindow
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import to_toml
from studio.runs.folder import RunFolder
from studio.runs.library import Library
from tests.gui.conftest import FakeEngine

DATA = DataSpec("Digits", "images", (1, 8, 8), 100, 10, fingerprint="f" * 32)


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.painted):
        made.show()
    return made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 12 coloured images in two classes, one of them broken."""
    rng = np.random.default_rng(0)
    root = tmp_path / "animals"
    for kind in ("cats", "dogs"):
        (root / kind).mkdir(parents=True)
        for i in range(6):
            Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(root / kind / f"{i}.png")
    (root / "cats" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return root


def a_run(tmp_path: Path, where: Path | None = None) -> RunFolder:
    return RunFolder.create((where or places.runs()) / "a-run", "wgan_gp", {"steps": 10, "seed": 3}, DATA)


def drag(window: MainWindow, *paths: Path) -> None:
    """Over the window and let go, as a file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, mime, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.overlay.isVisible()
    assert window.overlay.headline
    dropped = QDropEvent(QPointF(50, 50), copy, mime, left, none)
    QApplication.sendEvent(window, dropped)
    assert not window.overlay.isVisible()


def test_a_folder_of_images_is_shown_on_the_sheet_and_becomes_the_dataset(
    window: MainWindow, session: Session, pictures: Path, qtbot: QtBot
) -> None:
    drag(window, pictures)
    qtbot.waitUntil(lambda: window.sheet is not None and window.sheet.isVisible())
    sheet = window.sheet
    assert "2 classes: cats, dogs" in sheet.summary.text()
    assert "12 images" in sheet.summary.text()
    assert "broken.png" in sheet.skipped.toPlainText()
    assert sheet.use.isEnabled()
    sheet.name.setText("My animals")
    sheet.as_is.setChecked(False)
    sheet.side.setCurrentText("8")
    sheet.colour.setCurrentIndex(sheet.colour.findData("grey"))
    assert sheet.reset.isEnabled()
    with qtbot.waitSignal(session.dataset_chosen, timeout=10_000) as chosen:
        qtbot.mouseClick(sheet.use, Qt.MouseButton.LeftButton)
    spec: DataSpec = chosen.args[0]
    assert (spec.name, spec.shape, spec.count) == ("My animals", (1, 8, 8), 12)
    assert store.open(spec.fingerprint).spec.name == "My animals"
    assert not sheet.isVisible()


def test_data_that_was_read_before_is_chosen_at_once(
    window: MainWindow, session: Session, pictures: Path, qtbot: QtBot
) -> None:
    spec = store.prepare(recognise(pictures), Preparation(size=(8, 8)), Watch()).spec
    with qtbot.waitSignal(session.dataset_chosen, timeout=10_000) as chosen:
        window.drop([pictures])
    assert chosen.args[0].fingerprint == spec.fingerprint
    assert window.sheet is None
    window.drops.drop([pictures], afresh=True)
    qtbot.waitUntil(lambda: window.sheet is not None and window.sheet.isVisible())


def test_the_files_of_one_set_of_sentences_are_one_dataset(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    files = [tmp_path / f"stsa.binary.{part}" for part in ("train", "dev", "test")]
    for file in files:
        file.write_bytes(b"1 a good film\n0 a dull film\n")
    found = drops.look(files, Watch())
    assert len(found) == 1
    assert isinstance(found[0], drops.DataDrop)
    assert found[0].found is not None
    assert (found[0].found.count, found[0].found.natural_held_out) == (6, 4)
    other = tmp_path / "more.train"
    other.write_bytes(b"1 fine stuff\n0 poor stuff\n")
    assert len(drops.look([files[0], other], Watch())) == 2


def test_several_pictures_are_one_dataset(window: MainWindow, pictures: Path, qtbot: QtBot) -> None:
    chosen = sorted(pictures.glob("*/[0-9].png"))
    drag(window, *chosen)
    qtbot.waitUntil(lambda: window.sheet is not None and window.sheet.isVisible())
    assert "12 images" in window.sheet.summary.text()
    assert all(p.is_file() for p in chosen)


def test_a_recipe_is_proposed_to_the_form(window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "good.toml"
    file.write_text(to_toml("wgan_gp", {"steps": 10, "batch": 32}))
    with qtbot.waitSignal(session.values_proposed) as proposed:
        drag(window, file)
    assert proposed.args == ["wgan_gp", {"steps": 10, "batch": 32}]


def test_a_run_of_the_library_is_chosen_and_one_from_elsewhere_comes_in(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    inside = a_run(tmp_path)
    with qtbot.waitSignal(session.run_chosen) as chosen:
        window.drop([inside.path])
    assert chosen.args == [str(inside.path)]
    outside = a_run(tmp_path, tmp_path)
    with qtbot.waitSignals([session.run_chosen, session.library_changed]):
        drag(window, outside.path)
    assert Path(session.run).parent == places.runs()
    assert session.run != str(inside.path)
    assert outside.path.is_dir()


def test_a_bundle_is_imported(window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    outside = a_run(tmp_path, tmp_path)
    bundle = tmp_path / "shared.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        for file in outside.path.iterdir():
            if file.is_file() and not file.name.startswith("."):
                archive.write(file, f"a-run/{file.name}")
    with qtbot.waitSignal(session.run_chosen):
        drag(window, bundle)
    assert RunFolder(session.run).recipe()[0] == "wgan_gp"
    assert len(Library(places.runs()).scan()) == 1


def exported(path: Path, run: RunFolder, step: int = 7) -> Path:
    origin = provenance.of(run, step, "samples", settings={"seed": 5}, latents=np.ones((4, 8), np.float32))
    provenance.write_png(path, np.zeros((8, 8, 3), np.uint8), origin)
    return path


def test_an_exported_picture_leads_back_to_what_made_it(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    run = a_run(tmp_path)
    pages: list[str] = []
    session.page_wanted.connect(pages.append)
    with qtbot.waitSignal(session.provenance_dropped) as dropped:
        drag(window, exported(tmp_path / "samples.png", run))
    assert session.run == str(run.path)
    assert pages == ["explore"]
    assert (dropped.args[0].checkpoint, dropped.args[0].settings["seed"]) == (7, 5)


def test_an_exported_picture_of_a_run_that_was_moved_is_found_by_its_id(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    run = a_run(tmp_path)
    picture = exported(tmp_path / "samples.png", run)
    moved = run.path.rename(run.path.with_name("moved"))
    with qtbot.waitSignal(session.provenance_dropped):
        window.drop([picture])
    assert session.run == str(moved)


def test_an_exported_picture_of_a_stranger_offers_its_recipe(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    picture = exported(tmp_path / "samples.png", a_run(tmp_path, tmp_path))
    with qtbot.waitSignal(session.trouble) as told:
        (tmp_path / "a-run").rename(tmp_path / "hidden")
        window.drop([picture])
    trouble: Trouble = told.args[0]
    assert "samples.png is not in this library" in trouble.what
    assert trouble.act is not None
    with qtbot.waitSignal(session.values_proposed) as proposed:
        trouble.act()
    assert proposed.args == ["wgan_gp", {"steps": 10, "seed": 3}]


def bad(tmp_path: Path, kind: str) -> Path:
    at = tmp_path / kind
    match kind:
        case "letter.txt":
            at.write_text("Dear Sir or Madam")
        case "empty folder":
            at.mkdir()
        case "empty.bin":
            at.write_bytes(b"")
        case "climbing.zip":
            with zipfile.ZipFile(at, "w") as archive:
                archive.writestr("../../evil.png", b"x")
        case "no-recipe.toml":
            at.write_text("[tool]\nname = 1\n")
        case "weights.safetensors":
            at.write_bytes(b"\x02\0\0\0\0\0\0\0{}")
        case "missing.png":
            pass
        case "half":
            a_run(tmp_path, tmp_path).path.rename(at)
            (at / "recipe.toml").unlink()
    return at


@pytest.mark.parametrize(
    "kind",
    [
        "letter.txt", "empty folder", "empty.bin", "climbing.zip", "no-recipe.toml", "weights.safetensors",
        "missing.png", "half",
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_a_banner_that_names_the_file_and_the_reason(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot, kind: str
) -> None:
    at = bad(tmp_path, kind)
    with qtbot.waitSignal(session.trouble) as told:
        window.drop([at])
    trouble: Trouble = told.args[0]
    assert kind in trouble.what
    assert len(trouble.why) > 20
    assert window.banners.isVisible()
    assert session.dataset is None
    assert session.run == ""
    if kind in ("letter.txt", "empty folder", "empty.bin"):
        assert "a folder of images" in trouble.why, "it says what is accepted"


def test_one_bad_file_costs_none_of_the_others(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    recipe = tmp_path / "good.toml"
    recipe.write_text(to_toml("wgan_gp", {"steps": 10}))
    with qtbot.waitSignals([session.trouble, session.values_proposed]):
        window.drop([bad(tmp_path, "letter.txt"), recipe])


def test_an_unknown_model_of_a_recipe_is_named(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:

    session.set_models([ModelCard("dcgan", "DCGAN", "", "", 2016, "", "", (), ())])
    file = tmp_path / "future.toml"
    file.write_text(to_toml("diffusion", {"steps": 10}))
    with qtbot.waitSignal(session.trouble) as told:
        window.drop([file])
    assert "'diffusion'" in told.args[0].why
    assert "dcgan" in told.args[0].why


def test_the_overlay_says_what_a_drop_would_do_without_touching_the_disk() -> None:
    said = {
        names: dragging.announce([Path("/nowhere") / n for n in names])[0]
        for names in [
            ("a.png", "b.jpg"),
            ("r.toml",),
            ("s.png",),
            ("w.onnx",),
            ("x.zip",),
            ("folder",),
            ("a.png", "r.toml"),
        ]
    }
    assert said[("a.png", "b.jpg")] == "Read 2 pictures as a dataset"
    assert said[("r.toml",)] == "Use this recipe"
    assert "Restore" in said[("s.png",)]
    assert "run that made this" in said[("w.onnx",)]
    assert "dataset" in said[("folder",)]
    assert len(set(said.values())) == 7


def test_files_fall_through_fields_and_plots_to_the_window(window: MainWindow) -> None:
    inside = [QLineEdit(window), QPlainTextEdit(window), QGraphicsView(window)]
    inside[2].setAcceptDrops(True)
    assert all(w.acceptDrops() for w in inside)
    handle = window.windowHandle()
    assert handle is not None
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/x")])
    QApplication.sendEvent(
        handle,
        QDragEnterEvent(
            QPoint(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        ),
    )
    assert not any(w.acceptDrops() for w in inside)
    assert window.acceptDrops()


def test_text_dragged_over_the_window_is_not_taken(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setText("words")
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    enter.setAccepted(False)
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()
    assert not window.overlay.isVisible()


def test_a_drop_can_be_called_off(
    window: MainWindow, session: Session, pictures: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(path: Path, watch: Watch, **_: Any) -> Any:
        while True:
            watch.advance(1, 2)

    monkeypatch.setattr(drops, "look_at", slow)
    troubles: list[Trouble] = []
    session.trouble.connect(troubles.append)
    watch = window.drops.drop([pictures])
    qtbot.waitUntil(lambda: window.status.jobs.isVisible())
    assert "Looking at animals" in window.status.jobs.text.text()
    qtbot.mouseClick(window.status.jobs.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.status.jobs.isVisible())
    assert watch is not None
    assert watch.cancelled
    assert not troubles


def test_the_fake_engine_is_closed_with_the_window(window: MainWindow, engine: FakeEngine) -> None:
    window.close()
    assert engine.closed
