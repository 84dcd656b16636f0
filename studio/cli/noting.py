"""The few numbers of a training that fit on its line of progress, in order of what they tell."""

from __future__ import annotations

from collections.abc import Mapping

WANTED: tuple[tuple[str, str], ...] = (
    ("loss/", ""),
    ("bits per dim/held-out ", "held-out bits/dim"),
    ("log-likelihood/held-out ", "held-out nats"),
    ("wasserstein/critic estimate", "W₁ of the critic"),
    ("critic gap/", "critic gap"),
    ("discriminator/", ""),
    ("score/", ""),
    ("information/L_I of all codes", "L_I in nats"),
    ("reconstruction/", ""),
    ("clip/", "at the clip"),
    ("modes/reached of ", "modes"),
    ("modes/classes covered of ", "classes"),
)
"""Curves, or groups that end in "/", and what they are called here; empty: by the name of the curve."""
HELD_OUT = ("held-out", "against training data")
"""What a name ends in that was measured now and then: its live sister is nearer."""


class Notes:
    """Keeps the newest value of each."""

    def __init__(self) -> None:
        self._newest: dict[str, float] = {}

    def add(self, values: Mapping[str, float]) -> None:
        self._newest |= values

    def __str__(self) -> str:
        """Groups apart by a dot: "discriminator 1.3 generator 0.71 · D(x) 0.55 D(G(z)) 0.41 · classes 9 of 10"."""
        parts = (self._part(start, label) for start, label in WANTED)
        return " · ".join(filter(None, parts))

    def _part(self, start: str, label: str) -> str:
        found = {
            name: value
            for name, value in self._newest.items()
            if (name.startswith(start) if start[-1] in "/ " else name == start) and not name.endswith(HELD_OUT)
        }
        if start.endswith("of "):
            return " ".join(f"{label} {value:.0f} of {name.removeprefix(start)}" for name, value in found.items())
        return " ".join(f"{label or name.partition('/')[2]} {value:.3g}" for name, value in found.items())
