"""The flow panel: for every model of points in the plane whose bijection is a chain of steps that can be looked at.

The plane shows the prior bent into the data after any number of the steps; below it are small pictures after some of
them. Each part is a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.flow_pictures import Layers
from studio.explore.questions import DensityFound, ModelView, Where
from studio.explore.warping import Bytes, Window, latent_at, stations
from studio.export.provenance import Provenance
from studio.gui import theme
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.flow.canvas import Canvas
from studio.gui.explore.flow.controls import Controls
from studio.gui.explore.flow.key import Key
from studio.gui.explore.flow.shading import FAST, FINE, Newest, Shaded, shade, small
from studio.gui.explore.flow.state import PACES, Flowing, Place, as_plain, caption, from_plain
from studio.gui.explore.flow.stream import Stream
from studio.gui.explore.panel import Panel
from studio.gui.explore.parts import quiet, row
from studio.gui.explore.scrubber import Scrubber
from studio.gui.export.offer import Offer, OfferedFlow, name_of
from studio.gui.session import Session
from studio.gui.shortcuts import bind

REST = 150
"""Milliseconds of rest after which the density is drawn finely."""
SMALL_EVERY = 1500
"""Milliseconds between small pictures of a run in training."""
TILE = 96
"""Pixels of a small picture."""


class FlowPanel(Panel):
    """See the module."""

    title = "Flow"
    needs = "flow in steps"
    kinds = ("points",)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.stream = Stream(session, self)
        self.canvas = Canvas()
        self.scrubber = Scrubber(
            "Step",
            "After how many of the flow's steps; between two of them points are on straight lines. "
            "Arrows: a step, with Shift a tenth",
            "samples flow from the prior to the data",
            "steps/s",
            PACES,
        )
        self.key = Key()
        self.about = quiet()
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.film = Film("the flow after some of its steps", TILE)
        self.tools = Controls(self.stream)
        self.pictures = QWidget()
        box = QVBoxLayout(self.pictures)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE // 2)
        box.addWidget(self.canvas, 1)
        line = row(self.about, self.key)
        line.setStretch(0, 1)
        box.addLayout(line)
        box.addWidget(self.scrubber)
        box.addWidget(self.film)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(scroll.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        scroll.setFocusPolicy(scroll.focusPolicy().NoFocus)
        scroll.setWidget(self.tools)
        self.controls = scroll
        self._shading, self._small = Newest(self), Newest(self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._rested)
        self._since_small = QElapsedTimer()
        self._small_rest = QTimer(self)
        self._small_rest.setSingleShot(True)
        self._small_rest.setInterval(SMALL_EVERY)
        self._small_rest.timeout.connect(self._ask_small)
        self._before_pick: tuple[Place | None, Place | None] | None = None
        self._picks = 0
        self._exact: tuple[float, Layers, Window] | None = None
        """The step, layers and part of the plane whose exact density is on screen."""
        self._tiles: list[int] = []
        """After how many steps each small picture is."""

        stream = self.stream
        stream.run_shown.connect(self._show_anew)
        stream.changed.connect(self._changed)
        stream.flow_came.connect(self._flow_came)
        stream.failed.connect(self._failed)
        stream.step_shown.connect(self.step_shown)
        self.scrubber.moved.connect(stream.move)
        self.scrubber.paced.connect(stream.set_pace)
        self.canvas.sample_picked.connect(self._pick_sample)
        self.canvas.place_picked.connect(self._pick_place)
        self.canvas.stepped.connect(self.scrubber.step)
        self.canvas.let_go.connect(stream.follow)
        self.canvas.let_back.connect(self._let_back)
        self.canvas.looked.connect(lambda: self._ask_field())
        self.film.picked.connect(self._pick_tile)
        self.tools.edit_wanted.connect(self._hand_over)
        for part in (self.pictures, self.controls):
            bind(part, "Explore", {"play": self.scrubber.toggle})
        self.pictures.installEventFilter(self)
        theme.theme.changed.connect(self._ask_small)

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.stream.show_run(where, view)

    def forget(self) -> None:
        self.scrubber.stop()
        self._rest.stop()
        self._small_rest.stop()
        self._since_small.invalidate()
        self._shading.forget()
        self._small.forget()
        self.stream.forget()

    def refresh(self) -> None:
        self.stream.refresh()

    def offer(self) -> Offer | None:
        stream = self.stream
        if stream.view is None:
            return None
        about = {"name": self.title, "state": as_plain(stream.state)}
        flow = None
        if stream.flow is not None:
            state, window = stream.state, stream.flow.window
            flow = OfferedFlow(
                state.layers,
                stream.at,
                stream.steps,
                state.seed,
                state.count,
                state.x,
                state.z,
                window,
                state.pace,
                about,
            )
        point = stream.point
        return Offer(
            where=stream.where,
            name=name_of(stream.where.run),
            seed=stream.state.seed,
            count=stream.state.count,
            current=np.zeros((0, 0), np.float32) if point is None else point.z[None].astype(np.float32),
            flow=flow,
        )

    def restore(self, made: Provenance) -> None:
        own = made.settings.get("panel")
        if isinstance(own, Mapping) and own.get("name") == self.title and isinstance(own.get("state"), Mapping):
            state = from_plain(own["state"])
            if state is not None:
                self.stream.edit("Restore from a file", state)

    def save_state(self) -> dict[str, Any]:
        return {"runs": self.stream.keeper.save()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.stream.keeper.restore(state.get("runs"))

    # --- what is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.stream.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.stream.awake = False
        return super().eventFilter(watched, event)

    def _show_anew(self) -> None:
        if self.stream.flow is None:
            self._shading.forget()
            self._small.forget()
            self._exact = None
            self.canvas.clear("Tracing samples through the steps …")
            self.film.set_empty("")
            self.film.show_items(NOTHING)
            self.about.clear()
            self.key.hide()
            self.scrubber.show_place(0.0, 0, 1.0)

    def _failed(self, message: str) -> None:
        if self.stream.flow is None:
            self.canvas.clear(message)
        else:
            self.about.setText(f"Not drawn anew: {message}")
            self.about.setToolTip(message)

    def _changed(self, before: Flowing) -> None:
        self._show_flow()
        if before.layers != self.stream.state.layers:
            self._ask_small()

    def _flow_came(self) -> None:
        self._show_flow()
        if not self._since_small.isValid() or self._since_small.elapsed() >= SMALL_EVERY:
            self._ask_small()
        else:
            self._small_rest.start()

    def _show_flow(self) -> None:
        stream, flow = self.stream, self.stream.flow
        if flow is None or stream.view is None:
            return
        state, at = stream.state, stream.at
        self.scrubber.show_place(at, stream.steps, state.pace)
        self.canvas.show_flow(flow, state.layers, at)
        said = caption(stream.names, at)
        self.about.setText(said[0].upper() + said[1:])
        self.about.setToolTip(said)
        self.canvas.setAccessibleDescription(said)
        self.film.set_current(self._tiles.index(int(at)) if at == int(at) and int(at) in self._tiles else -1)
        if self._exact == (at, state.layers, self.canvas.seen()):
            self._rest.start()  # newer weights: what is seen stays until the density of theirs is there
        else:
            self._ask_field()

    def _ask_field(self, size: int = FAST) -> None:
        stream, flow = self.stream, self.stream.flow
        if flow is None or stream.view is None:
            return
        layers, at, seen = stream.state.layers, stream.at, self.canvas.seen()
        self._shading.ask(lambda: shade(flow, layers, at, seen, size), lambda found: self._shaded(found, layers))
        if size == FAST:
            self._rest.start()

    def _rested(self) -> None:
        """The density as it is: by the model itself after a whole step, finely drawn between two."""
        stream, flow, layers, at = self.stream, self.stream.flow, self.stream.state.layers, self.stream.at
        if flow is None or stream.view is None or not (layers.density or layers.contours):
            return
        if at != int(at):
            self._ask_field(FINE)
            return
        seen = self.canvas.seen()

        def came(found: DensityFound) -> None:
            if (stream.at, stream.state.layers, self.canvas.seen()) != (at, layers, seen) or stream.flow is None:
                return
            flow, field = stream.flow, found.log_density
            self._shading.ask(
                lambda: shade(flow, layers, at, seen, FINE, field),
                lambda drawn: self._shaded(drawn, layers, exact=True),
            )

        stream.ask_exact(int(at), seen, came, lambda message: self._ask_field(FINE))

    def _shaded(self, found: Shaded, layers: Layers, *, exact: bool = False) -> None:
        self._exact = (self.stream.at, layers, found.seen) if exact else None
        self.canvas.show_field(found.picture, found.seen, found.contours)
        self.key.setVisible(found.picture is not None)
        if found.picture is not None:
            self.key.show_ends(found.low, found.high, log=layers.log)

    def _ask_small(self) -> None:
        flow = self.stream.flow
        if flow is None or self.stream.view is None:
            return
        self._small_rest.stop()
        self._since_small.start()
        at, layers, dark = stations(flow.steps), self.stream.state.layers, theme.theme.dark
        ratio = self.pictures.devicePixelRatioF()
        side, scale = round(TILE * ratio), max(round(ratio), 1)
        names = flow.samples.names
        self._small.ask(
            lambda: small(flow, layers, at, side, dark=dark, scale=scale),
            lambda pictures: self._small_came(pictures, at, names),
        )

    def _small_came(self, pictures: Bytes, at: list[int], names: tuple[str, ...]) -> None:
        self._tiles = at
        tips = [caption(names, k) for k in at]
        self.film.show_items(pictures, ["prior" if k == 0 else f"step {k}" for k in at], tips)
        now = self.stream.at
        self.film.set_current(at.index(int(now)) if now == int(now) and int(now) in at else -1)

    # --- hands

    def _follow(self, *, x: Place | None = None, z: Place | None = None) -> None:
        if x is not None or z is not None:
            state = self.stream.state
            self._before_pick = state.x, state.z
            self._picks += 1
            self.stream.follow(x=x, z=z, merge=("flow pick", self._picks))

    def _let_back(self) -> None:
        """The click before was the first of two: it has chosen nothing."""
        if self._before_pick is not None:
            x, z = self._before_pick
            self._before_pick = None
            self.stream.follow(x=x, z=z, merge=("flow pick", self._picks))

    def _pick_sample(self, index: int) -> None:
        flow = self.stream.flow
        if flow is not None and index < len(flow.hues):
            z = flow.samples.points[0, index]
            self._follow(z=(float(z[0]), float(z[1])))

    def _pick_place(self, x: float, y: float) -> None:
        """After the last step a place in the data, before the first a latent; between, the latent that the lattice has
        there."""
        stream, flow = self.stream, self.stream.flow
        if flow is None:
            return
        if stream.at >= stream.steps:
            self._follow(x=(x, y))
        elif stream.at <= 0:
            self._follow(z=(x, y))
        elif flow.mesh is not None:
            self._follow(z=latent_at(flow.mesh, stream.at, (x, y)))

    def _pick_tile(self, index: int) -> None:
        if index < len(self._tiles):
            self.scrubber.stop()
            self.stream.move(float(self._tiles[index]))

    def _hand_over(self) -> None:
        if self.stream.point is not None:
            self.latent_wanted.emit(self.stream.point.z.copy(), "the latent of the point in the flow")
