"""A made-up model that reads: sentences are good by the words "good" and "bad" in them, more so as it trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.data import sentences
from studio.data.dataset import DataSpec
from studio.explore.questions import ReadSentences, ReadTyped, RulesRead
from studio.explore.rules import teacher
from studio.models.core.latents import Prior
from tests.gui.explore.toy import Toy

STRENGTH, CONFIDENCE = 6.0, 1.0
CLASSES = ("negative", "positive")
KNOWN = {"it", "is", "was", "so", "very", "good", "bad", "film", "plot", "the", "a", "but", ",", ".", "and"}


def reviews(count: int) -> list[tuple[str, ...]]:
    """Every second one has a clause."""
    random = np.random.default_rng(0)
    made = []
    for at in range(count):
        first, last = random.choice(["good", "bad"], 2)
        rule = f"the plot is {first} , but the film was very {last} ." if at % 2 else f"it is so {first} ."
        made.append(tuple(rule.split()))
    return made


class RulesToy(Toy):
    """400 sentences; one in five labels is wrong."""

    def __init__(self, count: int = 400) -> None:
        data = DataSpec(
            "reviews", "sentences", (12,), count, count // 2, CLASSES, "reviews", "", ("but", "part"), len(KNOWN)
        )
        super().__init__(data, parts=Prior())
        self.capabilities = ("follow rules",)
        self.sentences = reviews(count)
        self.labels = np.array([(s[-2] == "good") != (at % 5 == 0) for at, s in enumerate(self.sentences)], np.int64)

    def say(self, words: tuple[str, ...]) -> np.ndarray[Any, Any]:
        weight = self.step / 300 * (words.count("good") - 0.9 * words.count("bad") + 0.1)
        positive = 1 / (1 + np.exp(-2 * weight))
        return np.array([1 - positive, positive], np.float32)

    def read(self, rows: list[tuple[str, ...]], indices: list[int], total: int, right: Any = None) -> RulesRead:
        begins = np.array([sentences.clause(words) for words in rows], np.int64).reshape(-1)
        student = np.array([self.say(words) for words in rows], np.float32).reshape(-1, 2)
        clause = np.array(
            [self.say(words[at:]) if at >= 0 else self.say(words) for words, at in zip(rows, begins, strict=True)]
        ).reshape(-1, 2)
        truth = np.stack([(2 - clause[:, 1]) / 2, (1 + clause[:, 1]) / 2], 1)
        truth[begins < 0] = 1
        unknown = tuple(tuple(i for i, word in enumerate(words) if word not in KNOWN) for words in rows)
        labels = np.array([self.labels[i] if i >= 0 else -1 for i in indices], np.int64)
        taught = teacher(student, truth, STRENGTH * CONFIDENCE).astype(np.float32)
        return RulesRead(
            self.step, tuple(rows), unknown, begins, labels, student, taught, truth.astype(np.float32), clause,
            CLASSES, total, STRENGTH, CONFIDENCE, np.array(indices, np.int64), right,
        )  # fmt: skip

    def answer(self, question: Any) -> Any:
        match question:
            case ReadTyped(sentences=texts):
                rows = [tuple(text.lower().split()) for text in texts]
                return self.read(rows, [-1] * len(rows), len(rows))
            case ReadSentences(which=which, part=part, offset=offset, count=count):
                half = len(self.sentences) // 2
                indices = list(range(half)) if part == "train" else list(range(half, 2 * half))
                whole = self.read([self.sentences[i] for i in indices], indices, len(indices))
                p, q = whole.student.argmax(1), whole.teacher.argmax(1)
                wanted = {
                    "all": np.ones(half, bool),
                    "ruled": whole.clause >= 0,
                    "disagree": p != q,
                    "wrong": (whole.clause >= 0) & ((p != whole.labels) | (q != whole.labels)),
                }[which]
                moved = np.abs(whole.teacher - whole.student).max(1)
                order = [i for i in np.argsort(-moved, kind="stable") if wanted[i]]
                right = tuple(int((x == whole.labels)[wanted].sum()) for x in (p, q))
                page = [indices[i] for i in order[offset : offset + count]]
                return self.read([self.sentences[i] for i in page], page, len(order), None if which == "all" else right)
            case _:
                return super().answer(question)
