"""What a panel is: pictures for the shared area, controls beside them, for a run whose model has the capability."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.data.dataset import Kind
from studio.explore.questions import ModelView, Where
from studio.export.provenance import Provenance
from studio.gui.drop import PICTURES
from studio.gui.export.offer import Offer
from studio.gui.session import Session
from studio.gui.words import plural


def pictures_of(view: ModelView | None, paths: Sequence[str], most: int) -> str:
    """What a panel would take of files that are dropped on it: "3 pictures", "64 pictures (the first 64 of 100)"; empty
    where its run's data are no images, or a file is no picture."""
    if view is None or view.data.kind != "images" or not paths:
        return ""
    if any(Path(p).suffix[1:].lower() not in PICTURES for p in paths):
        return ""
    return plural(min(len(paths), most), "picture") + (
        f" (the first {most} of {len(paths)})" if len(paths) > most else ""
    )


class Panel(QObject):
    """Subclasses make ``pictures`` and ``controls`` in their constructor; the page places them.

    A panel knows a capability and no model. It is made once and shown one run after the other.
    """

    title = ""
    """On its tab, and the name under which its state is kept."""
    needs = ""
    """The capability that a model must have (as in ``studio.models.core.model.CAPABILITIES``)."""
    unless: str = ""
    """A capability of models that another panel shows better."""
    kinds: tuple[Kind, ...] = ("images", "points", "vectors")
    """Which data it can show."""
    pictures: QWidget
    controls: QWidget
    checkpoint_wanted = Signal(object)
    """int | None: the person asked to see other weights of this run."""
    latent_wanted = Signal(object, str)
    """A latent (size,) to be edited by hand, and what it is: the panel that steers latents takes it."""
    beside_wanted = Signal(object, str)
    """A picture, uint8 H×W×3, to be compared with what is made of the latent that was handed over as this."""
    step_shown = Signal(int)
    """The step of the weights that made what is on screen."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session

    @classmethod
    def opens_for(cls, view: ModelView) -> bool:
        can = view.capabilities
        return cls.needs in can and (not cls.unless or cls.unless not in can) and view.data.kind in cls.kinds

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

    def take_latent(self, z: npt.NDArray[np.float32], what: str) -> bool:
        """Another panel hands over a latent to be edited; True when this panel does that."""
        return False

    def show_beside(self, picture: npt.NDArray[np.uint8], what: str) -> None:
        """Compare with this picture while the latent handed over as ``what`` is edited; a panel may not care."""

    def would_take(self, paths: Sequence[str]) -> str:
        """What dropping these files would do here, in words; empty: they are for others."""
        return ""

    def take(self, paths: Sequence[str]) -> None:
        """They were dropped."""

    def save_state(self) -> dict[str, Any]:
        """For the next session, as JSON can hold it."""
        return {}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Of the last session; may be damaged."""
