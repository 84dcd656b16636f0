"""What the library shows of one run: plain data, made on a worker thread, so that the window only reads attributes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from studio.gui.words import duration, memory
from studio.runs.library import Entry

Shown = Literal["training", "paused", "interrupted", "new", "stopped", "finished", "failed", "damaged"]

SHOWN: dict[Shown, tuple[str, str, str]] = {
    "training": ("Training", "play-fill", "accent"),
    "paused": ("Paused", "pause-fill", "accent"),
    "interrupted": ("Interrupted", "lightning-slash", "warn"),
    "new": ("Not started", "circle", "quiet"),
    "stopped": ("Stopped", "stop-circle", "quiet"),
    "finished": ("Finished", "check-circle", "good"),
    "failed": ("Failed", "warning-circle", "bad"),
    "damaged": ("Damaged", "warning-octagon", "bad"),
}
"""Each state as the person reads it, its icon and that icon's colour; also their order when sorted."""


@dataclass(frozen=True)
class Row:
    """One run of the list.

    Attributes:
        model: the model's file name; ``model_title`` is what is shown.
        created: seconds since the epoch.
        message: why it failed, was paused, or is damaged.
        cell: side in pixels of one picture of the sheet, so that a small thumbnail can show a few of them; 0: unknown.
        haystack: all that search looks in, case-folded.
    """

    path: str
    title: str
    model: str
    model_title: str
    dataset: str
    shown: Shown
    message: str
    step: int
    steps: int
    seconds: float
    size: int
    created: float
    tags: tuple[str, ...]
    note: str
    thumbnail: str
    cell: int
    haystack: str

    @property
    def damaged(self) -> bool:
        return self.shown == "damaged"

    @property
    def status(self) -> str:
        return SHOWN[self.shown][0]

    @property
    def icon(self) -> str:
        return SHOWN[self.shown][1]

    @property
    def icon_colour(self) -> str:
        return SHOWN[self.shown][2]

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0..1."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0

    @property
    def progress_text(self) -> str:
        if self.damaged:
            return "–"
        return f"{self.step:,} of {self.steps:,}"

    @property
    def resumable(self) -> bool:
        """Whether training could go on from here as the recipe says."""
        return self.shown in ("new", "stopped", "failed", "interrupted", "paused") and self.step < self.steps

    @property
    def spoken(self) -> str:
        """The row in one sentence, for screen readers."""
        if self.damaged:
            return f"{self.title}, damaged: {self.message}"
        parts = [
            self.title, self.status, f"{self.progress:.0%}", self.model_title, f"on {self.dataset}",
            duration(self.seconds), memory(self.size),
        ]  # fmt: skip
        return ", ".join(parts + ([f"tags {', '.join(self.tags)}"] if self.tags else []))

    def edited(self, *, title: str | None = None, tags: tuple[str, ...] | None = None, note: str | None = None) -> Row:
        """The row after an edit, before the disk has answered."""
        fresh = replace(
            self,
            title=self.title if title is None else title,
            tags=self.tags if tags is None else tags,
            note=self.note if note is None else note,
        )
        return fresh.indexed()

    def indexed(self) -> Row:
        """With its haystack renewed."""
        words_in = (self.title, self.model, self.model_title, self.dataset, *self.tags, self.note, self.status)
        return replace(self, haystack="\n".join(words_in).casefold())


def of(entry: Entry, titles: Mapping[str, str], training: str = "") -> Row:
    """The row of an entry of the library.

    Args:
        titles: model name → its title.
        training: path of the run that this window trains.
    """
    status = entry.state.status
    ours = str(entry.path) == training  # this window knows better than the lock, which is taken a moment later
    if entry.damaged:
        shown: Shown = "damaged"
    elif status in ("running", "paused") and entry.crashed and not ours:
        shown = "interrupted"
    else:
        shown = "training" if status == "running" else status
    return Row(
        path=str(entry.path),
        title=entry.title,
        model=entry.model,
        model_title=titles.get(entry.model, entry.model),
        dataset=entry.data.name if entry.data is not None else "",
        shown=shown,
        message=_plain(entry.damaged, entry.path) or entry.state.message,
        step=entry.state.step,
        steps=entry.state.steps,
        seconds=entry.state.seconds,
        size=entry.size,
        created=entry.created,
        tags=tuple(entry.tags),
        note=entry.note,
        thumbnail=str(entry.thumbnail) if entry.thumbnail is not None else "",
        cell=max(entry.data.size) if entry.data is not None and entry.data.pictured else 0,
        haystack="",
    ).indexed()


def _plain(reason: str, path: Path) -> str:
    """The reason without the long way to the folder, which is told elsewhere."""
    return reason.replace(f"{path}{os.sep}", "")
