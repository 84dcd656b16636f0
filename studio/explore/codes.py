"""Codes and classes: the parts of a latent that mean something. Setting them, traversals over them, and how well codes
that were found without labels agree with the labels. NumPy only, and scipy for the assignment.

A *dial* is one thing that can be turned: a categorical part as a whole, or one dimension of a continuous part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.models.core.latents import Part, Prior, Role, one_hot

Latent = npt.NDArray[np.float32]
REACH = 2.0
"""Continuous codes are traversed over −2..2, as in Chen et al. 2016, figure 2, although their prior is −1..1."""


@dataclass(frozen=True)
class Dial:
    """See the module.

    Attributes:
        name: as a person reads it: the part's name, with the dimension where it has several ("c4.2").
        where: its place in the vector: the whole one-hot part, or one value.
    """

    name: str
    part: Part
    where: slice

    @property
    def categorical(self) -> bool:
        return self.part.kind == "categorical"

    def value(self, z: Latent) -> float:
        """What it stands at in a latent (size,): the index of the largest value of a category, or the number."""
        own = z[self.where]
        return float(own.argmax() if self.categorical else own[0])

    def put(self, z: Latent, value: float) -> Latent:
        """A copy of (size,) or N×size with the dial at ``value``: an index 0..size−1 of a category, or any number.

        Raises:
            ValueError: for a category that there is not.
        """
        made = np.array(z, np.float32)
        if self.categorical:
            if not 0 <= int(value) < self.part.size:
                raise ValueError(f"{self.name} has values 0 to {self.part.size - 1}, not {value:g}")
            made[..., self.where] = one_hot(int(value), self.part.size)
        else:
            made[..., self.where] = value
        return made

    def stops(self, steps: int, reach: float = REACH) -> npt.NDArray[np.float64]:
        """The values of a traversal: every category, or ``steps`` numbers evenly over −reach..reach."""
        if self.categorical:
            return np.arange(self.part.size, dtype=np.float64)
        return np.linspace(-reach, reach, steps) if steps > 1 else np.zeros(1)

    def tour(self, frames: int, reach: float = REACH) -> npt.NDArray[np.float64]:
        """The values of an animation that can be repeated without a jump: every category in turn, or there and back
        over −reach..reach in ``frames`` even steps."""
        if self.categorical:
            return self.stops(0)
        share = np.arange(frames) / frames
        return reach * (1 - 2 * np.abs(2 * share - 1))

    def label(self, value: float) -> str:
        """The name of a category, or the number."""
        return self.part.labels[int(value)] if self.categorical else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def dials(prior: Prior, *roles: Role) -> tuple[Dial, ...]:
    """All that can be turned in the parts of these roles, in the prior's order."""
    found: list[Dial] = []
    for part, where in prior.placed(*roles):
        if part.kind == "categorical":
            found.append(Dial(part.name, part, where))
        else:
            many = part.size > 1
            places = range(where.start, where.stop)
            found += [
                Dial(f"{part.name}.{i}" if many else part.name, part, slice(at, at + 1))
                for i, at in enumerate(places, 1)
            ]
    return tuple(found)


def grid(z: Latent, rows: tuple[Dial, Iterable[float]] | None, columns: tuple[Dial, Iterable[float]] | None) -> Latent:
    """A traversal of two dials with all else held: (R·C)×size, row by row, from one latent (size,).

    Args:
        rows, columns: a dial and the values that it takes; None: it does not move that way, R or C is 1.
    """
    down = [z] if rows is None else [rows[0].put(z, value) for value in rows[1]]
    if columns is None:
        return np.stack(down)
    across = list(columns[1])
    return np.stack([columns[0].put(held, value) for held in down for value in across])


def sweep(z: Latent, dial: Dial, values: Iterable[float]) -> Latent:
    """A row for each latent of N×size, a column for each value of the dial: (N·C)×size, row by row."""
    across = list(values)
    return np.stack([dial.put(held, value) for held in z for value in across])


def blend(z: Latent, dial: Dial, a: int, b: int, t: float) -> Latent:
    """A latent (size,) or N×size between two categories: (1 − t) of the one and t of the other."""
    made = np.array(z, np.float32)
    made[..., dial.where] = (1 - t) * one_hot(a, dial.part.size) + t * one_hot(b, dial.part.size)
    return made


def recoded(prior: Prior, read: Latent, z: Latent) -> Latent:
    """Latents N×size with the codes that were read and everything else held as in ``z`` (size,).

    Args:
        read: Q(c|x), N×(sizes of all code parts): of a category the likeliest value is taken, of a number the mean.
    """
    made, at = np.repeat(np.asarray(z, np.float32)[None], len(read), axis=0), 0
    for part, where in prior.placed("code"):
        own = read[:, at : at + part.size]
        made[:, where] = one_hot(own.argmax(axis=1), part.size) if part.kind == "categorical" else own
        at += part.size
    return made


def readings(prior: Prior, read: Latent) -> dict[str, Latent]:
    """Q(c|x), (codes,) or N×codes, by dial: the probabilities of a category's values, the mean of a number."""
    found, at = {}, 0
    for dial in dials(prior, "code"):
        size = dial.part.size if dial.categorical else 1
        found[dial.name] = read[..., at : at + size]
        at += size
    return found


# --- codes against labels


@dataclass(frozen=True)
class Match:
    """How well a code that was found without labels tells the labels.

    Attributes:
        accuracy: the unsupervised accuracy: the share of examples that are right under the best one-to-one assignment
            of values to labels; values beyond the number of labels go to none, and count as wrong.
        majority: the same when every value goes to the label that it meets most often, so that several may go to one.
            Never less than ``accuracy``.
        to: the label of each value under the one-to-one assignment, −1 for none.
    """

    accuracy: float
    majority: float
    to: tuple[int, ...]


def confusion(values: npt.ArrayLike, labels: npt.ArrayLike, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """How often each value of a code met each label: V×L counts, from N values 0..V−1 and N labels 0..L−1."""
    table = np.zeros(shape, np.int64)
    np.add.at(table, (np.asarray(values, np.int64), np.asarray(labels, np.int64)), 1)
    return table


def match(table: npt.NDArray[np.int64]) -> Match:
    """Assign values to labels so that most examples of V×L counts are right."""
    from scipy.optimize import linear_sum_assignment  # here: the window reads this module before it needs scipy

    total = max(int(table.sum()), 1)
    rows, columns = linear_sum_assignment(table, maximize=True)
    to = np.full(len(table), -1)
    to[rows] = columns
    return Match(
        float(table[rows, columns].sum()) / total,
        float(table.max(axis=1).sum()) / total if table.size else 0.0,
        tuple(int(label) for label in to),
    )


def unsupervised_accuracy(values: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The share of N examples whose label the code tells, under the best one-to-one assignment; 0..1.

    Args:
        values: the category that Q assigns to each example, 0, 1, …
        labels: its label, 0, 1, …
    """
    v, label = np.asarray(values, np.int64), np.asarray(labels, np.int64)
    if not len(v):
        return 0.0
    return match(confusion(v, label, (int(v.max()) + 1, int(label.max()) + 1))).accuracy
