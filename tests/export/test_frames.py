"""What a panel has put together itself, written as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.engine.answers import Context, answer
from studio.explore.questions import Where
from studio.export import provenance
from studio.export.decoding import ExportError
from studio.export.jobs import ExportFrames
from studio.runs.folder import RunFolder


@pytest.fixture
def run(trained: Callable[..., RunFolder]) -> RunFolder:
    return trained()


FRAMES = np.random.default_rng(0).integers(0, 256, (4, 5, 7, 3)).astype(np.uint8)


def test_a_picture_keeps_every_pixel_and_says_where_it_comes_from(run: RunFolder, tmp_path: Path) -> None:
    out = tmp_path / "shown.png"
    job = ExportFrames(Where(str(run.path)), str(out), 20, FRAMES[:1], times=3, panel={"name": "Some panel"})
    assert answer(job, Context()).paths == (str(out),)
    with Image.open(out) as shown:
        assert np.array_equal(np.asarray(shown)[1::3, 1::3], FRAMES[0])
        assert shown.size == (21, 15)
    made = provenance.read(out)
    assert made is not None
    assert (made.checkpoint, made.kind, made.settings["panel"]) == (20, "samples", {"name": "Some panel"})


def test_a_film_has_its_frames_and_says_the_same(run: RunFolder, tmp_path: Path) -> None:
    out = tmp_path / "film.webp"
    job = ExportFrames(Where(str(run.path)), str(out), 20, FRAMES, 2, 10, "webp", film=True, panel={"name": "p"})
    answer(job, Context())
    with Image.open(out) as film:
        assert film.n_frames == 4  # type: ignore[attr-defined]
    made = provenance.read(out)
    assert made is not None
    assert (made.kind, made.settings["frames"], made.settings["fps"]) == ("film", 4, 10)


def test_what_cannot_be_written_is_said_before_anything_is(run: RunFolder, tmp_path: Path) -> None:
    good = ExportFrames(Where(str(run.path)), str(tmp_path / "no.png"), 20, FRAMES)
    for bad, words in (
        (replace(good, frames=FRAMES[:0]), "no picture"),
        (replace(good, frames=FRAMES.astype(np.float32)), "no picture"),
        (replace(good, times=0), "1 to 64"),
        (replace(good, format="gif"), "as PNG"),
        (replace(good, film=True), "as MP4"),
        (replace(good, film=True, format="gif", fps=0), "frames a second"),
    ):
        with pytest.raises(ExportError, match=words):
            answer(bad, Context())
    assert not list(tmp_path.glob("no*"))
