"""Runs that nobody trained, with the files that a training leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.data.dataset import DataSpec
from studio.runs.folder import Record, RunFolder, RunState
from studio.runs.library import Library

DATA = DataSpec("digits", "images", (1, 8, 8), 40, 4, ("0", "1"), "f00", "builtin:digits")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    root = tmp_path / "library"
    root.mkdir()
    return Library(root)


@pytest.fixture
def made(library: Library) -> Callable[..., RunFolder]:
    """``made("a", checkpoints=(10, 20), learning=0.1)``: a run in the library, with extra fields in its recipe."""

    def make(
        name: str, *, model: str = "wgan_gp", data: DataSpec = DATA, checkpoints: tuple[int, ...] = (), **recipe: Any
    ) -> RunFolder:
        run = RunFolder.create(library.root / name, model, {"steps": 20, "batch": 8, **recipe}, data)
        last = max(checkpoints, default=0)
        for step in checkpoints:
            at = run.checkpoint(step)
            at.mkdir(parents=True)
            resumable = step >= sorted(checkpoints)[-2:][0]
            for file in ("average", "weights", "engine") if resumable else ("average",):
                (at / f"{file}.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}" + bytes(step))
            (at / "state.json").write_text("{}")
            run.sheet(step).parent.mkdir(exist_ok=True)
            Image.new("RGB", (4, 4)).save(run.sheet(step))
        run.append([Record(n, n / 10, {"loss/critic": n / 7}) for n in range(1, last + 1)])
        if checkpoints:
            run.write_state(RunState("stopped", last, 20, last / 10))
        return run

    return make
