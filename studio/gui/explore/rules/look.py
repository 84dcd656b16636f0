"""The sentence that is looked at: its words, what student and teacher say of it, and how that came about."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.explore.parts import quiet, row
from studio.gui.explore.rules.bars import HowTaught, rows_of
from studio.gui.explore.rules.state import Read, as_html, in_words
from studio.gui.glossary import hover_card

SENTENCE_PIXELS = 17


class CloseLook(QWidget):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Read, int] | None = None
        self.head = QLabel()
        theme.role(self.head, "heading")
        self.verdict = quiet()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setAccessibleName("sentence that is looked at")
        self.words.setStyleSheet(f"font-size: {SENTENCE_PIXELS}px;")
        self.words.setToolTip("The clause that the rule is about is underlined; the model does not know words with a ?")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.words)
        scroll.setMinimumHeight(3 * SENTENCE_PIXELS)
        self.bars = HowTaught()
        self.why = quiet(wrap=True)
        hover_card(self.why, "logic rule")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, theme.SPACE)
        box.setSpacing(theme.SPACE)
        box.addLayout(row(self.head, 1, self.verdict))
        box.addWidget(scroll, 1)
        box.addWidget(self.bars)
        box.addWidget(self.why)
        theme.theme.changed.connect(self._paint)

    def show_nothing(self, text: str) -> None:
        """``text`` says why, or what to do."""
        self._shown = None
        for label in (self.head, self.verdict, self.words):
            label.setText("")
        self.bars.show_rows([])
        self.why.setText(text)

    def show_sentence(self, read: Read, at: int) -> None:
        self._shown = read, at
        found = read.found
        index, label = int(found.indices[at]), int(found.labels[at])
        known = f", labelled {found.classes[label]}" if label >= 0 else ""
        self.head.setText("Your sentence" if index < 0 else f"Sentence {index:,}{known}")
        p, q = (found.classes[int(x[at].argmax())] for x in (found.student, read.teacher))
        self.verdict.setText(f"student: {p} · teacher: {q}")
        self.bars.show_rows(rows_of(read, at))
        self.why.setText(in_words(read, at))
        self._paint()

    def _paint(self) -> None:
        """The words, whose marks have colours of the theme."""
        if self._shown is not None:
            (read, at), colours = self._shown, theme.palette()
            found = read.found
            marked = as_html(found.words[at], int(found.clause[at]), found.unknown[at], colours.chosen, colours.warn)
            self.words.setText(marked)
