from __future__ import annotations

from typing import cast

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.nade import NADE
from studio.nn import nade
from tests.models.every import build
from tests.models.ordered import some, stirred

BITS = DataSpec("bits", "vectors", (9,), 100)


def made() -> NADE:
    return cast("NADE", stirred(cast("NADE", build(NADE, BITS, hidden=5))))


def test_running_activations_are_the_masked_sums_of_all_before() -> None:
    model = made()
    bits = some(model, 6).float()
    s = model.sums
    mask = torch.ones(9, 9).tril(-1)  # O(D² H): each conditional sums what is before it anew
    hidden = (torch.einsum("bj,ij,jh->bih", bits, mask, s.reading) + s.hidden_bias).sigmoid()
    assert torch.allclose(model.logits(bits), (hidden * s.writing).sum(2) + s.bias, atol=1e-6)


def test_pieces_of_an_example_give_what_the_whole_gives_with_the_same_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, pieces = made(), made()
    batch = Batch(whole.as_examples(some(whole, 6)))
    expected = whole.loss(batch).value
    expected.backward()
    monkeypatch.setattr(nade, "BLOCK", 6 * 5 * 4)  # four of nine values at once
    found = pieces.loss(batch).value
    found.backward()
    assert torch.allclose(found, expected)
    for one, other in zip(whole.parameters(), pieces.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


def test_what_the_last_bit_would_add_is_read_by_nobody() -> None:
    model = made()
    model.loss(Batch(model.as_examples(some(model, 20)))).value.backward()
    assert model.sums.reading.grad is not None
    assert not model.sums.reading.grad[-1].any()
    assert model.sums.reading.grad[:-1].any(1).all()
