"""Real examples to pick from: which part of the dataset, which class, page by page; or picture files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from studio.data.dataset import DataSpec
from studio.explore.questions import Browse, Browsed, Real
from studio.gui import theme
from studio.gui.drop import PICTURES
from studio.gui.explore.asking import Latest
from studio.gui.explore.film import NOTHING
from studio.gui.explore.parts import button, choose, quiet, row, tool
from studio.gui.explore.plane import Plane
from studio.gui.session import Session
from studio.gui.widgets.image_grid import ImageGrid
from studio.gui.widgets.scatter import Scatter
from studio.gui.words import plural

PAGE = 60
POINTS = 512
"""Examples to a page."""
PARTS = (("Held out", "held out"), ("Training", "train"))


class Browser(QWidget):
    """See the module. ``chosen`` with the Real that a hand has chosen; examples of other pages stay chosen when one is
    added with Ctrl. Asks nothing while it cannot be seen.

    Args:
        topic: of its questions; one for each browser.
        verb: what is done with files, for their tooltips ("Encode").
        grid: shows the page in place of a plain one. Files are then shown in it too, instead of the page, by whoever
            has given it, who also hears its clicks; ``chosen`` comes with files alone, or with nothing: the page again.
    """

    chosen = Signal(object)
    browsed = Signal()
    """Another page is shown."""

    def __init__(self, session: Session, topic: str, verb: str = "Encode", grid: ImageGrid | None = None) -> None:
        super().__init__()
        self.run = ""
        self.data: DataSpec | None = None
        self.page: Browsed | None = None
        self.plane: Plane | None = None
        """For points: how single ones are drawn as pictures."""
        self.real = Real()
        self.offset = 0
        self._lane = Latest(session, self, topic)
        self._alone = False
        self._verb = verb
        self._in_place = grid is not None
        self._settle = QTimer(self)  # a click changes the selection and picks: one choice comes of it
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._choose)

        self.part = QComboBox()
        for text, value in PARTS:
            self.part.addItem(text, value)
        self.part.setAccessibleName("which examples")
        self.part.setToolTip("Held-out examples were kept from training; those of training the model has seen")
        self.label = QComboBox()
        self.label.setAccessibleName("class of the examples")
        self.label.setToolTip("Only examples of this class")
        for box in (self.part, self.label):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(lambda index: self.go_to(0))
        self.back = tool("caret-left", "Earlier examples", lambda: self.go_to(self.offset - self._size))
        self.further = tool("caret-right", "Further examples", lambda: self.go_to(self.offset + self._size))
        self.place = quiet()
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.files = button("Files …", "folder-open", f"{verb} pictures of yours; or drop them here", self.open_files)
        self.dataset = button("Dataset", "", "Back to the dataset's examples", lambda: self.chosen.emit(Real()))
        self.dataset.hide()
        self.grid = ImageGrid(name="real example") if grid is None else grid
        self.scatter = Scatter(name="real example")
        self.body = QStackedWidget()
        for shown in (self.grid, self.scatter):
            self.body.addWidget(shown)
            if not self._in_place:
                shown.selection_changed.connect(self._selected)
                shown.picked.connect(self._picked)
        self.negative = QCheckBox("Negative")
        self.negative.setToolTip("Light and dark of picture files change places: ink on paper, for white on black")
        self.negative.clicked.connect(lambda on: self.chosen.emit(replace(self.real, negative=on)))
        self.bar = QWidget()
        """May be put elsewhere than over the pictures."""
        self.negative.hide()
        bar = row(self.part, self.label, self.back, self.further, self.place, self.negative, self.dataset, self.files)
        bar.setStretch(4, 1)
        bar.setContentsMargins(0, 0, 0, 0)
        self.bar.setLayout(bar)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.bar)
        whole.addWidget(self.body, 1)

    # --- what is shown

    @property
    def points(self) -> bool:
        return self.data is not None and self.data.kind == "points"

    @property
    def _size(self) -> int:
        return POINTS if self.points else PAGE

    def show_run(self, run: str, data: DataSpec) -> None:
        """The examples of this run's dataset; the place is kept while it is the same one."""
        same = self.data is not None and self.data.fingerprint == data.fingerprint and self.run == run
        self.run, self.data = run, data
        self.body.setCurrentIndex(1 if self.points else 0)
        self.files.setVisible(not self.points)
        if same and self.page is not None:
            return
        self._lane.forget()
        self.label.clear()
        self.label.addItem("All classes", None)
        for number, name in enumerate(data.classes):
            self.label.addItem(name, number)
        self.label.setVisible(len(data.classes) > 1)
        self.page, self.plane, self.offset = None, None, 0
        self.grid.clear()
        self.grid.empty_text = "Reading …"
        self.go_to(0)

    def show_real(self, real: Real) -> None:
        """What is chosen was changed elsewhere."""
        self.real = real
        self.negative.setVisible(bool(real.paths))
        self.negative.setChecked(real.negative)
        if self._in_place:
            files = bool(real.paths)
            for part in (self.part, self.back, self.further):
                part.setVisible(not files)
            self.label.setVisible(not files and self.label.count() > 2)
            self.dataset.setVisible(files)
            if files:
                self._lane.forget()
                self.place.setText(plural(len(real.paths), "picture"))
            else:
                self.go_to(self.offset)
        else:
            self._mark()

    def go_to(self, offset: int) -> None:
        """The page that begins there."""
        if self.data is None:
            return
        self.offset = max(offset, 0)
        if not self.isVisible():
            self.page = None  # asked for when it is seen
            return
        wanted = Browse(self.run, self.offset, self._size, self.part.currentData(), self.label.currentData())
        self._lane.ask(wanted, self._browsed, self._failed)

    def _browsed(self, found: Browsed) -> None:
        self.page = found
        if found.points is not None:
            self.plane = Plane(found.points)
            self.scatter.set_real(found.points)
            with QSignalBlocker(self.scatter):
                self.scatter.set_samples(found.points)
        else:
            with QSignalBlocker(self.grid):
                self.grid.set_images(found.images)
            self.grid.caption = self._tell
            self.grid.empty_text = "No example of this class here."
            self.grid.update()
        last = self.offset + len(found.indices)
        self.place.setText(f"{self.offset + 1:,}–{last:,} of {found.total:,}" if len(found.indices) else "none")
        self.back.setEnabled(self.offset > 0)
        self.further.setEnabled(last < found.total)
        if not self._in_place:
            self._mark()
        self.browsed.emit()

    def _failed(self, message: str) -> None:
        self.grid.set_images(NOTHING)
        self.grid.empty_text = message
        self.grid.update()
        self.place.setText(message if self.points else "")

    def _tell(self, index: int) -> str:
        if self.page is None or self.data is None or index >= len(self.page.indices):
            return ""
        label = int(self.page.labels[index])
        known = f" · {self.data.classes[label]}" if 0 <= label < len(self.data.classes) else ""
        return f"example {int(self.page.indices[index]):,}{known}"

    def _mark(self) -> None:
        """Select what is chosen, as far as it is on this page."""
        if self.page is None:
            return
        chosen = set(self.real.indices)
        here = {i for i, index in enumerate(self.page.indices.tolist()) if index in chosen}
        shown = self.scatter if self.points else self.grid
        with QSignalBlocker(shown):
            shown.select(here)

    # --- hands

    def _selected(self) -> None:
        self._settle.start()

    def _picked(self, index: int) -> None:
        self._alone = True
        self._settle.start()

    def _choose(self) -> None:
        alone, self._alone = self._alone, False
        if self.page is None:
            return
        shown = self.scatter if self.points else self.grid
        here = self.page.indices.tolist()
        picked = [here[i] for i in sorted(shown.selected) if i < len(here)]
        kept = () if alone else tuple(i for i in self.real.indices if i not in here or i in picked)
        real = Real(
            (*kept, *(i for i in picked if i not in kept)), () if alone else self.real.paths, self.real.negative
        )
        if real != self.real:
            self.chosen.emit(real)

    def open_files(self) -> None:
        """Ask the system for pictures."""
        kinds = " ".join(f"*.{ending}" for ending in sorted(PICTURES))
        names, _ = QFileDialog.getOpenFileNames(self, f"{self._verb} pictures", "", f"Pictures ({kinds})")
        if names:
            self.take(names)

    def take(self, paths: Sequence[str]) -> None:
        """Picture files, in place of what was chosen."""
        self.chosen.emit(Real((), tuple(str(Path(p)) for p in paths), self.real.negative))

    def save_state(self) -> dict[str, Any]:
        return {"part": self.part.currentData()}

    def restore_state(self, state: dict[str, Any]) -> None:
        if state.get("part") in [value for _, value in PARTS]:
            choose(self.part, state["part"])

    def showEvent(self, event: object) -> None:
        if self.page is None and not (self._in_place and self.real.paths):
            self.go_to(self.offset)
