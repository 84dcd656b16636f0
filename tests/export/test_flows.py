"""A flow of points taken away: what is seen, that it comes back, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.data.watch import Cancelled, Watch
from studio.engine.answers.taking import WRITERS
from studio.explore.flow_pictures import Layers, colour_map
from studio.explore.questions import Where
from studio.explore.warping import Window
from studio.export import provenance
from studio.export.decoding import ExportError
from studio.export.flows import export_flow
from studio.export.jobs import ExportFlow
from studio.runs.folder import RunFolder
from tests.export.conftest import GREY, POINTS, Asking

PANEL = {"name": "Flow", "state": {"at": 1.0}}
Trained = Callable[..., RunFolder]


@pytest.fixture
def run(trained: Trained) -> RunFolder:
    return trained("realnvp", POINTS, couplings=4, norm="none")


@pytest.fixture
def job(run: RunFolder, tmp_path: Path) -> ExportFlow:
    here = Where(str(run.path))
    return ExportFlow(here, str(tmp_path / "flow.png"), (1.0,), Layers(), count=60, side=160, panel=PANEL)


def read(path: str) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_picture_shows_the_flow_and_brings_the_panel_back(
    job: ExportFlow, run: RunFolder, asking: Asking, tmp_path: Path, format: str
) -> None:
    out = tmp_path / f"flow.{format}"
    written = export_flow(replace(job, out=str(out), format=format), asking)
    assert written.paths == (str(out),)
    seen = read(str(out))
    dark = (np.abs(seen.astype(int) - colour_map()[0].astype(int)).max(axis=-1) < 6).mean()
    assert dark > 0.1, "the density covers a good part of it"
    made = provenance.read(out)
    assert made is not None
    assert (made.run_id, made.checkpoint, made.kind) == (run.info().id, 20, "samples")
    assert made.settings["panel"] == PANEL
    assert made.settings["layers"]["density"] is True


def test_steps_stand_side_by_side(job: ExportFlow, asking: Asking) -> None:
    one = read(export_flow(replace(job, layers=Layers(density=False)), asking).paths[0])
    several = read(export_flow(replace(job, at=(0.0, 1.0, 2.0, 4.0)), asking).paths[0])
    assert several.shape[1] > 3.5 * one.shape[1]
    assert several.shape[0] < 1.3 * one.shape[0]
    rows = read(export_flow(replace(job, at=tuple(np.linspace(0, 4, 8).tolist())), asking).paths[0])
    assert rows.shape[0] > 1.7 * one.shape[0]


@pytest.mark.parametrize("format", ["gif", "webp", "mp4"])
def test_a_film_goes_from_the_prior_to_the_data(job: ExportFlow, asking: Asking, tmp_path: Path, format: str) -> None:
    at = tuple(np.linspace(0, 4, 6).tolist())
    out = tmp_path / f"flow.{format}"
    export_flow(replace(job, out=str(out), at=at, film=True, format=format, fps=10), asking)
    made = provenance.read(out)
    assert made is not None
    assert made.kind == "film"
    assert (made.settings["frames"], made.settings["fps"], made.settings["at"]) == (6, 10, [0.0, 4.0])
    assert made.settings["panel"] == PANEL
    if format == "gif":
        with Image.open(out) as film:
            assert film.n_frames == 6  # type: ignore[attr-defined]
            first = np.asarray(film.convert("RGB")).astype(int)
            film.seek(5)
            last = np.asarray(film.convert("RGB")).astype(int)
        assert np.abs(first - last).max() > 40, "something has moved"


def test_the_point_that_is_followed_is_drawn(job: ExportFlow, asking: Asking) -> None:
    layers = Layers(density=False, lattice=False, samples=False)
    bare = read(export_flow(replace(job, layers=layers), asking).paths[0])
    by_latent = read(export_flow(replace(job, layers=layers, z=(0.5, 0.5)), asking).paths[0])
    by_place = read(export_flow(replace(job, layers=layers, x=(0.5, 0.5)), asking).paths[0])
    assert (bare != by_latent).any()
    assert (bare != by_place).any()


def test_the_window_is_the_one_that_was_seen(job: ExportFlow, asking: Asking) -> None:
    layers = Layers(density=False, lattice=False, samples=False, real=True)
    wide = read(export_flow(replace(job, layers=layers), asking).paths[0])
    narrow = read(export_flow(replace(job, layers=layers, window=Window((0.0, 0.0), 1.0)), asking).paths[0])
    assert (wide != narrow).any()


def test_without_its_data_a_flow_is_drawn_all_the_same(job: ExportFlow, asking: Asking) -> None:
    asking.datasets.clear()
    assert read(export_flow(job, asking).paths[0]).shape[2] == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": ()}, "after how many"),
        ({"at": (5.0,)}, "has 4 steps"),
        ({"at": (-1.0,)}, "has 4 steps"),
        ({"at": (float("nan"),)}, "after how many"),
        ({"at": tuple([1.0] * 65)}, "too many"),
        ({"side": 10}, "pixels a side"),
        ({"side": 10_000}, "pixels a side"),
        ({"count": 0}, "at least one"),
        ({"x": (0.0, 0.0), "z": (0.0, 0.0)}, "by its place or by its latent"),
        ({"film": True}, "MP4"),
        ({"format": "mp4"}, "PNG or WebP"),
        ({"film": True, "format": "gif", "fps": 0}, "frames a second"),
    ],
)
def test_what_cannot_be_says_why_and_leaves_nothing(
    job: ExportFlow, asking: Asking, change: dict[str, object], words: str
) -> None:
    with pytest.raises(ExportError, match=words):
        export_flow(replace(job, **change), asking)  # type: ignore[arg-type]
    assert not Path(job.out).exists()


def test_a_model_of_images_is_refused_in_words(trained: Trained, asking: Asking, tmp_path: Path) -> None:
    run = trained("wgan_gp", GREY)
    with pytest.raises(ValueError, match="of points in the plane"):
        export_flow(ExportFlow(Where(str(run.path)), str(tmp_path / "x.png"), (0.0,), Layers()), asking)


def test_a_film_can_be_cancelled_and_leaves_nothing(job: ExportFlow, asking: Asking, tmp_path: Path) -> None:
    out = tmp_path / "flow.mp4"

    def late(done: int, total: int, what: str) -> None:
        if what == "encoding" and done == 2:
            asking.watch.cancel()

    asking.watch = Watch(late)
    with pytest.raises(Cancelled):
        export_flow(replace(job, out=str(out), at=(0.0, 1.0, 2.0, 3.0, 4.0), film=True, format="mp4"), asking)
    assert not out.exists()


def test_the_engine_knows_who_writes_it() -> None:
    assert WRITERS[ExportFlow] == "flows.export_flow"
