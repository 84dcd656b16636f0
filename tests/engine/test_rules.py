"""Sentences read through the engine: typed, and those of the dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.data import store
from studio.data.dataset import Dataset
from studio.data.sources import recognise
from studio.engine.answers import Context, answer
from studio.engine.answers.rules import parted
from studio.explore.questions import Describe, ReadSentences, ReadTyped, Where
from studio.models.core.recipe import values_of
from studio.models.rule_distillation import RuleDistillation, RuleDistillationRecipe
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle

GOOD, BAD = "good", "bad"


@pytest.fixture
def reviews(tmp_path: Path) -> Dataset:
    """Reviews of four words, half of them with a clause behind "but"."""
    random = np.random.default_rng(0)
    folder = tmp_path / "reviews"
    folder.mkdir()
    for part, many in (("train", 60), ("dev", 20), ("test", 30)):
        lines = []
        for _ in range(many):
            first, last = random.choice([GOOD, BAD], 2)
            lines.append(f"{int(last == GOOD)} it is {first} , but it is n't {last} .")
            lines.append(f"{int(first == GOOD)} it 's {first} .")
        (folder / f"stsa.binary.{part}").write_text("\n".join(lines) + "\n")
    return store.open(store.prepare(recognise(folder)).spec.fingerprint)


@pytest.fixture
def where(reviews: Dataset, tmp_path: Path) -> Where:
    """A student that finds sentences with "good" good, by weights set by hand."""
    recipe = RuleDistillationRecipe(embedding=2, filters=2, steps=1, strength=6.0, confidence=0.5)
    run = RunFolder.create(tmp_path / "run", "rule_distillation", values_of(recipe), reviews.spec)
    cycle = Cycle(RuleDistillation, recipe, reviews, torch.device("cpu"))
    assert isinstance(cycle.model, RuleDistillation)
    net = cycle.model.student
    first = net.groups[0]
    assert isinstance(first, torch.nn.Conv1d)
    words = [str(w) for w in reviews.tables["words"]]
    with torch.no_grad():
        net.words.weight.zero_()
        for group in net.groups:
            torch.nn.init.zeros_(group.weight)  # type: ignore[arg-type]
        for at, word in enumerate((GOOD, BAD)):
            net.words.weight[words.index(word) + 1, at] = 1
            first.weight[at, at, 0] = 1
        net.last.weight.zero_()
        net.last.weight[1, 0], net.last.weight[0, 1] = 3.0, 2.0
    checkpoint.save(run, 1, checkpoint.take(cycle, 1.0))
    return Where(str(run.path))


def test_a_typed_sentence_comes_back_in_words_with_its_clause_and_what_is_unknown(where: Where) -> None:
    found = answer(ReadTyped(where, ("It isn't good, BUT it's bad!", "so what", "")), Context())
    assert found.words[0] == ("it", "is", "n't", "good", ",", "but", "it", "'s", "bad", "!")
    assert found.unknown == ((9,), (0, 1), ())
    assert found.clause.tolist() == [6, -1, -1]
    assert found.classes == ("negative", "positive")
    assert (found.strength, found.confidence, found.total) == (6.0, 0.5, 3)
    p = torch.softmax(torch.tensor([2.0, 3.0]), 0).numpy()  # it has both words
    clause = torch.softmax(torch.tensor([2.0, 0.0]), 0).numpy()
    assert found.student[0] == pytest.approx(p, rel=1e-5)
    assert found.of_clause[0] == pytest.approx(clause, rel=1e-5)
    assert found.truth[0] == pytest.approx([(2 - clause[1]) / 2, (1 + clause[1]) / 2], rel=1e-5)
    raised = p * np.exp(-3 * (1 - found.truth[0]))
    assert found.teacher[0] == pytest.approx(raised / raised.sum(), rel=1e-5)
    assert found.student[1:] == pytest.approx(found.teacher[1:])


def test_sentences_that_the_rule_is_about_come_with_the_one_that_is_moved_most_first(
    where: Where, reviews: Dataset
) -> None:
    context = Context()
    found = answer(ReadSentences(where, count=100), context)
    assert found.total == len(found.words) == 50
    assert (found.clause >= 0).all()
    moved = np.abs(found.teacher - found.student).max(1)
    assert (np.diff(moved) <= 1e-7).all()
    assert reviews.labels is not None
    assert found.labels.tolist() == reviews.labels[found.indices].tolist()
    right = [int((x.argmax(1) == found.labels).sum()) for x in (found.student, found.teacher)]
    assert found.right == tuple(right)
    page = answer(ReadSentences(where, offset=10, count=5), context)
    assert page.indices.tolist() == found.indices[10:15].tolist()
    assert page.right == found.right, "of all of them, not of the page"
    assert answer(ReadSentences(where, part="train", count=1), context).total == 60


def test_filters_are_of_the_sentences_with_a_rule(where: Where) -> None:
    context = Context()
    every = answer(ReadSentences(where, count=100), context)
    p, q = every.student.argmax(1), every.teacher.argmax(1)
    apart = answer(ReadSentences(where, "disagree", count=100), context)
    assert apart.total == int((p != q).sum()) > 0
    assert (apart.student.argmax(1) != apart.teacher.argmax(1)).all()
    wrong = answer(ReadSentences(where, "wrong", count=100), context)
    assert wrong.total == int(((p != every.labels) | (q != every.labels)).sum()) > 0


def test_all_sentences_are_those_with_a_rule_and_then_the_others_in_order(where: Where) -> None:
    context = Context()
    ruled = answer(ReadSentences(where, count=100), context)
    every = answer(ReadSentences(where, "all", count=200), context)
    assert every.total == 100
    assert every.right is None
    assert every.indices[:50].tolist() == ruled.indices.tolist()
    assert every.student[:50] == pytest.approx(ruled.student)
    assert (np.diff(every.indices[50:]) > 0).all()
    assert (every.clause[50:] == -1).all()
    assert every.words[60][-1] == "."
    late = answer(ReadSentences(where, "all", offset=60, count=2), context)
    assert late.indices.tolist() == every.indices[60:62].tolist()
    none = answer(ReadSentences(where, "all", offset=500), context)
    assert len(none.words) == 0


def test_the_view_of_such_a_model_has_its_capability_and_no_latent(where: Where) -> None:
    view = answer(Describe(where), Context())
    assert view.capabilities == ("follow rules",)
    assert view.prior.size == 0
    assert view.data.kind == "sentences"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't", ["do", "n't"]),
        ("He'll love it's well-made plot.", ["He", "'ll", "love", "it", "'s", "well-made", "plot", "."]),
        ("(bad)", ["-lrb-", "bad", ")"]),
        ("U.S. 1.5 stars?!", ["U.S", ".", "1.5", "stars", "?", "!"]),
        ("it’s", ["it", "'s"]),
        ("'good'", ["'", "good", "'"]),
    ],
)
def test_typed_words_are_parted_as_treebanks_part_them(text: str, words: list[str]) -> None:
    known = {w: i for i, w in enumerate(("do", "n't", "it", "'s", "bad", "-lrb-", "good", "'"), 1)}
    assert parted(text, known) == words


def test_a_model_without_a_rule_has_no_sentence_that_one_is_about(reviews: Dataset, tmp_path: Path) -> None:
    recipe = RuleDistillationRecipe(embedding=2, filters=2, steps=1, rule="none")
    run = RunFolder.create(tmp_path / "plain", "rule_distillation", values_of(recipe), reviews.spec)
    checkpoint.save(run, 1, checkpoint.take(Cycle(RuleDistillation, recipe, reviews, torch.device("cpu")), 1.0))
    plain, context = Where(str(run.path)), Context()
    none = answer(ReadSentences(plain), context)
    assert (none.total, len(none.words), none.right) == (0, 0, (0, 0))
    every = answer(ReadSentences(plain, "all", count=200), context)
    assert every.indices.tolist() == reviews.held_out.tolist(), "in the order of the dataset"
    assert (every.clause == -1).all()
    typed = answer(ReadTyped(plain, ("good , but bad",)), context)
    assert typed.clause.tolist() == [-1]
    assert typed.teacher == pytest.approx(typed.student)
