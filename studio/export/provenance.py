"""Where a file came from, inside of the file: the model, run, checkpoint, recipe, latents and settings that made it.

One text of JSON under one key of our own, ``gen-studio``, in the place that each format has for such a thing. Reading
decides by content and never by the name; the file is a stranger's, so everything is bounded and nothing is believed.
No torch here: the window reads what is dropped on it. How the text is found in each format: ``carriers``.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt
import orjson
from PIL import Image, PngImagePlugin

from studio import __version__
from studio.data import files
from studio.export import carriers
from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder

KEY = carriers.KEY
FORMAT = 1
MAX_LATENTS = 1 << 20
"""Numbers in all latents that a file may bring."""

Kind = Literal["samples", "walk", "film", "weights", "run"]


@dataclass(frozen=True, eq=False)
class Provenance:
    """What made a file.

    Attributes:
        model: name of the model, as the command line takes it.
        run_id, run_path, title: of the run; the path is where it was when the file was written.
        checkpoint: step of the weights.
        recipe: all fields.
        averaged: whether the running average of the weights was used.
        kind: what the file is.
        settings: of what was asked for: seed, count, truncation, layout, path, frames, ...; plain JSON values.
        latents: float32 K×size: the samples in reading order, the keys of a walk, or what a film came of; None for
            weights and runs, and where the seed says it all.
        dataset: name and fingerprint of what the run was trained on.
        version: of Gen Studio.
    """

    model: str
    run_id: str
    run_path: str
    checkpoint: int
    recipe: Mapping[str, Value]
    title: str = ""
    averaged: bool = True
    kind: Kind = "samples"
    settings: Mapping[str, Any] = field(default_factory=dict)
    latents: npt.NDArray[np.float32] | None = None
    dataset: Mapping[str, str] = field(default_factory=dict)
    version: str = __version__

    def as_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "format": FORMAT,
            "version": self.version,
            "kind": self.kind,
            "model": self.model,
            "run": {"id": self.run_id, "path": self.run_path, "title": self.title},
            "checkpoint": self.checkpoint,
            "averaged": self.averaged,
            "dataset": dict(self.dataset),
            "recipe": dict(self.recipe),
            "settings": dict(self.settings),
        }
        if self.latents is not None:
            little = np.ascontiguousarray(self.latents, dtype="<f4")
            plain["latents"] = {"shape": little.shape, "float32": base64.b64encode(little.tobytes()).decode()}
        return plain

    def text(self) -> str:
        """As JSON in ASCII, for places that know no other letters."""
        return json.dumps(self.as_dict(), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def of(
    run: RunFolder,
    checkpoint: int,
    kind: Kind,
    *,
    averaged: bool = True,
    settings: Mapping[str, Any] | None = None,
    latents: npt.NDArray[np.float32] | None = None,
) -> Provenance:
    """The provenance of something made from this run.

    Raises:
        DamagedRun: when the run cannot be read.
    """
    model, recipe = run.recipe()
    info = run.info()
    return Provenance(
        model=model,
        run_id=info.id,
        run_path=str(run.path),
        checkpoint=checkpoint,
        recipe=recipe,
        title=info.title,
        averaged=averaged,
        kind=kind,
        settings={k: v for k, v in (settings or {}).items() if v is not None},
        latents=latents if latents is not None and latents.size <= MAX_LATENTS else None,
        dataset={"name": info.data.name, "fingerprint": info.data.fingerprint, "source": info.data.source},
    )


def parse(text: str | bytes) -> Provenance | None:
    """The inverse of :meth:`Provenance.text`; None for anything else, however it came about."""
    if len(text) > carriers.MAX_TEXT:
        return None
    try:
        plain = orjson.loads(text)
        if not isinstance(plain["format"], int) or plain["format"] < 1:
            return None
        run, recipe, settings = _table(plain["run"]), _table(plain["recipe"]), _table(plain.get("settings", {}))
        if not all(isinstance(v, int | float | str) for v in recipe.values()):
            return None
        return Provenance(
            model=_string(plain["model"]),
            run_id=_string(run["id"]),
            run_path=_string(run["path"]),
            checkpoint=_step(plain["checkpoint"]),
            recipe=recipe,
            title=_string(run.get("title", "")),
            averaged=bool(plain.get("averaged", True)),
            kind=_kind(plain.get("kind", "samples")),
            settings=settings,
            latents=_latents(plain["latents"]) if "latents" in plain else None,
            dataset={str(k): _string(v) for k, v in _table(plain.get("dataset", {})).items()},
            version=_string(plain.get("version", "")),
        )
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError, AttributeError):
        return None


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not a table")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:  # a path with NUL makes every later look at the disk raise
        raise TypeError("not a text")
    return value


def _step(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError("not a step")
    return value


def _kind(value: Any) -> Kind:
    if value not in get_args(Kind):
        raise ValueError("not a kind")
    return cast("Kind", value)


def _latents(plain: dict[str, Any]) -> npt.NDArray[np.float32]:
    count, size = (int(n) for n in plain["shape"])
    if min(count, size) < 1 or count * size > MAX_LATENTS:
        raise ValueError("latents out of bounds")
    flat = np.frombuffer(base64.b64decode(plain["float32"], validate=True), dtype="<f4")
    if not np.isfinite(flat).all():
        raise ValueError("latents that are no numbers")
    return flat.reshape(count, size).astype(np.float32)


# --- into files


def write_png(path: Path, image: npt.NDArray[np.uint8], provenance: Provenance | None = None) -> None:
    """A picture, uint8 H×W×3 or H×W, as PNG; whole or not at all.

    Raises:
        OSError: when it cannot be written.
    """
    with files.replacing(path) as fresh:
        save_image(fresh, image, "png", provenance)


def save_image(
    path: Path, image: npt.NDArray[np.uint8], format: Literal["png", "webp"], provenance: Provenance | None
) -> None:
    """As :func:`write_png`, to a path that somebody else puts in place. WebP is written without loss."""
    picture = Image.fromarray(image)
    if format == "webp":
        side = max(picture.size)
        if side > 16383:
            raise ValueError(f"WebP holds at most 16383 pixels a side, not {side}; take PNG, or fewer samples")
        picture.save(path, format="WEBP", lossless=True, xmp=xmp(provenance) if provenance else b"")
        return
    info = PngImagePlugin.PngInfo()
    if provenance is not None:
        info.add_itxt(KEY, provenance.text())
    picture.save(path, format="PNG", pnginfo=info)


def comment(provenance: Provenance) -> str:
    """For places without keys: the comments of GIF, MP4 and zip."""
    return f"{KEY}:{provenance.text()}"


def xmp(provenance: Provenance) -> bytes:
    """For WebP."""
    return carriers.xmp(provenance.text())


# --- out of files


def read(path: Path) -> Provenance | None:
    """Where a file came from: PNG, WebP, GIF, MP4, safetensors, ONNX, npz or a bundle, told apart by content.

    Returns:
        None when the file says nothing of it, is damaged, or is something else; a hostile one never raises.

    Raises:
        OSError: when the file cannot be opened at all.
    """
    text = carriers.find(Path(path))
    return parse(text) if text else None


def number(provenance: Provenance, name: str, default: float) -> float:
    """A finite number of the settings, or the default when there is none: settings come from a stranger."""
    value = provenance.settings.get(name)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good and value is not None else default
