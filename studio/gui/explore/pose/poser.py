"""What the parts of the pose panel share: whose picture, which pose, what came of it, and what another run makes of it.

Parts take it in their constructor, ask it for edits (undone together) and listen; none of them knows another one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from studio.data.dataset import DataSpec
from studio.data.skeleton import Joints
from studio.explore.pose import same
from studio.explore.questions import BrowsePoses, ModelView, Person, PosesBrowsed, PoseTaken, Real, TakePose, Where
from studio.gui.explore.asking import Latest, brief
from studio.gui.explore.explorer import CALM
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.pose.state import Parser, Posing, as_plain, from_plain
from studio.gui.session import Session

LIVE = 100
"""Milliseconds that an answer with parts may take to be asked for at every move of a hand; slower ones come later."""
REST = 180
"""Milliseconds of rest after which the parts come."""
NO_JOINTS = "No joint is left. Add one by the eye above the skeleton, or take a pose below."
FIRST = 16
"""Pictures of the first person that are looked at for a pose to begin with."""
Judging = Literal["", "asked", "failed"]


class Poser(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    came = Signal(object)
    """PoseTaken of the pose that is shown, K = 1; without parts while a hand moves where they take long."""
    other_came = Signal(object)
    """The same by the run beside; None: there is none."""
    failed = Signal(str)
    other_failed = Signal(str)
    judging_changed = Signal(int, int)
    """The judge's training: done, total; both 0 when it has ended."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.result: PoseTaken | None = None
        self.other_result: PoseTaken | None = None
        self.frame: Joints | None = None
        """A pose of the film that is shown in place of the state's, 18×3."""
        self.beside = ""
        """The run beside that was settled on, by whoever knows the runs; empty: none."""
        self.hurried = False
        """The last answer came without parts, which follow."""
        self.judging: Judging = ""
        self.trouble = ""
        """Why the judge could not be trained."""
        self.awake = True
        self.keeper = Keeper[Posing](session, self, self._put, as_plain, from_plain)
        self._lane = Latest(session, self, "pose")
        self._other = Latest(session, self, "pose other")
        self._begin = Latest(session, self, "pose begin")
        self._stale = False
        self._asked_at = QElapsedTimer()
        self._took = 0
        """Milliseconds of the last answer with parts."""
        self._since_edit = QElapsedTimer()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(lambda: self.ask())

    # --- what is set

    @property
    def state(self) -> Posing:
        return self.keeper.state

    @property
    def data(self) -> DataSpec:
        if self.view is None:
            raise LookupError("no run is shown")
        return self.view.data

    @property
    def joints(self) -> Joints:
        """The pose that is shown, 18×3: the state's, or that of the film."""
        return self.state.joints if self.frame is None else self.frame

    @property
    def parser(self) -> Parser:
        """Whose eyes the parts are, as far as this model has eyes."""
        wanted = self.state.views.parser
        return "judge" if wanted == "own" and not self.parses else wanted

    @property
    def parses(self) -> bool:
        """Whether the model has a parser of its own."""
        return self.view is not None and "parse parts" in self.view.capabilities

    def edit(self, text: str, new: Posing, merge: object = None) -> None:
        """Go over to a new state, undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        if self.view is not None:
            self.keeper.edit(text, new, merge)

    def choose_person(self, index: int, person: int = -1) -> None:
        """Somebody of the dataset is posed."""
        if self.view is not None:
            self.edit("Choose a person", self.state.with_source(Person(Real((index,))), person))

    def take_file(self, path: str) -> None:
        """Somebody in a picture file is posed."""
        if self.view is not None:
            self.edit("Take a picture", self.state.with_source(Person(Real((), (path,)))))

    def take_pose(self, joints: Joints, target: int | None = None, text: str = "Take a pose") -> None:
        """Another pose to begin from."""
        if self.view is not None:
            self.edit(text, self.state.with_pose(joints, target))

    def take_made(self) -> None:
        """The picture that was made is the source from now on, with the pose that it was made in."""
        found = self.result
        if self.view is None or found is None:
            return
        made = Person(picture=found.images[0].copy(), joints=self.joints.copy())
        self.edit("Take the picture that was made", self.state.with_source(made, found.person))

    # --- which run

    def show_run(self, where: Where, view: ModelView) -> None:
        again = self.view is not None and self.where.run == where.run
        self.forget()
        self.where, self.view = where, view
        fits = range(view.data.count)
        self.keeper.show(
            where.run, Posing(), lambda s: s.source is None or all(i in fits for i in s.source.real.indices)
        )
        if not again:
            self.beside = ""
        self.run_shown.emit()
        self.ask()

    def forget(self) -> None:
        for lane in (self._lane, self._other, self._begin):
            lane.forget()
        self._rest.stop()
        self.view = self.result = self.other_result = self.frame = None
        self.keeper.hide()

    def refresh(self) -> None:
        """The run trains on: the same picture by the newer weights, unless hands are on it."""
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        if self.view is not None and not self._lane.busy and not hands and self.frame is None:
            self.ask()

    def wake(self) -> None:
        """The panel can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self.ask()

    def compare_with(self, run: str) -> None:
        """The run that stands beside, empty for none."""
        if run != self.beside:
            self.beside = run
            self.other_result = None
            self._other.forget()
            self.other_came.emit(None)
            self.ask_other()

    # --- asking

    def _put(self, before: Posing, state: Posing) -> None:
        self._since_edit.start()
        framed, self.frame = self.frame is not None, None
        if before.source is not state.source:
            self.result = self.other_result = None
        self.changed.emit(before)
        if before.source is not state.source or before.views.parser != state.views.parser:
            self.ask()
        elif framed or not same(before.joints, state.joints):
            self.ask(moving=True)
        elif before.truth != state.truth:
            self.ask()
        elif before.compare != state.compare:
            self.other_result = None
            self.other_came.emit(None)
            self.ask_other()

    def show_frame(self, joints: Joints | None) -> None:
        """A pose of the film, in place of the state's; None: the state's again."""
        if self.view is None or (joints is None and self.frame is None):
            return
        self.frame = joints
        self.ask(moving=joints is not None)

    def ask(self, *, moving: bool = False) -> None:
        """What becomes of the person in the pose that is shown.

        Args:
            moving: a hand is on it, or the film plays: where the parts take long they come when it rests.
        """
        if self.view is None:
            return
        self._stale = not self.awake
        if self._stale:
            return
        if self.state.source is None:
            self._ask_first()
            return
        if not (self.joints[:, 2] > 0).any():
            for lane in (self._lane, self._other):
                lane.forget()
            self.result = self.other_result = None
            self.failed.emit(NO_JOINTS)
            return
        self._rest.stop()
        hurried = moving and self._took > LIVE and self.parser != "none"
        question = self._question(self.where, "none" if hurried else self.parser)
        if not self._lane.busy:
            self._asked_at.start()
        self._lane.ask(question, lambda found: self._came(found, full=not hurried), self._failed)
        if hurried:
            self._rest.start()
        self.ask_other(hurried=hurried)

    def ask_other(self, *, hurried: bool = False) -> None:
        """The same of the run beside, where there is one and anybody wants to see it."""
        if (
            self.view is None
            or not self.awake
            or self.state.source is None
            or not self.state.compare
            or not self.beside
        ):
            return
        if (self.joints[:, 2] > 0).any():
            question = self._question(Where(self.beside), "none" if hurried else self.parser)
            self._other.ask(question, self._other_arrived, self._other_not)

    def _question(self, where: Where, parser: Parser) -> TakePose:
        state = self.state
        assert state.source is not None
        target = state.truth if self.frame is None else None
        return TakePose(where, state.source, self.joints[None], target, parser)

    def _came(self, found: PoseTaken, *, full: bool) -> None:
        if self.view is None:
            return
        self.hurried = not full
        if full:
            self._took = int(self._asked_at.elapsed())
        self._asked_at.start()  # of the question that went out with this answer, if one waited
        self.result = found
        self.came.emit(found)

    def _failed(self, message: str) -> None:
        self.result = None
        self.failed.emit(message)

    def _other_arrived(self, found: PoseTaken) -> None:
        if self.view is not None and self.state.compare:
            self.other_result = found
            self.other_came.emit(found)

    def _other_not(self, message: str) -> None:
        self.other_result = None
        self.other_failed.emit(message)

    # --- somebody to begin with

    def _ask_first(self) -> None:
        """The first person of the dataset, in another pose of theirs."""
        run = self.where.run
        self._begin.ask(BrowsePoses(run, 0, 1), lambda found: self._first(run, found), self._failed)

    def _first(self, run: str, found: PosesBrowsed) -> None:
        if self.view is None or run != self.where.run or self.state.source is not None:
            return
        if not len(found.indices):
            self.failed.emit("Nobody of this dataset has a pose. Drop a picture of a person here.")
            return
        index, who = int(found.indices[0]), int(found.people[0])
        of = None if who < 0 else who
        self._begin.ask(
            BrowsePoses(run, 0, FIRST, person=of), lambda others: self._second(run, index, who, others), self._failed
        )

    def _second(self, run: str, index: int, who: int, found: PosesBrowsed) -> None:
        if self.view is None or run != self.where.run or self.state.source is not None or not len(found.indices):
            return
        there = (found.joints[:, :, 2] > 0).sum(axis=1)
        there[found.indices == index] = 0 if len(found.indices) > 1 else there[found.indices == index]
        at = int(np.argmax(there))
        state = self.state.with_source(Person(Real((index,))), who)
        if not self.state.posed:
            state = state.with_pose(found.joints[at], int(found.indices[at]))
        self.keeper.put(run, state)  # nothing to undo: nobody has done anything yet
        self._since_edit.invalidate()

    # --- the judge

    def train_judge(self) -> None:
        """Once for each dataset; it stands in the status line, with progress and Cancel."""
        if self.view is None or self.judging == "asked" or self.state.source is None:
            return

        def done(found: PoseTaken) -> None:
            self.judging, self.trouble = "", ""
            self.judging_changed.emit(0, 0)
            if self.view is not None:
                self.ask()

        def failed(message: str) -> None:
            self.judging = "" if message == "cancelled" else "failed"
            self.trouble = "" if message == "cancelled" else brief(message)
            self.judging_changed.emit(0, 0)

        self.judging, self.trouble = "asked", ""
        question = replace(self._question(self.where, "judge"), train=True)
        self.session.ask(
            question,
            self,
            done,
            failed=failed,
            advanced=self.judging_changed.emit,
            slow=True,
            title=f"Training a parser of {self.view.data.name}",
        )
        self.judging_changed.emit(0, 1)
