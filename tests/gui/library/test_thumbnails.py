"""Thumbnails of drawings: sharp at the size that is wanted, and without complaints of Qt."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from studio.gui.library.thumbnails import Wanted, decode

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20">
<defs><path id="Space-3" transform="scale(0.01)"/><path id="A-4" d="M0 0 L5 5 L0 5 z"/></defs>
<rect width="40" height="20" fill="#ffffff"/><use xlink:href="#Space-3" x="1"/><use xlink:href="#A-4" x="20"/></svg>"""


def test_a_drawing_is_as_large_as_it_is_wanted_and_its_spaces_are_no_trouble(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text(DRAWING)
    image = decode(Wanted(str(path), 400, 400))
    assert image is not None
    assert (image.width(), image.height()) == (400, 200)
    assert image.pixelColor(210, 40).lightness() < 40
    assert image.pixelColor(100, 100).lightness() > 250


def test_what_is_no_drawing_has_no_thumbnail(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    assert decode(Wanted(str(path), 10, 10)) is None
    path.write_bytes(b"\xff\xfe\x00nothing")
    assert decode(Wanted(str(path), 10, 10)) is None
