"""Curves over steps, live or from disk: CurvePanel. What a person sees of a number over time is all here."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.widgets import curve_export
from studio.gui.widgets.curve_canvas import CurveCanvas
from studio.gui.widgets.curve_tools import CurveTools
from studio.gui.widgets.plot import plain


class CurvePanel(CurveCanvas):
    """A plot with title, legend and tools: smoothing over the faint raw line, log axis, hover read-out, zoom, export.

    Drag or wheel moves and zooms along the steps and the values follow; Shift, or the value axis itself, zooms the
    values too; a double click, F or Home shows everything again. Left and Right move the read-out by one point.

    Args:
        title: what is shown ("Losses").
        unit: of the values ("nats"), empty for none.
        log: whether to start with a logarithmic value axis.
        x_label: what is counted along the other axis.
    """

    hovered = Signal(object)
    """The step under the mouse (float), or None: other panels can show the same one, see :meth:`show_step`."""

    def __init__(
        self, title: str, unit: str = "", *, log: bool = False, x_label: str = "step", parent: QWidget | None = None
    ) -> None:
        super().__init__(x_label, parent)
        self.title = title
        self.unit = unit
        self.x_label = x_label
        self._at: float | None = None
        self.tools = CurveTools(title, unit, log)
        self.step = QLabel(self.plot.widget)
        self.step.setAutoFillBackground(True)
        self.step.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.step.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self.tools)
        layout.addWidget(self.body, 1)

        self.setAccessibleName(f"{title} plot")
        self.plot.widget.setAccessibleName(f"{title} over {x_label}s")
        self.plot.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.plot.widget.viewport().setMouseTracking(True)
        self.plot.widget.installEventFilter(self)
        self.plot.widget.viewport().installEventFilter(self)
        self.tools.smoothing_changed.connect(self.set_smoothing)
        self.tools.log_changed.connect(self.set_log)
        self.tools.fit_wanted.connect(self.fit)
        self.tools.save_wanted.connect(lambda kind: curve_export.ask(self, kind))
        self.drawn_anew.connect(self._read_out)
        self.looks_changed.connect(self._show_looks)
        self.set_log(log)

    @property
    def histogram(self) -> QToolButton:
        """The button that shows how the numbers are spread over examples; there once there is such a view."""
        return self.tools.histogram

    def add_histogram(self, view: QWidget) -> None:
        """A view that takes the place of the curves while its button is pressed."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addWidget(view, 1)
        view.hide()
        self.tools.histogram.setVisible(True)
        self.tools.histogram.toggled.connect(view.setVisible)
        self.tools.histogram.toggled.connect(self.body.setHidden)

    def _show_looks(self) -> None:
        self.tools.show_smoothing(self.smoothing)
        self.tools.show_log(self.log)

    # --- reading

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot.widget.viewport():
            match event.type():
                case QEvent.Type.MouseMove if isinstance(event, QMouseEvent) and not event.buttons():
                    place = self.plot.view.mapSceneToView(self.plot.widget.mapToScene(event.position().toPoint()))
                    inside = self.plot.view.sceneBoundingRect().contains(event.position())
                    self._point(place.x() if inside else None)
                case QEvent.Type.Leave:
                    self._point(None)
                case QEvent.Type.MouseButtonDblClick:
                    self.fit()
                case QEvent.Type.ContextMenu if isinstance(event, QContextMenuEvent):
                    self.tools.menu.popup(event.globalPos())
                    return True
        elif watched is self.plot.widget and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        if event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        low, high = self.shown
        middle = self._at if self._at is not None and low <= self._at <= high else (low + high) / 2
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                self._point(self._neighbour(-1 if event.key() == Qt.Key.Key_Left else 1))
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                by = (high - low) * (-0.5 if event.key() == Qt.Key.Key_PageUp else 0.5)
                self.set_range(low + by, high + by)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.set_range(middle - (middle - low) / 1.5, middle + (high - middle) / 1.5)
            case Qt.Key.Key_Minus:
                self.set_range(middle - (middle - low) * 1.5, middle + (high - middle) * 1.5)
            case Qt.Key.Key_F | Qt.Key.Key_Home:
                self.fit()
            case Qt.Key.Key_L:
                self.set_log(not self._log)
            case Qt.Key.Key_Escape if self._at is not None:
                self._point(None)
            case _:
                return False
        return True

    def _neighbour(self, way: int) -> float | None:
        """The next point of the first curve shown, at least one pixel on."""
        shown = next((c for c in self.curves if not c.hidden and len(c.series)), None)
        if shown is None:
            return None
        low, high = self.shown
        if self._at is None:
            return high if way < 0 else low
        wanted = self._at + way * (high - low) / max(1.0, self.plot.view.width())
        x = shown.series.x
        index = int(np.searchsorted(x, wanted, "left" if way > 0 else "right")) - (way < 0)
        return float(x[min(max(index, 0), len(x) - 1)])

    def _point(self, step: float | None) -> None:
        if step != self._at:
            self.show_step(step)
            self.hovered.emit(step)

    def show_step(self, step: float | None) -> None:
        """Show the values at a step (the newest at or before it), or, with None, the newest of all."""
        self._at = step
        self.plot.cursor.setVisible(step is not None)
        if step is not None:
            self.plot.cursor.setPos(QPointF(step, 0))
        self._read_out()

    def values_at(self, step: float | None) -> dict[tuple[str, int], float]:
        """What each curve reads at a step, by key and run: the newest value at or before it, as measured."""
        found = {}
        for curve in self.curves:
            if len(curve.series):
                point = curve.series.at(step if step is not None else float("inf"))
                if point is not None:
                    found[curve.key, curve.run] = point[1]
        return found

    def _read_out(self) -> None:
        values = self.values_at(self._at)
        self.legend.set_values([plain(values.get((c.key, c.run), float("nan"))) for c in self.listed])
        if self._at is None:
            self.step.hide()
            return
        low, high = self.shown
        reach = 4 * (high - low) / max(1.0, self.plot.view.width())
        near = [label for x, label in self.marks if abs(x - self._at) <= reach]
        self.step.setText(" · ".join([f"{self.x_label} {max(0, round(self._at)):,}", *near[:1]]))
        self.step.adjustSize()
        self.step.move(int(self.plot.view.sceneBoundingRect().left()) + theme.SPACE, 2)
        self.step.show()
