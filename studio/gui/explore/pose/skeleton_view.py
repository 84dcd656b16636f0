"""A skeleton over a picture as it is seen: where things are, zoomed and panned. :mod:`.canvas` edits it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.data.skeleton import JOINTS, Joints
from studio.explore import pose
from studio.explore.pose import known
from studio.gui import theme
from studio.gui.explore.pose import painting
from studio.gui.explore.pose.state import EMPTY
from studio.gui.pixels import image

REACH = 11.0
"""Pixels from a joint within which a press takes it."""
MARGIN = 12
"""Around the picture, for joints that lie outside."""
CLOSEST = 12.0


class SkeletonView(QWidget):
    """See the module."""

    chosen_changed = Signal(int)
    told = Signal(str)
    """What the status line says."""

    def __init__(self) -> None:
        super().__init__()
        self.joints: Joints = EMPTY.copy()
        self.chosen = 4
        self.hovered = -1
        self.held = False
        """A hand drags; names are out of the way then."""
        self.size_of_image = (64, 64)
        """Height and width in pixels."""
        self.empty_text = ""
        """Shown while there is no joint and no picture."""
        self.zoom = 1.0
        self._picture = QImage()
        self._look: QPointF | None = None
        """The place of the image that is in the middle; None: its own middle."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("skeleton of the pose")
        theme.theme.changed.connect(self.update)

    # --- what is shown

    def show_picture(self, picture: npt.NDArray[np.uint8] | None) -> None:
        """uint8 H×W×3 to lie under the skeleton, dimmed; None: nothing. Its size is that of the poses."""
        self._picture = QImage() if picture is None else image(picture)
        if picture is not None:
            self.set_image_size(*picture.shape[:2])
        self.update()

    def set_image_size(self, height: int, width: int) -> None:
        """Of the pictures that the joints belong to."""
        if (height, width) != self.size_of_image:
            self.size_of_image = height, width
            self.fit()

    def show_pose(self, joints: Joints) -> None:
        self.joints = joints
        self._tell()
        self.update()

    def choose(self, joint: int) -> None:
        """The joint that keys move; it may be a missing one."""
        if joint != self.chosen:
            self.chosen = joint
            self.chosen_changed.emit(joint)
        self._tell()
        self.update()

    def fit(self) -> None:
        """The whole picture in view."""
        self.zoom, self._look = 1.0, None
        self.update()

    def status(self) -> str:
        """Which joint is chosen and where it is."""
        name, (x, y, there) = JOINTS[self.chosen], self.joints[self.chosen]
        if not there:
            return f"{name}: missing (Space adds it)"
        height, width = self.size_of_image
        beyond = "" if 0 <= x <= width and 0 <= y <= height else ", outside the picture"
        return f"{name}: x {x:.1f}, y {y:.1f} px{beyond}"

    def _tell(self) -> None:
        text = self.status()
        self.setAccessibleDescription(text)
        self.told.emit(text)

    # --- where things are

    @property
    def _middle(self) -> QPointF:
        """The place of the image in the middle of the widget. (A QPointF at 0, 0 is false, so None is asked for.)"""
        height, width = self.size_of_image
        return QPointF(width / 2, height / 2) if self._look is None else self._look

    @property
    def scale(self) -> float:
        """Logical pixels of the widget to a pixel of the image: as large as fits, since the picture is but a ground."""
        height, width = self.size_of_image
        room = max(self.width() - 2 * MARGIN, 8) / width, max(self.height() - 2 * MARGIN, 8) / height
        return min(room) * self.zoom

    def picture_rect(self) -> QRectF:
        """Where the picture is on the widget."""
        height, width = self.size_of_image
        scale, ratio = self.scale, self.devicePixelRatioF()
        look = self._middle
        left, top = self.width() / 2 - look.x() * scale, self.height() / 2 - look.y() * scale
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, width * scale, height * scale)

    def place_of(self, joint: int) -> QPointF | None:
        """Of a known joint, on the widget."""
        x, y, there = (float(v) for v in self.joints[joint])
        return self.to_widget(x, y) if there > 0 else None

    def to_widget(self, x: float, y: float) -> QPointF:
        rect, scale = self.picture_rect(), self.scale
        return QPointF(rect.left() + x * scale, rect.top() + y * scale)

    def to_image(self, at: QPointF) -> tuple[float, float]:
        rect, scale = self.picture_rect(), self.scale
        return (at.x() - rect.left()) / scale, (at.y() - rect.top()) / scale

    def joint_at(self, at: QPointF) -> int:
        """The nearest joint there, the chosen one first; −1: none."""
        places = [self.place_of(j) for j in range(len(JOINTS))]
        away = [math.inf if place is None else apart(at, place) for place in places]
        if away[self.chosen] <= painting.radius(self.chosen) + 1:
            return self.chosen
        nearest = min(range(len(JOINTS)), key=away.__getitem__)
        return nearest if away[nearest] <= REACH else -1

    # --- looking

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if turns:
            self.zoom_by(1.2**turns, event.position())
        event.accept()

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Closer, or farther; what lies under ``about`` stays there."""
        place = self.place_of(self.chosen) if about is None else about
        if place is None:
            place = QPointF(self.width() / 2, self.height() / 2)
        x, y = self.to_image(place)
        self.zoom = min(max(self.zoom * factor, 1.0), CLOSEST)
        if self.zoom == 1.0:
            self.fit()
            return
        self._look = QPointF(0, 0)
        self.move_view(self.to_widget(x, y) - place)

    def move_view(self, by: QPointF) -> None:
        height, width = self.size_of_image
        look = self._middle + by / self.scale
        self._look = QPointF(min(max(look.x(), 0.0), width), min(max(look.y(), 0.0), height))
        self.update()

    def hover(self, joint: int) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if joint >= 0 else Qt.CursorShape.ArrowCursor)
        if joint != self.hovered:
            self.hovered = joint
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.hover(-1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    # --- painting

    def sizeHint(self) -> QSize:
        return QSize(320, 340)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        painter.fillRect(self.rect(), QColor(colours.ground))
        there = known(self.joints)
        if not there.any() and self._picture.isNull():
            painter.setPen(QColor(colours.quiet))
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), wrap, self.empty_text)
        else:
            rect = self.picture_rect()
            painter.fillRect(rect, QColor(40, 41, 45))
            if not self._picture.isNull():
                shrunk = self.scale * self.devicePixelRatioF() < 1
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
                painter.setOpacity(0.6)
                painter.drawImage(rect, self._picture)
                painter.setOpacity(1.0)
            height, width = self.size_of_image
            beyond = frozenset(int(j) for j in np.flatnonzero(there & ~pose.inside(self.joints, width, height)))
            at = [self.place_of(j) for j in range(len(JOINTS))]
            live = self.hasFocus()
            painting.paint(painter, at, chosen=self.chosen, hovered=self.hovered, outside=beyond, live=live)
            painting.paint_sides(painter, at)
            named = self.hovered if self.hovered >= 0 or not live else self.chosen
            if named >= 0 and (place := at[named]) is not None and not self.held:
                inside = QRectF(self.rect()).adjusted(2, 2, -2, -2)
                painting.chip(painter, place + QPointF(0, 20), JOINTS[named], inside)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def apart(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())
