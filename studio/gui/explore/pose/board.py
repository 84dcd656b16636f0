"""The pictures of the pose panel: source and truth, the skeleton, the results of one run or two, people and film."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from studio.explore.questions import PoseTaken
from studio.gui import theme
from studio.gui.explore.film import Picture
from studio.gui.explore.pose.editor import Editor
from studio.gui.explore.pose.keyframes import Keyframes
from studio.gui.explore.pose.library import Library
from studio.gui.explore.pose.parts_view import PartsView
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.result import Caption, Result
from studio.gui.session import Session
from studio.gui.widgets.tiles import stacked

NO_TRUTH = "no true picture of this pose"
SIDE = 92
"""Pixels of the column of small pictures."""


class Board(QWidget):
    """See the module."""

    def __init__(self, session: Session, poser: Poser) -> None:
        super().__init__()
        self.poser = poser
        self.editor = Editor(poser)
        self.canvas = self.editor.canvas
        self.source = Picture("the source", 48)
        self.source.setToolTip("Whose picture is posed; choose somebody below, or drop a picture here")
        self.truth = Picture("the true picture", 48)
        self.truth.setToolTip("The same person really in this pose, where that picture exists or can be drawn")
        self.wanted = PartsView("parts that the pose asks for", 48)
        self.wanted.setToolTip("Which part the pose asks for at each pixel; a chequer: it does not say")
        self.truth_caption = Caption("true picture")
        self.own, self.other = Result("this run"), Result("the run beside")
        self.other.hide()
        self.stages = QCheckBox("Stages")
        self.stages.setToolTip("Show what the model makes on the way to the picture")
        self.parts = QCheckBox("Parts")
        self.parts.setToolTip("Show the parts that are wanted, and those that the parser sees")
        for box in (self.stages, self.parts):
            box.clicked.connect(lambda on: self._view())

        column = QWidget()
        column.setFixedWidth(SIDE)
        small = QVBoxLayout(column)
        small.setContentsMargins(0, 0, 0, 0)
        small.setSpacing(theme.SPACE // 2)
        self._wanted = stacked(self.wanted, Caption("wanted parts"))
        small.addWidget(stacked(self.source, Caption("source")), 1)
        small.addWidget(stacked(self.truth, self.truth_caption), 1)
        small.addWidget(self._wanted, 1)
        made = QWidget()
        results = QHBoxLayout(made)
        results.setContentsMargins(theme.SPACE, 0, 0, 0)
        results.setSpacing(theme.SPACE)
        results.addWidget(self.own, 1)
        results.addWidget(self.other, 1)
        self.across = QSplitter(Qt.Orientation.Horizontal)
        self.across.setChildrenCollapsible(False)
        self.across.addWidget(self.editor)
        self.across.addWidget(made)
        self.across.setSizes([260, 320])
        upper = QWidget()
        top = QHBoxLayout(upper)
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(theme.SPACE)
        top.addWidget(column)
        top.addWidget(self.across, 1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.library, self.keyframes = Library(session, poser), Keyframes(session, poser)
        pages: tuple[tuple[QWidget, str, str], ...] = (
            (self.library, "People and poses", "Poses of the dataset to take, and people to pose"),
            (self.keyframes, "Film", "Keyframes, and the film that goes through them"),
        )
        for part, title, tip in pages:
            part.setContentsMargins(0, theme.SPACE // 2, 0, 0)
            self.tabs.setTabToolTip(self.tabs.addTab(part, title), tip)
        corner = QWidget()
        ticks = QHBoxLayout(corner)
        ticks.setContentsMargins(0, 0, theme.SPACE, 0)
        ticks.addWidget(self.stages)
        ticks.addWidget(self.parts)
        self.tabs.setCornerWidget(corner)
        self.down = QSplitter(Qt.Orientation.Vertical)
        self.down.setChildrenCollapsible(False)
        self.down.addWidget(upper)
        self.down.addWidget(self.tabs)
        self.down.setStretchFactor(0, 1)
        self.down.setSizes([390, 170])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.down)

        poser.run_shown.connect(self._show_anew)
        poser.changed.connect(self._changed)
        poser.came.connect(self._came)
        poser.other_came.connect(self._other_came)
        poser.failed.connect(self._failed)
        poser.other_failed.connect(self.other.show_message)
        poser.judging_changed.connect(lambda done, total: self._say_parts())
        self.keyframes.player.frame_shown.connect(self.editor.show_frame)

    # --- hands

    def toggle(self) -> None:
        """Play the film, or stop it."""
        self.tabs.setCurrentWidget(self.keyframes)
        self.keyframes.player.toggle()

    def stop(self) -> None:
        """The film stands."""
        self.keyframes.player.stop()

    def _view(self) -> None:
        state = self.poser.state
        views = replace(state.views, stages=self.stages.isChecked(), parts=self.parts.isChecked())
        if self.poser.view is not None and views != state.views:
            self.poser.edit("What is shown", replace(state, views=views))

    # --- what is shown

    def show_two(self, both: bool, own: str, other: str) -> None:
        """One result, or two beside each other, and what to call them."""
        self.own.title.setText(own if both else "")
        self.other.title.setText(other if both else "")
        if both and self.other.isHidden() and self.poser.other_result is None:
            self.other.show_message("Asking …")
        self.other.setVisible(both)

    def _show_anew(self) -> None:
        for part in (self.own, self.other):
            part.clear()
        self.own.picture.show_message("Posing …")
        for picture in (self.source, self.truth, self.wanted):
            picture.show_picture(None)
        self._changed(None)

    def _changed(self, before: object) -> None:
        if self.poser.view is None:
            return
        views = self.poser.state.views
        self.stages.setChecked(views.stages)
        self.parts.setChecked(views.parts)
        self._wanted.setVisible(views.parts)
        for part in (self.own, self.other):
            part.show_views(stages=views.stages, parts=views.parts)
        self._lay_under(self.poser.result)

    def _came(self, found: PoseTaken) -> None:
        self.own.show_answer(found)
        self.source.show_picture(found.source[0])
        known = len(found.truth) > 0
        self.truth.show_picture(found.truth[0] if known else None)
        if not known:
            self.truth.show_message(NO_TRUTH)
        self.wanted.show_parts(found.wanted[0])
        self._lay_under(found)
        self._say_parts()

    def _lay_under(self, found: PoseTaken | None) -> None:
        """The picture under the skeleton."""
        if found is None:
            return
        under = self.poser.state.views.under
        picture: np.ndarray[Any, np.dtype[np.uint8]] | None = found.source[0]
        if under == "target":
            picture = found.truth[0] if len(found.truth) else None
        elif under != "source":
            picture = found.images[0] if under == "made" else None
        self.editor.show_under(picture)

    def _say_parts(self) -> None:
        """Why there are no parts, where there are none."""
        poser = self.poser
        if poser.view is None:
            return
        why = "not asked"
        if poser.parser == "judge":
            why = "soon …" if poser.judging == "asked" else "no judge"
        for shown, found in ((self.own, poser.result), (self.other, poser.other_result)):
            if found is not None and found.parts is None and (not poser.hurried or poser.parser == "none"):
                shown.show_no_parts(why)

    def _other_came(self, found: PoseTaken | None) -> None:
        if found is None:
            self.other.clear()
        else:
            self.other.show_answer(found)
            self._say_parts()

    def _failed(self, why: str) -> None:
        self.own.show_message(why)

    # --- the settings

    def save_state(self) -> dict[str, Any]:
        return {
            "across": self.across.sizes(),
            "down": self.down.sizes(),
            "tab": self.tabs.currentIndex(),
            "library": self.library.save_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Of the last session; may be damaged."""
        for split, name in ((self.across, "across"), (self.down, "down")):
            sizes = state.get(name)
            if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(s, int) and s > 0 for s in sizes):
                split.setSizes(sizes)
        index = state.get("tab")
        if isinstance(index, int) and 0 <= index < self.tabs.count():
            self.tabs.setCurrentIndex(index)
        library = state.get("library")
        if isinstance(library, dict):
            self.library.restore_state(library)
