"""A dataset of the cache as the library shows it, and what undo takes back of renaming and forgetting."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import send2trash
from PySide6.QtGui import QUndoCommand

from studio.data import places
from studio.data.dataset import DataSpec
from studio.data.watch import Watch
from studio.gui.session import Trouble

if TYPE_CHECKING:
    from studio.gui.library.datasets import DatasetsPane


@dataclass(frozen=True)
class Shelved:
    """``thumbnail``: path of its contact sheet, empty when there is none. ``size``: bytes in the cache."""

    data: DataSpec
    thumbnail: str
    size: int


def read(watch: Watch) -> list[Shelved]:
    """All datasets of the cache. For worker threads."""
    from studio.data import store  # on a worker: readers and Pillow need not be there for the page to show

    found: list[Shelved] = []
    for data in store.listed():
        watch.advance(len(found), 0, data.name)
        try:
            thumbnail = str(store.thumbnail(data.fingerprint))
        except (OSError, ValueError):
            thumbnail = ""  # a picture that cannot be made hides no dataset
        found.append(Shelved(data, thumbnail, size_of(places.datasets() / data.fingerprint)))
    return found


def size_of(folder: Path) -> int:
    """Bytes of all files below; what vanishes meanwhile counts nothing."""
    size = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                size += (Path(at) / name).stat().st_size
            except OSError:
                continue
    return size


class RenameDataset(QUndoCommand):
    def __init__(self, pane: DatasetsPane, data: DataSpec, name: str) -> None:
        super().__init__(f"rename of {data.name}")
        self.pane = pane
        self.data = data
        self.name = name

    def redo(self) -> None:
        self._name(self.name)

    def undo(self) -> None:
        self._name(self.data.name)

    def _name(self, name: str) -> None:
        fingerprint = self.data.fingerprint
        self.pane.model.show_name(fingerprint, name)
        session = self.pane.session
        if session.dataset is not None and session.dataset.fingerprint == fingerprint:
            session.choose_dataset(replace(session.dataset, name=name))

        def failed(wrong: Exception) -> None:
            self.setObsolete(True)
            session.trouble.emit(Trouble("The dataset could not be renamed", str(wrong), about=fingerprint))

        def write() -> None:
            from studio.data import store

            store.rename(fingerprint, name)

        self.pane.change(write, failed)


class Forget(QUndoCommand):
    """The folder is set aside, where it can come back from; :func:`let_go` hands it to the system's trash later."""

    def __init__(self, pane: DatasetsPane, one: Shelved) -> None:
        super().__init__(f"forget {one.data.name}")
        self.pane = pane
        self.one = one

    def redo(self) -> None:
        fingerprint = self.one.data.fingerprint
        self.pane.take_out(fingerprint)

        def set_aside() -> None:
            aside = set_aside_folder() / fingerprint
            aside.parent.mkdir(exist_ok=True)
            if aside.exists():
                shutil.rmtree(aside)  # the same data was forgotten before and read again since
            (places.datasets() / fingerprint).rename(aside)

        def failed(wrong: Exception) -> None:
            self.pane.hidden.discard(fingerprint)
            self.setObsolete(True)
            self.pane.session.trouble.emit(
                Trouble(f"“{self.one.data.name}” could not be forgotten", str(wrong), about=fingerprint)
            )

        self.pane.change(set_aside, failed)

    def undo(self) -> None:
        fingerprint = self.one.data.fingerprint
        self.pane.hidden.discard(fingerprint)

        def bring_back() -> None:
            if not (places.datasets() / fingerprint).exists():  # it may have been read again meanwhile
                (set_aside_folder() / fingerprint).rename(places.datasets() / fingerprint)

        self.pane.change(
            bring_back,
            lambda wrong: self.pane.session.trouble.emit(
                Trouble(f"“{self.one.data.name}” could not be brought back", str(wrong), about=fingerprint)
            ),
        )


def set_aside_folder() -> Path:
    """Where forgotten datasets wait while undo could still bring them back."""
    return places.home() / ".forgotten"


def let_go(watch: Watch) -> None:
    """Hand what an earlier session forgot to the system's trash; what it does not take stays until the next time."""
    folder = set_aside_folder()
    for at in sorted(folder.iterdir()) if folder.is_dir() else []:
        watch.advance(0, 0, at.name)
        try:
            send2trash.send2trash(str(at))
        except OSError:
            continue
