"""The way between two real examples while it is asked for: the ends' latents, the pictures on it, the one looked at."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.explore.questions import DecodeScored, Real, Scored, Unfold, Unfolded, Where
from studio.gui.explore.asking import Batches, Latest
from studio.gui.explore.invert.between_state import places, way, whole
from studio.gui.explore.invert.inverter import DRAWS, Inverter
from studio.gui.explore.invert.state import Between, Inversion

Vectors = npt.NDArray[np.float32]
KEPT = 8
"""Ends whose latents are kept, the newest."""


def scored(where: Where, z: Vectors) -> DecodeScored:
    """Over as many draws of the noise as the likelihoods beside it."""
    return DecodeScored(where, z, DRAWS)


class Course(QObject):
    """See the module. Asks nothing unless ``seen``; newer weights of a run that trains replace what was found."""

    ends_came = Signal()
    """More is known of the ends, or less."""
    frames_came = Signal(object)
    """Scored of :func:`.between_state.places`; None: not known any more."""
    one_came = Signal(object, float)
    """Scored, N = 1, of the place t."""
    failed = Signal(object, str)
    """Why an end (a Real), or what lies between (None), is not to be had."""

    def __init__(self, inverter: Inverter, parent: QObject) -> None:
        super().__init__(parent)
        self.inverter = inverter
        self.seen = False
        self.known: dict[Real, Unfolded] = {}
        self.frames: Scored | None = None
        self._lanes = [Latest(inverter.session, self, f"invert {end}") for end in ("start", "end")]
        self._one = Latest(inverter.session, self, "invert between")
        self._many = Batches(inverter.session, self, "invert way", scored)
        self._newest = -1
        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(self._changed)

    @property
    def state(self) -> Between:
        return self.inverter.state.between

    @property
    def ends(self) -> tuple[Unfolded, Unfolded] | None:
        """Of both ends, once they are known."""
        start, end = (self.known.get(e) for e in (self.state.start, self.state.end))
        return None if start is None or end is None else (start, end)

    def forget(self) -> None:
        """Nothing that was found holds any more, nor what is under way."""
        for lane in self._lanes:
            lane.forget()
        self._one.forget()
        self._forget_frames()
        self.known = {}

    def _forget_frames(self) -> None:
        self._many.forget()
        self.frames = None

    # --- latents

    def latent(self, t: float) -> Vectors | None:
        """At a place, (size,); None while the ends are not known."""
        found = self.latents(np.array([t]))
        return None if found is None else found[0]

    def latents(self, t: npt.NDArray[np.float64]) -> Vectors | None:
        """At N places, N×size."""
        ends, view = self.ends, self.inverter.view
        if ends is None or view is None:
            return None
        return way(self.state, ends[0].z[0], ends[1].z[0], t, view.prior)

    def film(self, frames: int, *, beside: bool) -> tuple[Vectors, int] | None:
        """What an export plays: latents F×T×size and the columns of a frame: what lies between alone, or with A and B
        ``beside`` it; None while the ends are not known."""
        made, ends = self.latents(places(frames, back=self.state.loop)), self.ends
        if made is None or ends is None:
            return None
        if not beside:
            return made[:, None], 1
        a, b = (np.broadcast_to(end.z[0], made.shape) for end in ends)
        return np.stack([a, made, b], axis=1), 3

    # --- asking

    def ask(self, t: float) -> None:
        """What is not known yet, and the place ``t``."""
        if self.inverter.view is None or not self.seen or not self.inverter.awake:
            return
        for lane, example in zip(self._lanes, (self.state.start, self.state.end), strict=True):
            if len(example) and example not in self.known and not lane.busy:
                question = Unfold(self.inverter.where, example, draws=1)
                lane.ask(question, partial(self._end_came, example, t), partial(self.failed.emit, example))
        z = self.latents(places(self.state.frames))
        if z is None:
            return
        if self.frames is None and not self._many.busy:
            height, width = self.inverter.data.size
            self._many.ask(self.inverter.where, z, height * width, self._frames_came, self._way_failed)
        self.ask_one(t)

    def ask_one(self, t: float) -> None:
        """The place ``t`` alone."""
        z = self.latent(t)
        if z is not None and self.seen and self.inverter.awake:
            self._one.ask(scored(self.inverter.where, z[None]), partial(self._one_came, t), self._way_failed)

    def _end_came(self, example: Real, t: float, found: Unfolded) -> None:
        if self.inverter.view is None:
            return
        self.known[example] = found
        while len(self.known) > KEPT:
            del self.known[next(iter(self.known))]
        self._newest = max(self._newest, found.step)
        self.ends_came.emit()
        self.ask(t)

    def _frames_came(self, found: Scored) -> None:
        if self.inverter.view is not None and len(found.bits) == self.state.frames and self.ends is not None:
            self.frames = found
            self.frames_came.emit(found)

    def _one_came(self, t: float, found: Scored) -> None:
        if self.inverter.view is not None and self.ends is not None:
            self.one_came.emit(found, t)

    def _way_failed(self, message: str) -> None:
        self.failed.emit(None, message)

    # --- what holds no longer

    def _show_anew(self) -> None:
        self.forget()
        self._newest = -1
        self.ends_came.emit()
        self.frames_came.emit(None)

    def _changed(self, before: Inversion) -> None:
        """The pictures on the way hold for the same ends, kind and number alone."""
        old, new = before.between, self.state
        if replace(old, t=new.t, fps=new.fps, loop=new.loop) != new:
            self._forget_frames()
            if not whole(new):
                self._one.forget()
            self.frames_came.emit(None)

    def newer(self, step: int) -> bool:
        """Whether weights of this step are newer than those that the ends were found by; they are forgotten then,
        though still shown."""
        if not self.known or step <= self._newest:
            return False
        self._newest = step
        self.known = {}
        self._forget_frames()
        return True
