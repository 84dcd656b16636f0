"""Animations: readable, the right length, and dropped back they give the keys of the walk."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from studio.data.watch import Cancelled, Watch
from studio.explore import latents
from studio.explore.questions import Where
from studio.export import provenance
from studio.export.decoding import ExportError
from studio.export.jobs import ExportWalk
from studio.export.walks import _durations, export_walk
from studio.models.core.latents import Prior, draw
from studio.runs.folder import RunFolder
from studio.training.sheets import to_bytes
from tests.export.conftest import COLOUR, GREY, POINTS, Asking

KEYS = draw(Prior.of("normal", 4), 2, 0)


def film_of(path: Path) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
    """What a player would know of a film, and its frames T×H×W×3."""
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    )
    about = imageio_ffmpeg._parsing.parse_ffmpeg_header(done.stderr.decode())
    width, height = about["source_size"]
    return about, np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


@pytest.mark.parametrize("data", [GREY, COLOUR, POINTS])
@pytest.mark.parametrize("format", ["gif", "mp4", "webp"])
def test_a_walk_is_a_film_that_says_where_it_came_from(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, data: object, format: str
) -> None:
    run = trained(data=data)
    out = tmp_path / f"w.{format}"
    job = ExportWalk(Where(str(run.path)), str(out), KEYS, frames=5, fps=20, loop=True, format=format)  # type: ignore[arg-type]
    assert export_walk(job, asking).paths == (str(out),)
    found = provenance.read(out)
    assert found is not None
    assert (found.kind, found.checkpoint, found.run_id) == ("walk", 20, run.info().id)
    assert np.array_equal(found.latents, KEYS)
    assert found.settings == {"path": "spherical", "frames": 5, "fps": 20, "loop": True, "format": format}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    if format == "mp4":
        about, frames = film_of(out)
        assert about["codec"] == "h264"
        assert about["pix_fmt"].startswith("yuv420p")
        assert all(side % 2 == 0 and side >= 200 for side in about["source_size"])
        assert about["fps"] == 20
        assert len(frames) == 10
    else:
        with Image.open(out) as film:
            assert min(film.size) >= 200
            shown = 0
            for number in range(film.n_frames):
                film.seek(number)
                film.load()
                shown += film.info["duration"]
        assert shown == 10 * 50


def test_an_mp4_shows_what_the_model_makes(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    run = trained(data=GREY)
    out = tmp_path / "w.mp4"
    export_walk(ExportWalk(Where(str(run.path)), str(out), KEYS, frames=3, loop=False), asking)
    _, frames = film_of(out)
    model, _ = asking.model(Where(str(run.path)))
    z = latents.path(KEYS, 3)
    wanted = to_bytes(model.decode(torch.from_numpy(z)))[:, 0]  # type: ignore[operator]
    centres = frames[:, 16::32, 16::32, 0].astype(int)
    assert centres.shape == wanted.shape
    assert np.abs(centres - wanted).mean() < 6


def test_long_provenance_fits_into_a_film(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    keys = draw(Prior.of("normal", 512), 60, 0)
    out = tmp_path / "w.mp4"
    export_walk(ExportWalk(Where(str(trained(latent=512).path)), str(out), keys, frames=1), asking)
    found = provenance.read(out)
    assert found is not None
    assert np.array_equal(found.latents, keys)


def test_durations_keep_time() -> None:
    assert sum(_durations(30, 30)) == 1000
    assert set(_durations(30, 30)) == {30, 40}
    assert min(_durations(100, 100)) == 10


@pytest.mark.parametrize("format", ["gif", "mp4", "webp"])
@pytest.mark.parametrize("after", [1, 12])
def test_cancel_leaves_nothing(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, format: str, after: int
) -> None:
    run = trained()
    folder = tmp_path / "outs"
    folder.mkdir()
    asking.watch = Watch(lambda done, total, what: asking.watch.cancel() if done >= after else None)
    with pytest.raises(Cancelled):
        export_walk(
            ExportWalk(Where(str(run.path)), str(folder / "w"), KEYS, frames=5, format=format),  # type: ignore[arg-type]
            asking,
        )
    assert list(folder.iterdir()) == []


def test_a_walk_of_one_key_or_no_speed_is_refused(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    run = trained()
    with pytest.raises(ValueError, match="two latents"):
        export_walk(ExportWalk(Where(str(run.path)), str(tmp_path / "w.gif"), KEYS[:1]), asking)
    with pytest.raises(ExportError, match="second"):
        export_walk(ExportWalk(Where(str(run.path)), str(tmp_path / "w.gif"), KEYS, fps=0), asking)
    with pytest.raises(ExportError, match="frames"):
        export_walk(ExportWalk(Where(str(run.path)), str(tmp_path / "w.gif"), KEYS, frames=10**5), asking)
