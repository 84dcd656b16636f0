"""What stands over the examples to pick from: reconstructions; what posterior samples decode to; the sheet of codes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from studio.explore.questions import Pictures
from studio.gui import theme
from studio.gui.explore.encode.posterior import SIDE, sheet_of_codes
from studio.gui.explore.parts import button, quiet, row
from studio.gui.widgets.image_grid import ImageGrid
from studio.gui.widgets.tiles import TileGrid

TITLES = {
    "pairs": ("Reconstructions", "Each example beside what the mean of its posterior decodes to"),
    "samples": ("Posterior samples", "The example, what the mean decodes to, and what samples of its posterior do"),
    "sheet": (
        "All codes",
        "Codes that are spread evenly over the prior: the inverse normal distribution function of a grid",
    ),
}


class Views(QWidget):
    """See the module. The buttons are away where there is nothing but ``pairs``."""

    shown = Signal(str)
    edit_wanted = Signal(int)
    """The code of this tile of the sheet is to be edited by hand."""

    def __init__(self, pairs: QWidget) -> None:
        super().__init__()
        self.samples = TileGrid(name="picture of the posterior")
        self.sheet = ImageGrid(name="code", multi=False)
        self.sheet.caption = code_words
        self.sheet.picked.connect(self._tell)
        self.sheet.activated.connect(self.edit_wanted)
        self.sheet.empty_text = "Decoding …"
        self.code = quiet("Point at a picture for its code; click one to keep it here; double click steers it")
        self.edit = button(
            "Edit latent", "sliders", "Steer the code that was clicked, with the latent panel's tools", self._edit
        )
        self.edit.setEnabled(False)
        sheet = QWidget()
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.SPACE // 2)
        inside.addWidget(self.sheet, 1)
        foot = row(self.code, self.edit)
        foot.setStretch(0, 1)
        inside.addLayout(foot)
        self.body = QStackedWidget()
        self._parts: dict[str, QWidget] = {"pairs": pairs, "samples": self.samples, "sheet": sheet}
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        self.bar = QWidget()
        for name, (title, tip) in TITLES.items():
            made = button(title, "", tip, lambda n=name: self.show_view(n))  # type: ignore[misc]
            made.setCheckable(True)
            self._group.addButton(made)
            self.buttons[name] = made
            self.body.addWidget(self._parts[name])
        self.bar.setLayout(row(*self.buttons.values(), 1))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.bar)
        whole.addWidget(self.body, 1)
        self.allow(samples=False, sheet=False)

    @property
    def view(self) -> str:
        return next(name for name, made in self.buttons.items() if made.isChecked())

    def allow(self, *, samples: bool, sheet: bool) -> None:
        """Which views there are for this model."""
        wanted = self.view if self._group.checkedButton() is not None else "pairs"
        self.bar.setVisible(samples or sheet)
        for name, there in (("samples", samples), ("sheet", sheet)):
            self.buttons[name].setVisible(there)
            if not there and wanted == name:
                wanted = "pairs"
        self.show_view(wanted)

    def show_view(self, name: str) -> None:
        """One of them; one that is not there is not shown."""
        if name not in self.buttons or (name != "pairs" and self.buttons[name].isHidden()):
            name = "pairs"
        self.buttons[name].setChecked(True)
        self.body.setCurrentWidget(self._parts[name])
        self.shown.emit(name)

    # --- the sheet

    def show_sheet(self, pictures: Pictures, here: int) -> None:
        """SIDE² pictures, row by row; ``here``: the tile where the example that is looked at lies, −1 for nowhere."""
        self.sheet.set_images(pictures, in_a_row=SIDE)
        self.mark(here)

    def mark(self, here: int) -> None:
        """Mark the tile nearest to the example that is looked at."""
        self.sheet.select({here} if here >= 0 else set())

    def _tell(self, tile: int) -> None:
        self.code.setText(code_words(tile))
        self.edit.setEnabled(True)

    def _edit(self) -> None:
        if self.sheet.current >= 0:
            self.edit_wanted.emit(self.sheet.current)

    # --- the samples

    def show_samples(self, pictures: Pictures, captions: list[str]) -> None:
        """The example, its mean, its samples."""
        self.samples.set_tiles(pictures, captions=[[c] for c in captions])


def code_words(tile: int) -> str:
    """The code of a tile of the sheet."""
    z = sheet_of_codes(SIDE)[tile]
    return f"z = ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−")
