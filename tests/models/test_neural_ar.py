from __future__ import annotations

from typing import cast

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.neural_ar import NeuralAR
from tests.models.every import build
from tests.models.ordered import some, stirred

BITS = DataSpec("bits", "vectors", (6,), 100)


def made(reads: str) -> NeuralAR:
    return cast("NeuralAR", stirred(cast("NeuralAR", build(NeuralAR, BITS, group=3, reads=reads))))


@pytest.mark.parametrize("reads", ["own group", "groups so far"])
def test_each_bit_is_told_by_the_groups_that_it_may_read(reads: str) -> None:
    model = made(reads)
    values = some(model, 4)
    bits, far = values.float(), reads == "groups so far"
    hidden = [
        torch.tanh(bits[:, :i] @ model.reading[i, :, :i].T + model.hidden_bias[i]) for i in range(6)
    ]  # h_i = tanh(c_i + W_i x_<i)
    for i in range(6):
        read = {j: model.writing[i, j] for j in range(i + 1)} if far else {i: model.writing[i, 0]}
        wanted = sum(hidden[j] @ v for j, v in read.items()) + model.bias[i]
        assert torch.allclose(model.logits(bits)[:, i], wanted, atol=1e-5)


@pytest.mark.parametrize("reads", ["own group", "groups so far"])
def test_no_link_from_a_bit_to_a_group_that_may_not_see_it_gets_a_gradient(reads: str) -> None:
    model = made(reads)
    model.loss(Batch(model.as_examples(some(model, 40)))).value.backward()
    reading, writing = model.reading.grad, model.writing.grad
    assert reading is not None
    assert writing is not None
    for i in range(6):
        assert not reading[i, :, i:].any()
        assert reading[i, :, :i].all()
        if reads == "groups so far":
            assert not writing[i, i + 1 :].any()
            assert writing[i, : i + 1].all()
