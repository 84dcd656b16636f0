"""Light and dark: colours, curves, spacing and the style sheet, switchable at once.

Widgets that paint themselves ask :func:`palette` inside ``paintEvent`` and need nothing else: a switch repaints
them. Those that keep a colour (a plot's pens) connect to ``theme.theme.changed``. Ordinary widgets are styled by
``resources/style.qss``; :func:`role` gives one of its parts::

    role(button, "primary")   the page's one primary button; "quiet": text alone; "danger"
    role(label, "title")      also "heading", "quiet", "number" (tabular), "bad", "warn", "good"
    role(frame, "card")       a raised group; "bar": top and bottom; "ground": neutral, under images
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

Choice = Literal["system", "light", "dark"]

SPACE = 8
"""The rhythm, in pixels: margins and gaps are multiples (or halves) of it."""

TEXT_PIXELS = 13
SMALL_PIXELS = 11
"""No text is smaller than this."""


@dataclass(frozen=True)
class Palette:
    """Colours as ``#rrggbb``, which QColor, style sheets and pyqtgraph all take.

    Attributes:
        window, base, raised: grounds of the window, of fields and lists and plots, of cards and bars.
        ground: neutral, under images.
        hover, chosen: ground of what is pointed at, of what is selected.
        line: hairlines; not for text.
        text, quiet: what is read, what is read second.
        accent, on_accent: the one accent colour, and text upon it.
        warn, bad, good: text and icons of trouble and success; never the only sign of it.
    """

    window: str
    base: str
    raised: str
    ground: str
    hover: str
    chosen: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    warn: str
    bad: str
    good: str


LIGHT = Palette(
    window="#f3f3f5",
    base="#ffffff",
    raised="#fafafb",
    ground="#e6e6e9",
    hover="#e9eaee",
    chosen="#dfe5fb",
    line="#d3d4d9",
    text="#1b1c20",
    quiet="#55585f",
    accent="#2f4fc6",
    on_accent="#ffffff",
    warn="#7d4f00",
    bad="#a8201a",
    good="#1a6338",
)
DARK = Palette(
    window="#17181b",
    base="#1d1f23",
    raised="#232529",
    ground="#2a2c30",
    hover="#2c2f35",
    chosen="#313a5e",
    line="#3c3f46",
    text="#e9eaee",
    quiet="#adb0b8",
    accent="#9db0ff",
    on_accent="#10142a",
    warn="#f2b95c",
    bad="#ff958c",
    good="#83dca2",
)

# Okabe & Ito's colour-blind-safe set, https://jfly.uni-koeln.de/color/, without those that vanish on the ground.
_CURVES_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#c56a9c", "#1b1c20")
_CURVES_DARK = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#e9eaee")
_DASHES: tuple[tuple[float, ...], ...] = ((), (6, 3), (2, 2), (8, 3, 2, 3))


class Theme(QObject):
    """The one theme of the application. ``changed`` is emitted after everything has its new colours."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: Choice = "system"
        self.dark = False
        self._followed = False

    @property
    def palette(self) -> Palette:
        return DARK if self.dark else LIGHT

    def apply(self, choice: Choice | None = None) -> None:
        """Give the application its style; with ``choice`` switch to it. Follows the system from then on."""
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            raise RuntimeError("a theme needs a QApplication")
        hints = QGuiApplication.styleHints()
        if not self._followed:
            self._followed = True
            hints.colorSchemeChanged.connect(self._system_changed)
        if choice is not None:
            self.choice = choice
        match self.choice:
            case "light":
                hints.setColorScheme(Qt.ColorScheme.Light)
            case "dark":
                hints.setColorScheme(Qt.ColorScheme.Dark)
            case "system":
                hints.unsetColorScheme()
        self.dark = self.choice == "dark" if self.choice != "system" else hints.colorScheme() == Qt.ColorScheme.Dark
        if app.style().objectName() != "fusion":
            app.setStyle("Fusion")
        app.setFont(text_font())
        app.setPalette(_qt_palette(self.palette))
        app.setStyleSheet(style_sheet(self.palette, dark=self.dark))
        self.changed.emit()

    def _system_changed(self) -> None:
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        if self.choice == "system" and dark != self.dark:
            self.apply()


theme = Theme()


def palette() -> Palette:
    """The colours of now."""
    return theme.palette


def curve_pen(i: int) -> tuple[str, list[float]]:
    """Colour and dash pattern (lengths in pen widths; empty: solid) of the ``i``-th curve.

    The numbers of colours and of dashes have no common divisor, so that 20 curves (28 in the dark) all differ.
    """
    colours = _CURVES_DARK if theme.dark else _CURVES_LIGHT
    return colours[i % len(colours)], list(_DASHES[i % len(_DASHES)])


def text_font(pixels: int = TEXT_PIXELS) -> QFont:
    """The system's font with digits of one width, so that changing numbers stand still."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(max(pixels, SMALL_PIXELS))
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def role(widget: QWidget, name: str) -> None:
    """Give a widget a part of the style sheet; see the module for which there are."""
    widget.setProperty("role", name)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def style_sheet(colours: Palette, *, dark: bool) -> str:
    """``resources/style.qss`` with these colours put in."""
    folder = resources()
    text = (folder / "style.qss").read_text("utf-8")
    return Template(text).substitute(
        asdict(colours), faint=faint(colours), images=folder.as_posix() + "/style", scheme="dark" if dark else "light"
    )


def resources() -> Path:
    """The folder of icons, style and presets that ship with the program."""
    return Path(str(files("studio") / "resources"))


def _qt_palette(c: Palette) -> QPalette:
    made = QPalette()
    group = QPalette.ColorRole
    for which, colour in {
        group.Window: c.window,
        group.WindowText: c.text,
        group.Base: c.base,
        group.AlternateBase: c.raised,
        group.Text: c.text,
        group.Button: c.raised,
        group.ButtonText: c.text,
        group.BrightText: c.bad,
        group.ToolTipBase: c.raised,
        group.ToolTipText: c.text,
        group.PlaceholderText: c.quiet,
        group.Highlight: c.chosen,
        group.HighlightedText: c.text,
        group.Link: c.accent,
        group.LinkVisited: c.accent,
        group.Accent: c.accent,
        group.Light: c.hover,
        group.Midlight: c.hover,
        group.Mid: c.line,
        group.Dark: c.line,
        group.Shadow: c.line,
    }.items():
        made.setColor(which, QColor(colour))
    for which in (group.WindowText, group.Text, group.ButtonText, group.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(faint(c)))
    return made


def faint(colours: Palette) -> str:
    """Of what is disabled; seen, but not inviting."""
    return blend(colours.text, colours.window, 0.45)


def blend(colour: str, ground: str, share: float) -> str:
    """``share`` (0..1) of a colour over a ground, as ``#rrggbb``."""
    top, under = QColor(colour), QColor(ground)
    mixed = [
        round(a * share + b * (1 - share))
        for a, b in zip(top.getRgb()[:3], under.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*mixed).name()


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1..21, as WCAG 2.1 defines it."""

    def luminance(colour: str) -> float:
        parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colour(text: str) -> QColor:
    """For painters, which take no text."""
    return QColor(text)
