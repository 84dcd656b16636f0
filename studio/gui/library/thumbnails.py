"""Thumbnails: decoded and scaled on worker threads, kept by size, handed out without waiting."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from studio.gui import work

_EMPTY = re.compile(r'<path id="([^"]+)"(?![^>]*\bd=)[^>]*/>')
"""Of a drawing: a named path without points."""


@dataclass(frozen=True)
class Wanted:
    """A picture file, fitted into ``width``×``height`` device pixels.

    ``crop`` > 0 takes only that many pixels from the top left corner, so that a sheet of many small pictures shows
    a few of them large enough to be seen; ``share`` < 1 does so by a share of either side.
    """

    path: str
    width: int
    height: int
    crop: int = 0
    share: float = 1.0


class Thumbnails(QObject):
    """Ask with :meth:`get`; what is not there yet arrives with ``ready``. Newest wishes are served first, and
    those that scrolled away long ago are dropped, so that a fling through a thousand runs does not decode them all.
    """

    ready = Signal(str)  # path of the picture

    WAITING = 120
    AT_ONCE = 2

    def __init__(self, parent: QObject | None = None, budget: int = 96 * 2**20) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[Wanted, QPixmap | None] = OrderedDict()
        self._bytes = 0
        self._budget = budget
        self._waiting: OrderedDict[Wanted, None] = OrderedDict()
        self._busy: set[Wanted] = set()

    def get(self, wanted: Wanted) -> QPixmap | None:
        """The picture when it is there; None while it is decoded, or when it cannot be."""
        if not wanted.path:
            return None
        if wanted in self._kept:
            self._kept.move_to_end(wanted)
            return self._kept[wanted]
        if wanted not in self._busy:
            self._waiting[wanted] = None
            self._waiting.move_to_end(wanted)
            if len(self._waiting) > self.WAITING:
                self._waiting.popitem(last=False)
            self._serve()
        return None

    def forget(self, path: str) -> None:
        """The file has changed: decode it again when next asked."""
        for wanted in [w for w in self._kept if w.path == path]:
            self._bytes -= _weight(self._kept.pop(wanted))

    def _serve(self) -> None:
        while self._waiting and len(self._busy) < self.AT_ONCE:
            wanted, _ = self._waiting.popitem()
            self._busy.add(wanted)
            self._decode(wanted)

    def _decode(self, wanted: Wanted) -> None:
        work.run(
            self,
            lambda watch: decode(wanted),
            lambda image: self._arrived(wanted, image),
            lambda wrong: self._arrived(wanted, None),
        )

    def _arrived(self, wanted: Wanted, image: QImage | None) -> None:
        self._busy.discard(wanted)
        pixmap = QPixmap.fromImage(image) if image is not None and not image.isNull() else None
        self._kept[wanted] = pixmap
        self._bytes += _weight(pixmap)
        while self._bytes > self._budget and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= _weight(old)
        self.ready.emit(wanted.path)
        self._serve()


def _weight(pixmap: QPixmap | None) -> int:
    return 0 if pixmap is None else pixmap.width() * pixmap.height() * 4


def decode(wanted: Wanted) -> QImage | None:
    """The picture, read and scaled; None when the file is no picture, or is larger than Qt's own guard allows.

    Enlarged by nearest neighbour, reduced smoothly. For worker threads.
    """
    if wanted.path.endswith(".svg"):
        return _drawing(wanted)
    reader = QImageReader(wanted.path)
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        return None
    if wanted.crop:
        image = image.copy(0, 0, min(wanted.crop, image.width()), min(wanted.crop, image.height()))
    if wanted.share < 1:
        image = image.copy(
            0, 0, max(1, round(image.width() * wanted.share)), max(1, round(image.height() * wanted.share))
        )
    into = image.size().scaled(QSize(wanted.width, wanted.height), Qt.AspectRatioMode.KeepAspectRatio)
    if into.width() > image.width():
        # Enlarged by whole pixels, each as large as every other; where that leaves much room, by one more and back,
        # which keeps the pixels crisp and softens only the seams between them.
        times = into.width() // image.width()
        whole = image.scaled(image.size() * times)
        if whole.width() >= 0.85 * into.width():
            return whole
        image = image.scaled(image.size() * (times + 1))
    return image.scaled(into, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _drawing(wanted: Wanted) -> QImage | None:
    """A drawing, sharp at the size that is wanted; None when the file is none."""
    try:
        text = Path(wanted.path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    # matplotlib writes the glyph of a space as a path without points, which Qt complains of wherever there is a space.
    for name in _EMPTY.findall(text):
        text = re.sub(rf'<use xlink:href="#{re.escape(name)}"[^>]*/>', "", text)
    text = _EMPTY.sub("", text)
    held = QBuffer()
    held.setData(text.encode())
    held.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(held, QByteArray(b"svg"))
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        return None
    reader.setScaledSize(size.scaled(QSize(wanted.width, wanted.height), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image
