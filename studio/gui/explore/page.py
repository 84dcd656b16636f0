"""The Explore page: asks what the chosen run's model can do, and opens a panel for each thing that one exists for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QElapsedTimer, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.explore.questions import Describe, ModelView, Where
from studio.export.jobs import no_onnx
from studio.export.provenance import Provenance
from studio.gui import theme, work
from studio.gui.explore.asking import Latest
from studio.gui.explore.header import Header
from studio.gui.explore.notice import Notice
from studio.gui.explore.panel import Panel
from studio.gui.explore.panels import PANELS
from studio.gui.export.sheet import ExportSheet
from studio.gui.session import Session, Trouble
from studio.gui.widgets.panes import Panes
from studio.gui.widgets.stack import Stack
from studio.runs.folder import DamagedRun, RunFolder
from studio.training.events import Event

LIVE_EVERY = 1000
"""Milliseconds between two looks at a run in training."""
CONTROLS = 344


class ExplorePage(QWidget):
    """Follows ``session.run_chosen``. Asks nothing while it cannot be seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.run = ""
        self.checkpoint: int | None = None
        self.view: ModelView | None = None
        self.panels: dict[str, Panel] = {}
        """Those made so far, by title."""
        self.open: list[Panel] = []
        """Those that the chosen run has, in the order of the tabs."""
        self._describe = Latest(session, self, "describe")
        self._pending: Provenance | None = None
        self._saved: dict[str, Any] = {}
        self._tab = ""
        """Title of the panel that a person looked at last: another run opens with it, if it has it."""
        self._stale = True
        self._since_live = QElapsedTimer()

        self.header = Header(self.export)
        self.title, self.live = self.header.title, self.header.live
        self.checkpoints, self.export_button = self.header.checkpoints, self.header.export_button
        self.header.checkpoint_wanted.connect(self.show_checkpoint)

        self.pictures = Stack()
        self.controls = QTabWidget()
        self.controls.setDocumentMode(True)
        self.controls.setTabBarAutoHide(True)
        theme.role(self.controls, "tight")
        self.controls.currentChanged.connect(self._panel_changed)
        self.sheet = ExportSheet(session)
        self.sheet.closed.connect(self._close_export)
        self.pictures.setContentsMargins(0, 0, theme.SPACE, 0)
        self.side = QStackedWidget()
        self.side.setContentsMargins(theme.SPACE, 0, 0, 0)
        self.side.addWidget(self.controls)
        self.side.addWidget(self.sheet)
        self.side.setMinimumWidth(CONTROLS + theme.SPACE)
        self.split = Panes(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.pictures)
        self.split.addWidget(self.side)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([1000, CONTROLS])

        self.notice = Notice()
        self.notice.button.clicked.connect(lambda: session.page_wanted.emit("train"))
        self.body = QStackedWidget()
        self.body.addWidget(self.notice)
        self.body.addWidget(self.split)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        whole.setSpacing(theme.SPACE)
        whole.addWidget(self.header)
        whole.addWidget(self.body, 1)

        session.run_chosen.connect(self._choose)
        session.started.connect(self._weights_may_be_there)
        session.checkpointed.connect(self._weights_may_be_there)
        session.ended.connect(self._weights_may_be_there)
        session.progressed.connect(self._trains_on)
        session.ready.connect(self._engine_is_back)
        session.library_changed.connect(self._name)
        session.provenance_dropped.connect(self.restore)
        session.catalogue_changed.connect(self._name)
        self._choose(session.run)

    # --- which run

    def _choose(self, run: str) -> None:
        self.run, self.checkpoint, self.view = run, None, None
        self._stale = True
        self._describe.forget()
        self._pending = None
        for panel in self.open:
            panel.forget()
        self._close_export()
        self._name()
        if run:
            self._say("Looking at this run …")
            self.ask()
        else:
            self._say(
                "No run to explore yet",
                "Train a model, or choose a run in the list: then its pictures are here, and sliders to steer them.",
                train=True,
            )

    def _name(self) -> None:
        """The run's title, read off this thread."""
        run, session = self.run, self.session

        def read(watch: object) -> str:
            folder = RunFolder(run)
            try:
                card = session.card(folder.recipe()[0])
                return f"{folder.info().title}{' · ' + card.title if card else ''}"
            except DamagedRun:
                return Path(run).name

        self.title.setText(Path(run).name)
        if run:
            work.run(self, read, lambda title: self.title.setText(title) if run == self.run else None)

    def ask(self) -> None:
        """Ask what this run's model can do, when somebody can see the answer."""
        if self.run and self.isVisible():
            self._stale = False
            run = self.run
            self._describe.ask(
                Describe(Where(run, self.checkpoint)),
                lambda view: self._described(run, view),
                lambda message: self._not_described(run, message),
            )

    def _described(self, run: str, view: ModelView) -> None:
        if run != self.run:
            return
        if not view.checkpoints and self.session.training != run:
            self._say(
                "This run has no weights yet",
                "There is something to explore as soon as it has trained for a moment.",
                train=True,
            )
            return
        made, self._pending = self._pending, None
        if made is not None:
            self._go_back_to(made, view)
        known, self.view = self.view, view
        self._list_checkpoints()
        if known is not None and self.open and replaced(known) == replaced(view):
            for panel in self.open:  # the same model, trained on
                panel.refresh()
        else:
            self._open(view)
        if made is not None:
            self._restore_panels(made)

    def _not_described(self, run: str, message: str) -> None:
        if run == self.run:
            self._say("This run cannot be explored yet", message, train=True)

    def _open(self, view: ModelView) -> None:
        wanted = [kind for kind in PANELS if kind.opens_for(view)]
        if not wanted:
            can = ", ".join(view.capabilities) or "nothing that a panel shows"
            self._say("No panel for this model", f"What it can do: {can}.")
            return
        self.controls.blockSignals(True)
        self.controls.clear()
        self.open = []
        for kind in wanted:
            panel = self.panels.get(kind.title) or self._make(kind)
            self.open.append(panel)
            self.controls.addTab(panel.controls, panel.title)
        index = next((i for i, panel in enumerate(self.open) if panel.title == self._tab), 0)
        self.controls.setCurrentIndex(index)
        self.controls.blockSignals(False)
        self.body.setCurrentWidget(self.split)
        self.header.something()
        self.pictures.setCurrentWidget(self.open[index].pictures)
        for panel in self.open:
            panel.show_run(Where(self.run, self.checkpoint), view)

    def _make(self, kind: type[Panel]) -> Panel:
        made = self.panels[kind.title] = kind(self.session, self)
        self.pictures.addWidget(made.pictures)
        made.checkpoint_wanted.connect(self.show_checkpoint)
        made.step_shown.connect(self._show_step)
        made.latent_wanted.connect(self._edit_latent)
        made.beside_wanted.connect(self._show_beside)
        made.restore_state(self._saved.get(kind.title, {}))
        return made

    def _edit_latent(self, z: npt.NDArray[np.float32], what: str) -> None:
        """Open the panel that takes it."""
        for index, panel in enumerate(self.open):
            if panel.take_latent(z, what):
                self.controls.setCurrentIndex(index)
                return

    def _show_beside(self, picture: npt.NDArray[np.uint8], what: str) -> None:
        for panel in self.open:
            panel.show_beside(picture, what)

    @property
    def panel(self) -> Panel | None:
        """The one that is seen."""
        index = self.controls.currentIndex()
        return self.open[index] if self.view is not None and 0 <= index < len(self.open) else None

    def would_take(self, paths: Sequence[str]) -> str:
        """What dropping these files on the page would do, in words; empty: they are for the window."""
        return self.panel.would_take(paths) if self.panel is not None else ""

    def take(self, paths: Sequence[str]) -> None:
        """They were dropped."""
        if self.panel is not None:
            self.panel.take(paths)

    def _panel_changed(self, index: int) -> None:
        if 0 <= index < len(self.open):
            self.pictures.setCurrentWidget(self.open[index].pictures)
            self._tab = self.open[index].title

    def _say(self, words: str, more: str = "", *, train: bool = False) -> None:
        """Words in place of panels."""
        self.notice.say(words, more, train=train)
        self.body.setCurrentIndex(0)
        self.header.nothing(export=not train)  # one primary button at a time

    # --- which weights

    def _list_checkpoints(self) -> None:
        if self.view is not None:
            self.header.list_checkpoints(self.view.checkpoints, self.checkpoint, live=self._is_live())

    def show_checkpoint(self, step: int | None) -> None:
        """Other weights of the same run; the latent and all settings stay."""
        if self.view is not None and step != self.checkpoint:
            self.checkpoint = step
            self._list_checkpoints()
            for panel in self.open:
                panel.show_run(Where(self.run, step), self.view)

    def _is_live(self) -> bool:
        return bool(self.run) and self.session.training == self.run

    def _show_step(self, step: int) -> None:
        self.header.show_step(step, live=self._is_live() and self.checkpoint is None)

    def _weights_may_be_there(self, event: Event) -> None:
        if event.run == self.run:
            self._stale = True
            self.ask()

    def _engine_is_back(self, ready: object) -> None:
        """After a restart: ask again what was lost. At the first start the question is still under way."""
        if self.view is not None:
            for panel in self.open:
                panel.refresh()
        elif not self._describe.busy:
            self.ask()

    def _trains_on(self, event: Event) -> None:
        due = not self._since_live.isValid() or self._since_live.elapsed() >= LIVE_EVERY
        if event.run != self.run or not self.isVisible() or not due or self._describe.busy:
            return
        self._since_live.start()
        if self.view is None:
            self.ask()
        elif self.checkpoint is None:
            for panel in self.open:
                panel.refresh()

    # --- export, and back

    def export(self) -> None:
        """Open the export sheet over the controls (Ctrl+E), or close it."""
        offer = self.panel.offer() if self.panel is not None else None
        if self.side.currentWidget() is self.sheet:
            self._close_export()
        elif offer is not None and self.view is not None:
            self.sheet.show_offer(replace(offer, no_onnx=no_onnx(self.view.capabilities)))
            self.side.setCurrentWidget(self.sheet)
            self.sheet.setFocus()
            self.header.dress_export("quiet")  # the sheet has the primary button now

    def _close_export(self) -> None:
        self.side.setCurrentWidget(self.controls)
        self.header.dress_export("primary")

    def restore(self, made: Provenance) -> None:
        """Show the checkpoint and the latent that a dropped file was made of; its run was chosen just before."""
        self._pending = made
        self.checkpoint = self.view = None
        self._stale = True
        self.ask()

    def _go_back_to(self, made: Provenance, view: ModelView) -> None:
        if made.checkpoint in view.checkpoints:
            self.checkpoint = made.checkpoint
        else:
            self.session.trouble.emit(
                Trouble(
                    f"The weights of step {made.checkpoint:,} are not kept any more",
                    "The newest ones are shown with the same latent instead, so the picture may be another one.",
                    about=self.run,
                )
            )

    def _restore_panels(self, made: Provenance) -> None:
        """The panel that made it, where the file names one that is open; else all that are."""
        own = made.settings.get("panel")
        name = own.get("name") if isinstance(own, dict) else None
        index = next((i for i, panel in enumerate(self.open) if panel.title == name), -1)
        if index >= 0:
            self.controls.setCurrentIndex(index)
        for panel in self.open if index < 0 else [self.open[index]]:
            panel.restore(made)

    # --- the page itself

    def save_state(self) -> dict[str, Any]:
        panels = {**self._saved, **{name: panel.save_state() for name, panel in self.panels.items()}}
        return {"panels": panels, "split": self.split.kept(), "panel": self._tab}

    def restore_state(self, state: dict[str, Any]) -> None:
        panels, split = state.get("panels"), state.get("split")
        self._tab = str(state.get("panel", ""))
        if isinstance(panels, dict):
            self._saved = {k: v for k, v in panels.items() if isinstance(v, dict)}
            for name, panel in self.panels.items():
                panel.restore_state(self._saved.get(name, {}))
        self.split.restore(split)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._since_live.invalidate()


def replaced(view: ModelView) -> tuple[object, ...]:
    """What makes two views be of the same model, however far it has trained."""
    return view.data, view.capabilities, view.prior
