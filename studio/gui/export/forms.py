"""What can be exported, one form each; those of pictures and of animations are in files of their own."""

from __future__ import annotations

from studio.explore.questions import Question
from studio.export.jobs import ExportBundle, ExportWeights, Written
from studio.gui.export.films import Film, Walk
from studio.gui.export.flows import FlowFilm, FlowPicture
from studio.gui.export.form import Form
from studio.gui.export.frames import FramesFilm, FramesPicture
from studio.gui.export.offer import Offer
from studio.gui.export.pictures import Chosen, Comparison, Current, Samples, Sheet
from studio.gui.export.poses import PoseFilm, PosePicture


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

    def load(self, offer: Offer) -> None:
        super().load(offer)
        choice = offer.decodes and not offer.no_onnx
        self.fields.setRowVisible(self.format_box, choice)  # without a decoder there is one format
        alone = "Every weight with the recipe, for other programs."
        self.words.setText(self.about if choice else f"{alone} No ONNX: {offer.no_onnx}" if offer.no_onnx else alone)
        if not choice:
            self.format_box.setCurrentIndex(0)

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


FORMS: tuple[type[Form], ...] = (
    FlowPicture,
    FlowFilm,
    PosePicture,
    PoseFilm,
    FramesPicture,
    FramesFilm,
    Sheet,
    Film,
    Comparison,
    Samples,
    Current,
    Chosen,
    Walk,
    Weights,
    Bundle,
)
"""In the order in which they are offered. A new kind is a new class and its name here."""
