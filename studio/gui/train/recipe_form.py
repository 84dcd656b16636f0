"""The form of a recipe, made from its fields and nothing else: essentials first, the rest folded by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.icons import icon
from studio.gui.train.editors import Editor, said, tip
from studio.gui.words import amount
from studio.models.core.recipe import FieldInfo, Problem, Value

ESSENTIALS = 6
"""About so many fields are shown at once; when a model calls more essential, the rest of them comes first below."""


class RecipeForm(QWidget):
    """Rows of label and control, problems in words under their field, a Reset for each group, grey at the default.

    Args:
        read_only: show values as text: a recipe that was, rather than one that will be.
    """

    edited = Signal(str, object)
    reset_wanted = Signal(list)
    unfolded = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, read_only: bool = False) -> None:
        super().__init__(parent)
        self.editors: dict[str, Editor] = {}
        self.resets: list[tuple[QToolButton, list[str]]] = []
        self.fields: tuple[FieldInfo, ...] = ()
        self._words: dict[str, QLabel] = {}
        self._read_only = read_only
        self._texts: dict[str, QLabel] = {}
        self._fold: QToolButton | None = None
        self._rest = QWidget()
        self._open = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE // 2)

    def set_fields(self, fields: Sequence[FieldInfo]) -> None:
        """Build the rows anew, unless they are these already."""
        if tuple(fields) == self.fields:
            return
        self.fields = tuple(fields)
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.editors, self.resets, self._words, self._texts = {}, [], {}, {}
        essential = [f for f in fields if f.essential]
        first, rest = essential[:ESSENTIALS], essential[ESSENTIALS:] + [f for f in fields if not f.essential]
        self._column.addWidget(self._group("Essentials", first))
        self._fold = fold = QToolButton()
        fold.setText("Everything else")
        fold.setIconSize(QSize(12, 12))
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.clicked.connect(lambda: self.unfold(not self._open))
        fold.setVisible(bool(rest))
        self._column.addWidget(fold)
        self._rest = QWidget()
        inside = QVBoxLayout(self._rest)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.SPACE)
        for group in dict.fromkeys(f.group for f in rest):
            inside.addWidget(self._group(group, [f for f in rest if f.group == group]))
        self._column.addWidget(self._rest)
        self.unfold(self._open)

    def _group(self, title: str, fields: list[FieldInfo]) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, 96)
        heading = QLabel(title)
        theme.role(heading, "section")
        reset = QToolButton()
        reset.setIcon(icon("arrow-counter-clockwise"))
        reset.setIconSize(QSize(14, 14))
        reset.setToolTip(f"Reset {title.lower()} to what is suggested")
        reset.setAccessibleName(reset.toolTip())
        names = [f.name for f in fields]
        reset.clicked.connect(lambda: self.reset_wanted.emit(names))
        self.resets.append((reset, names))
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(heading, 1)
        top.addWidget(reset)
        reset.setVisible(not self._read_only)
        grid.addLayout(top, 0, 0, 1, 2)
        for at, field in enumerate(fields):
            label = QLabel(field.label)
            label.setToolTip(tip(field))
            _explain(label, field.term)
            grid.addWidget(label, 2 * at + 1, 0)
            if self._read_only:
                text = self._texts[field.name] = QLabel()
                text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                text.setAccessibleName(field.label)
                text.setToolTip(tip(field))
                grid.addWidget(text, 2 * at + 1, 1)
                continue
            editor = Editor(field, box)
            label.setBuddy(editor.widget)
            editor.edited.connect(lambda value, name=field.name: self.edited.emit(name, value))
            self.editors[field.name] = editor
            words = QLabel()
            theme.role(words, "bad")
            words.setWordWrap(True)
            words.hide()
            self._words[field.name] = words
            grid.addWidget(editor.widget, 2 * at + 1, 1)
            grid.addWidget(words, 2 * at + 2, 0, 1, 2)
        return box

    def unfold(self, wide: bool) -> None:
        """Show everything else, or fold it away."""
        self._open = wide
        self._rest.setVisible(wide and bool(self.fields))
        if self._fold is not None:
            self._fold.setIcon(icon("caret-down" if wide else "caret-right"))
            essential = sum(f.essential for f in self.fields)
            more = len(self.fields) - min(ESSENTIALS, essential)
            self._fold.setToolTip(f"{'Hide' if wide else 'Show'} {more} more fields")
            self._fold.setAccessibleName(self._fold.toolTip())
        self.unfolded.emit(wide)

    def reveal(self, name: str) -> QWidget | None:
        """The control of a field, unfolded where it would be hidden; None where there is none."""
        editor = self.editors.get(name)
        if editor is None:
            return None
        if not self._open and self._rest.isAncestorOf(editor.widget):
            self.unfold(True)
        return editor.widget

    @property
    def is_unfolded(self) -> bool:
        return self._open

    def show_values(self, values: Mapping[str, Value], baseline: Mapping[str, Value]) -> None:
        for name, editor in self.editors.items():
            if name in values:
                editor.show_value(values[name])
        units = {f.name: f.unit for f in self.fields}
        for name, text in self._texts.items():
            text.setText(amount(said(values[name]), units[name], values[name]) if name in values else "–")
        for button, names in self.resets:
            button.setEnabled(any(values.get(n) != baseline.get(n) for n in names))

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """Put each at its field, and unfold where one would be hidden. Returns those that have no field here."""
        by_field: dict[str, list[str]] = {}
        for problem in problems:
            by_field.setdefault(problem.field.split(".")[0], []).append(problem.message)
        for name, editor in self.editors.items():
            said = "; ".join(by_field.get(name, ()))
            editor.show_problem(said)
            words = self._words[name]
            words.setText(f"⚠ {editor.field.label} {said}" if said else "")
            words.setVisible(bool(said))
            if said and not self._open and self._rest.isAncestorOf(editor.widget):
                self.unfold(True)
        return [p for p in problems if p.field.split(".")[0] not in self.editors]


def _explain(label: QLabel, term: str) -> None:
    """The glossary's card for a term on hover, where there is one."""
    if term:
        from studio.gui.glossary import hover_card

        hover_card(label, term)
