"""What to measure: a box for each measure with a line of help, and grey with the reason where it can't be taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from studio.explore.questions import ModelView
from studio.gui import theme
from studio.gui.explore.parts import button, heading, row
from studio.gui.glossary import hover_card
from studio.metrics.figures import BY_NAME, MEASURES, USUAL, Measure, lacking

INDENT = 22
"""Pixels from a box to its text."""
COUNTS = {"lower": "lower is better", "higher": "higher is better", "half": "50 % is best"}


def sections() -> list[tuple[str, list[Measure]]]:
    """The measures under headings, in the registry's order."""
    found: dict[str, list[Measure]] = {}
    for measure in MEASURES:
        if "inception" in measure.needs:
            title = "Inception features"
        elif measure.term in ("classifier-features",) or measure.name.endswith("-classifier"):
            title = "A classifier of this dataset"
        else:
            title = "The examples themselves"
        found.setdefault(title, []).append(measure)
    return list(found.items())


class Choose(QWidget):
    """The boxes. ``changed`` speaks when what is chosen changes, by hand or because the run is another."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, QCheckBox] = {}
        self.lines: dict[str, QLabel] = {}
        self.reasons: dict[str, str] = {}
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        self.quick = button(
            "Quick",
            "",
            "Choose those that train nothing and take the least time",
            lambda: self._tick(lambda m: m.quick),
        )
        self.all = button("All", "", "Choose all that can be taken of this run", lambda: self._tick(lambda m: True))
        self.none = button("None", "", "Choose none", lambda: self._tick(lambda m: False))
        for part in (self.quick, self.all, self.none):
            theme.role(part, "quiet")
        whole.addLayout(row(heading("Measures"), 1, self.quick, self.all, self.none))
        for title, measures in sections():
            head = QLabel(title)
            theme.role(head, "section")
            whole.addSpacing(theme.SPACE // 2)
            whole.addWidget(head)
            for measure in measures:
                self._add(whole, measure)
        self.show_chosen(USUAL)

    def _add(self, column: QVBoxLayout, measure: Measure) -> None:
        box = QCheckBox(measure.title)
        box.setAccessibleName(measure.title)
        box.setAccessibleDescription(f"{measure.about}; {COUNTS[measure.better]}")
        box.toggled.connect(lambda _: self.changed.emit())
        line = QLabel()
        line.setWordWrap(True)
        line.setContentsMargins(INDENT, 0, 0, theme.SPACE // 2)
        theme.role(line, "small")
        for part in (box, line):
            part.setToolTip(measure.about)
            hover_card(part, measure.term)
        line.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        column.addWidget(box)
        column.addWidget(line)
        self.boxes[measure.name], self.lines[measure.name] = box, line
        self._say(measure, "")

    def show_run(self, view: ModelView, *, inception: bool) -> None:
        """Grey what this model and its data can't; ``inception``: whether there are weights."""
        self.reasons = {
            m.name: why for m in MEASURES if (why := lacking(m, view.data, view.capabilities, inception=inception))
        }
        for measure in MEASURES:
            why = self.reasons.get(measure.name, "")
            self.boxes[measure.name].setEnabled(not why)
            self._say(measure, why)
        self.changed.emit()

    def _say(self, measure: Measure, why: str) -> None:
        line = self.lines[measure.name]
        if why:
            line.setText(f"Not here: {why}.")
            return
        cost = "" if measure.cost == "seconds" else f" Takes {measure.cost}."
        line.setText(f"{measure.about}; {COUNTS[measure.better]}.{cost}")

    def chosen(self) -> tuple[str, ...]:
        """Those that are ticked and can be taken, in order."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked() and box.isEnabled())

    def ticked(self) -> list[str]:
        """Those that are ticked, whether this run has them or not: another one may."""
        return [name for name, box in self.boxes.items() if box.isChecked()]

    def show_chosen(self, names: Iterable[str]) -> None:
        wanted = set(names)
        for name, box in self.boxes.items():
            box.setChecked(name in wanted)

    def advised(self) -> Mapping[str, int]:
        """How many samples the papers of what is chosen take, by title."""
        return {BY_NAME[name].title: BY_NAME[name].advised for name in self.chosen()}

    def _tick(self, which: object) -> None:
        assert callable(which)
        for name, box in self.boxes.items():
            if box.isEnabled():
                box.setChecked(bool(which(BY_NAME[name])))
