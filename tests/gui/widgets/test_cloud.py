"""Many points in the plane: where their pixels are, what a hand finds, and what each class looks like."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.gui import theme
from studio.gui.widgets.cloud import CloudPlot
from studio.gui.widgets.marks import SHAPES, marks, stencil

FEW = np.array([(0.0, 0.0), (2.0, 0.0), (0.0, 2.0), (-2.0, 0.0), (np.nan, 1.0)], np.float32)


@pytest.fixture
def plot(qtbot: QtBot) -> CloudPlot:
    made = CloudPlot()
    qtbot.addWidget(made)
    made.resize(420, 400)
    made.show()
    return made


def colour_at(plot: CloudPlot, x: float, y: float) -> QColor:
    image = plot.picture()
    place = plot.on_widget(x, y) * image.devicePixelRatio()
    return image.pixelColor(place.toPoint())


def test_a_point_is_drawn_in_its_colour_where_it_is_and_nowhere_when_it_is_hidden(plot: CloudPlot) -> None:
    looks = marks(2)
    plot.fit(FEW)
    plot.set_points(FEW, np.array([0, 1, 0, -1, 1]), looks)
    QApplication.processEvents()
    for (x, y), wanted in zip(FEW[:3], (looks[0], looks[1], looks[0]), strict=True):
        assert colour_at(plot, x, y) == QColor(wanted.colour)
    ground = QColor(theme.palette().base)
    assert colour_at(plot, -2, 0) == ground, "hidden"
    assert colour_at(plot, 1, 1) == ground
    plot.view.translateBy(x=0.7, y=-0.3)
    plot.zoom(0.8)
    QApplication.processEvents()
    assert colour_at(plot, 2, 0) == QColor(looks[1].colour)


def test_a_click_finds_the_nearest_point_but_none_that_is_hidden(plot: CloudPlot, qtbot: QtBot) -> None:
    plot.fit(FEW)
    plot.set_points(FEW, np.array([0, 0, 0, -1, 0]), marks(1))
    told: list[int] = []
    plot.picked.connect(told.append)
    plot.activated.connect(lambda index: told.append(-index))

    def press(x: float, y: float) -> None:
        place = plot.on_widget(x, y).toPoint() + QPoint(3, 2)
        QTest.mouseClick(plot.plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.plot.viewport().mapFrom(plot, place))

    press(2, 0)
    press(-2, 0)
    press(1, 1)
    press(2, 0)
    assert told == [1, -1], "the second click on the same point opens it"


def test_arrow_keys_go_to_the_nearest_point_in_their_direction(plot: CloudPlot, qtbot: QtBot) -> None:
    plot.fit(FEW)
    plot.set_points(FEW, np.array([0, 0, 0, -1, 0]), marks(1))
    for key, wanted in (
        (Qt.Key.Key_Right, 0),  # from nowhere: the middle
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Right, 1),  # there is none
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Up, 2),
        (Qt.Key.Key_Down, 0),
        (Qt.Key.Key_Left, 0),  # the one there is hidden
    ):
        QTest.keyClick(plot, key)
        assert plot.current == wanted
    plot.view.setRange(xRange=(-0.1, 0.1), yRange=(-0.1, 0.1))
    QTest.keyClick(plot, Qt.Key.Key_Up)
    assert plot.view.viewRect().contains(0.0, 2.0), "it comes into view"
    QTest.keyClick(plot, Qt.Key.Key_Home)
    assert plot.view.viewRect().contains(2.0, 0.0)


def test_what_is_in_view_can_be_come_back_to(plot: CloudPlot) -> None:
    plot.fit(FEW)
    plot.see(1.0, -0.5, 3.0)
    seen = plot.seen()
    plot.show_home()
    assert plot.seen() != pytest.approx(seen, abs=0.1)
    plot.see(*seen)
    assert plot.seen() == pytest.approx(seen, abs=1e-3)


def test_classes_differ_in_colour_and_shape(qapp: QApplication) -> None:
    for count in (2, 8, 10, 12, 26):
        looks = marks(count)
        assert len({m.colour for m in looks}) == count
        assert len({(m.colour, m.shape) for m in looks}) == count
        assert {m.shape for m in looks[:5]} == set(SHAPES[: min(count, 5)])
    areas = [stencil(shape, 21).mean() for shape in SHAPES]
    assert min(areas) > 0.4
    assert max(areas) < 0.85
    assert len({stencil(shape, 9).tobytes() for shape in SHAPES}) == len(SHAPES)


def test_sixty_thousand_points_cost_a_frame_little(plot: CloudPlot) -> None:
    """Time of this thread: what else runs on the machine does not count."""
    random = np.random.default_rng(0)
    points = random.normal(size=(60_000, 2)).astype(np.float32)
    plot.fit(points)
    plot.set_points(points, random.integers(0, 10, len(points)), marks(10))
    QApplication.processEvents()
    costs = []
    for _ in range(12):
        start = time.thread_time()
        plot.view.translateBy(x=0.01, y=0.01)
        QApplication.processEvents()
        costs.append(time.thread_time() - start)
    assert np.median(costs) < 0.05
