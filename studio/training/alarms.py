"""Which classes, or modes, the samples have lost, or have not found by a third of the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

IN_A_ROW = 2
"""Measures in a row before something counts as gone, or as back: one alone may be chance."""
LATE = 1 / 3
"""Share of a training after which what was never there is missed."""
NAMED = 5
"""Names in one message; of more only how many."""


@dataclass(frozen=True)
class Warned:
    """``message`` is empty when it is over; ``mark`` goes on the time axis."""

    message: str
    mark: str


class Absent:
    """Remembers what was there; only once half of them are, since early on what noise is taken for changes by chance.

    Args:
        what: "class" or "mode".
        names: of them.
    """

    def __init__(self, what: str, names: Sequence[str]) -> None:
        self.what = what
        self.names = tuple(names)
        self._plural = {"class": "classes"}.get(what, f"{what}s")
        self.clear()

    def clear(self) -> None:
        """Another training, or an earlier step of this one."""
        self._streaks = [0] * len(self.names)
        """Measures in a row with (> 0) or without (< 0) it."""
        self._known = [False] * len(self.names)
        self.gone: frozenset[int] = frozenset()

    def look(self, covered: Sequence[bool], late: bool) -> Warned | None:
        """The next measure. None when nothing has changed.

        Args:
            covered: for each of the names.
            late: whether what was never there is missed by now.
        """
        gone = set(self.gone)
        made = 2 * sum(covered) >= len(self.names)
        for at, there in enumerate(covered):
            streak = self._streaks[at]
            self._streaks[at] = max(streak, 0) + 1 if there else min(streak, 0) - 1
            self._known[at] |= made and self._streaks[at] >= IN_A_ROW
            if self._streaks[at] >= IN_A_ROW:
                gone.discard(at)
            elif self._streaks[at] <= -IN_A_ROW and (self._known[at] or late):
                gone.add(at)
        if gone == self.gone:
            return None
        new = frozenset(gone) - self.gone
        self.gone = frozenset(gone)
        if not gone:
            return Warned("", f"all {self._plural} there")
        return Warned(self._message(), self._mark(new) if new else f"{self._plural} back")

    def _message(self) -> str:
        lost = [at for at in sorted(self.gone) if self._known[at]]
        never = [at for at in sorted(self.gone) if not self._known[at]]
        parts = []
        if lost:
            parts.append(f"{self._listed(lost)} {'has' if len(lost) == 1 else 'have'} vanished from the samples")
        if never:
            parts.append(f"{self._listed(never)} {'is' if len(never) == 1 else 'are'} missing from the samples")
        return "; ".join(parts)

    def _listed(self, which: Sequence[int]) -> str:
        kind = self.what if len(which) == 1 else self._plural
        if len(which) > NAMED:
            return f"{len(which)} {kind} ({self._names(which)})"
        said = all(self.names[at].startswith(self.what) for at in which)  # "mode 2" needs no "mode" before it
        return self._names(which) if said else f"{kind} {self._names(which)}"

    def _names(self, which: Sequence[int]) -> str:
        shown = ", ".join(self.names[at] for at in which[:NAMED])
        return shown if len(which) <= NAMED else f"{shown} …"

    def _mark(self, new: frozenset[int]) -> str:
        known = [at for at in sorted(new) if self._known[at]]
        return f"lost: {self._names(known)}" if known else f"missing: {self._names(sorted(new))}"
