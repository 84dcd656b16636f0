"""What a person does with runs: rename, tag, note, delete, duplicate, fork, import, export, compare; and undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from studio.data import places
from studio.engine.messages import Advanced, Ask, Cancel, Failed, Start
from studio.export.jobs import ExportBundle, Written
from studio.gui import icons
from studio.gui.library.empty import _WORDS as EMPTY
from studio.gui.library.page import LibraryPage
from studio.gui.library.row import SHOWN
from studio.gui.session import Session
from studio.runs.folder import RunFolder, RunState
from tests.gui.conftest import FakeEngine
from tests.gui.library import made

Open = Callable[[], LibraryPage]


def open_with(page: Open, path: Path, qtbot: QtBot) -> LibraryPage:
    opened = page()
    assert opened.runs.views.select(str(path))
    qtbot.waitUntil(lambda: [r.path for r in opened.runs.details.rows] == [str(path)])
    qtbot.waitUntil(lambda: opened.runs.details.facts is not None)
    return opened


def settled(opened: LibraryPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not opened.shelf._working and not opened.shelf._jobs and not opened.shelf._scanning)


def test_rename_in_place_is_written_and_undone(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("one", title="Old")
    opened = open_with(page, path, qtbot)
    view = opened.runs.views.list
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = view.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.setText("  New name ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.shelf.model.row(str(path)).title == "New name")  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: RunFolder(path).info().title == "New name")
    session.undo.undo()
    qtbot.waitUntil(lambda: RunFolder(path).info().title == "Old")
    settled(opened, qtbot)
    assert opened.shelf.model.row(str(path)).title == "Old"  # type: ignore[union-attr]


def test_edits_that_follow_each_other_at_once_end_in_the_last_one(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("one", title="0")
    opened = open_with(page, path, qtbot)
    for n in range(1, 6):
        opened.verbs.edit("title", {str(path): str(n)})
    session.undo.undo()
    assert opened.shelf.model.row(str(path)).title == "4"  # type: ignore[union-attr]
    settled(opened, qtbot)
    assert RunFolder(path).info().title == "4"
    assert opened.shelf.model.row(str(path)).title == "4"  # type: ignore[union-attr]


def test_tags_and_note_are_saved_from_the_panel(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("one")
    opened = open_with(page, path, qtbot)
    details = opened.runs.details
    details.tags.setText("keep,  first try ,keep,")
    details.tags.editingFinished.emit()
    details.note.setPlainText("Good at sevens.")
    details.note.finish()
    qtbot.waitUntil(lambda: RunFolder(path).info().note == "Good at sevens.")
    assert RunFolder(path).info().tags == ("keep", "first try")
    assert opened.runs.bar.tag.findData("first try") > 0
    session.undo.undo()
    session.undo.undo()
    qtbot.waitUntil(lambda: RunFolder(path).info().tags == () and RunFolder(path).info().note == "")


def test_what_was_typed_is_written_when_the_window_closes(page: Open, qtbot: QtBot) -> None:
    path = made.run("one")
    opened = open_with(page, path, qtbot)
    opened.runs.details.note.setPlainText("typed just before closing")
    opened.save_state()
    qtbot.waitUntil(lambda: RunFolder(path).info().note == "typed just before closing")


def test_note_belongs_to_the_run_it_was_written_for(page: Open, qtbot: QtBot) -> None:
    one, two = made.run("one"), made.run("two")
    opened = open_with(page, one, qtbot)
    opened.runs.details.note.setPlainText("about one")
    opened.runs.select(str(two))
    qtbot.waitUntil(lambda: RunFolder(one).info().note == "about one")
    assert RunFolder(two).info().note == ""


def test_edit_that_cannot_be_written_is_taken_back_and_told(
    page: Open, session: Session, qtbot: QtBot, troubles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.run("one", title="Old")
    opened = open_with(page, path, qtbot)

    def full(path: Path, title: str) -> None:
        raise OSError("no space left on the disk")

    monkeypatch.setattr(session.library, "rename", full)
    opened.verbs.edit("title", {str(path): "New"})
    qtbot.waitUntil(lambda: bool(troubles))
    assert "no space left" in troubles[0].why
    assert opened.shelf.model.row(str(path)).title == "Old"  # type: ignore[union-attr]
    session.undo.undo()
    assert opened.shelf.model.row(str(path)).title == "Old"  # type: ignore[union-attr]


def test_tag_is_put_on_several_runs_at_once(page: Open, session: Session, qtbot: QtBot) -> None:
    paths = [made.run(name) for name in ("one", "two")]
    opened = page()
    opened.runs.views.list.selectAll()
    opened.verbs.toggle_tag(opened.runs.views.selected(), "sweep", True)
    qtbot.waitUntil(lambda: all(RunFolder(p).info().tags == ("sweep",) for p in paths))
    session.undo.undo()
    qtbot.waitUntil(lambda: all(RunFolder(p).info().tags == () for p in paths))


def test_delete_hides_at_once_offers_undo_and_undo_restores_all(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("one", title="Gone", sheets=(1,), checkpoints=(5,))
    made.run("two")
    opened = open_with(page, path, qtbot)
    before = sorted(str(p.relative_to(path)) for p in path.rglob("*"))
    view = opened.runs.views.list
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert opened.shelf.model.row(str(path)) is None
    assert opened.toast.isVisible()
    assert opened.toast.text.text() == "Deleted “Gone”"
    qtbot.waitUntil(lambda: not path.exists())
    settled(opened, qtbot)
    assert opened.shelf.model.row(str(path)) is None
    opened.toast.button.click()
    qtbot.waitUntil(lambda: opened.shelf.model.row(str(path)) is not None)
    assert sorted(str(p.relative_to(path)) for p in path.rglob("*")) == before
    session.undo.redo()
    qtbot.waitUntil(lambda: not path.exists())


def test_undo_of_the_toast_takes_back_the_delete_and_nothing_later(page: Open, session: Session, qtbot: QtBot) -> None:
    one, two = made.run("one"), made.run("two", title="Two")
    opened = open_with(page, one, qtbot)
    opened.verbs.delete([opened.shelf.model.row(str(one))])  # type: ignore[list-item]
    act = opened.toast._act
    opened.verbs.edit("title", {str(two): "Second"})
    assert act is not None
    act()
    settled(opened, qtbot)
    assert RunFolder(two).info().title == "Second"
    assert not one.exists()


def test_run_in_training_is_not_deleted(page: Open, session: Session, qtbot: QtBot, troubles: list[Any]) -> None:
    path = made.run("one", state=RunState("running", 1, 1000))
    opened = open_with(page, path, qtbot)
    session.train(str(path))
    opened.runs.delete()
    assert path.exists()
    assert "Stop it first" in troubles[0].why


def test_damaged_run_can_be_deleted_and_brought_back(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.damaged("bad")
    opened = page()
    opened.verbs.delete([opened.shelf.model.row(str(path))])  # type: ignore[list-item]
    qtbot.waitUntil(lambda: not path.exists())
    session.undo.undo()
    qtbot.waitUntil(lambda: path.exists())


def test_duplicate_puts_recipe_and_dataset_on_the_train_page(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("one", recipe={"penalty": 3.0})
    (places.datasets() / made.DIGITS.fingerprint).mkdir(parents=True)
    opened = open_with(page, path, qtbot)
    pages: list[str] = []
    session.page_wanted.connect(pages.append)
    with qtbot.waitSignal(session.values_proposed) as proposed:
        opened.verbs.duplicate(opened.shelf.model.row(str(path)))  # type: ignore[arg-type]
    assert proposed.args[0] == "wgan_gp"
    assert proposed.args[1]["penalty"] == 3.0
    assert session.dataset == made.DIGITS
    assert pages == ["train"]


def test_duplicate_says_when_the_dataset_is_gone(
    page: Open, session: Session, qtbot: QtBot, troubles: list[Any]
) -> None:
    path = made.run("one")
    opened = open_with(page, path, qtbot)
    opened.verbs.duplicate(opened.shelf.model.row(str(path)))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: bool(troubles))
    assert "builtin:digits" in troubles[0].why
    assert session.dataset is None


def test_fork_makes_a_run_from_the_checkpoint_and_undo_takes_it_away(
    page: Open, session: Session, qtbot: QtBot
) -> None:
    path = made.run("one", checkpoints=(100, 200))
    opened = open_with(page, path, qtbot)
    opened.runs.details.fork_wanted.emit(100)
    qtbot.waitUntil(lambda: session.run != "")
    fork = RunFolder(session.run)
    assert fork.checkpoints() == [100]
    assert fork.info().forked_from
    qtbot.waitUntil(lambda: [r.path for r in opened.runs.views.selected()] == [str(fork.path)])
    qtbot.waitUntil(lambda: opened.runs.details.facts is not None and opened.runs.details.facts.parent == "one")
    session.undo.undo()
    qtbot.waitUntil(lambda: not fork.path.exists())
    assert path.exists()


def test_resume_trains_now_or_says_that_it_waits(
    page: Open, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    one = made.run("one", state=RunState("stopped", 5, 1000), checkpoints=(5,))
    two = made.run("two", title="Two", state=RunState("stopped", 5, 1000), checkpoints=(5,))
    opened = open_with(page, one, qtbot)
    opened.verbs.resume(opened.shelf.model.row(str(one)))  # type: ignore[arg-type]
    assert engine.last(Start).run == str(one)
    opened.verbs.resume(opened.shelf.model.row(str(two)))  # type: ignore[arg-type]
    assert session.queue == [str(two)]
    assert opened.toast.text.text() == "“Two” trains next"
    opened.toast.button.click()
    assert session.queue == []


def test_finished_run_is_trained_further_to_the_steps_asked_for(
    page: Open, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.run("one")
    opened = open_with(page, path, qtbot)
    monkeypatch.setattr(QInputDialog, "getInt", lambda *args: (5000, True))
    opened.runs._one(opened.runs._go_on)
    assert engine.last(Start).steps == 5000


def test_return_opens_in_explore(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("one")
    opened = open_with(page, path, qtbot)
    opened.runs.views.list.setFocus()
    with qtbot.waitSignal(session.page_wanted) as wanted:
        qtbot.keyClick(opened.runs.views.list, Qt.Key.Key_Return)
    assert wanted.args == ["explore"]
    assert session.run == str(path)


def test_selected_runs_are_compared_and_damaged_ones_left_out(page: Open, session: Session, qtbot: QtBot) -> None:
    paths = {str(made.run(n)) for n in ("one", "two")}
    made.damaged("bad")
    opened = page()
    opened.runs.views.list.selectAll()
    with qtbot.waitSignal(session.compare_wanted) as wanted:
        opened.runs.compare()
    assert set(wanted.args[0]) == paths


def test_export_asks_the_engine_shows_progress_and_can_be_called_off(
    page: Open, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, troubles: list[Any]
) -> None:
    path = made.run("one", title="One")
    opened = open_with(page, path, qtbot)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "out"), ""))
    opened.export()
    assert engine.last(ExportBundle) == ExportBundle(str(path), str(tmp_path / "out.zip"))
    ask = engine.last(Ask)
    assert ask.slow
    engine.tell(Advanced(ask.stamp, 3, 10))
    assert (opened.toast.progress.value(), opened.toast.progress.maximum()) == (3, 10)
    opened.toast.button.click()
    assert engine.last(Cancel).stamp == ask.stamp
    engine.tell(Failed(ask.stamp, "cancelled"))
    assert troubles == []
    opened.export()
    engine.answer(Written((str(tmp_path / "out.zip"),)), ExportBundle)
    assert opened.toast.text.text() == "Exported “One” to out.zip"
    opened.export()
    engine.tell(Failed(engine.last(Ask).stamp, "the disk is full"))
    assert troubles[0].why == "the disk is full"


def test_import_brings_the_run_in_and_refuses_what_is_none(
    page: Open, session: Session, qtbot: QtBot, tmp_path: Path, troubles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = page()
    (tmp_path / "no.zip").write_bytes(b"no zip at all")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(tmp_path / "no.zip"), ""))
    opened.runs.bar.importing.click()
    qtbot.waitUntil(lambda: bool(troubles))
    assert "no.zip" in troubles[0].what
    made_up = tmp_path / "run.zip"
    made_up.touch()
    monkeypatch.setattr(session.library, "import_file", lambda path, watch: made.run("came", title="Came in"))
    opened.verbs.import_file(str(made_up))
    qtbot.waitUntil(lambda: [r.title for r in opened.runs.views.selected()] == ["Came in"])
    assert opened.toast.text.text() == "Imported run.zip"


def test_reveal_opens_the_folder_and_says_where_it_is_when_nothing_answers(
    page: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, troubles: list[Any]
) -> None:
    path = made.damaged("bad")
    opened = page()
    asked: list[str] = []

    def refuse(url: QUrl) -> bool:
        asked.append(url.toLocalFile())
        return False

    monkeypatch.setattr(QDesktopServices, "openUrl", refuse)
    opened.verbs.reveal(opened.shelf.model.row(str(path)))  # type: ignore[arg-type]
    assert asked == [str(path)]
    assert str(path) in troubles[0].why


def test_every_control_has_a_name_and_a_tooltip(page: Open, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox

    path = made.run("one", checkpoints=(5,))
    folder = RunFolder(path)
    folder.write_info(replace(folder.info(), tags=("a",)))
    opened = open_with(page, path, qtbot)
    kinds = (QAbstractButton, QComboBox, QLineEdit)
    nameless = [
        w
        for kind in kinds
        for w in opened.findChildren(kind)
        if w.isVisible() and not w.objectName().startswith("qt_") and not (w.accessibleName() and w.toolTip())
    ]
    assert [(type(w).__name__, w.parent()) for w in nameless if not isinstance(w.parent(), QLineEdit)] == []


def test_every_icon_is_one_of_the_family(
    page: Open, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.run("one", checkpoints=(5,))
    opened = open_with(page, path, qtbot)
    monkeypatch.setattr(icons, "_awake", True)  # an unknown name raises when it is painted
    for name, colour in [(sign, colour) for _, sign, colour in SHOWN.values()] + [
        (e[0], "quiet") for e in EMPTY.values()
    ]:
        assert not icons.icon(name, colour).pixmap(16, 16).isNull()
    opened.runs.bar.gallery.setChecked(True)
    opened.grab()
    for action in opened.runs.menu().actions():
        action.icon().pixmap(16, 16)
    opened.tabs[1].setChecked(True)
    opened.grab()
