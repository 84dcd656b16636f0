"""What a person has set on the encode panel, as one immutable value, and words for what was found. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePath
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.data.dataset import DataSpec
from studio.explore.questions import Real, Search
from studio.models.core.latents import Prior

MOST = 16
"""Examples at once: as many as can be seen beside what they became."""
By = Literal["encoder", "search"]
BOUNDS: dict[str, tuple[float, float]] = {
    "restarts": (1, 64),
    "iterations": (1, 20_000),
    "rate": (1e-4, 10.0),
    "pull": (0.0, 10.0),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class Encoding:
    """See the module. ``by``: what finds the latents; a model without an encoder is always searched."""

    real: Real = field(default_factory=Real)
    by: By = "encoder"
    search: Search = field(default_factory=Search)

    def chosen(self, real: Real) -> Encoding:
        """With these examples, as many as there may be."""
        indices = real.indices[:MOST]
        return replace(self, real=replace(real, indices=indices, paths=real.paths[: MOST - len(indices)]))


def as_plain(state: Encoding) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return {
        "indices": list(state.real.indices),
        "paths": list(state.real.paths),
        "negative": state.real.negative,
        "by": state.by,
        "search": asdict(state.search),
    }


def from_plain(plain: Mapping[str, Any]) -> Encoding | None:
    """The state of :func:`as_plain`, or None when it is damaged; numbers out of bounds are brought back."""
    try:
        search = dict(plain["search"])
        known: dict[str, Any] = {name: _bounded(name, search[name]) for name in BOUNDS if name in search}
        paths = tuple(p for p in plain["paths"] if isinstance(p, str) and "\0" not in p)
        indices = tuple(max(int(i), 0) for i in plain["indices"])
        real = Real(indices, paths, plain.get("negative") is True)
        by: By = "search" if plain["by"] == "search" else "encoder"
        return Encoding(by=by, search=Search(**known, refine=search.get("refine") is True)).chosen(real)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _bounded(name: str, value: Any) -> int | float:
    low, high = BOUNDS[name]
    if not math.isfinite(value):
        raise ValueError(f"{name} is no number")
    kind = type(getattr(Search(), name))
    bounded: int | float = kind(min(max(value, low), high))
    return bounded


# --- words


def name_of(index: int, real: Real, labels: npt.NDArray[np.int64], data: DataSpec) -> str:
    """An example as a person calls it: its file, or its number with its class."""
    if index >= len(real.indices):
        at = index - len(real.indices)
        return PurePath(real.paths[at]).name if at < len(real.paths) else f"picture {index + 1}"
    label = class_of(index, labels, data)
    return f"example {real.indices[index]:,}" + (f", labelled {label}" if label else "")


def class_of(index: int, labels: npt.NDArray[np.int64], data: DataSpec) -> str:
    """The name of its class, or nothing."""
    label = int(labels[index]) if index < len(labels) else -1
    return data.classes[label] if 0 <= label < len(data.classes) else ""


def parts_found(prior: Prior, z: npt.NDArray[np.float32]) -> list[str]:
    """The codes and the class of a latent: "c1 = 7", "c2 = 0.31"."""
    found = []
    for part, where in prior.placed("code", "class"):
        own = z[where]
        if part.kind == "categorical":
            found.append(f"{part.name} = {part.labels[int(own.argmax())]}")
        else:
            found.append(f"{part.name} = {', '.join(f'{v:.2f}' for v in own)}".replace("-", "−"))
    return found


def values_tried(prior: Prior, sizes: int) -> list[str]:
    """The names of the combinations of :attr:`studio.explore.questions.Sought.tried`, in its order; none when they
    cannot be told."""
    names, many = [""], 1
    for part, _ in prior.placed():
        if part.kind == "categorical" and many * part.size <= sizes:
            many *= part.size
            names = [", ".join(filter(None, (n, f"{part.name} = {v}"))) for n in names for v in part.labels]
    return names if len(names) == sizes else []


def length(prior: Prior, z: npt.NDArray[np.float32]) -> float:
    """Root-mean-square of the noise in σ of its prior: about 1 for what the prior draws. 0 when there is no noise."""
    own = [(z[where] / part.sigma) ** 2 for part, where in prior.placed("noise") if part.kind != "categorical"]
    return float(np.sqrt(np.concatenate(own).mean())) if own and sum(map(len, own)) else 0.0
