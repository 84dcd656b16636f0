"""Walks through a latent, and films of sheets, as animations: GIF, animated WebP, MP4. Frames are made as they are
written."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.data import files, pictures
from studio.data.watch import Watch
from studio.explore import latents
from studio.export import provenance
from studio.export.context import Context
from studio.export.decoding import Decoder, ExportError, check_latents, decoded, decoder, real_points, shown
from studio.export.jobs import ExportFilm, ExportWalk, Written
from studio.export.provenance import Provenance
from studio.export.samples import CELL, sheet_of

SIDE = 256
"""Small pictures are enlarged by a whole factor to about this many pixels: players blur what they enlarge."""
MOST = 20_000
"""Frames of one animation."""
MOST_BYTES = 2 << 30
"""Of all frames in memory."""

Frame = npt.NDArray[np.uint8]


def export_walk(job: ExportWalk, context: Context) -> Written:
    """Write a walk.

    Raises:
        ExportError: what was asked for cannot be; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    loaded, step = context.model(job.where)
    model = decoder(loaded)
    check_speed(job.fps)
    keys = check_latents(model, job.keys)
    z = latents.path(keys, job.frames, job.path, job.loop, model.prior)
    _bound(len(z), model, job.format)
    settings = {"path": job.path, "frames": job.frames, "fps": job.fps, "loop": job.loop, "format": job.format}
    origin = provenance.of(
        context.run(job.where.run), step, "walk", averaged=job.where.averaged, settings=settings, latents=keys
    )
    total = 2 * len(z)
    images = _images(model, np.concatenate(list(decoded(model, z, context.watch, "frames", total))), context)
    frames = told(images, context.watch, len(z), total)
    return write_film(Path(job.out), job.format, images, frames, job.fps, origin)


def export_film(job: ExportFilm, context: Context) -> Written:
    """Write an animation whose frames are sheets; raises as :func:`export_walk`."""
    loaded, step = context.model(job.where)
    model = decoder(loaded)
    check_speed(job.fps)
    if job.z.ndim != 3 or not job.z.size or job.columns < 1:
        raise ExportError("a film needs frames of one picture or more")
    frames, tiles = job.z.shape[:2]
    z, held = check_latents(model, job.z.reshape(frames * tiles, -1)), check_latents(model, job.held)
    _bound(frames, model, job.format, tiles)
    settings = {"frames": frames, "fps": job.fps, "columns": job.columns, "format": job.format}
    if job.panel:
        settings["panel"] = dict(job.panel)
    origin = provenance.of(
        context.run(job.where.run), step, "film", averaged=job.where.averaged, settings=settings, latents=held
    )
    total = len(z) + frames
    values = np.concatenate(list(decoded(model, z, context.watch, "frames", total)))
    values = values.reshape(frames, tiles, *values.shape[1:])
    real = real_points(model, context)
    cell = max(CELL, SIDE // max(job.columns, -(-tiles // job.columns)))
    if model.data.kind == "points":
        sheets = [pictures.points_picture(one, real if real is not None else values[0], SIDE) for one in values]
    else:
        sheets = [sheet_of(shown(one, model), job.columns, cell) for one in values]
    frames_told = told(sheets, context.watch, len(z), total)
    return write_film(Path(job.out), job.format, sheets, frames_told, job.fps, origin)


def check_speed(fps: int) -> None:
    """Raises ExportError."""
    if not 1 <= fps <= 100:
        raise ExportError(f"frames a second must be from 1 to 100, not {fps}")


def write_film(
    out: Path, format: str, images: Sequence[Frame], frames: Iterator[Frame], fps: int, origin: Provenance
) -> Written:
    """Write the ``frames``; ``images``, the same before they were enlarged, are looked at for their colours."""
    with files.replacing(out) as fresh:
        if format == "mp4":
            _mp4(fresh, frames, fps, origin)
        elif format == "gif":
            _gif(fresh, frames, _palette(images), fps, origin)
        else:
            _webp(fresh, frames, fps, origin)
    return Written((str(out),))


def _bound(count: int, model: Decoder, format: str, tiles: int = 1) -> None:
    """Raises ExportError for more frames than fit: those of GIF and WebP are in memory as they are shown."""
    if count > MOST:
        raise ExportError(f"{count:,} frames are too many for one animation; at most {MOST:,}")
    own = int(np.prod(model.data.size))
    pixels = own if format == "mp4" and tiles == 1 else max(SIDE**2, own, tiles * max(CELL**2, own))
    if model.data.pictured and count * pixels * 3 > MOST_BYTES:
        instead = "take fewer" if format == "mp4" else "take fewer, or MP4"
        raise ExportError(f"{count:,} frames of this size do not fit into memory; {instead}")


def told(images: Sequence[Frame], watch: Watch, done: int, total: int) -> Iterator[Frame]:
    """The frames as a writer takes them, enlarged, with progress."""
    for number in range(len(images)):
        watch.advance(done + number, total, "encoding")
        yield pictures.enlarged(images[number][None], SIDE)[0]
    watch.advance(total, total, "encoding")


def _images(model: Decoder, values: npt.NDArray[Any], context: Context) -> Sequence[Frame]:
    """Pictures H×W×3. Of points each shows the walk so far, over real ones."""
    if model.data.pictured:
        return list(shown(values, model))
    real = real_points(model, context)
    return _Trail(values, real if real is not None else values)


class _Trail(Sequence[Frame]):
    """Pictures of a walk in the plane, drawn when they are looked at."""

    def __init__(self, points: npt.NDArray[Any], real: npt.NDArray[Any]) -> None:
        self._points = points
        self._real = real

    def __len__(self) -> int:
        return len(self._points)

    def __getitem__(self, at: Any) -> Any:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return pictures.points_picture(self._points[: at + 1], self._real, SIDE)


# --- formats


def _palette(images: Sequence[Frame]) -> Image.Image | None:
    """One palette for the whole film, from some of its frames, so that colours do not flicker; None for grey."""
    some = np.linspace(0, len(images) - 1, min(len(images), 16)).round().astype(int)
    whole = np.concatenate([images[int(n)] for n in some])
    if (whole == whole[..., :1]).all():
        return None
    return Image.fromarray(whole).quantize(256, Image.Quantize.MEDIANCUT)


def _durations(count: int, fps: int) -> list[int]:
    """Milliseconds of each frame, in the hundredths of a second that GIF counts in; their sum keeps time."""
    ends = [round(n * 100 / fps) for n in range(count + 1)]
    return [10 * (b - a) for a, b in itertools.pairwise(ends)]


def _gif(path: Path, frames: Iterator[Frame], palette: Image.Image | None, fps: int, origin: Provenance) -> None:
    def one(frame: Frame) -> Image.Image:
        if palette is None:
            return Image.fromarray(np.ascontiguousarray(frame[..., 0]))
        return Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)

    _animate(path, map(one, frames), "GIF", fps, loop=0, comment=provenance.comment(origin).encode(), optimize=False)


def _webp(path: Path, frames: Iterator[Frame], fps: int, origin: Provenance) -> None:
    made = map(Image.fromarray, frames)
    _animate(path, made, "WEBP", fps, loop=0, xmp=provenance.xmp(origin), lossless=True, method=2)


def _animate(path: Path, frames: Iterator[Image.Image], format: str, fps: int, **options: Any) -> None:
    made = list(frames)  # both of Pillow's writers would make this list themselves
    durations = _durations(len(made), fps)
    made[0].save(path, format=format, save_all=True, append_images=made[1:], duration=durations, **options)


def _mp4(path: Path, frames: Iterator[Frame], fps: int, origin: Provenance) -> None:
    """H.264, yuv420p, which every player and browser shows. Its colour is stored by halves, so sides are even."""
    first = _even(next(frames))
    size = f"{first.shape[1]}x{first.shape[0]}"
    with tempfile.TemporaryDirectory() as folder:
        # The comment can be longer than a command line may be on some systems, so it comes from a file.
        about = Path(folder) / "about.txt"
        about.write_text(f";FFMETADATA1\ncomment={_escaped(provenance.comment(origin))}\n", encoding="utf-8")
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(fps), "-i", "-"]
        command += ["-f", "ffmetadata", "-i", str(about), "-map", "0:v", "-map_metadata", "1"]
        command += ["-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
        with (Path(folder) / "said.txt").open("w+", encoding="utf-8", errors="replace") as said:
            with subprocess.Popen([*command, "-f", "mp4", str(path)], stdin=subprocess.PIPE, stderr=said) as ffmpeg:
                assert ffmpeg.stdin is not None
                try:
                    for frame in itertools.chain([first], map(_even, frames)):
                        ffmpeg.stdin.write(frame.tobytes())
                except BrokenPipeError:
                    pass  # it has ended; it says why below
                except BaseException:
                    ffmpeg.kill()
                    raise
            if ffmpeg.returncode:
                said.seek(0)
                raise OSError(f"ffmpeg could not write {path.name}: {said.read().strip()[-300:] or ffmpeg.returncode}")


def _even(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if (height | width) & 1 else frame


def _escaped(text: str) -> str:
    """As ffmpeg's metadata files want it."""
    return "".join(f"\\{c}" if c in "=;#\\\n" else c for c in text)
