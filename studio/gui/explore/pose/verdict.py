"""How well what was made agrees with the pose: whose eyes, bars by part, and another run beside with one switch."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import PoseTaken
from studio.gui import theme
from studio.gui.explore.parts import button, choose, heading, row
from studio.gui.explore.pose.others import Others, in_words
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.scores import Scored, Scores, of_answer
from studio.gui.explore.pose.state import Parser
from studio.gui.glossary import hover_card

PARSERS: tuple[tuple[str, Parser, str], ...] = (
    ("Judge", "judge", "a parser that is trained once on the dataset's parts, apart from every run"),
    ("The run's own", "own", "the parser that the run itself learned with"),
    ("Nobody", "none", "no parts and no scores; the picture comes sooner"),
)
NO_OTHER = "no other run poses yet"


class Verdict(QWidget):
    """See the module."""

    settled = Signal()
    """Another run stands beside, or none."""

    def __init__(self, poser: Poser, others: Others) -> None:
        super().__init__()
        self.poser, self.others = poser, others
        self.parser = QComboBox()
        for at, (title, value, tip) in enumerate(PARSERS):
            self.parser.addItem(title, value)
            self.parser.setItemData(at, tip, 3)  # Qt.ToolTipRole
        self.parser.setAccessibleName("who parses the parts")
        self.parser.setToolTip("Who sees the parts: " + "; ".join(f"{t}: {tip}" for t, _, tip in PARSERS))
        self.parser.activated.connect(lambda index: self._parser(PARSERS[index][1]))
        self.title = heading("Agreement")
        hover_card(self.title, "pose-agreement")
        self.scores = Scores()
        self.by = QLabel()
        self.by.setWordWrap(True)
        theme.role(self.by, "small")
        self.train = button(
            "Train the judge",
            "",
            "Train a parser on the dataset's parts, once, about a minute; it is kept for all runs",
            poser.train_judge,
        )
        self.beside = QCheckBox("Beside")
        self.beside.setToolTip("What another run makes of the same person and pose, beside this one (B)")
        self.beside.clicked.connect(self.set_beside)
        self.other = QComboBox()
        self.other.setAccessibleName("run that stands beside")
        self.other.setToolTip("Another run of the dataset that takes a pose; with which constraint it learned")
        self.other.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.other.activated.connect(lambda index: self._choose(self.other.itemData(index)))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(row(self.title, 1, self.parser))
        whole.addWidget(self.scores)
        whole.addWidget(self.by)
        whole.addLayout(row(self.train, 1))
        beside = row(self.beside, self.other)
        beside.setStretch(1, 1)
        whole.addLayout(beside)
        self.train.hide()
        poser.run_shown.connect(self._show_anew)
        poser.changed.connect(lambda before: self._show())
        poser.came.connect(lambda found: self._show_scores())
        poser.other_came.connect(lambda found: self._show_scores())
        poser.judging_changed.connect(lambda done, total: self._say_judging(done, total))
        others.listed.connect(self._list)

    # --- hands

    def _parser(self, parser: Parser) -> None:
        state = self.poser.state
        if self.poser.view is not None and parser != state.views.parser:
            self.poser.edit("Parser of the parts", replace(state, views=replace(state.views, parser=parser)))

    def set_beside(self, on: bool) -> None:
        """The switch."""
        if self.poser.view is not None and on != self.poser.state.compare:
            self.poser.edit(
                "Show another run beside" if on else "Show this run alone", replace(self.poser.state, compare=on)
            )

    def _choose(self, path: str) -> None:
        if self.poser.view is not None and path:
            new = replace(self.poser.state, other=path, compare=True)
            self.poser.edit("Choose the run beside", new)

    # --- what is shown

    def _show_anew(self) -> None:
        self.scores.show_scores()
        model = self.parser.model()
        if isinstance(model, QStandardItemModel):
            model.item(self.parser.findData("own")).setEnabled(self.poser.parses)
        self._list()

    def _list(self) -> None:
        """The runs that could stand beside, and which of them does."""
        poser = self.poser
        if poser.view is None:
            return
        self.other.clear()
        for other in self.others.runs:
            self.other.addItem(other.words, other.path)
        if not self.others.runs:
            self.other.addItem(NO_OTHER, "")
        self.other.setEnabled(bool(self.others.runs))
        self.beside.setEnabled(bool(self.others.runs))
        self._show()

    def _show(self) -> None:
        poser = self.poser
        if poser.view is None:
            return
        state = poser.state
        known = self.others.named(state.other) is not None
        poser.compare_with(state.other if known else self.others.proposed)
        choose(self.other, poser.beside)
        self.beside.setChecked(state.compare and bool(self.others.runs))
        choose(self.parser, poser.parser)
        self._show_scores()
        self.settled.emit()

    @property
    def compares(self) -> bool:
        """Whether two runs are shown."""
        return self.poser.view is not None and self.poser.state.compare and bool(self.poser.beside)

    def names(self) -> tuple[str, str]:
        """What to call this run and the one beside: by their constraints where those differ."""
        other = self.others.named(self.poser.beside)
        own = in_words(self.others.own)
        if other is None:
            return own or "this run", "another run"
        if own and other.constraint and not other.same:
            return own, in_words(other.constraint)
        return "this run", other.title

    def _show_scores(self) -> None:
        poser = self.poser
        if poser.view is None:
            return
        found, other = poser.result, poser.other_result if self.compares else None
        own_name, other_name = self.names()
        if found is None or poser.parser == "none":
            self.scores.show_scores()
        elif found.parts is not None:  # without parts: what a hand moves; the scores of a moment ago stay
            shown = [self._scored(own_name, found)]
            if other is not None and other.parts is not None:
                shown.append(self._scored(other_name, other))
            self.scores.show_scores(*shown)
        self._say(found, other)

    def _scored(self, name: str, found: PoseTaken) -> Scored:
        return of_answer(name, found.scores, float(found.total[0]) if len(found.total) else math.nan)

    def _say(self, found: PoseTaken | None, other: PoseTaken | None) -> None:
        poser = self.poser
        if found is not None and poser.hurried:
            return  # it came without parts, which follow: what is said stays
        lacking = found is not None and poser.parser == "judge" and not found.parser
        self.train.setVisible(lacking and poser.judging != "asked")
        if poser.judging == "asked":
            return
        if poser.trouble:
            self.by.setText(f"The judge could not be trained: {poser.trouble}")
        elif lacking:
            self.by.setText("Nobody has looked at parts of this dataset yet.")
        elif found is not None and found.parser:
            own_name, other_name = self.names()
            both = f" Upper bar: {own_name}; lower: {other_name}." if other is not None else ""
            self.by.setText(f"Mean log-probability of the right part, nats per pixel.{both} Parser: {found.parser}.")
        elif poser.parser == "none":
            self.by.setText("No parser looks at the parts.")

    def _say_judging(self, done: int, total: int) -> None:
        if self.poser.judging == "asked":
            self.train.hide()
            share = f" {done / total:.0%}" if total and done else ""
            self.by.setText(f"The judge is being trained …{share}")
        else:
            self._show_scores()
