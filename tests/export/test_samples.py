"""Sheets, single files and arrays: what is in them, and that nothing half-written stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.data.watch import Cancelled, Watch
from studio.explore.questions import Where
from studio.export import decoding, provenance
from studio.export.decoding import ExportError
from studio.export.jobs import ExportLatents, ExportSamples, ExportWalk
from studio.export.samples import export_latents, export_samples, sheet_of
from studio.export.walks import export_walk
from studio.models.core.latents import Prior, draw
from studio.runs.folder import RunFolder
from tests.export.conftest import COLOUR, POINTS, VECTORS, Asking


def test_a_sheet_holds_every_sample_in_order(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    run = trained(data=COLOUR)
    out = tmp_path / "sheet.png"
    written = export_samples(ExportSamples(Where(str(run.path)), str(out), count=6, seed=3), asking)
    assert written.paths == (str(out),)
    arrays = tmp_path / "s.npz"
    export_samples(ExportSamples(Where(str(run.path)), str(arrays), count=6, seed=3, format="npz"), asking)
    with np.load(arrays, allow_pickle=False) as found:
        images = found["images"]
        assert images.shape == (6, 11, 9, 3)
        assert np.array_equal(found["z"], draw(Prior.of("normal", 4), 6, 3))
    assert np.array_equal(np.asarray(Image.open(out)), sheet_of(images))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    run = trained()
    for name in ("a.png", "b.png"):
        export_samples(ExportSamples(Where(str(run.path)), str(tmp_path / name), count=4, truncation=1.0), asking)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_temperature_scales_the_latents_and_stands_in_the_file(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    where, drawn = Where(str(trained().path)), draw(Prior.of("normal", 4), 4, 0)
    for given, expected in ((None, 1.0), (0.5, 0.5), (0.0, 0.0)):
        out = tmp_path / f"{given}.npz"
        export_samples(ExportSamples(where, str(out), count=4, format="npz", temperature=given), asking)
        with np.load(out, allow_pickle=False) as found:
            np.testing.assert_allclose(found["z"], drawn * expected)
        made = provenance.read(out)
        assert made is not None
        assert made.settings["temperature"] == expected
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ExportError, match="temperature"):
            export_samples(ExportSamples(where, str(tmp_path / "no.png"), temperature=wrong), asking)


def test_a_sample_dropped_back_gives_its_own_latent(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    run = trained()
    job = ExportSamples(Where(str(run.path), 10), str(tmp_path / "all"), count=5, seed=2, layout="files")
    written = export_samples(job, asking)
    assert [Path(p).name for p in written.paths] == [f"{n:04d}.png" for n in range(5)]
    found = provenance.read(Path(written.paths[3]))
    assert found is not None
    assert (found.checkpoint, found.run_id, found.settings["index"]) == (10, run.info().id, 3)
    assert np.array_equal(found.latents, draw(Prior.of("normal", 4), 5, 2)[3:4])
    again = tmp_path / "again"
    export_latents(ExportLatents(Where(str(run.path), 10), str(again), found.latents, layout="files"), asking)
    assert np.array_equal(np.asarray(Image.open(again / "0000.png")), np.asarray(Image.open(written.paths[3])))


def test_grey_data_gives_grey_files(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    out = tmp_path / "all"
    export_samples(ExportSamples(Where(str(trained().path)), str(out), count=2, layout="files"), asking)
    with Image.open(out / "0000.png") as picture:
        assert (picture.mode, picture.size) == ("L", (8, 8))


@pytest.mark.parametrize("format", ["png", "webp", "npz"])
def test_points_are_drawn_together_or_given_as_numbers(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, format: str
) -> None:
    run = trained(data=POINTS)
    out = tmp_path / f"p.{format}"
    export_samples(ExportSamples(Where(str(run.path)), str(out), count=50, format=format), asking)  # type: ignore[arg-type]
    assert provenance.read(out) is not None
    if format == "npz":
        with np.load(out, allow_pickle=False) as found:
            assert found["points"].shape == (50, 2)


def test_binary_vectors_are_bits_as_numbers_and_grids_as_pictures(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    run = trained("nade", VECTORS, hidden=3)
    where, arrays, folder = Where(str(run.path)), tmp_path / "v.npz", tmp_path / "each"
    export_samples(ExportSamples(where, str(arrays), count=5, format="npz"), asking)
    export_samples(ExportSamples(where, str(folder), count=5, layout="files"), asking)
    with np.load(arrays, allow_pickle=False) as found:
        bits = found["vectors"]
    assert bits.shape == (5, 12)
    assert set(np.unique(bits)) <= {0, 1}
    with Image.open(folder / "0002.png") as picture:
        assert np.array_equal(np.asarray(picture), bits[2].reshape(3, 4) * 255)
    walk = ExportWalk(where, str(tmp_path / "w.gif"), draw(Prior.of("uniform", 12), 2, 0), frames=3, format="gif")
    export_walk(walk, asking)
    with Image.open(tmp_path / "w.gif") as film:
        assert film.size[0] / film.size[1] == 4 / 3


@pytest.mark.parametrize("layout", ["sheet", "files"])
@pytest.mark.parametrize("format", ["png", "npz"])
def test_cancel_leaves_nothing_and_spoils_nothing(
    tmp_path: Path,
    trained: Callable[..., RunFolder],
    asking: Asking,
    monkeypatch: pytest.MonkeyPatch,
    layout: str,
    format: str,
) -> None:
    run = trained()
    monkeypatch.setattr(decoding, "VALUES", 64)
    folder = tmp_path / "outs"
    folder.mkdir()
    out = folder / "o"
    if layout == "sheet":
        out.write_text("mine")

    def report(done: int, total: int, what: str) -> None:
        if done >= 2:
            asking.watch.cancel()

    asking.watch = Watch(report)
    with pytest.raises(Cancelled):
        export_samples(
            ExportSamples(Where(str(run.path)), str(out), count=5, layout=layout, format=format),  # type: ignore[arg-type]
            asking,
        )
    assert [p.name for p in folder.iterdir()] == (["o"] if layout == "sheet" else [])
    assert layout == "files" or out.read_text() == "mine"


def test_a_folder_with_files_in_it_is_left_alone(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(ExportError, match="not empty"):
        export_samples(ExportSamples(Where(str(trained().path)), str(tmp_path / "mine"), layout="files"), asking)


@pytest.mark.parametrize("z", [np.zeros((2, 5)), np.zeros((0, 4)), np.full((1, 4), np.nan)])
def test_latents_of_another_model_are_refused_in_words(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, z: np.ndarray
) -> None:
    with pytest.raises(ExportError, match="latent"):
        export_latents(ExportLatents(Where(str(trained().path)), str(tmp_path / "a.png"), z.astype(np.float32)), asking)


def test_too_many_for_one_file_says_what_to_do(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    with pytest.raises(ExportError, match="single files"):
        export_samples(ExportSamples(Where(str(trained().path)), str(tmp_path / "a.png"), count=10**9), asking)
