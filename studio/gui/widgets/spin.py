"""The number field with arrows, as every page uses it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSpinBox, QWidget

MARGIN = 7
"""Pixels between frame and text, so that it stands where the text of other fields does. The style sheet cannot say it:
the padding of a spin box does not reach the line edit inside."""


class SpinBox(QSpinBox):
    """The wheel turns it only while it has the focus, so that scrolling past changes nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(MARGIN, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(MARGIN, 0)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() + QSize(MARGIN, 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
