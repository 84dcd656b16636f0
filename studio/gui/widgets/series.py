"""One curve of any length: grows without being copied, and gives what a screen can show of any stretch of it.

A curve of a million points is drawn on a thousand pixels. Beside the points themselves a series keeps, for every 4,
16, 64, ... of them, the lowest and the highest, added to as points arrive; a view is put together from the coarsest
level that still fills the pixels, so drawing costs the same however long the run is, and no peak is lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
FACTOR = 4
BLOCK = 512


class Growing:
    """Numbers with room to spare behind them: the room doubles when it is used up."""

    def __init__(self, room: int = 256) -> None:
        self._room = np.empty(room)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def view(self) -> Numbers:
        """What has been added so far, not copied; good until the next ``extend``."""
        return self._room[: self._count]

    def extend(self, values: Numbers) -> None:
        needed = self._count + len(values)
        if needed > len(self._room):
            larger = np.empty(max(needed, 2 * len(self._room)))
            larger[: self._count] = self.view
            self._room = larger
        self._room[self._count : needed] = values
        self._count = needed

    def truncate(self, count: int) -> None:
        self._count = min(self._count, count)


class Series:
    """Points in rising x; those that are not finite are left out, and counted in ``dropped``."""

    def __init__(self, x: npt.ArrayLike = (), y: npt.ArrayLike = ()) -> None:
        self._x = Growing()
        self._y = Growing()
        self._levels: list[tuple[Growing, Growing, Growing]] = []  # first x, lowest y, highest y
        self._new_x: list[float] = []
        self._new_y: list[float] = []
        self._smooth: Smoothed | None = None
        self.dropped = 0
        self.extend(x, y)

    def __len__(self) -> int:
        self._flush()
        return len(self._x)

    @property
    def x(self) -> Numbers:
        self._flush()
        return self._x.view

    @property
    def y(self) -> Numbers:
        self._flush()
        return self._y.view

    def append(self, x: float, y: float) -> None:
        """Add one point; a list append, so that hundreds a second cost nothing. Points at or before the last x are
        taken as well when in order of arrival; see :meth:`truncate` for going back."""
        self._new_x.append(x)
        self._new_y.append(y)

    def extend(self, x: npt.ArrayLike, y: npt.ArrayLike) -> None:
        """Add many. They are put in order of x when they are not."""
        self._flush()
        xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
        finite = np.isfinite(xs) & np.isfinite(ys)
        if not finite.all():
            self.dropped += int(len(finite) - finite.sum())
            xs, ys = xs[finite], ys[finite]
        if not len(xs):
            return
        if len(xs) > 1 and (np.diff(xs) < 0).any():
            order = np.argsort(xs, kind="stable")
            xs, ys = xs[order], ys[order]
        if len(self._x) and xs[0] < self._x.view[-1]:
            self.truncate(float(xs[0]))
        self._add(xs, ys)

    def _add(self, xs: Numbers, ys: Numbers) -> None:
        self._x.extend(xs)
        self._y.extend(ys)
        self._raise_levels()

    def truncate(self, x: float) -> None:
        """Forget every point at ``x`` and after it: a run went back to a checkpoint and measures again."""
        self._flush()
        kept = int(np.searchsorted(self._x.view, x, "left"))
        if kept == len(self._x):
            return
        self._x.truncate(kept)
        self._y.truncate(kept)
        for depth, level in enumerate(self._levels, 1):
            for part in level:
                part.truncate(kept // FACTOR**depth)
        self._smooth = None

    def _flush(self) -> None:
        if self._new_x:
            x, y = self._new_x, self._new_y
            self._new_x, self._new_y = [], []
            self.extend(x, y)

    def _raise_levels(self) -> None:
        below = (self._x, self._y, self._y)
        for depth in range(32):
            if depth == len(self._levels):
                if len(below[0]) < FACTOR * BLOCK:
                    return
                self._levels.append((Growing(), Growing(), Growing()))
            level = self._levels[depth]
            done, full = len(level[0]), len(below[0]) // FACTOR
            if full > done:
                cut = slice(done * FACTOR, full * FACTOR)
                level[0].extend(below[0].view[cut][::FACTOR])
                low, high = below[1].view[cut], below[2].view[cut]
                # by strides: NumPy reduces a short last axis several times slower
                level[1].extend(np.minimum.reduce([low[i::FACTOR] for i in range(FACTOR)]))
                level[2].extend(np.maximum.reduce([high[i::FACTOR] for i in range(FACTOR)]))
            below = level

    def view(self, low: float, high: float, buckets: int) -> tuple[Numbers, Numbers]:
        """What to draw of x in ``low..high``, and one point to either side of it.

        Up to ``2·buckets`` points as they are; of more, the lowest and the highest of each of ``buckets/2`` to
        ``4·buckets/2`` stretches, both at the first x of the stretch.
        """
        x, y = self.x, self.y
        first = max(0, int(np.searchsorted(x, low, "left")) - 1)
        last = min(len(x), int(np.searchsorted(x, high, "right")) + 1)
        depth = 0
        while depth < len(self._levels) and (last - first) / FACTOR**depth > 2 * buckets:
            depth += 1
        if depth == 0:
            return x[first:last], y[first:last]
        xs: list[Numbers] = []
        ys: list[Numbers] = []
        at = first
        for d in range(depth, 0, -1):  # the coarse stretch, then ever finer ones for the rest that fills no bucket
            level, size = self._levels[d - 1], FACTOR**d
            cut = slice(at // size, min(len(level[0]), last // size))
            if cut.stop > cut.start:
                xs.append(np.repeat(level[0].view[cut], 2))
                ys.append(np.stack([level[1].view[cut], level[2].view[cut]], axis=1).ravel())
                at = cut.stop * size
        xs.append(x[at:last])
        ys.append(y[at:last])
        return np.concatenate(xs), np.concatenate(ys)

    def at(self, x: float) -> tuple[float, float] | None:
        """The newest point at or before ``x``; None before the first."""
        index = int(np.searchsorted(self.x, x, "right")) - 1
        return (float(self._x.view[index]), float(self._y.view[index])) if index >= 0 else None

    def smoothed(self, weight: float) -> Series:
        """The exponential moving average with this weight of the past, 0..1, kept up to date with little work."""
        if weight <= 0:
            return self
        if self._smooth is None or self._smooth.weight != weight:
            self._smooth = Smoothed(weight)
        self._smooth.follow(self)
        return self._smooth.series

    def is_smoothed(self, weight: float) -> bool:
        """Whether :meth:`smoothed` with this weight has little left to do."""
        return self._smooth is not None and self._smooth.weight == weight

    def adopt(self, made: Smoothed) -> None:
        """Take over what was computed elsewhere from an earlier state of this series."""
        if len(made.series) <= len(self):
            self._smooth = made


class Smoothed:
    """sₜ = w·sₜ₋₁ + (1−w)·yₜ from s₀ = 0, divided by 1−wᵗ: a mean of what there is, without a start at zero
    (Kingma & Ba 2015, arXiv:1412.6980, section 3)."""

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.series = Series()
        self._carry = 0.0

    @classmethod
    def of(cls, weight: float, x: Numbers, y: Numbers) -> Smoothed:
        """Of points that are finite and in order; for a worker."""
        made = cls(weight)
        source = Series()
        source._add(x, y)
        made.follow(source)
        return made

    def follow(self, source: Series) -> None:
        done = len(self.series)
        fresh = source.y[done:]
        if not len(fresh):
            return
        sums = moving_sum(fresh, self.weight, self._carry)
        self._carry = float(sums[-1])
        young = min(len(fresh), max(0, int(40 / -np.log(self.weight)) - done))  # beyond, 1−wᵗ is 1 to the last digit
        counts = np.arange(done + 1, done + 1 + young, dtype=np.float64)
        sums[:young] /= 1 - self.weight**counts
        self.series._add(source.x[done:], sums)


def moving_sum(y: Numbers, weight: float, carry: float) -> Numbers:
    """sₜ = w·sₜ₋₁ + (1−w)·yₜ with s₋₁ = ``carry``, over all of ``y`` in about 2·BLOCK vector operations."""
    count = len(y)
    size = min(BLOCK, count)
    rows = -(-count // size)
    padded = np.zeros(rows * size)
    padded[:count] = y
    inside: npt.NDArray[Any] = np.ascontiguousarray(padded.reshape(rows, size).T) * (1 - weight)
    for i in range(1, size):
        inside[i] += weight * inside[i - 1]
    starts = np.empty(rows)
    for row in range(rows):
        starts[row] = carry
        carry = carry * weight**size + inside[-1, row]
    inside += np.outer(weight ** np.arange(1, size + 1, dtype=np.float64), starts)
    return inside.T.ravel()[:count]
