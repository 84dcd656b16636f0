"""What was found in a drop, and how to read it: size, crop or pad, colour, held-out share, name. In the window, not
in front of it; reading goes on in the status line when the person looks elsewhere meanwhile."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.data.dataset import DataSpec
from studio.data.errors import DataError
from studio.data.reading import Colour, Fit, Found, Preparation, Source
from studio.data.watch import Cancelled, Watch
from studio.gui import work
from studio.gui.dataset_facts import describe, own_size, prepare, size_of, size_text
from studio.gui.drop import DataDrop
from studio.gui.glossary import hover_card
from studio.gui.session import Session
from studio.gui.theme import SPACE, role
from studio.gui.widgets.file_field import FileField
from studio.gui.widgets.image_grid import ImageGrid
from studio.gui.widgets.sentence_list import SentenceList
from studio.gui.widgets.spin import SpinBox

SIZES = (8, 16, 28, 32, 64, 128)
"""Sides in pixels that the models take as they are; others can be typed."""


class DatasetSheet(QWidget):
    """Shown with :meth:`show_drop`. ``closed`` when the person is through with it, either way."""

    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._source: Source | None = None
        self._found: Found | None = None
        self._watch: Watch | None = None
        self.setAccessibleName("What was found")

        self.title = QLabel()
        role(self.title, "title")
        self.summary = QLabel()
        role(self.summary, "quiet")
        for label in (self.title, self.summary):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.thumbnails = ImageGrid()
        self.thumbnails.setAccessibleName("Some of the examples")
        self.sentences = SentenceList("Some of the sentences")
        self.skipped_title = QLabel()
        role(self.skipped_title, "warn")
        self.skipped = QPlainTextEdit()
        self.skipped.setReadOnly(True)
        self.skipped.setMaximumHeight(12 * SPACE)
        self.skipped.setAccessibleName("What is left out, and why")

        left = QVBoxLayout()
        left.setSpacing(SPACE)
        left.addWidget(self.title)
        left.addWidget(self.summary)
        left.addWidget(self.thumbnails, 1)
        left.addWidget(self.sentences, 1)
        left.addWidget(self.skipped_title)
        left.addWidget(self.skipped)

        row = QHBoxLayout(self)
        row.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        row.setSpacing(3 * SPACE)
        row.addLayout(left, 1)
        row.addWidget(self._form())

    def _form(self) -> QWidget:
        card = QFrame()
        role(card, "card")
        card.setFixedWidth(42 * SPACE)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the dataset")
        self.name.setToolTip("What the dataset is called from now on")
        self.as_is = QCheckBox("as it is")
        self.as_is.setToolTip("All images have one size; keep it")
        self.side = QComboBox()
        self.side.setEditable(True)
        self.side.setToolTip("Width and height in pixels, from 4 to 1024")
        self.side.setAccessibleName("Size in pixels")
        self.side.addItems([f"{s}" for s in SIZES])
        self.fit = _choice({"crop": "crop what sticks out", "pad": "pad with black", "stretch": "stretch"})
        self.fit.setAccessibleName("How images of another shape fit the square")
        self.fit.setToolTip("How images of another shape are fitted into the size")
        self.colour = _choice({"keep": "as they are", "grey": "grey", "colour": "colour"})
        self.colour.setAccessibleName("Colours")
        self.colour.setToolTip("Grey needs a third of the numbers of colour")
        self.held = SpinBox()
        self.held.setRange(0, 90)
        self.held.setSuffix(" %")
        self.held.setAccessibleName("Held-out share in percent")
        hover_card(self.held, "held-out")
        about = "A file of GloVe or word2vec, text or binary; empty: words begin at random"
        self.vectors = FileField("Word vectors", about)
        self.vectors.edit.setPlaceholderText("none")
        hover_card(self.vectors.edit, "word-vectors")
        self.size_row = QWidget()
        size = QHBoxLayout(self.size_row)
        size.setContentsMargins(0, 0, 0, 0)
        size.setSpacing(SPACE)
        size.addWidget(self.side, 1)
        size.addWidget(QLabel("px"))
        size.addWidget(self.as_is)
        self.as_is.toggled.connect(self.side.setDisabled)
        self.as_is.toggled.connect(self.fit.setDisabled)

        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setFormAlignment(Qt.AlignmentFlag.AlignTop)
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(SPACE)
        form.addRow("Name", self.name)
        form.addRow("Size", self.size_row)
        form.addRow("Shape", self.fit)
        form.addRow("Colours", self.colour)
        form.addRow("Held out", self.held)
        self.held_hint = QLabel()
        role(self.held_hint, "small")
        self.held_hint.setWordWrap(True)
        form.addRow("", self.held_hint)
        form.addRow("Word vectors", self.vectors)
        self.form = form
        self.reset = QPushButton("Reset")
        role(self.reset, "quiet")
        self.reset.setToolTip("Back to what was suggested")
        self.reset.clicked.connect(self._suggest)
        self.problem = QLabel()
        role(self.problem, "bad")
        self.problem.setWordWrap(True)
        self.progress_text = QLabel()
        role(self.progress_text, "quiet")
        self.progress_text.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Reading")
        self.use = QPushButton("Use this dataset")
        role(self.use, "primary")
        self.use.setToolTip("Read it once, then train on it (Enter)")
        self.use.clicked.connect(self._use)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop reading, or leave this sheet; nothing was changed (Escape)")
        self.cancel.clicked.connect(self._cancel)
        self.cancel.setShortcut("Escape")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.reset)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.use)
        column = QVBoxLayout(card)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        heading = QLabel("How to read it")
        role(heading, "heading")
        column.addWidget(heading)
        column.addLayout(form)
        column.addStretch(1)
        for widget in (self.problem, self.progress_text, self.progress):
            column.addWidget(widget)
        column.addLayout(buttons)
        for changed in (
            self.name.textChanged,
            self.side.currentTextChanged,
            self.fit.currentIndexChanged,
            self.colour.currentIndexChanged,
            self.held.valueChanged,
            self.as_is.toggled,
            self.vectors.edit.textChanged,
        ):
            changed.connect(lambda *_: self._check())
        self.name.returnPressed.connect(self._use)
        return card

    # --- what was found

    def show_drop(self, drop: DataDrop) -> None:
        if drop.found is None:
            raise ValueError("a sheet shows what was found, and nothing was looked for")
        self._source, self._found = drop.source, drop.found
        found = drop.found
        self.title.setText(drop.source.title)
        self.summary.setText(describe(drop.source, found))
        self.thumbnails.set_images(found.thumbnails)
        self.sentences.show_sentences(found.sentences)
        self.thumbnails.setVisible(not found.sentences)
        self.sentences.setVisible(bool(found.sentences))
        left_out = len(found.skipped)
        self.skipped_title.setText(f"{left_out:,} left out")
        self.skipped.setPlainText("\n".join(f"{s.name}: {s.reason}" for s in found.skipped))
        self.skipped_title.setVisible(left_out > 0)
        self.skipped.setVisible(left_out > 0)
        images = found.kind == "images"
        for field in (self.size_row, self.fit, self.colour):
            self.form.setRowVisible(field, images)
        self.form.setRowVisible(self.vectors, found.kind == "sentences")
        self._suggest()
        self._busy(False)
        self.use.setFocus()

    def _suggest(self) -> None:
        if self._source is None or self._found is None:
            return
        asked = self._found.suggested
        self.name.setText(self._source.title)
        self.as_is.setVisible(len(self._found.sizes) == 1)
        self.as_is.setChecked(asked.size is None)
        self.side.setCurrentText(size_text(asked.size or own_size(self._found)))
        self.fit.setCurrentIndex(self.fit.findData(asked.fit))
        self.colour.setCurrentIndex(self.colour.findData(asked.colour))
        self.held.setValue(round(100 * asked.held_out))
        self.vectors.edit.setText(asked.vectors)
        self._check()

    def preparation(self) -> Preparation:
        """What the fields say.

        Raises:
            ValueError: naming the field that is wrong.
        """
        suggested = 0.0 if self._found is None else self._found.suggested.held_out
        # The spin box shows whole percents; an untouched one keeps the exact share (MNIST's 10,000 of 70,000).
        held = suggested if self.held.value() == round(100 * suggested) else self.held.value() / 100
        if self._found is not None and self._found.kind != "images":
            vectors = self.vectors.edit.text().strip() if self._found.kind == "sentences" else ""
            return Preparation(held_out=held, vectors=vectors)
        size = None if self.as_is.isChecked() else size_of(self.side.currentText())
        return Preparation(
            size,
            cast("Fit", self.fit.currentData()),
            cast("Colour", self.colour.currentData()),
            held,
        )

    def _check(self) -> None:
        if self._found is None or self._source is None:
            return
        problem = "" if self.name.text().strip() else "Name: give it one."
        changed = self.name.text() != self._source.title
        try:
            changed = changed or self.preparation() != self._found.suggested
        except ValueError as wrong:
            problem = str(wrong)[0].upper() + str(wrong)[1:]
            changed = True
        own = self._found.natural_held_out
        untouched = self.held.value() == round(100 * self._found.suggested.held_out)
        self.form.setRowVisible(self.held_hint, own > 0)
        self.held_hint.setText(
            f"its own {own:,} held-out examples" if untouched else "a random draw, not its own held-out examples"
        )
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.use.setEnabled(not problem and self._watch is None)
        self.reset.setEnabled(changed and self._watch is None)

    # --- reading it

    def _use(self) -> None:
        if not self.use.isEnabled() or self._source is None:
            return
        source, preparation, name = self._source, self.preparation(), self.name.text().strip()
        self._busy(True)
        self._watch = work.run(
            self,
            lambda watch: prepare(source, preparation, name, watch),
            self._done,
            self._failed,
            self._advance,
            title=f"Reading {name}",
        )
        self._check()

    def _busy(self, busy: bool) -> None:
        if not busy:
            self._watch = None
        for i in range(self.form.rowCount()):
            item = self.form.itemAt(i, QFormLayout.ItemRole.FieldRole)
            field = item.widget() if item is not None else None
            if field is not None:
                field.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.progress_text.setVisible(busy)
        self.progress.setRange(0, 0)
        self.progress_text.setText("Reading …")
        self.cancel.setText("Cancel reading" if busy else "Cancel")
        self.side.setDisabled(busy or self.as_is.isChecked())
        self.fit.setDisabled(busy or self.as_is.isChecked())
        self._check()

    def _advance(self, done: int, total: int, what: str) -> None:
        if self._watch is None:
            return
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        far = f"{done:,} of {total:,}" if total else f"{done:,}"
        self.progress_text.setText(f"{what} · {far}" if what else far)

    def _done(self, spec: DataSpec) -> None:
        shown = self.isVisible()
        self._busy(False)
        self.session.datasets_changed.emit()
        self.session.choose_dataset(spec)
        self.closed.emit()
        if shown:
            self.session.page_wanted.emit("train")

    def _failed(self, error: Exception) -> None:
        self._busy(False)
        if isinstance(error, Cancelled):
            return
        if not isinstance(error, DataError | OSError | ValueError):
            raise error
        self.problem.setText(str(error))
        self.problem.setVisible(True)

    def _cancel(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        else:
            self.closed.emit()


def _choice(items: dict[str, str]) -> QComboBox:
    box = QComboBox()
    for data, text in items.items():
        box.addItem(text, data)
    return box
