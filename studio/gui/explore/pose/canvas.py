"""The skeleton over a picture, dragged by its joints; everything by keys too. Knows joints and no model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu

from studio.data.skeleton import JOINTS, Joints, mirrored
from studio.explore import pose
from studio.explore.pose import BENDS, ROOT, known
from studio.explore.pose_bodies import including
from studio.gui.explore.pose.skeleton_view import SkeletonView, apart

STILL = 2.0
"""Pixels that a press may tremble before it is a drag."""
STEP, FAR_STEP, FINE_STEP = 1.0, 5.0, 0.2
"""Image pixels that an arrow key moves by; with Shift; with Alt."""
GROWTH = 1.02
PAUSE = 0.8
"""Seconds of quiet after which keys begin an edit of their own."""
TIP = (
    "Drag a joint; limb lengths are kept, elbows and knees bend. Shift: the joint alone, free. Alt: bend the other "
    "way. Ctrl: all of it. Wheel: zoom, middle button: pan, double click: all in view.\n"
    "Keys: Tab next joint, arrows 1 px (Shift 5, Alt 0.2, Ctrl all joints), Space hides or shows the joint, "
    "M mirrors, + − scales, F bends the other way, L lengths kept or free, I brings it into the picture"
)


class Canvas(SkeletonView):
    """See the module.

    Whoever listens keeps the pose and shows it again with :meth:`show_pose`; the canvas itself remembers no edit.
    """

    edited = Signal(str, object, object)
    """What was done, the Joints, and what it merges with: the same for all of one drag, or of keys in a row."""
    finished = Signal()
    """The end of a drag: slower things may be asked now."""
    keep_wanted = Signal(bool)
    """Limb lengths are to be kept, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.takes_space = True
        self.keep = True
        """Limb lengths are kept when a joint is dragged."""
        self._hidden: dict[int, Joints] = {}
        """The last pose in which each hidden joint was known."""
        self._turn = 0
        self._keyed: tuple[str, float] = ("", -math.inf)
        self._drag: _Drag | None = None
        self._pan: QPointF | None = None
        self.setToolTip(TIP)

    # --- edits

    def _edit(self, text: str, joints: Joints, merge: object) -> None:
        if not pose.same(joints, self.joints):
            self.edited.emit(text, joints, merge)

    def _by_key(self, text: str, joints: Joints) -> None:
        """Edits by keys in quick succession are one."""
        now = time.monotonic()
        if self._keyed[0] != text or now - self._keyed[1] > PAUSE:
            self._turn += 1
        self._keyed = (text, now)
        self._edit(text, joints, ("pose keys", id(self), self._turn))

    def _once(self, text: str, joints: Joints) -> None:
        self._keyed = ("", -math.inf)
        self._edit(text, joints, None)

    def mirror(self) -> None:
        """The pose of the mirror image: left and right change places."""
        self._once("Mirror the pose", mirrored(self.joints, self.size_of_image[1]))

    def scale_by(self, factor: float) -> None:
        """Larger or smaller, about its middle."""
        self._by_key("Scale the pose", pose.scaled(self.joints, factor))

    def bring_in(self) -> None:
        """All of it into the picture."""
        height, width = self.size_of_image
        self._once("Bring the pose into the picture", pose.brought_in(self.joints, width, height))

    def move_all(self, x: float, y: float) -> None:
        self._by_key("Move the pose", pose.shifted(self.joints, x, y))

    def nudge(self, x: float, y: float) -> None:
        """The chosen joint, by so many pixels."""
        if self.joints[self.chosen, 2] > 0:
            goal = self._within(float(self.joints[self.chosen, 0]) + x, float(self.joints[self.chosen, 1]) + y)
            self._by_key(f"Move the {JOINTS[self.chosen]}", pose.moved(self.joints, self.chosen, goal, keep=self.keep))

    def flip(self) -> None:
        """The elbow or knee of the chosen limb bends to the other side; its end stays."""
        end = next((e for e, (middle, _) in BENDS.items() if self.chosen in (e, middle)), -1)
        if end >= 0 and self.joints[end, 2] > 0:
            place = float(self.joints[end, 0]), float(self.joints[end, 1])
            self._once(f"Bend the {JOINTS[BENDS[end][0]]}", pose.moved(self.joints, end, place, flip=True))

    def show_joint(self, joint: int, there: bool) -> None:
        """Per-joint visibility: it goes missing, or comes back where it was, or where it would be."""
        if there and self.joints[joint, 2] <= 0:
            self._once(f"Add the {JOINTS[joint]}", including(self.joints, joint, self._hidden.get(joint)))
        elif not there and self.joints[joint, 2] > 0:
            self._hidden[joint] = self.joints
            self._once(f"Hide the {JOINTS[joint]}", pose.without(self.joints, joint))

    def _add(self, joint: int) -> None:
        self.choose(joint)
        self.show_joint(joint, there=True)

    def next_joint(self, by: int) -> bool:
        """Choose the next one in order, of the known ones; False at the end."""
        there = [int(j) for j in np.flatnonzero(known(self.joints))]
        rest = [j for j in there if (j > self.chosen if by > 0 else j < self.chosen)]
        if rest:
            self.choose(rest[0] if by > 0 else rest[-1])
        return bool(rest)

    def _within(self, x: float, y: float) -> tuple[float, float]:
        """No farther out than the picture's edge; but what is out already need not jump."""
        height, width = self.size_of_image
        return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))

    # --- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pan = at
            return
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        joint = self.joint_at(at)
        whole = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if joint >= 0:
            self.choose(joint)
        if joint >= 0 or whole:
            self._turn += 1
            self._keyed = ("", -math.inf)
            place = self.place_of(joint) if joint >= 0 else None
            grip = QPointF(0, 0) if place is None else place - at
            self.held = True
            self._drag = _Drag(self.joints, ROOT if whole else joint, at, grip, whole)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pan is not None:
            self.move_view(self._pan - at)
            self._pan = at
            return
        drag = self._drag
        if drag is None:
            self.hover(self.joint_at(at))
            return
        if not drag.moving and apart(at, drag.pressed) <= STILL:
            return
        drag.moving = True
        self._edit(*self._dragged(drag, at, event.modifiers()), ("pose drag", id(self), self._turn))

    def _dragged(self, drag: _Drag, at: QPointF, keys: Qt.KeyboardModifier) -> tuple[str, Joints]:
        """What was done, and the pose, each time from the one that the drag began with: the way there leaves no
        trace."""
        if drag.whole:
            (x, y), (x0, y0) = self.to_image(at), self.to_image(drag.pressed)
            return "Move the pose", pose.shifted(drag.start, x - x0, y - y0)
        goal = self._within(*self.to_image(at + drag.grip))
        free = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        flip = bool(keys & Qt.KeyboardModifier.AltModifier)
        moved = pose.moved(drag.start, drag.joint, goal, keep=self.keep and not free, flip=flip)
        return f"Move the {JOINTS[drag.joint]}", moved

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pan = None
        elif event.button() == Qt.MouseButton.LeftButton and self._drag is not None:
            moved = self._drag.moving
            self._let_go()
            self.hover(self.joint_at(event.position()))
            if moved:
                self.finished.emit()
        else:
            super().mouseReleaseEvent(event)

    def _let_go(self) -> None:
        self._drag, self.held = None, False
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.joint_at(event.position()) < 0:
            self.fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        joint = self.chosen if by_key else self.joint_at(QPointF(event.pos()))
        place = self.place_of(joint) if by_key and joint >= 0 else None
        menu = self.menu(joint)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(place.toPoint()) if place is not None else event.globalPos())

    def menu(self, joint: int) -> QMenu:
        """What can be done with a joint (−1: with none in particular); missing ones can be added."""
        made = QMenu(self)
        if joint >= 0 and self.joints[joint, 2] > 0:
            self.choose(joint)
            made.addAction(f"Hide the {JOINTS[joint]}\tSpace", lambda: self.show_joint(joint, there=False))
            if any(joint in (end, middle) for end, (middle, _) in BENDS.items()):
                made.addAction("Bend the other way\tF", self.flip)
            made.addSeparator()
        missing = [int(j) for j in np.flatnonzero(~known(self.joints))]
        adding = made.addMenu("Add a joint")
        adding.setEnabled(bool(missing))
        for absent in missing:
            adding.addAction(JOINTS[absent], partial(self._add, absent))
        made.addAction("Mirror\tM", self.mirror)
        made.addAction("Bring into the picture\tI", self.bring_in)
        made.addAction("All in view\tCtrl+0", self.fit)
        return made

    # --- keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            by = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()), 0)
            if by and not event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.next_joint(by):
                return True  # at either end Tab goes on to the next control
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = Qt.Key(event.key()), event.modifiers()
        control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        plain: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_M: self.mirror,
            Qt.Key.Key_F: self.flip,
            Qt.Key.Key_I: self.bring_in,
            Qt.Key.Key_L: lambda: self.keep_wanted.emit(not self.keep),
            Qt.Key.Key_Plus: lambda: self.scale_by(GROWTH),
            Qt.Key.Key_Equal: lambda: self.scale_by(GROWTH),
            Qt.Key.Key_Minus: lambda: self.scale_by(1 / GROWTH),
            Qt.Key.Key_Home: lambda: self.choose(0),
            Qt.Key.Key_End: lambda: self.choose(len(JOINTS) - 1),
            Qt.Key.Key_PageDown: lambda: self.choose((self.chosen + 1) % len(JOINTS)),
            Qt.Key.Key_PageUp: lambda: self.choose((self.chosen - 1) % len(JOINTS)),
            Qt.Key.Key_Delete: lambda: self.show_joint(self.chosen, there=False),
            Qt.Key.Key_Backspace: lambda: self.show_joint(self.chosen, there=False),
            Qt.Key.Key_Space: lambda: self.show_joint(self.chosen, there=not self.joints[self.chosen, 2] > 0),
        }
        zooms: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Plus: lambda: self.zoom_by(1.2),
            Qt.Key.Key_Equal: lambda: self.zoom_by(1.2),
            Qt.Key.Key_Minus: lambda: self.zoom_by(1 / 1.2),
            Qt.Key.Key_0: self.fit,
        }
        if key in ways:
            step = STEP
            if keys & Qt.KeyboardModifier.ShiftModifier:
                step = FAR_STEP
            elif keys & Qt.KeyboardModifier.AltModifier:
                step = FINE_STEP
            x, y = ways[key]
            (self.move_all if control else self.nudge)(x * step, y * step)
        elif key in (plain if not control else zooms):
            (plain if not control else zooms)[key]()
        elif key == Qt.Key.Key_Escape and self._drag is not None:
            drag = self._drag
            self._let_go()
            self._edit("Leave the pose", drag.start, ("pose drag", id(self), self._turn))
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keyed = ("", -math.inf)
        super().focusOutEvent(event)


class _Drag:
    """A joint, or the whole pose, held by the mouse. ``grip``: from the pointer to the joint."""

    def __init__(self, start: Joints, joint: int, pressed: QPointF, grip: QPointF, whole: bool) -> None:
        self.start, self.joint, self.pressed, self.grip, self.whole = start, joint, pressed, grip, whole
        self.moving = False
