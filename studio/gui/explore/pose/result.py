"""What one run made of the person: the finished picture, large, and what it was made of, small."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Pictures, PoseTaken
from studio.gui import theme
from studio.gui.explore.film import Picture
from studio.gui.explore.parts import quiet
from studio.gui.explore.pose.parts_view import PartsView
from studio.gui.explore.pose.scores import signed
from studio.gui.explore.tiles import stacked
from studio.gui.widgets.curve_tools import ElidedLabel

SMALL = 56
"""Pixels that a small picture has at least."""
STAGES = 4
"""Stages before the last that there is room for."""
ABOUT = {
    "difference": "What the next stage added to the one before, halved; mid-grey: nothing",
    "parts": "Which part of a body the parser sees at each pixel of the picture; rest on one for its name",
}


class Result(QWidget):
    """See the module. Shows what it is told.

    Args:
        name: whose it is, for screen readers ("this run").
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.title = ElidedLabel()
        theme.role(self.title, "heading")
        self.picture = Picture(f"the person in the pose, by {name}", 120)
        self.numbers = caption("")
        self.stages = [Picture(f"a stage of the picture, by {name}", SMALL) for _ in range(STAGES)]
        self.captions = [caption("") for _ in self.stages]
        self.parts = PartsView(f"parts of the picture, by {name}", SMALL)
        self.parts.setToolTip(ABOUT["parts"])
        self.parts_caption = caption("parts")
        self._stages = [stacked(p, c) for p, c in zip(self.stages, self.captions, strict=True)]
        self._parts = stacked(self.parts, self.parts_caption)
        self.small = QWidget()
        strip = QHBoxLayout(self.small)
        strip.setContentsMargins(0, 0, 0, 0)
        strip.setSpacing(theme.SPACE // 2)
        for part in (*self._stages, self._parts):
            strip.addWidget(part, 1)
        for part in self._stages:
            part.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.title)
        whole.addWidget(self.picture, 5)
        whole.addWidget(self.numbers)
        whole.addWidget(self.small, 2)

    # --- what is shown

    def show_views(self, *, stages: bool, parts: bool) -> None:
        """What of it is wanted at all."""
        for index, part in enumerate(self._stages):
            part.setVisible(stages and bool(self.captions[index].text()))
        self._parts.setVisible(parts)
        self._stages_wanted = stages
        self.small.setVisible(parts or any(not p.isHidden() for p in self._stages))

    _stages_wanted = True

    def show_answer(self, found: PoseTaken) -> None:
        """The picture and its stages; parts that were not asked for this time stay as they are."""
        self.picture.show_picture(found.images[0])
        self._show_stages([(name, shown[0]) for name, shown in list(found.stages.items())[:-1]])
        if found.parts is not None:
            self.parts.show_parts(found.parts[0])
        self.numbers.setText(figures(found))
        self.numbers.setToolTip(explained(found))
        self.picture.setAccessibleDescription(", ".join(filter(None, (self.title.text(), self.numbers.text()))))

    def _show_stages(self, stages: Sequence[tuple[str, Pictures]]) -> None:
        for index, part in enumerate(self._stages):
            there = index < len(stages)
            part.setVisible(there and self._stages_wanted)
            if there:
                name, shown = stages[index]
                self.stages[index].show_picture(shown)
                self.captions[index].setText(name)
                self.stages[index].setToolTip(ABOUT.get(name, f"The picture after {name}"))
                self.stages[index].setAccessibleName(f"{name}, by {self.name}")
            else:
                self.captions[index].clear()
        self.small.setVisible(not self._parts.isHidden() or any(not p.isHidden() for p in self._stages))

    def show_no_parts(self, why: str) -> None:
        """There is nobody to see them."""
        self.parts.show_parts(None)
        self.parts.show_message(why)

    def show_message(self, text: str) -> None:
        """In the picture's place."""
        self.clear()
        self.picture.show_message(text)

    def clear(self) -> None:
        self.picture.show_picture(None)
        self._show_stages([])
        self.parts.show_parts(None)
        self.numbers.clear()


def figures(found: PoseTaken) -> str:
    """SSIM and mask-SSIM where the truth is known, and the score."""
    said = []
    if len(found.ssim):
        said.append(f"SSIM {float(found.ssim[0]):.3f}")
        if math.isfinite(float(found.mask_ssim[0])):
            said.append(f"mask {float(found.mask_ssim[0]):.3f}")
    if len(found.total) and math.isfinite(float(found.total[0])):
        said.append(f"f {signed(float(found.total[0]))}")
    return " · ".join(said)


def explained(found: PoseTaken) -> str:
    """The same with estimators and units, for the tooltip."""
    said = []
    if len(found.ssim):
        said.append(
            f"SSIM {float(found.ssim[0]):.4f} and mask-SSIM {float(found.mask_ssim[0]):.4f} against the true picture "
            "(11×11 Gaussian, σ 1.5; 1 is the same picture); mask-SSIM looks at the body alone"
        )
    if len(found.total) and math.isfinite(float(found.total[0])):
        said.append(
            f"f = {float(found.total[0]):.4f} nats per pixel: how well the parts agree with the pose, "
            f"by the parser {found.parser}".replace("-", "−")
        )
    return "\n".join(said)


def caption(text: str) -> QLabel:
    made = quiet(text)
    made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return made
