"""Numbers as a person reads them: 12,400 · 12 min · 2.1 GiB · 40 s ago."""

from __future__ import annotations


def count(n: int) -> str:
    return f"{n:,}"


def duration(seconds: float) -> str:
    """With one unit where it is enough: "45 s", "12 min", "3 h 20 min", "2 d 4 h"."""
    s = max(0, round(seconds))
    if s < 90:
        return f"{s} s"
    minutes = round(s / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def memory(size: float) -> str:
    """Bytes in binary units."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit in ("B", "KiB") or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def rate(per_second: float, unit: str) -> str:
    digits = f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}"
    return f"{digits} {unit}/s"


def plural(n: int, one: str, many: str = "") -> str:
    """ "1 image", "2,000 images"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def amount(said: str, unit: str, value: object) -> str:
    """A field's value as it is said, with its unit in the right number: "1 move", "2 moves", "1 px"."""
    name, _, rest = unit.partition(";")
    head, slash, per = name.partition("/")
    if value == 1 and head.endswith("s"):
        name = head[:-1] + slash + per
    return f"{said} {name}{';' if rest else ''}{rest}".strip()
