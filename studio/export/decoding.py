"""From latents to what a person sees, a few at a time, so that any number fits beside a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.data import pictures
from studio.data.errors import DataError
from studio.data.watch import Watch
from studio.export.context import Context
from studio.models.core.model import DecodesLatent, Model
from studio.training.sheets import to_bytes

Latents = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]

VALUES = 1 << 18
"""Values of examples that are decoded at once."""
REAL = 2048
"""Real points behind generated ones."""


class ExportError(ValueError):
    """It cannot be written; the message says why and what to do instead."""


class Decoder(Model, DecodesLatent):
    """A model that decodes latents, for the type checker."""


def decoder(model: Model) -> Decoder:
    """Raises ExportError when the model decodes no latent."""
    if not isinstance(model, DecodesLatent):
        raise ExportError(f"{model.title} has no latent, so there is nothing to draw samples from")
    return model  # type: ignore[return-value]


def check_latents(model: Decoder, z: Latents) -> Latents:
    """Latents N×size for this model, N ≥ 1. Raises ExportError when they are not."""
    z = np.ascontiguousarray(z, np.float32)
    if z.ndim != 2 or z.shape[1] != model.prior.size or not len(z):
        raise ExportError(
            f"a latent of this model has {model.prior.size} values; given were {'×'.join(map(str, z.shape))}"
        )
    if not np.isfinite(z).all():
        raise ExportError("a latent holds values that are no numbers")
    return z


def decoded(
    model: Decoder, z: Latents, watch: Watch, what: str = "drawing", total: int = 0
) -> Iterator[npt.NDArray[Any]]:
    """Examples in blocks: images uint8 N×C×H×W, vectors uint8 N×D, points float32 N×2.

    Tells the watch how many are done, of ``total`` where decoding is not all there is to do.
    """
    total = total or len(z)
    rows = max(1, VALUES // int(np.prod(model.data.shape)))
    device = next(model.parameters()).device
    for start in range(0, len(z), rows):
        watch.advance(start, total, what)
        with torch.inference_mode():  # within the loop: a generator must not hold the mode while others run
            made = model.decode(torch.from_numpy(z[start : start + rows]).to(device))
        yield to_bytes(made) if model.data.pictured else made.float().cpu().numpy()
    watch.advance(len(z), total, what)


def real_points(model: Model, context: Context) -> npt.NDArray[Any] | None:
    """Some of the points that the model was trained on, to see the generated ones over; None when not at hand."""
    try:
        data = context.data(model.data)
    except (DataError, OSError, LookupError):
        return None
    return np.asarray(data.values[data.train[:REAL]])


def shown(values: npt.NDArray[Any], model: Model, real: npt.NDArray[Any] | None = None) -> Pictures:
    """Pictures N×H×W×3 of images uint8 N×C×H×W; of points one picture of all of them."""
    if model.data.kind == "points":
        return pictures.points_picture(values, real)[None]
    return pictures.to_pictures(values, model.data)
