"""Settings: few, quiet, and each holds at once. A popover, not a dialog."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.data import places
from studio.engine.messages import Ready
from studio.gui import theme
from studio.gui.session import Session
from studio.gui.theme import SPACE, role
from studio.gui.words import memory


class Settings(QFrame):
    """Opens below the button that asked for it; a click elsewhere or Escape closes it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.session = session
        role(self, "card")
        self.setFixedWidth(46 * SPACE)
        self.setAccessibleName("Settings")
        kept = session.settings

        self.theme = _choice({"system": "as the system", "light": "light", "dark": "dark"}, kept.theme)
        self.theme.setAccessibleName("Theme")
        self.theme.setToolTip("Light or dark; holds at once")
        self.theme.currentIndexChanged.connect(lambda: set_theme(session, self.theme.currentData()))
        self.engine = _choice({"process": "a process of its own", "thread": "in this process"}, kept.engine_mode)
        self.engine.setAccessibleName("Where the engine runs")
        self.engine.setToolTip("In this process only for debugging: redraws slow training down")
        self.engine.currentIndexChanged.connect(self._set_engine)
        self.engine_hint = QLabel()
        role(self.engine_hint, "small")
        self.engine_hint.hide()
        self.device = _choice({"auto": "the best there is"}, "auto")
        self.device.setAccessibleName("Device to train on")
        self.device.setToolTip("What the next training runs on")
        self.device.currentIndexChanged.connect(self._set_device)
        self.about = QLabel("The engine is being loaded …")
        role(self.about, "small")
        self.about.setWordWrap(True)

        where = QWidget()
        line = QHBoxLayout(where)
        line.setContentsMargins(0, 0, 0, 0)
        folder = QLabel()
        folder.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        folder.setToolTip(f"{places.home()}\nSet GEN_STUDIO_HOME to keep it elsewhere.")
        folder.setText(self.fontMetrics().elidedText(str(places.home()), Qt.TextElideMode.ElideMiddle, 20 * SPACE))
        show = QPushButton("Show")
        role(show, "quiet")
        show.setToolTip("Show the folder of runs, datasets and settings in the file manager")
        show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(places.home()))))
        line.addWidget(folder, 1)
        line.addWidget(show)

        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(SPACE)
        form.addRow("Theme", self.theme)
        form.addRow("Engine", self.engine)
        form.addRow("", self.engine_hint)
        form.addRow("Device", self.device)
        form.addRow("Library", where)
        form.setRowVisible(self.engine_hint, False)
        self._form = form
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE + SPACE // 2)
        heading = QLabel("Settings")
        role(heading, "heading")
        column.addWidget(heading)
        column.addLayout(form)
        column.addWidget(self.about)
        session.ready.connect(self._ready)
        if session.known is not None:  # it was ready before anybody looked here
            self._ready(session.known)

    def open_below(self, button: QWidget) -> None:
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width(), button.height() + 4))
        self.move(corner.x() - self.width(), corner.y())
        self.show()
        self.theme.setFocus()

    def _ready(self, ready: Ready) -> None:
        wanted = self.session.settings.device
        self.device.blockSignals(True)
        self.device.clear()
        self.device.addItem("the best there is", "auto")
        for name, words in ready.devices.items():
            if name != "auto":
                self.device.addItem(words, name)
        # One that was chosen once and is not there today is not used, and comes back with its machine.
        self.device.setCurrentIndex(max(0, self.device.findData(wanted)))
        self.device.blockSignals(False)
        found = " · ".join(f"{name} {version}" for name, version in ready.versions.items() if name != "system")
        self.about.setText(f"{found}\nMemory {memory(ready.memory)}")

    def _set_device(self) -> None:
        self.session.settings.device = str(self.device.currentData())

    def _set_engine(self) -> None:
        self.session.settings.engine_mode = str(self.engine.currentData())
        self.engine_hint.setText("Holds from the next start on.")
        self._form.setRowVisible(self.engine_hint, True)


def set_theme(session: Session, choice: theme.Choice) -> None:
    """Switch, and remember."""
    session.settings.theme = choice
    theme.theme.apply(choice)


def _choice(items: dict[str, str], now: str) -> QComboBox:
    box = QComboBox()
    for data, text in items.items():
        box.addItem(text, data)
    box.setCurrentIndex(max(0, box.findData(now)))
    return box
