"""From the path of a run to its trainer: what the command line and the engine both call."""

from __future__ import annotations

import functools
from pathlib import Path

from studio.data import store
from studio.data.dataset import Dataset
from studio.runs.folder import RunFolder
from studio.training.observing import Observer
from studio.training.trainer import Trainer


def trainer(
    path: Path | str,
    *,
    device: str = "auto",
    steps: int | None = None,
    data: Dataset | None = None,
    measured: bool = True,
    save_every: float = 60.0,
    give_way: bool = False,
) -> Trainer:
    """The trainer of a run folder, with its dataset from the cache and its measures against held-out data.

    Nothing is opened yet: whatever is missing ends the training with a message.

    Args:
        data: the run's dataset, when it is open already.
        measured: whether to measure the distance to held-out data now and then, and what else
            :mod:`~studio.training.observing` looks at.
        save_every, device, steps, give_way: as :class:`~studio.training.trainer.Trainer` has them.
    """
    run = RunFolder(path)
    opened = functools.cache(lambda: data if data is not None else open_data(run))
    return Trainer(
        run,
        opened,
        device=device,
        steps=steps,
        metrics=Observer(opened, steps) if measured else None,
        save_every=save_every,
        give_way=give_way,
    )


def open_data(run: RunFolder) -> Dataset:
    """The dataset that a run was made for, from the cache.

    Raises:
        LookupError: when it is not there any more; the message says where it came from.
    """
    spec = run.info().data
    try:
        return store.open(spec.fingerprint)
    except (LookupError, OSError, ValueError) as wrong:
        raise LookupError(
            f"{spec.name} is not among the prepared datasets any more; add it again from {spec.source or 'its source'}"
        ) from wrong
