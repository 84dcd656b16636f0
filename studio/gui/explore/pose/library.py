"""Poses to take: people of the dataset with their skeletons, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QPointF, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QVBoxLayout, QWidget

from studio.data.body_pictures import limb_colour
from studio.data.skeleton import LIMBS, Joints
from studio.explore.pose import known
from studio.explore.pose_bodies import fitted
from studio.explore.questions import Person, Real
from studio.explore.questions.pose import BrowsePoses, PosesBrowsed
from studio.gui import theme
from studio.gui.explore.asking import Latest
from studio.gui.explore.browser import PARTS
from studio.gui.explore.film import NOTHING
from studio.gui.explore.parts import button, choose, quiet, row, tool
from studio.gui.explore.pose.painting import DARK, is_left
from studio.gui.explore.pose.poser import Poser
from studio.gui.session import Session
from studio.gui.widgets.image_grid import ImageGrid

PAGE = 24
Fit = Literal["as it is", "place", "limbs"]
FITS: tuple[tuple[str, Fit, str], ...] = (
    ("As it is", "as it is", "The joints just where they are in that picture"),
    ("Own size", "place", "Where the person who is posed stands in their own picture, and as large"),
    ("Own limbs", "limbs", "In that place, each limb as long as the posed person's own"),
)
CHOSEN = "Choose from the pose library"


class PoseGrid(ImageGrid):
    """Pictures with the limbs drawn over them."""

    def __init__(self) -> None:
        super().__init__(name="pose", multi=False)
        self.joints: Joints = np.zeros((0, 18, 3), np.float32)

    def show_poses(self, found: PosesBrowsed) -> None:
        self.joints = found.joints
        self.set_images(found.images)

    def clear(self) -> None:
        self.joints = self.joints[:0]
        super().clear()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._layout is None or len(self.joints) != len(self.images):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height, width = self.images.shape[1:3]
        for index, joints in enumerate(self.joints):
            tile, there = self.tile_rect(index), known(joints)
            painter.setClipRect(tile)
            x, y = tile.width() / width, tile.height() / height
            at = [QPointF(tile.left() + float(j[0]) * x, tile.top() + float(j[1]) * y) for j in joints]
            thick = max(tile.height() / 44, 1.4)
            for casing in (True, False):
                for a, b in LIMBS:
                    if there[a] and there[b]:
                        pen = QPen(DARK if casing else QColor(*limb_colour(b)), thick + 1.6 if casing else thick)
                        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                        if is_left(b) and not casing:
                            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                            pen.setDashPattern([2.2, 1.1])
                        painter.setPen(pen)
                        painter.drawLine(at[a], at[b])


class Library(QWidget):
    """See the module. A click takes the pose, a double click the person. Asks nothing while it cannot be seen."""

    def __init__(self, session: Session, poser: Poser) -> None:
        super().__init__()
        self.poser = poser
        self.page: PosesBrowsed | None = None
        self.offset = 0
        self._of = ("", "")
        """Run and dataset that the page is of."""
        self._turn = 0
        self._lane = Latest(session, self, "pose library")
        self.part = QComboBox()
        for text, value in PARTS:
            self.part.addItem(text, value)
        self.part.setAccessibleName("which people")
        self.part.setToolTip("Held-out people were kept from training; those of training the model has seen")
        self.part.activated.connect(lambda index: self.go_to(0))
        self.same = QCheckBox("Same person")
        self.same.setToolTip(
            "Only poses of the person who is posed: their true picture in that pose is known, to compare with"
        )
        self.same.toggled.connect(lambda on: self.go_to(0))
        self.fit = QComboBox()
        for index, (text, fit, tip) in enumerate(FITS):
            self.fit.addItem(text, fit)
            self.fit.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.fit.setAccessibleName("how a pose is taken")
        self.fit.setToolTip("How a pose is taken. " + "; ".join(f"{text}: {tip}" for text, _, tip in FITS))
        for box in (self.part, self.fit):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.back = tool("caret-left", "Earlier poses", lambda: self.go_to(self.offset - PAGE))
        self.further = tool("caret-right", "Further poses", lambda: self.go_to(self.offset + PAGE))
        self.place = quiet()
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.source = button(
            "As source",
            "user",
            "Take the marked picture's person as the one who is posed (double click)",
            self.take_person,
        )
        self.grid = PoseGrid()
        self.grid.setToolTip("")
        self.grid.setMinimumSize(96, 72)
        self.grid.caption = self._tell
        self.grid.picked.connect(self._picked)
        self.grid.activated.connect(self._activated)
        self.bar = row(self.part, self.same, self.back, self.further, self.place, self.fit, self.source)
        self.bar.setStretch(4, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(self.bar)
        whole.addWidget(self.grid, 1)
        self._before = poser.state if poser.view is not None else None
        poser.run_shown.connect(self._show_anew)
        poser.changed.connect(self._changed)
        poser.came.connect(lambda found: self._show_buttons())
        self._show_buttons()

    # --- what is shown

    @property
    def person(self) -> int:
        """Who is posed, −1 where nobody knows."""
        poser = self.poser
        if poser.view is None:
            return -1
        found = poser.result
        return poser.state.person if poser.state.person >= 0 or found is None else found.person

    def _show_anew(self) -> None:
        poser = self.poser
        if poser.view is None:
            return
        now = (poser.where.run, poser.view.data.fingerprint)
        if now != self._of or self.page is None:
            self._of, self.page = now, None
            self._lane.forget()
            self.grid.clear()
            self.grid.empty_text = "Reading …"
            self.go_to(0)
        self._mark()

    def _changed(self, before: Any) -> None:
        if self.same.isChecked() and before.person != self.poser.state.person:
            self.go_to(0)
        self._mark()

    def go_to(self, offset: int) -> None:
        """The page that begins there."""
        self.offset = max(offset, 0)
        if self.poser.view is None or not self.isVisible():
            self.page = None  # asked for when it is seen
            return
        who = self.person if self.same.isChecked() else -1
        wanted = BrowsePoses(
            self.poser.where.run, self.offset, PAGE, self.part.currentData(), who if who >= 0 else None
        )
        self._lane.ask(wanted, self._browsed, self._failed)

    def _browsed(self, found: PosesBrowsed) -> None:
        if self.poser.view is None:
            return
        self.page = found
        with QSignalBlocker(self.grid):
            self.grid.show_poses(found)
        self.grid.empty_text = "Nobody here has a pose."
        self.grid.update()
        last = self.offset + len(found.indices)
        self.place.setText(f"{self.offset + 1:,}–{last:,} of {found.total:,}" if len(found.indices) else "none")
        self.back.setEnabled(self.offset > 0)
        self.further.setEnabled(last < found.total)
        self._mark()

    def _failed(self, message: str) -> None:
        self.page = None
        self.grid.clear()
        self.grid.set_images(NOTHING)
        self.grid.empty_text = message
        self.grid.update()
        self.place.setText("")

    def _tell(self, index: int) -> str:
        page = self.page
        if page is None or index >= len(page.indices):
            return ""
        example, who = int(page.indices[index]), int(page.people[index])
        source = self.poser.state.source if self.poser.view is not None else None
        posed = ", who is posed" if source is not None and example in source.real.indices else ""
        person = f"person {who:,}" if who >= 0 else "a person"
        return f"{person}{posed} · example {example:,} · {int(known(page.joints[index]).sum())} joints"

    def _mark(self) -> None:
        """Select the example whose pose is taken."""
        page, target = self.page, self.poser.state.target if self.poser.view is not None else None
        if page is not None:
            with QSignalBlocker(self.grid):
                self.grid.select({i for i, example in enumerate(page.indices.tolist()) if example == target})
        self._show_buttons()

    def _show_buttons(self) -> None:
        shown = self.poser.view is not None
        self.same.setEnabled(shown and (self.person >= 0 or self.same.isChecked()))
        self.source.setEnabled(self.page is not None and 0 <= self.grid.current < len(self.page.indices))
        for part in (self.part, self.fit):
            part.setEnabled(shown)
        if self.page is None:
            self.back.setEnabled(False)
            self.further.setEnabled(False)

    # --- hands

    def _picked(self, index: int) -> None:
        poser, page = self.poser, self.page
        if poser.view is None or page is None or index >= len(page.indices):
            return
        self._turn += 1
        self._before = poser.state
        joints, fit = page.joints[index], self.fit.currentData()
        like = self._like()
        if fit != "as it is" and like is not None:
            new = poser.state.with_pose(fitted(joints, like, limbs=fit == "limbs"))
        else:
            new = poser.state.with_pose(joints, int(page.indices[index]))
        poser.edit(CHOSEN, new, ("pose library", id(self), self._turn))
        self._mark()

    def _like(self) -> Joints | None:
        """The body of the person who is posed, as far as it is known."""
        found, state = self.poser.result, self.poser.state
        own = [None if state.source is None else state.source.joints, None if found is None else found.source_joints]
        return next((j for j in (*own, state.joints) if j is not None and known(j).any()), None)

    def _activated(self, index: int) -> None:
        """A double click. Its first click took the pose, which goes back: that was not meant."""
        before, self._before = self._before, None
        if before is not None and self.poser.view is not None:
            self._take(index, before, ("pose library", id(self), self._turn))

    def take_person(self) -> None:
        """The person of the marked picture is posed from now on; the pose stays."""
        if self.poser.view is not None:
            self._turn += 1
            self._take(self.grid.current, self.poser.state, None)

    def _take(self, index: int, state: Any, merge: object) -> None:
        page = self.page
        if page is not None and 0 <= index < len(page.indices):
            person = Person(Real((int(page.indices[index]),)))
            self.poser.edit(CHOSEN, state.with_source(person, int(page.people[index])), merge)

    # --- out, and back

    def save_state(self) -> dict[str, Any]:
        return {"part": self.part.currentData(), "same": self.same.isChecked(), "fit": self.fit.currentData()}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Of the last session; may be damaged."""
        known_values: tuple[tuple[QComboBox, str, Callable[[object], bool]], ...] = (
            (self.part, "part", lambda v: v in [value for _, value in PARTS]),
            (self.fit, "fit", lambda v: v in [fit for _, fit, _ in FITS]),
        )
        for box, name, holds in known_values:
            if holds(state.get(name)):
                choose(box, state[name])
        with QSignalBlocker(self.same):
            self.same.setChecked(state.get("same") is True)

    def showEvent(self, event: object) -> None:
        if self.page is None:
            self.go_to(self.offset)
