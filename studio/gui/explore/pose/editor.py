"""The pose by hand: the canvas, its tools, the joints that are missing, and a line that says what is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.data.skeleton import JOINTS, Joints
from studio.explore.pose import known
from studio.explore.pose_bodies import PRESETS, preset
from studio.gui import icons, theme
from studio.gui.explore.parts import quiet, row, tool
from studio.gui.explore.pose.canvas import GROWTH, Canvas
from studio.gui.explore.pose.poser import Poser
from studio.gui.widgets.curve_tools import ElidedLabel

TALL = 0.7
"""A pose by name where there is no pose yet: a person so tall, as a share of the picture."""


class Editor(QWidget):
    """See the module. ``finished``: a drag has ended."""

    finished = Signal()

    def __init__(self, poser: Poser) -> None:
        super().__init__()
        self.poser = poser
        self._frame: Joints | None = None
        self._sees = -1
        """The joint that the state which was shown last has chosen."""
        self.canvas = Canvas()
        self.canvas.empty_text = "No pose yet. Take one from the library, or one by name."
        self.keep = tool("link", "", self._toggle_keep)
        self.keep.setCheckable(True)
        self.mirror = tool("arrows-left-right", "Mirror the pose: left and right change places (M)", self.canvas.mirror)
        self.smaller = tool("minus", "Make the pose smaller, about its middle (−)", lambda: self._scale(1 / GROWTH**4))
        self.larger = tool("plus", "Make the pose larger, about its middle (+)", lambda: self._scale(GROWTH**4))
        self.bring = tool("frame-corners", "Bring all of the pose into the picture (I)", self.canvas.bring_in)
        self.poses = _menu("person", "A pose by name, with this person's own limb lengths", self._fill_poses)
        self.visible = _menu("eye", "Which joints are there: hide one, or add a missing one", self._fill_joints)
        self.reset = tool("arrow-counter-clockwise", "Back to the pose as it was taken", self._reset)
        self.status = ElidedLabel()
        theme.role(self.status, "quiet")
        self.missing = quiet()
        self.missing.setTextFormat(Qt.TextFormat.RichText)
        self.missing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.missing.setFixedHeight(self.missing.fontMetrics().height() + 2)  # there or not, the canvas stays as large
        self.missing.setAccessibleName("missing joints")
        self.missing.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.missing.linkActivated.connect(lambda number: self._add(int(number)))
        self.tools = QWidget()
        bar = row(
            self.poses, self.visible, self.keep, self.mirror, self.smaller, self.larger, self.bring, 1, self.reset
        )
        bar.setSpacing(2)
        self.tools.setLayout(bar)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.tools)
        whole.addWidget(self.canvas, 1)
        whole.addWidget(self.status)
        whole.addWidget(self.missing)

        self.canvas.edited.connect(self._edited)
        self.canvas.finished.connect(self.finished)
        self.canvas.keep_wanted.connect(self._set_keep)
        self.canvas.told.connect(self._say)
        poser.run_shown.connect(self._show_anew)
        poser.changed.connect(lambda before: self.show_state())
        self._show_tools(there=False)

    # --- what is shown

    def show_under(self, picture: npt.NDArray[np.uint8] | None) -> None:
        """A picture, uint8 H×W×3, to lie under the skeleton."""
        self.canvas.show_picture(picture)

    def show_frame(self, joints: Joints | None) -> None:
        """A pose of the film in place of the state's, which an edit goes on from; None: the state's."""
        self._frame = joints
        self.show_state()

    def show_state(self) -> None:
        if self.poser.view is None:
            return
        state = self.poser.state
        joints = state.joints if self._frame is None else self._frame
        if state.chosen != self._sees:
            self._sees = state.chosen
            self.canvas.choose(state.chosen)
        self.canvas.keep = state.keep
        self.canvas.show_pose(joints)
        self._show_tools(there=bool(known(joints).any()))

    def _show_anew(self) -> None:
        self._frame, self._sees = None, -1
        self.canvas.set_image_size(*self._size())
        self.canvas.fit()
        self.show_state()

    def _show_tools(self, *, there: bool) -> None:
        shown = self.poser.view is not None
        keeps = not shown or self.poser.state.keep
        self.keep.setChecked(keeps)
        self.keep.setIcon(icons.icon("link" if keeps else "link-break"))
        tip = "Limb lengths are kept when a joint is dragged (L)" if keeps else "A dragged joint moves alone, free (L)"
        self.keep.setToolTip(tip)
        self.keep.setAccessibleName(tip)
        for part in (self.mirror, self.smaller, self.larger, self.bring):
            part.setEnabled(there)
        for part in (self.poses, self.visible):
            part.setEnabled(shown)
        self.reset.setEnabled(shown and self.poser.state.edited and bool(known(self.poser.state.taken).any()))
        self._name_missing()

    def _name_missing(self) -> None:
        """As many as there is room for; all of them are under the eye."""
        there = known(self.canvas.joints)
        absent = [int(j) for j in np.flatnonzero(~there)] if there.any() else []
        colour, room = theme.palette().accent, self.width() - self.fontMetrics().horizontalAdvance("Missing: , 18 more")
        links: list[str] = []
        for joint in absent:
            room -= self.fontMetrics().horizontalAdvance(f"{JOINTS[joint]}, ")
            if room < 0 and links:
                links.append(f"{len(absent) - len(links)} more")
                break
            links.append(f'<a href="{joint}" style="color:{colour}">{JOINTS[joint]}</a>')
        self.missing.setText("Missing: " + ", ".join(links) if links else "")
        every = ", ".join(JOINTS[j] for j in absent)
        self.missing.setToolTip(f"Missing: {every}. Click one to add it where it would be" if absent else "")

    def resizeEvent(self, event: object) -> None:
        self._name_missing()

    def _say(self, text: str) -> None:
        self.status.setText(text if known(self.canvas.joints).any() else "")
        self.status.setToolTip(self.status.text())

    def _size(self) -> tuple[int, int]:
        height, width = self.poser.data.shape[-2:]
        return height, width

    # --- hands

    def _edited(self, text: str, joints: Joints, merge: object) -> None:
        poser = self.poser
        if poser.view is not None:
            self._frame, self._sees = None, self.canvas.chosen
            poser.edit(text, replace(poser.state.moved(joints), chosen=self.canvas.chosen), merge)

    def _toggle_keep(self) -> None:
        if self.poser.view is not None:
            self._set_keep(not self.poser.state.keep)

    def _set_keep(self, keep: bool) -> None:
        poser = self.poser
        if poser.view is not None and poser.state.keep != keep:
            poser.edit("Keep limb lengths" if keep else "Free limb lengths", replace(poser.state, keep=keep))

    def _scale(self, factor: float) -> None:
        self.canvas.scale_by(factor)
        self.finished.emit()

    def _reset(self) -> None:
        if self.poser.view is not None:
            self._frame = None
            self.poser.edit("Reset the pose", self.poser.state.reset())

    def _add(self, joint: int) -> None:
        self.canvas.choose(joint)
        self.canvas.show_joint(joint, there=True)
        self.canvas.setFocus()

    def take_preset(self, name: str) -> None:
        """A pose by name, of the person whose pose this is."""
        if self.poser.view is None:
            return
        like = next((j for j in (self.canvas.joints, self.poser.state.taken) if known(j).any()), None)
        if like is None:
            height, width = self._size()
            like = np.zeros((len(JOINTS), 3), np.float32)
            like[1] = width / 2, height * (0.5 - TALL * 0.32), 1
            like[8] = like[11] = width / 2, height * (0.5 - TALL * 0.03), 1
        self._frame = None
        self.poser.take_pose(preset(name, like), text=f"Pose: {name}")

    def _fill_poses(self, menu: QMenu) -> None:
        for name in PRESETS:
            menu.addAction(name, partial(self.take_preset, name))

    def _fill_joints(self, menu: QMenu) -> None:
        there = known(self.canvas.joints)
        for joint, name in enumerate(JOINTS):
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(bool(there[joint]))
            action.setEnabled(bool(there.any()))
            action.toggled.connect(partial(self._show_joint, joint))

    def _show_joint(self, joint: int, on: bool) -> None:
        self.canvas.choose(joint)
        self.canvas.show_joint(joint, there=on)


def _menu(icon: str, tip: str, fill: Callable[[QMenu], None]) -> QToolButton:
    """A button whose menu is filled when it opens."""
    made = QToolButton()
    made.setIcon(icons.icon(icon))
    made.setIconSize(QSize(16, 16))
    made.setFixedSize(40, 28)
    made.setAutoRaise(True)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(made)

    def about() -> None:
        menu.clear()
        fill(menu)

    menu.aboutToShow.connect(about)
    made.setMenu(menu)
    return made
