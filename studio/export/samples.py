"""Samples to take away: one sheet, a folder of single pictures, or arrays. Nothing half-written is left behind."""

from __future__ import annotations

import math
import shutil
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.data import files, pictures
from studio.explore.latents import draw
from studio.explore.questions import Where
from studio.export import carriers, provenance
from studio.export.context import Context
from studio.export.decoding import (
    Decoder,
    ExportError,
    Latents,
    Pictures,
    check_latents,
    decoded,
    decoder,
    real_points,
    shown,
)
from studio.export.jobs import ExportLatents, ExportSamples, Written
from studio.export.provenance import Provenance

CELL = 64
"""A sheet shows small images enlarged by a whole factor to about this many pixels; single files are as generated."""
LARGEST = 8192
"""Pixels a side beyond which a sheet is not enlarged."""
MOST = 2 << 30
"""Bytes that a sheet or an array may take in memory."""
FOLDER_MOST = 1_000_000

Layout = Literal["sheet", "files"]
Format = Literal["png", "webp", "npz"]


def export_samples(job: ExportSamples, context: Context) -> Written:
    """Draw samples of a seed and write them.

    Raises:
        ExportError: what was asked for cannot be; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    if job.count < 1:
        raise ExportError(f"at least one sample is needed, not {job.count}")
    model, step = _model(job.where, context)
    _room(job.count, model, job.layout)
    temperature = model.temperature if job.temperature is None else job.temperature
    if not 0 <= temperature < math.inf:
        raise ExportError(f"a temperature is a number from 0 up, not {temperature}")
    z = draw(model.prior, job.count, job.seed, job.truncation, temperature)
    settings = {
        "seed": job.seed,
        "count": job.count,
        "truncation": job.truncation,
        "temperature": temperature,
        "layout": job.layout,
        "format": job.format,
    }
    origin = provenance.of(context.run(job.where.run), step, "samples", averaged=job.where.averaged, settings=settings)
    return _write(Path(job.out), model, z, job.layout, job.format, origin, context)


def export_latents(job: ExportLatents, context: Context) -> Written:
    """Write the pictures of given latents; raises as :func:`export_samples`."""
    model, step = _model(job.where, context)
    z = check_latents(model, job.z)
    _room(len(z), model, job.layout)
    settings: dict[str, Any] = {"count": len(z), "layout": job.layout, "format": job.format, "columns": job.columns}
    if job.panel:
        settings["panel"] = dict(job.panel)
    origin = provenance.of(
        context.run(job.where.run), step, "samples", averaged=job.where.averaged, settings=settings, latents=z
    )
    return _write(Path(job.out), model, z, job.layout, job.format, origin, context, job.columns)


def _model(where: Where, context: Context) -> tuple[Decoder, int]:
    model, step = context.model(where)
    return decoder(model), step


def _room(count: int, model: Decoder, layout: Layout) -> None:
    size = count * int(np.prod(model.data.shape))
    if layout == "files" and model.data.pictured:
        if count > FOLDER_MOST:
            raise ExportError(f"{count:,} files are too many for one folder; write at most {FOLDER_MOST:,}, or npz")
    elif size * 3 > MOST:
        raise ExportError(f"{count:,} samples are too many for one file; write fewer, or single files")


def _write(
    out: Path,
    model: Decoder,
    z: Latents,
    layout: Layout,
    format: Format,
    origin: Provenance,
    context: Context,
    columns: int | None = None,
) -> Written:
    if format == "npz":
        return _arrays(out / "samples.npz" if layout == "files" else out, model, z, origin, context)
    if layout == "files" and model.data.pictured:
        return _folder(out, model, z, format, origin, context)
    path = out / f"samples.{format}" if layout == "files" else out
    values = np.concatenate(list(decoded(model, z, context.watch)))
    images = shown(values, model, real_points(model, context))
    sheet = images[0] if model.data.kind == "points" else sheet_of(images, columns)
    with files.replacing(path) as fresh:
        provenance.save_image(fresh, sheet, format, origin)
    return Written((str(path),))


def sheet_of(images: Pictures, columns: int | None = None, cell: int = CELL) -> npt.NDArray[np.uint8]:
    """Pictures N×H×W×3 as one, H×W×3; small ones enlarged, nearest neighbour, to about ``cell`` pixels each, unless
    that gets too large to open. ``columns`` None: about square."""
    large = pictures.enlarged(images[:1], cell)[0]
    times = large.shape[0] // images.shape[1]
    plain = pictures.sheet(images, columns)
    if times == 1 or max(plain.shape[:2]) * times > LARGEST:
        return np.asarray(plain)
    return np.asarray(pictures.sheet(pictures.enlarged(images, cell), columns, gap=2))


def _folder(
    out: Path, model: Decoder, z: Latents, format: Literal["png", "webp"], origin: Provenance, context: Context
) -> Written:
    """A folder that appears whole: written beside its place and renamed."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} is not empty; choose a new folder, so that no file of yours is replaced")
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}")
    part.mkdir()
    names: list[str] = []
    digits = max(4, len(str(len(z) - 1)))
    try:
        for values in decoded(model, z, context.watch):
            for image in shown(values, model):
                number = len(names)
                one = replace(origin, settings={**origin.settings, "index": number}, latents=z[number : number + 1])
                names.append(f"{number:0{digits}d}.{format}")
                provenance.save_image(part / names[-1], _plain(image, model), format, one)
        if out.exists():
            out.rmdir()
        part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Written(tuple(str(out / name) for name in names))


def _plain(image: npt.NDArray[np.uint8], model: Decoder) -> npt.NDArray[np.uint8]:
    """A picture as its dataset has it: one channel when that is grey."""
    return np.ascontiguousarray(image[..., 0]) if model.data.channels == 1 else image


def _arrays(out: Path, model: Decoder, z: Latents, origin: Provenance, context: Context) -> Written:
    """``images`` uint8 N×H×W×C, ``points`` float32 N×2, or ``vectors`` uint8 N×D of 0 and 1 (float32 where the model
    draws the chance of a 1); and the latents ``z`` float32 N×size."""
    values = np.concatenate(list(decoded(model, z, context.watch)))
    arrays: dict[str, npt.NDArray[Any]] = {model.data.kind: values}
    if model.data.kind == "images":
        arrays = {"images": np.transpose(values, (0, 2, 3, 1))}
    elif model.data.kind == "vectors":
        arrays = {"vectors": values // 255 if model.draws == "examples" else values.astype(np.float32) / 255}
    savez: Callable[..., None] = np.savez_compressed
    with files.replacing(out) as fresh:
        with fresh.open("wb") as file:  # given a name, NumPy would add its own ending to it
            savez(file, **arrays, z=z)
        with zipfile.ZipFile(fresh, "a") as archive:
            archive.writestr(carriers.MEMBER, origin.text(), zipfile.ZIP_DEFLATED)
    return Written((str(out),))
