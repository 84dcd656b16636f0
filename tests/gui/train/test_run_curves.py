"""What the curves of flows are called, and where they stand."""

from __future__ import annotations

import pytest

from studio.gui.glossary import terms
from studio.gui.train.run_curves import GAME, OTHERS, term_of, title_of


@pytest.mark.parametrize(
    ("key", "title", "unit"),
    [
        ("bits per dim/held-out (256 images)", "Bits per dimension", "bits/dim"),
        ("log-likelihood/training", "Log-likelihood", "nats"),
        ("free energy/at β = 1, of a minibatch", "Free energy", "nats"),
        ("kl/KL(q‖p), of a minibatch", "KL divergence", "nats"),
        ("log-det/coupling", "Log-determinant", "nats, mean of a batch"),
    ],
)
def test_curves_of_a_likelihood_have_their_title_their_unit_and_a_term(key: str, title: str, unit: str) -> None:
    assert title_of(key.partition("/")[0]) == (title, unit)
    assert term_of(key) in terms()


def test_what_is_descended_stands_left_and_what_it_is_made_up_of_beside_it() -> None:
    assert {"bits per dim", "log-likelihood", "free energy", "kl"} <= set(GAME)
    assert "log-det" in OTHERS
