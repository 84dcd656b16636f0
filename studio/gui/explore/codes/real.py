"""Real pictures, from the dataset or dropped: the codes that Q assigns to them, and what those codes make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from studio.explore.codes import readings
from studio.explore.questions import ReadReal, Real, RealRead
from studio.explore.questions.real import MOST_FILES
from studio.gui import theme
from studio.gui.explore.browser import Browser
from studio.gui.explore.codes.bars import Bars
from studio.gui.explore.codes.desk import Desk
from studio.gui.explore.codes.state import Codes
from studio.gui.explore.film import NOTHING, Picture
from studio.gui.explore.parts import button, quiet, row
from studio.gui.session import Session
from studio.gui.widgets.tiles import TileGrid, stacked


class RealView(QWidget):
    """The pictures: a page of real ones on the left; on the right one of them, what it became, and Q."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.grid = TileGrid(name="real picture")
        self.browser = Browser(session, "codes browse", "Read codes off", self.grid)
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
        self.split.addWidget(stacked(self.browser, self.about))
        right.setContentsMargins(theme.SPACE, 0, 0, 0)
        self.split.addWidget(right)
        self.split.setSizes([500, 500])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.browser.bar)
        whole.addWidget(self.split, 1)


class RealTab(QWidget):
    """Which real pictures, and what to do with their codes."""

    latent_wanted = Signal(object, str)
    step_shown = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.view = RealView(desk.session)
        self.browser = self.view.browser
        self.found: RealRead | None = None
        self.real = Real()
        """What is shown: the page of examples, or files in place of it."""
        self._current = -1
        self._read = desk.lane("codes real")

        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.take_button = button("Use these codes", "", "Make its codes the current ones; the noise stays", self._take)
        self.edit_button = button("Edit latent", "sliders", "Open what it became in the latent panel", self._hand_over)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        whole.addWidget(quiet("Pick a real picture, or drop picture files here.", wrap=True))
        whole.addSpacing(theme.SPACE)
        whole.addWidget(self.said)
        whole.addLayout(row(self.take_button, self.edit_button, 1))
        whole.addStretch(1)

        self.view.grid.picked.connect(self._show_one)
        self.browser.scatter.picked.connect(self._show_one)
        self.browser.chosen.connect(self._choose)
        self.browser.browsed.connect(self._browsed)
        desk.run_shown.connect(self._show_anew)
        desk.changed.connect(self._changed)
        desk.weights_moved.connect(self.ask)

    # --- which

    def show_files(self, paths: Sequence[str]) -> None:
        """Picture files in place of the dataset's examples."""
        self.browser.take(paths)

    def _choose(self, real: Real) -> None:
        """Files, or the dataset's page again."""
        self.real = replace(real, paths=real.paths[:MOST_FILES])
        self.browser.show_real(self.real)
        if self.real.paths:
            self.ask()

    def _browsed(self) -> None:
        page = self.browser.page
        if page is None:
            return
        self.real = Real(tuple(int(i) for i in page.indices))
        self._clear()
        if page.points is None:  # room for what Q reads is kept from the beginning: pictures do not jump
            self.view.grid.set_tiles(page.images, captions=[[""]] * len(page.images))
        self.view.grid.caption = self._tell
        self.ask()

    # --- asking

    def ask(self) -> None:
        """Read the codes of what is to be shown, while it can be seen."""
        if self.desk.view is None or not self.isVisible():
            return
        if not len(self.real):
            self._clear()
            return
        self._read.ask(ReadReal(self.desk.where, self.real, self.desk.state.z), self._came, self._failed)

    def _came(self, found: RealRead) -> None:
        self.found = found
        grid, pictures = self.view.grid, self.desk.pictures
        images = pictures(found.real)
        if self.browser.points:
            self.view.about.setText(f"Click a point to see what Q reads off it · step {found.real.step:,}")
        else:
            grid.set_tiles(images, captions=[self._wordings(i) for i in range(len(images))])
            self.view.about.setText(f"Under each: what Q reads off it · step {found.real.step:,}")
        self.step_shown.emit(found.real.step)
        self._show_one(min(max(self._current, 0), len(images) - 1))

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
        if self.real.paths:
            return Path(self.real.paths[index]).name if index < len(self.real.paths) else ""
        label = int(self.found.labels[index]) if self.found is not None else -1
        classes = self.desk.view.data.classes if self.desk.view is not None else ()
        known = f"{classes[label]}, " if 0 <= label < len(classes) else ""
        number = self.real.indices[index] if index < len(self.real.indices) else index
        return f"{known}example {number:,}"

    def _show_one(self, index: int) -> None:
        found = self.found
        if found is None or not 0 <= index < len(found.real.codes):
            return
        self._current = index
        if self.browser.points:
            self.browser.scatter.select({index})
        else:
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

    def _take(self) -> None:
        if self.found is not None and 0 <= self._current < len(self.found.z):
            name = self._name(self._current)
            self.desk.edit(f"Codes of {name}", self.desk.state.with_codes(self.found.z[self._current]))

    def _hand_over(self) -> None:
        if self.found is not None and 0 <= self._current < len(self.found.z):
            self.latent_wanted.emit(self.found.z[self._current].copy(), f"the codes of {self._name(self._current)}")

    # --- what is shown

    def _show_anew(self) -> None:
        desk, browser = self.desk, self.browser
        if desk.view is None:
            return
        self._read.forget()
        self._clear()
        if browser.run not in ("", desk.where.run):  # files stay while it is the same run, with other weights
            self.real, self._current = Real(), -1
            browser.show_real(self.real)
        browser.show_run(desk.where.run, desk.view.data)
        self.ask()

    def _clear(self) -> None:
        self.found = None
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
        self.view.grid.set_tiles(NOTHING)
        self.view.grid.empty_text = message
        self.said.setText(message)

    def save_state(self) -> dict[str, Any]:
        return self.browser.save_state()

    def restore_state(self, state: dict[str, Any]) -> None:
        self.browser.restore_state(state)

    def showEvent(self, event: object) -> None:
        self.ask()
