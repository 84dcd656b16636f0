"""The picture grid: as large as fits, picked by mouse and keys, right to the pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.gui.widgets import grid_layout
from studio.gui.widgets.image_grid import ImageGrid


def pictures(count: int = 6, height: int = 4, width: int = 5) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (count, height, width, 3), dtype=np.uint8)


@pytest.fixture
def grid(qtbot: QtBot) -> ImageGrid:
    made = ImageGrid()
    qtbot.addWidget(made)
    made.resize(320, 240)
    made.show()
    return made


def click(
    qtbot: QtBot, grid: ImageGrid, index: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, keys, grid.tile_rect(index).center().toPoint())


@pytest.mark.parametrize("count", [1, 2, 7, 64, 100])
@pytest.mark.parametrize("area", [(800, 300), (300, 800), (500, 500)])
def test_no_other_number_of_columns_makes_larger_tiles(count: int, area: tuple[int, int]) -> None:
    layout = grid_layout.fit(count, 28, 28, area, 2)
    assert layout is not None
    _, y, w, h = layout.rect(count - 1)
    assert layout.columns * (w + 2) - 2 <= area[0]
    assert y + h <= area[1]
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        room = min((area[0] - 2 * (columns - 1)) / (28 * columns), (area[1] - 2 * (rows - 1)) / (28 * rows))
        assert grid_layout._whole(room) <= layout.scale if room > 0 else True


def test_enlarged_pixels_are_whole_where_little_is_lost_by_it() -> None:
    assert grid_layout._whole(7.9) == 7
    assert grid_layout._whole(1.8) == 1.75
    assert grid_layout._whole(2.1) == 2
    assert grid_layout._whole(0.37) == 0.37


def test_shows_exactly_the_pixels_given(grid: ImageGrid) -> None:
    images = pictures()
    grid.set_images(images)
    shot = grid.grab().toImage()
    ratio = grid.devicePixelRatioF()
    for index in range(6):
        rect = grid.tile_rect(index)
        for row, column in ((0, 0), (3, 4), (2, 1)):
            x = rect.left() + (column + 0.5) * rect.width() / 5
            y = rect.top() + (row + 0.5) * rect.height() / 4
            seen = QColor(shot.pixel(int(x * ratio), int(y * ratio)))
            assert (seen.red(), seen.green(), seen.blue()) == tuple(images[index, row, column])


def test_keeps_its_own_copy_of_the_pixels(grid: ImageGrid) -> None:
    images = pictures()
    grid.set_images(images)
    before = grid.picture_of(0).pixel(0, 0)
    images[:] = 0
    assert grid.picture_of(0).pixel(0, 0) == before


@pytest.mark.parametrize("bad", [np.zeros((2, 3, 3), np.uint8), np.zeros((1, 3, 3, 3), np.float32)])
def test_refuses_what_is_no_set_of_pictures(grid: ImageGrid, bad: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="uint8 N×H×W×3"):
        grid.set_images(bad)


def test_a_click_picks_and_ctrl_selects_several(grid: ImageGrid, qtbot: QtBot) -> None:
    grid.set_images(pictures())
    picked: list[int] = []
    grid.picked.connect(picked.append)
    click(qtbot, grid, 2)
    click(qtbot, grid, 4, Qt.KeyboardModifier.ControlModifier)
    assert picked == [2]
    assert grid.selected == {2, 4}
    click(qtbot, grid, 2, Qt.KeyboardModifier.ControlModifier)
    assert grid.selected == {4}
    click(qtbot, grid, 1)
    click(qtbot, grid, 3, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selected == {1, 2, 3}
    assert picked == [2, 1]


def test_arrows_move_and_enter_picks(grid: ImageGrid, qtbot: QtBot) -> None:
    grid.set_images(pictures())
    grid.setFocus()
    picked: list[int] = []
    grid.picked.connect(picked.append)
    grid.current = 0
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert picked == [1 + grid.columns]
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert grid.current == 0
    assert grid.accessibleDescription().startswith("sample 1 of 6")


def test_a_selected_tile_has_a_ring_and_a_tick(grid: ImageGrid) -> None:
    grid.set_images(np.zeros((6, 4, 5, 3), np.uint8))
    plain = grid.grab().toImage()
    grid.select({1})
    marked = grid.grab().toImage()
    rect = grid.tile_rect(1).toRect()
    corner = rect.topRight() + QPoint(-4, 4)
    edge = QPoint(rect.left() + 1, rect.center().y())
    assert marked.pixel(edge) != plain.pixel(edge)
    assert marked.pixel(corner) != plain.pixel(corner)
    assert grid.tile_name(1).endswith("selected")


def test_resting_on_a_tile_enlarges_it_and_leaving_ends_that(grid: ImageGrid) -> None:
    grid.set_images(pictures())
    at = grid.tile_rect(3).center().toPoint()
    QApplication.sendEvent(grid, QHelpEvent(QHelpEvent.Type.ToolTip, at, grid.mapToGlobal(at)))
    zoom = grid._zoom
    assert zoom is not None
    assert zoom.isVisible()
    assert zoom.accessibleName() == "sample 4 of 6 · 5×4 px"
    QApplication.sendEvent(grid, QEvent(QEvent.Type.Leave))
    assert not zoom.isVisible()


def test_selection_survives_new_pixels_and_not_missing_tiles(grid: ImageGrid) -> None:
    grid.set_images(pictures(6))
    grid.select({1, 5})
    grid.set_images(pictures(6))
    assert grid.selected == {1, 5}
    grid.set_images(pictures(3))
    assert grid.selected == {1}


def test_a_thousand_tiles_are_right_to_the_last(grid: ImageGrid) -> None:
    images = pictures(1200, 64, 64)
    grid.set_images(images)
    last = grid.picture_of(1199).convertToFormat(QImage.Format.Format_RGB888)
    assert tuple(QColor(last.pixel(63, 63)).getRgb()[:3]) == tuple(images[1199, 63, 63])
    grid.grab()


def test_empty_says_so(grid: ImageGrid) -> None:
    grid.empty_text = "Nothing here"
    shot = grid.grab().toImage()
    assert len({shot.pixel(x, shot.height() // 2) for x in range(shot.width())}) > 1
    assert grid.columns == 0
