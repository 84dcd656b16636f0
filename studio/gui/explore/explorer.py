"""What the parts of the latent panel share: which weights, the state per run, undo, and what the engine answered.

Parts ask it for edits and listen; none of them knows another one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QElapsedTimer, QObject, Signal

from studio.data.dataset import DataSpec
from studio.explore.questions import Decode, Decoded, Directions, DirectionsFound, ModelView, Pictures, Where
from studio.gui.explore.asking import Batches, Latest
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.plane import Plane
from studio.gui.explore.state import Latents, Vector, as_plain, beginning, from_plain
from studio.gui.session import Session

DIRECTIONS = 8
POINT_SAMPLES = 512
NORMAL_END = 4.0
"""Truncation at so many σ or more is none: a normal value beyond it comes once in 16,000."""
CALM = 500
"""Milliseconds after an edit before newer weights may redraw the sheet: hands come first."""


class Explorer(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it: everything is to be shown anew."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    picture_came = Signal(object)  # Decoded of the current latent
    samples_came = Signal(object)  # Decoded of the samples to pick from
    directions_came = Signal(object)  # DirectionsFound | None
    directions_failed = Signal(str)
    failed = Signal(str)
    selection_changed = Signal()
    plane_came = Signal()
    """Single points can be drawn as pictures before the real data now."""
    frame_shown = Signal(object, str)
    """A Decoded of one frame of a walk, with its caption, to be seen in place of the current latent."""
    settled = Signal()
    """The current latent, or the weights, are new: what is slow may be asked for it."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.keeper: Keeper[Latents] = Keeper(session, self, self._put, as_plain, from_plain)
        self.directions: DirectionsFound | None = None
        self.plane: Plane | None = None
        """For points: how single ones are drawn as pictures."""
        self.selection: tuple[int, ...] = ()
        """Samples that are selected, by index."""
        self.picture: Decoded | None = None
        self.samples: Decoded | None = None
        self._current = Latest(session, self, "latent")
        self._sheet = Batches(session, self, "samples")
        self._principal = Latest(session, self, "directions", slow=True)
        self.awake = True
        self._stale = False
        self._since_edit = QElapsedTimer()
        self._throws = 0
        self._fingerprint = ""

    # --- what is shown

    @property
    def state(self) -> Latents:
        return self.keeper.state

    @property
    def data(self) -> DataSpec:
        if self.view is None:
            raise LookupError("no run is shown")
        return self.view.data

    @property
    def bound(self) -> float:
        """Truncation at this bound, or beyond it, is none."""
        return NORMAL_END if self.state.in_sigma else 1.0

    @property
    def tempered(self) -> bool:
        """Whether samples are drawn at a temperature rather than truncated."""
        return self.view is not None and self.view.tempered

    @property
    def points(self) -> bool:
        return self.data.kind == "points"

    @property
    def pixels(self) -> int:
        """Of one picture; 0 for points."""
        height, width = self.data.size
        return 0 if self.points else height * width

    @property
    def vectors(self) -> npt.NDArray[np.float32]:
        """Principal directions k×size; none until they were found."""
        return self.directions.vectors if self.directions else np.zeros((0, self.state.size), np.float32)

    def pictures(self, found: Decoded) -> Pictures:
        """One picture for each example of an answer, also where the examples are points."""
        if found.points is None:
            return found.images
        return (self.plane or Plane(found.points)).pictures(found.points)

    def select(self, indices: set[int]) -> None:
        chosen = tuple(sorted(indices))
        if chosen != self.selection:
            self.selection = chosen
            self.selection_changed.emit()

    def selected(self) -> Vector:
        """The latents of the selected samples, N×size."""
        samples = self.state.samples()
        return samples[[i for i in self.selection if i < len(samples)]]

    def show_run(self, where: Where, view: ModelView) -> None:
        """Show these weights, with the state in which this run was left."""
        self.forget()
        if view.data.fingerprint != self._fingerprint or view.data.kind != "points":
            self.plane, self._fingerprint = None, view.data.fingerprint
        self.where, self.view = where, view
        count = POINT_SAMPLES if view.data.kind == "points" else 64
        start = beginning(view.prior, count=count, temperature=view.temperature)
        self.keeper.show(where.run, start, lambda state: state.prior == view.prior)
        self.directions = None
        self.run_shown.emit()
        self._with_directions(None)
        self.ask_all()
        self.ask_directions()

    def forget(self) -> None:
        """Nothing that is under way is wanted any more; nothing is shown."""
        for lane in (self._current, self._sheet, self._principal):
            lane.forget()
        self.view = self.picture = self.samples = None
        self.keeper.hide()

    # --- asking

    def wake(self) -> None:
        """The panel can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self._stale = False
            self.ask_all()
            if self.directions is None:
                self.ask_directions()

    def _asleep(self) -> bool:
        """Nobody looks: other panels' questions come first, and these are asked when somebody does."""
        self._stale = self._stale or not self.awake
        return not self.awake

    def ask_all(self) -> None:
        self.ask_picture()
        self.ask_samples()
        self._settle()

    def _settle(self) -> None:
        if not self._asleep():
            self.settled.emit()

    def ask_picture(self) -> None:
        if not self._asleep():
            self._current.ask(Decode(self.where, self.state.z[None]), self._picture_came, self.failed.emit)

    def ask_samples(self) -> None:
        if not self._asleep():
            self._sheet.ask(self.where, self.state.samples(), self.pixels, self._samples_came, self.failed.emit)

    def ask_directions(self) -> None:
        if self.view is not None and not self._asleep():
            question = Directions(self.where, min(DIRECTIONS, self.state.size))
            self._principal.ask(question, self._with_directions, self.directions_failed.emit)

    def refresh(self) -> None:
        """Newer weights: draw again what is shown, unless hands are on it or the last time is not over yet."""
        if self.view is None or self._sheet.busy or (self._since_edit.isValid() and self._since_edit.elapsed() < CALM):
            return
        self.ask_all()

    def show_current(self) -> None:
        """The current latent again, after something else was seen in its place."""
        if self.picture is not None:
            self.picture_came.emit(self.picture)

    def _picture_came(self, found: Decoded) -> None:
        self.picture = found
        self.picture_came.emit(found)

    def _samples_came(self, found: Decoded) -> None:
        self.samples = found
        self.samples_came.emit(found)

    def _with_directions(self, found: DirectionsFound | None) -> None:
        self.directions = found
        state = self.keeper.states.get(self.where.run)
        if state is not None:  # other directions: what was locked along the old ones no longer means anything
            for slider in [s for s in state.locked if s.startswith("dir:")]:
                self.keeper.states[self.where.run] = state = state.with_lock(slider, False)
        self.directions_came.emit(found)

    # --- editing

    def edit(self, text: str, new: Latents, merge: object = None) -> None:
        """Go over to a new state, undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        self.keeper.edit(text, new, merge)

    def next_seed(self) -> int:
        """For Randomise: another one each time, the same ones in each session."""
        self._throws += 1
        return 1_000_000 + self._throws

    def _put(self, before: Latents, state: Latents) -> None:
        self._since_edit.start()
        if not np.array_equal(before.z, state.z):
            self.ask_picture()
            self._settle()
        drawn = [(s.seed, s.count, s.truncation, s.temperature) for s in (before, state)]
        if drawn[0] != drawn[1]:
            self.ask_samples()
        self.changed.emit(before)

    def batches(self, topic: str) -> Batches:
        """A lane of its own for a part that shows many pictures."""
        return Batches(self.session, self, topic)

    def lane(self, topic: str, *, slow: bool = False) -> Latest:
        return Latest(self.session, self, topic, slow=slow)
