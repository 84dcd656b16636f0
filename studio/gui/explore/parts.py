"""Small makers of buttons and rows, so that the parts of the panel look and read alike."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from studio.gui import icons, theme
from studio.gui.explore.state import PathKind

WAYS: dict[PathKind, tuple[str, str]] = {
    "spherical": (
        "Spherical",
        "Keeps the length that latents of a normal prior have; for a uniform prior it is the straight way",
    ),
    "linear": ("Linear", "The straight way; halfway between two normal latents it is shorter than any that was seen"),
}
WARMTH = "What the noise is multiplied by: below 1 likelier samples, and less variety; 1 is the density itself"
"""Of every control of the temperature that samples are drawn at."""


def button(text: str, icon: str, tip: str, clicked: Callable[[], None]) -> QPushButton:
    made = QPushButton(text)
    if icon:
        made.setIcon(icons.icon(icon))
        made.setIconSize(QSize(16, 16))
    made.setToolTip(tip)
    made.setAccessibleName(text or tip)
    made.setAccessibleDescription(tip)
    made.setAutoDefault(False)
    made.clicked.connect(lambda checked=False: clicked())
    return made


def tool(icon: str, tip: str, clicked: Callable[[], None]) -> QToolButton:
    made = QToolButton()
    made.setIcon(icons.icon(icon))
    made.setIconSize(QSize(16, 16))
    made.setFixedSize(28, 28)
    made.setAutoRaise(True)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.clicked.connect(lambda checked=False: clicked())
    return made


def row(*parts: QWidget | int) -> QHBoxLayout:
    """Widgets side by side; a number is a stretch."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(theme.SPACE)
    for part in parts:
        if isinstance(part, int):
            made.addStretch(part)
        else:
            made.addWidget(part)
    return made


def quiet(text: str = "", *, wrap: bool = False) -> QLabel:
    made = QLabel(text)
    made.setWordWrap(wrap)
    theme.role(made, "quiet")
    return made


def heading(text: str) -> QLabel:
    made = QLabel(text)
    theme.role(made, "heading")
    return made


def way_box(chosen: Callable[[PathKind], None]) -> QComboBox:
    """A choice of the way between two latents."""
    made = QComboBox()
    for i, (kind, (title, tip)) in enumerate(WAYS.items()):
        made.addItem(title, kind)
        made.setItemData(i, tip, 3)  # Qt.ToolTipRole
    made.setAccessibleName("way between two latents")
    made.setToolTip("How to go from one latent to the next: " + "; ".join(f"{t}: {tip}" for t, tip in WAYS.values()))
    made.activated.connect(lambda index: chosen(made.itemData(index)))
    return made


def choose(box: QComboBox, value: object) -> None:
    """Show a choice without a signal."""
    box.blockSignals(True)
    box.setCurrentIndex(max(box.findData(value), 0))
    box.blockSignals(False)
