"""Prepared datasets on disk: read once, opened from there at once, memory-mapped.

Each is a folder of :func:`studio.data.places.datasets`, named by the fingerprint of what it holds and how it was
prepared::

    values.npy   labels.npy   train.npy   held_out.npy   factors.npz   dataset.json   sheet.png
    columns/<name>.npy   tables/<name>.npy

A folder is made beside and renamed, so it is whole or not there. ``.known/`` remembers which files had which content
(by paths, sizes and times), so that the same files open without being read again; it is a cache and may be deleted.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import xxhash

from studio.data import files, places, vectors
from studio.data.dataset import Dataset, DataSpec, split, split_groups
from studio.data.errors import Unavailable, Unreadable
from studio.data.reading import Preparation, Skipped, Source
from studio.data.watch import Watch
from studio.data.writing import COLUMNS, TABLES, Written, write_values

FORMAT = 1
"""Of the folders, and part of every fingerprint: a change in how things are read makes new folders."""
SPEC = "dataset.json"
SHEET = "sheet.png"


@dataclass(frozen=True)
class Details:
    """What is kept with a dataset besides its arrays.

    Attributes:
        skipped: examples that were left out; the first thousand.
        notes: how it was read, in sentences.
        extra: points that were standardised have "mean" and "scale" here: value × scale + mean is the original. Of
            posed people: how many "people" there are, and "pairs" of their pictures.
        path: the folder.
    """

    spec: DataSpec
    preparation: Preparation
    skipped: tuple[Skipped, ...]
    skipped_count: int
    notes: tuple[str, ...]
    extra: dict[str, Any]
    path: Path


def prepare(source: Source, preparation: Preparation | None = None, watch: Watch | None = None) -> Dataset:
    """Read a source into the cache, or open it from there when the same content was read in the same way before.

    Two processes may prepare the same at once: one does it, the other waits and opens.

    Args:
        preparation: None takes what :meth:`Source.inspect` suggests.

    Raises:
        Unreadable, Refused: as the source finds. Unavailable: no room on the disk.
        Cancelled: nothing has changed. OSError.
    """
    watch = watch or Watch()
    preparation = preparation or suggested(source, watch)
    content = _content(source, watch)
    means = _means(source, preparation, watch)
    fingerprint = _digest(json.dumps([FORMAT, source.kind, content, means], sort_keys=True))
    folder = places.datasets() / fingerprint
    if (there := _open_whole(folder)) is None:
        with _alone(fingerprint, watch):
            if (there := _open_whole(folder)) is None:
                _make(source, preparation, folder, watch)
                there = open(fingerprint)
    _remember(source, datasets=[fingerprint])
    return there


def _means(source: Source, preparation: Preparation, watch: Watch) -> dict[str, Any]:
    """What of a preparation makes a difference to this kind of data."""
    if source.kind == "images":
        return {name: value for name, value in preparation.as_dict().items() if name != "vectors"}
    means: dict[str, Any] = {"held_out": preparation.held_out}
    if source.kind == "sentences" and preparation.vectors:
        means["vectors"] = vectors.content(Path(preparation.vectors), watch)
    return means


def suggested(source: Source, watch: Watch | None = None) -> Preparation:
    """What :meth:`Source.inspect` suggests, remembered for files that have not changed.

    Raises:
        As :meth:`Source.inspect`.
    """
    plain = _recall(source).get("suggested")
    if plain is not None:
        with suppress(KeyError, TypeError, ValueError):
            return Preparation.from_dict(plain)
    found = source.inspect(watch).suggested
    _remember(source, suggested=found.as_dict())
    return found


def known(source: Source) -> DataSpec | None:
    """The dataset that was last prepared from these very files, if it is still there; reads none of them."""
    for fingerprint in reversed(_recall(source).get("datasets", [])):
        with suppress(Unreadable):
            return details(fingerprint).spec
    return None


def open(fingerprint: str) -> Dataset:
    """A dataset from the cache; its values are a read-only memory map.

    Raises:
        Unreadable: it is not there, or damaged.
    """
    folder, spec = places.datasets() / fingerprint, details(fingerprint).spec
    try:
        values = np.load(folder / "values.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / "labels.npy", allow_pickle=False) if (folder / "labels.npy").exists() else None
        train = np.load(folder / "train.npy", allow_pickle=False)
        held_out = np.load(folder / "held_out.npy", allow_pickle=False)
        factors = {}
        if (folder / "factors.npz").exists():
            with np.load(folder / "factors.npz", allow_pickle=False) as drawn:
                factors = {name: drawn[name] for name in drawn.files}
        columns = {
            name: np.load(folder / COLUMNS / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in spec.carries
        }
        tables = {
            path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
            for path in sorted((folder / TABLES).glob("*.npy"))
        }
        if any(len(column) != spec.count for column in columns.values()):
            raise ValueError(f"not every example has all of {', '.join(columns)}")
        if values.shape != (spec.count, *spec.shape) or len(train) + len(held_out) != spec.count:
            raise ValueError(f"{values.shape} is not what {SPEC} promises")
    except (OSError, ValueError, EOFError, KeyError) as wrong:
        raise Unreadable(
            f"{folder}: this dataset is damaged ({wrong}). Drop its source again: {spec.source}"
        ) from wrong
    return Dataset(spec, values, labels, train, held_out, factors, columns, tables)


def details(fingerprint: str) -> Details:
    """What is known of a dataset, without its arrays.

    Raises:
        Unreadable: it is not there, or damaged.
    """
    folder = places.datasets() / fingerprint
    try:
        plain = json.loads((folder / SPEC).read_bytes())
        return Details(
            DataSpec.from_dict(plain["spec"]),
            Preparation.from_dict(plain["preparation"]),
            tuple(Skipped(name, reason) for name, reason in plain["skipped"]),
            int(plain["skipped_count"]),
            tuple(plain["notes"]),
            dict(plain["extra"]),
            folder,
        )
    except FileNotFoundError as wrong:
        raise Unreadable(f"{fingerprint}: there is no such dataset any more. Drop its source again.") from wrong
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise Unreadable(f"{folder / SPEC}: is damaged ({wrong}). Drop the dataset's source again.") from wrong


def listed() -> list[DataSpec]:
    """All datasets of the cache, the newest first. Damaged ones are left out: preparing again mends them."""
    found: list[tuple[float, DataSpec]] = []
    for folder in places.datasets().iterdir():
        if not folder.name.startswith("."):
            with suppress(Unreadable, OSError):
                found.append(((folder / "values.npy").stat().st_mtime, details(folder.name).spec))
    return [spec for _, spec in sorted(found, key=lambda pair: -pair[0])]


def thumbnail(fingerprint: str) -> Path:
    """A PNG sheet of some examples."""
    return places.datasets() / fingerprint / SHEET


def rename(fingerprint: str, name: str) -> DataSpec:
    """Another name for the person; the fingerprint stays.

    Raises:
        ValueError: for an empty name. Unreadable.
    """
    if not name.strip():
        raise ValueError("a dataset needs a name")
    spec = replace(details(fingerprint).spec, name=name.strip())
    path = places.datasets() / fingerprint / SPEC
    plain = json.loads(path.read_bytes())
    files.write(path, json.dumps({**plain, "spec": spec.as_dict()}, indent=1))
    return spec


def forget(fingerprint: str) -> None:
    """Move a dataset of the cache to the system's trash. The files that it was read from are not touched.

    Raises:
        Unreadable: it is not there. OSError: there is no trash to move it to.
    """
    details(fingerprint)
    import send2trash  # here: it looks for the desktop's libraries, which nobody else needs

    send2trash.send2trash(str(places.datasets() / fingerprint))


def _make(source: Source, preparation: Preparation, folder: Path, watch: Watch) -> None:
    for stale in folder.parent.glob(f".making-{folder.name}-*"):  # of a crash: the lock is ours
        shutil.rmtree(stale, ignore_errors=True)
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".making-{folder.name}-"))
    try:
        written = write_values(making, source.blocks(preparation, watch))
        train, held_out = _split(written, preparation)
        np.save(making / "train.npy", train)
        np.save(making / "held_out.npy", held_out)
        tables = source.tables()
        for name, table in tables.items():
            (making / TABLES).mkdir(exist_ok=True)
            np.save(making / TABLES / f"{name}.npy", table, allow_pickle=False)
        spec = DataSpec(
            name=source.title,
            kind=source.kind,
            shape=written.shape,
            count=written.count,
            held_out=len(held_out),
            classes=tuple(getattr(source, "classes", ())) if written.labelled else (),
            fingerprint=folder.name,
            source=source.origin,
            carries=written.columns,
            vocabulary=len(tables.get("words", ())),
            vectors=tables["vectors"].shape[1] if "vectors" in tables else 0,
        )
        (making / SHEET).write_bytes(source.sheet() or written.sheet(spec))
        plain = {
            "format": FORMAT,
            "spec": spec.as_dict(),
            "preparation": preparation.as_dict(),
            "skipped": [[s.name, s.reason] for s in written.skipped],
            "skipped_count": written.skipped_count,
            "notes": list(source.notes()),
            "extra": {**source.details(), **_counts(written, tables)},
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        files.write(making / SPEC, json.dumps(plain, indent=1))
        making.chmod(0o755)
        if folder.exists():  # damaged, or it would have been opened
            folder.rename(making / "damaged")
            shutil.rmtree(making / "damaged", ignore_errors=True)
        making.rename(folder)
    except OSError as wrong:
        if wrong.errno in (28, 122):  # no space, over quota
            raise Unavailable(f"no room is left on the disk of {folder.parent} for {source.title}") from wrong
        raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _counts(written: Written, tables: dict[str, Any]) -> dict[str, int]:
    """How many people there are, and pairs of their pictures, where there are any."""
    people = {"people": len(np.unique(written.column("person")))} if "person" in written.columns else {}
    return people | ({"pairs": len(tables["pairs"])} if "pairs" in tables else {})


def _split(written: Written, preparation: Preparation) -> tuple[Any, Any]:
    """The source's own test examples when their share is what was asked for (±0.5 %), a draw otherwise: of people,
    where the examples show some."""
    held = written.held
    if held is not None and 0 < held.sum() < len(held) and preparation.sets_aside(float(held.mean())):
        return np.flatnonzero(~held).astype(np.int64), np.flatnonzero(held).astype(np.int64)
    if "person" in written.columns:
        return split_groups(written.column("person"), preparation.held_out)
    return split(written.count, preparation.held_out)


def _open_whole(folder: Path) -> Dataset | None:
    try:
        return open(folder.name) if folder.exists() else None
    except Unreadable:
        return None


@contextmanager
def _alone(fingerprint: str, watch: Watch) -> Iterator[None]:
    folder = places.datasets() / ".locks"
    folder.mkdir(exist_ok=True)
    lock = filelock.FileLock(folder / f"{fingerprint}.lock")
    while True:
        try:
            lock.acquire(timeout=0.1)
            break
        except filelock.Timeout:
            watch.advance(0, 0, "Waiting for another window that reads the same")
    try:
        yield
    finally:
        lock.release()


def _content(source: Source, watch: Watch) -> str:
    before = source.signature()
    known_content = _recall(source).get("content")
    if isinstance(known_content, str):
        return known_content
    content = source.content(watch)
    if source.signature() == before:  # it did not change while it was read
        _remember(source, content=content)
    return content


def _note(source: Source) -> Path:
    folder = places.datasets() / ".known"
    folder.mkdir(exist_ok=True)
    return folder / f"{_digest(f'{FORMAT} {source.kind_of} {source.signature()}')}.json"


def _digest(text: str) -> str:
    return xxhash.xxh3_128(text.encode(errors="surrogateescape")).hexdigest()


def _recall(source: Source) -> dict[str, Any]:
    try:
        plain = json.loads(_note(source).read_bytes())
    except (OSError, ValueError):
        return {}
    return plain if isinstance(plain, dict) else {}


def _remember(source: Source, **more: Any) -> None:
    plain = _recall(source)
    if "datasets" in more:
        more["datasets"] = [f for f in plain.get("datasets", []) if f not in more["datasets"]] + more["datasets"]
    if any(plain.get(key) != value for key, value in more.items()):
        files.write(_note(source), json.dumps({**plain, **more}))
