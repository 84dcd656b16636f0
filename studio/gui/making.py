"""The folder of a new run, under a name that is free."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

from studio.data import places
from studio.data.dataset import DataSpec
from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder


def create_run(model: str, values: Mapping[str, Value], data: DataSpec, title: str) -> str:
    """Make the folder of a run in the library; its path."""
    while True:
        path = new_run_path(places.runs(), model, data)
        try:
            RunFolder.create(path, model, values, data, title=title)
        except FileExistsError:
            continue  # somebody took the name a moment ago
        return str(path)


def new_run_path(library: Path, model: str, data: DataSpec) -> Path:
    """A folder name that a person can read and that is not taken: ``digits-wgan_gp-3``."""
    stem = f"{''.join(c if c.isalnum() else '-' for c in data.name.lower()).strip('-')}-{model}"
    return next(p for n in itertools.count(1) if not (p := library / f"{stem}-{n}").exists())
