"""What a panel has put together itself, of answers that it shows: a picture, or a film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from studio.data import files
from studio.export import provenance
from studio.export.context import Context
from studio.export.decoding import ExportError
from studio.export.jobs import ExportFrames, Written
from studio.export.walks import MOST, MOST_BYTES, check_speed, told, write_film

LARGEST = 64
"""Pixels a side that one pixel is enlarged to, at most."""

Frame = npt.NDArray[np.uint8]


def export_frames(job: ExportFrames, context: Context) -> Written:
    """Write what was asked for.

    Raises:
        ExportError: what was asked for cannot be; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    _check(job)
    run = context.run(job.where.run)
    settings = {
        "frames": len(job.frames) if job.film else None,
        "fps": job.fps if job.film else None,
        "format": job.format,
        "panel": dict(job.panel) or None,
    }
    kind: provenance.Kind = "film" if job.film else "samples"
    origin = provenance.of(run, job.step, kind, averaged=job.where.averaged, settings=settings)
    out, frames = Path(job.out), _Enlarged(job.frames, job.times)
    if job.film:
        moving = told(frames, context.watch, 0, len(frames))
        return write_film(out, job.format, frames, moving, job.fps, origin)
    with files.replacing(out) as fresh:
        provenance.save_image(fresh, frames[0], cast("Any", job.format), origin)
    return Written((job.out,))


def _check(job: ExportFrames) -> None:
    shown = job.frames
    if shown.dtype != np.uint8 or shown.ndim != 4 or shown.shape[3] != 3 or not shown.size:
        raise ExportError("there is no picture to write")
    if not 1 <= job.times <= LARGEST:
        raise ExportError(f"a pixel is enlarged to 1 to {LARGEST} pixels a side, not {job.times}")
    if len(shown) > MOST:
        raise ExportError(f"{len(shown):,} frames are too many for one animation; at most {MOST:,}")
    if job.film:
        check_speed(job.fps)
    if job.format not in (("mp4", "gif", "webp") if job.film else ("png", "webp")):
        raise ExportError("a film is written as MP4, GIF or WebP, a picture as PNG or WebP")
    held = (1 if job.format == "mp4" or not job.film else len(shown)) * shown[0].size * job.times**2
    if held > MOST_BYTES:
        raise ExportError("that does not fit into memory; take smaller pictures, fewer frames, or MP4")


class _Enlarged(Sequence[Frame]):
    """The frames as they are written, made when they are looked at."""

    def __init__(self, frames: Frame, times: int) -> None:
        self._frames, self._times = frames, times

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: Any) -> Any:
        return self._frames[index].repeat(self._times, 0).repeat(self._times, 1)
