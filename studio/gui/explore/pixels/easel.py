"""What the parts of the panel share: which weights, what is set, what was drawn, and how surprising real examples are.

A drawing may take seconds. So it tells how far it is; one that nobody wants any more is called off; and while a run
trains, it is drawn anew no more often than leaves nine tenths of the time to the training.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from studio.data.dataset import DataSpec
from studio.explore import drawings
from studio.explore.drawings import Laid, Mask
from studio.explore.questions import DrawInOrder, DrawnInOrder, ModelView, Pictures, Real, Surprise, Surprised, Where
from studio.gui.explore.asking import Latest, brief
from studio.gui.explore.explorer import CALM
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.pixels.state import Drawing, as_plain, from_plain
from studio.gui.session import Session
from studio.gui.words import plural

REST = 250
"""Milliseconds that a hand rests before completions are asked for anew."""
SHARE = 9
"""A drawing by newer weights waits so many times as long as the last one took."""


class Easel(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    drawn = Signal(object)
    """DrawnInOrder; None: there is nothing to be drawn."""
    surprised = Signal(object)
    """Surprised of all the examples that are chosen; None: none is."""
    advanced = Signal(int, int)
    """Of a drawing: values done, of how many; both 0: it has ended."""
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.result: DrawnInOrder | None = None
        self.plan: Laid | None = None
        """Where the values of ``result`` stand."""
        self.surprise: Surprised | None = None
        self.awake = True
        self.keeper = Keeper[Drawing](session, self, self._put, as_plain, from_plain)
        self._stamp: int | None = None
        """Of the drawing that is under way."""
        self._key: tuple[object, ...] = ()
        """What it, or the one that is shown, is of."""
        self._lane = Latest(session, self, "pixels surprise")
        self._surprise_key: tuple[object, ...] = ()
        self._stale = False
        self._since_edit = QElapsedTimer()
        self._began = QElapsedTimer()
        self._ended = QElapsedTimer()
        self._took = 0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(lambda: self.ask())

    # --- what is set

    @property
    def state(self) -> Drawing:
        return self.keeper.state

    @property
    def data(self) -> DataSpec:
        if self.view is None:
            raise LookupError("no run is shown")
        return self.view.data

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that can be asked for; none of models that take none."""
        if self.view is None:
            return ()
        return next((part.labels for part, _ in self.view.prior.placed("class")), ())

    @property
    def busy(self) -> bool:
        """A drawing is under way."""
        return self._stamp is not None

    def edit(self, text: str, new: Drawing, merge: object = None) -> None:
        """Go over to a new state, undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        if self.view is not None:
            self.keeper.edit(text, new, merge)

    def choose(self, real: Real) -> None:
        """These real examples, in place of those before."""
        new = self.state.chosen(real)
        if new.real != self.state.real:
            many = len(new.real)
            self.edit(f"Choose {plural(many, 'example')}" if many else "Choose no example", new)

    # --- which run

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        self.where, self.view = where, view
        self.keeper.show(where.run, Drawing(), lambda state: state.suits(view))
        self.run_shown.emit()
        self.ask()

    def forget(self) -> None:
        self._call_off()
        self._lane.forget()
        self._rest.stop()
        self.view = self.result = self.plan = self.surprise = None
        self._key = self._surprise_key = ()
        self.keeper.hide()

    def refresh(self) -> None:
        """The run trains on: the same by the newer weights, unless hands are on it or it would take too much."""
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        soon = self._ended.isValid() and self._ended.elapsed() < SHARE * self._took
        if self.view is None or hands or soon or self.busy or self._lane.busy:
            return
        if self.state.mode == "draw" or len(self.state.one):
            self.ask(anew=True)

    def wake(self) -> None:
        """The panel can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self.ask()

    def _put(self, before: Drawing, state: Drawing) -> None:
        self._since_edit.start()
        self.changed.emit(before)
        if before.mode == state.mode == "complete" and before.known is not state.known:
            self._rest.start()
        else:
            self.ask()

    # --- asking

    def ask(self, *, anew: bool = False) -> None:
        """What the state wants to see. ``anew``: by newer weights too, where it is there already."""
        if self.view is None:
            return
        self._stale = not self.awake
        if self._stale:
            return
        self._rest.stop()
        if self.state.mode == "surprise":
            self._ask_surprise(anew)
        else:
            self._ask_drawing(anew)

    def _ask_drawing(self, anew: bool) -> None:
        state = self.state
        completes = state.mode == "complete"
        if completes and not len(state.one):
            self._call_off()
            self.result = self.plan = None
            self._key = ()
            self.drawn.emit(None)
            return
        known = drawings.asked(state.mask(self.data.size), self.data) if completes else None
        real = state.one if completes else None
        key = (self.where, state.count, state.seed, state.label, real, b"" if known is None else known.tobytes())
        if key == self._key and not anew:
            return
        self._call_off()
        self._key = key
        question = DrawInOrder(self.where, state.count, state.seed, state.label, real, known)
        self._began.start()
        self._stamp = self.session.ask(
            question,
            self,
            self._drawn,
            topic="pixels draw",
            failed=self._not_drawn,
            advanced=self.advanced.emit,
        )
        self.advanced.emit(0, 0)

    def cancel(self) -> None:
        """Call a drawing off; what was there stays."""
        if self._call_off():
            self._key = ()
            self.advanced.emit(0, 0)

    def _call_off(self) -> bool:
        stamp, self._stamp = self._stamp, None
        if stamp is not None:
            self.session.cancel(stamp)
        return stamp is not None

    def _drawn(self, found: DrawnInOrder) -> None:
        self._end()
        if self.view is None:
            return
        self.result, self.plan = found, drawings.laid(found, self.view.data)
        self.drawn.emit(found)

    def _not_drawn(self, message: str) -> None:
        called_off = self._stamp is None
        self._end()
        if self.view is not None and not called_off and message != "cancelled":
            self._key = ()
            self.result = self.plan = None
            self.failed.emit(brief(message))

    def _end(self) -> None:
        self._stamp = None
        self._time()
        self.advanced.emit(0, 0)

    def _time(self) -> None:
        self._took = int(self._began.elapsed())
        self._ended.start()

    def _ask_surprise(self, anew: bool) -> None:
        state = self.state
        if not len(state.real):
            self._lane.forget()
            self.surprise, self._surprise_key = None, ()
            self.surprised.emit(None)
            return
        key = (self.where, state.real, state.label, state.seed)
        if key == self._surprise_key and not anew:
            return
        self._surprise_key = key
        self._began.start()
        self._lane.ask(Surprise(self.where, state.real, state.label, state.seed), self._told, self._not_told)

    def _told(self, found: Surprised) -> None:
        self._time()
        if self.view is not None and len(found.totals) == len(self.state.real):
            self.surprise = found
            self.surprised.emit(found)

    def _not_told(self, message: str) -> None:
        self._surprise_key = ()
        self.surprise = None
        self.failed.emit(message)

    # --- what is seen

    def frame(self, at: int) -> tuple[Pictures, Mask]:
        """The sample that is watched after so many values, H×W×3, and where nothing is drawn yet, H×W.

        Raises:
            LookupError: nothing was drawn.
        """
        found, plan = self.result, self.plan
        if found is None or plan is None:
            raise LookupError("nothing was drawn")
        follow = min(self.state.follow, len(found.values) - 1)
        if follow < 0 and len(found.original):
            return found.original[0], np.zeros(plan.size, np.bool_)
        return plan.picture(found.values[max(follow, 0)], found.value_count, at, found.known)
