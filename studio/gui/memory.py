"""What was chosen when the window last closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.data import places
from studio.data.dataset import DataSpec
from studio.gui.preferences import Preferences
from studio.gui.session import Session
from studio.runs.folder import DamagedRun, RunFolder


@dataclass(frozen=True)
class Remembered:
    """The chosen dataset and run, as the settings have them; whether they still exist is for :meth:`still_there`."""

    settings: Preferences
    dataset: DataSpec | None
    run: str

    @property
    def anything(self) -> bool:
        return self.dataset is not None or bool(self.run)

    def still_there(self) -> Remembered:
        """Without what has gone meanwhile. Looks at the disk: for a worker thread."""
        dataset, run = self.dataset, self.run
        if dataset is not None and not (places.datasets() / dataset.fingerprint).is_dir():
            dataset = None
        try:
            RunFolder(run).info()
        except DamagedRun:
            run = ""
        return Remembered(self.settings, dataset, run)

    def keep(self, session: Session) -> None:
        chosen = session.dataset
        self.settings.set("chosen/dataset", None if chosen is None else chosen.as_dict())
        self.settings.set("chosen/run", session.run)


def remembered(settings: Preferences) -> Remembered:
    """What the settings say; a dataset that they spell in a way of the past counts as none."""
    plain: Any = settings.get("chosen/dataset")
    run: Any = settings.get("chosen/run", "")
    try:
        dataset = DataSpec.from_dict(plain) if isinstance(plain, dict) else None
    except (KeyError, TypeError):
        dataset = None
    return Remembered(settings, dataset, run if isinstance(run, str) else "")
