"""One person in several poses, taken away: a sheet with a row for each pose, or a film with a frame for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from studio.data import files, pictures
from studio.data.body_pictures import with_skeleton
from studio.data.skeleton import JOINTS, Joints
from studio.export import provenance
from studio.export.context import Context
from studio.export.decoding import ExportError
from studio.export.jobs import ExportPoses, Written
from studio.export.walks import check_speed, told, write_film
from studio.models.core.model import Model, TakesPose
from studio.training.sheets import to_bytes

MOST = 2000
"""Poses of one film."""
MOST_ROWS = 64
"""Poses of one sheet."""
MOST_BYTES = 2 << 30
SIDES = (16, 1024)
AT_ONCE = 8
"""Poses that go through a model together."""
GAP = 4
GROUND, INK = (255, 255, 255), (27, 28, 32)
RESULT = "result"

Frame = npt.NDArray[np.uint8]
Columns = dict[str, npt.NDArray[np.uint8]]


def export_poses(job: ExportPoses, context: Context) -> Written:
    """Write what was asked for.

    Raises:
        ExportError: what was asked for cannot be; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    model, step = context.model(job.where)
    _check(job, model)
    run = context.run(job.where.run)
    total = len(job.joints) * (1 + len(job.beside) + job.film)
    stages = _posed(model, job, context, 0, total)
    name = (job.name or run.info().title) if job.beside else ""
    columns: Columns = {}
    if job.shows != "result":
        columns["source"] = job.source[None].repeat(len(job.joints), 0)
        columns["pose"] = np.zeros_like(columns["source"])  # drawn when it is as large as it is shown
    made = list(stages.items())
    for stage, shown in made if job.shows == "stages" else made[-1:]:
        last = stage == made[-1][0]
        columns[(name or (stage if job.shows == "stages" else RESULT)) if last else stage] = shown
    for number, (title, where) in enumerate(job.beside, start=1):
        other, _ = context.model(where)
        _same(other, model)
        found = _posed(other, job, context, number * len(job.joints), total)
        columns[_free(title, columns)] = list(found.values())[-1]
    settings = {
        "poses": len(job.joints),
        "shows": job.shows,
        "beside": [where.run for _, where in job.beside] or None,
        "fps": job.fps if job.film else None,
        "format": job.format,
        "panel": dict(job.panel) or None,
    }
    kind: provenance.Kind = "film" if job.film else "samples"
    origin = provenance.of(run, step, kind, averaged=job.where.averaged, settings=settings)
    frames = _Frames(columns, job)
    out = Path(job.out)
    if job.film:
        return write_film(
            out, job.format, frames, told(frames, context.watch, total - len(frames), total), job.fps, origin
        )
    sheet = np.concatenate([frames.titles(), *(frames.row(n) for n in range(len(frames)))])
    with files.replacing(out) as fresh:
        provenance.save_image(fresh, sheet, cast("Any", job.format), origin)
    return Written((job.out,))


def _check(job: ExportPoses, model: Model) -> None:
    if not isinstance(model, TakesPose):
        raise ExportError(f"{model.title} takes no pose")
    height, width = model.data.size
    if job.source.shape != (height, width, 3) or job.source.dtype != np.uint8:
        raise ExportError(f"the source is not a picture of {width}×{height} pixels, which this model takes")
    good = job.joints.ndim == 3 and job.joints.shape[1:] == (len(JOINTS), 3)
    if not good or job.source_joints.shape != (len(JOINTS), 3):
        raise ExportError(f"a pose is {len(JOINTS)} joints with x, y and whether they are known")
    if not len(job.joints) or not np.isfinite(job.joints).all() or not np.isfinite(job.source_joints).all():
        raise ExportError("there is no pose, or one with joints that are no numbers")
    most = MOST if job.film else MOST_ROWS
    if len(job.joints) > most:
        raise ExportError(f"{len(job.joints):,} poses are too many for one {'film' if job.film else 'sheet'}: {most:,}")
    if not SIDES[0] <= job.side <= SIDES[1]:
        raise ExportError(f"a picture is enlarged to {SIDES[0]} to {SIDES[1]:,} pixels, not {job.side:,}")
    if job.film:
        check_speed(job.fps)
    if job.format not in (("mp4", "gif", "webp") if job.film else ("png", "webp")):
        raise ExportError("a film is written as MP4, GIF or WebP, a sheet as PNG or WebP")
    wide = 6 + len(job.beside)
    if not job.film and len(job.joints) * wide * max(job.side, height, width) ** 2 * 3 > MOST_BYTES:
        raise ExportError("that sheet does not fit into memory; take fewer poses, or smaller pictures")


def _same(other: Model, model: Model) -> None:
    if not isinstance(other, TakesPose) or other.data.shape != model.data.shape:
        raise ExportError(f"{other.title} takes no pose of pictures of this size, so it cannot stand beside")


def _free(title: str, taken: Columns) -> str:
    """The title, or with a number behind it when a column has it already."""
    names = (title if n == 1 else f"{title} ({n})" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _posed(model: Model, job: ExportPoses, context: Context, done: int, total: int) -> Columns:
    """All stages by name, uint8 K×H×W×3 each."""
    assert isinstance(model, TakesPose)
    device = next(model.parameters()).device
    source = torch.from_numpy(job.source.transpose(2, 0, 1)[: model.data.channels].copy()).to(device)
    source = (source.float() / 127.5 - 1)[None]
    own = torch.from_numpy(job.source_joints.astype(np.float32)).to(device)[None]
    parts: dict[str, list[npt.NDArray[np.uint8]]] = {}
    for start in range(0, len(job.joints), AT_ONCE):
        context.watch.advance(done + start, total, "drawing")
        joints = torch.from_numpy(job.joints[start : start + AT_ONCE].astype(np.float32)).to(device)
        with torch.inference_mode():
            made = model.pose(_several(source, len(joints)), joints, _several(own, len(joints)))
        for name, stage in made.items():
            parts.setdefault(name, []).append(to_bytes(stage))
    return {name: pictures.to_pictures(np.concatenate(some), model.data) for name, some in parts.items()}


def _several(one: Tensor, count: int) -> Tensor:
    return one.expand(count, *one.shape[1:])


class _Frames(Sequence[Frame]):
    """A row of pictures for each pose, drawn when it is looked at; titles stand over the rows of several columns."""

    def __init__(self, columns: Columns, job: ExportPoses) -> None:
        self._columns, self._job = columns, job
        high, wide = job.source.shape[:2]
        self._times = max(1, round(job.side / max(high, wide)))
        self._wide = wide * self._times
        self._titled = len(columns) > 1
        letters = max(round(self._wide / 12), 11)
        self._font = ImageFont.load_default(letters)
        self._head = round(letters * 1.6)

    def __len__(self) -> int:
        return len(self._job.joints)

    def __iter__(self) -> Iterator[Frame]:
        return (self[n] for n in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        row = self.row(index)
        return np.concatenate([self.titles(), row]) if self._titled else row

    def row(self, index: int) -> Frame:
        """The pictures of one pose, side by side."""
        tiles = []
        for name, shown in self._columns.items():
            if name == "pose":
                tiles.append(self._pose(self._job.joints[index]))
            else:
                tiles.append(shown[index].repeat(self._times, 0).repeat(self._times, 1))
        if not self._titled:
            return tiles[0]
        high = tiles[0].shape[0]
        gap = np.full((high, GAP, 3), GROUND, np.uint8)
        whole = np.concatenate([part for tile in tiles for part in (gap, tile)][1:], axis=1)
        return np.concatenate([whole, np.full((GAP, whole.shape[1], 3), GROUND, np.uint8)])

    def _pose(self, joints: Joints) -> Frame:
        dark = np.full(self._job.source.shape, 24, np.uint8)
        return with_skeleton(dark, joints, self._times, dimmed=1.0)

    def titles(self) -> Frame:
        """What each column is; nothing over a single one."""
        count = len(self._columns)
        wide = count * self._wide + (count - 1) * GAP
        if not self._titled:
            return np.zeros((0, wide, 3), np.uint8)
        high = self._head
        strip = Image.new("RGB", (wide, high), GROUND)
        draw = ImageDraw.Draw(strip)
        for number, name in enumerate(self._columns):
            text = _shortened(name, self._wide - 4, self._font)
            draw.text((number * (self._wide + GAP) + self._wide / 2, high / 2), text, INK, self._font, anchor="mm")
        return np.asarray(strip)


def _shortened(text: str, room: float, font: Any) -> str:
    """With an ellipsis where it does not fit."""
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text + "…"
