"""A sentence of one's own, how hard the teacher is held to the rule, and who is right how often."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.explore.parts import button, heading, quiet, row
from studio.gui.explore.rules.state import LONGEST, STRONGEST, SUREST, Read
from studio.gui.glossary import hover_card
from studio.gui.widgets.slider import Slider

EXAMPLE = "the plot is thin , but the film is a joy"
NONE = "–"


class Typed(QPlainTextEdit):
    """A few lines of text; Tab goes on to the next control. ``typed`` speaks only when a person wrote."""

    typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)  # the session's undo has every sentence
        self.setPlaceholderText(f"Type a sentence, for instance: {EXAMPLE}")
        self.setAccessibleName("sentence of yours")
        self.setToolTip("Read as you type. Words are parted from punctuation as those of the dataset are")
        self.setFixedHeight(4 * self.fontMetrics().lineSpacing() + 2 * theme.SPACE)
        self.textChanged.connect(self._written)

    def show_text(self, text: str) -> None:
        """Without a signal; the cursor stays where a person writes."""
        if text != self.toPlainText():
            with QSignalBlocker(self):
                self.setPlainText(text)

    def _written(self) -> None:
        self.typed.emit(self.toPlainText()[:LONGEST])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # a sentence has one line
            return
        super().keyPressEvent(event)


class Controls(QWidget):
    """Says what hands did; the panel does it."""

    typed = Signal(str)
    strength_moved = Signal(float, int)
    """C, and the number of the slider's gesture."""
    confidence_moved = Signal(float, int)
    """λ, likewise."""
    reset_wanted = Signal()
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = Typed()
        self.text.typed.connect(self.typed)
        self.text.installEventFilter(self)
        self.clear_button = button("Clear", "x", "Take the sentence away", self.cleared.emit)
        theme.role(self.clear_button, "quiet")
        self.note = quiet(wrap=True)
        theme.role(self.note, "small")

        self.strength = Slider(
            "C", 0, STRONGEST, value=6, decimals=1, bend=2,
            tooltip="C: how hard the teacher is held to the rule; 0: not at all, and q = p",
        )  # fmt: skip
        self.confidence = Slider(
            "λ", 0, SUREST, value=1, decimals=2, bend=0.5,
            tooltip="λ: how much this rule is believed; C and λ count as their product",
        )  # fmt: skip
        for slider, moved in ((self.strength, self.strength_moved), (self.confidence, self.confidence_moved)):
            slider.set_label_width(16)
            slider.value_changed.connect(lambda value, s=slider, m=moved: m.emit(value, s.gesture))
        self.reset_button = button(
            "Reset", "arrow-counter-clockwise", "C and λ as the model was trained with", self.reset_wanted.emit
        )
        theme.role(self.reset_button, "quiet")
        teacher = heading("The teacher")
        hover_card(teacher, "rule teacher")
        self.formula = QLabel()
        self.formula.setWordWrap(True)
        hover_card(self.formula, "rule teacher")

        self.cells: dict[tuple[int, int], QLabel] = {}
        right = heading("Who is right")
        right.setToolTip("Of labelled sentences: how many likeliest labels are the true one")
        self.counts = QGridLayout()
        self.counts.setHorizontalSpacing(2 * theme.SPACE)
        self.counts.setVerticalSpacing(theme.SPACE // 2)
        self.counts.setColumnStretch(0, 1)
        for line, texts in enumerate((("", "p", "q"), (NONE,) * 3, (NONE,) * 3)):
            for column, text in enumerate(texts):
                cell = self.cells[line, column] = QLabel(text)
                theme.role(cell, "quiet" if not (line and column) else "number")
                if column:
                    cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                self.counts.addWidget(cell, line, column)
        self.agreed = quiet(wrap=True)

        lines = [QFrame(), QFrame()]
        for drawn in lines:
            drawn.setFixedHeight(1)
            theme.role(drawn, "line")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(heading("A sentence of yours"), 1, self.clear_button))
        whole.addWidget(self.text)
        whole.addWidget(self.note)
        whole.addWidget(lines[0])
        whole.addLayout(row(teacher, 1, self.reset_button))
        whole.addWidget(self.formula)
        whole.addWidget(self.strength)
        whole.addWidget(self.confidence)
        whole.addWidget(lines[1])
        whole.addWidget(right)
        whole.addLayout(self.counts)
        whole.addWidget(self.agreed)
        whole.addStretch(1)
        self.on_focus: Callable[[], None] = lambda: None
        """Called when a hand goes into the text."""
        self.show_counts(None, None, 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.text and event.type() == QEvent.Type.FocusIn:
            self.on_focus()
        return super().eventFilter(watched, event)

    # --- what is shown

    def show_typed(self, text: str, read: Read | None) -> None:
        self.text.show_text(text)
        self.clear_button.setEnabled(bool(text))
        unknown = [read.found.words[0][at] for at in read.found.unknown[0]] if read is not None and len(read) else []
        named = ", ".join(f"“{word}”" for word in unknown[:4]) + (" …" if len(unknown) > 4 else "")
        says = "says" if len(unknown) == 1 else "say"
        self.note.setText(f"Not among the model's words, so {says} nothing: {named}." if text and unknown else "")
        self.note.setVisible(bool(self.note.text()))

    def show_strength(self, strength: float, confidence: float, trained: tuple[float, float] | None) -> None:
        """C and λ as they are set, and those of the recipe; None while nobody knows them."""
        for slider, value, own in ((self.strength, strength, 0), (self.confidence, confidence, 1)):
            slider.setEnabled(trained is not None)
            if trained is not None:
                slider.set_default(trained[own])
            slider.set_value(value)
        moved = trained is not None and (strength, confidence) != trained
        self.reset_button.setEnabled(moved)
        product = f"C λ = {strength * confidence:.3g}"
        before = f", the model was trained with {trained[0] * trained[1]:.3g}" if moved and trained is not None else ""
        self.formula.setText(f"q ∝ p · exp(−C λ (1 − r)),   {product}{before}")

    def show_counts(self, read: Read | None, right: tuple[int, int] | None, total: int) -> None:
        """``right``: how many of ``total`` student and teacher have right, with C and λ of the recipe."""
        known, p, q = read.right() if read is not None else (0, 0, 0)
        self._line(
            1, f"of the {known:,} below, as set" if known else "of those below", (p, q) if known else None, known
        )
        self._line(2, f"of all {total:,}, as trained" if right is not None else "of all", right, total)
        for line in (1, 2):
            own = [self.cells[line, column].text() for column in range(3)]
            self.cells[line, 0].setAccessibleDescription(f"{own[0]}: p {own[1]}, q {own[2]}")
        many = len(read) if read is not None else 0
        text = f"Student and teacher say the same label of {read.agreed():,} of the {many:,}." if read and many else ""
        self.agreed.setText(text)

    def _line(self, line: int, name: str, counts: tuple[int, int] | None, of: int) -> None:
        self.cells[line, 0].setText(name)
        for column in (1, 2):
            cell, text, tip = self.cells[line, column], NONE, "For that all of them would have to be read"
            if counts is not None and of:
                text = f"{100 * counts[column - 1] / of:.1f} %"
                tip = f"{counts[column - 1]:,} of {of:,} sentences"
            cell.setText(text)
            cell.setToolTip(tip)
