"""Real pictures, from the dataset or dropped: the codes that Q assigns to them, and what those codes make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from studio.explore.codes import readings
from studio.explore.questions import Browse, Browsed, ReadReal, Real, RealRead
from studio.explore.questions.real import MOST_FILES
from studio.gui import theme
from studio.gui.drop import PICTURES
from studio.gui.explore.codes.bars import Bars
from studio.gui.explore.codes.desk import Desk
from studio.gui.explore.codes.state import Codes
from studio.gui.explore.film import Picture
from studio.gui.explore.parts import button, quiet, row, tool
from studio.gui.explore.tiles import TileGrid, stacked

PAGE = 48
PARTS = (("Held-out examples", "held out"), ("Training examples", "train"))


class RealView(QWidget):
    """The pictures: a page of real ones on the left; on the right one of them, what it became, and Q."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = TileGrid(name="real picture")
        self.about = quiet()
        self.real, self.again = Picture("the real picture"), Picture("the picture that its codes make")
        self.real_caption, self.again_caption = quiet("real"), quiet("made again from its codes")
        for label in (self.about, self.real_caption, self.again_caption):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bars = Bars("Q(c|x) of the real picture")
        pair = row(stacked(self.real, self.real_caption), stacked(self.again, self.again_caption))
        right = QWidget()
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(pair, 1)
        box.addWidget(self.bars)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(stacked(self.grid, self.about))
        right.setContentsMargins(theme.SPACE, 0, 0, 0)
        self.split.addWidget(right)
        self.split.setSizes([500, 500])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.split)


class RealTab(QWidget):
    """Which real pictures, and what to do with their codes."""

    latent_wanted = Signal(object, str)
    step_shown = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.view = RealView()
        self.found: RealRead | None = None
        self.paths: tuple[str, ...] = ()
        """Files that were dropped; they are shown in place of the dataset's examples."""
        self._indices: tuple[int, ...] = ()
        self._total = 0
        self._offset = 0
        self._browse = desk.lane("codes browse")
        self._read = desk.lane("codes real")

        self.part = QComboBox()
        for text, value in PARTS:
            self.part.addItem(text, value)
        self.part.setAccessibleName("which examples")
        self.part.setToolTip("Held-out examples were kept from training; those of training the model has seen")
        self.part.activated.connect(lambda index: self._browse_from(0))
        self.label = QComboBox()
        self.label.setAccessibleName("class of the examples")
        self.label.setToolTip("Only examples of this class")
        self.label.activated.connect(lambda index: self._browse_from(0))
        self.form = QFormLayout()
        self.form.setSpacing(theme.SPACE)
        self.form.addRow("From", self.part)
        self.form.addRow("Class", self.label)
        self.place = quiet()
        self.back = tool("caret-left", "Earlier examples", lambda: self._browse_from(self._offset - PAGE))
        self.further = tool("caret-right", "Further examples", lambda: self._browse_from(self._offset + PAGE))
        self.files_button = button("Files …", "folder-open", "Pictures of yours; or drop them here", self.open_files)
        self.negative = QCheckBox("Negative")
        self.negative.setToolTip("Light and dark of picture files change places: ink on paper, for white on black")
        self.negative.clicked.connect(lambda on: self.ask())
        self.dataset_button = button("Dataset", "", "Back to the dataset's examples", self._drop_files)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.take_button = button("Use these codes", "", "Make its codes the current ones; the noise stays", self._take)
        self.edit_button = button("Edit latent", "sliders", "Open what it became in the latent panel", self._hand_over)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        whole.addWidget(quiet("Pick a real picture, or drop picture files here.", wrap=True))
        whole.addLayout(self.form)
        whole.addLayout(row(self.back, self.further, self.place, 1))
        whole.addLayout(row(self.files_button, self.dataset_button, self.negative, 1))
        whole.addSpacing(theme.SPACE)
        whole.addWidget(self.said)
        whole.addLayout(row(self.take_button, self.edit_button, 1))
        whole.addStretch(1)

        self.view.grid.picked.connect(self._show_one)
        self.view.grid.caption = self._tell
        desk.run_shown.connect(self._show_anew)
        desk.changed.connect(self._changed)
        desk.weights_moved.connect(self.ask)

    # --- which

    def show_files(self, paths: Sequence[str]) -> None:
        """Picture files in place of the dataset's examples."""
        self.paths = tuple(paths)[:MOST_FILES]
        self._show_source()
        self.ask()

    def open_files(self) -> None:
        """Ask the system for pictures."""
        kinds = " ".join(f"*.{ending}" for ending in sorted(PICTURES))
        names, _ = QFileDialog.getOpenFileNames(self, "Pictures to read codes off", "", f"Pictures ({kinds})")
        if names:
            self.show_files(names)

    def _drop_files(self) -> None:
        self.paths = ()
        self._show_source()
        self._browse_from(0)

    def _browse_from(self, offset: int) -> None:
        view = self.desk.view
        if view is None or not self.isVisible():
            return
        self._offset = max(offset, 0)
        question = Browse(self.desk.where.run, self._offset, PAGE, self.part.currentData(), self.label.currentData())
        self._browse.ask(question, self._browsed, self._failed)

    def _browsed(self, found: Browsed) -> None:
        self._indices, self._total = tuple(int(i) for i in found.indices), found.total
        self._show_source()
        self.ask()

    def _show_source(self) -> None:
        files = bool(self.paths)
        self.form.setRowVisible(self.part, not files)
        self.form.setRowVisible(self.label, not files and self.label.count() > 1)
        for part in (self.back, self.further):
            part.setVisible(not files)
        self.dataset_button.setVisible(files)
        self.negative.setVisible(files)
        self.files_button.setVisible(self.desk.view is not None and self.desk.view.data.kind == "images")
        last = self._offset + len(self._indices)
        self.back.setEnabled(self._offset > 0)
        self.further.setEnabled(last < self._total)
        if files:
            self.place.setText("1 picture" if len(self.paths) == 1 else f"{len(self.paths)} pictures")
        elif self._indices:
            self.place.setText(f"{self._offset + 1:,}–{last:,} of {self._total:,}")
        else:
            self.place.setText("none of this class")

    # --- asking

    def ask(self) -> None:
        """Read the codes of what is to be shown, while it can be seen."""
        if self.desk.view is None or not self.isVisible():
            return
        real = Real((), self.paths, self.negative.isChecked()) if self.paths else Real(self._indices)
        if not len(real):
            self._clear()
            return
        self._read.ask(ReadReal(self.desk.where, real, self.desk.state.z), self._came, self._failed)

    def _came(self, found: RealRead) -> None:
        self.found = found
        grid, pictures = self.view.grid, self.desk.pictures
        images = pictures(found.real)
        grid.empty_text = ""
        grid.set_tiles(images, captions=[self._wordings(i) for i in range(len(images))])
        self.view.about.setText(f"Under each: what Q reads off it · step {found.real.step:,}")
        self.step_shown.emit(found.real.step)
        self._show_one(min(max(grid.current, 0), len(images) - 1))

    def _wordings(self, index: int) -> list[str]:
        """The likeliest value of each category; with its probability where that fits. Numbers where there is none."""
        if self.found is None:
            return []
        q = readings(self.desk.state.prior, self.found.real.codes[index])
        names, sure = [], []
        for dial in self.desk.state.dials:
            if dial.categorical:
                best = int(q[dial.name].argmax())
                names.append(dial.label(best))
                sure.append(f"{dial.label(best)} {100 * float(q[dial.name][best]):.0f} %")
        if not names:
            names = [dial.label(float(q[dial.name][0])) for dial in self.desk.state.dials]
        return [" · ".join(sure), *sure[:1], " · ".join(names), *names[:1]]

    def _tell(self, index: int) -> str:
        if self.found is None or index >= len(self.found.real.codes):
            return ""
        q = readings(self.desk.state.prior, self.found.real.codes[index])
        said = []
        for dial in self.desk.state.dials:
            own = q[dial.name]
            best = int(own.argmax())
            said.append(
                f"{dial.name} = {dial.label(best)} with {own[best]:.2f}"
                if dial.categorical
                else f"{dial.name} = {dial.label(float(own[0]))}"
            )
        return f"{self._name(index)} · Q reads " + ", ".join(said)

    def _name(self, index: int) -> str:
        if self.paths:
            return Path(self.paths[index]).name if index < len(self.paths) else ""
        label = int(self.found.labels[index]) if self.found is not None else -1
        classes = self.desk.view.data.classes if self.desk.view is not None else ()
        known = f"{classes[label]}, " if 0 <= label < len(classes) else ""
        number = self._indices[index] if index < len(self._indices) else index
        return f"{known}example {number:,}"

    def _show_one(self, index: int) -> None:
        found = self.found
        if found is None or not 0 <= index < len(found.real.codes):
            return
        self.view.grid.current = index
        self.view.grid.select({index})
        state = self.desk.state
        self.view.real.show_picture(self.desk.pictures(found.real)[index])
        self.view.again.show_picture(self.desk.pictures(found.again)[index])
        self.view.real_caption.setText(self._name(index))
        self.view.real_caption.setToolTip(self.view.real_caption.text())
        self.view.bars.show_read(state.prior, found.real.codes[index], state.dials, None)
        noise = f"seed {state.seed}" if state.seed >= 0 else "a file"
        self.view.again_caption.setText(f"again, noise of {noise}")
        self.view.again_caption.setToolTip("What its codes make with the noise of the current latent")
        said = self._tell(index).partition(" · ")[2]
        self.said.setText(f"{said}.")
        for part in (self.take_button, self.edit_button):
            part.setEnabled(True)

    # --- hands

    @property
    def _chosen(self) -> int:
        return self.view.grid.current

    def _take(self) -> None:
        if self.found is not None and 0 <= self._chosen < len(self.found.z):
            name = self._name(self._chosen)
            self.desk.edit(f"Codes of {name}", self.desk.state.with_codes(self.found.z[self._chosen]))

    def _hand_over(self) -> None:
        if self.found is not None and 0 <= self._chosen < len(self.found.z):
            self.latent_wanted.emit(self.found.z[self._chosen].copy(), f"the codes of {self._name(self._chosen)}")

    # --- what is shown

    def _show_anew(self) -> None:
        self._browse.forget()
        self._read.forget()
        self.paths, self._indices, self._total, self._offset = (), (), 0, 0
        self._clear()
        self.label.clear()
        self.label.addItem("All", None)
        view = self.desk.view
        for number, name in enumerate(view.data.classes if view is not None else ()):
            self.label.addItem(name, number)
        self._show_source()
        self._browse_from(0)

    def _clear(self) -> None:
        self.found = None
        self.view.grid.set_tiles(np.zeros((0, 1, 1, 3), np.uint8))
        self.view.grid.empty_text = "Reading …" if self.paths or not self._total else "No example of this class"
        for picture in (self.view.real, self.view.again):
            picture.show_picture(None)
        self.view.about.clear()
        self.said.clear()
        if self.desk.view is not None:
            self.view.bars.show_read(self.desk.state.prior, None, (), None)
        for part in (self.take_button, self.edit_button):
            part.setEnabled(False)

    def _changed(self, before: Codes) -> None:
        noise = [where for _, where in before.prior.placed("noise", "class")]
        if any(not np.array_equal(before.z[w], self.desk.state.z[w]) for w in noise):
            self.ask()  # the noise beside the codes is another one

    def _failed(self, message: str) -> None:
        self._clear()
        self.view.grid.empty_text = message
        self.view.grid.update()
        self.said.setText(message)

    def showEvent(self, event: object) -> None:
        if self.desk.view is None:
            return
        if self.paths or self._indices:
            self.ask()
        else:
            self._browse_from(0)
