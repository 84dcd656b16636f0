"""The sheet of a drop of sentences: they can be read, and a file of word vectors can be named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.data import store
from studio.data.reading import Preparation
from studio.data.sources import recognise
from studio.gui.dataset_sheet import DatasetSheet
from studio.gui.drop import DataDrop
from studio.gui.session import Session
from tests.data.made import class_images, npz, put

LINES = b"1 a good film\n0 a dull film\n1 good , but long\n0 dull and long\n"


@pytest.fixture
def sheet(session: Session, qtbot: QtBot) -> DatasetSheet:
    made = DatasetSheet(session)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


def drop(sheet: DatasetSheet, path: Path) -> None:
    source = recognise(path)
    sheet.show_drop(DataDrop(source, source.inspect(), None))


def test_sentences_are_listed_to_be_read_and_ask_only_what_makes_sense(sheet: DatasetSheet, tmp_path: Path) -> None:
    drop(sheet, put(tmp_path / "sst", {"stsa.binary.train": LINES + b"5 beyond\n"}))
    assert "4 sentences" in sheet.summary.text()
    assert sheet.sentences.isVisible()
    assert not sheet.thumbnails.isVisible()
    assert [sheet.sentences.item(0, c).text() for c in (0, 1)] == ["positive", "a good film"]
    assert not sheet.side.isVisible()
    assert sheet.vectors.isVisible()
    assert sheet.skipped_title.text() == "1 left out"
    assert "line 5" in sheet.skipped.toPlainText()
    drop(sheet, put(tmp_path / "pets", class_images()))
    assert sheet.thumbnails.isVisible()
    assert not sheet.sentences.isVisible()
    assert not sheet.vectors.isVisible()


def test_a_file_of_word_vectors_is_chosen_dropped_or_typed_and_reset(
    sheet: DatasetSheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(sheet, put(tmp_path / "sst", {"stsa.binary.train": LINES}))
    file = tmp_path / "v.txt"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(file), ""))
    sheet.vectors.choose.click()
    assert sheet.preparation().vectors == str(file)
    assert sheet.reset.isEnabled()
    sheet.reset.click()
    assert sheet.preparation().vectors == ""
    assert sheet.vectors.drop([file])
    assert not sheet.vectors.drop([file, file])
    assert sheet.preparation().vectors == str(file)


def test_what_is_wrong_with_the_vectors_is_said_on_the_sheet_and_the_right_ones_are_read(
    sheet: DatasetSheet, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    drop(sheet, put(tmp_path / "sst", {"stsa.binary.train": LINES}))
    sheet.vectors.edit.setText(str(tmp_path / "none.txt"))
    sheet.use.click()
    qtbot.waitUntil(lambda: "there is no such file" in sheet.problem.text(), timeout=5000)
    put(tmp_path, {"v.txt": b"good 1 2 3\nfilm 3 4 5\n"})
    sheet.vectors.edit.setText(str(tmp_path / "v.txt"))
    with qtbot.waitSignal(sheet.closed, timeout=5000):
        sheet.use.click()
    assert session.dataset is not None
    assert session.dataset.vectors == 3
    assert store.open(session.dataset.fingerprint).tables["vectors"].shape == (session.dataset.vocabulary, 3)


def test_binary_vectors_are_seen_as_grids_and_keep_their_own_parts(sheet: DatasetSheet, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 2, (20, 12), dtype=np.uint8)
    put(tmp_path, {"m.npz": npz(train=rows[:8], valid=rows[8:11], test=rows[11:])})
    drop(sheet, tmp_path / "m.npz")
    assert "20 binary vectors" in sheet.summary.text()
    assert "8 to train on, 3 for validation, 9 to test" in sheet.summary.text()
    assert sheet.thumbnails.images.shape == (20, 3, 4, 3)
    assert not sheet.form.isRowVisible(sheet.size_row)
    assert sheet.held_hint.text() == "its own 12 held-out examples"
    assert sheet.preparation() == Preparation(held_out=0.6)
    sheet.held.setValue(20)
    assert "random draw" in sheet.held_hint.text()
