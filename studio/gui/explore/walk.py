"""A walk between picks: its keys, the way, played and scrubbed. Frames are decoded once, then shown at any speed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from studio.explore.questions import Decoded
from studio.gui import icons, theme
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.parts import button, choose, heading, quiet, row, tool, way_box
from studio.gui.explore.state import Latents, PathKind, Vector
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

MOST_FRAMES = 600
SHOWN_FRAMES = 120
"""The film shows no more than so many, evenly spread."""


class WalkTab(QWidget):
    """Keys, way, frames, and the player."""

    frames_came = Signal(object)
    """A Decoded of all frames, None when they are out of date."""
    frame_changed = Signal(int)

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.frames: Decoded | None = None
        self._path: Vector = np.zeros((0, 1), np.float32)
        self._decode = explorer.batches("walk")
        self._decode_keys = explorer.batches("walk keys")

        self.keys = Film("keys of the walk", 56, captions=True, removable=True)
        self.keys.set_empty("No keys yet: pick samples (Ctrl+click for several), then add them here. Two make a walk.")
        self.keys.removed.connect(self._remove)
        self.keys.picked.connect(lambda index: self._show_buttons())
        self.add_current = button("Add current", "", "Add the current latent as the next key", self._add_current)
        self.add_picks = button("", "", "Add the selected samples as keys", self._add_picks)
        self.remove = tool("minus", "Take the marked key out of the walk (Delete)", self._remove)
        self.clear = tool("trash", "Take all keys out of the walk", lambda: self._set_keys("Clear the walk", []))

        self.way = way_box(self._go)
        self.between = _spin(1, 200, " frames", "Frames from one key to the next", self._set_frames)
        self.fps = _spin(1, 60, " frames/s", "Speed of the player and of the exported animation", self._set_fps)
        self.loop = QCheckBox("Back to the first key")
        self.loop.setToolTip("The walk closes, so that it can be repeated without a jump")
        self.loop.clicked.connect(self._set_loop)
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("Way", self.way)
        form.addRow("From key to key", self.between)
        form.addRow("Speed", self.fps)
        form.addRow("", self.loop)

        self.play_button = tool("play", "Play the walk (again: stop)", self.toggle)
        self.scrub = Slider(
            "frame", 1, 2, value=1, step=1, decimals=0, tooltip="The frame that is shown; drag to scrub"
        )
        self.scrub.value_changed.connect(self._scrubbed)
        self.take = button("Make it current", "", "Make the shown frame the current latent, to go on from", self._take)
        self.about = quiet(wrap=True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        whole.addWidget(heading("Keys"))
        whole.addWidget(self.keys)
        whole.addLayout(row(self.add_current, self.add_picks, 1, self.remove, self.clear))
        whole.addLayout(form)
        whole.addWidget(heading("Play"))
        whole.addLayout(row(self.play_button, self.scrub))
        whole.addLayout(row(self.take, 1))
        whole.addWidget(self.about)
        whole.addStretch(1)

        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        explorer.run_shown.connect(self._show_anew)
        explorer.changed.connect(self._show)
        explorer.selection_changed.connect(self._show_buttons)
        explorer.samples_came.connect(lambda found: self._weights_moved())
        explorer.plane_came.connect(self._weights_moved)

    # --- keys

    def _add_current(self) -> None:
        self._set_keys("Add a key to the walk", [*self.explorer.state.walk.keys, self.explorer.state.z])

    def _add_picks(self) -> None:
        self._set_keys("Add keys to the walk", [*self.explorer.state.walk.keys, *self.explorer.selected()])

    def _remove(self, index: int = -1) -> None:
        keys, gone = list(self.explorer.state.walk.keys), self.keys.current if index < 0 else index
        if 0 <= gone < len(keys):
            self._set_keys("Remove a key of the walk", keys[:gone] + keys[gone + 1 :])

    def _set_keys(self, text: str, keys: list[npt.NDArray[Any]]) -> None:
        made = np.asarray(keys, np.float32).reshape(-1, self.explorer.state.size)
        self._change(text, keys=made)

    def _go(self, kind: PathKind) -> None:
        self._change("Way of the walk", kind=kind)

    def _set_frames(self, frames: int) -> None:
        self._change("Frames of the walk", merge="walk frames", frames=frames)

    def _set_fps(self, fps: int) -> None:
        self._change("Speed of the walk", merge="walk speed", fps=fps)

    def _set_loop(self, loop: bool) -> None:
        self._change("Loop of the walk", loop=loop)

    def _change(self, text: str, merge: object = None, **parts: Any) -> None:
        state = self.explorer.state
        self.explorer.edit(text, replace(state, walk=replace(state.walk, **parts)), merge)

    # --- what is shown

    def _show_anew(self) -> None:
        self.stop()
        self._decode.forget()
        self._decode_keys.forget()
        self._path = np.zeros((0, self.explorer.state.size), np.float32)
        self.keys.show_items(NOTHING)
        self._show()

    def _show(self, before: Latents | None = None) -> None:
        walk = self.explorer.state.walk
        choose(self.way, walk.kind)
        for box, value in ((self.between, walk.frames), (self.fps, walk.fps)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self.loop.setChecked(walk.loop)
        self._clock.setInterval(round(1000 / walk.fps))
        self._show_buttons()
        if before is None or before.walk is not walk:
            path = walk.path(self.explorer.state.prior)
            if before is None or before.walk.keys is not walk.keys:
                self._ask_keys()
            if before is None or not np.array_equal(path, self._path):
                self._path = path
                self._out_of_date()
                self.ask()
            self._describe()

    def _show_buttons(self) -> None:
        shown = self.explorer.view is not None
        keys = self.explorer.state.walk.keys if shown else ()
        picks = len(self.explorer.selection)
        self.add_picks.setText(f"Add {picks} picks" if picks != 1 else "Add 1 pick")
        self.add_picks.setEnabled(shown and picks > 0)
        self.clear.setEnabled(len(keys) > 0)
        self.remove.setEnabled(0 <= self.keys.current < len(keys))

    def _describe(self) -> None:
        walk, count = self.explorer.state.walk, len(self._path)
        for part in (self.play_button, self.scrub, self.take):
            part.setEnabled(count > 0)
        if count:
            self.scrub.set_range(1, max(count, 2))
            if self.frame >= count:
                self.scrub.set_value(1)
            short = "" if count <= MOST_FRAMES else f" The player shows the first {MOST_FRAMES}."
            self.about.setText(f"{count} frames, {count / walk.fps:.1f} s.{short}")
        else:
            self.about.setText("" if not len(walk.keys) else "One more key makes a walk.")

    def _out_of_date(self) -> None:
        self.stop()
        self.frames = None
        self.frames_came.emit(None)

    def _weights_moved(self) -> None:
        if self.isVisible():
            self._ask_keys()
            if not self._clock.isActive():  # a walk that plays is finished with the weights that it began with
                self.ask()

    def _ask_keys(self) -> None:
        keys = self.explorer.state.walk.keys
        if len(keys):
            self._decode_keys.ask(self.explorer.where, keys, self.explorer.pixels, self._keys_came)
        else:
            self.keys.show_items(NOTHING)
            self._show_buttons()

    def _keys_came(self, found: Decoded) -> None:
        count = len(self.explorer.state.walk.keys)
        images = self.explorer.pictures(found)[:count]
        names = [f"{i + 1}" for i in range(len(images))]
        self.keys.show_items(images, names, [f"key {n} of {count}; Delete removes it" for n in names])
        self._show_buttons()

    def ask(self) -> None:
        """The frames, while they can be seen."""
        if len(self._path) and self.isVisible():
            self._decode.ask(self.explorer.where, self._path[:MOST_FRAMES], self.explorer.pixels, self._frames_came)

    def _frames_came(self, found: Decoded) -> None:
        if max(len(found.images), 0 if found.points is None else len(found.points)) == min(
            len(self._path), MOST_FRAMES
        ):
            self.frames = found
            self.frames_came.emit(found)

    def showEvent(self, event: object) -> None:
        if self.explorer.view is not None:
            self._ask_keys()
            self.ask()

    def hideEvent(self, event: object) -> None:
        self.stop()
        self.explorer.show_current()

    # --- the player

    @property
    def frame(self) -> int:
        """Index of the frame that the slider stands at."""
        return round(self.scrub.value()) - 1

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def toggle(self) -> None:
        if self.playing:
            self.stop()
        elif len(self._path):
            self._clock.start()
            self.play_button.setIcon(icons.icon("stop"))

    def stop(self) -> None:
        self._clock.stop()
        self.play_button.setIcon(icons.icon("play"))

    def _tick(self) -> None:
        if self.frames is None:
            return  # still on their way
        count = min(len(self._path), MOST_FRAMES)
        following = self.frame + 1
        if following >= count and not self.explorer.state.walk.loop:
            self.stop()
            return
        self.show_frame(following % count)

    def _scrubbed(self, value: float) -> None:
        self.stop()
        self.show_frame(round(value) - 1)

    def show_frame(self, index: int) -> None:
        """See one frame in place of the current latent."""
        self.scrub.set_value(index + 1)
        self.frame_changed.emit(index)
        if self.frames is None or index >= MOST_FRAMES:
            return
        here, points = slice(index, index + 1), self.frames.points
        one = Decoded(self.frames.step, self.frames.images[here], None if points is None else points[here])
        self.explorer.frame_shown.emit(one, f"walk, frame {index + 1} of {len(self._path)}")

    def _take(self) -> None:
        index = self.frame
        self.stop()
        if index < len(self._path):
            self.explorer.edit(
                "Take a frame of the walk", self.explorer.state.taken(self._path[index], "frame of the walk")
            )


def _spin(low: int, high: int, unit: str, tip: str, changed: Any) -> QSpinBox:
    made = SpinBox()
    made.setRange(low, high)
    made.setSuffix(unit)
    made.setKeyboardTracking(False)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.valueChanged.connect(changed)
    return made
