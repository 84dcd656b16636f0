"""Whatever a person drops, opens or names on the command line: one method, :meth:`Drops.drop`, is under all three.

What it is is found out in another thread, by content; then it is acted upon: a recipe fills the form, a run is
imported and chosen, an exported picture goes back to the model that made it, data is shown on the sheet.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.data import places
from studio.data.dataset import DataSpec
from studio.data.errors import DataError
from studio.data.watch import Cancelled, Watch
from studio.gui import words, work
from studio.gui.session import Session, Trouble
from studio.models.core.recipe import Value, from_toml
from studio.runs import incoming
from studio.runs.folder import DamagedRun, RunFolder
from studio.runs.library import Library

if TYPE_CHECKING:
    from studio.data.reading import Found, Source
    from studio.export.provenance import Provenance

PICTURES = frozenset(["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm"])
CARRIERS = frozenset(["png", "webp", "gif", "mp4", "safetensors", "onnx", "npz"])
"""What Gen Studio exports, each with its provenance inside."""


@dataclass(frozen=True, eq=False)
class DataDrop:
    """``known``: it was read before, with what preparation need not be asked again."""

    source: Source
    found: Found | None
    known: DataSpec | None


@dataclass(frozen=True)
class RecipeDrop:
    path: Path
    model: str
    values: dict[str, Value]


@dataclass(frozen=True)
class RunDrop:
    """``path`` is inside the library."""

    path: Path
    imported: bool


@dataclass(frozen=True)
class OriginDrop:
    """``run``: where the run that made it lies in this library; None when it is not here."""

    path: Path
    provenance: Provenance
    run: Path | None


@dataclass(frozen=True)
class Missed:
    """What could not be opened, and why."""

    name: str
    error: Exception


Drop = DataDrop | RecipeDrop | RunDrop | OriginDrop


class DropError(Exception):
    """``str()`` says which file, what is wrong, and what to do."""


ERRORS = (DataError, DropError, DamagedRun, incoming.Refused, OSError, ValueError)
"""What opening something may end with that is the file's fault, and is said on a banner."""


class Drops(QObject):
    """See the module."""

    sheet_wanted = Signal(object)  # DataDrop that is not known yet

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session

    def drop(
        self, paths: Sequence[Path], *, afresh: bool = False, page: Callable[[list[str]], None] | None = None
    ) -> Watch | None:
        """Take what was dropped. Answers at once; what comes of it arrives as choices, the sheet, or a banner.

        Args:
            afresh: show the sheet even for data that was read before, so that it can be read in another way.
            page: what takes them as plain pictures, when they were dropped on it. A single one that Gen Studio
                exported still goes back to what made it.
        """
        if not paths:
            return None
        name = paths[0].name or str(paths[0])
        what = name if len(paths) == 1 else words.plural(len(paths), "file")
        self.session.trouble_over.emit("drop")
        given = list(paths)
        if page is not None:
            take, names = page, [str(p.expanduser().absolute()) for p in given]
            return work.run(
                self,
                lambda watch: came_back(given),
                lambda drops: self._act(list(drops)) if drops else take(names),
                lambda error: self._fail(what, error),
                title=f"Looking at {what}",
            )
        return work.run(
            self,
            lambda watch: look(given, watch, afresh=afresh),
            self._act,
            lambda error: self._fail(what, error),
            title=f"Looking at {what}",
        )

    def _fail(self, what: str, error: Exception) -> None:
        if isinstance(error, Cancelled):
            return
        if isinstance(error, ERRORS):
            text = str(error)
            self.session.trouble.emit(Trouble(f"{what} could not be opened", text, about="drop"))
            return
        raise error

    def _act(self, drops: list[Drop | Missed]) -> None:
        for drop in drops:
            match drop:
                case Missed(name=name, error=error):
                    self._fail(name, error)
                case RecipeDrop(path=path, model=model, values=values):
                    self._take_recipe(path, model, values)
                case RunDrop(path=path, imported=imported):
                    if imported:
                        self.session.library_changed.emit()
                    self.session.choose_run(str(path))
                    self.session.page_wanted.emit("train")
                case OriginDrop():
                    self._take_origin(drop)
                case DataDrop(known=DataSpec() as known):
                    self.session.choose_dataset(known)
                    self.session.page_wanted.emit("train")
                case DataDrop():
                    self.sheet_wanted.emit(drop)

    def _take_recipe(self, path: Path, model: str, values: dict[str, Value]) -> None:
        if self.session.models and self.session.card(model) is None:
            there = ", ".join(card.name for card in self.session.models)
            said = f"it is a recipe for a model {model!r}, which this version lacks. There are: {there}."
            self._fail(path.name, DropError(said))
            return
        self.session.page_wanted.emit("train")
        self.session.values_proposed.emit(model, values)

    def _take_origin(self, drop: OriginDrop) -> None:
        if drop.run is None:
            origin = drop.provenance
            self.session.trouble.emit(
                Trouble(
                    f"The run that made {drop.path.name} is not in this library",
                    f"It was made by {origin.model}; drop the run's folder or its bundle first, then the file again. "
                    "Its recipe can be used without it.",
                    "Use its recipe",
                    lambda: self._take_recipe(drop.path, origin.model, dict(origin.recipe)),
                    about="drop",
                )
            )
            return
        self.session.choose_run(str(drop.run))
        self.session.page_wanted.emit("explore")
        self.session.provenance_dropped.emit(drop.provenance)


def came_back(paths: list[Path]) -> list[Drop | Missed]:
    """Of a single file that Gen Studio exported: where it goes back to; nothing for all else, which are plain
    pictures. For a worker thread."""
    from studio.export import provenance  # as in look_at

    if len(paths) != 1 or not paths[0].is_file():
        return []
    origin = provenance.read(paths[0])
    return [] if origin is None else [OriginDrop(paths[0], origin, _run_of(origin))]


def look(paths: list[Path], watch: Watch, *, afresh: bool = False) -> list[Drop | Missed]:
    """What each path is. Several pictures together are one dataset, and so are train, dev and test files of one set.
    For a worker thread.

    What cannot be opened is in the list too, so that one bad file costs none of the others.

    Raises:
        Cancelled: when the watch says so.
    """
    together = [p for p in paths if p.suffix[1:].lower() in PICTURES]
    if _are_parts(paths):
        together = list(paths)
    if len(together) > 1:
        others = [p for p in paths if p not in together]
        paths = [*others, _gathered(together, watch)]
    found: list[Drop | Missed] = []
    for path in paths:
        try:
            found.append(look_at(path, watch, afresh=afresh))
        except ERRORS as error:
            found.append(Missed(path.name or str(path), error))
    return found


def look_at(path: Path, watch: Watch, *, afresh: bool = False) -> Drop:
    """What one path is, by content.

    Raises:
        Those of :data:`ERRORS`, in words for a person.
        Cancelled: when the watch says so.
    """
    from studio.data import sources, store  # these decode pictures: loaded with the first drop, not with the window
    from studio.export import provenance

    path = path.expanduser().absolute()
    if not path.exists():
        raise DropError(f"{path}: there is no such file or folder.")
    if path.suffix.lower() == ".toml":
        model, values = from_toml(path.read_text("utf-8"))
        return RecipeDrop(path, model, values)
    if (path / "run.json").is_file() or incoming.is_bundle(path):
        return _run(path, watch)
    if path.is_file():
        origin = provenance.read(path)
        if origin is not None:
            return OriginDrop(path, origin, _run_of(origin))
        if path.suffix.lower() in (".safetensors", ".onnx"):
            raise DropError(f"{path.name} does not say which run made it, so there is nothing to open it with.")
    source = sources.recognise(path, watch)
    known = None if afresh else store.known(source)
    return DataDrop(source, None if known else source.inspect(watch), known)


def _run(path: Path, watch: Watch) -> RunDrop:
    """A run's folder or bundle: into the library, unless it lies there already."""
    root = places.runs().resolve()
    if path.is_dir() and path.resolve().parent == root:
        RunFolder(path).info()  # a damaged one says so here
        return RunDrop(path, imported=False)
    return RunDrop(Library(root).import_file(path, watch), imported=True)


def _run_of(origin: Provenance) -> Path | None:
    """The run of this library that made something: where it said it lies, else by its id."""
    for path in [Path(origin.run_path), *sorted(places.runs().iterdir())]:
        try:
            if (path / "run.json").is_file() and RunFolder(path).info().id == origin.run_id:
                return path
        except (DamagedRun, OSError):
            continue
    return None


def _are_parts(paths: list[Path]) -> bool:
    """Whether these files are one set by their names: "x.train", "x.dev" and "x.test"."""
    from studio.data.readers.splits import part

    stems, parts = zip(*(part(p.name) for p in paths), strict=True)
    return len(paths) > 1 and len(set(stems)) == 1 and None not in parts and all(p.is_file() for p in paths)


def _gathered(pictures: list[Path], watch: Watch) -> Path:
    """A folder that holds exactly these pictures, so that a selection of files reads like a folder of them."""
    key = hashlib.sha256("\n".join(map(str, sorted(pictures))).encode()).hexdigest()[:12]
    folder = places.cache() / "dropped" / key / (pictures[0].parent.name or "pictures")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for i, picture in enumerate(pictures):
        watch.advance(i, len(pictures), picture.name)
        to = folder / picture.name
        if to.exists():
            to = folder / f"{i:06d}-{picture.name}"
        try:
            os.link(picture, to)
        except OSError:  # another disk, or a file system without hard links
            shutil.copyfile(picture, to)
    return folder
