"""Where Gen Studio keeps things. Everything is below one folder, which ``GEN_STUDIO_HOME`` moves elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder of runs, datasets and settings; made on first use."""
    named = os.environ.get("GEN_STUDIO_HOME")
    at = Path(named).expanduser() if named else platformdirs.user_data_path("gen-studio", appauthor=False)
    at.mkdir(parents=True, exist_ok=True)
    return at


def runs() -> Path:
    """The library of runs: every folder in it is one."""
    return _made(home() / "runs")


def datasets() -> Path:
    """Prepared datasets, one folder each, named by fingerprint. A cache: each can be read again from its source."""
    return _made(home() / "datasets")


def downloads() -> Path:
    """Archives of standard datasets as they were downloaded."""
    return _made(home() / "downloads")


def cache() -> Path:
    """Small things that can be deleted at any time: the catalogue of models, indices of the library."""
    return _made(home() / "cache")


def _made(at: Path) -> Path:
    at.mkdir(parents=True, exist_ok=True)
    return at
