"""The scatter panel: for every model that encodes. Puts the parts together; each part is a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from studio.explore.questions import ModelView, Pictures, Real, Where
from studio.export.provenance import Provenance
from studio.gui import theme
from studio.gui.explore import dimensions
from studio.gui.explore.browser import Browser
from studio.gui.explore.drawn import Drawn
from studio.gui.explore.encode.state import class_of
from studio.gui.explore.panel import Panel, pictures_of
from studio.gui.explore.parts import button, row
from studio.gui.explore.scatter import saving
from studio.gui.explore.scatter.controls import Controls
from studio.gui.explore.scatter.finder import Finder
from studio.gui.explore.scatter.plot import ScatterPlot
from studio.gui.explore.scatter.state import MOST, Scattering, as_plain, from_plain, prior_in_plane, suits, way_of
from studio.gui.export.offer import Offer, OfferedComparison
from studio.gui.export.offer import name_of as name_of_run
from studio.gui.kinds import examples
from studio.gui.session import Session
from studio.gui.shortcuts import bind
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.marks import marks, unlabelled
from studio.gui.widgets.plane_plot import Points

HINT = "Click a point to see it · drag pans, wheel zooms · arrows go from point to point"


class ScatterPanel(Panel):
    """See the module."""

    title = "Scatter"
    needs = "encode"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.finder = Finder(session, self)
        self.looks = Drawn(self)
        self.plot = ScatterPlot()
        self.tools = Controls(self.finder, self._pictures)
        self.browser = Browser(session, "scatter browse", "Put in")
        self.hint = ElidedLabel(HINT)
        theme.role(self.hint, "quiet")
        self.browse = button("Put in …", "plus", "Choose real examples, or files, to see where they land", self._browse)
        self.browse.setCheckable(True)
        self.clear = button("Take out", "x", "Take out those that were put in", lambda: self.finder.place(Real()))
        self.home = button("Fit", "arrows-out", "Everything into view (double click, Home)", self._fit)
        self.save = button("Save …", "download-simple", "The plane as a picture, or as a table", self.save_as)
        bar = row(self.hint, self.clear, self.browse, self.home, self.save)
        bar.setStretch(0, 1)
        top = QWidget()
        above = QVBoxLayout(top)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(theme.SPACE // 2)
        above.addLayout(bar)
        above.addWidget(self.plot, 1)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(top)
        self.split.addWidget(self.browser)
        self.split.setSizes([400, 200])
        self.browser.hide()
        self.pictures = self.split
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.tools)
        self.controls = scroll
        self._wanted_view: tuple[float, float, float] | None = None

        finder = self.finder
        finder.run_shown.connect(self._show_anew)
        finder.changed.connect(self._changed)
        finder.found.connect(self._found)
        finder.landed.connect(self._landed)
        finder.looked.connect(lambda: self.plot.show_current(finder.current))
        finder.advanced.connect(self._advanced)
        finder.failed.connect(self._failed)
        self.plot.picked.connect(finder.look)
        self.plot.activated.connect(lambda index: self._edit())
        self.plot.pointed.connect(self._point)
        self.tools.edit_wanted.connect(self._edit)
        self.browser.chosen.connect(finder.place)
        self.looks.plane_came.connect(self._landed)
        for part in (self.pictures, self.controls):
            bind(part, "Explore", {"edit latent": self.tools.edit})
        self.pictures.installEventFilter(self)
        theme.theme.changed.connect(self._draw)
        finder.awake = False

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.looks.show(view.data)
        self.finder.show_run(where, view)

    def forget(self) -> None:
        self.finder.forget()

    def refresh(self) -> None:
        self.finder.refresh()
        if self.browser.page is None:
            self.browser.go_to(self.browser.offset)

    def would_take(self, paths: Sequence[str]) -> str:
        what = pictures_of(self.finder.view, paths, MOST)
        return what and f"Put into the plane: {what}"

    def take(self, paths: Sequence[str]) -> None:
        if self.finder.view is not None:
            self.browser.take(paths)

    def save_state(self) -> dict[str, Any]:
        return {
            "runs": self.finder.keeper.save(),
            "browser": self.browser.save_state(),
            "browsing": self.browse.isChecked(),
            "split": self.split.sizes() if self.browse.isChecked() else None,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.finder.keeper.restore(state.get("runs"))
        if isinstance(state.get("browser"), dict):
            self.browser.restore_state(state["browser"])
        if state.get("browsing") is True:
            self.browse.setChecked(True)
            self._browse()
        split = state.get("split")
        if isinstance(split, list) and len(split) == 2 and all(isinstance(s, int) and s > 0 for s in split):
            self.split.setSizes(split)

    # --- hands

    def _browse(self) -> None:
        self.browser.setVisible(self.browse.isChecked())

    def _edit(self) -> None:
        """Hand the latent of the example over, with its picture to compare with."""
        finder = self.finder
        z, seen = finder.latent(), finder.seen
        if z is None or seen is None:
            return
        what = f"the latent of example {finder.index:,}"
        self.latent_wanted.emit(z.copy(), what)
        self.beside_wanted.emit(self._pictures(seen.originals, seen.original_points)[0], what)

    def save_as(self) -> None:
        """Ask for a file name and write the plane there."""
        finder = self.finder
        if finder.result is None or finder.view is None:
            return
        path = saving.ask(self.pictures, name_of_run(finder.where.run))
        if path is not None:
            self.plot.point_out("", self.plot.pos())
            classes = finder.view.data.classes
            saving.save(self.pictures, path, finder.where, finder.result, self.plot.picture(), self._about(), classes)

    def _about(self) -> dict[str, Any]:
        """What the panel needs to come back."""
        return {"name": self.title, "state": as_plain(self.finder.state), "view": list(self.plot.seen())}

    def _fit(self) -> None:
        self.plot.fit(self.plot.reach())

    # --- what is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.finder.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.finder.sleep()
        return super().eventFilter(watched, event)

    def _show_anew(self) -> None:
        finder = self.finder
        if finder.view is None:
            return
        view = finder.view
        self.browser.show_run(finder.where.run, view.data)
        self.plot.set_points(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), [])
        self.plot.set_prior(None)
        self.plot.say(f"Encoding {examples(view.data.kind, min(finder.state.count, view.data.count))} …")
        self._changed(finder.state)

    def _changed(self, before: Scattering) -> None:
        finder = self.finder
        if finder.view is None:
            return
        self.browser.show_real(finder.state.real)
        self.clear.setEnabled(len(finder.state.real) > 0)
        if before.hidden != finder.state.hidden:
            self._draw()
        self._show_prior()

    def _advanced(self, done: int, total: int) -> None:
        if self.finder.result is None and total:
            self.plot.say(f"Encoding … {done:,} of {total:,}")

    def _failed(self, message: str) -> None:
        if self.finder.result is None:
            self.plot.say(
                "Stopped. The button with two arrows, at the right, encodes again."
                if message == "cancelled"
                else message
            )

    def _found(self, kept: bool) -> None:
        found, view = self.finder.result, self.finder.view
        if found is None or view is None:
            return
        self.plot.say("")
        self._draw()
        names = found.names
        if way_of(self.finder.state, view.prior) == "latent":
            own = self.finder.state
            names = dimensions.name(view.prior, own.first), dimensions.name(view.prior, own.second)
        self.plot.set_axes(*names)
        self._show_prior()
        wanted, self._wanted_view = self._wanted_view, None
        if not kept:
            self._fit()
        if wanted is not None:
            self.plot.see(*wanted)
        self.plot.show_current(self.finder.current)
        self.step_shown.emit(found.step)

    def _draw(self) -> None:
        """The cloud, in the colours of the theme, without the classes that are hidden."""
        found, view = self.finder.result, self.finder.view
        if found is None or view is None:
            return
        count = len(view.data.classes)
        known = (found.labels >= 0) & (found.labels < count)
        classes = np.where(known, found.labels, count)
        shown = np.isin(classes, sorted(self.finder.state.hidden), invert=True)
        self.plot.set_points(found.places, np.where(shown, classes, -1), [*marks(count), unlabelled()])
        self._landed()

    def _show_prior(self) -> None:
        """Where the prior is normal in all that the plane shows, its density there is a normal one too."""
        finder = self.finder
        found, view = finder.result, finder.view
        kind = "" if view is None else prior_in_plane(finder.state, view.prior)
        if found is None or not kind or not finder.state.prior:
            self.plot.set_prior(None)
        else:
            self.plot.set_prior(-found.mean @ found.axes.T, normal=kind == "normal")

    def _landed(self) -> None:
        put = self.finder.put
        places = self.finder.landings()
        pictures = (
            self._pictures(put.originals, put.original_points) if put is not None else np.zeros((0, 1, 1, 3), np.uint8)
        )
        self.plot.set_landed(places, pictures[: len(places)])

    def _point(self, row: int) -> None:
        """Name the point under the mouse."""
        found, view = self.finder.result, self.finder.view
        if row < 0 or found is None or view is None:
            self.plot.point_out("", self.plot.pos())
            return
        label = class_of(row, found.labels, view.data)
        words = f"example {int(found.indices[row]):,}" + (f" · {label}" if label else "")
        self.plot.point_out(words, self.plot.place_of(row).toPoint())

    def _pictures(self, images: Pictures, points: Points | None) -> Pictures:
        return images if points is None else self.looks.plane.pictures(points)

    # --- out, and back

    def offer(self) -> Offer | None:
        finder = self.finder
        if finder.view is None:
            return None
        put, z = finder.put, finder.latent()
        comparison = None
        if put is not None and len(put):
            originals = put.originals if put.original_points is None else put.original_points
            comparison = OfferedComparison(originals, put.z, 1, self._about())
        return Offer(
            where=finder.where,
            name=name_of_run(finder.where.run),
            uniform=not finder.view.prior.has("normal"),
            current=np.zeros((0, 0), np.float32) if z is None else z[None],
            comparison=comparison,
            panel=self._about(),
        )

    def restore(self, made: Provenance) -> None:
        """Of a picture that came back: the same examples, in the same plane."""
        about, view = made.settings.get("panel"), self.finder.view
        if not isinstance(about, Mapping) or about.get("name") != self.title or view is None:
            return
        plain = about.get("state")
        state = from_plain(plain) if isinstance(plain, Mapping) else None
        if state is None or not suits(state, view.prior, view.data.count, len(view.data.classes)):
            return
        at = about.get("view")
        if isinstance(at, list) and len(at) == 3 and all(isinstance(v, int | float) for v in at) and at[2] > 0:
            self._wanted_view = (float(at[0]), float(at[1]), float(at[2]))
        self.finder.edit("Restore from a file", state)
