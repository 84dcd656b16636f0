"""The pose panel: for every model that takes a pose. Puts the parts together; each part is a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from studio.explore.questions import ModelView, PoseTaken, Where
from studio.export.provenance import Provenance
from studio.gui import theme
from studio.gui.drop import PICTURES
from studio.gui.explore.panel import Panel
from studio.gui.explore.pose.board import Board
from studio.gui.explore.pose.others import Others
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.source import SourceBox
from studio.gui.explore.pose.state import as_plain, from_plain
from studio.gui.explore.pose.verdict import Verdict
from studio.gui.export.offer import Offer, OfferedPoses, name_of
from studio.gui.session import Session
from studio.gui.shortcuts import bind


class PosePanel(Panel):
    """See the module."""

    title = "Pose"
    needs = "take a pose"
    kinds = ("images",)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.poser = Poser(session, self)
        self.others = Others(session, self, self.needs)
        self.board = Board(session, self.poser)
        self.canvas = self.board.canvas
        self.source = SourceBox(self.poser)
        self.verdict = Verdict(self.poser, self.others)
        self.pictures = self.board
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE // 2, 0)
        box.setSpacing(theme.SPACE)
        box.addWidget(self.source)
        box.addWidget(_line())
        box.addWidget(self.verdict)
        box.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self.controls = scroll

        poser = self.poser
        poser.run_shown.connect(self._show_anew)
        poser.came.connect(self._came)
        self.verdict.settled.connect(self._name_results)
        for half in (self.pictures, self.controls):
            keys = {
                "play": self.board.toggle,
                "beside": lambda: self.verdict.set_beside(on=not self.verdict.compares),
                "use made": poser.take_made,
            }
            bind(half, "Explore", keys)
        self.pictures.installEventFilter(self)
        poser.awake = False

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.poser.show_run(where, view)

    def forget(self) -> None:
        self.board.stop()
        self.poser.forget()

    def refresh(self) -> None:
        self.poser.refresh()

    def would_take(self, paths: Sequence[str]) -> str:
        fits = len(paths) == 1 and Path(paths[0]).suffix[1:].lower() in PICTURES
        return "Pose the person in this picture" if fits and self.poser.view is not None else ""

    def take(self, paths: Sequence[str]) -> None:
        if self.would_take(paths):
            self.poser.take_file(str(Path(paths[0])))

    def save_state(self) -> dict[str, Any]:
        return {"runs": self.poser.keeper.save(), "board": self.board.save_state()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.poser.keeper.restore(state.get("runs"))
        board = state.get("board")
        if isinstance(board, dict):
            self.board.restore_state(board)

    # --- what is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.poser.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.board.stop()
            self.poser.awake = False
        return super().eventFilter(watched, event)

    def _show_anew(self) -> None:
        poser = self.poser
        if poser.view is not None:
            self.others.show_run(poser.where.run, poser.view.data.fingerprint)

    def _came(self, found: PoseTaken) -> None:
        self.step_shown.emit(found.step)

    def _name_results(self) -> None:
        """Whose pictures they are, once two runs are shown."""
        own, other = self.verdict.names()
        self.board.show_two(self.verdict.compares, own, other)

    # --- out, and back

    def offer(self) -> Offer | None:
        poser = self.poser
        found = poser.result
        if poser.view is None:
            return None
        offer = Offer(where=poser.where, name=name_of(poser.where.run), decodes=False)
        if found is None or not poser.state.posed:
            return offer
        own, other = self.verdict.names()
        beside = ((other, Where(poser.beside)),) if self.verdict.compares else ()
        state = poser.state
        keys = np.stack([k.joints for k in state.keyframes]) if state.keyframes else np.zeros((0, 18, 3), np.float32)
        poses = OfferedPoses(
            found.source[0],
            found.source_joints,
            poser.joints,
            keys,
            state.film,
            state.duration,
            beside,
            own,
            {"name": self.title, "state": as_plain(state)},
        )
        return Offer(where=poser.where, name=name_of(poser.where.run), decodes=False, poses=poses)

    def restore(self, made: Provenance) -> None:
        """Of a file that came back: the same person, pose and keyframes."""
        about = made.settings.get("panel")
        poser = self.poser
        if not isinstance(about, Mapping) or about.get("name") != self.title or poser.view is None:
            return
        plain = about.get("state")
        state = from_plain(plain) if isinstance(plain, Mapping) else None
        fits = range(poser.view.data.count)
        if state is not None and (state.source is None or all(i in fits for i in state.source.real.indices)):
            poser.edit("Restore from a file", state)


def _line() -> QFrame:
    made = QFrame()
    made.setFixedHeight(1)
    theme.role(made, "line")
    return made
