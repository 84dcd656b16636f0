"""What the window remembers: ``settings.ini`` in the home folder, so that a test or a second home has its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import orjson
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from studio.data import places
from studio.gui.theme import Choice

_CHOICES = ("system", "light", "dark")


class Preferences(QObject):
    """Typed settings, and :meth:`get` / :meth:`set` for whatever plain data a page wants to keep.

    A value that cannot be read (edited by hand, of an older version) counts as absent.
    """

    changed = Signal(str)
    """The name of what was set."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = QSettings(str(path or places.home() / "settings.ini"), QSettings.Format.IniFormat)

    def get(self, name: str, default: Any = None) -> Any:
        """Plain data (what JSON can hold) by name, "page/what"."""
        text = self._store.value(name)
        if not isinstance(text, str):
            return default
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return default

    def set(self, name: str, value: Any) -> None:
        self._store.setValue(name, orjson.dumps(value).decode())
        self.changed.emit(name)

    def bytes(self, name: str) -> QByteArray:
        """Geometry and splitter states as Qt saves them; empty when absent."""
        value = self._store.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_bytes(self, name: str, value: QByteArray) -> None:
        self._store.setValue(name, value)

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()

    @property
    def theme(self) -> Choice:
        value = self.get("theme", "system")
        return cast("Choice", value) if value in _CHOICES else "system"

    @theme.setter
    def theme(self, choice: Choice) -> None:
        self.set("theme", choice)

    @property
    def engine_mode(self) -> str:
        """``process`` or ``thread``; holds from the next start of the engine on."""
        return "thread" if self.get("engine") == "thread" else "process"

    @engine_mode.setter
    def engine_mode(self, mode: str) -> None:
        self.set("engine", mode)

    @property
    def device(self) -> str:
        """What :class:`studio.engine.messages.Start` takes."""
        value = self.get("device", "auto")
        return value if isinstance(value, str) and value else "auto"

    @device.setter
    def device(self, name: str) -> None:
        self.set("device", name)
