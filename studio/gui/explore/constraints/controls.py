"""Which constraints, how strong, and what that costs in effective samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from studio.explore.constraining import FEW, Weighed
from studio.explore.questions import Offered, SamplesScored
from studio.gui import theme
from studio.gui.explore.constraints.row import NUMBER, WIDE, ConstraintRow
from studio.gui.explore.constraints.state import (
    BEND,
    COUNTS,
    MOST,
    MOST_SEED,
    STRONGEST,
    Constrained,
    View,
    said,
)
from studio.gui.explore.parts import button, choose, heading, quiet, row
from studio.gui.glossary import hover_card
from studio.gui.shortcuts import key
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.plot import plain
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

VIEWS: tuple[tuple[View, str, str], ...] = (
    ("beside", "p beside q*", "Samples of the model, and the same resampled by their weights"),
    ("extremes", "Most and least", "The samples with the highest score, and those with the lowest"),
)
Edit = Callable[..., None]


class Controls(QWidget):
    """``edit(text, state, merge)`` is told what a person wants. ``bar`` goes above the pictures."""

    hand_over = Signal()
    """The latent of the current sample is to be edited."""
    train_wanted = Signal()
    """Train a model under these constraints."""

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self._edit = edit
        self.state: Constrained | None = None
        self.offered: dict[str, Offered] = {}
        self.rows: list[ConstraintRow] = []
        self._make_bar()
        self.reset = button("Reset", "arrow-counter-clockwise", "λ = 0 and every weight 1", self._reset)
        self.edit_button = button(
            "Edit latent",
            "sliders",
            "Open the picked sample's latent in the panel that steers every dimension; a double click on it does too",
            self.hand_over.emit,
        )
        self.add = QComboBox()
        self.add.setAccessibleName("add a constraint")
        self.add.setToolTip("Another constraint for the sum f; each says of a picture how well it does")
        self.add.activated.connect(self._added)
        self._place = QVBoxLayout()
        self._place.setSpacing(theme.SPACE)
        self.none = quiet("Nothing is asked of the samples: q* is p.", wrap=True)

        self.strength = Slider(
            "λ",
            0.0,
            STRONGEST,
            default=0.0,
            bend=BEND,
            tooltip="How strongly q* ∝ p exp(λ f) prefers a high f. 0: q* is p. Arrows, Page keys; a double click: 0",
        )
        self.strength.set_label_width(WIDE)
        self.strength.number.setFixedWidth(NUMBER)
        self.strength.value_changed.connect(self._set_strength)
        hover_card(self.strength.label, "posterior regularisation")
        self.effective = QLabel()
        theme.role(self.effective, "title")
        self.effective.setAccessibleName("effective sample size")
        self.share = QProgressBar()
        self.share.setRange(0, 1000)
        self.share.setTextVisible(False)
        self.share.setFixedHeight(6)
        self.share.setAccessibleName("effective sample size, share of the samples")
        self.warning = QLabel()
        self.warning.setWordWrap(True)
        theme.role(self.warning, "warn")
        self.numbers = _Numbers()
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        theme.role(self.trouble, "bad")
        self.train = button(
            "Train with these constraints …",
            "",
            "Open the Train page with this run's model, dataset and recipe, and these constraints in it",
            self.train_wanted.emit,
        )
        self._lay_out()

    def _make_bar(self) -> None:
        self.seed = SpinBox()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setPrefix("Seed ")
        self.seed.setKeyboardTracking(False)
        self.seed.setFixedWidth(136)
        self.seed.setToolTip("Start of the random numbers of the samples")
        self.seed.setAccessibleName("seed of the samples")
        self.seed.valueChanged.connect(self._set_seed)
        self.new = button("New seed", "dice-five", "Draw other samples; the constraints stay (R)", self.new_seed)
        self.new.setShortcut(key("Explore", "new seed").keys[0])
        self.count = QComboBox()
        for count in COUNTS:
            self.count.addItem(f"{count:,} samples", count)
        self.count.setAccessibleName("number of samples")
        self.count.setToolTip(
            "Samples of p that the weights are computed for: more of them, and estimates under q* are surer"
        )
        self.count.activated.connect(self._set_count)
        self.view = QComboBox()
        for value, text, tip in VIEWS:
            self.view.addItem(text, value)
            self.view.setItemData(self.view.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.view.setAccessibleName("what the two sheets show")
        self.view.setToolTip("What the two sheets show: " + "; ".join(f"{text}: {tip}" for _, text, tip in VIEWS))
        self.view.activated.connect(self._set_view)
        self.bar = row(self.seed, self.new, 1, QLabel("Show"), self.view, self.count)

    def _lay_out(self) -> None:
        title = heading("Constraints")
        hover_card(title, "constraint")
        worth = quiet("Effective sample size")
        hover_card(worth, "effective sample size")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.SPACE, 0)
        column.setSpacing(theme.SPACE)
        column.addLayout(row(self.reset, self.edit_button, 1))
        column.addWidget(self.trouble)
        column.addWidget(heading("Strength"))
        column.addWidget(self.strength)
        column.addWidget(worth)
        column.addWidget(self.effective)
        column.addWidget(self.share)
        column.addWidget(self.warning)
        column.addSpacing(theme.SPACE)
        column.addWidget(title)
        column.addWidget(self.none)
        column.addLayout(self._place)
        column.addWidget(self.add)
        column.addSpacing(theme.SPACE)
        column.addWidget(self.numbers)
        column.addSpacing(theme.SPACE)
        column.addLayout(row(self.train, 1))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole.addWidget(scroll)

    # --- hands

    def new_seed(self) -> None:
        if self.state is not None:
            self._set_seed((self.state.seed + 1) % (MOST_SEED + 1))

    def _set_seed(self, seed: int) -> None:
        if self.state is not None:
            self._edit("Seed of the samples", replace(self.state, seed=seed))

    def _set_count(self, at: int) -> None:
        if self.state is not None:
            self._edit("Number of samples", self.state.sized(self.count.itemData(at)))

    def _set_view(self, at: int) -> None:
        if self.state is not None:
            self._edit("What the sheets show", replace(self.state, view=self.view.itemData(at)))

    def _set_strength(self, strength: float) -> None:
        if self.state is not None:
            self._edit("λ", replace(self.state, strength=strength), ("strength", self.strength.gesture))

    def _reset(self) -> None:
        if self.state is not None:
            self._edit("Reset the constraints", self.state.reset())

    def _added(self, at: int) -> None:
        name = self.add.itemData(at)
        self.add.setCurrentIndex(0)
        if self.state is not None and name in self.offered:
            self._edit(f"Add {self.offered[name].title}", self.state.plus(self.offered[name]))

    def _removed(self, made: ConstraintRow) -> None:
        if self.state is not None:
            self._edit(f"Take {made.offered.title} off", self.state.without(self.rows.index(made)))

    def _row_changed(self, made: ConstraintRow, chosen: object, gesture: object) -> None:
        if self.state is not None:
            at = self.rows.index(made)
            merge = None if gesture is None else (at, gesture)
            self._edit(made.offered.title, self.state.with_row(at, chosen), merge)  # type: ignore[arg-type]

    # --- what is shown

    def show_offered(self, offered: Sequence[Offered]) -> None:
        """What there is to add."""
        self.offered = {one.name: one for one in offered}
        with QSignalBlocker(self.add):
            self.add.clear()
            self.add.addItem("Add a constraint …", "")
            for one in offered:
                waits = "" if one.ready else " (trains a classifier first)"
                self.add.addItem(f"{one.title}{waits}", one.name)
                self.add.setItemData(self.add.count() - 1, one.about, Qt.ItemDataRole.ToolTipRole)

    def show_state(self, state: Constrained) -> None:
        self.state = state
        with QSignalBlocker(self.seed):
            self.seed.setValue(state.seed)
        choose(self.count, state.count)
        choose(self.view, state.view)
        self.strength.set_value(state.lam)
        self._show_rows(state)
        self.none.setVisible(not state.rows)
        self.add.setEnabled(bool(self.offered) and len(state.rows) < MOST)
        self.strength.setEnabled(bool(state.rows))
        self.reset.setEnabled(state.reset() != state)
        self.train.setEnabled(bool(state.rows))

    def _show_rows(self, state: Constrained) -> None:
        """Those that are there stay, so that a slider keeps the hand that is on it."""
        names = [made.offered.name for made in self.rows]
        if names != [one.name for one in state.rows]:
            focus = next((at for at, made in enumerate(self.rows) if made.isAncestorOf(self.focusWidget())), -1)
            for made in self.rows:
                self._place.removeWidget(made)
                made.hide()
                made.deleteLater()
            self.rows = []
            for one in state.rows:
                made = ConstraintRow(self.offered[one.name], one)
                made.changed.connect(lambda chosen, gesture, made=made: self._row_changed(made, chosen, gesture))
                made.removed.connect(lambda made=made: self._removed(made))
                self._place.addWidget(made)
                self.rows.append(made)
            if focus >= 0:  # the next one, rather than wherever Qt would go
                near = self.rows[min(focus, len(self.rows) - 1)].remove if self.rows else self.add
                near.setFocus()
        for made, one in zip(self.rows, state.rows, strict=True):
            made.show_chosen(one)

    def show_weighed(self, state: Constrained, found: SamplesScored | None, weighed: Weighed | None) -> None:
        """What the samples are worth under q*; None: they are being drawn."""
        self.trouble.hide()
        self.edit_button.setEnabled(weighed is not None)
        self.numbers.setVisible(weighed is not None and bool(state.rows))
        if found is None or weighed is None:
            self.effective.setText("…")
            self.share.setValue(0)
            self.warning.hide()
            return
        count, share = len(weighed.scores), weighed.effective / len(weighed.scores)
        self.effective.setText(f"{weighed.effective:,.0f} of {count:,} ({100 * share:.0f} %)")
        self.share.setValue(round(1000 * share))
        self.warning.setVisible(weighed.few)
        if weighed.few:
            self.warning.setText(
                f"⚠ Fewer than {100 * FEW:.0f} % of the samples carry all the weight: what is shown is a few of them "
                "again and again rather than q*. Lower λ, or draw more samples."
            )
        titles = [said(self.offered[one.name], one.target) for one in state.rows]
        self.numbers.show_numbers(titles, state.weights, found, weighed)

    def show_words(self, words: str) -> None:
        """In place of the effective size, while something goes on."""
        self.effective.setText(words)

    def show_trouble(self, words: str) -> None:
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))


class _Numbers(QWidget):
    """Means of each constraint and of their sum under p, q* and the data, and log Z."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(theme.SPACE)
        self.grid.setVerticalSpacing(2)
        self.grid.setColumnStretch(0, 1)
        self.cells: dict[tuple[int, int], QLabel] = {}
        heads = (
            ("Mean of f", "Each constraint, and their weighted sum"),
            ("p", "Mean over the samples of the model"),
            ("q*", "Self-normalised importance-weighted mean over the same samples"),
            ("data", "Mean over real examples, held out from training where there are such"),
        )
        for column, (text, tip) in enumerate(heads):
            made = self._cell(0, column)
            made.setText(text)
            made.setToolTip(tip)
            theme.role(made, "quiet")
        self.below = quiet(wrap=True)
        hover_card(self.below, "log z")

    def _cell(self, line: int, column: int) -> QLabel:
        made = self.cells.get((line, column))
        if made is None:
            made = self.cells[line, column] = ElidedLabel() if column == 0 and line else QLabel()
            if column:
                made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                theme.role(made, "number")
            self.grid.addWidget(made, line, column)
        return made

    def show_numbers(
        self, titles: Sequence[str], weights: Sequence[float], found: SamplesScored, weighed: Weighed
    ) -> None:
        rows = [(title, found.scores[:, k], found.real[:, k]) for k, title in enumerate(titles)]
        if len(rows) != 1 or weights[0] != 1:
            rows.append(("weighted sum f", weighed.scores, found.real @ np.asarray(weights, np.float64)))
        for line in range(1, max((at for at, _ in self.cells), default=0) + 1):
            for column in range(4):
                self._cell(line, column).setVisible(line <= len(rows))
        self.grid.removeWidget(self.below)
        for line, (title, scores, real) in enumerate(rows, 1):
            values = (float(scores.mean()), weighed.mean(scores), float(real.mean()) if len(real) else np.nan)
            self._cell(line, 0).setText(title)
            for column, value in enumerate(values, 1):
                cell = self._cell(line, column)
                cell.setText(plain(value))
                cell.setToolTip(f"{self.cells[0, column].toolTip()}: {value:.6g}")
        self.grid.addWidget(self.below, len(rows) + 1, 0, 1, 4)
        self.below.setText(
            f"log Z = {plain(weighed.log_normaliser)} nats, estimated from {len(weighed.scores):,} samples"
        )
