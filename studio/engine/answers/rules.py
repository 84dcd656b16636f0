"""Of models that follow rules: what student and teacher say of sentences, typed ones and those of the dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from studio.data import sentences
from studio.data.dataset import Dataset
from studio.engine.answers.base import Floats, answer
from studio.engine.context import Context
from studio.explore.questions.rules import ReadSentences, ReadTyped, RulesRead
from studio.models.core.model import Batch, FollowsRules, Model

MOST_TYPED = 64
LONGEST = 400
"""Words of a typed sentence."""
AT_ONCE = 128
"""Sentences that go through the network at once."""
ENDINGS = re.compile(r"(n't|'(?:s|re|ve|ll|d|m))\b", re.IGNORECASE)
PIECES = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b|\w+(?:[-/.,']\w+)*|\S", re.IGNORECASE)
"""Words as treebanks part them: "it's" is it and 's, "isn't" is and n't, punctuation stands alone."""
BRACKETS = {"(": "-lrb-", ")": "-rrb-"}

Which = Literal["all", "ruled", "disagree", "wrong"]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Said:
    """Of N sentences, as :class:`~studio.models.core.model.Ruled` has it, on the CPU."""

    student: Floats
    teacher: Floats
    truth: Floats
    applies: npt.NDArray[np.bool_]
    clause: Floats
    strength: float
    confidence: float

    def at(self, chosen: Indices) -> _Said:
        return replace(
            self,
            student=self.student[chosen],
            teacher=self.teacher[chosen],
            truth=self.truth[chosen],
            applies=self.applies[chosen],
            clause=self.clause[chosen],
        )


@answer.register
def _(question: ReadTyped, context: Context) -> RulesRead:
    if len(question.sentences) > MOST_TYPED:
        raise ValueError(f"at most {MOST_TYPED} sentences at once, not {len(question.sentences)}")
    model, step = context.model(question.where)
    known = context.of_model(model, "words", lambda: sentences.numbers(_words(context.data(model.data))))
    words = [parted(text, known)[:LONGEST] for text in question.sentences]
    rows = sentences.numbered(words, known, max((len(w) for w in words), default=1) or 1)
    begin = np.array([sentences.clause(w) for w in words], np.int64).reshape(-1)
    said = _read(model, rows, begin, context)
    return RulesRead(
        step,
        tuple(map(tuple, words)),
        tuple(tuple(i for i, word in enumerate(w) if word not in known) for w in words),
        np.where(said.applies, begin, -1),
        np.full(len(words), -1, np.int64),
        said.student,
        said.teacher,
        said.truth,
        said.clause,
        model.data.classes,
        len(words),
        said.strength,
        said.confidence,
        np.full(len(words), -1, np.int64),
    )


@answer.register
def _(question: ReadSentences, context: Context) -> RulesRead:
    model, step = context.model(question.where)
    data = context.data(model.data)
    indices = data.held_out if question.part == "held out" and len(data.held_out) else data.train
    begin = _begins(data, indices)
    ruled: Indices = indices[begin >= 0]
    of_ruled = context.of_model(
        model, ("ruled", question.part), lambda: _read(model, data.values[ruled], begin[begin >= 0], context)
    )
    order, right = _chosen(of_ruled, ruled, data, question.which)
    total = len(order)
    if question.which == "all":  # what no rule is about is read only as far as it is shown
        rest = indices[~np.isin(indices, ruled[order])]
        total, right = len(indices), None
        order_of_all = np.concatenate([ruled[order], rest])
        page = order_of_all[question.offset : question.offset + question.count]
        said = _read(model, data.values[page], _begins(data, page), context)
    else:
        at = order[question.offset : question.offset + question.count]
        page, said = ruled[at], of_ruled.at(at)
    table = _words(data)
    rows = np.asarray(data.values[page])
    return RulesRead(
        step,
        tuple(tuple(str(table[number - 1]) for number in row if number > 0) for row in rows),
        ((),) * len(page),
        np.where(said.applies, _begins(data, page), -1),
        np.full(len(page), -1, np.int64) if data.labels is None else np.asarray(data.labels[page]),
        said.student,
        said.teacher,
        said.truth,
        said.clause,
        model.data.classes,
        total,
        said.strength,
        said.confidence,
        page,
        right,
    )


def _chosen(said: _Said, indices: Indices, data: Dataset, which: Which) -> tuple[Indices, tuple[int, int] | None]:
    """Positions of the sentences that a rule is about, those that the teacher moves most first; and how many of them
    student and teacher have right."""
    p, q = said.student.argmax(1), said.teacher.argmax(1)
    wanted = said.applies.copy()
    if which == "disagree":
        wanted &= p != q
    right = None
    if data.labels is not None:
        labels = np.asarray(data.labels[indices])
        if which == "wrong":
            wanted &= (p != labels) | (q != labels)
        right = int((p == labels)[wanted].sum()), int((q == labels)[wanted].sum())
    moved = np.abs(said.teacher - said.student).max(1, initial=0)
    order = np.argsort(-moved, kind="stable")
    return order[wanted[order]], right


def _read(model: Model, rows: npt.NDArray[np.int32], begin: Indices, context: Context) -> _Said:
    """What the model says of sentences N×L, N may be 0."""
    if not isinstance(model, FollowsRules):
        raise ValueError(f"{model.title} follows no rules")
    device = next(model.parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, max(len(rows), 1), AT_ONCE):
            if len(rows) > AT_ONCE:
                context.watch.advance(start, len(rows), "reading sentences")
            x = torch.from_numpy(np.array(rows[start : start + AT_ONCE], np.int64)).to(device)
            if not len(x):
                break
            columns = {"but": torch.from_numpy(np.array(begin[start : start + AT_ONCE], np.int64)).to(device)}
            found.append(model.ruled(Batch(x, columns=columns)))
    if not found:
        none = np.zeros((0, len(model.data.classes)), np.float32)
        return _Said(none, none, none, np.zeros(0, np.bool_), none, 1.0, 1.0)
    student, teacher, truth, applies, clause = (
        torch.cat([getattr(part, name) for part in found]).cpu().numpy()
        for name in ("student", "teacher", "truth", "applies", "clause")
    )
    return _Said(student, teacher, truth, applies, clause, found[0].strength, found[0].confidence)


def _begins(data: Dataset, indices: Indices) -> Indices:
    """Where the clause behind "but" begins; −1 for none."""
    if "but" not in data.columns:
        return np.full(len(indices), -1, np.int64)
    return np.asarray(data.columns["but"][indices], np.int64)


def _words(data: Dataset) -> npt.NDArray[np.str_]:
    return np.asarray(data.tables["words"])


def parted(text: str, known: dict[str, int]) -> list[str]:
    """The words of a typed sentence as those of the dataset are: what stands between spaces stays as it is where it is
    a word there, or one in small letters; else it is parted from its punctuation."""
    found: list[str] = []
    for chunk in text.replace("’", "'").split():
        if (whole := spelt(chunk, known)) in known:
            found.append(whole)
        else:
            found += [spelt(piece, known) for piece in PIECES.findall(ENDINGS.sub(r" \1", chunk))]
    return found


def spelt(word: str, known: dict[str, int]) -> str:
    """A word in the dataset's spelling: as it is where it is known, else in small letters, and brackets by name."""
    return next((form for form in (word, word.lower(), BRACKETS.get(word, "")) if form in known), word)
