"""Accuracies of a student and its teacher."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset, DataSpec
from studio.data.watch import Watch
from studio.metrics.figures import BY_NAME, lacking
from studio.metrics.rules import Reader, figures
from studio.models.core.model import Batch, Ruled
from studio.models.rule_distillation import RuleDistillation, RuleDistillationRecipe
from tests.models.every import SENTENCES

PART = np.repeat([0, 1, 2], [5, 10, 20]).astype(np.int8)


def data(**columns: Any) -> Dataset:
    """Sentences of which the first word is the label that is true, 1 or 2, and the second what a student says."""
    random = np.random.default_rng(0)
    values = np.zeros((35, 4), np.int32)
    values[:, :2] = random.integers(1, 3, (35, 2))
    held = np.flatnonzero(PART)
    carried = {"part": PART, "but": np.where(np.arange(35) % 5 == 0, 1, -1).astype(np.int32), **columns}
    spec = DataSpec(
        "s", "sentences", (4,), 35, len(held), ("negative", "positive"), carries=tuple(carried), vocabulary=9
    )
    return Dataset(spec, values, values[:, 0].astype(np.int64) - 1, np.flatnonzero(PART == 0), held, columns=carried)


class Says(nn.Module):
    """The student says what the second word is; the teacher knows the first, where the rule applies."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def ruled(self, batch: Batch) -> Ruled:
        def sure(label: Tensor) -> Tensor:
            return nn.functional.one_hot(label - 1, 2).float()

        applies = batch.columns["but"] >= 0
        student = sure(batch.x[:, 1])
        teacher = torch.where(applies[:, None], sure(batch.x[:, 0]), student)
        return Ruled(student, teacher, torch.ones_like(student), applies, student)


def test_shares_are_of_the_parts_and_of_the_sentences_that_the_rule_is_about() -> None:
    given = data()
    found = Reader(given).values(Says())  # type: ignore[arg-type]
    assert given.labels is not None
    right = given.values[:, 1] - 1 == given.labels
    ruled = given.columns["but"] >= 0
    for name, part, panel in (("dev", 1, "accuracy"), ("test", 2, "test accuracy")):
        own = np.isin(PART, part)
        many, some = int(own.sum()), int((own & ruled).sum())
        assert found[f"{panel}/p, {name} ({many})"] == pytest.approx(right[own].mean())
        assert found[f"{panel}/q, {name} ({many})"] == pytest.approx((right | ruled)[own].mean())
        assert found[f"{panel} under the rule/p, {name} ({some})"] == pytest.approx(right[own & ruled].mean())
        assert found[f"{panel} under the rule/q, {name} ({some})"] == 1
    dev = PART == 1
    assert found["agreement/p and q, dev (10)"] == pytest.approx((right | ~ruled)[dev].mean())
    assert len(found) == 9


def test_without_parts_the_held_out_sentences_are_one_and_without_held_out_ones_training_stands_in() -> None:
    given = data()
    del given.columns["part"]
    assert list(Reader(given).parts) == ["held-out"]
    none = replace(given, train=np.arange(35), held_out=np.arange(0))
    assert any("training (35)" in name for name in Reader(none).values(Says()))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no labels"):
        Reader(replace(given, labels=None))


def test_as_a_measure_each_share_has_its_error_and_gains_are_reckoned_sentence_by_sentence() -> None:
    given = data()
    found = {f.key: f for f in figures(Says(), given, Watch())}  # type: ignore[arg-type]
    assert given.labels is not None
    right, ruled, test = given.values[:, 1] - 1 == given.labels, given.columns["but"] >= 0, PART == 2
    p = right[test].mean()
    one = found["accuracy/student p, test"]
    assert one.value == pytest.approx(100 * p)
    assert one.error == pytest.approx(100 * np.sqrt(p * (1 - p) / 20))
    gain = found["accuracy/q − p, test"]
    apart = (right | ruled)[test].astype(float) - right[test]
    assert (gain.value, gain.error) == pytest.approx((100 * apart.mean(), 100 * apart.std() / np.sqrt(20)))
    assert found["accuracy/teacher q, dev, under the rule"].value == 100
    assert "2 dev sentences that the rule is about" in found["accuracy/teacher q, dev, under the rule"].how
    assert lacking(BY_NAME["accuracy"], given.spec, ("follow rules",), inception=False) == ""
    assert "no rules" in lacking(BY_NAME["accuracy"], given.spec, ("decode latent",), inception=False)


def test_a_real_model_is_read_in_chunks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = RuleDistillation(RuleDistillationRecipe(embedding=4, filters=3), SENTENCES).eval()
    nn.init.normal_(model.student.last.weight)
    whole = Reader(data()).values(model)
    monkeypatch.setattr("studio.metrics.rules.CHUNK", 7)
    assert Reader(data()).values(model) == whole
