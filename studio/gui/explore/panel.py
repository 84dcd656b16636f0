"""What a panel is: pictures for the shared area, controls beside them, for a run whose model has the capability."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.explore.questions import ModelView, Where
from studio.export.provenance import Provenance
from studio.gui.export.offer import Offer
from studio.gui.session import Session


class Panel(QObject):
    """Subclasses make ``pictures`` and ``controls`` in their constructor; the page places them.

    A panel knows a capability and no model. It is made once and shown one run after the other.
    """

    title = ""
    pictures: QWidget
    controls: QWidget
    checkpoint_wanted = Signal(object)
    """int | None: the person asked to see other weights of this run."""
    step_shown = Signal(int)
    """The step of the weights that made what is on screen."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session

    def show_run(self, where: Where, view: ModelView) -> None:
        """Another run, or other weights of it."""
        raise NotImplementedError

    def forget(self) -> None:
        """No run is shown; nothing that is under way is wanted any more."""

    def refresh(self) -> None:
        """The run trains on and its weights are newer."""

    def offer(self) -> Offer | None:
        """What could be exported."""
        return None

    def restore(self, made: Provenance) -> None:
        """Go back to what made a dropped picture. Called after ``show_run`` of its weights."""

    def save_state(self) -> dict[str, Any]:
        """For the next session, as JSON can hold it."""
        return {}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Of the last session; may be damaged."""
