"""How a skeleton looks on the canvas. The person's right is warm, solid and round; their left cool, dashed, square."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from studio.data.body_pictures import limb_colour
from studio.data.skeleton import JOINTS, LIMBS, J
from studio.gui import theme

RADIUS = 5.5
SMALL = 4.5
"""Half of the width of a handle; of those of eyes and ears, which lie close together."""
DARK = QColor(0, 0, 0, 190)
LIGHT = QColor(255, 255, 255)
FACE = frozenset(J[name] for name in ("right eye", "left eye", "right ear", "left ear"))
_LETTERED = (("R", "right"), ("L", "left"))


def radius(joint: int) -> float:
    return SMALL if joint in FACE else RADIUS


def is_left(joint: int) -> bool:
    return JOINTS[joint].startswith("left")


def paint(
    painter: QPainter, at: Sequence[QPointF | None], *, chosen: int, hovered: int, outside: frozenset[int], live: bool
) -> None:
    """The limbs and handles of joints at these places of the widget; None: missing.

    Args:
        outside: those which lie beyond the picture; they are hollow.
        live: the canvas has the focus.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    limbs = [(at[a], at[b], b) for a, b in LIMBS]
    for wide in (True, False):
        for start, end, joint in limbs:
            if start is not None and end is not None:
                pen = QPen(DARK if wide else QColor(*limb_colour(joint)), 6 if wide else 3)
                pen.setCapStyle(Qt.PenCapStyle.FlatCap if not wide and is_left(joint) else Qt.PenCapStyle.RoundCap)
                if is_left(joint) and not wide:
                    pen.setDashPattern([2.2, 1.1])
                painter.setPen(pen)
                painter.drawLine(start, end)
    for joint in sorted(range(len(at)), key=lambda j: (j == chosen, j == hovered)):
        place = at[joint]
        if place is not None:
            _handle(painter, place, joint, chosen=joint == chosen, outside=joint in outside, live=live)


def _handle(painter: QPainter, place: QPointF, joint: int, *, chosen: bool, outside: bool, live: bool) -> None:
    size = radius(joint)
    fill = QColor(*limb_colour(joint))
    painter.setPen(QPen(DARK, 1.5))
    painter.setBrush(DARK if outside else fill)
    _shape(painter, place, joint, size)
    if outside:
        painter.setPen(QPen(fill, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _shape(painter, place, joint, size - 1.5)
    if chosen:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(DARK, 4))
        _shape(painter, place, joint, size + 3)
        painter.setPen(QPen(LIGHT, 2 if live else 1.5, Qt.PenStyle.SolidLine if live else Qt.PenStyle.DotLine))
        _shape(painter, place, joint, size + 3)


def _shape(painter: QPainter, place: QPointF, joint: int, size: float) -> None:
    box = QRectF(place.x() - size, place.y() - size, 2 * size, 2 * size)
    if is_left(joint):
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 1.5, 1.5)
    else:
        painter.drawEllipse(box)


def paint_sides(painter: QPainter, at: Sequence[QPointF | None]) -> None:
    """R and L at the person's own right and left, beside the outermost of shoulder, hip, wrist that is there."""
    painter.setFont(theme.text_font(theme.SMALL_PIXELS))
    for letter, side in _LETTERED:
        place = next(
            (at[J[f"{side} {n}"]] for n in ("shoulder", "hip", "wrist") if at[J[f"{side} {n}"]] is not None), None
        )
        other = "left" if side == "right" else "right"
        beyond = next((at[J[n]] for n in (f"{other} shoulder", "neck", f"{other} hip") if at[J[n]] is not None), None)
        if place is None:
            continue
        out = 1.0 if beyond is None or place.x() >= beyond.x() else -1.0
        elbow = at[J[f"{side} elbow"]]
        up = 1.0 if elbow is not None and elbow.y() < place.y() else -1.0  # not over the arm
        chip(painter, QPointF(place.x() + 14 * out, place.y() + 13 * up), letter)


def chip(painter: QPainter, middle: QPointF, text: str, within: QRectF | None = None) -> None:
    """A word on a small ground, so that it can be read over any picture; kept inside of ``within``."""
    metrics = QFontMetricsF(painter.font())
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
    box.moveCenter(middle)
    if within is not None:
        box.moveLeft(min(max(box.left(), within.left()), within.right() - box.width()))
        box.moveTop(min(max(box.top(), within.top()), within.bottom() - box.height()))
    colours = theme.palette()
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.setBrush(QColor(colours.raised))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor(colours.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
