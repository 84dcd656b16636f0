"""Codes against labels: the confusion table of each categorical code, and how well it tells the classes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QElapsedTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from studio.explore.questions import CodeTable, CodeTables, TabulateCodes
from studio.gui import theme
from studio.gui.explore.asking import brief
from studio.gui.explore.codes.desk import Desk
from studio.gui.explore.codes.heat import Heat
from studio.gui.explore.parts import button, choose, quiet, row
from studio.gui.glossary import hover_card

COUNTS = (500, 2000, 10_000)
LEAST_REST = 10_000
"""Milliseconds between two tables of a run that trains; ten times as long as the last one took, when that is more."""


class TableTab(QWidget):
    """What is tabulated, the accuracy in words, progress and Cancel. ``view`` is the table itself."""

    step_shown = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.view = Heat("codes against classes")
        self.found: CodeTables | None = None
        self._stamp: int | None = None
        self._since = QElapsedTimer()
        self._took = 0
        self.code = QComboBox()
        self.code.setAccessibleName("code of the table")
        self.code.setToolTip("Which categorical code is held against the labels")
        self.code.activated.connect(lambda index: self._show())
        self.count = QComboBox()
        for number in COUNTS:
            self.count.addItem(f"{number:,} examples", number)
        choose(self.count, COUNTS[1])
        self.count.setAccessibleName("number of examples")
        self.count.setToolTip("How many examples are read; more take longer and are more exact")
        self.count.activated.connect(lambda index: self.ask())
        self.form = QFormLayout()
        self.form.setSpacing(theme.SPACE)
        self.form.addRow("Code", self.code)
        self.form.addRow("On", self.count)
        self.accuracy = QLabel()
        self.accuracy.setWordWrap(True)
        theme.role(self.accuracy, "heading")
        hover_card(self.accuracy, "unsupervised-accuracy")
        self.about = quiet(wrap=True)
        self.again = button("Read again", "arrows-clockwise", "Count again, with the weights of now", self.ask)
        self.cancel_button = button("Cancel", "", "Stop reading; the last table stays", self.cancel)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("examples that were read")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        whole.addWidget(quiet("What Q reads off real examples, held against their labels.", wrap=True))
        whole.addLayout(self.form)
        whole.addLayout(row(self.again, self.cancel_button, 1))
        whole.addWidget(self.bar)
        whole.addSpacing(theme.SPACE)
        whole.addWidget(self.accuracy)
        whole.addWidget(self.about)
        whole.addStretch(1)
        desk.run_shown.connect(self._show_anew)
        desk.weights_moved.connect(self._weights_moved)
        self._idle()

    # --- asking

    @property
    def _categories(self) -> list[str]:
        return [] if self.desk.view is None else [d.name for d in self.desk.state.dials if d.categorical]

    def ask(self) -> None:
        """Count, in the slow lane; a count under way is called off."""
        if self.desk.view is None or not self._categories:
            return
        self.cancel()
        self.bar.setRange(0, 0)
        for part in (self.bar, self.cancel_button):
            part.show()
        self._since.start()
        turn = self.desk.where, self.count.currentData()

        def current() -> bool:
            return self.desk.view is not None and turn == (self.desk.where, self.count.currentData())

        self._stamp = self.desk.session.ask(
            TabulateCodes(self.desk.where, self.count.currentData()),
            self,
            lambda found: self._came(found) if current() else None,
            failed=lambda message: self._failed(message) if current() else None,
            advanced=self._advanced,
            topic="code table",
            slow=True,
        )

    def cancel(self) -> None:
        if self._stamp is not None:
            self.desk.session.cancel(self._stamp)
        self._idle()

    def _idle(self) -> None:
        self._stamp = None
        for part in (self.bar, self.cancel_button):
            part.hide()

    def _advanced(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _came(self, found: CodeTables) -> None:
        self._idle()
        self._took = self._since.restart()
        self.found = found
        self._show()
        self.step_shown.emit(found.step)

    def _failed(self, message: str) -> None:
        self._idle()
        if message != "cancelled":
            self.found = None
            self.accuracy.clear()
            self.about.clear()
            self.view.clear(f"The table could not be made: {brief(message)}")

    def _weights_moved(self) -> None:
        """Count again, in long enough intervals."""
        rest = max(LEAST_REST, 10 * self._took)
        if self.isVisible() and self._stamp is None and self._since.isValid() and self._since.elapsed() > rest:
            self.ask()

    # --- what is shown

    def _show_anew(self) -> None:
        self.cancel()
        self.found = None
        names = self._categories
        self.code.clear()
        for name in names:
            self.code.addItem(name, name)
        self.form.setRowVisible(self.code, len(names) > 1)
        for part in (self.count, self.again):
            part.setEnabled(bool(names))
        self.accuracy.clear()
        self.about.clear()
        if names:
            self.view.clear("Reading examples …")
        else:
            self.view.clear(
                "This model has no categorical code, so there is nothing to hold against classes. "
                "Train it with codes such as “10, u, u” to have one."
            )
        if self.isVisible():
            self.ask()

    def _show(self) -> None:
        found = self.found
        table = None if found is None else next((t for t in found.tables if t.name == self.code.currentData()), None)
        if found is None or table is None:
            return
        of = f"{found.count:,} {found.part.replace(' ', '-')} examples · step {found.step:,}"
        names = self._names(table)
        if table.match is None:
            self.accuracy.setText("No labels")
            self.about.setText(
                f"This dataset has no labels, so the table shows only how often Q reads each value of {table.name}: "
                f"on {of}."
            )
            self.view.show_counts(table.counts, names, ["how often it is read"])
            return
        to = table.match.to
        order = sorted(range(len(to)), key=lambda v: (to[v] < 0, to[v], -int(table.counts[v].sum())))
        classes = self.desk.view.data.classes if self.desk.view is not None else ()
        marked = frozenset((place, to[v]) for place, v in enumerate(order) if to[v] >= 0)
        self.view.show_counts(table.counts[np.array(order)], [names[v] for v in order], list(classes), marked)
        self.accuracy.setText(f"Unsupervised accuracy {table.match.accuracy:.3f}")
        self.about.setText(
            f"Best one-to-one assignment of the values of {table.name} to the classes (ringed), on {of}.\n"
            f"{table.match.majority:.3f} when every value goes to the class it meets most (majority), so that several "
            "may go to one. Colour: share of the row."
        )

    def _names(self, table: CodeTable) -> list[str]:
        dial = self.desk.state.dial(table.name)
        own = dial.part.labels if dial is not None else tuple(map(str, range(len(table.counts))))
        return [f"{table.name} = {name}" for name in own]

    def showEvent(self, event: object) -> None:
        if self.desk.view is None or self._stamp is not None:
            return
        if self.found is None:
            self.ask()
        elif self.desk.session.training == self.desk.where.run:
            self._weights_moved()
