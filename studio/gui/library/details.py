"""The panel beside the list: everything about the selected run, and where its tags and note are written."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui import work
from studio.gui.icons import icon
from studio.gui.library import facts, words
from studio.gui.library.actions import MOST
from studio.gui.library.facts import Line, RunFacts
from studio.gui.library.parts import Note, Section
from studio.gui.library.picture import Picture
from studio.gui.library.row import Row
from studio.gui.library.shelf import Shelf
from studio.gui.theme import SPACE, role
from studio.gui.train.sheetless import draws
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.words import duration, memory, plural

_DAMAGED = "Nothing else is touched by it. Mend the file, or copy the folder here again, and the run is back."


class Details(QScrollArea):
    """Follows the selection. Says what a person wants; the page does it."""

    open_wanted = Signal()
    compare_wanted = Signal()
    resume_wanted = Signal()
    delete_wanted = Signal()
    reveal_wanted = Signal()
    more_wanted = Signal(QToolButton)
    fork_wanted = Signal(int)
    run_wanted = Signal(str)
    tags_edited = Signal(str, tuple)
    """Path of the run, and all its tags from now on."""
    note_edited = Signal(str, str)

    def __init__(self, shelf: Shelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shelf = shelf
        self.rows: list[Row] = []
        self.facts: RunFacts | None = None
        self._all_fields = False
        self._checkpoints_shown = 0
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("About the selected run")
        self.setMinimumWidth(280)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.body = QWidget()
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 2 * SPACE)
        self.column.setSpacing(SPACE)
        self.setWidget(self.body)

        self.picture = Picture(shelf.thumbnails, "Newest sample sheet")
        self.picture.setFixedHeight(232)
        self.columns = ElidedLabel()
        role(self.columns, "small")
        self.columns.setAccessibleName("columns of the sheet")
        self.title = _label("heading", wrap=True)
        self.status = _label("quiet", wrap=True)
        self.message = _label("", wrap=True)
        self._make_buttons()
        self.recipe = Section("Recipe")
        self.fields = QPushButton()
        role(self.fields, "quiet")
        self.fields.setStyleSheet("padding-left: 0; padding-right: 0")  # its text begins where the lines above begin
        self.fields.clicked.connect(self._toggle_fields)
        self.data = Section("Dataset")
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("baseline, keep")
        self.tags.setToolTip("Tags, with commas between them; Return saves")
        self.tags.setAccessibleName("Tags")
        self.tags.editingFinished.connect(self._tags_done)
        self.note = Note()
        self.note.done.connect(self._note_done)
        self.checkpoints = Section("Checkpoints")
        self.origin = Section("Origin")
        self.versions = Section("Versions")
        self.tags_box = Section("Tags", self.tags)
        self.note_box = Section("Note", self.note)
        self.recipe.column.addWidget(self.fields, 0, Qt.AlignmentFlag.AlignLeft)
        self.parts = (
            self.tags_box, self.note_box, self.recipe, self.data, self.checkpoints, self.origin, self.versions,
        )  # fmt: skip
        for part in (self.picture, self.columns, self.title, self.status, self.message, self.buttons, *self.parts):
            self.column.addWidget(part)
        self.column.addStretch(1)
        self.show_rows([])

    def _make_buttons(self) -> None:
        self.primary = QPushButton("Explore")
        role(self.primary, "primary")
        self.primary.clicked.connect(self._primary)
        self.resume = QPushButton("Resume")
        self.resume.clicked.connect(self.resume_wanted)
        self.reveal = QPushButton("Show folder")
        self.reveal.setToolTip("Show the folder of the run in the file manager")
        self.reveal.clicked.connect(self.reveal_wanted)
        self.delete = QPushButton("Delete")
        self.delete.setToolTip("Move to the trash (Delete)")
        self.delete.clicked.connect(self.delete_wanted)
        self.more = QToolButton()
        self.more.setIcon(icon("dots-three"))
        self.more.setIconSize(QSize(18, 18))
        self.more.setToolTip("Everything that can be done with it")
        self.more.setAccessibleName("More actions")
        self.more.clicked.connect(lambda: self.more_wanted.emit(self.more))
        self.buttons = QWidget()
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for button in (self.primary, self.resume, self.reveal, self.delete):
            button.setAccessibleName(button.text())
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.more)

    # --- what is shown

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Follow the selection: nothing, one run, or several."""
        same = len(rows) == 1 and [r.path for r in rows] == [r.path for r in self.rows]
        if not same:
            self.finish()
        self.rows = list(rows)
        one = self.rows[0] if len(self.rows) == 1 else None
        self.body.setVisible(bool(self.rows))
        if not self.rows:
            return
        for part in (self.picture, *self.parts):
            part.setVisible(one is not None and not one.damaged)
        if one is None or not same:
            self.columns.setText("")
        if one is None:
            self._show_many()
            return
        self._show_row(one)
        if not same:
            self.facts = None
            self._checkpoints_shown = 0
            for section in (self.recipe, self.data, self.checkpoints, self.origin, self.versions):
                section.setVisible(False)
            self.verticalScrollBar().setValue(0)
        self.refresh()

    def refresh(self) -> None:
        """Read the folder of the one selected run again."""
        if len(self.rows) != 1 or self.rows[0].damaged:
            return
        path = self.rows[0].path
        work.run(self, lambda watch: facts.read(path), self._facts_came)

    def _show_many(self) -> None:
        spent, taken = sum(r.seconds for r in self.rows), sum(r.size for r in self.rows)
        self.title.setText(f"{plural(len(self.rows), 'run')} selected")
        self.status.setText(f"{duration(spent)} of training, {memory(taken)} on disk")
        self.message.setVisible(False)
        whole = [r for r in self.rows if not r.damaged]
        self.primary.setText("Compare")
        self.primary.setToolTip(f"Show them side by side: two to {MOST} at once")
        self.primary.setAccessibleName("Compare the selected runs")
        self._show_buttons(primary=True, delete=True)
        self.primary.setEnabled(2 <= len(whole) <= MOST)

    def _show_row(self, row: Row) -> None:
        self.title.setText(row.title)
        state = [row.status] if row.damaged else [row.status, f"step {row.progress_text}", duration(row.seconds)]
        # each part stays on one line
        self.status.setText(" · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in (*state, memory(row.size))))
        self.message.setVisible(bool(row.message))
        self.message.setText(f"{row.message}\n\n{_DAMAGED}" if row.damaged else row.message)
        role(self.message, "bad" if row.shown in ("failed", "damaged") else "warn")
        self.primary.setText("Explore")
        self.primary.setToolTip("Open in Explore: take the model apart by hand (Return)")
        self.primary.setAccessibleName("Open in Explore")
        self.resume.setText("Train" if row.shown == "new" else "Resume")
        self.resume.setToolTip("Go on from the newest checkpoint" if row.step else "Start the training")
        live = row.path == self.shelf.session.training
        self.primary.setEnabled(True)
        self._show_buttons(
            primary=not row.damaged, resume=row.resumable and not live, reveal=row.damaged, delete=row.damaged
        )
        if not self.tags.hasFocus():
            self.tags.setText(", ".join(row.tags))
        self.note.show_text(row.note)

    def _show_buttons(self, *, primary: bool, resume: bool = False, reveal: bool = False, delete: bool = False) -> None:
        for button, on in (
            (self.primary, primary), (self.resume, resume), (self.reveal, reveal), (self.delete, delete),
        ):  # fmt: skip
            button.setVisible(on)
        self.more.setVisible(not any(r.damaged for r in self.rows))

    def _facts_came(self, found: RunFacts) -> None:
        if len(self.rows) != 1 or self.rows[0].path != found.path or self.rows[0].damaged:
            return
        if found == self.facts:
            return
        self.facts = found
        self.picture.show_file(found.sheet)
        self.picture.setVisible(bool(found.sheet) or draws(self.shelf.session.card(found.model)))
        self.columns.setText(" · ".join(found.titles))
        if found.info is None:
            return
        info = found.info
        self._show_recipe()
        self.data.show_lines([(info.data.name, facts.data_line(info.data), info.data.source)], stacked=True)
        self._show_checkpoints()
        origin: list[tuple[str, str, str]] = [
            ("made", words.exact_moment(info.created), ""),
            ("folder", found.path.rpartition("/")[2].rpartition("\\")[2], found.path),
        ]
        self.origin.show_lines(origin)
        if found.parent:
            link = self.origin.add_link("forked from", found.parent, bool(found.parent_path))
            link.clicked.connect(lambda: self.run_wanted.emit(found.parent_path))
        self.versions.show_lines([(name, text, text) for name, text in info.versions.items()])
        for part in self.parts:
            part.setVisible(True)

    def _show_recipe(self) -> None:
        if self.facts is None:
            return
        lines = facts.recipe_lines(self.facts.recipe, self.shelf.session.card(self.facts.model))
        own = [line for line in lines if line.own]
        shown: list[Line] = lines if self._all_fields else own
        self.recipe.show_lines(
            [("model", self.rows[0].model_title, self.facts.model)]
            + [(line.label, line.text, line.help) for line in shown],
            strong={line.label for line in own} if self._all_fields else set(),
        )
        rest = len(lines) - len(own)
        self.fields.setVisible(rest > 0)
        self.fields.setText("Only what was changed" if self._all_fields else f"{plural(rest, 'field')} at the default")
        self.fields.setAccessibleName(self.fields.text())
        self.fields.setToolTip("Show the whole recipe, or only what differs from the model's defaults")

    def _toggle_fields(self) -> None:
        self._all_fields = not self._all_fields
        self._show_recipe()

    def _show_checkpoints(self) -> None:
        """The newest few, each to be forked from; the rest behind a button."""
        if self.facts is None:
            return
        newest = list(reversed(self.facts.checkpoints))
        few = newest[: max(4, self._checkpoints_shown)]
        self.checkpoints.clear()
        if not newest:
            self.checkpoints.show_lines([("none yet", "", "")])
            return
        for step in few:
            exact = step in self.facts.resumable
            tip = "Training can go on from here exactly" if exact else "Weights for looking; older ones are thinned"
            button = self.checkpoints.add_action(f"step {step:,}", "complete" if exact else "weights only", "Fork", tip)
            button.setToolTip(f"A new run that starts from step {step:,}")
            button.setAccessibleName(f"Fork from step {step:,}")
            button.setEnabled(exact)
            button.clicked.connect(lambda _=False, step=step: self.fork_wanted.emit(step))
        if len(few) < len(newest):
            more = self.checkpoints.add_button(f"{plural(len(newest) - len(few), 'older checkpoint')}")
            more.clicked.connect(self._more_checkpoints)

    def _more_checkpoints(self) -> None:
        self._checkpoints_shown = 10_000
        self._show_checkpoints()

    # --- what is written

    def _primary(self) -> None:
        if len(self.rows) == 1:
            self.open_wanted.emit()
        else:
            self.compare_wanted.emit()

    def _tags_done(self) -> None:
        if len(self.rows) == 1:
            self.tags_edited.emit(self.rows[0].path, parse_tags(self.tags.text()))

    def _note_done(self, text: str) -> None:
        if len(self.rows) == 1:
            self.note_edited.emit(self.rows[0].path, text)

    def finish(self) -> None:
        """The selection moves on: what stands in the editors belongs to the run that was selected."""
        if len(self.rows) == 1 and not self.rows[0].damaged:
            self.note.finish()
            if self.tags.hasFocus() and parse_tags(self.tags.text()) != self.rows[0].tags:
                self.tags_edited.emit(self.rows[0].path, parse_tags(self.tags.text()))

    def edit_tags(self) -> None:
        self.ensureWidgetVisible(self.tags)
        self.tags.setFocus()

    def edit_note(self) -> None:
        self.ensureWidgetVisible(self.note)
        self.note.setFocus()


def parse_tags(text: str) -> tuple[str, ...]:
    """Tags as typed: parted by commas, trimmed, each once, in the order given."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := " ".join(part.split()))))


def _label(name: str, *, wrap: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if name:
        role(label, name)
    return label
