"""What is slow to draw of a flow, off the window's thread: its density as a picture, and the small pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from studio.explore import flow_pictures
from studio.explore.flow_pictures import Flow, Layers
from studio.explore.warping import Bytes, Window, shaded
from studio.gui import work

FAST, FINE = 240, 480
"""Pixels a side of the density, while points are on their way and at rest."""
T = TypeVar("T")


class Newest:
    """One task under way, the newest waiting; what was forgotten never arrives."""

    def __init__(self, owner: QObject) -> None:
        self._owner = owner
        self._turn = 0
        self._next: tuple[Callable[[], Any], Callable[[Any], None]] | None = None
        self.busy = False

    def ask(self, task: Callable[[], T], done: Callable[[T], None]) -> None:
        if self.busy:
            self._next = task, done
            return
        self.busy = True
        turn = self._turn

        def came(found: T) -> None:
            if turn == self._turn:
                self.busy = False
                again, self._next = self._next, None
                if again is not None:
                    self.ask(*again)
                done(found)

        work.run(self._owner, lambda watch: task(), came)

    def forget(self) -> None:
        self._turn += 1
        self.busy, self._next = False, None


@dataclass(frozen=True, eq=False)
class Shaded:
    """``picture`` H×W×3 of the ``seen`` part of the plane, or None where no density is shown; what the ends of its
    colours stand for; contour lines N×2."""

    seen: Window
    picture: Bytes | None
    low: float
    high: float
    contours: list[npt.NDArray[np.float64]]


def shade(
    flow: Flow, layers: Layers, at: float, seen: Window, size: int, exact: npt.NDArray[np.float64] | None = None
) -> Shaded:
    """The density after so many steps, in what is seen of the plane; ``exact``: its logarithm there, if it is known."""
    if exact is not None:
        field: npt.NDArray[np.float64] | None = exact
    else:
        field = flow.field(at, size, seen) if layers.density or layers.contours else None
    if field is None:
        return Shaded(seen, None, 0.0, 0.0, [])
    _, low, high = shaded(field, log=layers.log)
    picture = flow_pictures.coloured(field, log=layers.log) if layers.density else None
    contours = flow.contours(field, at, seen) if layers.contours else []
    return Shaded(seen, picture, low, high, contours)


def small(flow: Flow, layers: Layers, at: Sequence[int], side: int, *, dark: bool, scale: int) -> Bytes:
    """Pictures after each of these steps, N×side×side×3; ``scale`` as in :func:`flow_pictures.picture`."""
    return np.stack([flow_pictures.picture(flow, layers, k, side, dark=dark, scale=scale) for k in at])
