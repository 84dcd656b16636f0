"""What can be exported, one form each: its fields, the file it makes, and the job that the engine is asked to do."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from studio.explore.questions import Question
from studio.export.jobs import (
    ExportBundle,
    ExportComparison,
    ExportFilm,
    ExportLatents,
    ExportSamples,
    ExportWalk,
    ExportWeights,
    Written,
)
from studio.gui import theme
from studio.gui.export.offer import Offer, OfferedFilm, OfferedSheet
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

LAYOUTS = (("One sheet", "sheet"), ("Single files", "files"))
FILMS = (("MP4", "mp4"), ("GIF, 256 colours", "gif"), ("WebP, full colour", "webp"))
ABOUT_FILMS = "MP4 plays everywhere; GIF has 256 colours; WebP keeps every colour"
PICTURES = (("PNG", "png"), ("WebP, lossless", "webp"), ("npz (numbers)", "npz"))


class Form(QWidget):
    """Base: ``changed`` when the name of the file may be another one."""

    title = ""
    about = ""
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.offer: Offer | None = None
        self.fields = QFormLayout(self)
        self.fields.setContentsMargins(0, 0, 0, 0)
        self.fields.setSpacing(theme.SPACE)
        self.words = QLabel(self.about)
        self.words.setWordWrap(True)
        theme.role(self.words, "quiet")
        self.fields.addRow(self.words)

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        """Whether this kind is for the panel that offers."""
        return True

    def load(self, offer: Offer) -> None:
        """Fill the fields from what is on screen."""
        self.offer = offer

    def missing(self, offer: Offer) -> str:
        """Why this cannot be exported now, and what to do; empty when it can."""
        return "" if offer.decodes else "This model decodes no latent."

    def file_name(self) -> str:
        """A name with its ending, or that of a folder."""
        raise NotImplementedError

    @property
    def folder(self) -> bool:
        """Whether a folder of files is made."""
        return False

    def job(self, out: str) -> Question[Written]:
        raise NotImplementedError

    def _given(self) -> Offer:
        if self.offer is None:
            raise LookupError("nothing was offered")
        return self.offer

    def _choice(self, label: str, options: tuple[tuple[str, Any], ...], tip: str) -> QComboBox:
        made = QComboBox()
        for text, value in options:
            made.addItem(text, value)
        self._put(label, made, tip)
        made.currentIndexChanged.connect(lambda index: self.changed.emit())
        return made

    def _number(self, label: str, low: int, high: int, tip: str, unit: str = "") -> QSpinBox:
        made = SpinBox()
        made.setRange(low, high)
        made.setSuffix(unit)
        self._put(label, made, tip)
        made.valueChanged.connect(lambda value: self.changed.emit())
        return made

    def _tick(self, text: str, tip: str, *, on: bool = True) -> QCheckBox:
        made = QCheckBox(text)
        made.setChecked(on)
        self._put("", made, tip)
        return made

    def _put(self, label: str, field: QWidget, tip: str) -> None:
        field.setToolTip(tip)
        field.setAccessibleName(label or tip)
        field.setAccessibleDescription(tip)
        self.fields.addRow(label, field)


class _Pictures(Form):
    """Those that have a layout and a format of pictures."""

    def _layout_and_format(self) -> None:
        self.layout_box = self._choice("As", LAYOUTS, "All in one picture, or each in a file of its own")
        self.format_box = self._choice("Format", PICTURES, "npz holds the pictures and their latents as numbers")

    def _ending(self, stem: str) -> str:
        return stem if self.folder else f"{stem}.{self.format_box.currentData()}"

    @property
    def folder(self) -> bool:
        single: bool = self.layout_box.currentData() == "files"
        return single and self.format_box.currentData() != "npz"


class Samples(_Pictures):
    title = "Samples"
    about = "Fresh samples of one seed: the same seed gives the same pictures again."

    def __init__(self) -> None:
        super().__init__()
        self.count = self._number("Count", 1, 100_000, "How many samples")
        self.seed = self._number("Seed", 0, 2**31 - 1, "Start of the random numbers")
        self.truncation = Slider("", 0.05, 4.0, value=4.0, unit="σ", step=0.05, at_high="off")
        self.truncation.set_label_width(0)
        self._put("Truncation", self.truncation, "Bound of each value of the latent; off: none")
        self._layout_and_format()

    def load(self, offer: Offer) -> None:
        super().load(offer)
        self.count.setValue(offer.count)
        self.seed.setValue(offer.seed)
        self.truncation.set_unit("" if offer.uniform else "σ")
        self.truncation.set_range(0.05, 1.0 if offer.uniform else 4.0)
        end = self.truncation.range()[1]
        self.truncation.set_default(end)
        self.truncation.set_value(end if offer.truncation is None else offer.truncation)

    def file_name(self) -> str:
        return self._ending(f"{self._given().name}-seed{self.seed.value()}-{self.count.value()}")

    def job(self, out: str) -> Question[Written]:
        bound = self.truncation.value()
        return ExportSamples(
            self._given().where,
            out,
            count=self.count.value(),
            seed=self.seed.value(),
            truncation=None if bound >= self.truncation.range()[1] else bound,
            layout=self.layout_box.currentData(),
            format=self.format_box.currentData(),
        )


class Sheet(_Pictures):
    title = "Grid"
    about = "The grid of pictures as it is on screen."

    def __init__(self) -> None:
        super().__init__()
        self._layout_and_format()

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.sheet is not None

    def load(self, offer: Offer) -> None:
        super().load(offer)
        if offer.sheet is not None:
            self.words.setText(offer.sheet.about)

    @property
    def _sheet(self) -> OfferedSheet:
        sheet = self._given().sheet
        if sheet is None:
            raise LookupError("no grid was offered")
        return sheet

    def file_name(self) -> str:
        return self._ending(f"{self._given().name}-{self._sheet.title.lower().replace(' ', '-')}")

    def job(self, out: str) -> Question[Written]:
        sheet = self._sheet
        return ExportLatents(
            self._given().where,
            out,
            sheet.z,
            layout=self.layout_box.currentData(),
            format=self.format_box.currentData(),
            columns=sheet.columns,
            panel=sheet.panel,
        )


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


class Comparison(Form):
    title = "Comparison"
    about = "Original, reconstruction and difference, a row for each example; the errors and latents stand in the file."

    def __init__(self) -> None:
        super().__init__()
        self.format_box = self._choice("Format", PICTURES[:2], "Both keep every pixel")

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.comparison is not None

    def file_name(self) -> str:
        return f"{self._given().name}-comparison.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        offer = self._given()
        found = offer.comparison
        if found is None:
            raise LookupError("no comparison was offered")
        return ExportComparison(
            offer.where,
            out,
            found.originals,
            found.z,
            gain=found.gain,
            format=self.format_box.currentData(),
            panel=found.panel,
        )


class Current(_Pictures):
    title = "This picture"
    about = "What the current latent decodes to, with the latent inside the file."

    def __init__(self) -> None:
        super().__init__()
        self.format_box = self._choice("Format", PICTURES, "npz holds the picture and its latent as numbers")

    def missing(self, offer: Offer) -> str:
        return super().missing(offer) or ("" if len(offer.current) else "There is no latent yet.")

    @property
    def folder(self) -> bool:
        return False

    def file_name(self) -> str:
        return f"{self._given().name}-picture.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        offer = self._given()
        return ExportLatents(offer.where, out, offer.current, layout="sheet", format=self.format_box.currentData())


class Chosen(_Pictures):
    title = "Selected samples"
    about = "The samples that are selected in the grid (Ctrl+click)."

    def __init__(self) -> None:
        super().__init__()
        self._layout_and_format()

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.sheet is None

    def missing(self, offer: Offer) -> str:
        return super().missing(offer) or ("" if len(offer.chosen) else "Select samples in the grid first.")

    def file_name(self) -> str:
        return self._ending(f"{self._given().name}-{len(self._given().chosen)}-picks")

    def job(self, out: str) -> Question[Written]:
        offer = self._given()
        return ExportLatents(
            offer.where, out, offer.chosen, layout=self.layout_box.currentData(), format=self.format_box.currentData()
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
        return offer.film is None

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


class Weights(Form):
    title = "Weights"
    about = "The model for other programs. ONNX is checked against the model after writing."

    def __init__(self) -> None:
        super().__init__()
        self.format_box = self._choice(
            "Format",
            (("safetensors (all weights)", "safetensors"), ("ONNX (the decoder)", "onnx")),
            "safetensors holds every weight with the recipe; ONNX holds the network that turns latents into examples",
        )

    def missing(self, offer: Offer) -> str:
        return ""

    def file_name(self) -> str:
        return f"{self._given().name}.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        return ExportWeights(self._given().where, out, format=self.format_box.currentData())


class Bundle(Form):
    title = "Whole run"
    about = "The run as one file, to be imported in another Gen Studio and trained on there."

    def __init__(self) -> None:
        super().__init__()
        self.history = self._tick("With its past", "Older checkpoints and sample sheets too; the file is larger")

    def missing(self, offer: Offer) -> str:
        return ""

    def file_name(self) -> str:
        return f"{self._given().name}.zip"

    def job(self, out: str) -> Question[Written]:
        return ExportBundle(self._given().where.run, out, history=self.history.isChecked())


FORMS: tuple[type[Form], ...] = (Sheet, Film, Comparison, Samples, Current, Chosen, Walk, Weights, Bundle)
"""In the order in which they are offered. A new kind is a new class and its name here."""
