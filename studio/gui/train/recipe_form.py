"""The form of a recipe, made from its fields and nothing else: essentials first, the rest folded by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.icons import icon
from studio.gui.train.editors import Editor, labelled
from studio.models.core.recipe import FieldInfo, Problem, Value

ESSENTIALS = 6
"""About so many fields are shown at once; when a model calls more essential, the rest of them comes first below."""


class RecipeForm(QWidget):
    """Rows of label and control, problems in words under their field, a Reset for each group, grey at the default."""

    edited = Signal(str, object)
    reset_wanted = Signal(list)
    unfolded = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editors: dict[str, Editor] = {}
        self.resets: list[tuple[QToolButton, list[str]]] = []
        self.fields: tuple[FieldInfo, ...] = ()
        self._words: dict[str, QLabel] = {}
        self._read_only = False
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
        self.editors, self.resets, self._words = {}, [], {}
        essential = [f for f in fields if f.essential]
        first, rest = essential[:ESSENTIALS], essential[ESSENTIALS:] + [f for f in fields if not f.essential]
        self._column.addWidget(self._group("Essentials", first))
        self._fold = fold = QToolButton()
        fold.setCheckable(True)
        fold.setChecked(self._open)
        fold.setText("Everything else")
        fold.setIconSize(QSize(12, 12))
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.toggled.connect(self.unfold)
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
        self.set_read_only(self._read_only)

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
        grid.addLayout(top, 0, 0, 1, 2)
        for at, field in enumerate(fields):
            editor = Editor(field, box)
            editor.edited.connect(lambda value, name=field.name: self.edited.emit(name, value))
            self.editors[field.name] = editor
            label = labelled(editor)
            _explain(label, field.term)
            words = QLabel()
            theme.role(words, "bad")
            words.setWordWrap(True)
            words.hide()
            self._words[field.name] = words
            grid.addWidget(label, 2 * at + 1, 0)
            grid.addWidget(editor.widget, 2 * at + 1, 1)
            grid.addWidget(words, 2 * at + 2, 0, 1, 2)
        return box

    def unfold(self, wide: bool) -> None:
        """Show everything else, or fold it away."""
        self._open = wide
        self._rest.setVisible(wide and bool(self.editors))
        if self._fold is not None:
            self._fold.setChecked(wide)
            self._fold.setIcon(icon("caret-down" if wide else "caret-right"))
            hidden = [n for n in self.editors if self.editors[n].widget.parentWidget() in self._rest.children()]
            self._fold.setToolTip(f"{'Hide' if wide else 'Show'} {len(hidden)} more fields")
            self._fold.setAccessibleName(self._fold.toolTip())
        self.unfolded.emit(wide)

    @property
    def is_unfolded(self) -> bool:
        return self._open

    def set_read_only(self, fixed: bool) -> None:
        """A recipe that was, rather than one that will be."""
        self._read_only = fixed
        for editor in self.editors.values():
            editor.set_read_only(fixed)
        for button, _ in self.resets:
            button.setVisible(not fixed)

    def show_values(self, values: Mapping[str, Value], baseline: Mapping[str, Value]) -> None:
        for name, editor in self.editors.items():
            if name in values:
                editor.show_value(values[name])
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
