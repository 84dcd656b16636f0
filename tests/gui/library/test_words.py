"""Moments and values in words."""

from __future__ import annotations

import time

import pytest

from studio.gui.library import words
from studio.gui.words import amount


def test_moments_are_said_as_short_as_they_are_near() -> None:
    now = time.mktime((2026, 11, 21, 14, 0, 0, 0, 0, -1))
    assert words.moment(now - 3600, now) == "13:00"
    assert words.moment(now - 86_400, now) == "yesterday"
    assert words.moment(now - 5 * 86_400, now) == "16 Nov"
    assert words.moment(now - 400 * 86_400, now) == "17 Oct 2025"
    assert words.moment(0, now) == "–"


@pytest.mark.parametrize(
    ("value", "said"),
    [(True, "yes"), (12_000, "12,000"), (1e-4, "0.0001"), (0.9, "0.9"), (20_000.0, "20,000"), ("auto", "auto")],
)
def test_values_are_said_short(value: object, said: str) -> None:
    assert words.value(value) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "moves", "1 move"),
        (5, "moves", "5 moves"),
        (1, "px", "1 px"),
        (1, "steps/s", "1 step/s"),
        (2, "steps/s", "2 steps/s"),
        (1, "", "1"),
        (0, "units; 0: none", "0 units; 0: none"),
        (1, "units; 0: none", "1 unit; 0: none"),
    ],
)
def test_one_is_not_said_in_the_plural(value: int, unit: str, said: str) -> None:
    assert amount(f"{value}", unit, value) == said
