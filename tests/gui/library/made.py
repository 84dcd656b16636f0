"""Made-up runs and datasets for the tests of the library and of the comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from studio.data import places
from studio.data.dataset import DataSpec
from studio.data.pictures import sheet
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import FieldInfo
from studio.runs.folder import Record, RunFolder, RunState

DIGITS = DataSpec("digits", "images", (1, 8, 8), 1797, 180, tuple("0123456789"), "f0f0", "builtin:digits")

CARD = ModelCard(
    name="wgan_gp",
    title="WGAN-GP",
    about="",
    authors="Gulrajani et al.",
    year=2017,
    paper="",
    arxiv="1704.00028",
    capabilities=("decode latent",),
    fields=(
        FieldInfo("steps", "int", 1000, "length of the training", 1, 10_000_000, unit="steps", essential=True),
        FieldInfo("batch", "int", 64, "examples per update", 1, 4096, unit="examples"),
        FieldInfo("seed", "int", 0, "start of every random number", 0, 2**31 - 1),
        FieldInfo("penalty", "float", 10.0, "weight of the gradient penalty", 0, 100),
    ),
)
CARD_2 = ModelCard("dcgan", "DCGAN", "", "Radford et al.", 2016, "", "1511.06434", ("decode latent",), CARD.fields[:3])


def run(
    name: str,
    *,
    title: str = "",
    model: str = "wgan_gp",
    recipe: dict[str, Any] | None = None,
    data: DataSpec = DIGITS,
    state: RunState | None = None,
    sheets: tuple[int, ...] = (),
    checkpoints: tuple[int, ...] = (),
    records: list[Record] | None = None,
    picture: Any = None,
) -> Path:
    """A run in the library of this test. ``picture(step)`` gives a sheet, uint8 H×W×3."""
    values = {"steps": 1000, "batch": 64, "seed": 0} | ({"penalty": 10.0} if model == "wgan_gp" else {})
    folder = RunFolder.create(places.runs() / name, model, values | (recipe or {}), data, title=title or name)
    folder.write_state(state or RunState("finished", 1000, 1000, 65.0))
    (folder.path / "sheets").mkdir(exist_ok=True)
    for step in sheets:
        Image.fromarray((picture or noise)(step)).save(folder.sheet(step))
    for step in checkpoints:
        folder.checkpoint(step).mkdir(parents=True)
        for file in ("weights", "average", "engine"):
            (folder.checkpoint(step) / f"{file}.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
        (folder.checkpoint(step) / "state.json").write_text(json.dumps({"step": step}))
    if records:
        folder.append(records)
    return folder.path


def noise(step: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A sheet of 4×4 pictures that differs from step to step."""
    return sheet(np.random.default_rng(step).integers(0, 256, (16, 8, 8, 3), dtype=np.uint8))


def damaged(name: str) -> Path:
    """A folder whose run.json was cut short."""
    at = run(name)
    (at / "run.json").write_text('{"id": "x", "ti')
    return at
