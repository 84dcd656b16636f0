"""The theme: contrast, digits, curves, the switch, and icons that follow it."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from studio.gui import icons, theme
from studio.gui.library.row import SHOWN

GROUNDS = ("window", "base", "raised", "ground", "hover", "chosen")
INKS = ("text", "quiet", "accent", "warn", "bad", "good")


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_every_text_has_a_contrast_of_4_5_on_every_ground(colours: theme.Palette) -> None:
    pairs = [(ink, ground) for ink in INKS for ground in GROUNDS] + [("on_accent", "accent")]
    poor = {
        f"{ink} on {ground}": round(c, 2)
        for ink, ground in pairs
        if (c := theme.contrast(getattr(colours, ink), getattr(colours, ground))) < 4.5
    }
    assert not poor


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_twenty_curves_all_differ_and_are_seen(qtbot: QtBot, choice: theme.Choice) -> None:
    theme.theme.apply(choice)
    pens = [theme.curve_pen(i) for i in range(20)]
    assert all(a != b for a, b in itertools.combinations(pens, 2))
    assert all(theme.contrast(colour, theme.palette().base) >= 3 for colour, _ in pens)
    assert all(a[1] != b[1] for a, b in itertools.pairwise(pens)), "neighbours differ by dash too"


def test_a_switch_of_theme_reaches_widgets_and_icons_at_once(qtbot: QtBot) -> None:
    icons.wake()
    theme.theme.apply("light")
    label = QLabel("words")
    qtbot.addWidget(label)
    label.show()
    picture = icons.icon("play-fill")
    inks = []
    for choice in ("light", "dark"):
        with qtbot.waitSignal(theme.theme.changed):
            theme.theme.apply(choice)
        image = picture.pixmap(QSize(32, 32)).toImage()
        inks.append(image.pixelColor(14, 16).name())
        assert inks[-1] == theme.palette().text
        assert label.palette().windowText().color() == QColor(theme.palette().text)
    assert inks[0] != inks[1]


def test_system_is_followed_unless_a_theme_was_chosen(qtbot: QtBot) -> None:
    theme.theme.apply("dark")
    assert theme.theme.dark
    theme.theme.apply("system")
    from PySide6.QtCore import Qt

    assert theme.theme.dark == (QApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark)


def test_digits_have_one_width_and_no_text_is_under_11_pixels(qtbot: QtBot) -> None:
    theme.theme.apply("light")
    font = theme.text_font(5)
    assert font.pixelSize() == 11
    assert font.featureValue(QFont.Tag("tnum")) == 1
    metrics = QFontMetricsF(QApplication.font())
    assert len({round(metrics.horizontalAdvance(d), 3) for d in "0123456789"}) == 1
    sheet = theme.style_sheet(theme.LIGHT, dark=False)
    sizes = [int(part.split("px")[0]) for part in sheet.split("font-size: ")[1:]]
    assert sizes
    assert min(sizes) >= 11


def test_every_icon_that_the_window_names_is_in_the_font() -> None:
    import qtawesome

    folder = Path(qtawesome.__file__).parent / "fonts"
    there = set(json.loads(next(folder.glob("phosphor-charmap-*.json")).read_text()))
    gui = Path(icons.__file__).parent
    named = {
        (file.relative_to(gui).as_posix(), name.removeprefix("ph."))
        for file in gui.rglob("*.py")
        for name in re.findall(r"""icon\(\s*"([a-z.-]+)\"""", file.read_text("utf-8"))
    }
    named |= {("library/row.py", sign) for _, sign, _ in SHOWN.values()}
    assert len(named) > 30
    assert not {(file, name) for file, name in named if name not in there}


def test_icons_are_blank_until_woken(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icons, "_awake", False)
    image = icons.icon("play-fill").pixmap(QSize(16, 16)).toImage()
    assert all(image.pixelColor(x, y).alpha() == 0 for x in range(16) for y in range(16))
