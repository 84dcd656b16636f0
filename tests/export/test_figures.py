"""Curves as pictures and tables: every number in the table, and pictures that open."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from studio.export.figures import _apart, write_curves
from studio.runs.curves import Curve
from studio.runs.folder import Record, RunFolder


def test_curves_that_are_orders_of_magnitude_apart_share_a_logarithmic_axis() -> None:
    def curve(*y: float) -> Curve:
        steps = np.arange(len(y), dtype=np.int64)
        return Curve(steps, steps.astype(float), np.array(y))

    assert _apart({"none": curve(2e6, 1e6), "learned": curve(1e5, 5e4)}) is False
    assert _apart({"none": curve(2e6, 1e6), "learned": curve(1e4, np.nan, 5e3)}) is True
    assert _apart({"none": curve(2e6, 1e6), "learned": curve(1e4, 0.0)}) is False, "a logarithm of 0 is none"
    assert _apart({"alone": curve(1e-6, 1.0, 1e6)}) is False


def test_every_number_is_in_the_table_and_the_pictures_open(tmp_path: Path, trained: Callable[..., RunFolder]) -> None:
    run = trained()
    run.append([Record(n, n / 10, {"loss/critic": math.sin(n / 50), "loss/generator": n / 7}) for n in range(5000)])
    run.append([Record(n, n / 10, {"wasserstein/exact": 3.0}) for n in (0, 5000)])
    written = write_curves(run, tmp_path / "figures")
    assert [p.name for p in written] == ["curves.png", "curves.svg", "curves.csv"]
    with written[0].open("rb") as file, Image.open(file) as picture:
        assert picture.size[0] > 1000
        assert np.asarray(picture.convert("L")).std() > 5
    assert "<svg" in written[1].read_text("utf-8")[:500]
    with written[2].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10_002
    assert rows[1] == {"curve": "loss/critic", "step": "1", "seconds": "0.1", "value": str(math.sin(1 / 50))}


def test_a_run_that_measured_nothing_has_no_figures(trained: Callable[..., RunFolder]) -> None:
    assert write_curves(trained()) == []
