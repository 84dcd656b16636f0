"""A whole run as one file: a zip of its folder, which any program opens, and Gen Studio takes back in."""

from __future__ import annotations

import zipfile
from pathlib import Path

from studio.data import files
from studio.data.watch import Watch
from studio.export import provenance
from studio.export.context import Context
from studio.export.jobs import ExportBundle, Written
from studio.runs.folder import RunFolder
from studio.runs.incoming import is_part

STORED = frozenset([".safetensors", ".png"])
"""Compressed already, or noise: packing them again only takes time."""


def export_bundle(job: ExportBundle, context: Context) -> Written:
    """Write the bundle of a run.

    Raises:
        DamagedRun: it cannot be read, and so could not be taken in again; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    out = Path(job.out)
    pack(context.run(job.run), out, context.watch, history=job.history)
    return Written((str(out),))


def pack(run: RunFolder, out: Path, watch: Watch, *, history: bool = True) -> None:
    """Write ``run`` to a zip at ``out``, whole or not at all. Without ``history``: of checkpoints and sheets the
    newest alone. A run in training can be packed: what it writes meanwhile may or may not be in it."""
    step = max(run.checkpoints(), default=0)
    origin = provenance.of(run, step, "run", settings={"history": history})
    run.state()  # a damaged one says so now
    parts = [p for p in sorted(run.path.rglob("*")) if p.is_file() and not p.is_symlink()]
    parts = [p for p in parts if is_part(p.relative_to(run.path).as_posix())]
    if not history:
        newest = _newest(run)
        parts = [p for p in parts if p.parent == run.path or p in newest or p.parent in newest]
    sizes = {p: s for p in parts if (s := _size(p)) is not None}
    total, done = sum(sizes.values()), 0
    with files.replacing(out) as fresh, zipfile.ZipFile(fresh, "w", allowZip64=True) as archive:
        for part, size in sizes.items():
            method = zipfile.ZIP_STORED if part.suffix in STORED else zipfile.ZIP_DEFLATED
            name = f"{run.path.resolve().name}/{part.relative_to(run.path).as_posix()}"
            about = zipfile.ZipInfo.from_file(part, name, strict_timestamps=False)
            about.compress_type = method
            try:
                source = part.open("rb")
            except FileNotFoundError:
                continue  # an older checkpoint that was thinned meanwhile
            with source, archive.open(about, "w", force_zip64=size > 1 << 30) as to:
                for block in iter(lambda source=source: source.read(1 << 20), b""):  # type: ignore[misc]
                    watch.advance(min(done, total), total, part.name)
                    to.write(block)
                    done += len(block)
        comment = provenance.comment(origin).encode()
        archive.comment = comment if len(comment) < 1 << 16 else b""
    watch.advance(total, total, "")


def _newest(run: RunFolder) -> set[Path]:
    """The newest checkpoint and the newest sheet."""
    return {run.checkpoint(s) for s in run.checkpoints()[-1:]} | {p for _, p in run.sheets()[-1:]}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
