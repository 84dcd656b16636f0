"""Which plots there are a tab for."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from studio.gui.train.curve_deck import CurveDeck
from studio.gui.train.run_curves import RunCurves
from studio.training.events import Measured


def shown(deck: CurveDeck) -> list[str]:
    return [side.group for side in deck.sides]


def test_of_a_model_that_draws_no_samples_accuracies_take_the_place_of_distances(qtbot: QtBot) -> None:
    deck = CurveDeck()
    qtbot.addWidget(deck)
    curves = RunCurves("run")
    curves.add(Measured("run", 1, 0.1, {"loss/student": 1.0}))
    deck.show_runs([curves], [""])
    deck.show_marks((), (), samples=False)
    assert shown(deck) == ["loss", "wasserstein"], "nothing else was measured yet"
    curves.add(Measured("run", 2, 0.2, {"accuracy/p, dev (872)": 0.5, "agreement/p and q, dev (872)": 0.9}))
    deck.grown()
    assert shown(deck) == ["loss", "accuracy"]
    assert deck.sides[1].buttons["wasserstein"].isHidden()
    deck.show_marks((), (), samples=True)
    assert shown(deck) == ["loss", "wasserstein"], "whose distances may be on their way"


def test_curves_that_are_orders_of_magnitude_apart_begin_on_a_logarithmic_axis(qtbot: QtBot) -> None:
    curves = RunCurves("run")
    curves.add(Measured("run", 1, 0.1, {"gradient variance/none": 2e6, "gradient variance/learned": 5e3}))
    for saved, wanted in (({}, True), ({"log": {"gradient variance": False}}, False)):
        deck = CurveDeck()
        qtbot.addWidget(deck)
        deck.restore_state(dict(saved))
        deck.show_runs([curves], [""])
        assert deck.panels["gradient variance"].log is wanted, "unless somebody has said otherwise"
