"""The panel of models that draw value by value. Puts the parts together; each part is a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QStackedWidget

from studio.explore.questions import DrawnInOrder, ModelView, Surprised, Where
from studio.export.provenance import Provenance
from studio.gui.explore.panel import Panel, pictures_of
from studio.gui.explore.pixels.controls import Controls
from studio.gui.explore.pixels.easel import Easel
from studio.gui.explore.pixels.look import Look
from studio.gui.explore.pixels.out import offered
from studio.gui.explore.pixels.stage import Stage
from studio.gui.explore.pixels.state import MOST_REAL, Drawing, as_plain, from_plain
from studio.gui.export.offer import Offer, name_of
from studio.gui.session import Session
from studio.gui.shortcuts import bind

CHOOSE = "Choose a real example on the right, or drop a picture file here. Paint over what is to be drawn anew."


class PixelsPanel(Panel):
    """See the module."""

    title = "Pixel by pixel"
    needs = "draw in order"
    kinds = ("images", "vectors")

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.easel = Easel(session, self)
        self.stage = Stage(self.easel)
        self.look = Look(self.easel)
        self.hands = Controls(session, self.easel)
        self.controls = self.hands
        self.body = QStackedWidget()
        self.body.addWidget(self.stage)
        self.body.addWidget(self.look)
        self.pictures = self.body

        easel, canvas = self.easel, self.stage.canvas
        easel.run_shown.connect(self._show_anew)
        easel.changed.connect(self._changed)
        easel.drawn.connect(self._drawn)
        easel.surprised.connect(self._surprised)
        easel.failed.connect(self._failed)
        self.stage.followed.connect(self._follow)
        self.look.picked.connect(self._pick)
        canvas.stroked.connect(lambda known, merge: self._edit("Paint", merge, known=known))
        canvas.width_wanted.connect(self._set_width)
        canvas.keep_wanted.connect(self._set_keep)
        self.hands.width_changed.connect(self._set_width)
        self.hands.keep_changed.connect(self._set_keep)
        for half in (self.pictures, self.controls):
            keys = {"play": self._play, "new seed": self.hands.new_seed, "map": self.hands.next_view}
            bind(half, "Explore", keys)
        self.pictures.installEventFilter(self)
        easel.awake = False

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.easel.show_run(where, view)

    def forget(self) -> None:
        self.stage.scrubber.stop()
        self.easel.forget()

    def refresh(self) -> None:
        self.easel.refresh()
        if self.hands.browser.page is None:
            self.hands.browser.go_to(self.hands.browser.offset)

    def would_take(self, paths: Sequence[str]) -> str:
        what = pictures_of(self.easel.view, paths, MOST_REAL)
        verb = "Show the surprise of" if self.easel.state.mode == "surprise" else "Complete"
        return what and f"{verb} {what}"

    def take(self, paths: Sequence[str]) -> None:
        if not self.would_take(paths):
            return
        if self.easel.state.mode == "draw":
            self._edit("Pixel by pixel", mode="complete")
        self.hands.browser.take(paths)

    def save_state(self) -> dict[str, Any]:
        return {
            "runs": self.easel.keeper.save(),
            "stage": self.stage.save_state(),
            "browser": self.hands.browser.save_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.easel.keeper.restore(state.get("runs"))
        stage, browser = state.get("stage"), state.get("browser")
        if isinstance(stage, dict):
            self.stage.restore_state(stage)
        if isinstance(browser, dict):
            self.hands.browser.restore_state(browser)
        self._show_brush()

    # --- what is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.easel.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.stage.scrubber.stop()
            self.easel.awake = False
        return super().eventFilter(watched, event)

    def _show_anew(self) -> None:
        self.stage.say("Drawing …")
        self._show_mode()
        self._show_brush()

    def _show_mode(self) -> None:
        surprise = self.easel.state.mode == "surprise"
        self.body.setCurrentWidget(self.look if surprise else self.stage)

    def _changed(self, before: Drawing) -> None:
        state = self.easel.state
        self._show_mode()
        if before.mode != state.mode:
            self.stage.scrubber.stop()
        if state.mode == "surprise":
            self.look.show_current()
        else:
            self.stage.show_place()

    def _drawn(self, found: DrawnInOrder | None) -> None:
        if found is None:
            self.stage.say(CHOOSE)
        else:
            self.step_shown.emit(found.step)

    def _surprised(self, found: Surprised | None) -> None:
        if found is not None:
            self.step_shown.emit(found.step)

    def _failed(self, why: str) -> None:
        (self.look if self.easel.state.mode == "surprise" else self.stage).say(why)

    # --- hands

    def _edit(self, text: str, merge: object = None, **changed: Any) -> None:
        if self.easel.view is not None:
            self.easel.edit(text, replace(self.easel.state, **changed), merge)

    def _follow(self, sample: int) -> None:
        if sample != self.easel.state.follow:
            self._edit("Watch a sample", ("pixels follow",), follow=sample)

    def _pick(self, index: int) -> None:
        if index != self.easel.state.current:
            self._edit("Look at an example", ("pixels current",), current=index)

    def _play(self) -> None:
        if self.easel.view is not None and self.easel.state.mode != "surprise":
            self.stage.scrubber.toggle()

    def _set_width(self, width: int) -> None:
        self.stage.canvas.width_ = width
        self._show_brush()

    def _set_keep(self, keep: bool) -> None:
        self.stage.canvas.keeps = keep
        self._show_brush()

    def _show_brush(self) -> None:
        canvas = self.stage.canvas
        self.hands.show_brush(canvas.width_, keep=canvas.keeps)
        canvas.update()

    # --- out, and back

    def offer(self) -> Offer | None:
        easel = self.easel
        if easel.view is None:
            return None
        state = easel.state
        own = state.mode == "draw" and state.label is None  # samples of a seed alone say all of these
        return Offer(
            where=easel.where,
            name=name_of(easel.where.run),
            decodes=own,
            seed=state.seed,
            count=state.count,
            uniform=True,
            shown=offered(easel, self._about),
        )

    def restore(self, made: Provenance) -> None:
        """Of a file that came back: the same seed, mask and examples."""
        about = made.settings.get("panel")
        if not isinstance(about, Mapping) or about.get("name") != self.title or self.easel.view is None:
            return
        plain = about.get("state")
        state = from_plain(plain) if isinstance(plain, Mapping) else None
        if state is not None and state.suits(self.easel.view):
            self.easel.edit("Restore from a file", state)

    @property
    def _about(self) -> dict[str, Any]:
        return {"name": self.title, "state": as_plain(self.easel.state)}
