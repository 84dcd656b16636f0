"""Real examples beside what their latents decode to, to take away: one picture, an example to a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.data import files, pictures
from studio.export import provenance
from studio.export.context import Context
from studio.export.decoding import ExportError, check_latents, decoded, decoder, shown
from studio.export.jobs import ExportComparison, Written
from studio.export.samples import sheet_of


def export_comparison(job: ExportComparison, context: Context) -> Written:
    """Write original, reconstruction and gain·|difference|; of points one picture with the originals in grey.

    The latents and the errors of what is drawn stand in the file's settings: root-mean-square in grey levels (0..255)
    of the pictures, or distances in data units.

    Raises:
        ExportError: what was asked for cannot be; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    some, step = context.model(job.where)
    model = decoder(some)
    z = check_latents(model, job.z)
    values = np.concatenate(list(decoded(model, z, context.watch)))
    originals = job.originals
    if model.data.kind == "points":
        if originals.shape != values.shape:
            raise ExportError(f"{len(z)} latents need as many points to be compared with, not {originals.shape}")
        errors = np.linalg.norm(values - originals, axis=1)
        sheet = pictures.points_picture(values, originals)
    else:
        made = shown(values, model)
        if originals.shape != made.shape or originals.dtype != np.uint8:
            raise ExportError(f"pictures of {made.shape} are compared with such ones, not {originals.shape}")
        apart = np.abs(made.astype(np.int16) - originals.astype(np.int16))
        errors = np.sqrt(np.square(apart, dtype=np.float64).reshape(len(apart), -1).mean(axis=1))
        difference = np.minimum(apart * max(job.gain, 1), 255).astype(np.uint8)
        rows = np.stack([originals.astype(np.uint8), made, difference], axis=1)
        sheet = sheet_of(rows.reshape(-1, *made.shape[1:]), columns=3)
    settings = {
        "count": len(z),
        "columns": ["original", "reconstruction", f"difference ×{max(job.gain, 1)}"],
        "errors": [round(float(e), 4) for e in errors],
        "panel": dict(job.panel) or None,
    }
    origin = provenance.of(
        context.run(job.where.run), step, "samples", averaged=job.where.averaged, settings=settings, latents=z
    )
    with files.replacing(Path(job.out)) as fresh:
        provenance.save_image(fresh, sheet, job.format, origin)
    return Written((job.out,))
