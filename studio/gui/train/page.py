"""The training bench: samples as large as fits, curves below them, the recipe and the run at the right."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.data.dataset import DataSpec
from studio.gui import theme, work
from studio.gui.session import Session, Trouble
from studio.gui.train import facts
from studio.gui.train.compare_with import CompareWith, short_names
from studio.gui.train.facts import RunFacts
from studio.gui.train.real_view import RealView
from studio.gui.train.recipe_pane import RecipePane
from studio.gui.train.run_curves import RunCurves, from_disk, joined
from studio.gui.train.run_pane import RunPane
from studio.gui.train.sheet_view import SheetView
from studio.gui.train.sheetless import Above
from studio.gui.train.sheets import Sheet
from studio.gui.train.spread_source import SpreadSource
from studio.gui.train.troubles import Troubles
from studio.gui.widgets.panes import Panes
from studio.runs.folder import RunFolder
from studio.training.events import Checkpointed, Ended, Measured, Resumed, SheetDrawn, Started

if TYPE_CHECKING:
    from studio.gui.train.curve_deck import CurveDeck


class TrainPage(QWidget):
    """See the module. Shows the session's chosen run; everything of the run in training is kept meanwhile."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.facts: RunFacts | None = None
        self.live: RunCurves | None = None
        """All numbers of the run in training."""
        self.shown: RunCurves | None = None
        """Those of the run on the page; the same object as ``live`` when it is that one."""
        self._run = ""
        self._deck: CurveDeck | None = None
        self._kept_state: dict[str, Any] = {}

        self.sheet = SheetView()
        self.real = RealView()
        self.bench = Panes(Qt.Orientation.Vertical)
        self.above = Above(session, self.real, self.sheet, self.bench)
        self.compare = CompareWith(session, lambda: self.live, self)
        self._below = QWidget()
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, theme.SPACE, 0, theme.SPACE // 2)
        self.bench.addWidget(self.above)
        self.bench.addWidget(self._below)
        self.bench.setStretchFactor(0, 3)
        self.bench.setStretchFactor(1, 2)
        self.bench.setSizes([360, 280])

        self.recipe_pane = RecipePane(session)
        self.run_pane = RunPane(session)
        self.panes = QStackedWidget()
        self.panes.addWidget(self.recipe_pane)
        self.panes.addWidget(self.run_pane)
        self.switch = QWidget()
        row = QHBoxLayout(self.switch)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        self.tabs = QButtonGroup(self)
        for at, (words, tip) in enumerate(
            (("Next run", "The recipe of the next run"), ("This run", "The chosen run: its state, verbs and recipe"))
        ):
            tab = QToolButton()
            tab.setText(words)
            tab.setToolTip(tip)
            tab.setAccessibleName(tip)
            tab.setCheckable(True)
            theme.role(tab, "tab")
            self.tabs.addButton(tab, at)
            row.addWidget(tab)
        row.addStretch(1)
        self.tabs.button(0).setChecked(True)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(2 * theme.SPACE, theme.SPACE, theme.SPACE // 2, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.switch)
        column.addWidget(self.panes, 1)
        side.setMinimumWidth(280)

        self.split = Panes(Qt.Orientation.Horizontal)
        self.split.addWidget(self.bench)
        self.split.addWidget(side)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([760, 320])
        self.split.setCollapsible(0, False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.split)

        self.tabs.idClicked.connect(self.turn_to)
        self.compare.changed.connect(self._draw_curves)
        self.spreads = SpreadSource(session, self)
        self.spreads.changed.connect(self._draw_spreads)
        self.troubles = Troubles(self)
        self.run_pane.duplicate_wanted.connect(self.use_again)
        session.dataset_chosen.connect(self._dataset_chosen)
        session.run_chosen.connect(self.show_run)
        session.started.connect(self._on_started)
        session.measured.connect(self._on_measured)
        session.sheet_drawn.connect(self._on_sheet)
        session.checkpointed.connect(self._on_checkpoint)
        session.resumed.connect(self._on_resumed)
        session.ended.connect(self._on_ended)
        session.catalogue_changed.connect(self._draw_marks)
        session.catalogue_changed.connect(self._look_again)
        self._offer(run=False)
        self._dataset_chosen(session.dataset)
        if session.run:
            self.show_run(session.run)

    @property
    def deck(self) -> CurveDeck:
        """The plots; made when first needed, as the plotting library takes a third of a second to load."""
        if self._deck is None:
            from studio.gui.train.curve_deck import CurveDeck

            self._deck = CurveDeck(self.compare)
            self._deck.restore_state(self._kept_state)
            below = self._below.layout()
            assert below is not None
            below.addWidget(self._deck)
            self._draw_curves()
            self._draw_marks()
            self._draw_spreads()
        return self._deck

    def showEvent(self, event: QShowEvent) -> None:
        if self._deck is None:
            QTimer.singleShot(0, self, lambda: self.deck)

    # --- which run

    def show_run(self, path: str) -> None:
        """Show a run; "" for none. Everything of it is read by workers."""
        if path == self._run and path:
            self._read_facts()
            return
        self._run = path
        self.facts = None
        self.run_pane.show_run(path, None)
        self.compare.show_run(path, "")
        self.spreads.show_run(path)
        self._draw_marks()
        self._offer(run=bool(path))
        self._look_at(self.sheet if path else self.real)
        self.sheet.set_live(self._is_live())
        if not path:
            self.shown = None
            self.sheet.clear()
            self._dataset_chosen(self.session.dataset)
            self._draw_curves()
            return
        self.sheet.clear()
        self.sheet.set_empty_text("Reading …")
        if self.live is not None and self.live.run == path:
            self._show_curves(self.live)
        else:
            self._show_curves(RunCurves(path))
            self._read_curves(path)
        self._read_facts()

    def _is_live(self) -> bool:
        return bool(self._run) and self._run == self.session.training

    def _offer(self, *, run: bool) -> None:
        """The switch between the next run and this one; without a run there is nothing to switch."""
        self.switch.setVisible(run)
        self.turn_to(1 if run else 0)

    def turn_to(self, pane: int) -> None:
        self.tabs.button(pane).setChecked(True)
        self.panes.setCurrentIndex(pane)
        if pane == 1:
            self._look_at(self.sheet)

    def _look_at(self, above: QWidget) -> None:
        """Show real examples, or the sheet, where the model draws one."""
        self.above.look_at(above, self.session.card(self.facts.model) if self.facts else None)

    def _look_again(self) -> None:
        """What the model is came to be known."""
        if self.above.currentWidget() is not self.real:
            self._look_at(self.sheet)

    def _read_facts(self) -> None:
        path = self._run
        if path:
            work.run(
                self, lambda watch: facts.read(path), self._facts_read, lambda wrong: self._unreadable(path, wrong)
            )

    def _facts_read(self, found: RunFacts) -> None:
        if found.path != self._run:
            return
        first = self.facts is None
        self.facts = found
        self.run_pane.show_run(found.path, found)
        self.compare.show_run(found.path, found.data.fingerprint)
        self._draw_marks()
        self._look_again()
        if first and not self.sheet.steps:
            self.sheet.set_history(found.data, found.sheets)
        else:
            self.sheet.merge_history(found.sheets)
        going = self._is_live()
        self.sheet.set_empty_text("The first samples are on their way …" if going else "This run has no samples yet.")

    def _unreadable(self, path: str, wrong: Exception) -> None:
        if path == self._run:
            self.sheet.set_empty_text(f"This run cannot be read.\n{wrong}")
            self.session.trouble.emit(Trouble("The run cannot be read", str(wrong), about=path))

    def _read_curves(self, path: str) -> None:
        library = self.session.library

        def task(watch: Any) -> RunCurves:
            return from_disk(path, library.curves(Path(path), watch=watch))

        work.run(
            self,
            task,
            partial(self._curves_read, path),
            lambda wrong: self._unreadable(path, wrong),
            title="Reading curves",
        )

    def _curves_read(self, path: str, history: RunCurves) -> None:
        if self.live is not None and self.live.run == path:
            self.live = history = joined(history, self.live)
        elif path == self._run and self.shown is not None and self.shown.series:
            history = joined(history, self.shown)  # it trained, and ended, while the disk was read
        if path == self._run:
            self._show_curves(history)

    def _show_curves(self, curves: RunCurves) -> None:
        self.shown = curves
        self._draw_curves()

    def _draw_curves(self) -> None:
        if self._deck is None:
            return
        if self.shown is None:
            self._deck.show_runs([], [])
            return
        others = self.compare.laid
        names = short_names([self._title(), *others])
        self._deck.show_runs([self.shown, *others.values()], names)

    def _draw_marks(self) -> None:
        """Levels and gauges of the shown run's model."""
        if self._deck is not None:
            card = self.session.card(self.facts.model) if self.facts else None
            samples = card is None or "decode latent" in card.capabilities
            self._deck.show_marks(card.levels if card else (), card.gauges if card else (), samples=samples)

    def _draw_spreads(self) -> None:
        if self._deck is not None:
            self._deck.show_spreads(self.spreads.shown)

    def _title(self) -> str:
        return self.facts.title if self.facts else Path(self._run).name

    def _dataset_chosen(self, data: DataSpec | None) -> None:
        if self._run:
            self.turn_to(0)  # whoever chooses a dataset wants to train on it
            other = data is not None and (self.facts is None or self.facts.data.fingerprint != data.fingerprint)
            self._look_at(self.real if other else self.sheet)
        self.real.show_data(data)

    def use_again(self) -> None:
        """Take the shown run's recipe over for the next run."""
        if self.facts is not None:
            self.recipe_pane.recipe.load(self.facts.model, self.facts.values, f"recipe of {self.facts.title}")
            self.turn_to(0)

    # --- what the training says

    def _on_started(self, event: Started) -> None:
        self.session.trouble_over.emit(event.run)
        if self.shown is not None and self.shown.run == event.run:
            self.live = self.shown
            self.live.back_to(event.step + 1)
        else:
            self.live = RunCurves(event.run)
            if event.step > 0:
                self._read_curves(event.run)
        if event.run == self._run:
            self.sheet.set_live(True)
            if self._deck is not None:
                self._deck.rewound()
            self.turn_to(1)
            self._read_facts()

    def _on_measured(self, events: list[Measured]) -> None:
        live = self.live
        if live is None:
            return
        new = False
        for event in events:
            if event.run == live.run:
                new |= live.add(event)
        seen = live is self.shown or any(live is other for other in self.compare.laid.values())
        if seen and self._deck is not None:
            if new:
                self._deck.grown()
            self._deck.refresh()

    def _on_sheet(self, event: SheetDrawn) -> None:
        if event.run == self._run:
            sheet = Sheet(event.images, event.columns, event.titles)
            self.sheet.add(event.step, sheet, RunFolder(event.run).sheet(event.step))

    def _on_checkpoint(self, event: Checkpointed) -> None:
        if self.live is not None and event.run == self.live.run:
            self.live.mark(event.step, "checkpoint")
            if self.live is self.shown and self._deck is not None:
                self._deck.mark(event.step, "checkpoint")

    def _on_resumed(self, event: Resumed) -> None:
        self.session.trouble_over.emit(event.run)

    def _on_ended(self, event: Ended) -> None:
        self.live = None
        if event.run == self._run:
            self.sheet.set_live(False)
            self._read_facts()

    # --- the last session comes back

    def save_state(self) -> dict[str, Any]:
        """Sizes of the panes, what is folded, looks of the plots; plain data."""
        return {
            "split": self.split.kept(),
            "bench": self.above.kept(),
            "unfolded": self.recipe_pane.form.is_unfolded,
            "skeletons": self.real.skeleton.isChecked(),
            "curves": self._deck.save_state() if self._deck is not None else self._kept_state,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """The inverse; what is missing or makes no sense stays as it is."""
        for splitter, name in ((self.split, "split"), (self.bench, "bench")):
            splitter.restore(state.get(name))
        if isinstance(state.get("unfolded"), bool):
            self.recipe_pane.form.unfold(state["unfolded"])
        if isinstance(state.get("skeletons"), bool):
            self.real.skeleton.setChecked(state["skeletons"])
        if isinstance(state.get("curves"), dict):
            self._kept_state = state["curves"]
            if self._deck is not None:
                self._deck.restore_state(self._kept_state)
