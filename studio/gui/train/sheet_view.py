"""The sample sheet, as large as fits, and the slider through its history."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from studio.data.dataset import DataSpec
from studio.gui import theme, work
from studio.gui.icons import icon
from studio.gui.train import sheets
from studio.gui.widgets import grid_layout
from studio.gui.widgets.curve_tools import QuietSlider
from studio.gui.widgets.tiles import TileGrid

KEPT = 64
"""Sheets that stay decoded."""
PLAY_S = 6.0
"""How long playing through all of a run takes, about; each sheet shows for at least 40 and at most 400 ms."""
LIVE_MS = 100


class SheetView(QWidget):
    """Samples of fixed seeds through time: at the end of the slider the newest, live while the run trains."""

    step_shown = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps: list[int] = []
        self.sheet = sheets.Sheet(np.zeros((0, 1, 1, 3), np.uint8))
        """The one that is shown."""
        self._blocks = 1
        """Rows of a sheet with titles stand in so many blocks beside each other."""
        self.grid = TileGrid(name="sample", multi=True)
        self.grid.spread = True
        self.grid.caption = self._caption
        self.slider = QuietSlider(Qt.Orientation.Horizontal)
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider.setAccessibleName("Samples through time")
        self.slider.setToolTip("Samples of the same seeds through time; at the right end the newest")
        self.play = QToolButton()
        self.play.setIconSize(QSize(16, 16))
        self.play.setCheckable(True)
        self.label = QLabel()
        self.label.setAccessibleName("Step of the samples shown")
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = QWidget()
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self.label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.bar)

        self._data: DataSpec | None = None
        self._paths: dict[int, Path] = {}
        self._kept: OrderedDict[int, sheets.Sheet] = OrderedDict()
        self._live = False
        self._shown = -1
        self._wanted = -1
        self._reading = False
        self._newest: sheets.Sheet | None = None
        self._generation = 0
        self._player = QTimer(self)
        self._player.timeout.connect(self._next)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.timeout.connect(self._show_newest)
        self.slider.valueChanged.connect(self._moved)
        self.play.toggled.connect(self._play)
        self._play(False)
        self._update()

    # --- what there is

    @property
    def at_end(self) -> bool:
        return self.slider.value() == self.slider.maximum()

    @property
    def shown_step(self) -> int:
        """The step of the sheet on screen, -1 for none."""
        return self._shown

    def set_empty_text(self, text: str) -> None:
        self.grid.empty_text = text
        self.grid.update()

    def clear(self) -> None:
        """No run."""
        self.set_history(None, [])
        self._newest = None
        self._shown = self._wanted = -1
        self.grid.clear()
        self._update()

    def set_history(self, data: DataSpec | None, history: list[tuple[int, Path]]) -> None:
        """The sheets of another run: steps and files, rising. The newest is shown."""
        self._generation += 1
        self._reading = False
        self.play.setChecked(False)
        self._data = data
        self._kept.clear()
        self._paths = dict(history)
        self.steps = [step for step, _ in history]
        self._newest = None
        self._shown = -1
        self._set_range(to_end=True)
        if self.steps:
            self._want(self.steps[-1])
        else:
            self.grid.clear()
        self._update()

    def merge_history(self, history: list[tuple[int, Path]]) -> None:
        """What disk knows beside what came live."""
        at_end, step = self.at_end, self._shown
        self._paths |= dict(history)
        self.steps = sorted({*self.steps, *(s for s, _ in history)})
        self._set_range(to_end=at_end, step=step)
        if self._shown < 0 and self.steps:
            self._want(self.steps[-1])

    def add(self, step: int, sheet: sheets.Sheet, path: Path | None = None) -> None:
        """A new sheet; it is shown when the slider stands at its end, at most ten times a second."""
        at_end, before = self.at_end, self._shown
        if self.steps and step < self.steps[-1]:  # back to a checkpoint: what came after it did not happen
            cut = bisect.bisect_left(self.steps, step)
            for gone in self.steps[cut:]:
                self._kept.pop(gone, None)
            del self.steps[cut:]
        if not self.steps or self.steps[-1] != step:
            self.steps.append(step)
        if path is not None:
            self._paths[step] = path
        self._keep(step, sheet)
        self._newest = sheet
        self._set_range(to_end=at_end, step=before)
        if at_end and self.isVisible() and not self._calm.isActive():
            self._show_newest()
            self._calm.start(LIVE_MS)
        self._update()

    def set_live(self, live: bool) -> None:
        """Whether the run shown is in training."""
        self._live = live
        self._update()

    def go_to(self, step: int) -> None:
        """Show the newest sheet at or before a step."""
        if self.steps:
            self.slider.setValue(max(0, bisect.bisect_right(self.steps, step) - 1))

    # --- showing

    def showEvent(self, event: QShowEvent) -> None:
        if self.at_end:
            self._show_newest()

    def hideEvent(self, event: QHideEvent) -> None:
        self.play.setChecked(False)
        self._calm.stop()

    def _show_newest(self) -> None:
        if self.at_end and self._newest is not None and self.steps and self._shown != self.steps[-1]:
            self._show(self.steps[-1], self._newest)

    def _set_range(self, *, to_end: bool, step: int = -1) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self.steps) - 1))
        self.slider.setPageStep(max(1, len(self.steps) // 10))
        if to_end:
            self.slider.setValue(self.slider.maximum())
        elif step in self.steps:
            self.slider.setValue(self.steps.index(step))
        self.slider.blockSignals(False)

    def _moved(self, at: int) -> None:
        if self.steps:
            self._want(self.steps[at])

    def _want(self, step: int) -> None:
        """Show this sheet: at once when it is decoded, else when a worker has read it; the newest wish wins."""
        self._wanted = step
        if step in self._kept:
            self._kept.move_to_end(step)
            self._show(step, self._kept[step])
        elif step in self._paths:
            self._update()
            if not self._reading:
                self._read(step)

    def _read(self, step: int) -> None:
        self._reading = True
        path, data, generation = self._paths[step], self._data, self._generation

        def done(sheet: sheets.Sheet) -> None:
            if generation != self._generation:
                return
            self._reading = False
            self._keep(step, sheet)
            if self._wanted == step:
                self._show(step, sheet)
            else:
                self._want(self._wanted)

        def failed(error: Exception) -> None:
            if generation != self._generation:
                return
            self._reading = False
            self._paths.pop(step, None)
            if step in self.steps:  # deleted meanwhile, or not yet on disk: there is nothing to show of it
                at = self.slider.value()
                self.steps.remove(step)
                self._set_range(to_end=False)
                self.slider.blockSignals(True)
                self.slider.setValue(at)
                self.slider.blockSignals(False)
                if self.steps and self._wanted == step:
                    self._moved(self.slider.value())
            self._update()

        work.run(self, lambda watch: sheets.read(path, data), done, failed)

    def _keep(self, step: int, sheet: sheets.Sheet) -> None:
        self._kept[step] = sheet
        self._kept.move_to_end(step)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _show(self, step: int, sheet: sheets.Sheet) -> None:
        self._shown = step
        self.sheet = sheet
        self._lay_out()
        self._update()
        self.step_shown.emit(step)

    def _lay_out(self) -> None:
        """Rows of examples stand beside each other, in as many blocks as make the pictures largest while their titles
        have room."""
        images, columns, titles = self.sheet
        self._blocks = 1
        if titles:
            area, rows = (self.grid.width(), self.grid.height() - 24), len(images) // len(titles)
            named = columns * self.grid.room_for(titles)
            known = [b for b in (1, 2, 4) if b == 1 or (rows % b == 0 and b * named <= area[0])]
            height, width = images.shape[1:3]
            fits = {b: grid_layout.fixed(len(images), b * columns, width, height, area, 2) for b in known}
            self._blocks = max(known, key=lambda b: (found.scale if (found := fits[b]) else 0.0, -b))
            parted = images.reshape(self._blocks, rows // self._blocks, columns, *images.shape[1:])
            images = np.ascontiguousarray(parted.swapaxes(0, 1)).reshape(images.shape)
        self.grid.set_tiles(images, self._blocks * columns or None, column_names=titles * self._blocks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.sheet.titles:
            QTimer.singleShot(0, self, self._lay_out)  # once the grid has its size

    def _update(self) -> None:
        several = len(self.steps) > 1
        self.slider.setEnabled(several)
        self.play.setEnabled(several)
        self.bar.setVisible(bool(self.steps))
        if not self.steps:
            return
        step = self.steps[min(self.slider.value(), len(self.steps) - 1)]
        live = " · live" if self._live and self.at_end else ""
        self.label.setText(f"step {step:,}{live}")
        room = self.label.fontMetrics().horizontalAdvance(f"step {self.steps[-1]:,} · live ")
        self.label.setMinimumWidth(room)

    def _caption(self, index: int) -> str:
        step = f"step {max(0, self._shown):,}"
        titles = self.sheet.titles
        if not titles:
            return step
        row, across = divmod(index, self._blocks * len(titles))
        block, column = divmod(across, len(titles))
        example = block * (len(self.sheet.images) // len(titles) // self._blocks) + row
        return f"{titles[column]} of example {example + 1} · {step}"

    # --- playing

    def _play(self, on: bool) -> None:
        self.play.setIcon(icon("pause" if on else "play"))
        says = "Stop playing" if on else "Play the samples through time"
        self.play.setToolTip(says)
        self.play.setAccessibleName(says)
        if not on:
            self._player.stop()
            return
        if self.at_end:
            self.slider.setValue(0)
        self._player.start(int(min(400, max(40, 1000 * PLAY_S / max(1, len(self.steps))))))

    def _next(self) -> None:
        if self._reading:
            return  # never faster than the disk
        if self.at_end:
            self.play.setChecked(False)
        else:
            self.slider.setValue(self.slider.value() + 1)

    # --- taking away

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not len(self.grid.images):
            return
        menu, board = QMenu(self), QGuiApplication.clipboard()
        index = self.grid.tile_at(self.grid.mapFromGlobal(event.globalPos()))
        if index >= 0:
            menu.addAction(
                "Copy this picture" if self.sheet.titles else "Copy this sample",
                lambda: board.setImage(self.grid.picture_of(index)),
            )
        menu.addAction("Copy the sheet", lambda: board.setImage(self.grid.picture()))
        menu.addAction("Save the sheet as PNG…", self.save)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def save(self) -> None:
        """Ask for a name and write the sheet shown, at the size of its pixels."""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the sheet", f"samples-{self._shown}.png", "PNG (*.png)")
        if chosen:
            path = Path(chosen).with_suffix(".png")
            sheet = self.sheet._replace(columns=self.sheet.columns or max(1, self.grid.columns))
            work.run(self, lambda watch: sheets.write(path, *sheet), lambda _: None)
