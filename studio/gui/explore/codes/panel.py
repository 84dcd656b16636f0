"""The codes panel: for every model that takes codes. Puts the parts together; each part is a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget, QTabWidget

from studio.explore.questions import ModelView, Where
from studio.export.provenance import Provenance
from studio.gui.drop import PICTURES
from studio.gui.explore.codes.desk import Desk
from studio.gui.explore.codes.real import RealTab
from studio.gui.explore.codes.state import FILM_FRAMES, as_plain, from_plain
from studio.gui.explore.codes.table import TableTab
from studio.gui.explore.codes.traverse import Traverse
from studio.gui.explore.codes.turn import Turn
from studio.gui.explore.panel import Panel
from studio.gui.export.offer import Offer, OfferedFilm, OfferedSheet, name_of
from studio.gui.session import Session
from studio.gui.shortcuts import bind
from studio.gui.words import plural


class CodesPanel(Panel):
    """See the module."""

    title = "Codes"
    needs = "take codes"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.desk = Desk(session, self)
        self.traverse = Traverse(self.desk)
        self.turn = Turn(self.desk)
        self.real = RealTab(self.desk)
        self.table = TableTab(self.desk)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.pictures = QStackedWidget()
        for part, shown, title, tip in (
            (self.turn, self.traverse, "Turn", "Set the codes by hand, or play them"),
            (self.real, self.real.view, "Real pictures", "What Q reads off real pictures"),
            (self.table, self.table.view, "Table", "Codes against labels"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(part, title), tip)
            self.pictures.addWidget(shown)
        self.tabs.currentChanged.connect(self.pictures.setCurrentIndex)
        self.controls = self.tabs
        bind(self.pictures, "Explore", {"play": self.turn.play_latest})
        self.turn.latent_wanted.connect(self.latent_wanted)
        self.real.latent_wanted.connect(self.latent_wanted)
        self.traverse.step_shown.connect(self.step_shown)
        self.real.step_shown.connect(self.step_shown)
        self.table.step_shown.connect(self.step_shown)

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.desk.show_run(where, view)

    def forget(self) -> None:
        self.turn.stop()
        self.table.cancel()
        self.desk.forget()

    def refresh(self) -> None:
        if self.pictures.isVisible():  # another panel's: what is shown again is asked for then
            self.desk.refresh()

    def offer(self) -> Offer | None:
        desk = self.desk
        if desk.view is None:
            return None
        state = desk.state
        z, columns = state.grid()
        about = {"name": self.title, "state": as_plain(state)}

        def film(dial: str, frames: int, whole: bool) -> tuple[Any, int]:
            return state.film(dial, frames, whole=whole)

        return Offer(
            where=desk.where,
            name=name_of(desk.where.run),
            seed=max(state.seed, 0),
            uniform=not state.prior.has("normal"),
            current=state.z[None],
            sheet=OfferedSheet("Traversal", "The grid of the two codes, as it is on screen.", z, columns, about),
            film=OfferedFilm(
                "Traversal film",
                "An animation along one code; it comes back to where it began.",
                {d.name: f"{d.name} ({'every value' if d.categorical else 'there and back'})" for d in state.dials},
                film,
                state.z[None],
                about,
                frames=FILM_FRAMES,
                fps=state.fps,
                fixed=frozenset(d.name for d in state.dials if d.categorical),
            ),
        )

    def restore(self, made: Provenance) -> None:
        """A sheet or a film of this panel brings its whole setting; any other file its latent."""
        own = made.settings.get("panel")
        state = self.desk.state
        if isinstance(own, Mapping) and own.get("name") == self.title:
            plain = own.get("state")
            found = from_plain(plain) if isinstance(plain, Mapping) else None
            if found is not None and found.prior == state.prior:
                self.tabs.setCurrentIndex(0)
                self.desk.edit("Restore from a file", found)

    def would_take(self, paths: Sequence[str]) -> str:
        view = self.desk.view
        good = [p for p in paths if Path(p).suffix[1:].lower() in PICTURES]
        if view is None or view.data.kind != "images" or len(good) != len(paths) or not good:
            return ""
        return f"See the codes that Q reads off {plural(len(good), 'picture')}"

    def take(self, paths: Sequence[str]) -> None:
        self.tabs.setCurrentWidget(self.real)
        self.real.show_files(paths)

    def save_state(self) -> dict[str, Any]:
        return {
            "tab": self.tabs.currentIndex(),
            "split": self.traverse.split.sizes(),
            "real split": self.real.view.split.sizes(),
            "browser": self.real.save_state(),
            "runs": self.desk.save_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.desk.keeper.restore(state.get("runs"))
        if isinstance(state.get("browser"), dict):
            self.real.restore_state(state["browser"])
        tab = state.get("tab")
        if isinstance(tab, int) and 0 <= tab < self.tabs.count():
            self.tabs.setCurrentIndex(tab)
        for split, name in ((self.traverse.split, "split"), (self.real.view.split, "real split")):
            sizes = state.get(name)
            if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(s, int) and s > 0 for s in sizes):
                split.setSizes(sizes)
