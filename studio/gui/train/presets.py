"""Recipes that a person keeps under a name: TOML files in the folder ``presets`` of Gen Studio's home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from send2trash import send2trash

from studio.data import files, places
from studio.models.core.recipe import Value, from_toml

Act = Callable[[], object]


@dataclass(frozen=True)
class Preset:
    title: str
    model: str
    values: dict[str, Value]
    path: Path


def folder() -> Path:
    return places.home() / "presets"


def listed() -> list[Preset]:
    """All that can be read, by title; a file that is no recipe is passed over."""
    found = []
    for path in sorted(folder().glob("*.toml")):
        try:
            found.append(Preset(path.stem, *from_toml(path.read_text("utf-8")), path))
        except (OSError, ValueError):
            continue
    return found


def keep(title: str, text: str) -> Path:
    """Write a recipe under a title, in place of one that had it. Signs that no file name has become dashes."""
    name = "".join(c if c.isalnum() or c in " -_.,+=()" else "-" for c in title).strip(" .") or "preset"
    path = folder() / f"{name}.toml"
    files.write(path, text)
    return path


def forget(preset: Preset) -> None:
    """To the trash."""
    send2trash(preset.path)
