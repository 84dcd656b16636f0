"""What the panel has to take away: what stands side by side on it, and films of how samples came to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.data import pictures
from studio.explore import drawings
from studio.gui.explore.pixels import heat
from studio.gui.explore.pixels.easel import Easel
from studio.gui.export.offer import OfferedFrames

FRAMES, FPS = 96, 24
GAP = 2


def offered(easel: Easel, about: Mapping[str, Any]) -> OfferedFrames | None:
    """What is on screen; None: nothing is yet.

    Args:
        about: the panel and its state, for the file.
    """
    if easel.view is None:
        return None
    return _surprise(easel, about) if easel.state.mode == "surprise" else _drawing(easel, about)


def _drawing(easel: Easel, about: Mapping[str, Any]) -> OfferedFrames | None:
    found, data = easel.result, easel.data
    if found is None:
        return None
    images = np.concatenate([found.original, found.images]) if len(found.original) else found.images
    completes = len(found.original) > 0
    return OfferedFrames(
        "completions" if completes else "drawing",
        "The original, and its completions." if completes else f"The samples of seed {easel.state.seed}.",
        found.step,
        pictures.sheet(images, drawings.columns(len(images))),
        max(data.size),
        lambda frames: drawings.film(found, data, frames),
        FRAMES,
        FPS,
        about,
    )


def _surprise(easel: Easel, about: Mapping[str, Any]) -> OfferedFrames | None:
    found = easel.surprise
    if found is None or not len(found.totals):
        return None
    maps = heat.coloured(found.nats, heat.ends(found.nats)[0])
    rows = {"picture": [found.images], "map": [maps], "over": [heat.over(found.images, maps)]}
    shown = np.concatenate(rows.get(easel.state.seen, [found.images, maps]))
    high, beyond = heat.ends(found.nats)
    return OfferedFrames(
        "surprise",
        f"The examples, as many in a row as were chosen. Colours from 0 to {'≥ ' if beyond else ''}{high:.2f} nats.",
        found.step,
        pictures.sheet(shown, len(found.totals), GAP),
        max(easel.data.size),
        None,
        FRAMES,
        FPS,
        {**about, "nats": [round(float(t), 3) for t in found.totals]},
    )
