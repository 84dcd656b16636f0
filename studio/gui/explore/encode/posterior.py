"""What is asked of a model that infers latents: the bound of the chosen examples by its parts, which units are active,
and the sheet of all codes where they have two dimensions."""

from __future__ import annotations

import time
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.explore.questions import BoundSplit, Decoded, FindUnits, SplitBound, UnitsFound
from studio.gui.explore.asking import Batches, Latest
from studio.gui.explore.encode.coder import Coder
from studio.models.core.latents import Prior

SAMPLES = (1, 8, 64)
"""Samples K of the posterior that can be asked for."""
REST = 4.0
"""Newer weights are asked for again after so many times the seconds that the last answer took."""
SIDE = 20
"""Codes to a row of the sheet, and rows."""


class Posterior(QObject):
    """See the module. It listens to the coder, and asks nothing of a model that cannot, nor while that is asleep."""

    split_came = Signal()
    """The bound of the examples by its parts, or None."""
    units_came = Signal()
    sheet_came = Signal()
    shown_anew = Signal()
    """Another run, or other weights of it."""
    failed = Signal(str)

    def __init__(self, coder: Coder) -> None:
        super().__init__(coder)
        self.coder = coder
        self.samples = SAMPLES[1]
        self.split: BoundSplit | None = None
        self.units: UnitsFound | None = None
        self.sheet: Decoded | None = None
        self.wants_sheet = False
        """Whether anybody looks at the sheet."""
        self._split = Latest(coder.session, self, "encode bound")
        self._units = Latest(coder.session, self, "encode units", slow=True)
        self._sheet = Batches(coder.session, self, "encode sheet")
        self._rests_until = 0.0
        coder.run_shown.connect(self._show_anew)
        coder.found.connect(lambda found: self._ask_all())

    @property
    def can(self) -> bool:
        view = self.coder.view
        return view is not None and "infer latents" in view.capabilities

    @property
    def spread_out(self) -> bool:
        """Whether all codes fit on one sheet."""
        view = self.coder.view
        return self.can and view is not None and plain_plane(view.prior)

    def set_samples(self, count: int) -> None:
        if count != self.samples and count in SAMPLES:
            self.samples = count
            self._ask_split()

    def forget(self) -> None:
        for lane in (self._split, self._units, self._sheet):
            lane.forget()
        self.split = self.units = self.sheet = None

    def _show_anew(self) -> None:
        self.forget()
        self._rests_until = 0.0
        self.shown_anew.emit()

    def _ask_all(self) -> None:
        """The examples were encoded, or none is chosen; the weights may be newer."""
        if not self.can or not self.coder.awake:
            return
        self._ask_split()
        self.ask_sheet()
        if not self._units.busy and time.monotonic() >= self._rests_until:
            began = time.monotonic()

            def came(found: UnitsFound) -> None:
                now = time.monotonic()
                self._rests_until = now + REST * (now - began)
                self.units = found
                self.units_came.emit()

            self._units.ask(FindUnits(self.coder.where), came, self.failed.emit)

    def _ask_split(self) -> None:
        coder = self.coder
        if not self.can:
            return
        if not len(coder.state.real) or coder.by != "encoder":
            self._split.forget()
            self.split = None
            self.split_came.emit()
            return
        real = coder.state.real

        def came(found: BoundSplit) -> None:
            if self.can and real == coder.state.real:
                self.split = found
                self.split_came.emit()

        self._split.ask(SplitBound(coder.where, real, self.samples), came, self.failed.emit)

    def ask_sheet(self) -> None:
        """Decode the sheet, if it is looked at."""
        view = self.coder.view
        if view is None or not self.spread_out or not self.wants_sheet or not self.coder.awake:
            return

        def came(found: Decoded) -> None:
            self.sheet = found
            self.sheet_came.emit()

        height, width = view.data.size
        pixels = 0 if view.data.kind == "points" else height * width
        self._sheet.ask(self.coder.where, sheet_of_codes(SIDE), pixels, came, self.failed.emit)

    # --- the example that is looked at

    def at(self, index: int) -> BoundSplit | None:
        """The split, if it knows this example."""
        return self.split if self.split is not None and 0 <= index < len(self.split.bound) else None


def plain_plane(prior: Prior) -> bool:
    """Whether a latent is two normal numbers."""
    return prior.size == 2 and all(p.kind == "normal" for p in prior.parts)


def sheet_of_codes(side: int) -> npt.NDArray[np.float32]:
    """Codes side²×2, row by row from the top left: the inverse normal distribution function of an even grid over the
    unit square, so that each stands for as much of the prior as the others (Kingma & Welling 2014, appendix A)."""
    at = np.array([NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)])
    return np.stack([np.tile(at, side), np.repeat(at[::-1], side)], axis=1).astype(np.float32)


def nearest_on_sheet(z: npt.NDArray[np.float32], side: int) -> int:
    """The tile of the sheet whose code is nearest."""
    return int(np.hypot(*(sheet_of_codes(side) - z).T).argmin())
