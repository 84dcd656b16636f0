"""Points in the plane: real ones grey, samples to pick from, the current one, a path, a lattice, neighbours.

The same hands as the picture grid: a click picks, Ctrl adds, arrow keys go through the samples, Enter picks.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from studio.gui import theme
from studio.gui.widgets.plane_plot import PlanePlot, Points

REAL = 0.45
"""How much of its colour a real point keeps on the ground."""


class Scatter(PlanePlot):
    """A few hundred points of several kinds; :class:`studio.gui.widgets.cloud.CloudPlot` is for many.

    Args:
        name: what the points to pick from are, in the singular.
    """

    picked = Signal(int)
    selection_changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, name: str = "sample") -> None:
        super().__init__(parent)
        self._name = name
        self.selected: set[int] = set()
        self.current = -1
        none = np.zeros((0, 2))
        self._at: dict[str, Points] = dict.fromkeys(("real", "samples", "current", "trail", "near", "mesh"), none)
        self._mesh_columns = 0
        self._clouds = {
            name: pg.ScatterPlotItem(pxMode=True) for name in ("real", "samples", "chosen", "near", "current")
        }
        self._lines = [pg.PlotCurveItem() for _ in range(2)]  # the lattice's lines, the path
        for item in (self._clouds["real"], *self._lines, *list(self._clouds.values())[1:]):
            self.plot.addItem(item)
        self.key = QLabel(self.plot)
        self.key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.key.setFont(theme.text_font(theme.SMALL_PIXELS))
        self.setAccessibleName(f"{name}s in the plane")
        self.setToolTip(f"Grey: training data. Click a {name} to pick it, Ctrl adds; arrow keys and Enter do the same")
        self._dress()

    # --- what is shown

    def set_real(self, points: Points) -> None:
        """The data; the view is fitted to it."""
        self._at["real"] = points
        self._home = None
        self._dress()
        self._fit()

    def set_samples(self, points: Points) -> None:
        self._at["samples"] = points
        self.selected = {i for i in self.selected if i < len(points)}
        self.current = min(self.current, len(points) - 1)
        self._draw_samples()
        if self._home is None:
            self._fit()

    def set_current(self, points: Points) -> None:
        self._at["current"] = points
        self._draw("current", size=15, symbol="o", fill="accent", edge="base")

    def set_near(self, points: Points) -> None:
        self._at["near"] = points
        self._draw("near", size=11, symbol="s", fill="", edge="text")

    def set_trail(self, points: Points) -> None:
        """A path through the plane."""
        self._at["trail"] = points
        self._lines[1].setData(points[:, 0], points[:, 1])

    def set_mesh(self, points: Points, columns: int) -> None:
        """A lattice of points, row by row; drawn as its lines."""
        self._at["mesh"], self._mesh_columns = points, columns
        grid = points.reshape(-1, columns, 2) if columns else np.zeros((0, 0, 2))
        lines = [*grid, *grid.transpose(1, 0, 2)] if len(grid) else []
        gap = np.full((1, 2), np.nan)
        joined = np.concatenate([part for line in lines for part in (line, gap)]) if lines else np.zeros((0, 2))
        self._lines[0].setData(joined[:, 0], joined[:, 1], connect="finite")

    def select(self, indices: set[int]) -> None:
        wanted = {i for i in indices if 0 <= i < len(self._at["samples"])}
        if wanted != self.selected:
            self.selected = wanted
            self._draw_samples()
            self.selection_changed.emit()

    # --- drawing

    def _dress(self) -> None:
        super()._dress()
        colours = theme.palette()
        marks = [("real", theme.blend(colours.quiet, colours.base, REAL), "●")]
        marks.append((f"{self._name}s", theme.curve_pen(1)[0], "●"))
        marks.append(("current", colours.accent, "⬤"))
        self.key.setText(" &nbsp; ".join(f'<font color="{ink}">{sign}</font> {name}' for name, ink, sign in marks))
        self.key.setStyleSheet(f"color: {colours.quiet}; background: {colours.base}")
        self.key.adjustSize()
        self._lines[0].setPen(pg.mkPen(theme.blend(colours.quiet, colours.base, 0.7), width=1))
        self._lines[1].setPen(pg.mkPen(colours.accent, width=2))
        self._draw("real", size=4, symbol="o", fill="quiet", edge="", share=REAL)
        self._draw_samples()
        self.set_near(self._at["near"])
        self.set_current(self._at["current"])

    def _draw_samples(self) -> None:
        colour, _ = theme.curve_pen(1)
        self._draw("samples", size=6, symbol="o", fill=colour, edge="")
        chosen = sorted(self.selected | ({self.current} if self.current >= 0 and self.hasFocus() else set()))
        cloud = self._clouds["chosen"]
        cloud.setData(pos=self._at["samples"][chosen], size=12, symbol="o", brush=None)
        cloud.setPen(pg.mkPen(theme.palette().accent, width=2))

    def _draw(self, name: str, *, size: int, symbol: str, fill: str, edge: str, share: float = 1.0) -> None:
        colours = theme.palette()
        cloud = self._clouds[name]
        points = self._at[name]
        ink = getattr(colours, fill, fill)
        ink = theme.blend(ink, colours.base, share) if ink else ""
        cloud.setData(pos=points[np.isfinite(points).all(axis=1)] if name != "samples" else points)
        cloud.setSize(size)
        cloud.setSymbol(symbol)
        cloud.setBrush(pg.mkBrush(QColor(ink)) if ink else None)
        cloud.setPen(pg.mkPen(getattr(colours, edge), width=1.5) if edge else None)

    def _fit(self) -> None:
        self.fit(self._at["real"] if len(self._at["real"]) else self._at["samples"])

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.key.move(self.width() - self.key.sizeHint().width() - theme.SPACE, theme.SPACE // 2)

    # --- hands

    def sample_at(self, place: QPointF) -> int:
        """The sample nearest to a place of the widget, -1 when none is within reach."""
        return self.nearest(self._at["samples"], place)

    def place_of(self, index: int) -> QPointF:
        """Where a sample is, in the widget's own coordinates."""
        x, y = self._at["samples"][index]
        return self.on_widget(float(x), float(y))

    def click(self, place: QPointF, keys: Qt.KeyboardModifier) -> bool:
        index = self.sample_at(place)
        if index >= 0:
            self.take(index, keys)
        return index >= 0

    def take(self, index: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """As if it were clicked with these keys held."""
        self.current = index
        if keys & Qt.KeyboardModifier.ControlModifier:
            self.select(self.selected ^ {index})
        else:
            self.select({index})
            self.picked.emit(index)
        self._say()

    def _say(self) -> None:
        if 0 <= self.current < len(self._at["samples"]):
            x, y = self._at["samples"][self.current]
            of = len(self._at["samples"])
            self.setAccessibleDescription(f"{self._name} {self.current + 1} of {of} at {x:.2f}, {y:.2f}")
        self._draw_samples()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = len(self._at["samples"])
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if count and key in steps:
            self.current = (self.current + steps[key]) % count if self.current >= 0 else 0
            self._say()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.take(self.current, event.modifiers())
        else:
            super().keyPressEvent(event)
