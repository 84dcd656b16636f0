"""Histograms of what each example has: bins with sense, few on disk, and nothing changed by them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from studio.data.dataset import Dataset
from studio.runs.folder import RunFolder
from studio.runs.spreads import SpreadRecord
from studio.training.events import Measured, Spread
from studio.training.spreads import LEAST, MOST, Spreads, histogram, summary
from tests.training.conftest import train

MakeRun = Callable[..., RunFolder]


@pytest.mark.parametrize("n", [1, 5, 64, 1000, 20_000])
@pytest.mark.parametrize("width", [1e-9, 0.01, 1.0, 8.0])
def test_every_number_lies_in_the_bin_that_counts_it(n: int, width: float) -> None:
    random = np.random.default_rng(n)
    for values in (np.exp(random.normal(size=n) * width), random.normal(size=n) * width + 3 * width):
        found = histogram(values)
        assert found is not None
        assert found.counts.sum() == n
        assert 1 <= len(found.counts) <= MOST
        assert np.array_equal(
            found.counts, np.histogram(np.maximum(values, LEAST) if found.scale == "log" else values, found.edges)[0]
        )
        assert found.counts[0] > 0
        assert found.counts[-1] > 0


def test_norms_have_bins_of_equal_ratio_and_numbers_of_either_sign_bins_of_equal_width() -> None:
    norms = histogram(10.0 ** np.linspace(-7, 2, 400))
    assert norms is not None
    assert norms.scale == "log"
    np.testing.assert_allclose(norms.edges[1:] / norms.edges[:-1], norms.edges[1] / norms.edges[0])
    signed = histogram(np.linspace(-3, 2, 400))
    assert signed is not None
    assert signed.scale == "linear"
    np.testing.assert_allclose(np.diff(signed.edges), signed.edges[1] - signed.edges[0])


def test_what_has_vanished_counts_in_the_first_bin_and_what_is_no_number_is_left_out() -> None:
    found = histogram(np.array([0.0, 0.0, 1e-30, 1.0, np.nan, np.inf]))
    assert found is not None
    assert (found.left_out, found.counts[0], found.counts.sum()) == (2, 3, 4)
    assert found.edges[0] == pytest.approx(LEAST)
    assert histogram(np.array([np.nan, np.inf])) is None
    zeros = histogram(np.zeros(64))
    assert zeros is not None
    assert zeros.counts.tolist() == [64]


def test_grids_nest_so_that_histograms_can_be_laid_over_each_other() -> None:
    random = np.random.default_rng(0)
    fine, coarse = histogram(np.exp(random.normal(size=500) / 9)), histogram(np.exp(random.normal(size=500) * 3))
    assert fine is not None
    assert coarse is not None
    inside = coarse.edges[(coarse.edges > fine.edges[0]) & (coarse.edges < fine.edges[-1])]
    assert len(inside)
    for edge in inside:
        assert np.isclose(fine.edges, edge, rtol=1e-9).any()


def test_percentiles_stand_in_the_same_panel() -> None:
    found = summary("gradient norm/critic", np.append(np.arange(101.0), np.nan))
    assert found == {
        "gradient norm/critic, 10 % below": 10,
        "gradient norm/critic, median": 50,
        "gradient norm/critic, 90 % below": 90,
    }


def test_live_twice_a_second_and_few_on_disk_after_a_day() -> None:
    now = [0.0]
    spreads = Spreads(lambda: now[0])
    values = torch.rand(16)
    live = kept = 0
    while now[0] < 100:
        due = spreads.look({"a/b": values, "a/c": values})
        live, kept = live + len(due), kept + sum(d.keep for d in due)
        now[0] += 0.1
    assert 2 * 150 < live <= 2 * 201
    assert kept == live
    kept = 0
    while now[0] < 86_400:
        kept += sum(d.keep for d in spreads.look({"a/b": values, "a/c": values}))
        now[0] += 10.0
    assert kept < 2 * 2000


def test_a_training_tells_them_and_keeps_them(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images, steps=3)
    heard = train(run, images)
    told = {e.name: e for e in heard.of(Spread)}
    assert set(told) == {"gradient norm/critic, between real and made", "gradient norm/reaching the generator"}
    kept = run.spreads()
    for name, event in told.items():
        assert event.counts.sum() == 6  # one per example of the batch
        assert np.array_equal(event.edges, kept[name][-1].edges)
        assert np.array_equal(event.counts, kept[name][-1].counts)
    measured = set().union(*(e.values for e in heard.of(Measured)))
    assert "gradient norm/critic, between real and made, median" in measured
    lines = [k for r in run.records() for k in r.values]
    assert "gradient norm/reaching the generator, 90 % below" in lines


def record(step: int, count: int, name: str = "a/b") -> SpreadRecord:
    return SpreadRecord(step, step / 10, name, (0.5, 1.0, 2.0), (count, 1), "log", count % 2)


def test_of_a_step_done_again_the_later_counts_and_half_a_line_is_no_record(new_run: MakeRun, images: Dataset) -> None:
    run = new_run("dcgan", images)
    assert run.spreads() == {}
    run.append_spreads([record(1, 1), record(2, 2), record(3, 3), record(3, 3, "a/c")])
    with (run.path / "spreads.jsonl").open("ab") as file:
        file.write(record(4, 4).as_line()[:-20])
    run.append_spreads([record(2, 7), record(5, 8)])
    found = run.spreads()
    assert found == {"a/b": [record(1, 1), record(2, 7), record(5, 8)], "a/c": [record(3, 3, "a/c")]}


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b'{"step":1,"seconds":1,"name":"a/b","scale":"log","edges":[0,1],"counts":[1]}',
        b'{"step":1,"seconds":1,"name":"a/b","scale":"linear","edges":[1,1],"counts":[1]}',
        b'{"step":1,"seconds":1,"name":"a/b","scale":"linear","edges":[1,2],"counts":[1,2]}',
        b'{"step":1,"seconds":1,"name":"a/b","scale":"linear","edges":[1,2],"counts":[-1]}',
        b'{"step":1,"seconds":1,"name":"a/b","scale":"linear","edges":[1,null],"counts":[1]}',
        b'{"step":1,"seconds":1,"name":"a/b","scale":"linear","edges":5,"counts":[1]}',
    ],
)
def test_a_line_that_holds_no_histogram_is_passed_over(line: bytes, new_run: MakeRun, images: Dataset) -> None:
    run = new_run("dcgan", images)
    (run.path / "spreads.jsonl").write_bytes(line + b"\n" + record(2, 1).as_line())
    assert run.spreads() == {"a/b": [record(2, 1)]}
