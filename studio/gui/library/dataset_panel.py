"""The panel beside the datasets: one of them with its thumbnails large, what it holds, where it came from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from studio.gui import kinds
from studio.gui.library.parts import Section
from studio.gui.library.picture import Picture
from studio.gui.library.shelved import Shelved
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.theme import SPACE, role
from studio.gui.words import memory


class Panel(QScrollArea):
    """One dataset: its thumbnails large, what it holds, where it came from."""

    use_wanted = Signal()
    more_wanted = Signal(QPoint)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(280)
        self.setAccessibleName("About the selected dataset")
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        self.picture = Picture(thumbnails, "Thumbnails of the dataset")
        self.picture.setFixedHeight(232)
        self.title = QLabel()
        role(self.title, "heading")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.use = QPushButton("Train on it")
        role(self.use, "primary")
        self.use.setToolTip("The Train page with this dataset (Return)")
        self.use.setAccessibleName("Train on this dataset")
        self.use.clicked.connect(self.use_wanted)
        self.more = QPushButton("More")
        role(self.more, "quiet")
        self.more.setToolTip("Rename or forget")
        self.more.setAccessibleName("More actions")
        self.more.clicked.connect(lambda: self.more_wanted.emit(self.more.mapToGlobal(QPoint(0, self.more.height()))))
        self.facts = Section("What it holds")
        self.classes = Section("Classes")
        self.source = Section("Read from")
        buttons = QHBoxLayout()
        buttons.addWidget(self.use)
        buttons.addStretch(1)
        buttons.addWidget(self.more)
        column.addWidget(self.picture)
        column.addWidget(self.title)
        column.addLayout(buttons)
        for part in (self.facts, self.classes, self.source):
            column.addWidget(part)
        column.addStretch(1)
        self.body = body
        self.setWidget(body)
        self._shown: Shelved | None = None
        self.show_dataset(None)

    def show_dataset(self, one: Shelved | None) -> None:
        if one is not None and one == self._shown:
            return
        self._shown = one
        self.body.setVisible(one is not None)
        if one is None:
            return
        data = one.data
        self.picture.show_file(one.thumbnail)
        self.title.setText(data.name)
        self.facts.show_lines(_facts(one))
        self.classes.setVisible(bool(data.classes))
        some = ", ".join(data.classes[:40]) + (f" and {len(data.classes) - 40} more" if len(data.classes) > 40 else "")
        self.classes.show_lines([(some, "", "")], stacked=True)
        self.source.show_lines([(data.source or "unknown", "", "")], stacked=True)


def _facts(one: Shelved) -> Sequence[tuple[str, str, str]]:
    data = one.data
    lines = [("examples", f"{data.count:,}", "Held-out ones included")]
    if data.kind == "images":
        size, _, colour = kinds.form(data).partition(" ")
        lines.append(("size", f"{size} px, {colour}", "Width × height after preparation"))
        if kinds.is_posed(data):
            lines.append(("people", f"{one.people:,}" if one.people else "yes", "Who is shown, by the source"))
            carried = ", ".join(kinds.more(data)[1:])
            lines.append(("with each", carried, "Joints are those of OpenPose and COCO; parts say what a pixel shows"))
    elif data.kind == "points":
        lines.append(("kind", "points in the plane", ""))
    elif data.kind == "vectors":
        high, wide = data.size
        lines.append(("kind", "binary vectors", ""))
        lines.append(("length", kinds.form(data), f"Shown row by row in a grid {wide} wide and {high} high"))
    else:
        lines.append(("length", kinds.form(data), "The longest sentence, in words"))
        lines.append(("words", f"{data.vocabulary:,}", "Different ones, held-out sentences included"))
        vectors = f"{data.vectors} dimensions" if data.vectors else "none"
        lines.append(("word vectors", vectors, "From a file, for the words that it has"))
    lines.append(("classes", f"{len(data.classes):,}" if data.classes else "no labels", ""))
    own = "; validation and test as the source has them" if kinds.is_parted(data) else ""
    lines.append(("held out", f"{data.held_out:,}", f"Kept from training, for metrics{own}"))
    lines.append(("on disk", memory(one.size), "In the cache; the source is not counted"))
    return lines
