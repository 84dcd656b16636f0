"""The pictures of the constraints panel: two sheets side by side, and below them the scores and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from studio.explore.constraining import Weighed
from studio.explore.questions import SamplesScored
from studio.gui import theme
from studio.gui.explore.constraints.curve import EffectiveCurve
from studio.gui.explore.constraints.state import BEND, SHOWN, STRONGEST, View
from studio.gui.explore.film import NOTHING
from studio.gui.explore.parts import heading, row
from studio.gui.glossary import hover_card
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.plot import plain
from studio.gui.widgets.ridges import Mark, Ridges, Row
from studio.gui.widgets.scatter import Scatter
from studio.gui.widgets.tiles import TileGrid

Indices = npt.NDArray[np.int64]


class CountedGrid(TileGrid):
    """Pictures with a number in the corner of those that are there more than once."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.badges: Sequence[str] = ()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._layout is None:
            return
        painter = QPainter(self)
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        colours, metrics = theme.palette(), painter.fontMetrics()
        for index, text in enumerate(self.badges[: len(self.images)]):
            tile = self.tile_rect(index)
            wide = metrics.horizontalAdvance(text) + 4
            if not text or wide > tile.width():
                continue
            place = QRectF(tile.right() - wide, tile.bottom() - metrics.height(), wide, metrics.height())
            veil = QColor(colours.base)
            veil.setAlpha(225)
            painter.fillRect(place, veil)
            painter.setPen(QColor(colours.text))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


class Show(QWidget):
    """See the module."""

    picked = Signal(int)
    """A sample, by its number among those of p."""
    opened = Signal(int)
    """The same, and its latent is to be edited."""
    seen = Signal()
    """It comes on screen."""

    def __init__(self) -> None:
        super().__init__()
        self.found: SamplesScored | None = None
        self.weighed: Weighed | None = None
        self.view: View = "beside"
        self.shown: tuple[Indices, Indices] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        """What each sheet shows, as numbers of samples of p."""
        self.points = False
        self.grids = CountedGrid("sample of p"), CountedGrid("sample of q*")
        self.scatters = Scatter(), Scatter()
        self.stacks = QStackedWidget(), QStackedWidget()
        self.heads = heading(""), heading("")
        self.abouts = ElidedLabel(), ElidedLabel()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        for at, grid in enumerate(self.grids):
            theme.role(self.abouts[at], "quiet")
            self.stacks[at].addWidget(grid)
            self.stacks[at].addWidget(self.scatters[at])
            self.scatters[at].picked.connect(lambda index, at=at: self._pick(at, index))
            grid.caption = lambda index, at=at: self._tell(at, index)
            grid.picked.connect(lambda index, at=at: self._pick(at, index))
            grid.activated.connect(lambda index, at=at: self._open(at, index))
            side = QWidget()
            box = QVBoxLayout(side)
            half = theme.SPACE // 2
            box.setContentsMargins(half if at else 0, 0, 0 if at else half, 0)
            box.setSpacing(theme.SPACE // 2)
            head = row(self.heads[at], self.abouts[at])
            head.setStretch(1, 1)
            box.addLayout(head)
            box.addWidget(self.stacks[at], 1)
            self.split.addWidget(side)
            self.split.setStretchFactor(at, 1)
        hover_card(self.heads[1], "posterior regularisation")
        self.ridges = Ridges("histograms of the score f")
        self.curve = EffectiveCurve(STRONGEST, BEND)
        hover_card(self.curve, "effective sample size")
        self.plots = QWidget()
        plots = row(self.ridges, self.curve)
        plots.setContentsMargins(0, theme.SPACE, 0, 0)
        plots.setStretch(0, 3)
        plots.setStretch(1, 2)
        self.plots.setLayout(plots)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.split, 1)
        whole.addWidget(self.plots)
        self.clear("")

    def showEvent(self, event: object) -> None:
        self.seen.emit()

    # --- what is shown

    def show_kind(self, *, points: bool) -> None:
        """Whether the samples are points in the plane, rather than pictures."""
        self.points = points
        for stack in self.stacks:
            stack.setCurrentIndex(int(points))

    def clear(self, words: str) -> None:
        self.found = self.weighed = None
        self.shown = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        for grid, about in zip(self.grids, self.abouts, strict=True):
            grid.badges = ()
            grid.set_tiles(NOTHING)
            grid.empty_text = words
            about.setText("")
        for scatter in self.scatters:
            scatter.set_samples(np.zeros((0, 2)))
            scatter.set_real(np.zeros((0, 2)))
        self.ridges.empty_text = "Scores of samples and of real examples stand here."
        self.ridges.show_rows([], "")
        self.ridges.show_marks([])
        self.curve.show_scores(np.zeros(0))

    def fail(self, message: str) -> None:
        """In the place of the pictures; those that are there stay."""
        for grid in self.grids:
            grid.empty_text = message
            grid.update()

    def show_found(
        self, found: SamplesScored, weighed: Weighed, real: npt.NDArray[np.float64], view: View, unit: str
    ) -> None:
        """Samples, what they are worth, and f of real examples (M); ``unit``: of f."""
        anew = self.weighed is None or weighed.scores is not self.weighed.scores
        if anew or view != self.view or weighed.strength != self.weighed.strength:  # type: ignore[union-attr]
            self.found, self.weighed, self.view = found, weighed, view
            self._show_sheets()
        if anew:
            self.curve.show_scores(weighed.scores)
            if found.real_points is not None:
                for scatter in self.scatters:
                    scatter.set_real(found.real_points)
        self.curve.show_strength(weighed.strength, weighed.effective)
        count = len(weighed.scores)
        rows = [
            Row(f"E_p f, {count:,} samples", weighed.scores, own=True, mean=True),
            Row("E_q* f, the same ones weighted", weighed.scores, own=True, weights=weighed.weights, mean=True),
        ]
        if len(real):
            rows.append(Row(f"E_data f, {len(real):,} real examples", real, own=True, mean=True))
        self.ridges.show_rows(rows, unit)

    def _show_sheets(self) -> None:
        found, weighed = self.found, self.weighed
        if found is None or weighed is None:
            return
        count = len(weighed.scores)
        few = count if self.points and self.view == "beside" else min(SHOWN, count)
        if self.view == "beside":
            self.shown = np.arange(few), weighed.places[:few]
            self._name(("Samples of p", "as the model draws them"), ("Samples of q*", "resampled by their weights"))
            times = weighed.counts[self.shown[1]]
            self.grids[1].badges = [f"×{n}" if n > 1 else "" for n in times]
            self.grids[1].setAccessibleDescription(f"{len(set(self.shown[1].tolist()))} different pictures")
            captions: tuple[Sequence[Sequence[str]], ...] = ((), ())
        else:
            order = np.argsort(-weighed.scores, kind="stable")
            self.shown = order[:few], order[::-1][:few]
            self._name(("Most of f", f"of {count:,} samples of p"), ("Least of f", "of the same"))
            self.grids[1].badges = ()
            captions = tuple([wordings(float(weighed.scores[i])) for i in shown] for shown in self.shown)
        for grid, shown, said in zip(self.grids, self.shown, captions, strict=True):
            grid.empty_text = ""
            if len(found.images):
                grid.set_tiles(found.images[shown], captions=said)
        if found.points is not None:
            for scatter, shown in zip(self.scatters, self.shown, strict=True):
                scatter.set_samples(found.points[shown])

    def _name(self, *sides: tuple[str, str]) -> None:
        for at, (title, about) in enumerate(sides):
            self.heads[at].setText(title)
            self.abouts[at].setText(about)

    def show_pick(self, pick: int) -> None:
        """Mark a sample wherever it is."""
        for at, shown in enumerate(self.shown):
            where = set(np.flatnonzero(shown == pick).tolist())
            (self.scatters if self.points else self.grids)[at].select(where)
        self._mark(pick)

    def _mark(self, pick: int) -> None:
        if self.weighed is None:
            return
        f = self.weighed.scores
        self.ridges.show_marks([Mark("picked", float(f[pick]), dashed=True)] if 0 <= pick < len(f) else [])

    def _tell(self, at: int, index: int) -> str:
        """What is known of a picture."""
        if self.weighed is None or index >= len(self.shown[at]):
            return ""
        sample = int(self.shown[at][index])
        return told(self.weighed, sample)

    # --- hands

    def _pick(self, at: int, index: int) -> None:
        self.picked.emit(int(self.shown[at][index]))

    def _open(self, at: int, index: int) -> None:
        self.opened.emit(int(self.shown[at][index]))


def wordings(f: float) -> list[str]:
    """A score under a picture, the longest first."""
    return [plain(f), f"{f:.2g}".replace("-", "−"), f"{f:.0f}".replace("-", "−")]


def told(weighed: Weighed, sample: int) -> str:
    """A sample's score and weight, in words."""
    times, share = int(weighed.counts[sample]), float(weighed.weights[sample]) * len(weighed.scores)
    drawn = "not drawn" if not times else "drawn once" if times == 1 else f"drawn {times} times"
    return f"sample {sample + 1}: f {plain(float(weighed.scores[sample]))} · weight ×{plain(share)}, {drawn}"
