"""KL of each dimension of a latent: bars, of one example and in the mean, active units filled."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.explore.questions import UnitsFound
from studio.gui import theme
from studio.gui.explore import dimensions
from studio.gui.widgets.plot import plain
from studio.models.core.latents import Prior
from studio.models.core.likelihood import ACTIVE

HIGH = 116
MOST = 28.0
LEAST = 3.0
"""Pixels of a bar, at least: what does not fit is left out, the smallest first or the last."""


class UnitBars(QWidget):
    """See the module. Filled: active; a frame alone: not. A line across: the mean over many examples. Arrow keys go
    from bar to bar."""

    def __init__(self) -> None:
        super().__init__()
        self.kl: npt.NDArray[Any] | None = None
        self.units: UnitsFound | None = None
        self.prior = Prior()
        self.by_size = True
        self.current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("KL of each dimension")
        theme.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, HIGH)

    def show_units(self, prior: Prior, kl: npt.NDArray[Any] | None, units: UnitsFound | None) -> None:
        """KL of one example, d in nats, or None; and what many examples say."""
        self.prior, self.kl, self.units = prior, kl, units
        self.current = min(self.current, prior.size - 1)
        self.update()

    def set_by_size(self, on: bool) -> None:
        self.by_size = on
        self.update()

    # --- which bars

    @property
    def _values(self) -> npt.NDArray[Any]:
        """What is sorted by: the mean, so that bars stand still from example to example."""
        if self.units is not None:
            return self.units.kl
        return self.kl if self.kl is not None else np.zeros(0)

    def shown(self) -> list[int]:
        """The dimensions in the order of their bars, as many as there is room for."""
        values = self._values
        order = np.argsort(-values, kind="stable") if self.by_size else np.arange(len(values))
        found: list[int] = order[: max(1, int(self._field().width() / LEAST))].tolist()
        return found

    def words(self, dimension: int) -> str:
        """All that is known of a dimension."""
        said = [dimensions.name(self.prior, dimension)]
        if self.kl is not None and dimension < len(self.kl):
            said.append(f"KL {plain(float(self.kl[dimension]))} nats of this example")
        units = self.units
        if units is not None and dimension < len(units.kl):
            variance = float(units.variance[dimension])
            said.append(f"{plain(float(units.kl[dimension]))} nats in the mean")
            said.append(f"variance of its mean {plain(variance)}, {'active' if variance > ACTIVE else 'not active'}")
        return " · ".join(said)

    def _field(self) -> QRectF:
        return QRectF(self.rect()).adjusted(40, 8, -1, -18)

    def _top(self) -> float:
        found = [v for v in (self.kl, self.units.kl if self.units is not None else None) if v is not None and len(v)]
        return max((float(np.nanmax(v)) for v in found), default=0.0) or 1.0

    def _bar_at(self, x: float) -> int:
        field, many = self._field(), len(self.shown())
        at = int((x - field.left()) // self._wide(many)) if many else -1
        return at if 0 <= at < many else -1

    def _wide(self, many: int) -> float:
        """Pixels from bar to bar."""
        return min(self._field().width() / many, MOST)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        field, order = self._field(), self.shown()
        if not len(self._values):
            return
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        top = self._top()
        painter.setPen(QColor(colours.quiet))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, y in ((top, field.top()), (0.0, field.bottom())):
            painter.drawText(QRectF(0, y - 8, field.left() - 4, 16), right, plain(value))
        painter.drawText(QRectF(0, field.center().y() - 8, field.left() - 4, 16), right, "nats")
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(field.bottomLeft(), field.bottomRight())
        wide = self._wide(len(order))
        gap = 1.0 if wide >= 4 else 0.0
        for place, dimension in enumerate(order):
            self._paint_bar(painter, field, place, dimension, wide, gap, top)
        head = "largest in the mean first" if self.by_size else "by number"
        left = "" if len(order) == len(self._values) else f", {len(order):,} of {len(self._values):,}"
        painter.setPen(QColor(colours.quiet))
        under = QRectF(field.left(), field.bottom() + 2, field.width(), 16)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"dimensions, {head}{left}")

    def _paint_bar(
        self, painter: QPainter, field: QRectF, place: int, dimension: int, wide: float, gap: float, top: float
    ) -> None:
        colours = theme.palette()
        units = self.units
        active = units is not None and float(units.variance[dimension]) > ACTIVE
        own = self.kl if self.kl is not None else self._values
        high = max(float(own[dimension]), 0.0) / top * field.height()
        left = field.left() + place * wide
        bar = QRectF(left + gap / 2, field.bottom() - high, wide - gap, high)
        if active:
            painter.fillRect(bar, QColor(colours.accent))
        else:
            painter.setPen(QPen(QColor(colours.quiet), 1))
            painter.drawRect(bar.adjusted(0.5, 0, -0.5, 0))
        if units is not None:
            y = field.bottom() - max(float(units.kl[dimension]), 0.0) / top * field.height()
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.drawLine(QPointF(bar.left(), y), QPointF(bar.right(), y))
        if self.hasFocus() and place == self.current:
            painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(left, field.top(), wide, field.height()))

    # --- hands

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._bar_at(event.pos().x())
            words = self.words(self.shown()[place]) if place >= 0 else "Filled: active; line: mean over examples"
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(self._bar_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in steps and len(self._values):
            self._go((self.current + steps[key]) % len(self.shown()))
        else:
            super().keyPressEvent(event)

    def _go(self, place: int) -> None:
        if 0 <= place < len(self.shown()):
            self.current = place
            words = self.words(self.shown()[place])
            self.setAccessibleDescription(words)
            self.setToolTip(words)
            if self.isVisible():
                field, wide = self._field(), self._wide(len(self.shown()))
                at = self.mapToGlobal(field.bottomLeft().toPoint())
                at.setX(at.x() + int(place * wide))
                QToolTip.showText(at, words, self)
            self.update()
