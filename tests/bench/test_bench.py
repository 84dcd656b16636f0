"""The benchmark's words and its honesty about targets; what it measures is not timed here."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from studio import bench
from studio.bench import plain_dcgan, reading, training
from studio.bench.result import Result
from studio.models.core import catalog
from studio.models.core.recipe import make


def test_a_missed_target_is_said_and_ends_with_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(asked: Namespace) -> Iterator[Result]:
        yield Result("fast enough", 2.0, "×", 1.3, "at least")
        yield Result("too slow", 4.0, "s", 3.0)
        yield Result("for information", 1.0, "s")

    monkeypatch.setattr(reading, "measure", measure)
    assert bench.main(["reading"]) == 1
    told = capsys.readouterr().out
    assert "at least 1.3: met" in told
    assert "at most 3: MISSED" in told
    assert bench.main(["reading", "--json"]) == 1
    assert [r["met"] for r in json.loads(capsys.readouterr().out)] == [True, False, None]


def test_an_unknown_part_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["singing"]) == 2
    assert "startup, reading, training, flows, window" in capsys.readouterr().err


def test_the_plain_loop_trains_the_same_networks_as_the_engine() -> None:
    """Same shapes in the same order, so that the two sides of the benchmark do the same arithmetic."""
    kind = catalog.load("dcgan")
    spec = training._spec(np.zeros((8, 3, 64, 64), np.uint8))
    ours = kind(make(kind.recipe_type, {"width": 8, "latent": 10}), spec)
    generator, discriminator = plain_dcgan.networks(10, 3, 8)
    for name, theirs in (("generator", generator), ("discriminator", discriminator)):
        mine = [tuple(p.shape) for p in getattr(ours, name).parameters()]
        assert sorted(mine) == sorted(tuple(p.shape) for p in theirs.parameters()), name


def test_the_plain_loop_moves_both_players() -> None:
    torch.set_num_threads(1)
    losses = plain_dcgan.training(torch.randint(0, 256, (8, 1, 64, 64), dtype=torch.uint8), 4, 4, 4, seed=0)
    first, second = next(losses), next(losses)
    losses.close()
    assert np.isfinite([*first, *second]).all()
    assert first != second
