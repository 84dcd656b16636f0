"""A flow of points to take away: the plane as it is on screen, several steps side by side, a film through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.explore.questions import Question
from studio.explore.warping import stations
from studio.export.jobs import ExportFlow, Written
from studio.gui import theme
from studio.gui.export.films import ABOUT_FILMS, FILMS
from studio.gui.export.form import Form
from studio.gui.export.offer import Offer, OfferedFlow
from studio.gui.export.pictures import PICTURES

SIDES = (("400", 400), ("640", 640), ("1024", 1024), ("1600", 1600))
HOLD = 0.8
"""Seconds for which a film stands still at its two ends."""
MOST_SECONDS = 120


class _Flow(Form):
    """What both have: the size, the ground, and all that the panel shows."""

    def _common(self) -> None:
        self.side = self._choice("Size", SIDES, "Pixels a side of the plane, of each if there are several")
        self.side.setCurrentIndex(1)
        self.ground = self._choice("Ground", (("Light", False), ("Dark", True)), "Behind what is drawn")

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.flow is not None

    def load(self, offer: Offer) -> None:
        super().load(offer)
        self.ground.setCurrentIndex(int(theme.theme.dark))

    @property
    def _flow(self) -> OfferedFlow:
        flow = self._given().flow
        if flow is None:
            raise LookupError("no flow was offered")
        return flow

    def _job(self, out: str, at: tuple[float, ...], **more: Any) -> Question[Written]:
        flow = self._flow
        return ExportFlow(
            self._given().where,
            out,
            at,
            flow.layers,
            count=flow.count,
            seed=flow.seed,
            x=flow.x,
            z=flow.z,
            window=flow.window,
            side=self.side.currentData(),
            dark=self.ground.currentData(),
            panel=flow.panel,
            **more,
        )


class FlowPicture(_Flow):
    title = "Flow"
    about = "The plane as it is on screen, or the flow after some of its steps side by side, with axes."

    def __init__(self) -> None:
        super().__init__()
        self.what = self._choice(
            "Show",
            (("This step", "step"), ("Steps side by side", "steps")),
            "The step that is on screen, or 0, 1, 2, 4, … and the last one",
        )
        self._common()
        self.format_box = self._choice("Format", PICTURES[:2], "Both keep every pixel")

    def file_name(self) -> str:
        flow = self._flow
        place = "steps" if self.what.currentData() == "steps" else f"step-{flow.at:g}"
        return f"{self._given().name}-flow-{place}.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        flow = self._flow
        at = tuple(map(float, stations(flow.steps))) if self.what.currentData() == "steps" else (flow.at,)
        return self._job(out, at, format=self.format_box.currentData())


class FlowFilm(_Flow):
    title = "Flow, film"
    about = "Samples on their way from the prior to the data, with all that the panel shows."

    def __init__(self) -> None:
        super().__init__()
        self.pace = self._number("Length", 1, MOST_SECONDS, "Seconds from the prior to the last step", " s")
        self.fps = self._number("Speed", 5, 50, "Frames a second", " frames/s")
        self.fps.setValue(25)
        self._common()
        self.format_box = self._choice("Format", FILMS, ABOUT_FILMS)

    def load(self, offer: Offer) -> None:
        super().load(offer)
        if offer.flow is not None:
            self.pace.setValue(round(min(max(offer.flow.steps / offer.flow.pace, 1), MOST_SECONDS)))

    def file_name(self) -> str:
        return f"{self._given().name}-flow.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        steps, fps = self._flow.steps, self.fps.value()
        still = round(HOLD * fps)
        way = np.linspace(0.0, steps, max(self.pace.value() * fps, 2))
        at = (*[0.0] * still, *way.tolist(), *[float(steps)] * still)
        return self._job(out, at, fps=fps, format=self.format_box.currentData(), film=True)
