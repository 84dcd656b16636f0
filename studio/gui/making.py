"""The folder of a new run, under a name that is free."""

from __future__ import annotations

from collections.abc import Mapping

from studio.data import places
from studio.data.dataset import DataSpec
from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder, free_path


def create_run(model: str, values: Mapping[str, Value], data: DataSpec, title: str) -> str:
    """Make the folder of a run in the library; its path."""
    while True:
        path = free_path(places.runs(), model, data)
        try:
            RunFolder.create(path, model, values, data, title=title)
        except FileExistsError:
            continue  # somebody took the name a moment ago
        return str(path)
