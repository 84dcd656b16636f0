"""What is compared of a run: read from its folder on a worker thread, held as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.data.watch import Watch
from studio.gui.train.sheets import titles as titles_of
from studio.models.core.recipe import Value
from studio.runs.curves import Curves
from studio.runs.folder import RunFolder, RunState
from studio.runs.library import Library


@dataclass(frozen=True, eq=False)
class Compared:
    """One of the runs side by side.

    Attributes:
        sheets: steps and files of the sample sheets, rising.
        titles: of the columns of its sheets, where they have such.
    """

    path: str
    title: str
    model: str
    model_title: str
    dataset: str
    state: RunState
    recipe: Mapping[str, Value]
    curves: Curves
    sheets: tuple[tuple[int, str], ...]
    titles: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The title, cut to fit a legend."""
        return self.title if len(self.title) <= 28 else f"{self.title[:27]}…"

    def sheet_at(self, step: int) -> tuple[int, str] | None:
        """The newest sheet at or before a step; None when the first one came later."""
        before = [s for s in self.sheets if s[0] <= step]
        return before[-1] if before else None

    def last(self, curve: str) -> float | None:
        """The newest value of a curve; None when it was not measured."""
        found = self.curves.curves.get(curve)
        return float(found.y[-1]) if found is not None and len(found) else None


def gather(
    library: Library, path: str, titles: Mapping[str, str], watch: Watch, before: Compared | None = None
) -> Compared:
    """Read a run; of the curves only what was appended since ``before``.

    Raises:
        DamagedRun: when its files cannot be read. OSError: when its folder is gone.
    """
    folder = RunFolder(path)
    info, state = folder.info(), folder.state()
    model, recipe = folder.recipe()
    curves = library.curves(Path(path), before.curves if before is not None else None, watch)
    _ = curves.curves  # put together here, not when the window first looks
    drawn = folder.sheets()
    return Compared(
        path=path,
        title=info.title,
        model=model,
        model_title=titles.get(model, model),
        dataset=info.data.name,
        state=state,
        recipe=recipe,
        curves=curves,
        sheets=tuple((step, str(sheet)) for step, sheet in drawn),
        titles=titles_of(drawn[-1][1]) if drawn else (),
    )
