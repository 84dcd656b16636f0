"""Real examples beside what latents decode to, in one picture that says what made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.explore.latents import draw
from studio.explore.questions import Where
from studio.export import provenance
from studio.export.comparison import export_comparison
from studio.export.decoding import ExportError, decoded, decoder, shown
from studio.export.jobs import ExportComparison
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from tests.export.conftest import GREY, POINTS, Asking

Trained = Callable[..., RunFolder]


def test_a_row_for_each_example_original_reconstruction_difference(
    trained: Trained, asking: Asking, tmp_path: Path
) -> None:
    run = trained("wgan_gp", GREY)
    z = draw(Prior.of("normal", 4), 3, 0)
    where = Where(str(run.path), 20)
    model = decoder(asking.model(where)[0])
    made = shown(np.concatenate(list(decoded(model, z, asking.watch))), model)
    originals = np.random.default_rng(1).integers(0, 255, made.shape).astype(np.uint8)
    out = tmp_path / "comparison.png"
    about = {"name": "Encode", "state": {"indices": [1, 2, 3]}}
    job = ExportComparison(where, str(out), originals, z, gain=4, panel=about)
    assert export_comparison(job, asking).paths == (str(out),)

    sheet = np.asarray(Image.open(out))
    times = 8  # 8 px to 64, two apart
    first = sheet[2 : 2 + 64, 2 : 2 + 64][::times, ::times]
    np.testing.assert_array_equal(first, originals[0])
    assert sheet.shape == (3 * 66 + 2, 3 * 66 + 2, 3)
    third = sheet[2 + 2 * 66 :][:64:times, 2 + 66 :][:, :64:times]
    np.testing.assert_array_equal(third, made[2])
    apart = np.abs(made[1].astype(int) - originals[1])
    middle = sheet[2 + 66 :][:64:times, 2 + 2 * 66 :][:, :64:times]
    np.testing.assert_array_equal(middle, np.minimum(4 * apart, 255))

    origin = provenance.read(out)
    assert origin is not None
    np.testing.assert_array_equal(origin.latents, z)
    assert origin.settings["panel"] == about
    errors = np.sqrt(((made.astype(float) - originals) ** 2).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(origin.settings["errors"], errors, atol=1e-4)
    assert origin.checkpoint == 20


def test_points_are_drawn_over_the_originals(trained: Trained, asking: Asking, tmp_path: Path) -> None:
    run = trained("wgan_gp", POINTS)
    z = draw(Prior.of("normal", 4), 5, 0)
    originals = np.random.default_rng(1).normal(size=(5, 2)).astype(np.float32)
    out = tmp_path / "points.webp"
    job = ExportComparison(Where(str(run.path)), str(out), originals, z, format="webp")
    export_comparison(job, asking)
    assert np.asarray(Image.open(out)).shape == (256, 256, 3)
    origin = provenance.read(out)
    assert origin is not None
    assert len(origin.settings["errors"]) == 5


def test_what_cannot_be_compared_is_refused_and_nothing_is_written(
    trained: Trained, asking: Asking, tmp_path: Path
) -> None:
    run = trained("wgan_gp", GREY)
    z = draw(Prior.of("normal", 4), 2, 0)
    out = tmp_path / "no.png"
    with pytest.raises(ExportError, match="compared"):
        export_comparison(ExportComparison(Where(str(run.path)), str(out), np.zeros((3, 8, 8, 3), np.uint8), z), asking)
    with pytest.raises(ExportError, match="latent of this model"):
        export_comparison(
            ExportComparison(Where(str(run.path)), str(out), np.zeros((2, 8, 8, 3), np.uint8), z[:, :2]), asking
        )
    assert not out.exists()
