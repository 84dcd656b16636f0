"""One measured figure and the target that it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Result:
    """``target`` None: shown for information only. ``spread`` is (minimum, maximum) over the repetitions."""

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["at least", "at most"] = "at most"
    spread: tuple[float, float] | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "at least" else self.value <= self.target

    def __str__(self) -> str:
        spread = f" ({self.spread[0]:.3g} … {self.spread[1]:.3g})" if self.spread else ""
        target = f"   {self.better} {self.target:g}: {'met' if self.met else 'MISSED'}" if self.target else ""
        note = f"   {self.note}" if self.note else ""
        return f"{self.name:<58} {self.value:8.3g} {self.unit}{spread}{target}{note}"
