"""How numbers of a training are to be read, as plain data: levels to hold a curve against, and gauges.

A model names them once for its class; the window draws them without knowing the model.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """A line that a plot is read against: the balance of a game, a floor that no loss can pass.

    Attributes:
        panel: the group of curves that it is drawn in ("discriminator").
        label: what it is ("balance, ½").
        value: in the unit of that panel.
        term: key into the glossary; empty for none.
    """

    panel: str
    label: str
    value: float
    term: str = ""


@dataclass(frozen=True)
class Gauge:
    """A curve whose present value a person wants to see at a glance, as a bar from ``low`` to ``high``.

    Attributes:
        curve: "panel/curve", as in ``Loss.shows``.
        label: beside the bar ("weights at the clip").
        good: from which value to which nothing is wrong; outside of it the bar is marked.
    """

    curve: str
    label: str
    low: float = 0.0
    high: float = 1.0
    good: tuple[float, float] = (0.0, 1.0)


ALWAYS = (
    Level("oscillation", "random walk", 0.75, "oscillation"),
    Level("classes", "as in the data", 1.0, "modes"),
    Level("effective sample size", "all samples alike: q is p", 1.0, "effective sample size"),
)
"""Levels of curves that every model may have: the oscillation of a random walk over 16 measures, 1 − 1/√16
(:mod:`studio.metrics.oscillation`), the rarest class when all are as in the data, the weights of a constraint when it
asks for nothing."""
