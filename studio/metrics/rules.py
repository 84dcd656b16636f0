"""How often a student and its rule-following teacher are right about sentences that they were not trained on.

Where the sentences come in parts of their own, "dev" (on which one chooses) and "test" (which one reports), each has
curves of its own. They are all shares 0..1, with the number of sentences in brackets::

    accuracy/p, dev (872)                    the student's likeliest label is the true one
    accuracy/q, dev (872)                    the teacher's is
    accuracy under the rule/p, dev (108)     the same, of those sentences that the rule is about
    agreement/p and q, dev (872)             both say the same label

and "test accuracy/...", "test accuracy under the rule/..." of the other part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from studio.data.dataset import Dataset
from studio.data.sentences import DEV, TEST
from studio.data.watch import Watch
from studio.metrics.figures import Figure
from studio.models.core.model import Batch, FollowsRules, Model

CHUNK = 256
"""Sentences that go through a network at once."""
WHO = ("p", "q")


@dataclass(frozen=True, eq=False)
class Judged:
    """What student and teacher said of N sentences: whether each was right, and which sentences the rule is about."""

    student: npt.NDArray[np.bool_]
    teacher: npt.NDArray[np.bool_]
    agreed: npt.NDArray[np.bool_]
    applies: npt.NDArray[np.bool_]

    def right(self, who: str) -> npt.NDArray[np.bool_]:
        return self.student if who == "p" else self.teacher


class Reader:
    """Reads the held-out sentences of a dataset again and again (training ones, where none are held out).

    Attributes:
        parts: indices of the sentences, by the name of their part.

    Raises:
        ValueError: for sentences without labels.
    """

    def __init__(self, data: Dataset) -> None:
        if data.labels is None:
            raise ValueError(f"the sentences of {data.spec.name} have no labels to be right about")
        self._data = data
        self.parts: dict[str, npt.NDArray[np.int64]] = {}
        if not len(data.held_out):
            self.parts["training"] = data.train
        elif "part" in data.columns:
            of = np.asarray(data.columns["part"])[data.held_out]
            found = {"dev": data.held_out[of == DEV], "test": data.held_out[of == TEST]}
            found["held-out"] = data.held_out[(of != DEV) & (of != TEST)]
            self.parts = {name: indices for name, indices in found.items() if len(indices)}
        else:
            self.parts["held-out"] = data.held_out

    def judge(self, model: Model, part: str, watch: Watch | None = None) -> Judged:
        """What a model in evaluation mode says of one of the parts."""
        assert isinstance(model, FollowsRules)
        assert self._data.labels is not None
        watch = watch or Watch()
        indices = self.parts[part]
        found: list[npt.NDArray[np.bool_]] = []
        with torch.inference_mode():
            for start in range(0, len(indices), CHUNK):
                watch.advance(start, len(indices), "reading sentences")
                some = indices[start : start + CHUNK]
                said = model.ruled(sentences(self._data, some, next(model.parameters()).device))
                labels = np.asarray(self._data.labels[some])
                p, q = (x.argmax(1).cpu().numpy() for x in (said.student, said.teacher))
                found.append(np.stack([p == labels, q == labels, p == q, said.applies.cpu().numpy()]))
        return Judged(*np.concatenate(found, 1))

    def values(self, model: Model, watch: Watch | None = None) -> dict[str, float]:
        """The curves; see the module."""
        return {name: value for part in self.parts for name, value in self._of(model, part, watch)}

    def _of(self, model: Model, part: str, watch: Watch | None) -> Iterator[tuple[str, float]]:
        judged = self.judge(model, part, watch)
        ruled = judged.applies
        for who in WHO:
            right = judged.right(who)
            yield curve(part, who, len(right)), float(right.mean())
            if ruled.any():
                yield curve(part, who, int(ruled.sum()), ruled=True), float(right[ruled].mean())
        if part != "test":
            yield f"agreement/p and q, {part} ({len(ruled):,})", float(judged.agreed.mean())


def figures(model: Model, data: Dataset, watch: Watch) -> list[Figure]:
    """Accuracies in %, with their binomial standard errors; and what the teacher gains over the student, sentence by
    sentence, so that what both have right or wrong counts for nothing in its error."""
    reader = Reader(data)
    made = []
    for part in reader.parts:
        judged = reader.judge(model, part, watch)
        for ruled in (False, True):
            of = judged.applies if ruled else np.ones_like(judged.applies)
            count = int(of.sum())
            if not count:
                continue
            where = f"{part}{', under the rule' if ruled else ''}"
            how = f"{count:,} {part} sentences{' that the rule is about' if ruled else ''}"
            for who, title in (("p", "student p"), ("q", "teacher q")):
                share = float(judged.right(who)[of].mean())
                error = 100 * float(np.sqrt(share * (1 - share) / count))
                made.append(Figure(f"accuracy/{title}, {where}", 100 * share, error, "standard error", "%", how))
            apart = judged.teacher[of].astype(np.float64) - judged.student[of]
            error = 100 * float(apart.std() / np.sqrt(count))
            key = f"accuracy/q − p, {where}"
            made.append(Figure(key, 100 * float(apart.mean()), error, "standard error", "% of them", how))
    return made


def curve(part: str, who: str, count: int, *, ruled: bool = False) -> str:
    """The name of a curve of accuracies."""
    panel = "test accuracy" if part == "test" else "accuracy"
    return f"{panel}{' under the rule' if ruled else ''}/{who}, {part} ({count:,})"


def sentences(data: Dataset, indices: npt.NDArray[np.int64], device: torch.device) -> Batch:
    """Sentences of a dataset, with what rules go by."""
    x = torch.from_numpy(np.asarray(data.values[indices], np.int64)).to(device)
    columns = {name: torch.from_numpy(np.array(column[indices])).to(device) for name, column in data.columns.items()}
    return Batch(x, columns=columns)
