"""How a run is drawn: a line of the list with a small picture, a card of the gallery with a large one."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.gui import theme
from studio.gui.icons import icon
from studio.gui.library import model
from studio.gui.library.row import Row
from studio.gui.library.thumbnails import Thumbnails, Wanted
from studio.gui.theme import SPACE, palette

Index = QModelIndex | QPersistentModelIndex

SMALL = 40
LARGE = 184
_STATE = QStyle.StateFlag


def shown_row(index: Index) -> Row | None:
    row = index.data(model.ROW)
    return row if isinstance(row, Row) else None


_signs: dict[tuple[str, str, int, float, bool], QPixmap] = {}


def draw_sign(painter: QPainter, where: QRect, name: str, colour: str) -> None:
    """An icon, from a picture of it that is kept: to draw the vectors anew in every row would make scrolling heavy."""
    ratio = painter.device().devicePixelRatioF()
    key = (name, colour, where.width(), ratio, theme.theme.dark)
    kept = _signs.get(key)
    if kept is None:
        kept = QPixmap(round(where.width() * ratio), round(where.height() * ratio))
        kept.setDevicePixelRatio(ratio)
        kept.fill(Qt.GlobalColor.transparent)
        drawing = QPainter(kept)
        icon(name, colour).paint(drawing, QRect(0, 0, where.width(), where.height()))
        drawing.end()
        _signs[key] = kept
    painter.drawPixmap(where.topLeft(), kept)


@cache
def small_font() -> QFont:
    return theme.text_font(theme.SMALL_PIXELS)


def draw_picture(painter: QPainter, into: QRect, pixmap: QPixmap | None, *, damaged: bool = False) -> None:
    """A picture centred on the neutral ground; without one, a quiet sign in its place."""
    painter.fillRect(into, QColor(palette().ground))
    if pixmap is None:
        side = min(24, into.width() // 2)
        where = QRect(into.center() - QPoint(side // 2 - 1, side // 2 - 1), QSize(side, side))
        draw_sign(painter, where, "warning-octagon" if damaged else "image", "bad" if damaged else "quiet")
        return
    size = pixmap.deviceIndependentSize().toSize()
    if size.width() > into.width() or size.height() > into.height():
        size.scale(into.size(), Qt.AspectRatioMode.KeepAspectRatio)
    corner = into.topLeft() + QPoint((into.width() - size.width()) // 2, (into.height() - size.height()) // 2)
    painter.drawPixmap(QRect(corner, size), pixmap)


def picture_of(thumbnails: Thumbnails, row: Row, side: int, ratio: float, *, few: bool) -> QPixmap | None:
    """The run's thumbnail for a square of ``side``; ``few`` crops to 2×2 pictures of the sheet."""
    device = round(side * ratio)
    pixmap = thumbnails.get(Wanted(row.thumbnail, device, device, 2 * row.cell + 3 if few and row.cell else 0))
    if pixmap is not None:
        pixmap.setDevicePixelRatio(ratio)
    return pixmap


def bar(painter: QPainter, into: QRect, share: float, colour: str) -> None:
    """A thin progress bar."""
    painter.fillRect(into, QColor(palette().line))
    painter.fillRect(QRect(into.topLeft(), QSize(round(into.width() * share), into.height())), QColor(colour))


def _elided(painter: QPainter, where: QRect, text: str, flags: Qt.AlignmentFlag) -> None:
    metrics = painter.fontMetrics()
    painter.drawText(where, int(flags), metrics.elidedText(text, Qt.TextElideMode.ElideRight, where.width()))


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Renaming(QStyledItemDelegate):
    """Edits a title in place, in a field that covers the title alone."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        field = QLineEdit(parent)
        field.setAccessibleName("Title of the run")
        field.setMaxLength(200)
        return field

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, *, edge: bool) -> None:
        """Selection and hover; ``edge``: a selected row also has a bar at its left, so that colour is not alone."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if option.state & _STATE.State_Selected:
            painter.fillRect(option.rect, QColor(palette().chosen))
            if edge:
                painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), QColor(palette().accent))
        elif option.state & _STATE.State_MouseOver:
            painter.fillRect(option.rect, QColor(palette().hover))

    def _focus(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        if option.state & _STATE.State_HasFocus:
            painter.setPen(QPen(QColor(palette().quiet), 1, Qt.PenStyle.DotLine))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


class ListDelegate(_Renaming):
    """The columns of the list: the run with its picture and tags, the status with its icon, the progress as a bar."""

    HEIGHT = SMALL + SPACE

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), self.HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = shown_row(index)
        if row is None:
            return
        painter.save()
        self._ground(painter, option, edge=index.column() == model.RUN)
        inner = option.rect.adjusted(SPACE, 0, -SPACE, 0)
        colours = palette()
        painter.setPen(QColor(colours.text))
        match index.column():
            case model.RUN:
                self._run(painter, option.rect, row)
            case model.STATUS:
                draw_sign(painter, QRect(inner.left(), inner.center().y() - 7, 16, 16), row.icon, row.icon_colour)
                self._status(painter, inner, row)
            case model.PROGRESS:
                self._progress(painter, inner, row)
            case _:
                alignment = index.data(Qt.ItemDataRole.TextAlignmentRole)
                _elided(painter, inner, str(index.data()), Qt.AlignmentFlag(alignment))
        if index.column() == model.RUN:
            self._focus(painter, option)
        painter.restore()

    def _run(self, painter: QPainter, rect: QRect, row: Row) -> None:
        where = QRect(rect.left() + SPACE, rect.center().y() - SMALL // 2 + 1, SMALL, SMALL)
        ratio = painter.device().devicePixelRatioF()
        draw_picture(painter, where, picture_of(self.thumbnails, row, SMALL, ratio, few=True), damaged=row.damaged)
        text = self._title_rect(rect)
        second = ", ".join(row.tags) or row.note.split("\n", 1)[0]
        if row.damaged:
            second = row.message
        if not second:
            _elided(painter, text, row.title, _LEFT)
            return
        upper = QRect(text.left(), rect.center().y() - 18, text.width(), 18)
        _elided(painter, upper, row.title, _LEFT)
        painter.setFont(small_font())
        painter.setPen(QColor(palette().bad if row.damaged else palette().quiet))
        _elided(painter, upper.translated(0, 18), second, _LEFT)

    @staticmethod
    def _title_rect(rect: QRect) -> QRect:
        return rect.adjusted(2 * SPACE + SMALL, 0, -SPACE, 0)

    def _status(self, painter: QPainter, inner: QRect, row: Row) -> None:
        """The word, and how far it got where that is not told by the word."""
        text = inner.adjusted(16 + SPACE, 0, 0, 0)
        if row.shown in ("finished", "new", "damaged"):
            _elided(painter, text, row.status, _LEFT)
            return
        upper = QRect(text.left(), inner.center().y() - 14, text.width(), 20)
        _elided(painter, upper, row.status, _LEFT)
        painter.setFont(small_font())
        painter.setPen(QColor(palette().quiet))
        painter.drawText(upper, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{row.progress:.0%}")
        colour = palette().accent if row.shown == "training" else palette().quiet
        bar(painter, QRect(text.left(), inner.center().y() + 8, text.width(), 3), row.progress, colour)

    def _progress(self, painter: QPainter, inner: QRect, row: Row) -> None:
        if row.damaged:
            _elided(painter, inner, "–", _LEFT)
            return
        painter.setFont(small_font())
        _elided(painter, QRect(inner.left(), inner.center().y() - 17, inner.width(), 18), row.progress_text, _LEFT)
        colour = palette().accent if row.shown == "training" else palette().quiet
        bar(painter, QRect(inner.left(), inner.center().y() + 5, inner.width(), 4), row.progress, colour)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        where = self._title_rect(option.rect)
        editor.setGeometry(where.adjusted(-4, 8, 0, -8))


class GalleryDelegate(_Renaming):
    """A card: the whole sheet as large as fits, the title, and how it stands."""

    CARD = QSize(LARGE + 2 * SPACE, LARGE + 2 * SPACE + 40)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = shown_row(index)
        if row is None:
            return
        painter.save()
        self._ground(painter, option, edge=True)
        rect, colours = option.rect, palette()
        where = QRect(rect.left() + SPACE, rect.top() + SPACE, LARGE, LARGE)
        ratio = painter.device().devicePixelRatioF()
        draw_picture(painter, where, picture_of(self.thumbnails, row, LARGE, ratio, few=False), damaged=row.damaged)
        if row.shown in ("training", "paused"):
            bar(painter, QRect(where.left(), where.bottom() - 3, LARGE, 4), row.progress, colours.accent)
        painter.setPen(QColor(colours.text))
        text = self._title_rect(rect)
        _elided(painter, text, row.title, _LEFT)
        below = text.translated(0, 20)
        draw_sign(painter, QRect(below.left(), below.center().y() - 6, 14, 14), row.icon, row.icon_colour)
        painter.setFont(small_font())
        painter.setPen(QColor(colours.quiet))
        what = row.message if row.damaged else f"{row.status} · {row.model_title} · {row.dataset}"
        _elided(painter, below.adjusted(14 + SPACE // 2, 0, 0, 0), what, _LEFT)
        self._focus(painter, option)
        painter.restore()

    @staticmethod
    def _title_rect(rect: QRect) -> QRect:
        return QRect(rect.left() + SPACE, rect.top() + SPACE + LARGE + 4, LARGE, 18)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(self._title_rect(option.rect).adjusted(0, -3, 0, 3))
