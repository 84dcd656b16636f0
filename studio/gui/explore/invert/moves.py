"""The latent that a state of the inversion panel makes of a picture's own one. NumPy alone; no Qt here.

z′ = T · levels(z) + Σ amount · vector: each level kept, or on its way to noise or to zero; all of it multiplied by the
temperature; then the attributes. A class in the latent is left as it is, or exchanged for another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from studio.explore.latents import spherical
from studio.gui.explore.invert.state import KEPT, By, Inversion, Level
from studio.models.core.latents import Part, Prior, draw, one_hot

Floats = npt.NDArray[np.float32]
COLUMNS = 6
"""Noises that are tried on each level."""
TEMPERATURE = "temperature"


def levels_of(prior: Prior) -> list[tuple[Part, slice]]:
    """The parts that can be edited one by one: normal noise, the finest level first."""
    return [(part, where) for part, where in prior.placed("noise") if part.kind == "normal"]


def edited(z: Floats, prior: Prior, state: Inversion, vectors: Mapping[By, Floats]) -> Floats:
    """See the module. Of an own latent (size,); bit for bit the same when nothing is edited.

    Args:
        vectors: (size,) of the attributes that were found; of others nothing is added yet.
    """
    made = z.astype(np.float32, copy=True)
    for part, where in levels_of(prior):
        made[where] = np.float32(state.temperature) * _mixed(z[where], where, prior, state.level(part.name))
    for part, where in prior.placed("class"):
        if state.label is not None and state.label < part.size:
            made[where] = one_hot(state.label, part.size)
    for trait in state.traits:
        vector = vectors.get(trait.by)
        if trait.amount and vector is not None and vector.shape == z.shape:
            made += np.float32(trait.amount) * vector
    return made


def _mixed(own: Floats, where: slice, prior: Prior, level: Level) -> Floats:
    if level.way == "keep" or not level.amount:
        return own
    if level.way == "zero":
        return own * np.float32(1 - level.amount)
    noise = draw(prior, 1, level.seed)[0, where]
    return noise if level.amount == 1 else spherical(own, noise, level.amount)


def tried(state: Inversion) -> list[Level]:
    """What is shown for each level, column by column: kept, several noises, zero."""
    return [KEPT, *(Level("noise", 1.0, state.seed + i) for i in range(COLUMNS)), Level("zero")]


def strip(z: Floats, prior: Prior, state: Inversion, vectors: Mapping[By, Floats]) -> Floats:
    """Where what lives: a row for each level, in which that level alone is what :func:`tried` says, the others as
    they are set; row by row, N×size."""
    rows = [
        edited(z, prior, state.with_level(part.name, level), vectors)
        for part, _ in levels_of(prior)
        for level in tried(state)
    ]
    return np.stack(rows) if rows else np.zeros((0, len(z)), np.float32)


def films(prior: Prior) -> dict[str, str]:
    """What can be played: keys of :func:`film`, in words."""
    names = {part.name: f"{part.name} to noise and back" for part, _ in levels_of(prior)}
    return {**names, TEMPERATURE: "temperature 0 to 1 and back"}


def film(z: Floats, prior: Prior, state: Inversion, vectors: Mapping[By, Floats], key: str, frames: int) -> Floats:
    """Frames F×size: one level on its way to the noise that is set for it, or the temperature from 0, and back; all
    else as it is set."""
    share = 1 - np.abs(2 * np.arange(frames) / frames - 1)
    found = []
    for t in share.tolist():
        if key == TEMPERATURE:
            new = replace(state, temperature=1.0 - t)
        else:
            new = state.with_level(key, Level("noise", t, state.level(key).seed))
        found.append(edited(z, prior, new, vectors))
    return np.stack(found)
