"""Real examples: those of the dataset, and picture files that a person brings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import UnidentifiedImageError

from studio.data.dataset import DataSpec
from studio.data.errors import DataError, Unreadable
from studio.data.fitting import Fitting
from studio.data.pictures import to_pictures
from studio.engine.answers.base import Floats, answer, no_pictures
from studio.engine.context import Context
from studio.explore.questions.real import MOST_FILES, Browse, Browsed, Real

NONE = -1
"""The label of an example that has none."""


@answer.register
def _(question: Browse, context: Context) -> Browsed:
    spec = context.run(question.run).info().data
    data = context.data(spec)
    order = data.held_out if question.part == "held out" and len(data.held_out) else data.train
    if question.label is not None and data.labels is not None:
        order = order[data.labels[order] == question.label]
    order = np.random.default_rng(question.seed).permutation(order)
    chosen = order[question.offset : question.offset + question.count]
    labels = np.full(len(chosen), NONE, np.int64) if data.labels is None else np.asarray(data.labels[chosen])
    values = np.asarray(data.values[chosen])
    if spec.kind == "points":
        return Browsed(len(order), chosen, labels, no_pictures(), values.astype(np.float32))
    return Browsed(len(order), chosen, labels, to_pictures(values, spec))


def real_examples(real: Real, spec: DataSpec, context: Context) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Examples N×shape on the model's scale, and their labels, −1 for none.

    Raises:
        ValueError: for indices that there are not, too many files, or a file that is no picture, which it names.
        DataError: when the dataset is not at hand any more.
    """
    if len(real.paths) > MOST_FILES:
        raise ValueError(f"at most {MOST_FILES} pictures at once, not {len(real.paths)}")
    found: list[npt.NDArray[np.uint8] | Floats] = []
    labels = np.full(len(real), NONE, np.int64)
    if real.indices:
        data = context.data(spec)
        wanted = np.asarray(real.indices, np.int64)
        if wanted.min() < 0 or wanted.max() >= len(data):
            raise ValueError(f"{spec.name} has examples 0 to {len(data) - 1:,}")
        found.append(np.asarray(data.values[wanted]))
        if data.labels is not None:
            labels[: len(wanted)] = data.labels[wanted]
    for path in real.paths:
        picture = _file(Path(path), spec)[None]
        found.append(255 - picture if real.negative else picture)
    if not found:
        return np.empty((0, *spec.shape), np.float32), labels
    values = np.concatenate(found).astype(np.float32)
    return (values / np.float32(127.5) - 1 if spec.pictured else values), labels


def _file(path: Path, spec: DataSpec) -> npt.NDArray[np.uint8]:
    if spec.kind != "images":
        raise ValueError(f"{path.name}: {spec.name} holds {spec.kind}, so a picture is none of them")
    fitting = Fitting(spec.size, "crop", spec.channels)
    try:
        with path.open("rb") as file:
            return fitting.decode(file, path.name)
    except DataError:
        raise
    except Exception as wrong:  # whatever Pillow meets in a broken file
        why = "" if isinstance(wrong, UnidentifiedImageError) else f" ({wrong})"
        raise Unreadable(f"{path.name}: is no picture that can be read{why}") from wrong
