"""What every form of the export sheet has: its fields, the file it makes, and the job for the engine."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from studio.explore.questions import Question
from studio.export.jobs import Written
from studio.gui import theme
from studio.gui.export.offer import Offer
from studio.gui.widgets.spin import SpinBox


class Form(QWidget):
    """Base: ``changed`` when the name of the file may be another one."""

    title = ""
    about = ""
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.offer: Offer | None = None
        self.fields = QFormLayout(self)
        self.fields.setContentsMargins(0, 0, 0, 0)
        self.fields.setSpacing(theme.SPACE)
        self.words = QLabel(self.about)
        self.words.setWordWrap(True)
        theme.role(self.words, "quiet")
        self.fields.addRow(self.words)

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        """Whether this kind is for the panel that offers."""
        return True

    def load(self, offer: Offer) -> None:
        """Fill the fields from what is on screen."""
        self.offer = offer

    def missing(self, offer: Offer) -> str:
        """Why this cannot be exported now, and what to do; empty when it can."""
        return "" if offer.decodes else "This model decodes no latent."

    def file_name(self) -> str:
        """A name with its ending, or that of a folder."""
        raise NotImplementedError

    @property
    def folder(self) -> bool:
        """Whether a folder of files is made."""
        return False

    def job(self, out: str) -> Question[Written]:
        raise NotImplementedError

    def _given(self) -> Offer:
        if self.offer is None:
            raise LookupError("nothing was offered")
        return self.offer

    def _choice(self, label: str, options: tuple[tuple[str, Any], ...], tip: str) -> QComboBox:
        made = QComboBox()
        for text, value in options:
            made.addItem(text, value)
        self._put(label, made, tip)
        made.currentIndexChanged.connect(lambda index: self.changed.emit())
        return made

    def _number(self, label: str, low: int, high: int, tip: str, unit: str = "") -> QSpinBox:
        made = SpinBox()
        made.setRange(low, high)
        made.setSuffix(unit)
        self._put(label, made, tip)
        made.valueChanged.connect(lambda value: self.changed.emit())
        return made

    def _tick(self, text: str, tip: str, *, on: bool = True) -> QCheckBox:
        made = QCheckBox(text)
        made.setChecked(on)
        self._put("", made, tip)
        return made

    def _put(self, label: str, field: QWidget, tip: str) -> None:
        field.setToolTip(tip)
        field.setAccessibleName(label or tip)
        field.setAccessibleDescription(tip)
        self.fields.addRow(label, field)
