"""Sentences, and what a student and its rule-following teacher make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Question, Where


@dataclass(frozen=True, eq=False)
class RulesRead:
    """N sentences.

    Attributes:
        step: of the weights.
        words: of each sentence as the model sees them: unknown ones in ``unknown``.
        unknown: positions of the words that the model does not know, by sentence.
        clause: where the clause begins that the rule is about (the word after "but"), −1 where no rule applies, N.
        labels: true ones, −1 for none.
        student, teacher, truth, of_clause: N×K, as :class:`~studio.models.core.model.Ruled` has them.
        classes: names of the K labels.
        total: how many sentences of the kind that was asked for there are.
        strength, confidence: C and λ of the model's recipe, with which its teacher is q ∝ p exp(−C λ (1 − truth)).
        indices: of the sentences in the dataset, −1 for typed ones.
        right: how many of all of the kind student and teacher have right; None where not all of them were read.
    """

    step: int
    words: tuple[tuple[str, ...], ...]
    unknown: tuple[tuple[int, ...], ...]
    clause: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    student: npt.NDArray[np.float32]
    teacher: npt.NDArray[np.float32]
    truth: npt.NDArray[np.float32]
    of_clause: npt.NDArray[np.float32]
    classes: tuple[str, ...]
    total: int
    strength: float
    confidence: float
    indices: npt.NDArray[np.int64]
    right: tuple[int, int] | None = None


@dataclass(frozen=True)
class ReadTyped(Question[RulesRead]):
    """Sentences that a person typed; up to 64. Words are parted from punctuation as those of the dataset are, and in
    small letters where it has them so."""

    where: Where
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class ReadSentences(Question[RulesRead]):
    """Sentences of the dataset. ``which``: all, those that the rule applies to, and of these those that student and
    teacher disagree on, or that one of them has wrong. Those that the teacher moves most, |q − p|, come first; those
    that no rule is about follow in the order of the dataset."""

    where: Where
    which: Literal["all", "ruled", "disagree", "wrong"] = "ruled"
    part: Literal["held out", "train"] = "held out"
    offset: int = 0
    count: int = 40
