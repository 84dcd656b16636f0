"""Films of sheets, and sheets with columns of a panel's choosing: what is seen, and what travels in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.data import pictures
from studio.explore.questions import Where
from studio.export import provenance
from studio.export.decoding import ExportError
from studio.export.jobs import ExportFilm, ExportLatents
from studio.export.samples import export_latents, sheet_of
from studio.export.walks import export_film
from studio.models.core.latents import Prior, draw
from studio.runs.folder import RunFolder
from studio.training.sheets import to_bytes
from tests.export.conftest import GREY, POINTS, Asking
from tests.export.test_walks import film_of

HELD = draw(Prior.of("normal", 4), 1, 0)
FRAMES = draw(Prior.of("normal", 4), 30, 1).reshape(5, 6, 4)
PANEL = {"name": "Codes", "state": {"rows": "c1", "steps": 5}}


def _shown(run: RunFolder, asking: Asking, z: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    model, _ = asking.model(Where(str(run.path)))
    return pictures.to_pictures(to_bytes(model.decode(torch.from_numpy(z))), model.data)  # type: ignore[operator]


@pytest.mark.parametrize("format", ["gif", "mp4", "webp"])
def test_each_frame_of_a_film_is_a_sheet_and_the_file_says_what_it_came_of(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, format: str
) -> None:
    run, out = trained(data=GREY), tmp_path / f"film.{format}"
    job = ExportFilm(Where(str(run.path)), str(out), FRAMES, HELD, columns=3, fps=10, format=format, panel=PANEL)  # type: ignore[arg-type]
    assert export_film(job, asking).paths == (str(out),)
    found = provenance.read(out)
    assert found is not None
    assert (found.kind, found.checkpoint, found.settings["panel"]) == ("film", 20, PANEL)
    assert np.array_equal(found.latents, HELD)
    wanted = [sheet_of(_shown(run, asking, one), 3, 85) for one in FRAMES]
    if format == "mp4":
        about, frames = film_of(out)
        assert about["fps"] == 10
        assert len(frames) == 5
        height, width = wanted[0].shape[:2]
        error = np.abs(frames[:, :height, :width].astype(int) - np.stack(wanted)).mean()
        assert error < 4
    else:
        with Image.open(out) as film:
            assert film.n_frames == 5
            film.seek(3)
            assert np.abs(np.asarray(film.convert("RGB")).astype(int) - wanted[3]).mean() < 1.5


def test_films_of_points_show_all_points_of_a_frame(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    out = tmp_path / "film.gif"
    export_film(ExportFilm(Where(str(trained(data=POINTS).path)), str(out), FRAMES, HELD, format="gif"), asking)
    with Image.open(out) as film:
        assert (film.n_frames, film.size) == (5, (256, 256))


def test_a_sheet_has_the_columns_that_were_asked_for(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    run, out = trained(data=GREY), tmp_path / "sheet.png"
    z = FRAMES[0]
    export_latents(ExportLatents(Where(str(run.path)), str(out), z, columns=2, panel=PANEL), asking)
    assert np.array_equal(np.asarray(Image.open(out)), sheet_of(_shown(run, asking, z), 2))
    found = provenance.read(out)
    assert found is not None
    assert (found.settings["columns"], found.settings["panel"]) == (2, PANEL)
    assert np.array_equal(found.latents, z)


def test_what_is_no_film_is_refused(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    where, out = Where(str(trained().path)), str(tmp_path / "film.gif")
    with pytest.raises(ExportError, match="frames"):
        export_film(ExportFilm(where, out, FRAMES[:0], HELD), asking)
    with pytest.raises(ExportError, match="second"):
        export_film(ExportFilm(where, out, FRAMES, HELD, fps=0), asking)
    with pytest.raises(ExportError, match="4 values"):
        export_film(ExportFilm(where, out, FRAMES[..., :3], HELD), asking)
    with pytest.raises(ExportError, match="memory"):
        export_film(ExportFilm(where, out, np.zeros((1500, 400, 4), np.float32), HELD), asking)
