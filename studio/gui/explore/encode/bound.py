"""The bound of the example that is looked at, by its parts; and the units of the latent, as bars or as a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.explore.questions import BoundSplit, UnitsFound
from studio.gui import theme
from studio.gui.explore import dimensions
from studio.gui.explore.encode.posterior import SAMPLES, Posterior
from studio.gui.explore.encode.units import HIGH, UnitBars
from studio.gui.explore.parts import choose, quiet, row
from studio.gui.glossary import hover_card
from studio.gui.widgets.plot import plain
from studio.gui.words import plural
from studio.models.core.likelihood import ACTIVE

COLUMNS = (
    ("unit", "Which dimension of the latent"),
    ("KL", "In nats, of the example that is looked at"),
    ("mean", "KL in nats, mean over many examples"),
    ("Var", "Var E[z]: variance of the posterior's mean over those examples"),
    ("active", f"✓: that variance is above {ACTIVE}"),
)
WAYS = (("Largest first", "size"), ("By number", "number"), ("As a table", "table"))


class Bound(QWidget):
    """See the module; away for models without a posterior."""

    def __init__(self, posterior: Posterior) -> None:
        super().__init__()
        self.posterior = posterior
        self.head = QLabel("Bound")
        theme.role(self.head, "heading")
        hover_card(self.head, "elbo")
        self.samples = QComboBox()
        for count in SAMPLES:
            self.samples.addItem(plural(count, "sample"), count)
        self.samples.setAccessibleName("samples of the posterior")
        self.samples.setToolTip("How many latents are drawn from the posterior of each example: K of the bound L_K")
        self.samples.activated.connect(lambda i: posterior.set_samples(self.samples.itemData(i)))
        self.split = QLabel()
        self.split.setWordWrap(True)
        self.split.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.role(self.split, "number")
        self.active = QLabel()
        theme.role(self.active, "heading")
        hover_card(self.active, "active units")
        self.of = quiet(wrap=True)
        self.way = QComboBox()
        for text, value in WAYS:
            self.way.addItem(text, value)
        self.way.setAccessibleName("order of the units")
        self.way.setToolTip("How the dimensions of the latent are listed")
        self.way.activated.connect(lambda i: self.show_way(self.way.itemData(i)))
        self.bars = UnitBars()
        self.table = QTableWidget(0, len(COLUMNS))
        for column, (title, tip) in enumerate(COLUMNS):
            head = QTableWidgetItem(title)
            head.setToolTip(tip)
            self.table.setHorizontalHeaderItem(column, head)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(3 * theme.SPACE)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
        self.table.setMinimumHeight(HIGH + 60)
        self.table.setAccessibleName("units of the latent")
        self.body = QStackedWidget()
        self.body.addWidget(self.bars)
        self.body.addWidget(self.table)
        top = row(self.head, 1, self.samples)
        below = row(self.active, 1, self.way)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(top)
        whole.addWidget(self.split)
        whole.addLayout(below)
        whole.addWidget(self.of)
        whole.addWidget(self.body)
        posterior.split_came.connect(self._show)
        posterior.units_came.connect(self._show)
        posterior.shown_anew.connect(self._show)
        posterior.coder.picked.connect(lambda index: self._show())
        posterior.failed.connect(self._failed)
        self.show_way("size")
        self.hide()

    @property
    def way_shown(self) -> str:
        way: str = self.way.currentData()
        return way

    def show_way(self, way: str) -> None:
        choose(self.way, way)
        self.body.setCurrentIndex(1 if way == "table" else 0)
        self.body.setFixedHeight(HIGH + 60 if way == "table" else HIGH)
        self.bars.set_by_size(way == "size")

    # --- what is shown

    def _failed(self, message: str) -> None:
        self.split.setText(message)

    def _show(self) -> None:
        posterior = self.posterior
        coder = posterior.coder
        self.setVisible(posterior.can)
        view = coder.view
        if view is None or not posterior.can:
            return
        choose(self.samples, posterior.samples)
        at, units = coder.current, posterior.units
        split = posterior.at(at)
        self.split.setText("" if split is None else "\n".join(words(split, at)))
        self.split.setVisible(split is not None)
        if units is None:
            self.active.setText("Units")
            self.of.setText("Looking at many examples …")
        else:
            active, split_of = int((units.variance > ACTIVE).sum()), units.split.replace(" ", "-")
            self.active.setText(f"{active:,} of {plural(len(units.variance), 'unit')} active")
            self.of.setText(
                f"Var E[z] over {ACTIVE}; {units.count:,} {split_of} examples: ELBO {plain(units.bound)} nats, "
                f"reconstruction {plain(units.reconstruction)}, "
                f"KL {plain(float(units.kl.sum()))} ({units.kl_estimator})"
            )
        kl = None if split is None else split.kl[at]
        self.bars.show_units(view.prior, kl, units)
        self._fill(units, kl)

    def _fill(self, units: UnitsFound | None, kl: npt.NDArray[np.float32] | None) -> None:
        view = self.posterior.coder.view
        if view is None or units is None:
            self.table.setRowCount(0)
            return
        self.table.setSortingEnabled(False)
        self.table.setRowCount(len(units.kl))
        for unit in range(len(units.kl)):
            variance = float(units.variance[unit])
            own = None if kl is None else float(kl[unit])
            self._cell(unit, 0, dimensions.name(view.prior, unit), unit)
            for column, value in ((1, own), (2, float(units.kl[unit])), (3, variance)):
                self._cell(unit, column, "–" if value is None else plain(value), value)
            self._cell(unit, 4, "✓" if variance > ACTIVE else "", int(variance > ACTIVE))
        self.table.setSortingEnabled(True)

    def _cell(self, line: int, column: int, text: str, value: float | None) -> None:
        self.table.setItem(line, column, _Cell(text, -np.inf if value is None else value))


class _Cell(QTableWidgetItem):
    """Sorted by its number."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__(text)
        self.value = value
        self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other: object) -> bool:
        return isinstance(other, _Cell) and self.value < other.value


def words(split: BoundSplit, at: int) -> list[str]:
    """The bound of one example, a line each."""
    many = len(split.z)
    drawn = plural(many, "sample")
    lines = [
        f"ELBO {plain(float(split.bound[at]))} nats (mean of {drawn})",
        f"= reconstruction {plain(float(split.reconstruction[at]))} (mean of {drawn})",
        f"− KL {plain(float(split.kl[at].sum()))} ({split.kl_estimator})",
    ]
    if many > 1:
        gain = float(split.weighted[at] - split.bound[at])
        lines.append(f"L{_low(many)} {plain(float(split.weighted[at]))} nats, {plain(gain)} above it (log mean weight)")
    return lines


def _low(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
