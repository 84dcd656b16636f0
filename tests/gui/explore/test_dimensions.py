"""How dimensions are called and chosen."""

from __future__ import annotations

import pytest

from studio.gui.explore.dimensions import first, name, parse, written
from studio.models.core.latents import Part, Prior

PLAIN = Prior.of("normal", 8)
PARTS = Prior(
    (
        Part("noise", "uniform", 62),
        Part("c1", "categorical", 10, "code"),
        Part("c2", "uniform", 1, "code"),
        Part("c3", "uniform", 2, "code"),
    )
)


def test_dimensions_of_noise_alone_are_numbers() -> None:
    assert parse("0-2, 5; 7–7", PLAIN) == (0, 1, 2, 5, 7)
    assert written((0, 1, 2, 5, 7), PLAIN) == "0–2, 5, 7"
    assert parse(written((3, 1, 2), PLAIN), PLAIN) == (3, 1, 2)
    assert name(PLAIN, 3) == "z 3"


def test_dimensions_of_parts_are_called_by_them() -> None:
    assert [name(PARTS, d) for d in (0, 14, 72, 73, 74)] == ["noise 0", "noise 14", "c2", "c3 0", "c3 1"]
    assert parse("c2, Noise 3-5, 12, c3 1, 0", PARTS) == (72, 3, 4, 5, 12, 74, 73)
    assert parse("7, c3", PARTS) == (7, 73, 74), "a bare number is of the noise, a bare name the whole part"
    assert written((72, 3, 4, 5, 12, 74, 73), PARTS) == "c2, noise 3–5, 12, c3 1, 0"
    for dims in [(72, 0, 1), (0, 72, 1), (74, 9), (61, 60)]:
        assert parse(written(dims, PARTS), PARTS) == dims


def test_codes_come_first_and_categories_never() -> None:
    assert first(PARTS, 6) == (72, 73, 74, 0, 1, 2)
    assert len(first(PARTS, 1000)) == 65
    assert first(Prior((Part("class", "categorical", 3, "class"),)), 6) == ()


@pytest.mark.parametrize("text", ["8", "3-1", "a", "1-2-3", "-1"])
def test_what_is_no_dimension_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="dimension"):
        parse(text, PLAIN)


@pytest.mark.parametrize(
    ("text", "said"),
    [("c1", "a category"), ("c1 3", "a category"), ("noise 62", "0 to 61"), ("c9", "noise 0-3"), ("c2 1", "0 to 0")],
)
def test_what_no_part_has_is_named_with_what_there_is(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text, PARTS)


def test_a_number_without_noise_asks_for_a_part() -> None:
    with pytest.raises(ValueError, match="which part"):
        parse("3", Prior(PARTS.parts[1:3]))
