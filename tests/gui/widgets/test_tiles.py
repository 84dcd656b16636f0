"""A grid of pictures with headers and captions: everything has its place, at any size."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.gui.widgets import grid_layout
from studio.gui.widgets.tiles import TileGrid


def _grid(qtbot: QtBot, width: int = 500, height: int = 400) -> TileGrid:
    made = TileGrid(name="tile")
    qtbot.addWidget(made)
    made.resize(width, height)
    return made


def _pictures(count: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(0).integers(0, 255, (count, 8, 8, 3)).astype(np.uint8)


def test_rows_and_columns_are_those_asked_for_with_room_for_names_and_captions(qtbot: QtBot) -> None:
    grid = _grid(qtbot)
    grid.set_tiles(_pictures(12), 4, ["a", "b", "c"], ["1", "2", "3", "4"], [["x"]] * 12)
    assert grid.columns == 4
    first, below, last = grid.tile_rect(0), grid.tile_rect(4), grid.tile_rect(11)
    assert first.left() >= grid._side > 0
    assert first.top() >= grid._head > 0
    assert below.top() - first.bottom() >= grid._line
    assert last.right() <= grid.width()
    assert last.bottom() + grid._line <= grid.height()
    for index in range(12):
        assert grid.tile_at(grid.tile_rect(index).center()) == index
    assert grid.tile_at(first.bottomLeft() + (below.topLeft() - first.bottomLeft()) / 2) == -1, "a caption is no tile"


def test_the_same_pictures_in_other_columns_are_laid_out_anew(qtbot: QtBot) -> None:
    grid = _grid(qtbot)
    grid.set_tiles(_pictures(12), 4)
    grid.set_tiles(_pictures(12), 3)
    assert grid.columns == 3


def test_captions_give_way_where_pictures_would_be_smaller_than_they(qtbot: QtBot) -> None:
    grid = _grid(qtbot)
    grid.set_tiles(_pictures(1600), 40, captions=[["x"]] * 1600)
    assert grid._layout is not None
    assert grid._layout.below == 0
    assert grid.tile_rect(0).width() > 5


def test_without_columns_pictures_are_as_large_as_they_can_be(qtbot: QtBot) -> None:
    grid = _grid(qtbot, 400, 100)
    grid.set_tiles(_pictures(4))
    assert grid.columns == 4


def test_what_does_not_fit_at_all_has_no_layout(qtbot: QtBot) -> None:
    assert grid_layout.fixed(4, 2, 8, 8, (0, 0), 2) is None
    assert grid_layout.fixed(0, 2, 8, 8, (100, 100), 2) is None


@pytest.mark.parametrize("names", [["a very long name indeed, that no column has room for"] * 4, ["", "", "", ""]])
def test_names_of_any_length_are_painted(qtbot: QtBot, names: list[str]) -> None:
    grid = _grid(qtbot)
    grid.set_tiles(_pictures(16), 4, names, names, [["long caption that does not fit at all", "short"]] * 16)
    grid.set_here(1, 2)
    assert not grid.grab().isNull()
    assert grid._side <= 88 + 8, "names are cut, pictures are not"
