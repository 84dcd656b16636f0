"""Levels upon a plot: dashed lines that curves are read against (the balance of a game, a floor no loss can pass).

A level that is near what the curves show is drawn where it is, and the view has room for it. One that is far off would
press the curves flat: its name stands at the edge of the plot instead, with an arrow to where it would be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.gui import theme
from studio.gui.glossary import terms
from studio.gui.widgets.plot import Plot, cosmetic, ink, plain, write
from studio.models.core.showing import Level

DASH = [6.0, 4.0]
REACH = 1.5
"""A level is near when it is at most so many heights of the curves away from them: they keep two fifths of the plot."""

NAME_ROOM = 0.12
"""Of the height, for a name at the edge."""


class Levels:
    """The levels of one plot, drawn over its curves whenever these are drawn."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._drawn: list[tuple[Level, Any, Any]] = []

    @property
    def shown(self) -> tuple[Level, ...]:
        return tuple(level for level, _, _ in self._drawn)

    def set(self, levels: Sequence[Level]) -> None:
        """Show these and no others."""
        if tuple(levels) == self.shown:
            return
        for _, line, name in self._drawn:
            self._plot.item.removeItem(line)
            self._plot.item.removeItem(name)
        self._drawn = []
        for level in levels:
            name = self._plot.name()
            name.setToolTip(terms()[level.term].sentence if level.term in terms() else level.label)
            self._drawn.append((level, self._plot.line(), name))
        self._plot.widget.setAccessibleDescription(", ".join(f"{one.label}: {plain(one.value)}" for one in levels))
        self.recolour()

    def recolour(self) -> None:
        for _, line, name in self._drawn:
            line.setPen(cosmetic(theme.palette().quiet, DASH))
            ink(name)

    def hide(self) -> None:
        """While there are no curves there is nothing to compare with."""
        for _, line, name in self._drawn:
            line.setVisible(False)
            name.setVisible(False)

    def widen(self, bottom: float, top: float, *, log: bool) -> tuple[float, float]:
        """The range of values to show (their logarithms when ``log``), with room for the levels that are near and for
        all names: those upon the plot stand below their lines, those of far levels at its edges."""
        found = [v for level, _, _ in self._drawn if (v := _place(level, log)) is not None]
        height = top - bottom or 0.1 * abs(top) or 0.5
        low = min([bottom, *(v for v in found if bottom - REACH * height <= v)])
        high = max([top, *(v for v in found if v <= top + REACH * height)])
        name = NAME_ROOM * (high - low)
        return low - (name if found else 0.0), high + (name if any(v > high for v in found) else 0.0)

    def draw(
        self, low: float, high: float, bottom: float, top: float, ends: Sequence[tuple[float, float]], *, log: bool
    ) -> list[tuple[Any, int]]:
        """Lines and names between two steps.

        Args:
            ends: first and last value of each curve in view: a name keeps to the side where they leave it room.

        Returns:
            The names upon the plot, each with its side (0 left, 1 right); the others are at its edges.
        """
        upon: list[tuple[Any, int]] = []
        edges: dict[bool, list[tuple[Level, Any]]] = {True: [], False: []}
        for level, line, name in self._drawn:
            value = _place(level, log)
            line.setVisible(value is not None and bottom <= value <= top)
            name.setVisible(value is not None)
            if value is None:
                continue
            if bottom <= value <= top:
                line.setData(np.array([low, high]), np.array([value, value]))
                write(name, level.label, plain(level.value), self._plot.view.width())
                side = _side(value, ends)
                name.setPos(high if side else low, value)
                upon.append((name, side))
            else:
                edges[value > top].append((level, name))
        for above, those in edges.items():
            for at, (level, name) in enumerate(sorted(those, key=lambda pair: abs(pair[0].value))):
                words = f"{'↑' if above else '↓'} {level.label}"
                write(name, words, plain(level.value), self._plot.view.width())
                name.setPos(high, top if above else bottom)
                name.setAnchor((1, -at if above else 1 + at))  # one above the other, from the edge inwards
        return upon


def _side(value: float, ends: Sequence[tuple[float, float]]) -> int:
    """Right, unless the curves end much nearer to the level than they begin."""
    gaps = [min((abs(end[at] - value) for end in ends), default=0.0) for at in (0, 1)]
    return 0 if gaps[0] > 1.5 * gaps[1] else 1


def _place(level: Level, log: bool) -> float | None:
    """Where it is on the value axis; None where a logarithmic one has no place for it."""
    if not log:
        return level.value
    return math.log10(level.value) if level.value > 0 else None
