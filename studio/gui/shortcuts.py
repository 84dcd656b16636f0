"""All keys, in one table: what installs them, what Shift+? shows, what tool tips mention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from studio.gui.theme import SPACE, colour, palette, role


@dataclass(frozen=True)
class Key:
    """``keys`` as QKeySequence takes them; ``shown`` as a person reads them."""

    name: str
    keys: tuple[str, ...]
    shown: str
    does: str
    group: str


KEYS = (
    Key("train", ("Space",), "Space", "train, pause, resume", "Training"),
    Key("stop", ("Ctrl+.",), "Ctrl+.", "stop, with a checkpoint", "Training"),
    Key("save", ("Ctrl+S",), "Ctrl+S", "checkpoint now", "Training"),
    Key("open", ("Ctrl+O",), "Ctrl+O", "open files: data, runs, pictures", "Files"),
    Key("open folder", ("Ctrl+Shift+O",), "Ctrl+Shift+O", "open a folder", "Files"),
    Key("export", ("Ctrl+E",), "Ctrl+E", "export", "Files"),
    Key("undo", ("Ctrl+Z",), "Ctrl+Z", "undo", "Files"),
    Key("redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Ctrl+Shift+Z", "redo", "Files"),
    Key("page 1", ("Ctrl+1",), "Ctrl+1", "Train", "Pages"),
    Key("page 2", ("Ctrl+2",), "Ctrl+2", "Explore", "Pages"),
    Key("page 3", ("Ctrl+3",), "Ctrl+3", "Compare", "Pages"),
    Key("page 4", ("Ctrl+4",), "Ctrl+4", "Library", "Pages"),
    Key("page 5", ("Ctrl+5",), "Ctrl+5", "Experiments", "Pages"),
    Key("find", ("Ctrl+F",), "Ctrl+F", "search", "Pages"),
    Key("sidebar", ("Ctrl+B",), "Ctrl+B", "show or hide the sidebar", "Pages"),
    Key("settings", ("Ctrl+,",), "Ctrl+,", "settings", "Help"),
    Key("help", ("F1",), "F1", "help", "Help"),
    Key("shortcuts", ("?", "Shift+?"), "Shift+?", "these keys", "Help"),
    Key("quit", ("Ctrl+Q",), "Ctrl+Q", "save the run and close", "Help"),
)
PAGE_KEYS = (
    Key("open", (), "Return", "explore it, or train on it", "Library"),
    Key("rename", ("F2",), "F2", "rename", "Library"),
    Key("delete", ("Del",), "Del", "to the trash, with undo", "Library"),
    Key("go on", ("Ctrl+R",), "Ctrl+R", "train, resume, train further", "Library"),
    Key("duplicate", ("Ctrl+D",), "Ctrl+D", "use the recipe again", "Library"),
    Key("compare", ("Ctrl+Return",), "Ctrl+Return", "compare what is selected", "Library"),
    Key("new seed", ("R",), "R", "other samples", "Explore"),
    Key("search", ("S",), "S", "search the latents, or stop", "Explore"),
    Key("edit latent", ("E",), "E", "edit the latent that was found", "Explore"),
    Key("play", ("P",), "P", "play, or stop", "Explore"),
    Key("flow", (), "arrows", "to a step, a sample (flows)", "Explore"),
    Key("beside", ("B",), "B", "another run beside (poses)", "Explore"),
    Key("use made", ("U",), "U", "pose what was made", "Explore"),
    Key("map", ("M",), "M", "picture or map (surprise)", "Explore"),
    Key("joint", (), "Tab", "the next joint", "Skeleton"),
    Key("move joint", (), "arrows", "move it; Ctrl: all of it", "Skeleton"),
    Key("hide", (), "Space", "hide or show it", "Skeleton"),
    Key("bend", (), "F", "bend the other way", "Skeleton"),
    Key("lengths", (), "L", "lengths kept, or free", "Skeleton"),
    Key("mirror", (), "M", "left becomes right", "Skeleton"),
    Key("size", (), "+  −", "larger, smaller", "Skeleton"),
    Key("paint", (), "Space", "paint", "Brush"),
    Key("move brush", (), "arrows", "move it; Ctrl: 4 pixels", "Brush"),
    Key("stroke", (), "Shift+arrows", "paint on the way", "Brush"),
    Key("width", (), "+  −", "wider, narrower", "Brush"),
    Key("keep", (), "X", "paint, or keep", "Brush"),
    Key("back", ("Escape",), "Escape", "to all experiments", "Experiments"),
    Key("card", (), "arrows", "to the next experiment", "Experiments"),
    Key("move", (), "arrows", "to the next picture", "Pictures"),
    Key("pick", (), "Return", "pick it", "Pictures"),
    Key("more", (), "Shift+arrows", "select more of them", "Pictures"),
    Key("log", (), "L", "logarithmic axis", "Curves"),
    Key("fit", (), "F", "the whole curve", "Curves"),
    Key("zoom", (), "+  −", "zoom", "Curves"),
    Key("read", (), "← →", "read point by point", "Curves"),
    Key("page", (), "Page keys", "move along", "Curves"),
    Key("small", (), "arrows", "a small step", "Sliders"),
    Key("large", (), "Page keys", "a large step", "Sliders"),
    Key("default", (), "double-click", "back to the default", "Sliders"),
    Key("number", (), "type", "a number", "Sliders"),
    Key("term", ("Shift+F1",), "Shift+F1", "explain the term here", "Help"),
)
"""Keys that only hold where they are needed. A page gives itself those with ``keys`` by :func:`bind`; those without
are what a widget hears by itself while it has the focus."""

_COLUMNS = (
    ("Training", "Files", "Brush", "Help"),
    ("Pages", "Library", "Explore", "Experiments"),
    ("Pictures", "Curves", "Sliders", "Skeleton"),
)


def bind(widget: QWidget, group: str, actions: Mapping[str, Callable[[], object]]) -> dict[str, QShortcut]:
    """Give a widget and what is inside it keys of :data:`PAGE_KEYS`, by name.

    Raises:
        LookupError: a name that the group has no key for.
    """
    made: dict[str, QShortcut] = {}
    for name, act in actions.items():
        for sequence in key(group, name).keys:
            shortcut = QShortcut(QKeySequence(sequence), widget)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(_unless_searched(sequence, act))
            made[name] = shortcut
    return made


def _unless_searched(sequence: str, act: Callable[[], object]) -> Callable[[], object]:
    """The same, but that a single letter belongs to a box with choices while it has the focus: typing goes to the
    choice that begins so, which Qt itself lets a shortcut take away."""
    if len(sequence) > 1:
        return act

    def heard() -> None:
        box = QApplication.focusWidget()
        if not isinstance(box, QComboBox):
            act()
            return
        pressed = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key(ord(sequence)), Qt.KeyboardModifier.NoModifier, sequence.lower()
        )
        box.keyPressEvent(pressed)  # sent as an event it would come here again

    return heard


def key(group: str, name: str) -> Key:
    """One key of a page.

    Raises:
        LookupError: there is none of that name.
    """
    for one in PAGE_KEYS:
        if (one.group, one.name) == (group, name) and one.keys:
            return one
    raise LookupError(f"{group} has no key for {name!r}")


def install(window: QWidget, actions: Mapping[str, Callable[[], object]]) -> dict[str, list[QShortcut]]:
    """Give the window its keys. Every key of :data:`KEYS` needs an action of its name.

    Single keys (Space, ?) leave those alone who need them: whoever types, and buttons and lists with the focus.
    """
    made: dict[str, list[QShortcut]] = {}
    for key in KEYS:
        for sequence in key.keys:
            shortcut = QShortcut(QKeySequence(sequence), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(actions[key.name])
            made.setdefault(key.name, []).append(shortcut)
    single = [*made["train"], *made["shortcuts"]]

    def focus_changed(_: QWidget | None, now: QWidget | None) -> None:
        for shortcut in single:
            shortcut.setEnabled(not needs_keys(now))

    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.focusChanged.connect(focus_changed)
        window.destroyed.connect(lambda: app.focusChanged.disconnect(focus_changed))
    return made


def needs_keys(widget: QWidget | None) -> bool:
    """Whether a widget with the focus wants Space or letters for itself.

    Widgets of our own say so by an attribute ``takes_space = True``.
    """
    typing = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox, QAbstractButton, QAbstractSlider)
    return isinstance(widget, typing) or bool(getattr(widget, "takes_space", False))


class Overlay(QWidget):
    """All keys on one sheet over the window; any key or click closes it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAccessibleName("All shortcuts")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        around = QVBoxLayout(self)
        card = QFrame()
        role(card, "card")
        around.addWidget(card, 0, Qt.AlignmentFlag.AlignCenter)
        columns = QHBoxLayout(card)
        columns.setContentsMargins(4 * SPACE, SPACE, 4 * SPACE, SPACE)
        columns.setSpacing(3 * SPACE)
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in (*KEYS, *PAGE_KEYS):
            groups.setdefault(one.group, []).append((one.shown, one.does))
        for names in _COLUMNS:
            columns.addLayout(_table({name: groups[name] for name in names}))
        self.hide()

    def toggle(self) -> None:
        if self.isVisible():
            self.hide()
            return
        window = self.parentWidget()
        if window is not None:
            self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        veil = colour(palette().window)
        veil.setAlpha(200)
        QPainter(self).fillRect(self.rect(), veil)


def _table(groups: Mapping[str, list[tuple[str, str]]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * SPACE)
    grid.setVerticalSpacing(SPACE // 2)
    at = 0
    for name, rows in groups.items():
        heading = QLabel(name)
        role(heading, "heading")
        heading.setContentsMargins(0, SPACE if at else 0, 0, 0)
        grid.addWidget(heading, at, 0, 1, 2)
        at += 1
        for keys, does in rows:
            said = QLabel(does)
            role(said, "quiet")
            grid.addWidget(QLabel(keys), at, 0)
            grid.addWidget(said, at, 1)
            at += 1
    grid.setRowStretch(at, 1)
    return grid
