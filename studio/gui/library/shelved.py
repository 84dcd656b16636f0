"""A dataset of the cache as the library shows it, and what undo takes back of renaming and forgetting."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import send2trash
from PySide6.QtGui import QUndoCommand

from studio.data import places
from studio.data.dataset import DataSpec
from studio.data.errors import DataError
from studio.data.watch import Watch
from studio.gui import kinds
from studio.gui.session import Session, Trouble


@dataclass(frozen=True)
class Shelved:
    """``thumbnail``: path of its contact sheet, empty when there is none. ``size``: bytes in the cache. ``people``: how
    many its images show, 0 for others."""

    data: DataSpec
    thumbnail: str
    size: int
    people: int = 0


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
        found.append(Shelved(data, thumbnail, size_of(places.datasets() / data.fingerprint), people(data)))
    return found


def people(spec: DataSpec) -> int:
    """How many people a dataset of them shows; 0 for others. Looks at the disk."""
    from studio.data import store

    if not kinds.is_posed(spec):
        return 0
    try:
        return int(store.details(spec.fingerprint).extra.get("people", 0))
    except (DataError, OSError, ValueError, TypeError):
        return 0


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
    """Another name for a dataset of the cache, shown everywhere before the disk has it."""

    def __init__(self, session: Session, data: DataSpec, name: str) -> None:
        super().__init__(f"rename of {data.name}")
        self.session = session
        self.data = data
        self.name = name

    def redo(self) -> None:
        self._name(self.name)

    def undo(self) -> None:
        self._name(self.data.name)

    def _name(self, name: str) -> None:
        session, fingerprint = self.session, self.data.fingerprint
        session.dataset_renamed.emit(fingerprint, name)
        if session.dataset is not None and session.dataset.fingerprint == fingerprint:
            session.choose_dataset(replace(session.dataset, name=name))

        def failed(wrong: Exception) -> None:
            self.setObsolete(True)
            session.trouble.emit(Trouble("The dataset could not be renamed", str(wrong), about=fingerprint))

        def write() -> None:
            from studio.data import store

            store.rename(fingerprint, name)

        _change(session, write, failed)


class Forget(QUndoCommand):
    """The folder is set aside, where it can come back from; :func:`let_go` hands it to the system's trash later.

    Until the disk has let it go its fingerprint stands in ``session.forgotten``, so that a reading of the store that
    began before does not bring it back.
    """

    def __init__(self, session: Session, data: DataSpec) -> None:
        super().__init__(f"forget {data.name}")
        self.session = session
        self.data = data

    def redo(self) -> None:
        session, fingerprint = self.session, self.data.fingerprint
        if session.dataset is not None and session.dataset.fingerprint == fingerprint:
            session.choose_dataset(None)
        session.forgotten.add(fingerprint)
        session.datasets_changed.emit()

        def set_aside() -> None:
            aside = set_aside_folder() / fingerprint
            aside.parent.mkdir(exist_ok=True)
            if aside.exists():
                shutil.rmtree(aside)  # the same data was forgotten before and read again since
            (places.datasets() / fingerprint).rename(aside)

        def failed(wrong: Exception) -> None:
            self.setObsolete(True)
            session.trouble.emit(Trouble(f"“{self.data.name}” could not be forgotten", str(wrong), about=fingerprint))

        _change(session, set_aside, failed, lambda: session.forgotten.discard(fingerprint))

    def undo(self) -> None:
        session, fingerprint = self.session, self.data.fingerprint

        def bring_back() -> None:
            if not (places.datasets() / fingerprint).exists():  # it may have been read again meanwhile
                (set_aside_folder() / fingerprint).rename(places.datasets() / fingerprint)

        _change(
            session,
            bring_back,
            lambda wrong: session.trouble.emit(
                Trouble(f"“{self.data.name}” could not be brought back", str(wrong), about=fingerprint)
            ),
        )


def forget(session: Session, data: DataSpec) -> tuple[str, str, Callable[[], None]]:
    """Out of the cache, with undo; the source that it was read from stays as it is. Returns what the toast says:
    text, label of the way back, and what that does."""
    session.undo.push(Forget(session, data))
    top = session.undo.index()

    def back() -> None:
        if session.undo.index() == top:
            session.undo.undo()

    return f"Forgot “{data.name}”", "Undo", back


def _change(
    session: Session,
    task: Callable[[], None],
    failed: Callable[[Exception], None],
    ended: Callable[[], None] = lambda: None,
) -> None:
    """Let the store do something on a worker, after what was asked before; then everybody looks again."""

    def done(_: None) -> None:
        ended()
        session.datasets_changed.emit()

    def told(wrong: Exception) -> None:
        ended()
        failed(wrong)
        session.datasets_changed.emit()

    # In line, so that undo right after finds the folder where the command before has put it.
    session.store_changes.run(lambda watch: task(), done, told)


def set_aside_folder() -> Path:
    """Where forgotten datasets wait while undo could still bring them back."""
    return places.home() / ".forgotten"


def let_go(watch: Watch) -> None:
    """Hand what was forgotten to the system's trash, when undo is over: as the window closes.

    What it does not take stays until the next time.
    """
    folder = set_aside_folder()
    for at in sorted(folder.iterdir()) if folder.is_dir() else []:
        watch.advance(0, 0, at.name)
        try:
            send2trash.send2trash(str(at))
        except OSError:
            continue
