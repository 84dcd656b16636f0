"""One attribute of the inversion panel: its slider, how well its direction tells examples apart, and its buttons."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Attribute, ByPicks
from studio.gui import theme
from studio.gui.explore.invert.state import FARTHEST, By, Trait
from studio.gui.explore.parts import row, tool
from studio.gui.glossary import hover_card
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.slider import Slider

WIDE = 84
"""Pixels of the names, so that the tracks stand below each other."""
DOUBTFUL = 0.6
"""Share on the right side below which a direction says next to nothing; ½ is what any direction has."""


class TraitRow(QWidget):
    """See the module."""

    moved = Signal(float, int)
    """The amount, and the slider's gesture."""
    removed = Signal()
    again_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, trait: Trait) -> None:
        super().__init__()
        self.by: By = trait.by
        self.name = trait.name
        self.slider = Slider("", -FARTHEST, FARTHEST, value=trait.amount, default=0.0, unit="×", step=0.05)
        shown = self.slider.fontMetrics().elidedText(trait.name, Qt.TextElideMode.ElideRight, WIDE)
        self.slider.set_label(shown)
        self.slider.set_label_width(WIDE)
        self.slider.set_tooltip(
            f"{trait.name}: how much of its direction is added to the latent. ×1 is the whole way from the mean "
            "latent without it to the mean with it; a double click, or Delete, sets 0"
        )
        self.slider.setAccessibleName(trait.name)
        self.slider.track.setAccessibleName(trait.name)
        self.slider.number.setAccessibleName(f"{trait.name}, number")
        self.slider.value_changed.connect(lambda value: self.moved.emit(value, self.slider.gesture))
        self.remove = tool("x", f"Take {trait.name} off the list", self.removed.emit)
        self.again = tool(
            "arrows-clockwise", f"Find the direction of {trait.name} anew, with the weights of now", self._again
        )
        self.stop = tool("stop", f"Stop looking for the direction of {trait.name}", self.stop_wanted.emit)
        self.said = ElidedLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(f"examples read for {trait.name}")
        for small in (self.remove, self.again, self.stop):
            small.setFixedSize(24, 24)
        hover_card(self.bar, "attribute")
        head = row(self.slider, self.remove)
        head.setStretch(0, 1)
        below = row(self.said, self.bar, 0, self.again, self.stop)
        below.setStretch(0, 1)
        below.setStretch(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addLayout(below)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"attribute {trait.name}")
        self.show_found(None)

    def _again(self) -> None:
        self.again_wanted.emit()

    def show_amount(self, amount: float) -> None:
        """Without a signal."""
        self.slider.set_value(amount)

    def show_found(
        self, found: Attribute | None, *, busy: tuple[int, int] | None = None, failure: str = "", newest: int = -1
    ) -> None:
        """What is known of its direction.

        Args:
            busy: (examples read, of how many), while it is looked for; of 0: not known yet.
            failure: why it was not found.
            newest: step of the newest weights.
        """
        waits = busy is not None and found is None
        self.bar.setVisible(waits)
        self.stop.setVisible(waits)
        self.again.setVisible(not waits and (found is not None or bool(failure)))
        if busy is not None:
            self.bar.setRange(0, busy[1])
            self.bar.setValue(busy[0])
        if waits:
            self.said.setText("")
        elif failure and found is None:
            theme.role(self.said, "quiet" if failure == "stopped" else "bad")
            self.said.setText("stopped: its direction is not known" if failure == "stopped" else failure)
        elif found is None:
            theme.role(self.said, "quiet")
            self.said.setText("waits for its turn")
        else:
            doubtful = found.separation < DOUBTFUL
            theme.role(self.said, "warn" if doubtful else "quiet")
            self.said.setText(words(found, self.by, newest))
            self.said.setToolTip(explained(found, self.by))
        self.slider.setAccessibleDescription(self.said.text())


def words(found: Attribute, by: By, newest: int = -1) -> str:
    """How well a direction tells examples apart, in a line."""
    share = f"{100 * found.separation:.0f} %"
    if not math.isfinite(found.separation):
        said = f"from {found.having} with, {found.lacking} without"
    elif found.separation < DOUBTFUL:
        said = f"tells apart {share}, little more than chance"
    else:
        said = f"tells apart {share} of {'the other picks' if isinstance(by, ByPicks) else 'held-out examples'}"
    if 0 <= found.step < newest:
        said = f"{said.removesuffix(' examples')} · step {found.step:,}"
    return said


def explained(found: Attribute, by: By) -> str:
    """The same at length, for the tooltip."""
    said = (
        f"Mean latent of {found.having} examples with it minus that of {found.lacking} without, at step {found.step:,}."
    )
    if math.isfinite(found.separation):
        return (
            f"{said} {100 * found.separation:.1f} % of examples that were not used for it are on the right side of the "
            "middle along it; 50 % is chance."
        )
    why = "picks leave none" if isinstance(by, ByPicks) else "there are none"
    return f"{said} How well it tells others apart is not known: {why} to try."
