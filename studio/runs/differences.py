"""In which fields runs differ: their recipes side by side, with model and dataset on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder


@dataclass(frozen=True)
class Row:
    """One field over all runs; None where a run's recipe has no such field."""

    name: str
    values: tuple[Value | None, ...]

    @property
    def differs(self) -> bool:
        return any(v != self.values[0] or type(v) is not type(self.values[0]) for v in self.values[1:])


@dataclass(frozen=True)
class Table:
    """Runs as columns, fields as rows: ``model`` and ``dataset`` first, then the recipe in its own order."""

    titles: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def differing(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.differs)


def of(runs: Sequence[RunFolder]) -> Table:
    """Compare runs.

    Raises:
        DamagedRun: when one of them cannot be read; the message names its file.
    """
    recipes = [run.recipe() for run in runs]
    infos = [run.info() for run in runs]
    rows = [
        Row("model", tuple(model for model, _ in recipes)),
        Row("dataset", tuple(info.data.name for info in infos)),
    ]
    if len({info.data.name for info in infos}) < len({info.data.fingerprint for info in infos}):
        # the same name for different data, or one source prepared in several ways: say so where it cannot be missed
        rows.append(Row("dataset fingerprint", tuple(info.data.fingerprint for info in infos)))
        rows.append(Row("dataset shape", tuple("×".join(map(str, info.data.shape)) for info in infos)))
    names = dict.fromkeys(name for _, recipe in recipes for name in recipe)
    rows += [Row(name, tuple(recipe.get(name) for _, recipe in recipes)) for name in names]
    return Table(tuple(info.title for info in infos), tuple(rows))
