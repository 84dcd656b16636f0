"""Grey levels as bits."""

from __future__ import annotations

import pytest
import torch

from studio.models.core.binary import binarised

GREY = torch.linspace(-1, 1, 9).repeat(2000, 1)


@pytest.mark.parametrize("how", ["dynamic", "threshold"])
def test_bits_stay_as_they_are(how: str) -> None:
    bits = binarised(GREY, how)  # type: ignore[arg-type]
    assert set(bits.unique().tolist()) == {-1, 1}
    assert torch.equal(binarised(bits, how), bits)  # type: ignore[arg-type]


def test_a_grey_level_is_the_probability_of_white() -> None:
    share = (binarised(GREY, "dynamic", torch.Generator().manual_seed(0)) > 0).float().mean(0)
    wanted = (GREY[0] + 1) / 2
    assert ((share - wanted).abs() <= 4 * (wanted * (1 - wanted) / len(GREY)).sqrt()).all()


def test_drawn_bits_come_from_the_generator_and_a_threshold_from_nothing() -> None:
    before = torch.get_rng_state()
    one, same, other = (binarised(GREY, "dynamic", torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(binarised(GREY, "threshold") > 0, GREY > 0)
    assert torch.equal(before, torch.get_rng_state())
