"""The classes panel: for every model that takes classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from studio.explore.questions import Classified, Classify, Decode, Decoded, ModelView, Where
from studio.export.provenance import Provenance
from studio.gui import theme
from studio.gui.explore.asking import Batches, Latest, brief
from studio.gui.explore.classes.choose import Choose
from studio.gui.explore.classes.show import Show
from studio.gui.explore.classes.state import EVERY, FRAMES, Classes, as_plain, beginning, from_plain
from studio.gui.explore.drawn import Drawn
from studio.gui.explore.explorer import CALM
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.panel import Panel
from studio.gui.export.offer import Offer, OfferedFilm, OfferedSheet, name_of
from studio.gui.session import Session
from studio.gui.shortcuts import bind


class ClassesPanel(Panel):
    """See the module. The hands are in ``choose``, the pictures in ``show``."""

    title = "Classes"
    needs = "take classes"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.where = Where("")
        self.view: ModelView | None = None
        self.keeper: Keeper[Classes] = Keeper(session, self, self._put, as_plain, from_plain)
        self.drawn = Drawn(self)
        self.drawn.plane_came.connect(self._ask)
        self._current = Latest(session, self, "class picture")
        self._grid = Batches(session, self, "class grid")
        self._seen = Latest(session, self, "classes seen", slow=True)
        self._training: int | None = None
        """Stamp of the question that trains a classifier."""
        self._since_edit = QElapsedTimer()
        self.choose = Choose(self.edit)
        self.show_ = Show()
        self.controls = self.choose
        self.pictures = QWidget()
        box = QVBoxLayout(self.pictures)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE)
        box.addLayout(self.choose.bar)
        box.addWidget(self.show_, 1)
        self.choose.hand_over.connect(self._hand_over)
        self.choose.check_wanted.connect(self._train_classifier)
        self.choose.ready = lambda: not self._current.busy
        self.show_.grid.picked.connect(self._pick)
        self.show_.seen.connect(self._ask)
        bind(self.pictures, "Explore", {"play": self.choose.toggle})

    @property
    def state(self) -> Classes:
        return self.keeper.state

    @property
    def split(self) -> QSplitter:
        return self.show_.split

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        self.where, self.view = where, view
        self.drawn.show(view.data)
        first = beginning(view.prior, view.temperature)
        self.keeper.show(where.run, first, lambda state: state.prior == view.prior)
        self.show_.clear("Drawing classes …")
        self.choose.show_anew(self.state, view.temperature if view.tempered else None)
        self._ask()

    def forget(self) -> None:
        self.choose.stop()
        for lane in (self._current, self._grid, self._seen):
            lane.forget()
        self.view = None
        self.keeper.hide()

    def refresh(self) -> None:
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        if self.view is not None and not self._grid.busy and not hands:
            self._ask()

    def offer(self) -> Offer | None:
        if self.view is None:
            return None
        state = self.state
        z, columns = state.grid()
        about = {"name": self.title, "state": as_plain(state)}
        return Offer(
            where=self.where,
            name=name_of(self.where.run),
            seed=state.seed,
            temperature=state.temperature if self.view.tempered else None,
            uniform=not state.prior.has("normal"),
            current=state.z[None],
            sheet=OfferedSheet("Classes", "The grid of classes, as it is on screen.", z, columns, about),
            film=OfferedFilm(
                "Film of classes",
                "An animation through the classes, with the noise held.",
                state.films(),
                lambda key, frames, whole: state.film(key, frames, whole=whole),
                state.z[None],
                about,
                frames=FRAMES,
                fps=state.fps,
                fixed=frozenset([EVERY]),
            ),
        )

    def restore(self, made: Provenance) -> None:
        own = made.settings.get("panel")
        if isinstance(own, Mapping) and own.get("name") == self.title:
            plain = own.get("state")
            found = from_plain(plain) if isinstance(plain, Mapping) else None
            if found is not None and found.prior == self.state.prior:
                self.edit("Restore from a file", found)

    def save_state(self) -> dict[str, Any]:
        return {"split": self.split.sizes(), "runs": self.keeper.save()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.keeper.restore(state.get("runs"))
        sizes = state.get("split")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(s, int) and s > 0 for s in sizes):
            self.split.setSizes(sizes)

    # --- asking

    def _ask(self) -> None:
        """What is shown, while it can be seen."""
        if self.view is not None and self.show_.isVisible():
            self._ask_picture()
            self._ask_grid()

    def _ask_picture(self) -> None:
        self._current.ask(Decode(self.where, self.state.z[None]), self._picture_came, self.show_.fail)

    def _ask_grid(self) -> None:
        state = self.state
        z, _ = state.grid()
        self._grid.ask(self.where, z, self.drawn.pixels, lambda found: self._grid_came(state, found), self.show_.fail)

    def _picture_came(self, found: Decoded) -> None:
        self.show_.show_current(self.state, self.drawn.pictures(found)[0], found.step)
        self.step_shown.emit(found.step)

    def _grid_came(self, asked: Classes, found: Decoded) -> None:
        self.show_.show_grid(asked, self.drawn.pictures(found))
        self.show_.mark(self.state)
        self._seen.ask(Classify(self.where, asked.grid()[0]), lambda seen: self._classified(asked, seen))

    def _classified(self, asked: Classes, seen: Classified) -> None:
        right = self.show_.show_seen(asked, seen.labels)
        self.choose.show_seen(seen, right)

    def _train_classifier(self) -> None:
        """Once for each dataset; it stands in the status line, with progress and Cancel."""
        if self.view is None or self._training is not None:
            return

        def done(seen: Classified) -> None:
            self._training = None
            if self.view is not None:
                self._ask_grid()

        def failed(message: str) -> None:
            self._training = None
            self.choose.show_trouble("" if message == "cancelled" else brief(message))

        self.choose.show_training()
        self._training = self.session.ask(
            Classify(self.where, self.state.z[None], train=True),
            self,
            done,
            failed=failed,
            advanced=self.choose.show_training,
            slow=True,
            title=f"Training a classifier of {self.view.data.name}",
        )

    # --- editing

    def edit(self, text: str, new: Classes, merge: object = None) -> None:
        """Undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        if self.view is not None:
            self.keeper.edit(text, new, merge)

    def _put(self, before: Classes, state: Classes) -> None:
        self._since_edit.start()
        if not np.array_equal(before.z, state.z):
            self._ask_picture()
        (was, _), (now, _) = before.grid(), state.grid()
        if not np.array_equal(was, now):
            self._ask_grid()
        self.choose.show_state(state)
        self.show_.mark(state)

    def _pick(self, index: int) -> None:
        if self.show_.shown is not None and self.view is not None:
            self.edit("Pick a picture of the classes", self.state.picked(index))

    def _hand_over(self) -> None:
        if self.view is not None:
            self.latent_wanted.emit(self.state.z.copy(), "the latent of the classes")
