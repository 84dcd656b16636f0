"""Moments and values as a person reads them; the rest is in :mod:`studio.gui.words`. No Qt."""

from __future__ import annotations

import time


def moment(seconds: float, now: float | None = None) -> str:
    """A date since the epoch as one says it today: ``14:03``, ``yesterday``, ``3 Nov``, ``3 Nov 2025``."""
    if seconds <= 0:
        return "–"
    at = time.time() if now is None else now
    then, today, before = (time.localtime(s) for s in (seconds, at, at - 86_400))
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if then[:3] == before[:3]:
        return "yesterday"
    day = f"{then.tm_mday} {time.strftime('%b', then)}"
    return day if then.tm_year == today.tm_year else f"{day} {then.tm_year}"


def exact_moment(seconds: float) -> str:
    """The whole date, for tooltips and details: ``2026-11-21 14:03``."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds > 0 else "–"


def value(of: object) -> str:
    """A value of a recipe or a measure, short: thousands separated, four significant digits, yes and no."""
    match of:
        case bool():
            return "yes" if of else "no"
        case int():
            return f"{of:,}"
        case float():
            return f"{of:,.0f}" if of.is_integer() and 1000 <= abs(of) < 1e9 else f"{of:.4g}"
        case _:
            return str(of)
