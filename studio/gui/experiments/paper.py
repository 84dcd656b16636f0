"""The paper's side of an experiment: who claims what, where it stands, and what is done about it here."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from studio.gui.experiments.seen import Seen
from studio.gui.icons import icon
from studio.gui.theme import SPACE, role


class PaperPane(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = ""
        self.by = QLabel()
        role(self.by, "quiet")
        self.go = QPushButton("Open the paper")
        role(self.go, "quiet")
        self.go.setIcon(icon("arrow-square-out"))
        self.go.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(self._link)))
        self.claim = QLabel()
        self.about = QLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.by)
        column.addWidget(self.go)
        for heading, text in (("The paper's claim", self.claim), ("What is done here", self.about)):
            label = QLabel(heading)
            role(label, "heading")
            column.addSpacing(SPACE // 2)
            column.addWidget(label)
            column.addWidget(text)
        for text in (self.by, self.claim, self.about):
            text.setWordWrap(True)
        column.setAlignment(self.go, Qt.AlignmentFlag.AlignLeft)

    def show_seen(self, seen: Seen) -> None:
        experiment = seen.experiment
        self.by.setText(f"{experiment.authors} {experiment.year}\n{experiment.paper}\n{experiment.where}")
        self.claim.setText(experiment.claim)
        self.about.setText(experiment.about)
        self._link = f"https://arxiv.org/abs/{experiment.arxiv}" if experiment.arxiv else ""
        self.go.setVisible(bool(self._link))
        self.go.setToolTip(f"{self._link}, in the browser")
        self.go.setAccessibleName(f"Open the paper: {experiment.paper}")
