"""What several conclusions do with a trained run: its samples, its data, its model over many examples. Loads torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.data.watch import Watch
from studio.models.core.latents import draw
from studio.models.core.model import Model
from studio.runs.folder import RunFolder
from studio.training.checkpoint import load_model
from studio.training.start import open_data

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
AT_ONCE = 250


def model_of(run: RunFolder, checkpoint: int | None = None) -> Any:
    """The model of a run (its newest checkpoint) with the averaged weights, in evaluation mode, on the CPU.

    Of any capability: experiments know which model they have planned.
    """
    return load_model(run, checkpoint)[0]


def data_of(run: RunFolder) -> Dataset:
    """The dataset that it was trained on."""
    return open_data(run)


def scaled(data: Dataset, indices: npt.NDArray[np.int64]) -> Floats:
    """Examples N×(shape) on the models' scale: images and binary vectors in −1..1."""
    values = np.asarray(data.values[indices]).astype(np.float32)
    return values / np.float32(127.5) - 1 if data.spec.pictured else values


def through(function: Callable[[Tensor], Tensor], x: Floats, watch: Watch, what: str) -> Floats:
    """``function`` of N×…, some at a time, without gradients."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(x), AT_ONCE):
            watch.advance(start, len(x), what)
            found.append(function(torch.from_numpy(np.ascontiguousarray(x[start : start + AT_ONCE]))).float().numpy())
    watch.advance(len(x), len(x), what)
    return np.concatenate(found)


def samples(model: Any, n: int, watch: Watch, seed: int = 0) -> Floats:
    """``n`` samples N×(shape) from latents of that seed."""
    return through(model.decode, draw(model.prior, n, seed), watch, "sampling")


@dataclass(frozen=True)
class Several:
    """A number over several seeds: the median, and half of the distance between the largest and the least."""

    middle: float
    reach: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Several:
        return cls(float(np.median(values)), None if len(values) < 2 else (max(values) - min(values)) / 2)


def over(seeds: Sequence[object]) -> str:
    """ "median of 3 seeds ± half the range", or "one seed"."""
    return f"median of {len(seeds)} seeds ± half the range" if len(seeds) > 1 else "one seed"


__all__ = ["Model", "Several", "data_of", "model_of", "over", "samples", "scaled", "through"]
