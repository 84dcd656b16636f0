"""Keyframes of a film of poses: taken, put in order, timed; :mod:`.player` goes through them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from studio.data.body_pictures import with_skeleton
from studio.data.skeleton import Joints
from studio.explore.pose import same
from studio.explore.questions.pose import PoseTaken, TakePose
from studio.gui import theme
from studio.gui.explore.asking import Latest
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.parts import button, heading, quiet, row, tool
from studio.gui.explore.pose.player import Player
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.state import MOST_KEYFRAMES, SECONDS, Keyframe, Posing
from studio.gui.session import Session
from studio.gui.train.editors import NumberBox

SIDE = 56
REST = 250
"""Milliseconds after the last edit until the thumbnails are made."""
EMPTY = "No keyframes. Add the pose of now, change it, add it again: two make a film."


class Keyframes(QWidget):
    """See the module. Asks nothing while it cannot be seen."""

    def __init__(self, session: Session, poser: Poser) -> None:
        super().__init__()
        self.poser = poser
        self.player = Player(poser)
        self._pressed = -1
        self._thumbs: list[tuple[Joints, npt.NDArray[np.uint8]]] = []
        """Of each keyframe its pose drawn, kept while the pose is the same."""
        self._made: tuple[tuple[Keyframe, ...], npt.NDArray[np.uint8]] | None = None
        """What the model makes of the keyframes, and of which."""
        self._step = -1
        """Of the weights that made them."""
        self._lane = Latest(session, self, "pose keyframes")
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST)
        self._soon.timeout.connect(self._ask)

        self.film = Film("keyframes", SIDE, captions=True, removable=True)
        self.film.set_empty(EMPTY)
        self.film.picked.connect(self._pick)
        self.film.removed.connect(lambda index: self.remove())
        self.film.strip.installEventFilter(self)
        self.add = button(
            "Add", "plus", "Add the pose that is shown as a keyframe, after the chosen one", self.add_pose
        )
        self.change = tool("arrows-clockwise", "The chosen keyframe becomes the pose that is shown", self.replace_pose)
        self.earlier = tool("caret-left", "The chosen keyframe earlier (Ctrl+←; or drag it)", lambda: self.shift(-1))
        self.later = tool("caret-right", "The chosen keyframe later (Ctrl+→; or drag it)", lambda: self.shift(1))
        self.delete = tool("trash", "Take the chosen keyframe out (Delete)", self.remove)
        self.seconds = NumberBox(whole=False, low=SECONDS[0], high=SECONDS[1], log=True, unit="seconds")
        self.seconds.setFixedWidth(112)
        self.seconds.setToolTip("Seconds from the chosen keyframe to the next one")
        self.seconds.setAccessibleName("seconds to the next keyframe")
        self.seconds.edited.connect(self._timed)
        self.loop = tool("repeat", "From the last keyframe back to the first, over and over", self._loop)
        self.loop.setCheckable(True)
        self.about = quiet()
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.tools = row(
            heading("Keyframes"),
            self.about,
            self.seconds,
            self.earlier,
            self.later,
            self.change,
            self.delete,
            self.loop,
            self.add,
        )
        self.tools.setStretch(1, 1)
        self.tools.setSpacing(theme.SPACE // 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(self.tools)
        whole.addWidget(self.film)
        whole.addWidget(self.player)
        self.player.changed.connect(self._show_buttons)
        poser.run_shown.connect(self._show_anew)
        poser.changed.connect(self._changed)
        poser.came.connect(self._newer)
        self._show_buttons()

    # --- what is shown

    @property
    def keys(self) -> tuple[Keyframe, ...]:
        return self.poser.state.keyframes if self.poser.view is not None else ()

    @property
    def chosen(self) -> int:
        """Index of the chosen keyframe; −1: none."""
        return self.poser.state.keyframe if self.poser.view is not None else -1

    def _show_anew(self) -> None:
        self._lane.forget()
        self._made = None
        self._show()
        self._soon.start()

    def _changed(self, before: Posing) -> None:
        state = self.poser.state
        if before.keyframes is not state.keyframes or before.source is not state.source:
            self._soon.start()
        self._show()

    def _show(self) -> None:
        keys = self.keys
        made = self._made[1] if self._made is not None and self._made[0] is keys else None
        pictures = self._drawn() if made is None else made
        names = [f"{i + 1} · {k.seconds:.3g} s" for i, k in enumerate(keys)]
        tips = [
            f"keyframe {i + 1} of {len(keys)}, {k.seconds:.3g} s to the next; Delete removes it, Ctrl+arrows move it"
            for i, k in enumerate(keys)
        ]
        self.film.show_items(pictures, names, tips)
        self.film.set_current(self.poser.state.keyframe if keys else -1)
        self._show_buttons()

    def _drawn(self) -> npt.NDArray[np.uint8]:
        """The skeletons of the keyframes; those are drawn that are new."""
        keys = self.keys
        if not keys:
            self._thumbs = []
            return NOTHING
        height, width = self.poser.data.shape[-2:]
        times = max(SIDE // max(height, width), 1)
        ground = np.zeros((height, width, 3), np.uint8)
        kept = {id(joints): (joints, picture) for joints, picture in self._thumbs}
        self._thumbs = [
            kept.get(id(k.joints)) or (k.joints, with_skeleton(ground, k.joints, times, dimmed=0)) for k in keys
        ]
        return np.stack([picture for _, picture in self._thumbs])

    def _show_buttons(self) -> None:
        keys, shown = self.keys, self.poser.view is not None
        chosen = self.chosen
        some = 0 <= chosen < len(keys)
        self.add.setEnabled(shown and self.poser.state.posed and len(keys) < MOST_KEYFRAMES)
        self.change.setEnabled(some and not same(self._pose(), keys[chosen].joints))
        self.delete.setEnabled(some)
        self.earlier.setEnabled(some and chosen > 0)
        self.later.setEnabled(some and chosen < len(keys) - 1)
        self.seconds.setEnabled(some)
        if some:
            self.seconds.set_value(keys[chosen].seconds)
        self.loop.setEnabled(shown)
        self.loop.setChecked(shown and self.poser.state.loop)
        whole = self.poser.state.duration if shown else 0.0
        self.about.setText(f"{whole:.3g} s" if whole > 0 else "")

    # --- what the model makes of them

    def _ask(self) -> None:
        poser, keys = self.poser, self.keys
        if poser.view is None or not keys or poser.state.source is None or not self.isVisible():
            return
        if self.player.playing:  # the film has the engine for itself
            self._soon.start()
            return
        poses = np.stack([k.joints for k in keys])
        question = TakePose(poser.where, poser.state.source, poses, None, "none")
        self._lane.ask(question, lambda found: self._came(keys, found), lambda message: None)

    def _newer(self, found: PoseTaken) -> None:
        """The run trains on: its newer weights draw the keyframes too."""
        if self._made is not None and found.step != self._step and not self._soon.isActive():
            self._soon.start()

    def _came(self, keys: tuple[Keyframe, ...], found: PoseTaken) -> None:
        if keys is self.keys and len(found.images) == len(keys):
            self._made, self._step = (keys, found.images), found.step
            self._show()

    # --- edits

    def _pose(self) -> Joints:
        """What is shown: a frame of the film, or the pose."""
        return self.player.frame() if self.player.shown else self.poser.state.joints

    def _put(self, text: str, keys: tuple[Keyframe, ...], chosen: int, merge: object = None) -> None:
        self.poser.edit(text, self.poser.state.with_keyframes(keys, chosen), merge)

    def add_pose(self) -> None:
        """The pose that is shown, after the chosen keyframe, as long as that one."""
        keys = self.keys
        if not self.add.isEnabled():
            return
        chosen = self.chosen
        after = chosen + 1 if 0 <= chosen < len(keys) else len(keys)
        seconds = keys[after - 1].seconds if after else 1.0
        new = Keyframe(np.array(self._pose(), np.float32), seconds)
        self._put("Add a keyframe", (*keys[:after], new, *keys[after:]), after)

    def replace_pose(self) -> None:
        keys, chosen = self.keys, self.chosen
        if 0 <= chosen < len(keys):
            new = replace(keys[chosen], joints=np.array(self._pose(), np.float32))
            self._put("Replace a keyframe", (*keys[:chosen], new, *keys[chosen + 1 :]), chosen)

    def remove(self) -> None:
        keys, chosen = self.keys, self.chosen
        if 0 <= chosen < len(keys):
            left = (*keys[:chosen], *keys[chosen + 1 :])
            self._put("Remove a keyframe", left, min(chosen, len(left) - 1))

    def shift(self, by: int) -> None:
        """The chosen keyframe so many places on."""
        chosen = self.chosen
        self.reorder(chosen, chosen + by)

    def reorder(self, index: int, to: int) -> None:
        """A keyframe to another place."""
        keys = list(self.keys)
        if 0 <= index < len(keys) and 0 <= to < len(keys) and index != to:
            keys.insert(to, keys.pop(index))
            self._put("Move a keyframe", tuple(keys), to)

    def _timed(self, value: object) -> None:
        keys, chosen = self.keys, self.chosen
        if isinstance(value, int | float) and SECONDS[0] <= value <= SECONDS[1] and 0 <= chosen < len(keys):
            new = replace(keys[chosen], seconds=float(value))
            self._put("Time of a keyframe", (*keys[:chosen], new, *keys[chosen + 1 :]), chosen, ("pose time", chosen))

    def _loop(self) -> None:
        if self.poser.view is None:
            return
        state = self.poser.state
        self.poser.edit("Close the film" if not state.loop else "Open the film", replace(state, loop=not state.loop))

    def _pick(self, index: int) -> None:
        """A keyframe is chosen: its pose is the one to be edited."""
        if index != self.poser.state.keyframe or not same(self.poser.state.joints, self.keys[index].joints):
            self.player.stop()
            self.player.at = sum(self.poser.state.seconds[:index])
            self.poser.edit("Choose a keyframe", self.poser.state.at_keyframe(index), ("pose keyframe", id(self)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the strip: Ctrl+arrows and a drag put the keyframes in order, Escape leaves the film."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
            if event.key() in ways and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.shift(ways[Qt.Key(event.key())])
                return True
            if event.key() == Qt.Key.Key_Escape and self.player.shown:
                self.player.leave()
                return True
        elif isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            index = self._nearest(event.position())
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = index
            elif event.type() == QEvent.Type.MouseButtonRelease:
                pressed, self._pressed = self._pressed, -1
                if pressed >= 0 and index >= 0 and pressed != index:
                    self.reorder(pressed, index)
        return super().eventFilter(watched, event)

    def _nearest(self, place: QPointF) -> int:
        return self.film.strip.at(place)

    def showEvent(self, event: Any) -> None:
        self._soon.start()
