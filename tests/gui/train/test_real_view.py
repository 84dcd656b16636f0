"""Real examples where samples will be: sentences to be read, people with their skeletons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.data import store
from studio.data.dataset import DataSpec
from studio.data.reading import Preparation
from studio.data.sources import recognise
from studio.gui import work
from studio.gui.train.real_view import RealView
from tests.data.made import class_images, put
from tests.data.posed import body, patn, patn_row, photo


@pytest.fixture
def view(qtbot: QtBot) -> RealView:
    made = RealView()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    return made


def people(root: Path) -> DataSpec:
    joints = body()
    names = [f"{1 + i // 2:04d}_{i}.png" for i in range(6)]
    put(root, {name: photo(joints) for name in names})
    put(root, {"annotation.csv": patn(*(patn_row(name, joints) for name in names))})
    return store.prepare(recognise(root), Preparation((64, 64), "pad", held_out=0)).spec


def test_sentences_are_a_list_of_labels_and_words(view: RealView, tmp_path: Path, qtbot: QtBot) -> None:
    put(tmp_path / "sst", {"stsa.binary.train": b"1 a good film\n0 a dull film , but short\n"})
    view.show_data(store.prepare(recognise(tmp_path / "sst"), Preparation(held_out=0)).spec)
    qtbot.waitUntil(lambda: view.list.rowCount() == 2, timeout=5000)
    assert view.body.currentWidget() is view.list
    assert view.heading.text() == "Real sentences of sst"
    assert not view.skeleton.isVisible()
    rows = {(view.list.item(r, 0).text(), view.list.item(r, 1).text()) for r in range(2)}
    assert rows == {("positive", "a good film"), ("negative", "a dull film , but short")}
    work.close()


def test_skeletons_are_drawn_over_people_until_they_are_switched_off(
    view: RealView, tmp_path: Path, qtbot: QtBot
) -> None:
    view.show_data(people(tmp_path / "people"))
    qtbot.waitUntil(lambda: len(view.grid.images) == 6, timeout=5000)
    assert view.skeleton.isVisible()
    drawn = view.grid.images.copy()
    view.skeleton.setChecked(False)
    plain = view.grid.images
    assert plain.shape == drawn.shape
    assert not np.array_equal(plain, drawn)
    assert (plain == plain[..., :1]).all(), "the photos are grey"
    assert (drawn != drawn[..., :1]).any(), "the limbs have colours"
    work.close()


def test_images_of_anything_else_have_no_skeletons_to_show(view: RealView, tmp_path: Path, qtbot: QtBot) -> None:
    view.show_data(store.prepare(recognise(put(tmp_path / "pets", class_images()))).spec)
    qtbot.waitUntil(lambda: len(view.grid.images) == 6, timeout=5000)
    assert not view.skeleton.isVisible()
    work.close()
