"""What one run made of the person: the finished picture, large, and what it was made of, small."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Pictures, PoseTaken
from studio.gui import theme
from studio.gui.explore.film import Picture
from studio.gui.explore.pose.parts_view import PartsView
from studio.gui.explore.pose.scores import signed
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.tiles import stacked

SMALL = 40
"""Pixels that a small picture has at least."""
NARROW = 220
"""Pixels of width below which the small pictures stand in two rows."""
LARGEST = 128
SHORT = {"difference": "diff."}
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
        self._stages_wanted = True
        self.title = ElidedLabel()
        theme.role(self.title, "heading")
        self.picture = Picture(f"the person in the pose, by {name}", 96)
        self.numbers = Caption()
        self.stages = [Picture(f"a stage of the picture, by {name}", SMALL) for _ in range(STAGES)]
        self.captions = [Caption() for _ in self.stages]
        self.parts = PartsView(f"parts of the picture, by {name}", SMALL)
        self.parts.setToolTip(ABOUT["parts"])
        self.parts_caption = Caption("parts")
        self._stages = [stacked(p, c) for p, c in zip(self.stages, self.captions, strict=True)]
        self._parts = stacked(self.parts, self.parts_caption)
        self.small = QWidget()
        self._strip = QGridLayout(self.small)
        self._strip.setContentsMargins(0, 0, 0, 0)
        self._strip.setSpacing(theme.SPACE // 2)
        for part in (*self._stages, self._parts):
            self._strip.addWidget(part, 0, 0)
        for part in self._stages:
            part.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.title)
        whole.addWidget(self.picture, 1)
        whole.addWidget(self.numbers)
        whole.addWidget(self.small)
        self._arrange()

    # --- what is shown

    def show_views(self, *, stages: bool, parts: bool) -> None:
        """What of it is wanted at all."""
        self._stages_wanted = stages
        for index, part in enumerate(self._stages):
            part.setVisible(stages and bool(self.captions[index].text()))
        self._parts.setVisible(parts)
        self._show_small()

    def show_answer(self, found: PoseTaken) -> None:
        """The picture and its stages; parts that were not asked for this time stay as they are."""
        self.picture.show_picture(found.images[0])
        self._show_stages([(name, shown[0]) for name, shown in list(found.stages.items())[:-1]])
        if found.parts is not None:
            self.parts.show_parts(found.parts[0])
        self.numbers.say(*figures(found))
        self.numbers.setToolTip(explained(found))
        self.picture.setAccessibleDescription(", ".join(filter(None, (self.title.text(), self.numbers.text()))))

    def _show_stages(self, stages: Sequence[tuple[str, Pictures]]) -> None:
        for index, part in enumerate(self._stages):
            there = index < len(stages)
            part.setVisible(there and self._stages_wanted)
            if there:
                name, shown = stages[index]
                self.stages[index].show_picture(shown)
                self.captions[index].say(name, SHORT.get(name, name))
                self.stages[index].setToolTip(ABOUT.get(name, f"The picture after {name}"))
                self.stages[index].setAccessibleName(f"{name}, by {self.name}")
            else:
                self.captions[index].say()
        self._show_small()

    def _show_small(self) -> None:
        self.small.setVisible(any(not part.isHidden() for part in (*self._stages, self._parts)))
        self._arrange()

    def _arrange(self) -> None:
        """The small pictures side by side, or in two rows where the widget is narrow; as high as they can be seen."""
        shown = [part for part in (*self._stages, self._parts) if not part.isHidden()]
        across = len(shown) if self.width() >= NARROW else 2
        for part in shown:
            self._strip.removeWidget(part)
        for index, part in enumerate(shown):
            self._strip.addWidget(part, index // across, index % across)
        rows = -(-len(shown) // max(across, 1))
        side = min(self.width() // max(across, 1), self.height() // (3 if rows < 2 else 4), LARGEST) // 4 * 4
        self.small.setFixedHeight(rows * (max(side, SMALL) + self.parts_caption.sizeHint().height() + theme.SPACE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

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
        self.numbers.say()


def figures(found: PoseTaken) -> tuple[str, ...]:
    """SSIM and mask-SSIM where the truth is known, and the score: wordings, the longest first."""
    long: list[str] = []
    middle: list[str] = []
    short: list[str] = []
    if len(found.ssim):
        value, mask = float(found.ssim[0]), float(found.mask_ssim[0])
        long.append(f"SSIM {value:.3f}")
        middle.append(f"SSIM {value:.3f}")
        short.append(f"SSIM {value:.2f}")
        if math.isfinite(mask):
            long.append(f"mask-SSIM {mask:.3f}")
            middle.append(f"mask {mask:.3f}")
    if len(found.total) and math.isfinite(float(found.total[0])):
        score = signed(float(found.total[0]))
        long.append(f"f {score} nats/pixel")
        middle.append(f"f {score}")
        short.append(f"f {score}")
    if not long:
        return ()
    return tuple(" · ".join(words) for words in (long, middle, short))


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
            f"f = {float(found.total[0]):.4f} nats per pixel: how well the parts agree with the pose; "
            f"0 is full agreement. Parser: {found.parser}".replace("-", "−")
        )
    return "\n".join(said)


class Caption(QLabel):
    """A line under a picture: of its wordings the longest that fits, and the whole in its tooltip."""

    def __init__(self, *wordings: str) -> None:
        super().__init__()
        self.wordings: tuple[str, ...] = ()
        theme.role(self, "small")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.say(*wordings)

    def say(self, *wordings: str) -> None:
        """The longest first; none: nothing."""
        self.wordings = wordings
        self.setText(wordings[0] if wordings else "")
        self.setToolTip(self.text())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height() + 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(16, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.wordings:
            return
        metrics, painter = self.fontMetrics(), QPainter(self)
        fits = (w for w in self.wordings if metrics.horizontalAdvance(w) <= self.width())
        text = next(fits, metrics.elidedText(self.wordings[-1], Qt.TextElideMode.ElideRight, self.width()))
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
