"""The benchmark of drawing: it sees when what is drawn from what was kept is something else."""

from __future__ import annotations

from argparse import Namespace

import pytest
import torch

from studio.bench import pixels
from studio.data.dataset import DataSpec
from studio.models.core.ordered import drawn

TINY = DataSpec("d", "images", (1, 4, 4), 100, 10, classes=tuple("0123456789"))


def test_both_sides_are_timed_and_held_against_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DIGITS", TINY), ("TURNS", 1), ("BATCHES", (2,)), ("WIDER", {"width": 8, "layers": 2})):
        monkeypatch.setattr(pixels, name, value)
    found = list(pixels.measure(Namespace()))
    assert [r.target for r in found] == [10.0, 10.0, None]
    assert all("; 0 of 32 values" in r.note for r in found)
    assert all(r.value > 0 for r in found)


def test_a_value_that_the_whole_network_would_draw_otherwise_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "DIGITS", TINY)
    model = pixels.build("pixelcnn", {"width": 8, "blocks": 1})
    u = torch.rand(3, 16, generator=torch.Generator().manual_seed(0))
    found = drawn(model.course(3), u)
    assert pixels.different(model, found, u, None) == 0
    found[1, 15] = 1 - found[1, 15]
    assert pixels.different(model, found, u, None) == 1
