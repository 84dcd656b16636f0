"""The row below the picture: what lies around the current latent. Neighbours in the data, its past, the walk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from studio.explore.questions import Decoded, Nearest, NearestFound, Pictures, Through, ThroughTime
from studio.gui import theme
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.walk import SHOWN_FRAMES, WalkTab

REST = 150
"""Milliseconds for which the latent must rest before the slow questions are asked, so that they take no time from
the picture under a moving slider."""
NEIGHBOURS = 6

VIEWS = {
    "nearest": ("Nearest data", "The training examples nearest to what is shown, with their distance"),
    "through": ("Through time", "The same latent at the run's checkpoints"),
    "walk": ("Walk", "The frames of the walk; pick one to see it"),
}


class Around(QFrame):
    """A film and a choice of what it shows."""

    near_came = Signal(object)  # NearestFound | None
    through_came = Signal(object)  # Through | None
    checkpoint_wanted = Signal(int)
    """A picture of the past was picked: show the run as it was at that step."""

    def __init__(self, explorer: Explorer, walk: WalkTab) -> None:
        super().__init__()
        self.explorer, self.walk = explorer, walk
        self.showing = "nearest"
        self.near: NearestFound | None = None
        self.through: Through | None = None
        self._nearest = explorer.lane("nearest", slow=True)
        self._through = explorer.lane("through time", slow=True)
        self._stale = {"nearest", "through"}

        self.film = Film("around the current latent", 76)
        self.film.picked.connect(self._picked)
        self.buttons = {name: QToolButton() for name in VIEWS}
        self.unit = QLabel()
        theme.role(self.unit, "small")
        group = QButtonGroup(self)
        column = QVBoxLayout()
        column.setSpacing(4)
        for name, each in self.buttons.items():
            each.setCheckable(True)
            each.setText(VIEWS[name][0])
            each.setToolTip(VIEWS[name][1])
            each.setAccessibleName(VIEWS[name][0])
            theme.role(each, "tab")
            each.setStyleSheet("padding: 3px 8px;")
            each.setFixedSize(144, 26)
            each.clicked.connect(lambda checked=False, n=name: self.show_view(n))
            group.addButton(each)
            column.addWidget(each)
        column.addWidget(self.unit)
        column.addStretch(1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(column)
        whole.addWidget(self.film, 1)
        self.buttons["nearest"].setChecked(True)

        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self.ask)
        explorer.run_shown.connect(self._show_anew)
        explorer.settled.connect(self._unsettle)
        explorer.plane_came.connect(self._fill)
        walk.frames_came.connect(lambda found: self._fill())
        walk.frame_changed.connect(self._mark)

    def show_view(self, name: str) -> None:
        """nearest, through, or walk."""
        self.showing = name
        self.buttons[name].setChecked(True)
        self._fill()
        self.ask()

    def _show_anew(self) -> None:
        self._nearest.forget()
        self._through.forget()
        self.near = self.through = None
        self.near_came.emit(None)
        self.through_came.emit(None)
        self._fill()

    def _unsettle(self) -> None:
        self._stale = {"nearest", "through"}
        self._rest.start()

    # --- asking

    def ask(self) -> None:
        """What is shown, when it is of another latent than the current one and can be seen."""
        ex = self.explorer
        if ex.view is None or not self.isVisible() or self.showing not in self._stale:
            return
        self._stale.discard(self.showing)
        if self.showing == "nearest":
            self._nearest.ask(Nearest(ex.where, ex.state.z[None], NEIGHBOURS), self._near, self._failed)
        else:
            self._through.ask(ThroughTime(ex.where.run, ex.state.z), self._past, self._failed)

    def _failed(self, message: str) -> None:
        self.film.set_empty(message)
        self.film.show_items(NOTHING)

    def _near(self, found: NearestFound) -> None:
        if self.explorer.view is None:
            return  # of the run before: another one has been chosen, and is not there yet
        self.near = found
        self.near_came.emit(found)
        self._fill()

    def _past(self, found: Through) -> None:
        if self.explorer.view is None:
            return
        self.through = found
        self.through_came.emit(found)
        self._fill()

    # --- what is shown

    def _fill(self) -> None:
        points = self.explorer.view is not None and self.explorer.points
        units = {"nearest": f"RMS distance, {'data units' if points else 'grey levels'}", "through": "step"}
        self.unit.setText(units.get(self.showing, "frame"))
        {"nearest": self._fill_nearest, "through": self._fill_through, "walk": self._fill_walk}[self.showing]()

    def _fill_nearest(self) -> None:
        if self.near is None:
            self._nothing("Looking for the nearest training examples …" if self.explorer.view else "")
            return
        near, unit = self.near, "data units" if self.explorer.points else "grey levels"
        images = self._pictures(near.images, near.points)
        distances = near.distances.reshape(-1)
        self.film.show_items(
            images,
            [f"{d:.3g}" for d in distances],
            [
                f"training example {i:,}: root-mean-square distance {d:.4g} {unit}"
                for i, d in zip(near.indices.reshape(-1), distances, strict=True)
            ],
        )
        self.film.set_current(-1)

    def _fill_through(self) -> None:
        if self.through is None:
            self._nothing("Drawing this latent at each checkpoint …" if self.explorer.view else "")
            return
        past = self.through
        if not past.steps:
            self._nothing("No checkpoint yet: the first one is written a little later in the training.")
            return
        images = self._pictures(past.images, past.points)
        self.film.show_items(
            images,
            [f"{s:,}" for s in past.steps],
            [f"step {s:,}; pick it to show the run as it was then" for s in past.steps],
        )
        here = self.explorer.where.checkpoint
        self.film.set_current(past.steps.index(here) if here in past.steps else -1)

    def _fill_walk(self) -> None:
        found = self.walk.frames
        if found is None:
            keys = len(self.explorer.state.walk.keys) if self.explorer.view else 0
            self._nothing("Drawing the walk …" if keys > 1 else "Choose two or more keys in the tab Walk.")
            return
        images = self.explorer.pictures(self._some(found))
        self.film.show_items(images, [f"{i + 1}" for i in self._shown()], [f"frame {i + 1}" for i in self._shown()])
        self._mark(self.walk.frame)

    def _shown(self) -> list[int]:
        """Which frames of the walk are in the film."""
        found = self.walk.frames
        if found is None:
            return []
        count = max(len(found.images), 0 if found.points is None else len(found.points))
        return sorted({round(i) for i in np.linspace(0, count - 1, min(count, SHOWN_FRAMES))})

    def _some(self, found: Decoded) -> Decoded:
        which = self._shown()
        images = found.images[which] if len(found.images) else found.images
        return Decoded(found.step, images, None if found.points is None else found.points[which])

    def _mark(self, frame: int) -> None:
        if self.showing == "walk" and self.walk.frames is not None:
            shown = self._shown()
            self.film.set_current(int(np.abs(np.array(shown) - frame).argmin()))

    def _nothing(self, text: str) -> None:
        self.film.set_empty(text)
        self.film.show_items(NOTHING)

    def _pictures(self, images: Pictures, points: npt.NDArray[np.float32] | None) -> Pictures:
        return self.explorer.pictures(Decoded(0, images, None if points is None else points.reshape(-1, 2)))

    # --- hands

    def _picked(self, index: int) -> None:
        if self.showing == "walk":
            self.walk.stop()
            self.walk.show_frame(self._shown()[index])
        elif self.showing == "through" and self.through is not None:
            self.checkpoint_wanted.emit(self.through.steps[index])

    def showEvent(self, event: object) -> None:
        self.ask()
