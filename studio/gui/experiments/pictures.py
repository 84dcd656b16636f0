"""The pictures of an attempt, one at a time, as large as fits; arrows go from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.experiments.core.attempts import Attempt
from studio.gui.icons import icon
from studio.gui.library.picture import Picture
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.theme import SPACE, colour, palette, role


class Pictures(QWidget):
    HEIGHT = 260
    enlarge_wanted = Signal(str, str)
    """File and title of the picture that is to be seen as large as the page."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files: Sequence[tuple[str, str]] = ()
        self.at = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Pictures of the attempt")
        self.setToolTip("Click or Enter: as large as the page. Left and Right: the picture before and after")
        self.picture = Picture(thumbnails, "Picture of the attempt")
        self.picture.setFixedHeight(self.HEIGHT)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.count = QLabel()
        role(self.count, "quiet")
        self.back = self._button("caret-left", "The picture before (Left)", -1)
        self.next = self._button("caret-right", "The next picture (Right)", 1)
        self.picture.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout()
        row.setSpacing(SPACE // 2)
        row.addWidget(self.title, 1)
        for part in (self.back, self.count, self.next):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.picture)
        column.addLayout(row)

    def _button(self, name: str, tip: str, by: int) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(partial(self.go, by))
        return button

    def show_attempt(self, attempt: Attempt | None) -> None:
        """Those that are there; the widget goes when there are none. The place is kept where the files are the same."""
        pictures = attempt.findings.pictures if attempt is not None and attempt.findings is not None else ()
        files = [(str(attempt.path / p.file), p.title) for p in pictures] if attempt is not None else []
        if files != list(self.files):
            self.files, self.at = files, 0
        self.setVisible(bool(files))
        self._show()

    def go(self, by: int, _checked: bool = False) -> None:
        if 0 <= self.at + by < len(self.files):
            self.at += by
            self._show()

    def _show(self) -> None:
        if not self.files:
            self.picture.show_file("")
            return
        path, title = self.files[self.at]
        self.picture.show_file(path)
        self.picture.setAccessibleDescription(title)
        self.title.setText(title)
        self.count.setText(f"{self.at + 1} of {len(self.files)}")
        self.back.setEnabled(self.at > 0)
        self.next.setEnabled(self.at < len(self.files) - 1)
        for part in (self.back, self.count, self.next):
            part.setVisible(len(self.files) > 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Left:
            self.go(-1)
        elif event.key() == Qt.Key.Key_Right:
            self.go(1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enlarge()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.picture.geometry().contains(event.position().toPoint()):
            self._enlarge()

    def _enlarge(self) -> None:
        if self.files:
            self.enlarge_wanted.emit(*self.files[self.at])


class Enlarged(QWidget):
    """A picture over the whole page; a click, Escape or Enter closes it."""

    def __init__(self, thumbnails: Thumbnails, page: QWidget) -> None:
        super().__init__(page)
        self.setAccessibleName("Picture, enlarged")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.picture = Picture(thumbnails, "Picture, enlarged")
        self.picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.picture, 1)
        column.addWidget(self.title)
        page.installEventFilter(self)
        self.hide()

    def show_picture(self, path: str, title: str) -> None:
        self.picture.show_file(path)
        self.title.setText(f"{title} (Escape closes)")
        self.setAccessibleDescription(title)
        self._fit()
        self.show()
        self.raise_()
        self.setFocus()

    def _fit(self) -> None:
        page = self.parentWidget()
        if page is not None:
            self.setGeometry(page.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parentWidget():
            self._fit()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.hide()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), colour(palette().window))
