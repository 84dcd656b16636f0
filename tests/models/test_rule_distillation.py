"""The student, its teacher, and what it learns from each."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from studio.data.dataset import Dataset
from studio.models.core.model import Batch
from studio.models.core.recipe import values_of
from studio.models.rule_distillation import RuleDistillation, RuleDistillationRecipe, clauses
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle
from tests.models.every import SENTENCES, batch, build
from tests.training.conftest import train

CPU = torch.device("cpu")


def model(**values: float | str) -> RuleDistillation:
    made = build(RuleDistillation, SENTENCES, **values)
    assert isinstance(made, RuleDistillation)
    torch.nn.init.normal_(made.student.last.weight)  # it begins with zeros, by which all is the same
    return made


def data(n: int = 60) -> Dataset:
    """Sentences whose label is whether their third word is a 7."""
    random = np.random.default_rng(0)
    values = random.integers(1, 31, (n, 12), np.int32)
    values[np.arange(12) >= random.integers(4, 13, n)[:, None]] = 0
    labels = random.integers(0, 2, n).astype(np.int64)
    values[values == 7] = 8
    values[labels == 1, 2] = 7
    columns: dict[str, Any] = {"but": random.integers(-1, 4, n).astype(np.int32), "part": np.zeros(n, np.int8)}
    return Dataset(SENTENCES, values, labels, np.arange(n), np.arange(0), columns=columns)


def trained(moves: int, **values: float | str) -> RuleDistillation:
    recipe = RuleDistillationRecipe(embedding=8, filters=4, batch=10, **values)  # type: ignore[arg-type]
    cycle = Cycle(RuleDistillation, recipe, data(), CPU)
    for _ in range(moves):
        cycle.move()
    assert isinstance(cycle.model, RuleDistillation)
    return cycle.model


def test_a_clause_is_what_follows_the_word_and_reaches_to_the_end() -> None:
    x = torch.tensor([[4, 5, 6, 7, 0], [4, 5, 6, 0, 0], [4, 5, 0, 0, 0]])
    taken, applies = clauses(Batch(x, columns={"but": torch.tensor([2, -1, 2])}))
    assert taken.tolist() == [[6, 7, 0, 0, 0], [0] * 5, [0] * 5]
    assert applies.tolist() == [True, False, False], "nothing follows the last but"
    assert clauses(Batch(x))[1].tolist() == [False] * 3


def test_the_rule_is_told_by_the_students_own_reading_of_the_clause_nothing_left_out() -> None:
    made = model(dropout=0.9).train()
    given = batch(SENTENCES)
    found = made.ruled(given)
    taken, applies = clauses(given)
    assert made.training
    assert made.student.training
    made.eval()
    said = torch.softmax(made.student(taken[applies]), 1)
    assert torch.allclose(found.clause[applies], said)
    assert torch.allclose(found.truth[applies][:, 1], (1 + said[:, 1]) / 2)
    assert torch.allclose(found.truth[applies][:, 0], (2 - said[:, 1]) / 2)
    assert torch.equal(found.clause[~applies], found.student[~applies])


def test_the_teacher_moves_towards_the_clause_the_more_the_harder_it_is_held_to_the_rule() -> None:
    given = batch(SENTENCES)
    truths = []
    for strength in (0.0, 1.0, 6.0, 400.0):
        made = model(strength=strength).eval()
        found = made.ruled(given)
        truths.append(float((found.teacher * found.truth)[found.applies].sum(1).mean()))
        if not strength:
            assert torch.allclose(found.teacher, found.student)
    assert truths == sorted(truths)
    assert truths[0] < truths[-1]


def test_confidence_and_strength_count_as_their_product() -> None:
    given = batch(SENTENCES)
    one, other = model(strength=6.0, confidence=0.5).eval(), model(strength=1.5, confidence=2.0).eval()
    assert torch.allclose(one.ruled(given).teacher, other.ruled(given).teacher)


def test_without_imitation_training_is_that_without_a_rule_bit_for_bit() -> None:
    base, unled = trained(25, rule="none"), trained(25, imitation=0.0)
    for name, tensor in base.state_dict().items():
        assert torch.equal(tensor, unled.state_dict()[name]), name
    led = trained(25)
    assert not torch.equal(base.student.last.weight, led.student.last.weight)


def test_the_loss_is_that_to_the_labels_and_that_to_the_teacher_in_the_shares_of_pi() -> None:
    made, given = model(dropout=0.0), batch(SENTENCES)
    made.taken.fill_(40)
    loss = made.loss(given)
    logits = made.student(given.x).detach()
    teacher = made.ruled(given).teacher
    pi = 1 - 0.95 ** (41 / (100 / made.recipe.batch))
    assert given.labels is not None
    hard, soft = cross_entropy(logits, given.labels), -(teacher * logits.log_softmax(1)).sum(1).mean()
    assert float(loss.value.detach()) == pytest.approx(float((1 - pi) * hard + pi * soft), rel=1e-5)
    assert float(loss.shows["imitation/π"]) == pytest.approx(pi)


def test_no_gradient_reaches_the_student_through_its_teacher() -> None:
    made, given = model(dropout=0.0, decay=0.0), batch(SENTENCES)
    assert float(made.pi) == 1
    made.loss(given).value.backward()  # type: ignore[no-untyped-call]
    found = made.student.last.weight.grad
    logits = made.student(given.x)
    with torch.no_grad():
        away = (logits.softmax(1) - made.ruled(given).teacher) / len(given.x)
        expected = away.T @ made.student.features(given.x)
    assert found is not None
    assert torch.allclose(found, expected, atol=1e-6)


def test_the_share_of_imitation_rises_by_epochs_up_to_its_largest() -> None:
    made = model(imitation=0.5)
    per_epoch = 100 / made.recipe.batch
    seen = []
    for epochs in (1, 2, 10, 100):
        made.taken.fill_(round(epochs * per_epoch) - 1)
        seen.append(float(made.pi))
    assert seen[:3] == pytest.approx([1 - 0.95, 1 - 0.95**2, 1 - 0.95**10])
    assert seen[3] == 0.5


def test_curves_of_the_rule_are_those_of_the_sentences_that_it_is_about() -> None:
    made, given = model(), batch(SENTENCES)
    shows = made.loss(given).shows
    assert float(shows["rule/share of the batch that it is about"]) == pytest.approx(4 / 6)
    assert float(shows["truth of the rule/as q expects it"]) > float(shows["truth of the rule/as p expects it"])
    none = made.loss(Batch(given.x, given.labels)).shows
    assert not any(name.startswith("truth") for name in none)
    assert float(none["rule/share of the batch that it is about"]) == 0


def test_a_training_with_adadelta_learns_the_labels_and_keeps_the_limit() -> None:
    made = trained(200, norm=2.0, imitation=0.3).eval()
    given = data()
    with torch.no_grad():
        said = made.student(torch.from_numpy(given.values).long()).argmax(1).numpy()
    assert (said == given.labels).mean() > 0.9
    assert made.student.last.weight.norm(dim=1).max() <= 2 + 1e-5


def test_what_does_not_fit_is_said_in_words() -> None:
    recipe = RuleDistillationRecipe()

    three = dataclasses.replace(SENTENCES, classes=("a", "b", "c"))
    assert "two labels" in str(RuleDistillation.problems(recipe, three)[0])
    plain = dataclasses.replace(SENTENCES, carries=())
    assert [p.field for p in RuleDistillation.problems(recipe, plain)] == ["rule"]
    assert not RuleDistillation.problems(RuleDistillationRecipe(rule="none"), plain)


def test_a_dataset_with_vectors_gives_words_their_size_and_their_start() -> None:

    spec = dataclasses.replace(SENTENCES, vectors=7)
    assert RuleDistillation.suits(spec)["embedding"] == 7
    made = RuleDistillation(RuleDistillationRecipe(filters=4), spec)
    vectors = np.random.default_rng(0).standard_normal((30, 7)).astype(np.float32)
    made.meet({"vectors": vectors})
    assert np.allclose(made.student.words.weight[1:].detach().numpy(), vectors)
    other = RuleDistillation(RuleDistillationRecipe(filters=4, words="random"), spec)
    other.meet({"vectors": vectors})
    assert other.student.words.weight.shape == (31, 300)


def test_a_stopped_and_resumed_training_is_the_one_that_never_stopped_bit_for_bit(tmp_path: Path) -> None:
    recipe = RuleDistillationRecipe(embedding=8, filters=4, batch=10, steps=9)
    runs = []
    for name, stops in (("whole", (None,)), ("parts", (2, 5, None))):
        run = RunFolder.create(tmp_path / name, "rule_distillation", values_of(recipe), SENTENCES)
        for stop in stops:
            train(run, data(), steps=stop)
        runs.append(checkpoint.load(run, 9))
    whole, parts = runs
    assert {k: v for k, v in whole.plain.items() if k != "seconds"} == {
        k: v for k, v in parts.plain.items() if k != "seconds"
    }
    for part in ("weights", "average", "engine"):
        tensors, others = getattr(whole, part), getattr(parts, part)
        assert tensors.keys() == others.keys()
        for name, tensor in tensors.items():
            assert torch.equal(tensor, others[name]), name
    assert int(whole.weights["taken"]) == 9
    assert any("square_avg" in name for name in whole.engine), "Adadelta's memory is kept"
