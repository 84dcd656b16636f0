"""What undo takes back: titles, tags, notes, deletions, copies. Each command shows itself at once and then writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from PySide6.QtGui import QUndoCommand

from studio.data.watch import Watch
from studio.gui.library.shelf import Shelf
from studio.gui.session import Trouble
from studio.gui.words import plural
from studio.runs.library import Trashed

What = Literal["title", "tags", "note"]
_WORDS: dict[What, str] = {"title": "rename", "tags": "tags", "note": "note"}


class Edit(QUndoCommand):
    """A new title, tags or note for runs. A note typed further is one edit with what was typed before."""

    def __init__(self, shelf: Shelf, what: What, values: dict[str, Any]) -> None:
        rows = {path: row for path in values if (row := shelf.model.row(path)) is not None}
        named = next(iter(rows.values())).title if len(rows) == 1 else plural(len(rows), "run")
        super().__init__(f"{_WORDS[what]} of {named}")
        self.shelf = shelf
        self.what: What = what
        self.after = {path: values[path] for path in rows}
        self.before = {path: getattr(row, what) for path, row in rows.items()}

    def redo(self) -> None:
        self._apply(self.after, self.before)

    def undo(self) -> None:
        self._apply(self.before, self.after)

    def id(self) -> int:
        return 7_401 if self.what == "note" else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other.what != "note" or other.after.keys() != self.after.keys():
            return False
        self.after = other.after
        return True

    def _apply(self, values: dict[str, Any], back: dict[str, Any]) -> None:
        library, what = self.shelf.session.library, self.what
        self._show(values)

        def write(watch: Watch) -> None:
            for path, value in values.items():
                match what:
                    case "title":
                        library.rename(Path(path), value)
                    case "tags":
                        library.tag(Path(path), value)
                    case "note":
                        library.note(Path(path), value)

        def failed(wrong: Exception) -> None:
            self._show(back)
            self.setObsolete(True)
            self.shelf.session.trouble.emit(
                Trouble(f"The {_WORDS[what]} could not be saved", str(wrong), about=next(iter(values), ""))
            )

        self.shelf.do(write, failed=failed, quick=True)

    def _show(self, values: dict[str, Any]) -> None:
        for path, value in values.items():
            row = self.shelf.model.row(path)
            if row is not None:
                self.shelf.show(row.edited(**{self.what: value}))


class Delete(QUndoCommand):
    """Runs moved to the trash; undo brings them back to where they were."""

    def __init__(self, shelf: Shelf, paths: Sequence[str], gone: Callable[[Delete], None]) -> None:
        rows = [row for path in paths if (row := shelf.model.row(path)) is not None]
        self.named = f"“{rows[0].title}”" if len(rows) == 1 else plural(len(rows), "run")
        super().__init__(f"delete {self.named}")
        self.shelf = shelf
        self.paths = [row.path for row in rows]
        self.trashed: list[Trashed] = []
        self._gone = gone

    def redo(self) -> None:
        library, session = self.shelf.session.library, self.shelf.session
        if session.run in self.paths:
            session.choose_run("")
        self.shelf.hide_runs(self.paths)
        self.trashed = trashed = []  # filled one by one, so that undo after a failure half-way restores the rest

        def delete(watch: Watch) -> None:
            for path in self.paths:
                trashed.append(library.trash(Path(path)))

        self.shelf.do(delete, lambda _: self._changed(), self._failed("deleted"), quick=True)
        self._gone(self)

    def undo(self) -> None:
        library = self.shelf.session.library

        def restore(watch: Watch) -> None:
            back = []
            while self.trashed:
                back.append(str(library.restore(self.trashed[-1])))
                self.trashed.pop()
            self.paths = back[::-1]  # elsewhere than before, when something else has taken a place meanwhile

        self.shelf.do(restore, lambda _: self._changed(), self._failed("brought back"), quick=True)

    def _changed(self) -> None:
        self.shelf.session.library_changed.emit()

    def _failed(self, verb: str) -> Callable[[Exception], None]:
        def told(wrong: Exception) -> None:
            if not self.trashed:
                self.setObsolete(True)
            self.shelf.session.trouble.emit(Trouble(f"{self.named} could not be {verb}", str(wrong)))
            self._changed()

        return told


class Copy(QUndoCommand):
    """A new run made of an old one (a duplicate, a fork, an import); undo puts it into the trash, redo brings it back.

    Pushed after the run was made, so the first redo does nothing.
    """

    def __init__(self, shelf: Shelf, path: str, text: str) -> None:
        super().__init__(text)
        self.shelf = shelf
        self.path = path
        self.trashed: Trashed | None = None
        self._made = False

    def redo(self) -> None:
        if not self._made:
            self._made = True
            return
        library = self.shelf.session.library

        def restore(watch: Watch) -> None:
            if self.trashed is not None:
                self.path = str(library.restore(self.trashed))
                self.trashed = None

        self.shelf.do(restore, lambda _: self.shelf.session.library_changed.emit(), quick=True)

    def undo(self) -> None:
        session = self.shelf.session
        library = session.library
        if session.run == self.path:
            session.choose_run("")
        if session.training == self.path:
            session.trouble.emit(Trouble("The run is in training", "Stop it before it is deleted.", about=self.path))
            self.setObsolete(True)
            return
        self.shelf.hide_runs([self.path])

        def delete(watch: Watch) -> None:
            self.trashed = library.trash(Path(self.path))

        self.shelf.do(delete, lambda _: session.library_changed.emit(), quick=True)
