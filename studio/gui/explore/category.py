"""A category of the latent: a button for each value, and a lock."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.explore.codes import Dial
from studio.gui import icons, theme
from studio.gui.explore.choices import Choices
from studio.gui.explore.parts import quiet, row
from studio.gui.widgets.slider import Slider

WHOLE = 1e-3
"""A value that has all but so much of a category has it whole."""
MOST_NAMED = 3


class Category(QWidget):
    """``chosen`` and ``locked_changed`` speak only when a person did it."""

    chosen = Signal(int)
    locked_changed = Signal(bool)

    def __init__(self, dial: Dial) -> None:
        super().__init__()
        self.dial = dial
        self.name = QLabel(dial.name)
        self.about = quiet()
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.lock = QToolButton()
        self.lock.setCheckable(True)
        self.lock.setAutoRaise(True)
        self.lock.setFixedSize(24, 24)
        self.lock.setIconSize(QSize(14, 14))
        self.lock.setAccessibleName(f"lock {dial.name}")
        self.choices = Choices(dial.name, dial.part.labels)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        top = row(self.name)
        top.addWidget(self.about, 1)
        top.addWidget(self.lock)
        whole.addLayout(top)
        whole.addWidget(self.choices)
        self.choices.chosen.connect(self.chosen)
        self.lock.toggled.connect(self._lock_toggled)
        self._show_lock()

    def show_value(self, z: npt.NDArray[np.float32]) -> None:
        """What it stands at in a latent: one value, or a blend of several in words."""
        shares = z[self.dial.where]
        pure = int(shares.argmax())
        blend = bool(np.abs(shares - np.eye(len(shares), dtype=np.float32)[pure]).max() > WHOLE)
        self.choices.show_choice(-1 if blend else pure)
        self.about.setText(mixture(self.dial, z) if blend else "")
        self.about.setToolTip("A blend, as on a walk; choose a value to have it whole" if blend else "")

    def set_locked(self, locked: bool) -> None:
        with QSignalBlocker(self.lock):
            self.lock.setChecked(locked)
        self._show_lock()

    def _lock_toggled(self, locked: bool) -> None:
        self._show_lock()
        self.locked_changed.emit(locked)

    def _show_lock(self) -> None:
        locked = self.lock.isChecked()
        self.lock.setIcon(icons.icon("lock" if locked else "lock-open"))
        self.lock.setToolTip(Slider.UNLOCK if locked else Slider.LOCK)
        self.choices.setEnabled(not locked)


def mixture(dial: Dial, z: npt.NDArray[np.float32]) -> str:
    """ "7", or of a blend the largest shares: "60 % 3, 40 % 5"."""
    shares = z[dial.where]
    order = [int(i) for i in np.argsort(-np.abs(shares), kind="stable") if abs(shares[i]) > WHOLE]
    if len(order) == 1 and abs(shares[order[0]] - 1) <= WHOLE:
        return dial.part.labels[order[0]]
    named = [f"{shares[i]:.0%}".replace("%", " %") + f" {dial.part.labels[i]}" for i in order[:MOST_NAMED]]
    return ", ".join([*named, *(["…"] if len(order) > MOST_NAMED else [])]) or "nothing"
