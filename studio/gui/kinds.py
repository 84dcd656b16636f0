"""Kinds of data in words: what an example is called, its form, what it carries. No widget, no disk."""

from __future__ import annotations

from studio.data.dataset import DataSpec, Kind
from studio.data.skeleton import JOINTS
from studio.gui.words import plural

ONE: dict[Kind, str] = {"images": "image", "points": "point", "vectors": "binary vector", "sentences": "sentence"}
"""What one example is called."""


def examples(kind: Kind, count: int) -> str:
    """ "1 image", "6,920 sentences" """
    return plural(count, ONE[kind])


def form(data: DataSpec) -> str:
    """What one example looks like: "28×28 grey", "up to 56 words", "112 values of 0 or 1"; empty for points."""
    if data.kind == "points":
        return ""
    if data.kind == "vectors":
        return f"{plural(data.shape[0], 'value')} of 0 or 1"
    if data.kind == "sentences":
        return f"up to {plural(data.shape[0], 'word')}"
    height, width = data.size
    colour = {1: "grey", 3: "colour", 4: "colour with alpha"}.get(data.channels, f"{data.channels} channels")
    return f"{width}×{height} {colour}"


def is_posed(data: DataSpec) -> bool:
    """Whether its images are of people whose joints are known."""
    return data.kind == "images" and "joints" in data.carries


def is_parted(data: DataSpec) -> bool:
    """Whether its source said which examples are for validation and for the test."""
    return "part" in data.carries


def more(data: DataSpec, people: int = 0) -> list[str]:
    """What a dataset has besides its examples: "1,500 people", "18 joints", "parts"; "17,573 different words".

    Args:
        people: how many there are; 0 when that is not known here.
    """
    if data.kind == "sentences":
        vectors = [f"word vectors of {plural(data.vectors, 'dimension')}"] if data.vectors else []
        return [f"{plural(data.vocabulary, 'different word')}", *vectors]
    if not is_posed(data):
        return []
    who = f"{people:,} {'person' if people == 1 else 'people'}" if people else "people"
    return [who, f"{len(JOINTS)} joints", *(["parts"] if "parts" in data.carries else [])]
