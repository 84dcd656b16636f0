"""Progress in parts: what is told goes from nothing to all, never back, and a part is cancelled with the whole."""

from __future__ import annotations

import pytest

from studio.data.watch import Cancelled, Watch


def test_parts_of_equal_width_make_up_the_whole_and_never_go_back() -> None:
    seen: list[tuple[float, str]] = []
    whole = Watch(lambda done, total, what: seen.append((done / total, what)))
    for number in range(2):
        part = whole.part(number, 2)
        for _ in range(2):  # once more through the same work
            for done in (0, 5, 10):
                part.advance(done, 10, f"part {number}")
        part.advance(0, 0, "of unknown length")
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[:3] == [0, 0.25, 0.5]
    assert shares[-1] == 1
    assert {what for _, what in seen} == {"part 0", "part 1", "of unknown length"}


def test_a_part_is_cancelled_with_the_whole() -> None:
    whole = Watch()
    part = whole.part(0, 3)
    part.advance(1, 2)
    whole.cancel()
    with pytest.raises(Cancelled):
        part.advance(2, 2)
