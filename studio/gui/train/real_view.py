"""What the chosen dataset looks like, where samples will be once something trains on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from studio.data.dataset import Dataset, DataSpec
from studio.gui import kinds, theme, work
from studio.gui.widgets.image_grid import ImageGrid
from studio.gui.widgets.sentence_list import SentenceList

Pictures = npt.NDArray[np.uint8]

POINTS = 4000
POINTS_SIZE = 640
"""Pixels a side of a picture of points: about as large as it is shown."""
SENTENCES = 60
POSED_SIDE = 160
"""Pixels a side that posed people are enlarged to about: a skeleton needs room."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Some examples: pictures uint8 N×H×W×3, the same with skeletons over them (of posed people, else none), or
    sentences with their labels."""

    pictures: Pictures
    skeletons: Pictures | None = None
    sentences: tuple[tuple[str, str], ...] = ()


class RealView(QWidget):
    """Real examples with their name above and what to do below; until they are read, only the words."""

    skeleton_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data: DataSpec | None = None
        self._seen: Seen | None = None
        self.heading = QLabel()
        theme.role(self.heading, "heading")
        self.grid = ImageGrid(name="real example", multi=False)
        self.list = SentenceList("Real sentences")
        self.body = QStackedWidget()
        self.body.addWidget(self.grid)
        self.body.addWidget(self.list)
        self.sentence = QLabel()
        theme.role(self.sentence, "quiet")
        self.skeleton = QCheckBox("Skeletons")
        self.skeleton.setToolTip("Draw the joints that are known over the people")
        self.skeleton.setAccessibleName("Draw skeletons over the people")
        self.skeleton.setChecked(True)
        self.skeleton.toggled.connect(self._draw)
        self.skeleton.toggled.connect(self.skeleton_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE, 0, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        for part in (self.heading, self.sentence):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            part.setWordWrap(True)
            part.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        toggle = QHBoxLayout()
        toggle.addStretch(1)
        toggle.addWidget(self.skeleton)
        toggle.addStretch(1)
        layout.addWidget(self.heading)
        layout.addWidget(self.body, 1)
        layout.addLayout(toggle)
        layout.addWidget(self.sentence)
        self.show_data(None)

    def show_data(self, data: DataSpec | None) -> None:
        """Show some of a dataset, read by a worker; None: nothing is chosen."""
        if data is not None and self.data is not None and data.fingerprint == self.data.fingerprint:
            self._say(data)
            return
        self.data, self._seen = data, None
        self.grid.clear()
        self.list.clear()
        self.body.setCurrentWidget(self.grid)
        self._say(data)
        if data is None:
            self.grid.empty_text = "Drop images here, or choose a dataset at the left."
            return
        self.grid.empty_text = "Reading …"

        def failed(wrong: Exception) -> None:
            if data is self.data:
                self.grid.empty_text = f"{data.name} cannot be shown.\n{wrong}"
                self.grid.update()

        def done(seen: Seen) -> None:
            if data is self.data:
                self._seen = seen
                self._draw()

        work.run(self, lambda watch: read(data), done, failed)

    def _draw(self) -> None:
        seen = self._seen
        if seen is None:
            return
        if seen.sentences:
            self.list.show_sentences(seen.sentences)
            self.body.setCurrentWidget(self.list)
        elif seen.skeletons is not None and self.skeleton.isChecked():
            self.grid.set_images(seen.skeletons)
        else:
            self.grid.set_images(seen.pictures)

    def _say(self, data: DataSpec | None) -> None:
        for part in (self.heading, self.sentence):
            part.setVisible(data is not None)
        self.skeleton.setVisible(data is not None and kinds.is_posed(data))
        if data is not None:
            real = {"points": "Real points", "sentences": "Real sentences", "vectors": "Real binary vectors"}
            what = real.get(data.kind, "Real examples")
            self.heading.setText(f"{what} of {data.name}")
            self.sentence.setText(
                "Train, and the curves below tell how well it reads them."
                if data.kind == "sentences"
                else "Train, and samples in their likeness appear here."
            )


def read(data: DataSpec) -> Seen:
    """Some examples, always the same ones; of points one picture.

    Raises:
        Unreadable: the dataset is gone or damaged.
    """
    from studio.data import pictures, store  # here: they open files, and this runs off the window's thread

    whole = store.open(data.fingerprint)
    values = whole.values
    counts = {"points": POINTS, "sentences": SENTENCES}
    count = counts.get(data.kind, 66 if max(data.size) < 48 else 24)
    chosen = np.sort(np.random.default_rng(0).permutation(len(values))[:count])
    if data.kind == "points":
        return Seen(pictures.points_picture(np.asarray(values[chosen]), size=POINTS_SIZE)[None])
    # sorted data would show one class after another
    chosen = chosen[np.random.default_rng(1).permutation(len(chosen))]
    if data.kind == "sentences":
        return Seen(np.zeros((0, 1, 1, 3), np.uint8), sentences=_sentences(whole, chosen))
    shown = pictures.to_pictures(np.asarray(values[chosen]), data)
    return _posed(whole, chosen, shown) if kinds.is_posed(data) else Seen(shown)


def _sentences(data: Dataset, chosen: npt.NDArray[np.int64]) -> tuple[tuple[str, str], ...]:
    from studio.data.sentences import text

    words, classes = data.tables["words"], data.spec.classes
    labels = [classes[data.labels[at]] if data.labels is not None else "" for at in chosen]
    return tuple((label, text(data.values[at], words)) for label, at in zip(labels, chosen, strict=True))


def _posed(data: Dataset, chosen: npt.NDArray[np.int64], shown: Pictures) -> Seen:
    from studio.data.body_pictures import with_skeleton

    times = max(1, round(POSED_SIDE / max(data.spec.size)))
    joints = np.asarray(data.columns["joints"][chosen])
    drawn = [with_skeleton(one, at, times, dimmed=0.6) for one, at in zip(shown, joints, strict=True)]
    return Seen(shown.repeat(times, 1).repeat(times, 2), np.stack(drawn))
