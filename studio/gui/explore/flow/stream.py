"""What the parts of the flow panel share: the state per run, undo, and what the engine found of points on their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from studio.explore.flow_pictures import Flow
from studio.explore.questions import (
    Density,
    DensityFound,
    Follow,
    Followed,
    Likelihoods,
    ModelView,
    Trace,
    TraceFound,
    Where,
)
from studio.explore.warping import Course, Seen, Window, hues, lattice, stations
from studio.gui import work
from studio.gui.explore.asking import Latest
from studio.gui.explore.explorer import CALM
from studio.gui.explore.flow.state import Flowing, Place, as_plain, from_plain
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.plane import Plane, of_dataset
from studio.gui.session import Session

GRID, EXACT, SMALL = 192, 256, 96
"""Cells a side at which the density of the data is asked for, that of what is seen at rest, those of small pictures."""
HELD_OUT = 1024
"""Examples of each kind whose likelihood is asked for."""
LIKELIHOOD_EVERY = 4000
"""Milliseconds between two looks at the likelihood, and at the mass, of a run in training."""


MOMENT = 40
"""Milliseconds that answers wait for one another, so that they are drawn once."""
LATER = 1000
"""Milliseconds after which a refresh that was put off is tried again."""


class Stream(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it: nothing of the one before may be seen."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    flow_came = Signal()
    """Newer points on their way, a newer density or other real points: see :attr:`flow`."""
    density_came = Signal(object)  # DensityFound
    likelihoods_came = Signal(object)  # LikelihoodsFound
    likelihoods_failed = Signal(str)
    followed = Signal(object)
    """Followed: what was found of the point that is looked at closely; None: nothing."""
    follow_failed = Signal(str)
    failed = Signal(str)
    step_shown = Signal(int)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.flow: Flow | None = None
        """All that is drawn; None until the samples were traced."""
        self.point: Followed | None = None
        self.window: Window | None = None
        self.real: npt.NDArray[np.float64] = np.zeros((0, 2))
        self.awake = False
        self.keeper: Keeper[Flowing] = Keeper(session, self, self._put, as_plain, from_plain)
        self._fingerprint = ""
        self._course: tuple[Seen, TraceFound] | None = None
        self._mesh: Course | None = None
        self._density: DensityFound | None = None
        self._known: dict[int, tuple[Window, npt.NDArray[np.float64]]] = {}
        """Densities after some of the steps, each in its window."""
        self._wanted: list[int] = []
        self._due = False
        """The densities after steps are to be asked for as soon as it is known how many there are."""
        self._traced = Latest(session, self, "flow samples")
        self._meshed = Latest(session, self, "flow lattice", slow=True)
        self._dense = Latest(session, self, "flow density", slow=True)
        self._exact = Latest(session, self, "flow exact density", slow=True)
        self._station = Latest(session, self, "flow small densities", slow=True)
        self._lanes = self._meshed, self._dense, self._exact, self._station
        self._likely = Latest(session, self, "flow likelihood", slow=True)
        self._follow = Latest(session, self, "flow point")
        self._stale = False
        self._since_edit, self._since_likely = QElapsedTimer(), QElapsedTimer()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(MOMENT)
        self._soon.timeout.connect(self._compose_now)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LATER)
        self._later.timeout.connect(self.refresh)

    # --- what is set

    @property
    def state(self) -> Flowing:
        return self.keeper.state

    @property
    def steps(self) -> int:
        """K; 0 until the flow was traced."""
        return self.flow.steps if self.flow is not None else 0

    @property
    def names(self) -> tuple[str, ...]:
        return self.flow.samples.names if self.flow is not None else ("prior",)

    @property
    def at(self) -> float:
        """After how many steps."""
        return self.state.step(self.steps)

    def edit(self, text: str, new: Flowing, merge: object = None) -> None:
        """Undoable under ``text``; edits in a row with the same ``merge`` are one."""
        if self.view is not None and new != self.state:
            self.keeper.edit(text, new, merge)

    def move(self, at: float, merge: object = None) -> None:
        """After so many steps."""
        self.edit("Step of the flow", self.state.moved(min(max(at, 0.0), self.steps), self.steps), merge)

    def set_pace(self, pace: float) -> None:
        """Of the player, in steps a second."""
        if self.view is not None:
            self.edit("Speed of the player", replace(self.state, pace=pace), "pace of the flow")

    def follow(self, *, x: Place | None = None, z: Place | None = None, merge: object = None) -> None:
        """Look closely at a point, by its place in the data or by its latent; none: no longer."""
        text = "Follow a point" if x is not None or z is not None else "Follow no point"
        self.edit(text, self.state.following(x=x, z=z), merge)

    # --- which run

    def show_run(self, where: Where, view: ModelView) -> None:
        other = where.run != self.where.run or view.data.fingerprint != self._fingerprint
        self.forget()
        self.where, self.view = where, view
        self._density, self._known, self._wanted = None, {}, []
        if other:
            self._mesh = self._course = self.flow = self.point = None
        if view.data.fingerprint != self._fingerprint:
            self._fingerprint, self.window, self.real = view.data.fingerprint, None, np.zeros((0, 2))
            self._read_real(view.data.fingerprint)
        self.keeper.show(where.run, Flowing(), lambda state: True)
        self.run_shown.emit()
        self.ask()

    def forget(self) -> None:
        """Nothing that is under way is wanted any more."""
        for lane in (*self._lanes, self._traced, self._likely, self._follow):
            lane.forget()
        self._later.stop()
        self._soon.stop()
        self._since_likely.invalidate()
        self.view = None
        self.keeper.hide()

    def refresh(self) -> None:
        """The run trains on: draw again what is there; later, when hands are on it or the last time is not over yet."""
        if self.view is None:
            return
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        if hands or self._traced.busy or self._meshed.busy:
            self._later.start()
        else:
            self.ask()

    def wake(self) -> None:
        """It can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self.ask()

    def _read_real(self, fingerprint: str) -> None:
        def came(plane: Plane) -> None:
            if fingerprint == self._fingerprint:
                self.real = plane.real
                self._settle_window()

        def missing(error: Exception) -> None:
            if fingerprint == self._fingerprint:
                self._settle_window()  # without its data a flow can be seen all the same

        work.run(self, lambda watch: of_dataset(fingerprint), came, missing)

    def _settle_window(self) -> None:
        self.window = Window.around(self.real)
        self._compose()
        self._ask_density()

    # --- asking

    def ask(self) -> None:
        """Everything, from the newest weights."""
        if self.view is None:
            return
        self._stale = not self.awake
        if self._stale:
            return
        self._ask_samples()
        self._ask_mesh()
        self._ask_point()
        due = not self._since_likely.isValid() or self._since_likely.elapsed() > LIKELIHOOD_EVERY
        if due:
            self._since_likely.start()
            self._ask_density()
            self._due = True
            question = Likelihoods(self.where, HELD_OUT)
            self._likely.ask(question, self.likelihoods_came.emit, self.likelihoods_failed.emit)

    def _ask_samples(self) -> None:
        seen = Seen(self.state.count, self.state.seed)
        self._traced.ask(
            Trace(self.where, seen.latents), lambda found: self._samples_came(seen, found), self.failed.emit
        )

    def _ask_mesh(self) -> None:
        layers = self.state.layers
        if layers.density or layers.contours:
            self._meshed.ask(Trace(self.where, lattice()), self._mesh_came, self.failed.emit)

    def _ask_density(self) -> None:
        if self.view is not None and self.awake and self.window is not None:
            question = Density(self.where, self.window.centre, self.window.reach, GRID)
            self._dense.ask(question, self._density_came, self.failed.emit)

    def ask_exact(
        self, step: int, seen: Window, came: Callable[[DensityFound], None], failed: Callable[[str], None]
    ) -> None:
        """The density after a whole step in a part of the plane, by the model itself in place of the mesh."""
        self._exact.ask(Density(self.where, seen.centre, seen.reach, EXACT, step), came, failed)

    def _ask_stations(self) -> None:
        """The densities of the steps that stand side by side, one after the other."""
        self._due = False
        self._wanted = [k for k in stations(self.steps) if 0 < k < self.steps]
        self._ask_station()

    def _ask_station(self) -> None:
        if self.flow is None or not self._wanted:
            self._compose()
            return
        step = self._wanted.pop(0)
        there = self.flow.window_at(step)

        def came(found: DensityFound) -> None:
            self._known[step] = there, found.log_density
            self._ask_station()

        self._station.ask(Density(self.where, there.centre, there.reach, SMALL, step), came, lambda message: None)

    @property
    def busy(self) -> bool:
        """Whether the engine is asked for anything that is drawn."""
        return any(lane.busy for lane in (*self._lanes, self._traced, self._follow))

    def _ask_point(self) -> None:
        state = self.state
        if state.x is None and state.z is None:
            self._follow.forget()
            self._point_came(None)
        else:
            self._follow.ask(Follow(self.where, state.x, state.z), self._point_came, self._point_failed)

    def _samples_came(self, seen: Seen, found: TraceFound) -> None:
        if self.view is not None:
            self._course = seen, found
            self.step_shown.emit(found.step)
            self._compose()

    def _mesh_came(self, found: TraceFound) -> None:
        if self.view is not None:
            self._mesh = Course(found.names, found.points, found.log_density).tame()
            self._compose()

    def _density_came(self, found: DensityFound) -> None:
        if self.view is not None:
            self._density = found
            self.density_came.emit(found)
            self._compose()

    def _point_came(self, found: Followed | None) -> None:
        self.point = found
        self.followed.emit(found)
        self._compose()

    def _point_failed(self, message: str) -> None:
        self._point_came(None)
        self.follow_failed.emit(message)

    def _compose(self) -> None:
        """Draw what was found so far: at once when nothing is drawn yet, else with what comes in the same moment."""
        if self.flow is None:
            self._soon.stop()
            self._compose_now()
        elif not self._soon.isActive():
            self._soon.start()

    def _compose_now(self) -> None:
        if self._course is None or self.window is None or self.view is None:
            return
        seen, found = self._course
        samples, lines, circles = seen.of(Course(found.names, found.points, found.log_density).tame())
        steps = len(found.names)
        mesh = self._mesh if self._mesh is not None and len(self._mesh.names) == steps else None
        path: npt.NDArray[Any] = np.zeros((0, 2))
        if self.point is not None and len(self.point.names) == steps:
            path = self.point.points.astype(np.float64)
        known = {step: there for step, there in self._known.items() if step < steps - 1}
        if self._density is not None:
            known[steps - 1] = self.window, self._density.log_density
        self.flow = Flow(
            self.window, samples, lines, circles, hues(seen.latents[: seen.count]), mesh, known, self.real, path
        )
        self.flow_came.emit()
        if self._due:
            self._ask_stations()

    def _put(self, before: Flowing, state: Flowing) -> None:
        self._since_edit.start()
        if (before.seed, before.count) != (state.seed, state.count):
            self._ask_samples()
        shown, was = state.layers, before.layers
        if (shown.density or shown.contours) and not (was.density or was.contours):
            self._ask_mesh()
        if (before.x, before.z) != (state.x, state.z):
            self._ask_point()
        self.changed.emit(before)
