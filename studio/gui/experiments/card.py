"""An experiment as a card of the gallery: picture of the telling attempt, what is claimed, what came of it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from studio.gui import theme
from studio.gui.experiments.seen import Doing, Seen, result
from studio.gui.icons import icon
from studio.gui.library.thumbnails import Thumbnails, Wanted
from studio.gui.theme import SPACE, colour, palette

PICTURE = 132
TITLE, CLAIM = 2, 3
"""Lines at most."""


class Card(QAbstractButton):
    """Click, Enter or Space opens it."""

    LEAST = 288

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.seen: Seen | None = None
        self.state = Doing("circle", "not tried yet", "quiet")
        self.share = -1.0
        self._thumbnails = thumbnails
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(self.LEAST)
        thumbnails.ready.connect(self._came)
        theme.theme.changed.connect(self.update)

    def show_seen(self, seen: Seen, state: Doing, share: float = -1.0) -> None:
        """``share``: how much of the attempt under way is done, below 0 for none."""
        self.seen, self.state, self.share = seen, state, share
        experiment = seen.experiment
        self.setAccessibleName(f"{experiment.title}, {by(seen)}: {self.line}")
        self.setAccessibleDescription(experiment.claim)
        self.setToolTip(
            f"{experiment.title}\n{experiment.authors} {experiment.year}, {experiment.where}\nClick to open"
        )
        self.update()

    @property
    def line(self) -> str:
        """How it is doing, with the figure of the telling attempt, or of the newest that has one."""
        seen = self.seen
        if seen is None:
            return ""
        tried = [seen.telling, *seen.attempts] if seen.telling is not None else []
        got = next((r for a in tried if a is not None and (r := result(seen.experiment, a, beside=True))), "")
        return f"{self.state.words} · {got}" if got and self.share < 0 else self.state.words

    def sizeHint(self) -> QSize:
        plain, bold = self._metrics()
        words = (TITLE * bold.height()) + plain.height() * (CLAIM + 2)
        return QSize(self.LEAST, PICTURE + words + 5 * SPACE)

    @staticmethod
    def _metrics() -> tuple[QFontMetrics, QFontMetrics]:
        bold = theme.text_font()
        bold.setBold(True)
        return QFontMetrics(theme.text_font(theme.SMALL_PIXELS + 1)), QFontMetrics(bold)

    def _came(self, path: str) -> None:
        if self.seen is not None and path == self.seen.picture:
            self.update()

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        seen = self.seen
        if seen is None:
            return
        colours = palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self.hasFocus() or self.isDown()
        painter.setPen(colour(colours.accent if lit else colours.line))
        painter.setBrush(colour(colours.hover if self.underMouse() else colours.raised))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        if lit:
            painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 5, 5)
        wide = self.width() - 2 * SPACE
        self._paint_picture(painter, QRect(SPACE, SPACE, wide, PICTURE - SPACE), seen)
        y = PICTURE + SPACE
        small = theme.text_font(theme.SMALL_PIXELS + 1)
        bold = theme.text_font()
        bold.setBold(True)
        texts = ((bold, colours.text, seen.experiment.title, TITLE), (small, colours.quiet, by(seen), 1))
        for font, ink, text, most in (*texts, (small, colours.text, seen.experiment.claim, CLAIM)):
            painter.setFont(font)
            painter.setPen(colour(ink))
            metrics = QFontMetrics(font)
            for line in wrapped(metrics, text, wide - 4, most):
                painter.drawText(QRect(SPACE + 2, y, wide - 4, metrics.height()), Qt.AlignmentFlag.AlignLeft, line)
                y += metrics.height()
            y += SPACE // 2
        self._paint_state(painter, QFontMetrics(small))

    def _paint_picture(self, painter: QPainter, place: QRect, seen: Seen) -> None:
        painter.fillRect(place, colour(palette().ground))
        ratio = self.devicePixelRatioF()
        wanted = Wanted(seen.picture, round(place.width() * ratio), round(place.height() * ratio))
        found = self._thumbnails.get(wanted) if seen.picture else None
        if found is None:
            side = 32
            corner = QRect(place.center().x() - side // 2, place.center().y() - side // 2, side, side)
            icon("hourglass" if seen.picture else "flask", "quiet").paint(painter, corner)
            return
        size = QSize(round(found.width() / ratio), round(found.height() / ratio))
        corner = QRect(
            place.x() + (place.width() - size.width()) // 2, place.y() + (place.height() - size.height()) // 2,
            size.width(), size.height(),
        )  # fmt: skip
        painter.drawPixmap(corner, found)

    def _paint_state(self, painter: QPainter, metrics: QFontMetrics) -> None:
        colours = palette()
        y = self.height() - SPACE - metrics.height()
        icon(self.state.icon, self.state.colour).paint(painter, QRect(SPACE, y, 16, metrics.height()))
        loud = self.state.colour in ("bad", "warn", "good")
        painter.setPen(colour(getattr(colours, self.state.colour) if loud else colours.quiet))
        left = SPACE + 22
        wide = self.width() - left - SPACE
        line = metrics.elidedText(self.line, Qt.TextElideMode.ElideRight, wide)
        painter.drawText(QRect(left, y, wide, metrics.height()), Qt.AlignmentFlag.AlignLeft, line)
        if self.share >= 0:
            track = QRect(SPACE, self.height() - SPACE // 2 - 2, self.width() - 2 * SPACE, 3)
            painter.fillRect(track, colour(colours.line))
            track.setWidth(round(track.width() * min(1.0, self.share)))
            painter.fillRect(track, colour(colours.accent))


def by(seen: Seen) -> str:
    """ "Chen et al. 2016, section 7.2 and figure 2"."""
    first, *others = [a.strip() for a in seen.experiment.authors.replace(" and ", ", ").split(",")]
    return f"{first}{' et al.' if others else ''} {seen.experiment.year}, {seen.experiment.where}"


def wrapped(metrics: QFontMetrics, text: str, width: int, most: int) -> list[str]:
    """The text in at most so many lines; the last one ends in … where there is more."""
    lines: list[str] = [""]
    words = text.split()
    for at, word in enumerate(words):
        longer = f"{lines[-1]} {word}".strip()
        if metrics.horizontalAdvance(longer) <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            rest = " ".join([lines[-1], *words[at:]])
            lines[-1] = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)
            break
    return lines
