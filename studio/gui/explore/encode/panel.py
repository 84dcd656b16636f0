"""The encode panel: for every model that decodes a latent. Puts the parts together; each part is a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter

from studio.explore.questions import Browsed, Encoded, ModelView, Pictures, Where
from studio.export.provenance import Provenance
from studio.gui.explore.browser import Browser
from studio.gui.explore.encode.bound import WAYS, Bound
from studio.gui.explore.encode.coder import Coder
from studio.gui.explore.encode.controls import Controls, unit_of
from studio.gui.explore.encode.pairs import GAINS, Pairs
from studio.gui.explore.encode.posterior import SAMPLES, SIDE, Posterior, nearest_on_sheet, sheet_of_codes
from studio.gui.explore.encode.state import MOST, as_plain, class_of, from_plain, name_of, parts_found
from studio.gui.explore.encode.views import Views, code_words
from studio.gui.explore.film import NOTHING
from studio.gui.explore.panel import Panel, pictures_of
from studio.gui.explore.plane import Plane
from studio.gui.export.offer import Offer, OfferedComparison, OfferedSheet
from studio.gui.export.offer import name_of as name_of_run
from studio.gui.session import Session
from studio.gui.shortcuts import bind
from studio.gui.widgets.plot import plain


class EncodePanel(Panel):
    """See the module."""

    title = "Encode"
    needs = "decode latent"
    unless = "draw in order"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.coder = Coder(session, self)
        self._wanted = ""
        """The view of the last session."""
        self.browser = Browser(session, "encode browse")
        self.pairs = Pairs()
        self.posterior = Posterior(self.coder)
        self.bound = Bound(self.posterior)
        self.views = Views(self.pairs)
        self.tools = Controls(self.coder, self.bound)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.views)
        self.split.addWidget(self.browser)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([330, 230])
        self.pictures = self.split
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.tools)
        self.controls = scroll

        coder = self.coder
        coder.run_shown.connect(self._show_anew)
        coder.changed.connect(lambda before: self._changed())
        coder.looked.connect(self._looked)
        coder.found.connect(self._found)
        coder.failed.connect(self.pairs.show_nothing)
        coder.picked.connect(self.pairs.show_current)
        self.pairs.picked.connect(coder.pick)
        self.pairs.activated.connect(lambda index: self._edit(index))
        self.browser.chosen.connect(lambda real: coder.choose(real))
        self.browser.browsed.connect(self._plane_came)
        self.tools.edit_wanted.connect(lambda: self._edit(coder.current))
        posterior, views = self.posterior, self.views
        posterior.shown_anew.connect(self._allow)
        posterior.split_came.connect(self._posterior_came)
        posterior.sheet_came.connect(self._sheet_came)
        coder.picked.connect(lambda index: self._posterior_came())
        views.shown.connect(self._viewed)
        views.edit_wanted.connect(self._edit_code)
        for part in (self.pictures, self.controls):
            bind(part, "Explore", {"edit latent": self.tools.edit, "search": self._search})
        self.pictures.installEventFilter(self)
        coder.awake = False

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.pairs.grid.caption = self._tell
        self.coder.show_run(where, view)

    def forget(self) -> None:
        self.coder.forget()
        self.posterior.forget()

    def refresh(self) -> None:
        self.coder.refresh()
        if self.browser.page is None:
            self.browser.go_to(self.browser.offset)

    def would_take(self, paths: Sequence[str]) -> str:
        what = pictures_of(self.coder.view, paths, MOST)
        return what and f"Encode {what}"

    def take(self, paths: Sequence[str]) -> None:
        if self.coder.view is not None:
            self.browser.take(paths)

    def save_state(self) -> dict[str, Any]:
        return {
            "runs": self.coder.keeper.save(),
            "gain": self.pairs.times,
            "browser": self.browser.save_state(),
            "split": self.split.sizes(),
            "view": self.views.view,
            "samples": self.posterior.samples,
            "units": self.bound.way_shown,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.coder.keeper.restore(state.get("runs"))
        if state.get("gain") in GAINS:
            self.pairs.set_times(state["gain"])
        if isinstance(state.get("browser"), dict):
            self.browser.restore_state(state["browser"])
        self._wanted = str(state.get("view", ""))
        if state.get("samples") in SAMPLES:
            self.posterior.samples = state["samples"]
        if state.get("units") in dict(WAYS).values():
            self.bound.show_way(state["units"])
        split = state.get("split")
        if isinstance(split, list) and len(split) == 2 and all(isinstance(s, int) and s > 0 for s in split):
            self.split.setSizes(split)

    # --- hands

    def _search(self) -> None:
        if self.coder.by == "search":
            self.tools.toggle()

    def _edit(self, index: int) -> None:
        """Hand a latent over, with its example to compare with."""
        coder = self.coder
        coder.pick(index)
        z, view, found = coder.latent(), coder.view, coder.result
        if z is None or view is None or found is None:
            return
        what = f"the latent of {name_of(coder.current, coder.state.real, found.labels, view.data)}"
        self.latent_wanted.emit(z.copy(), what)
        originals = self._pictures(found.originals, found.original_points)
        self.beside_wanted.emit(originals[coder.current], what)

    def _edit_code(self, tile: int) -> None:
        """Hand a code of the sheet over."""
        found = self.posterior.sheet
        if found is not None:
            what = f"the code {code_words(tile)}"
            self.latent_wanted.emit(sheet_of_codes(SIDE)[tile], what)

    # --- what is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.coder.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.coder.awake = False
        return super().eventFilter(watched, event)

    def _show_anew(self) -> None:
        coder = self.coder
        if coder.view is None:
            return
        self.pairs.show_nothing("")
        self.browser.show_run(coder.where.run, coder.view.data)
        self._changed()

    def _changed(self) -> None:
        coder = self.coder
        if coder.view is None:
            return
        self.browser.show_real(coder.state.real)
        if not len(coder.state.real):
            points = coder.view.data.kind == "points"
            more = "" if points else ", or drop picture files here"
            self.pairs.show_nothing(f"Choose real {'points' if points else 'pictures'} below{more}.")
        elif coder.result is None:
            self.pairs.grid.empty_text = "Encoding …" if coder.by == "encoder" else "Reading …"

    def _allow(self) -> None:
        """The views that this model has; the one of the last session first."""
        self.views.allow(samples=self.posterior.can, sheet=self.posterior.spread_out)
        if self._wanted and self.posterior.can:
            self.views.show_view(self._wanted)
            self._wanted = ""

    def _viewed(self, name: str) -> None:
        posterior = self.posterior
        posterior.wants_sheet = name == "sheet"
        self.browser.setVisible(name != "sheet")  # the sheet is of codes, and wants the room
        if posterior.wants_sheet and posterior.sheet is None:
            posterior.ask_sheet()

    def _posterior_came(self) -> None:
        """What the posterior of the example that is looked at decodes to."""
        at = self.coder.current
        split = self.posterior.at(at)
        if split is None:
            self.views.show_samples(NOTHING, [])
            self.views.mark(-1)
            return
        many = len(split.z)
        own = slice(at * many, (at + 1) * many)
        drawn_points = None if split.drawn_points is None else split.drawn_points[own]
        parts = (
            self._pictures(split.originals, split.original_points)[at : at + 1],
            self._pictures(split.means, split.mean_points)[at : at + 1],
            self._pictures(split.drawn[own], drawn_points),
        )
        captions = ["example", "mean", *(f"sample {i + 1}" for i in range(many))]
        self.views.show_samples(np.concatenate(parts), captions)
        if self.posterior.spread_out:
            self.views.mark(nearest_on_sheet(split.mean[at], SIDE))

    def _sheet_came(self) -> None:
        found = self.posterior.sheet
        if found is not None:
            split = self.posterior.at(self.coder.current)
            here = -1 if split is None else nearest_on_sheet(split.mean[self.coder.current], SIDE)
            self.views.show_sheet(self._pictures(found.images, found.points), here)
            self.step_shown.emit(found.step)

    def _plane_came(self) -> None:
        """Points are drawn in the window of the data, which is known now."""
        if self.browser.points and self.coder.result is not None:
            self._found(self.coder.result)

    def _looked(self, found: Browsed) -> None:
        originals = self._pictures(found.images, found.points)
        captions = [[self._label(i, found.labels)] for i in range(len(originals))]
        self.pairs.show_pairs(originals, None, captions, "", differences=found.points is None)
        self.pairs.show_current(self.coder.current)

    def _found(self, found: Encoded | None) -> None:
        view = self.coder.view
        if found is None or view is None:
            self._changed()
            return
        originals = self._pictures(found.originals, found.original_points)
        made = self._pictures(found.images, found.points)
        measure = "distance" if found.points is not None else "RMSE"
        mean = f", mean {plain(float(found.errors.mean()))}" if len(found) > 1 else ""
        self.pairs.show_pairs(
            originals,
            made,
            [self._wordings(found, i) for i in range(len(found))],
            f"{measure} in {unit_of(view.data.kind)}{mean}",
            differences=found.points is None,
        )
        self.pairs.show_current(self.coder.current)
        if found.points is not None:
            self.browser.scatter.set_near(found.points)
        self.step_shown.emit(found.step)

    def _wordings(self, found: Encoded, index: int) -> list[str]:
        """Under a picture: its error; its class and the parts found where those fit."""
        view = self.coder.view
        error = plain(float(found.errors[index]))
        if view is None:
            return [error]
        parts = ", ".join(parts_found(view.prior, found.z[index])[:2])
        label = class_of(index, found.labels, view.data)
        return [" · ".join(filter(None, (label, error, parts))), " · ".join(filter(None, (error, parts))), error]

    def _label(self, index: int, labels: np.ndarray[Any, np.dtype[np.int64]]) -> str:
        return class_of(index, labels, self.coder.view.data) if self.coder.view is not None else ""

    def _tell(self, index: int) -> str:
        """For the tooltip of a picture."""
        coder = self.coder
        found, view = coder.result, coder.view
        if view is None or found is None or index >= len(found):
            return name_of(index, coder.state.real, np.zeros(0, np.int64), view.data) if view is not None else ""
        name = name_of(index, coder.state.real, found.labels, view.data)
        parts = ", ".join(parts_found(view.prior, found.z[index]))
        error = f"{plain(float(found.errors[index]))} {unit_of(view.data.kind)}"
        return " · ".join(filter(None, (name, error, parts)))

    def _pictures(self, images: Pictures, points: np.ndarray[Any, np.dtype[np.float32]] | None) -> Pictures:
        if points is None:
            return images
        plane = self.browser.plane
        return (plane or Plane(points)).pictures(points) if len(points) else NOTHING

    # --- out, and back

    def offer(self) -> Offer | None:
        coder = self.coder
        found = coder.result
        if coder.view is None:
            return None
        comparison = None
        if found is not None and len(found):
            originals = found.originals if found.original_points is None else found.original_points
            about = self._about()
            comparison = OfferedComparison(originals, found.z, self.pairs.times, about)
        z = coder.latent()
        sheet = None
        if self.views.view == "sheet":
            said = f"{SIDE}×{SIDE} codes, evenly over the prior"
            sheet = OfferedSheet("All codes", said, sheet_of_codes(SIDE), SIDE, self._about())
        return Offer(
            where=coder.where,
            name=name_of_run(coder.where.run),
            uniform=not coder.view.prior.has("normal"),
            current=np.zeros((0, 0), np.float32) if z is None else z[None],
            comparison=comparison,
            sheet=sheet,
        )

    def _about(self) -> dict[str, Any]:
        """What the panel needs to come back."""
        return {"name": self.title, "state": as_plain(self.coder.state), "view": self.views.view}

    def restore(self, made: Provenance) -> None:
        """Of a comparison that came back: the same examples and the same search."""
        about = made.settings.get("panel")
        if not isinstance(about, Mapping) or about.get("name") != self.title or self.coder.view is None:
            return
        plain_state = about.get("state")
        state = from_plain(plain_state) if isinstance(plain_state, Mapping) else None
        self.views.show_view(str(about.get("view", "")))
        if state is not None and all(i < self.coder.view.data.count for i in state.real.indices):
            self.coder.go_back(state, made.latents)
