"""``answer`` itself, and what the answers in this folder share."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.data.pictures import to_pictures
from studio.engine.context import Context
from studio.explore.questions import Pictures
from studio.export.decoding import Decoder, decoder
from studio.models.core.model import Model
from studio.training.sheets import to_bytes

__all__ = ["PIXELS", "Decoder", "Floats", "answer", "decoded", "decoder", "no_pictures", "shown"]

PIXELS = 1 << 18
"""Values that go through a network at once: enough to be fast, few enough to fit beside a training."""
Floats = npt.NDArray[np.float32]


@functools.singledispatch
def answer(question: object, context: Context) -> Any:
    """The answer to a question, of the type that the question names.

    Raises:
        ValueError, DamagedRun, DataError, OSError: in words for the person.
        Cancelled: when ``context.watch`` was told to.
    """
    raise ValueError(f"nobody here can answer a {type(question).__name__}")


def decoded(model: Model, z: Floats, context: Context) -> Floats:
    """Examples B×(shape) on the model's scale from latents B×size.

    Raises:
        ValueError: for latents of another size.
    """
    can = decoder(model)
    if z.ndim != 2 or z.shape[1] != can.prior.size:
        raise ValueError(f"a latent of this model has {can.prior.size} values; given were {z.shape}")
    rows = max(1, PIXELS // int(np.prod(model.data.shape)))
    device = next(model.parameters()).device
    made = []
    with torch.inference_mode():
        for start in range(0, len(z), rows):
            if len(z) > rows:
                context.watch.advance(start, len(z), "decoding")
            part = torch.from_numpy(np.ascontiguousarray(z[start : start + rows], np.float32)).to(device)
            made.append(can.decode(part).float().cpu().numpy())
    return np.concatenate(made) if made else np.empty((0, *model.data.shape), np.float32)


def shown(values: Floats, model: Model) -> tuple[Pictures, Floats | None]:
    """Pictures and points, as the answers carry them: of the two, one is there."""
    if model.data.kind == "points":
        return no_pictures(), values
    return to_pictures(to_bytes(torch.from_numpy(values)), model.data), None


def no_pictures() -> Pictures:
    return np.empty((0, 1, 1, 3), np.uint8)
