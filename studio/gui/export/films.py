"""Animations to take away: what a panel plays, a walk through keys."""

from __future__ import annotations

from studio.explore.questions import Question
from studio.export.jobs import ExportFilm, ExportWalk, Written
from studio.gui.export.form import Form
from studio.gui.export.offer import Offer, OfferedFilm

FILMS = (("MP4", "mp4"), ("GIF, 256 colours", "gif"), ("WebP, full colour", "webp"))
ABOUT_FILMS = "MP4 plays everywhere; GIF has 256 colours; WebP keeps every colour"


class Film(Form):
    title = "Animation"
    about = "An animation of what the panel shows."

    def __init__(self) -> None:
        super().__init__()
        self.along = self._choice("Along", (), "What changes from frame to frame")
        self.whole = self._choice(
            "Frames show",
            (("The current picture", False), ("The whole grid", True)),
            "In each frame one picture, or the grid with all else that it shows",
        )
        self.frames = self._number("Frames", 2, 600, "How many there are in all")
        self.fps = self._number("Speed", 1, 60, "Frames a second", " frames/s")
        self.format_box = self._choice("Format", FILMS, ABOUT_FILMS)
        self.along.currentIndexChanged.connect(lambda index: self._show_frames())

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.film is not None

    @property
    def _film(self) -> OfferedFilm:
        film = self._given().film
        if film is None:
            raise LookupError("no animation was offered")
        return film

    def load(self, offer: Offer) -> None:
        super().load(offer)
        if offer.film is None:
            return
        chosen = self.along.currentData()
        self.words.setText(offer.film.about)
        self.along.blockSignals(True)
        self.along.clear()
        for name, text in offer.film.along.items():
            self.along.addItem(text, name)
        known = list(offer.film.along)
        first = next((n for n in known if n not in offer.film.fixed), "")
        self.along.setCurrentIndex(known.index(chosen if chosen in known else first or known[0]) if known else -1)
        self.along.blockSignals(False)
        self.frames.setValue(offer.film.frames)
        self.fps.setValue(offer.film.fps)
        self._show_frames()

    def _show_frames(self) -> None:
        offer = self.offer
        fixed = offer is not None and offer.film is not None and self.along.currentData() in offer.film.fixed
        self.frames.setEnabled(not fixed)

    def missing(self, offer: Offer) -> str:
        return super().missing(offer) or ("" if offer.film and offer.film.along else "There is nothing to animate.")

    def file_name(self) -> str:
        return f"{self._given().name}-{self.along.currentData() or 'film'}.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        film = self._film
        z, columns = film.frames_of(self.along.currentData(), self.frames.value(), self.whole.currentData())
        return ExportFilm(
            self._given().where,
            out,
            z,
            film.held,
            columns=columns,
            fps=self.fps.value(),
            format=self.format_box.currentData(),
            panel=film.panel,
        )


class Walk(Form):
    title = "Walk"
    about = "An animation through the keys of the tab Walk."

    def __init__(self) -> None:
        super().__init__()
        self.way = self._choice(
            "Way", (("Spherical", "spherical"), ("Linear", "linear")), "How to go from one latent to the next"
        )
        self.frames = self._number("Frames", 1, 200, "From one key to the next")
        self.fps = self._number("Speed", 1, 60, "Frames a second", " frames/s")
        self.loop = self._tick("Back to the first key", "The animation can be repeated without a jump")
        self.format_box = self._choice("Format", FILMS, ABOUT_FILMS)

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        others = (offer.film, offer.flow, offer.poses, offer.shown)
        return offer.decodes and all(other is None for other in others)

    def missing(self, offer: Offer) -> str:
        few = "A walk needs two keys or more: put them into the tab Walk."
        return super().missing(offer) or ("" if len(offer.walk) >= 2 else few)

    def load(self, offer: Offer) -> None:
        super().load(offer)
        self.way.setCurrentIndex(self.way.findData(offer.path))
        self.frames.setValue(offer.frames)
        self.fps.setValue(offer.fps)
        self.loop.setChecked(offer.loop)

    def file_name(self) -> str:
        return f"{self._given().name}-walk.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        offer = self._given()
        return ExportWalk(
            offer.where,
            out,
            offer.walk,
            path=self.way.currentData(),
            frames=self.frames.value(),
            fps=self.fps.value(),
            loop=self.loop.isChecked(),
            format=self.format_box.currentData(),
        )
