"""Pictures to take away: samples of a seed, the grid of a panel, the current one, those that are selected, a
comparison with originals."""

from __future__ import annotations

from studio.explore.questions import Question
from studio.export.jobs import ExportComparison, ExportLatents, ExportSamples, Written
from studio.gui.export.form import Form
from studio.gui.export.offer import Offer, OfferedSheet
from studio.gui.widgets.slider import Slider

LAYOUTS = (("One sheet", "sheet"), ("Single files", "files"))
PICTURES = (("PNG", "png"), ("WebP, lossless", "webp"), ("npz (numbers)", "npz"))


class _Pictures(Form):
    """Those that have a layout and a format of pictures."""

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.decodes and offer.poses is None and offer.shown is None

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

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.decodes and offer.poses is None

    def __init__(self) -> None:
        super().__init__()
        self.count = self._number("Count", 1, 100_000, "How many samples")
        self.seed = self._number("Seed", 0, 2**31 - 1, "Start of the random numbers")
        self.truncation = Slider("", 0.05, 4.0, value=4.0, unit="σ", step=0.05, at_high="off")
        self.truncation.set_label_width(0)
        self._put("Truncation", self.truncation, "Bound of each value of the latent; off: none")
        self.temperature = Slider("", 0.0, 2.0, value=1.0, step=0.05)
        self.temperature.set_label_width(0)
        self._put("Temperature", self.temperature, "What the noise is multiplied by; 1: as it was trained")
        self._layout_and_format()

    def load(self, offer: Offer) -> None:
        super().load(offer)
        self.count.setValue(offer.count)
        self.seed.setValue(offer.seed)
        self.fields.setRowVisible(self.truncation, offer.shown is None)
        self.truncation.set_unit("" if offer.uniform else "σ")
        self.truncation.set_range(0.05, 1.0 if offer.uniform else 4.0)
        end = self.truncation.range()[1]
        self.truncation.set_default(end)
        self.truncation.set_value(end if offer.truncation is None else offer.truncation)
        self.fields.setRowVisible(self.temperature, offer.temperature is not None)
        self.temperature.set_value(1.0 if offer.temperature is None else offer.temperature)

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
            temperature=None if self._given().temperature is None else self.temperature.value(),
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
        return ExportLatents(offer.where, out, offer.current, format=self.format_box.currentData(), panel=offer.panel)


class Chosen(_Pictures):
    title = "Selected samples"
    about = "The samples that are selected in the grid (Ctrl+click)."

    def __init__(self) -> None:
        super().__init__()
        self._layout_and_format()

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return super().suits(offer) and offer.sheet is None and offer.flow is None

    def missing(self, offer: Offer) -> str:
        return super().missing(offer) or ("" if len(offer.chosen) else "Select samples in the grid first.")

    def file_name(self) -> str:
        return self._ending(f"{self._given().name}-{len(self._given().chosen)}-picks")

    def job(self, out: str) -> Question[Written]:
        offer = self._given()
        return ExportLatents(
            offer.where, out, offer.chosen, layout=self.layout_box.currentData(), format=self.format_box.currentData()
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
