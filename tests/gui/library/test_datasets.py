"""The tab of datasets: what was read is listed, named, used, forgotten and brought back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.data import builtin, places, store
from studio.data.dataset import DataSpec
from studio.gui.library import shelved
from studio.gui.library.datasets import DatasetsPane
from studio.gui.library.page import LibraryPage
from studio.gui.library.shelved import Shelved
from studio.gui.session import Session
from tests.gui.library import made

Open = Callable[[], LibraryPage]


@pytest.fixture
def pane(page: Open, qtbot: QtBot) -> tuple[DatasetsPane, DataSpec]:
    """With one small dataset that was really read."""
    spec = store.prepare(builtin.source("two-moons")).spec
    opened = page()
    opened.tabs[1].setChecked(True)
    qtbot.waitUntil(lambda: opened.datasets.current() is not None)
    return opened.datasets, spec


def test_dataset_that_was_read_is_listed_with_count_size_and_source(pane: tuple[DatasetsPane, DataSpec]) -> None:
    shown, spec = pane
    one = shown.current()
    assert one is not None
    assert one.data == spec
    assert one.size > 0
    assert one.thumbnail.endswith(".png")
    assert shown.panel.title.text() == spec.name


def test_dataset_is_renamed_with_undo(pane: tuple[DatasetsPane, DataSpec], session: Session, qtbot: QtBot) -> None:
    shown, spec = pane
    session.choose_dataset(spec)
    shown.rename(spec.fingerprint, "My points")
    assert session.dataset is not None
    assert session.dataset.name == "My points"
    qtbot.waitUntil(lambda: store.listed()[0].name == "My points")
    session.undo.undo()
    qtbot.waitUntil(lambda: store.listed()[0].name == spec.name)


def test_forgotten_dataset_is_gone_at_once_and_comes_back_with_undo(
    pane: tuple[DatasetsPane, DataSpec], session: Session, qtbot: QtBot
) -> None:
    shown, spec = pane
    before = store.open(spec.fingerprint).values.copy()
    session.choose_dataset(spec)
    shown.view.setFocus()
    qtbot.keyClick(shown.view, Qt.Key.Key_Delete)
    assert shown.model.rows() == []
    assert session.dataset is None
    qtbot.waitUntil(lambda: store.listed() == [] and not shown._reading)
    assert shown.empty.title.text() == "No datasets yet"
    session.undo.undo()
    qtbot.waitUntil(lambda: shown.current() is not None)
    assert np.array_equal(store.open(spec.fingerprint).values, before)


def test_training_on_a_dataset_chooses_it_and_shows_the_train_page(
    pane: tuple[DatasetsPane, DataSpec], session: Session, qtbot: QtBot
) -> None:
    shown, spec = pane
    with qtbot.waitSignal(session.page_wanted) as wanted:
        shown.panel.use.click()
    assert wanted.args == ["train"]
    assert session.dataset == spec


def test_datasets_are_found_by_class_and_sorted_by_count(session: Session, qtbot: QtBot) -> None:
    from studio.gui.library.thumbnails import Thumbnails

    shown = DatasetsPane(session, Thumbnails(session))
    qtbot.addWidget(shown)
    few = replace(made.DIGITS, name="few", count=9, fingerprint="1", classes=("cat",))
    many = replace(made.DIGITS, name="many", count=1000, fingerprint="2", classes=("dog",))
    shown.model.put([Shelved(many, "", 5), Shelved(few, "", 7)])
    shown.view.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [shown.shown.index(at, 0).data() for at in range(2)] == ["few", "many"]
    shown.search.setText("dog")
    assert [shown.shown.index(at, 0).data() for at in range(shown.shown.rowCount())] == ["many"]


def test_folder_that_waits_for_undo_is_not_in_the_cache() -> None:
    assert places.datasets() not in shelved.set_aside_folder().parents
