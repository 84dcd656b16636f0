"""The verbs of the library of runs: what a person can do with what is selected, by menu, button or key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from studio.data import places
from studio.data.dataset import DataSpec
from studio.data.watch import Cancelled
from studio.export.jobs import ExportBundle, Written
from studio.gui.library.edits import Copy, Delete, Edit, What
from studio.gui.library.row import Row
from studio.gui.library.shelf import Shelf
from studio.gui.session import Trouble
from studio.runs.folder import RunFolder

MOST = 6
"""Runs that can be compared at once."""


class Verbs(QObject):
    """Each verb takes rows and does all of it: disk on worker threads, undo, messages. ``said`` is for the toast."""

    said = Signal(str, str, object)  # text, label of the way out, its callable
    under_way = Signal(str, int, int, object)  # text, done, total, cancel; done < 0: it has ended
    made = Signal(str)  # path of a run that was made: select it

    def __init__(self, shelf: Shelf, window: QWidget) -> None:
        super().__init__(window)
        self.shelf = shelf
        self.session = shelf.session
        self._window = window
        self._exports: set[str] = set()

    # --- going elsewhere

    def open(self, row: Row) -> None:
        """To the Explore page with it."""
        if not row.damaged:
            self.session.choose_run(row.path)
            self.session.page_wanted.emit("explore")

    def compare(self, rows: Sequence[Row]) -> None:
        whole = [r for r in rows if not r.damaged][:MOST]
        if len(whole) >= 2:
            self.session.compare_wanted.emit([r.path for r in whole])

    def reveal(self, row: Row) -> None:
        """Show its folder in the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(row.path)):
            self.session.trouble.emit(Trouble("No file manager answered", f"The folder is {row.path}", about=row.path))

    def resume(self, row: Row) -> None:
        """Train it on, now or after the run that is in training."""
        waits = self.session.training
        self.session.choose_run(row.path)
        self.session.train(row.path)
        if waits and waits != row.path:
            self.said.emit(f"“{row.title}” trains next", "Take out", lambda: self.session.dequeue(row.path))
        else:
            self.session.page_wanted.emit("train")

    def train_further(self, row: Row) -> None:
        """A finished run gets more steps than its recipe asked for."""
        steps, yes = QInputDialog.getInt(
            self._window,
            "Train further",
            f"“{row.title}” has {row.step:,} steps. Train it to how many in all?",
            max(row.step * 2, row.step + 1),
            row.step + 1,
            10_000_000,
        )
        if yes:
            self.session.choose_run(row.path)
            self.session.train(row.path, steps)
            self.session.page_wanted.emit("train")

    def duplicate(self, row: Row) -> None:
        """The same recipe and dataset on the Train page, to be changed there before anything is made."""

        def read(watch: Any) -> tuple[str, dict[str, Any], DataSpec, bool]:
            folder = RunFolder(row.path)
            model, values = folder.recipe()
            data = folder.info().data
            return model, values, data, (places.datasets() / data.fingerprint).is_dir()

        def there(found: tuple[str, dict[str, Any], DataSpec, bool]) -> None:
            model, values, data, kept = found
            if kept:
                self.session.choose_dataset(data)
            self.session.page_wanted.emit("train")
            self.session.values_proposed.emit(model, values)
            if not kept:
                self.session.trouble.emit(
                    Trouble(
                        f"The dataset “{data.name}” is not here any more",
                        f"Read it again from {data.source or 'where it came from'}, or choose another one.",
                        about=data.fingerprint,
                    )
                )

        self.shelf.do(read, there, self._failed("The recipe could not be read", row.path))

    # --- making runs

    def fork(self, row: Row, step: int) -> None:
        """A new run that starts from a checkpoint of this one."""
        library = self.session.library

        def done(path: Path) -> None:
            text = f"fork “{row.title}” at step {step:,}"
            self.session.undo.push(Copy(self.shelf, str(path), text))
            self._announce_made(str(path), f"Forked “{row.title}” at step {step:,}", choose=True)

        self.shelf.do(
            lambda watch: library.fork(Path(row.path), step, watch=watch),
            done,
            self._failed("The run could not be forked", row.path),
            title=f"Forking {row.title}",
        )

    def import_file(self, path: str = "") -> None:
        """A run that somebody exported as one file."""
        if not path:
            path, _ = QFileDialog.getOpenFileName(
                self._window, "Import a run", "", "Exported runs (*.zip);;All files (*)"
            )
        if not path:
            return
        library, name = self.session.library, Path(path).name

        def done(made: Path) -> None:
            self.session.undo.push(Copy(self.shelf, str(made), f"import {name}"))
            self._announce_made(str(made), f"Imported {name}", choose=False)

        self.shelf.do(
            lambda watch: library.import_file(Path(path), watch),
            done,
            self._failed(f"{name} could not be imported", ""),
            title=f"Importing {name}",
        )

    def _announce_made(self, path: str, text: str, *, choose: bool) -> None:
        top = self.session.undo.index()
        self.session.library_changed.emit()
        if choose:
            self.session.choose_run(path)
        self.made.emit(path)
        self.said.emit(text, "Undo", lambda: self._undo_if_still(top))

    # --- editing

    def edit(self, what: What, values: dict[str, Any]) -> None:
        """Give runs a new title, tags or note, with undo. What would change nothing is left out."""
        known = {p: self.shelf.model.row(p) for p in values}
        changed = {p: values[p] for p, row in known.items() if row is not None and getattr(row, what) != values[p]}
        if changed:
            self.session.undo.push(Edit(self.shelf, what, changed))

    def toggle_tag(self, rows: Sequence[Row], tag: str, on: bool) -> None:
        """Put a tag on runs, or take it off."""
        self.edit("tags", {r.path: tuple(t for t in r.tags if t != tag) + ((tag,) if on else ()) for r in rows})

    def delete(self, rows: Sequence[Row]) -> None:
        """To the trash, with undo. The run in training stays: it would be pulled from under the trainer."""
        busy = [r for r in rows if r.path == self.session.training]
        if busy:
            self.session.trouble.emit(
                Trouble(
                    f"“{busy[0].title}” is in training",
                    "Stop it first, then delete it. Nothing was deleted." if len(rows) == 1
                    else "It was left out: stop it first.",
                    about=busy[0].path,
                )
            )  # fmt: skip
        free = [r.path for r in rows if r.path != self.session.training]
        for path in free:
            self.session.dequeue(path)
        if free:
            self.session.undo.push(Delete(self.shelf, free, self._deleted))

    def _deleted(self, command: Delete) -> None:
        top = self.session.undo.index() + 1  # the stack counts the command after its first redo
        self.said.emit(f"Deleted {_short(command.named)}", "Undo", lambda: self._undo_if_still(top))

    def _undo_if_still(self, top: int) -> None:
        if self.session.undo.index() == top:
            self.session.undo.undo()

    # --- taking away

    def export(self, row: Row, out: str = "") -> None:
        """The whole run as one file."""
        if not out:
            start = str(Path.home() / f"{Path(row.path).name}.zip")
            out, _ = QFileDialog.getSaveFileName(self._window, "Export the run", start, "Run as one file (*.zip)")
        if not out:
            return
        out = out if out.lower().endswith(".zip") else f"{out}.zip"
        text = f"Exporting “{row.title}”"

        def cancel() -> None:
            self.session.cancel(stamp)

        def done(written: Written) -> None:
            self.under_way.emit(text, -1, 0, None)
            target = written.paths[0] if written.paths else out
            self.said.emit(
                f"Exported “{row.title}” to {Path(target).name}",
                "Show",
                lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(target).parent))),
            )

        def failed(why: str) -> None:
            self.under_way.emit(text, -1, 0, None)
            if why != "cancelled":
                self.session.trouble.emit(Trouble(f"“{row.title}” was not exported", why, about=row.path))

        stamp = self.session.ask(
            ExportBundle(row.path, out),
            self,
            done,
            failed=failed,
            advanced=lambda at, total: self.under_way.emit(text, at, total, cancel),
            slow=True,
        )
        self.under_way.emit(text, 0, 0, cancel)

    def _failed(self, what: str, about: str) -> Callable[[Exception], None]:
        def told(wrong: Exception) -> None:
            if not isinstance(wrong, Cancelled):
                self.session.trouble.emit(Trouble(what, str(wrong), about=about))

        return told


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
