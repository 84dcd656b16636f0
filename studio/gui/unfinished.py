"""Runs that did not end as somebody wished: cut off by a crash, or stopped because the window went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.runs.folder import DamagedRun, RunFolder


@dataclass(frozen=True)
class Unfinished:
    """``step``: of its newest checkpoint, 0 when it has none. ``crashed``: else it was stopped with a checkpoint."""

    path: str
    title: str
    step: int
    crashed: bool

    @property
    def what(self) -> str:
        if self.crashed:
            return f"{self.title} was interrupted at step {self.step:,}"
        return f"{self.title} was interrupted when the window closed"

    @property
    def why(self) -> str:
        if not self.step:
            return "It had no checkpoint yet, so it begins again."
        return (
            "Everything up to its last checkpoint is there." if self.crashed else f"It goes on at step {self.step:,}."
        )


def look(library: Path, left: str = "") -> list[Unfinished]:
    """Runs of the library that say they are running while nobody is running them; for a worker thread.

    Args:
        left: path of the run that was in training when the window was last there, which counts also when its engine
            still stopped it in order.
    """
    found: list[Unfinished] = []
    paths = {str(path): path for path in sorted(library.iterdir())} if library.is_dir() else {}
    if left:
        paths[left] = Path(left)
    for name, path in paths.items():
        run = RunFolder(path)
        try:
            if not (path / "state.json").is_file():
                continue
            state = run.state()
            crashed = run.crashed()
            if crashed or (name == left and state.status == "stopped" and state.step < state.steps):
                steps = run.checkpoints(resumable=True)
                found.append(Unfinished(name, run.info().title, steps[-1] if steps else 0, crashed))
        except (DamagedRun, OSError):
            continue  # a damaged run is shown as such by the library
    return found
