"""What the parts of the codes panel share: which weights, the state per run, undo, and what the engine answered.

Parts ask it for edits and listen; none of them knows another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Signal

from studio.explore.questions import CodesRead, Decoded, ModelView, Pictures, ReadCodes, Where
from studio.gui.explore.asking import Batches, Latest
from studio.gui.explore.codes.state import Codes, as_plain, beginning, from_plain
from studio.gui.explore.drawn import Drawn
from studio.gui.explore.explorer import CALM
from studio.gui.explore.keeper import Keeper
from studio.gui.session import Session


class Desk(QObject):
    """See the module. Nothing is asked before :meth:`show_run`."""

    run_shown = Signal()
    """Another run, or other weights of it: everything is to be shown anew."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    picture_came = Signal(object)  # CodesRead of the current latent
    grid_came = Signal(object, int)  # CodesRead of the traversal, and how many are in a row
    weights_moved = Signal()
    """The run trains on: what is shown of its weights may be asked for again."""
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.keeper: Keeper[Codes] = Keeper(session, self, self._put, as_plain, from_plain)
        self.picture: CodesRead | None = None
        self.seen = False
        """Whether anybody looks at the current picture and the traversal: they are asked for only then."""
        self.drawn = Drawn(self)
        self.drawn.plane_came.connect(self.refresh)
        self._current = Latest(session, self, "codes")
        self._grid = Batches(session, self, "codes grid", ReadCodes)
        self._since_edit = QElapsedTimer()

    # --- what is shown

    @property
    def state(self) -> Codes:
        return self.keeper.state

    @property
    def busy(self) -> bool:
        """Whether the picture of the current latent is still on its way."""
        return self._current.busy

    def pictures(self, found: Decoded) -> Pictures:
        """One for each example of an answer."""
        return self.drawn.pictures(found)

    def show_run(self, where: Where, view: ModelView) -> None:
        """Show these weights, with the state in which this run was left."""
        self.forget()
        self.where, self.view = where, view
        self.drawn.show(view.data)
        self.keeper.show(where.run, beginning(view.prior), lambda state: state.prior == view.prior)
        self.run_shown.emit()
        self.ask_picture()
        self.ask_grid()

    def forget(self) -> None:
        """Nothing that is under way is wanted any more; nothing is shown."""
        self._current.forget()
        self._grid.forget()
        self.view = self.picture = None
        self.keeper.hide()

    def refresh(self) -> None:
        """Newer weights: draw again what is shown, unless hands are on it or the last time is not over yet."""
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        if self.view is None or self._grid.busy or hands:
            return
        self.ask_picture()
        self.ask_grid()
        self.weights_moved.emit()

    # --- asking

    def ask_picture(self) -> None:
        if not self.seen or self.view is None:
            return
        self._current.ask(ReadCodes(self.where, self.state.z[None]), self._picture_came, self.failed.emit)

    def ask_grid(self) -> None:
        if self.seen and self.view is not None:
            z, columns = self.state.grid()
            each = 2 * self.drawn.pixels  # made, and read
            self._grid.ask(self.where, z, each, lambda found: self._grid_came(found, columns), self.failed.emit)

    def _picture_came(self, found: CodesRead) -> None:
        self.picture = found
        self.picture_came.emit(found)

    def _grid_came(self, found: CodesRead, columns: int) -> None:
        self.grid_came.emit(found, columns)

    def lane(self, topic: str, *, slow: bool = False) -> Latest:
        return Latest(self.session, self, topic, slow=slow)

    # --- editing

    def edit(self, text: str, new: Codes, merge: object = None) -> None:
        """Go over to a new state, undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        if self.view is not None:
            self.keeper.edit(text, new, merge)

    def _put(self, before: Codes, state: Codes) -> None:
        self._since_edit.start()
        if not np.array_equal(before.z, state.z):
            self.ask_picture()
        layout = (before.rows, before.columns, before.steps) != (state.rows, state.columns, state.steps)
        if layout or not np.array_equal(before.grid()[0], state.grid()[0]):
            self.ask_grid()
        self.changed.emit(before)

    # --- the session

    def save_state(self) -> dict[str, Any]:
        return self.keeper.save()
