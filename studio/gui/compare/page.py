"""The compare page: runs side by side."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from studio.gui.session import Session


class ComparePage(QWidget):
    """Two to six runs side by side: curves, what differs, sheets at one step."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session

    def show_runs(self, paths: list[str]) -> None:
        """Compare these runs."""

    def save_state(self) -> dict[str, Any]:
        return {}

    def restore_state(self, state: dict[str, Any]) -> None:
        return None
