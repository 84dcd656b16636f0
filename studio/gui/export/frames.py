"""What a panel has put together itself, to take away: as it is on screen, or as a film of how it came to be."""

from __future__ import annotations

from studio.explore.questions import Question
from studio.export.jobs import ExportFrames, Written
from studio.gui.export.films import ABOUT_FILMS, FILMS
from studio.gui.export.form import Form
from studio.gui.export.offer import Offer, OfferedFrames
from studio.gui.export.pictures import PICTURES

SIDES = (("64", 64), ("128", 128), ("192", 192), ("256", 256), ("512", 512))
LARGEST = 64
"""Pixels a side that one pixel is enlarged to, at most."""


class _Frames(Form):
    """What both have: how large."""

    def _common(self) -> None:
        self.side = self._choice("Size", SIDES, "About so many pixels is each picture enlarged to, by a whole factor")
        self.side.setCurrentIndex(1)

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.shown is not None

    def missing(self, offer: Offer) -> str:
        return ""

    @property
    def _offered(self) -> OfferedFrames:
        offered = self._given().shown
        if offered is None:
            raise LookupError("no picture was offered")
        return offered

    @property
    def _times(self) -> int:
        wanted: int = self.side.currentData()
        return min(max(1, round(wanted / self._offered.tile)), LARGEST)

    def _stem(self) -> str:
        return f"{self._given().name}-{self._offered.title.lower().replace(' ', '-')}"


class FramesPicture(_Frames):
    title = "As shown"
    about = "The pictures as they are on screen, in one file."

    def __init__(self) -> None:
        super().__init__()
        self._common()
        self.format_box = self._choice("Format", PICTURES[:2], "Both keep every pixel")

    def load(self, offer: Offer) -> None:
        super().load(offer)
        if offer.shown is not None:
            self.words.setText(offer.shown.about)

    def file_name(self) -> str:
        return f"{self._stem()}.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        given = self._offered
        return ExportFrames(
            self._given().where,
            out,
            given.step,
            given.picture[None],
            self._times,
            format=self.format_box.currentData(),
            panel=given.panel,
        )


class FramesFilm(_Frames):
    title = "As shown, film"
    about = "How the pictures came to be, value by value."

    def __init__(self) -> None:
        super().__init__()
        self.frames = self._number("Frames", 2, 600, "How many there are at most; each value needs no more than one")
        self.fps = self._number("Speed", 1, 60, "Frames a second", " frames/s")
        self._common()
        self.format_box = self._choice("Format", FILMS, ABOUT_FILMS)

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.shown is not None and offer.shown.film is not None

    def load(self, offer: Offer) -> None:
        super().load(offer)
        if offer.shown is not None:
            self.frames.setValue(offer.shown.frames)
            self.fps.setValue(offer.shown.fps)

    def file_name(self) -> str:
        return f"{self._stem()}.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        given = self._offered
        if given.film is None:
            raise LookupError("nothing moves")
        return ExportFrames(
            self._given().where,
            out,
            given.step,
            given.film(self.frames.value()),
            self._times,
            fps=self.fps.value(),
            format=self.format_box.currentData(),
            film=True,
            panel=given.panel,
        )
