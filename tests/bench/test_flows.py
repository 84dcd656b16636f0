"""The flows' benchmark: both sides are the same Glow, what is counted is what is held; nothing is timed here."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from studio.bench import flows, normflows_glow
from studio.models.core.model import Batch
from studio.models.core.recipe import Value

SMALL: dict[str, Value] = {"levels": 2, "depth": 2, "width": 8}


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")  # normflows still calls it
def test_both_sides_begin_with_the_same_density_and_move() -> None:
    ours = flows.build({**SMALL, "mixing": "LU", "split_prior": "fixed"})
    x = flows.pictures(4)
    ours.loss(Batch(x))
    theirs = normflows_glow.TheirGlow(ours)
    normflows_glow.copy_weights(ours, theirs)
    assert flows.apart_from(theirs, ours, x) < 1e-4
    before = [p.detach().clone() for p in theirs.parameters()]
    flows._plain_step(theirs, ours, x)()
    assert all(torch.isfinite(p).all() for p in theirs.parameters())
    # Of zeros at the end of a network only the end itself moves at first.
    moved = [not torch.equal(a, b) for a, b in zip(before, theirs.parameters(), strict=True)]
    assert sum(moved) > len(moved) / 2


def test_without_normflows_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normflows_glow, "available", lambda: False)
    (told,) = flows._against_normflows("small", SMALL, 4, ())
    assert "pip install normflows" in told.note
    assert told.met is None


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")
def test_it_measures_against_normflows_in_both_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "BLOCKS", 2)
    monkeypatch.setattr(flows, "STEPS", 1)
    base, *ratios = flows._against_normflows("small", SMALL, 4, ("auto",))
    assert "parameters, ours" in base.note
    assert [r.target for r in ratios] == [None, 1.3]
    assert all(r.value > 0 for r in ratios)


def test_an_inversion_comes_back() -> None:
    (told,) = flows._inversion("small", SMALL)
    assert told.target == 100
    assert float(told.note.rpartition("within ")[2].split()[0]) <= 1e-5


def test_bytes_held_are_those_of_each_storage_once_without_parameters() -> None:
    layer = nn.Linear(10, 20, bias=False)
    x = torch.randn(5, 10)
    assert flows.kept(layer, lambda: layer(x).sum()) == 5 * 10 * 4
    assert flows.kept(layer, lambda: layer(x).exp().sum()) == 5 * 10 * 4 + 5 * 20 * 4
    assert flows.kept(layer, lambda: (layer(x) + layer(x)).sum()) == 5 * 10 * 4


def test_memory_by_depth_is_measured_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "DEPTHS", (1, 3))
    monkeypatch.setattr(flows, "WIDTH", 8)
    *by_depth, whole = flows._memory(str(tmp_path / "memory.png"))
    assert len(by_depth) == 2
    assert all(r.target == 1.5 for r in by_depth)
    assert whole.met, "recomputed, it does not grow"
    assert math.isfinite(whole.value)
    with Image.open(tmp_path / "memory.png") as drawn:
        assert drawn.width > 500


def test_pictures_are_the_same_each_time() -> None:
    assert torch.equal(flows.pictures(3), flows.pictures(3))
    assert flows.pictures(3).abs().max() <= 1
    assert flows._words(SMALL) == "L 2, K 2, width 8"
