"""A source in words and numbers: what the dataset sheet says and asks, without a widget."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from studio.data.dataset import Dataset, DataSpec
from studio.data.reading import Found, Preparation, Source
from studio.data.watch import Watch
from studio.gui import kinds, words


def prepare(source: Source, preparation: Preparation, name: str, watch: Watch) -> DataSpec:
    """Read a source into the cache, under a name; for a worker thread."""
    from studio.data import store

    dataset: Dataset = store.prepare(source, preparation, watch)
    if name and name != dataset.spec.name:
        store.rename(dataset.spec.fingerprint, name)
        return replace(dataset.spec, name=name)
    return dataset.spec


def describe(source: Source, found: Found) -> str:
    """ "IDX · 70,000 images · 28×28 · grey · 10 classes: 0, 1, 2 …", then notes, a sentence a line."""
    parts = [source.kind_of, kinds.examples(found.kind, found.count)]
    if found.kind == "images":
        sizes = [f"{size}" for size in found.sizes]
        parts.append(sizes[0] if len(sizes) == 1 else f"{len(sizes):,} sizes, most often {sizes[0]}" if sizes else "")
        parts.append("grey" if found.channels == 1 else "colour")
    if found.labelled and found.classes:
        shown = ", ".join(found.classes[:6]) + (" …" if len(found.classes) > 6 else "")
        parts.append(f"{words.plural(len(found.classes), 'class', 'classes')}: {shown}")
    else:
        parts.append("no labels")
    # Without a look at the disk, which resolve() takes: this is the window's thread.
    where = [os.path.normpath(Path(source.path).absolute())] if source.path is not None else []
    return "\n".join([" · ".join(p for p in parts if p), *where, *found.notes])


def own_size(found: Found) -> tuple[int, int]:
    first = next(iter(found.sizes), "32×32")
    width, _, height = first.partition("×")
    return int(height), int(width)


def size_text(size: tuple[int, int]) -> str:
    height, width = size
    return f"{width}" if width == height else f"{width}×{height}"


def size_of(text: str) -> tuple[int, int]:
    """Height and width from "32" or "48×64" (width × height, as people say it).

    Raises:
        ValueError: when it is neither.
    """
    parts = text.lower().replace("px", "").replace("x", "×").split("×")
    try:
        sides = [int(p) for p in parts]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2):
        raise ValueError(f"size: write a number of pixels such as 32, or 48×64, not {text!r}")
    return sides[-1], sides[0]
