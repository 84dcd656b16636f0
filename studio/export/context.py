"""What an export needs of whoever asks for it. The engine's own context is one; a test may hand in another."""

from __future__ import annotations

from typing import Protocol

from studio.data.dataset import Dataset, DataSpec
from studio.data.watch import Watch
from studio.explore.questions import Where
from studio.models.core.model import Model
from studio.runs.folder import RunFolder


class Context(Protocol):
    watch: Watch
    """Progress and cancel of this export."""

    def model(self, where: Where) -> tuple[Model, int]:
        """The weights in evaluation mode, not to be changed, and their step."""
        ...

    def run(self, path: str) -> RunFolder: ...

    def data(self, spec: DataSpec) -> Dataset:
        """The dataset of a run. Raises DataError when it is not at hand any more."""
        ...
