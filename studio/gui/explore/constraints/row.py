"""One constraint of the sum: what it aims at, its weight, and its button to take it off."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Offered
from studio.gui.explore.constraints.state import HEAVIEST, Chosen, said
from studio.gui.explore.parts import row, tool
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.slider import Slider

WIDE = 52
"""Pixels of the labels, so that the tracks stand below each other."""
NUMBER = 76
"""Of the numbers, for the same."""
WIDE_RANGE = 10.0
"""A target that may go farther than this is seldom far from 0: its axis is logarithmic away from there."""


class ConstraintRow(QWidget):
    """``changed`` and ``removed`` speak only when a person did it."""

    changed = Signal(object, object)
    """The new row, and what edits in a row with the same of are one step of undo."""
    removed = Signal()

    def __init__(self, offered: Offered, chosen: Chosen) -> None:
        super().__init__()
        self.offered, self.chosen = offered, chosen
        title, about = offered.title, offered.about
        self.name = ElidedLabel(title)
        self.name.setToolTip(about)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.remove = tool("x", f"Take {title} off the list", self.removed.emit)
        self.remove.setFixedSize(24, 24)
        self.number: Slider | None = None
        self.classes: QComboBox | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = row(self.name, self.remove)
        if offered.target == "class":
            self.classes = QComboBox()
            self.classes.addItems(list(offered.classes))
            self.classes.setAccessibleName(f"class of {title}")
            self.classes.setToolTip(f"Which class is scored; {about}")
            self.classes.activated.connect(lambda at: self._edit(replace(self.chosen, target=float(at)), None))
            head = row(self.name, self.classes, self.remove)
        head.setStretch(0, 1)
        whole.addLayout(head)
        if offered.target == "number":
            low, high = offered.low, offered.high
            self.number = Slider(
                "Target",
                low,
                high,
                value=chosen.target,
                default=offered.default,
                decimals=2 if high - low > 0.5 else 3,
                bend=0.2 if high - low > WIDE_RANGE else 0.0,
            )
            self.number.set_label_width(WIDE)
            self.number.set_tooltip(f"What it aims at; {about}")
            self.number.value_changed.connect(self._aim)
            _call(self.number, f"target of {title}")
            whole.addWidget(self.number)
        self.weight = Slider(
            "Weight",
            0.0,
            HEAVIEST,
            value=chosen.weight,
            default=1.0,
            bend=0.1,
            tooltip="How much it counts in f; 0 leaves it out. A double click: 1",
        )
        self.weight.set_label_width(WIDE)
        self.weight.value_changed.connect(self._weigh)
        _call(self.weight, f"weight of {title}")
        whole.addWidget(self.weight)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"constraint {title}")
        self.show_chosen(chosen)

    def show_chosen(self, chosen: Chosen) -> None:
        """Without a signal."""
        self.chosen = chosen
        self.weight.set_value(chosen.weight)
        if self.number is not None:
            self.number.set_value(chosen.target)
        if self.classes is not None:
            self.classes.setCurrentIndex(int(chosen.target))
        self.setAccessibleDescription(f"{said(self.offered, chosen.target)}, weight {chosen.weight:.3g}")

    def _aim(self, target: float) -> None:
        assert self.number is not None
        self._edit(replace(self.chosen, target=target), ("target", self.number.gesture))

    def _weigh(self, weight: float) -> None:
        self._edit(replace(self.chosen, weight=weight), ("weight", self.weight.gesture))

    def _edit(self, chosen: Chosen, gesture: object) -> None:
        self.chosen = chosen
        self.changed.emit(chosen, gesture)


def _call(slider: Slider, name: str) -> None:
    """A name for screen readers that says whose it is; the number as wide as that of the others."""
    slider.number.setFixedWidth(NUMBER)
    slider.setAccessibleName(name)
    slider.track.setAccessibleName(name)
    slider.number.setAccessibleName(f"{name}, number")
