"""The line above the panels: which run, whose weights, and Export."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QWidget

from studio.gui import icons, theme
from studio.gui.explore.parts import button, row


class Header(QWidget):
    """Says what it is told; what a person chooses here, the page does."""

    checkpoint_wanted = Signal(object)
    """A step (int), or None for the newest weights."""

    def __init__(self, export: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        theme.role(self.title, "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.live = QLabel()
        self.live.setAccessibleName("weights that are shown")
        self.checkpoints = QComboBox()
        self.checkpoints.setAccessibleName("checkpoint")
        self.checkpoints.setToolTip("Whose weights draw: the newest ones, or those of an older checkpoint")
        self.checkpoints.setMinimumContentsLength(12)
        self.checkpoints.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.checkpoints.activated.connect(lambda i: self.checkpoint_wanted.emit(self.checkpoints.itemData(i)))
        self.export_button = button("Export …", "export", "Take pictures, walks or the model away (Ctrl+E)", export)
        self.dress_export("primary")
        bar = row(self.title)
        bar.setStretch(0, 1)
        for part in (self.live, self.checkpoints, self.export_button):
            bar.addWidget(part)
        self.setLayout(bar)

    def list_checkpoints(self, steps: tuple[int, ...], chosen: int | None, *, live: bool) -> None:
        """Offer these, the newest first. ``live``: the run is in training."""
        self.export_button.setVisible(True)
        self.checkpoints.setVisible(True)
        self.checkpoints.blockSignals(True)
        self.checkpoints.clear()
        self.checkpoints.addItem("Live weights" if live else "Newest weights", None)
        for step in reversed(steps):
            self.checkpoints.addItem(f"Step {step:,}", step)
        self.checkpoints.setCurrentIndex(max(self.checkpoints.findData(chosen), 0))
        self.checkpoints.blockSignals(False)

    def show_step(self, step: int, *, live: bool) -> None:
        self.live.setText(f"● live · step {step:,}" if live else f"step {step:,}")
        theme.role(self.live, "good" if live else "quiet")

    def nothing(self, *, export: bool) -> None:
        """There is nothing to choose from. ``export``: whether its button stands there, greyed."""
        self.export_button.setEnabled(False)
        self.export_button.setVisible(export)
        self.checkpoints.setVisible(False)
        self.live.clear()

    def something(self) -> None:
        self.export_button.setEnabled(True)
        self.checkpoints.setEnabled(True)

    def dress_export(self, role: str) -> None:
        """As the page's primary button, or quiet while another one is."""
        theme.role(self.export_button, role)
        self.export_button.setIcon(icons.icon("export", "on_accent" if role == "primary" else ""))
