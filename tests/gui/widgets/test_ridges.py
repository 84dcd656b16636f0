"""Histograms on one axis: values that count by weights, and a line at the mean."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.gui.widgets.ridges import BINS, Ridges, Row, counted, heights, named


def test_a_weight_counts_as_so_many_values() -> None:
    values, times = np.array([0.1, 0.2, 0.9]), np.array([1, 2, 5])
    weighed = heights(values, times / 8, 0, 1)
    repeated = heights(np.repeat(values, times), np.full(8, 1 / 8), 0, 1)
    assert weighed == pytest.approx(repeated)
    assert weighed.max() == 1
    assert len(weighed) == BINS


def test_mean_and_deviation_are_weighted() -> None:
    row = Row("q", np.array([0.0, 10.0]), weights=np.array([0.2, 0.8]))
    assert named(row) == "q  8 ± 4"
    assert named(row, high=5.0).endswith("→"), "most of it lies beyond the axis"


def test_what_is_not_finite_is_left_out_with_its_weight() -> None:
    values, weights = counted(Row("q", np.array([1.0, np.inf]), weights=np.array([0.25, 0.75])))
    assert (values.tolist(), weights.tolist()) == ([1.0], [0.25])


def test_a_line_stands_at_the_mean(qtbot: QtBot) -> None:
    plot = Ridges("scores")
    qtbot.addWidget(plot)
    plot.resize(300, plot.height())
    values = np.linspace(0, 1, 50)

    def painted(*, mean: bool) -> np.ndarray[object, np.dtype[np.uint8]]:
        plot.show_rows([Row("p", values, own=True, mean=mean)], "nats")
        image = plot.grab().toImage()
        raw = np.frombuffer(image.constBits(), np.uint8)
        return (
            raw.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()]
            .reshape(image.height(), -1, 4)
            .copy()
        )

    changed = (painted(mean=True) != painted(mean=False)).any(2).any(0)
    ratio = plot.devicePixelRatioF()
    assert np.flatnonzero(changed).mean() == pytest.approx(plot._x(0.5) * ratio, abs=1.5)
