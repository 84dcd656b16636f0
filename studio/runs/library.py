"""The library: a folder of runs, and what a person does with them. It is a scan of folders; nothing else is kept.

A run copied in by hand appears, a damaged one is shown as damaged with the reason, and harms nothing.
No torch and no Qt here; slow work belongs in a worker thread.
"""

from __future__ import annotations

import itertools
import os
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import filelock
import send2trash

from studio.data.watch import Watch
from studio.runs import curves, differences, entry, incoming
from studio.runs.entry import Entry
from studio.runs.folder import RunFolder, RunInfo, RunState
from studio.runs.incoming import Refused
from studio.runs.index import Index

__all__ = ["Entry", "Library", "Refused", "Trashed"]

TRASH = ".trash"


@dataclass(frozen=True)
class Trashed:
    """A run that was thrown away and can still come back: where it was, and where it is."""

    path: Path
    at: Path


class Library:
    """The runs below ``root``. Every method may be called from any thread."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    # --- looking

    def scan(self) -> list[Entry]:
        """All runs, the newest first. Hidden folders are not looked at, and files beside the runs are no runs."""
        try:
            with os.scandir(self.root) as found:
                folders = [Path(f.path) for f in found if not f.name.startswith(".") and f.is_dir()]
        except FileNotFoundError:
            return []
        index = Index(self.root)
        entries = [index.entry(folder, entry.read) for folder in folders]
        index.save()
        return sorted(entries, key=lambda e: (-e.created, e.path.name))

    def entry(self, path: Path) -> Entry:
        """One run as the library shows it, whether or not it lies in this library."""
        return entry.read(Path(path))

    def find(self, name: str) -> Path:
        """The run that a person means: a path, the name of a folder here, an id (or its start), or a title.

        Raises:
            Refused: when there is none, or when several could be meant.
        """
        for path in (Path(name).expanduser(), self.root / name):
            if (path / "run.json").is_file():
                return path
        entries = self.scan()
        for match in (
            [e for e in entries if e.title == name],
            [e for e in entries if len(name) >= 4 and e.id.startswith(name)],
        ):
            if len(match) == 1:
                return match[0].path
            if match:
                raise Refused(f"several runs are called {name!r}: {', '.join(e.path.name for e in match)}")
        if Path(name).is_dir():
            raise Refused(f"{name} is a folder, but no run: it has no run.json")
        raise Refused(f"no run {name!r}: give a folder, or one of those that  gen-studio runs  lists")

    def curves(self, path: Path, after: curves.Curves | None = None, watch: Watch | None = None) -> curves.Curves:
        """The curves of a run; with ``after``, only what was appended since is read."""
        return curves.read(Path(path), after, watch)

    def difference(self, paths: Sequence[Path]) -> differences.Table:
        """Which fields of the recipes differ; model and dataset among them."""
        return differences.of([RunFolder(p) for p in paths])

    # --- naming

    def rename(self, path: Path, title: str) -> str:
        """Give a run another title; its folder keeps its name. Returns the old title, for undo.

        Raises:
            Refused: when nothing is left of the title. DamagedRun: when the run is; so do :meth:`tag`, :meth:`note`.
        """
        clean = " ".join(title.split())
        if not clean:
            raise Refused("a run needs a title of at least one letter")
        return self._change(path, lambda info: replace(info, title=clean)).title

    def tag(self, path: Path, tags: Sequence[str]) -> tuple[str, ...]:
        """Set the tags of a run. Returns the old ones, for undo."""
        clean = tuple(dict.fromkeys(t for t in (" ".join(tag.split()) for tag in tags) if t))
        return self._change(path, lambda info: replace(info, tags=clean)).tags

    def note(self, path: Path, note: str) -> str:
        """Set the note of a run. Returns the old one, for undo."""
        return self._change(path, lambda info: replace(info, note=note)).note

    def _change(self, path: Path, change: Callable[[RunInfo], RunInfo]) -> RunInfo:
        run = RunFolder(path)
        before = run.info()
        run.write_info(change(before))
        return before

    # --- making

    def free(self, name: str) -> Path:
        """A folder here of that name or, when it is taken, with a number behind it."""
        plain = "".join(
            c if c.isalnum() or c in "-_." else "-" for c in unicodedata.normalize("NFC", name.strip().lower())
        )
        stem = plain.strip("-.")[:80] or "run"
        first = self.root / stem
        if not first.exists():
            return first
        return next(p for n in itertools.count(2) if not (p := self.root / f"{stem}-{n}").exists())

    def duplicate(self, path: Path, title: str = "") -> Path:
        """A new run, not yet trained, of the same model, recipe and dataset."""
        run = RunFolder(path)
        (model, recipe), info = run.recipe(), run.info()
        made = self.free(f"{path.name}-copy")
        title = title or f"{info.title} (copy)"
        RunFolder.create(made, model, recipe, info.data, title=title, begins_from=info.begins_from)
        return made

    def fork(self, path: Path, checkpoint: int, title: str = "", watch: Watch | None = None) -> Path:
        """A new run that goes on from a checkpoint of this one, with its curves and sheets up to there.

        Raises:
            Refused: when the checkpoint has no optimiser state left; the message names those that have.
        """
        watch = watch or Watch()
        run = RunFolder(path)
        able = run.checkpoints(resumable=True)
        if checkpoint not in able:
            among = ", ".join(f"{s:,}" for s in able) or "none"
            raise Refused(
                f"training cannot go on from step {checkpoint:,} of {run.info().title}: "
                f"only newer checkpoints keep what that needs ({among})"
            )
        (model, recipe), info, state = run.recipe(), run.info(), run.state()
        made = self.free(f"{path.name}-from-{checkpoint}")
        part = self.root / f".new-{made.name}"
        shutil.rmtree(part, ignore_errors=True)
        try:
            fork = RunFolder.create(
                part,
                model,
                recipe,
                info.data,
                title=title or f"{info.title} from {checkpoint:,}",
                forked_from=f"{info.id}@{checkpoint}",
            )
            sheets = [(s, p) for s, p in run.sheets() if s <= checkpoint]
            watch.advance(0, len(sheets) + 2, "checkpoint")
            shutil.copytree(run.checkpoint(checkpoint), fork.checkpoint(checkpoint))
            watch.advance(1, len(sheets) + 2, "curves")
            records = [r for r in run.records() if r.step <= checkpoint]
            fork.append(records)
            spreads = [s for kept in run.spreads().values() for s in kept if s.step <= checkpoint]
            if spreads:
                fork.append_spreads(sorted(spreads, key=lambda s: s.step))
            (part / "sheets").mkdir(exist_ok=True)
            for done, (step, sheet) in enumerate(sheets, 2):
                watch.advance(done, len(sheets) + 2, "sheets")
                shutil.copy2(sheet, fork.sheet(step))
            seconds = max((r.seconds for r in records), default=0.0)
            steps = max(state.steps, checkpoint)
            fork.write_state(RunState(status="stopped", step=checkpoint, steps=steps, seconds=seconds))
            part.rename(made)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return made

    def import_file(self, path: Path, watch: Watch | None = None) -> Path:
        """Take in a run from elsewhere: a file that was exported, or a folder, of which a copy is made.

        Raises:
            Refused: it is no run, or not a safe one; the message says why.
        """
        return incoming.take(Path(path), self.root, self.free, watch or Watch())

    # --- throwing away

    def trash(self, path: Path) -> Trashed:
        """Throw a run away, so that :meth:`restore` can still bring it back; :meth:`empty_trash` hands it on.

        Raises:
            Refused: when it is in training, or no folder of this library.
        """
        path = Path(path)
        if path.resolve().parent != self.root.resolve():
            raise Refused(f"{path} is not in this library; delete it where it is")
        if not path.is_dir():
            raise Refused(f"{path.name} is no longer there")
        if _in_training(path):
            raise Refused(f"{path.name} is in training: stop it first")
        bin_ = self.root / TRASH
        bin_.mkdir(exist_ok=True)
        at = next(p for n in itertools.count(1) if not (p := bin_ / f"{path.name}~{n}").exists())
        path.rename(at)
        return Trashed(path, at)

    def restore(self, trashed: Trashed) -> Path:
        """Bring a run back, to where it was unless something else is there now. Returns where it is.

        Raises:
            Refused: when the trash was emptied meanwhile.
        """
        if not trashed.at.is_dir():
            raise Refused(f"{trashed.path.name} is no longer here: look in the system's trash")
        back = trashed.path if not trashed.path.exists() else self.free(trashed.path.name)
        trashed.at.rename(back)
        return back

    def empty_trash(self) -> list[Path]:
        """Hand what was thrown away to the system's trash, when undo is over: as the window closes.

        Returns what the system would not take; that stays where it is, and nothing is ever deleted for good here.
        """
        bin_ = self.root / TRASH
        left = []
        for folder in sorted(bin_.iterdir()) if bin_.is_dir() else []:
            try:
                send2trash.send2trash(str(folder))
            except OSError:  # no trash on that volume, or no right to it
                left.append(folder)
        if not left and bin_.is_dir():
            bin_.rmdir()
        return left


def _in_training(path: Path) -> bool:
    if not (path / ".lock").exists():
        return False
    try:
        with RunFolder(path).lock().acquire(blocking=False):
            return False
    except filelock.Timeout:
        return True
