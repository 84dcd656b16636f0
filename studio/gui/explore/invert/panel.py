"""The inversion panel: for every model that inverts exactly. Puts the parts together; each is a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QTabWidget, QVBoxLayout, QWidget

from studio.explore.questions import ModelView, Unfolded, Where
from studio.export.provenance import Provenance
from studio.gui import theme
from studio.gui.explore.browser import Browser
from studio.gui.explore.encode.pairs import GAINS
from studio.gui.explore.encode.state import name_of
from studio.gui.explore.invert.attributes import AttributesBox
from studio.gui.explore.invert.between import BetweenBox
from studio.gui.explore.invert.edits import Edits
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.logdets import LogDets
from studio.gui.explore.invert.moves import Floats, film, films, strip, tried
from studio.gui.explore.invert.numbers import Numbers
from studio.gui.explore.invert.stage import Stage
from studio.gui.explore.invert.state import MOST, Inversion, as_plain, from_plain
from studio.gui.explore.invert.strip import Strip
from studio.gui.explore.invert.typical import TypicalBox
from studio.gui.explore.panel import Panel, pictures_of
from studio.gui.export.offer import Offer, OfferedComparison, OfferedFilm, OfferedSheet
from studio.gui.export.offer import name_of as name_of_run
from studio.gui.session import Session
from studio.gui.shortcuts import bind
from studio.models.core.latents import Prior

BETWEEN = "between"


class InvertPanel(Panel):
    """See the module."""

    title = "Invert"
    needs = "invert exactly"
    kinds = ("images",)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.inverter = Inverter(session, self)
        self.stage = Stage(self.inverter)
        self.browser = Browser(session, "invert browse", "Invert")
        self.strip = Strip(self.inverter)
        self.logdets = LogDets()
        self.numbers = Numbers(self.inverter)
        self.edits = Edits(self.inverter)

        self.lower = QTabWidget()
        self.lower.setDocumentMode(True)
        lower: tuple[tuple[QWidget, str, str], ...] = (
            (self.browser, "Examples", "Real pictures to pick from; Ctrl+click adds one"),
            (self.strip, "What lives where", "Each level of the latent replaced by noise, alone"),
            (self.logdets, "Log-det by step", "Where the log-likelihood comes from"),
        )
        for part, title, tip in lower:
            self.lower.setTabToolTip(self.lower.addTab(part, title), tip)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.stage)
        self.split.addWidget(self.lower)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([320, 230])
        self.pictures = self.split

        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.attributes = AttributesBox(self.inverter)
        self._add_tab(self.edits, "Edit", "Temperature and levels of the latent")
        self.between = BetweenBox(self.inverter)
        self._add_tab(self.attributes, "Attributes", "Directions that add something to the picture, or take it away")
        self._add_tab(self.between, "Between", "The way from one real picture to another")
        self.typical = TypicalBox(self.inverter)
        self._add_tab(self.typical, "Typical", "Where the picture stands among the dataset's likelihoods")
        self.controls = QWidget()
        box = QVBoxLayout(self.controls)
        box.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        box.setSpacing(theme.SPACE)
        box.addWidget(self.numbers)
        box.addWidget(self.tabs, 1)

        inverter = self.inverter
        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(lambda before: self._changed())
        inverter.found.connect(self._found)
        self.browser.chosen.connect(inverter.choose)
        self.edits.edit_wanted.connect(self._hand_over)
        self.between.latent_wanted.connect(self.latent_wanted)
        for half in (self.pictures, self.controls):
            keys = {"edit latent": self._hand_over, "new seed": self.strip.new_seed, "play": self.between.toggle}
            bind(half, "Explore", keys)
        self.pictures.installEventFilter(self)
        inverter.awake = False
        self._steps_of: tuple[Unfolded, int] | None = None
        """Whose log-dets are shown."""

    def _add_tab(self, part: QWidget, title: str, tip: str) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(part)
        layout = part.layout()
        if layout is not None:
            layout.setContentsMargins(0, theme.SPACE, theme.SPACE // 2, 0)
        self.tabs.setTabToolTip(self.tabs.addTab(scroll, title), tip)

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.inverter.show_run(where, view)

    def forget(self) -> None:
        self.inverter.forget()
        self.attributes.forget()
        self.between.forget()
        self.typical.forget()

    def refresh(self) -> None:
        self.inverter.refresh()
        if self.browser.page is None:
            self.browser.go_to(self.browser.offset)

    def would_take(self, paths: Sequence[str]) -> str:
        what = pictures_of(self.inverter.view, paths, MOST)
        return what and f"Invert {what}"

    def take(self, paths: Sequence[str]) -> None:
        if self.inverter.view is not None:
            self.browser.take(paths)

    def save_state(self) -> dict[str, Any]:
        return {
            "runs": self.inverter.keeper.save(),
            "gain": self.stage.times,
            "browser": self.browser.save_state(),
            "split": self.split.sizes(),
            "tab": self.tabs.currentIndex(),
            "lower": self.lower.currentIndex(),
            "open steps": self.logdets.save_state(),
            "typical": self.typical.save_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.inverter.keeper.restore(state.get("runs"))
        if state.get("gain") in GAINS:
            self.stage.set_times(state["gain"])
        if isinstance(state.get("browser"), dict):
            self.browser.restore_state(state["browser"])
        split = state.get("split")
        if isinstance(split, list) and len(split) == 2 and all(isinstance(s, int) and s > 0 for s in split):
            self.split.setSizes(split)
        for tabs, key in ((self.tabs, "tab"), (self.lower, "lower")):
            index = state.get(key)
            if isinstance(index, int) and 0 <= index < tabs.count():
                tabs.setCurrentIndex(index)
        self.logdets.restore_state(state.get("open steps"))
        self.typical.restore_state(state.get("typical"))

    # --- what is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.inverter.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.inverter.awake = False
        return super().eventFilter(watched, event)

    def _show_anew(self) -> None:
        inverter = self.inverter
        if inverter.view is not None:
            self.browser.show_run(inverter.where.run, inverter.view.data)
            self._changed()

    def _changed(self) -> None:
        inverter = self.inverter
        if inverter.view is not None:
            self.browser.show_real(inverter.state.real)
            self._show_steps()

    def _found(self, found: Unfolded | None) -> None:
        self._show_steps()
        if found is not None:
            self.step_shown.emit(found.step)

    def _show_steps(self) -> None:
        found, inverter = self.inverter.result, self.inverter
        if found is None or inverter.view is None or inverter.state.current >= len(found):
            self._steps_of = None
            self.logdets.clear()
            return
        at = inverter.state.current
        if self._steps_of is None or self._steps_of[0] is not found or self._steps_of[1] != at:
            self._steps_of = found, at  # hundreds of steps: not once more for each move of a slider
            self.logdets.show_found(found.steps, found.log_dets[at], float(found.log_prior[at]))

    # --- out, and back

    def _hand_over(self) -> None:
        """The edited latent to the panel that steers latents, with its original to compare with."""
        inverter = self.inverter
        z, found, view, original = inverter.edited_latent(), inverter.result, inverter.view, inverter.original()
        if z is None or found is None or view is None or original is None:
            return
        state = inverter.state
        what = f"the latent of {name_of(state.current, state.real, found.labels, view.data)}"
        if inverter.differs:
            what += ", edited"
        self.latent_wanted.emit(z, what)
        self.beside_wanted.emit(original, what)

    def offer(self) -> Offer | None:
        inverter = self.inverter
        view, found, own, z = inverter.view, inverter.result, inverter.own(), inverter.edited_latent()
        if view is None:
            return None
        state = inverter.state
        about = {"name": self.title, "state": as_plain(state)}
        ends = {} if self.between.course.ends is None else {BETWEEN: "from example A to B"}
        offer = Offer(where=inverter.where, name=name_of_run(inverter.where.run))
        if found is None or own is None or z is None:
            return offer
        return replace(
            offer,
            current=z[None],
            panel=about,
            sheet=OfferedSheet(
                "What lives where",
                "Each level of the latent kept, replaced by noise or by zero, alone; a row for each level.",
                strip(own, view.prior, state, inverter.vectors),
                len(tried(state)),
                about,
            ),
            film=OfferedFilm(
                "Film of the latent",
                "An animation of one level on its way to noise, of the temperature, or from one example to another.",
                {**ends, **films(view.prior)},
                self._film(own, view.prior, state),
                own[None],
                about,
                fps=state.between.fps,
            ),
            comparison=OfferedComparison(found.originals, found.z, self.stage.times, about),
        )

    def _film(self, own: Floats, prior: Prior, state: Inversion) -> Callable[[str, int, bool], tuple[Floats, int]]:
        """What makes the frames of a film, of what is set now."""
        vectors, course = self.inverter.vectors, self.between.course

        def frames_of(key: str, frames: int, whole: bool) -> tuple[Floats, int]:
            way = course.film(frames, beside=whole) if key == BETWEEN else None
            return way or (film(own, prior, state, vectors, key, frames)[:, None], 1)

        return frames_of

    def restore(self, made: Provenance) -> None:
        """Of a file that came back: the same examples, edited in the same way."""
        about = made.settings.get("panel")
        inverter = self.inverter
        if not isinstance(about, Mapping) or about.get("name") != self.title or inverter.view is None:
            return
        plain = about.get("state")
        state = from_plain(plain) if isinstance(plain, Mapping) else None
        if state is not None and all(i < inverter.view.data.count for i in state.indices()):
            inverter.edit("Restore from a file", state)
