"""The latent panel for a latent with parts: sliders by name, a button for each value of a category."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.explore.codes import dials
from studio.explore.questions import Decode
from studio.gui.explore.category import mixture
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior
from tests.gui.explore.toy import Toy, ToyEngine

PARTS = Prior(
    (
        Part("noise", "uniform", 8),
        Part("c1", "categorical", 10, "code"),
        Part("c2", "uniform", 1, "code"),
        Part("class", "categorical", 3, "class", ("cat", "dog", "automobile")),
    )
)


@pytest.fixture
def toy() -> Toy:
    return Toy(parts=PARTS)


def asked(engine: ToyEngine) -> np.ndarray[Any, Any]:
    """The latent of the last question about the current one."""
    asks = [m.question for m in engine.sent if getattr(m, "topic", None) == "latent"]
    assert isinstance(asks[-1], Decode)
    return asks[-1].z[0]


def down(panel: LatentPanel, name: str) -> list[str]:
    return [b.text() for b in panel.steer.categories[name].choices.buttons if b.isChecked()]


def test_sliders_are_named_by_part_and_categories_have_buttons(panel: LatentPanel) -> None:
    labels = [s.label.text() for k, s in panel.steer.sliders.items() if k.startswith("dim:")]
    assert labels == ["c2", "noise 0", "noise 1", "noise 2", "noise 3", "noise 4"]
    assert panel.steer.dims.text() == "c2, noise 0–4"
    assert panel.steer.sliders["dim:18"].range() == (-2.0, 2.0), "a code goes further than its prior"
    assert panel.steer.sliders["dim:0"].range() == (-1.0, 1.0)
    assert [b.text() for b in panel.steer.categories["class"].choices.buttons] == ["cat", "dog", "automobile"]
    assert len(panel.steer.categories["c1"].choices.buttons) == 10
    current = panel.explorer.state.z
    assert down(panel, "c1") == [str(int(current[8:18].argmax()))]


def test_a_value_is_asked_for_at_once_and_undone_in_one_step(
    panel: LatentPanel, engine: ToyEngine, session: Session
) -> None:
    start = panel.explorer.state.z
    QTest.mouseClick(panel.steer.categories["c1"].choices.buttons[7], Qt.MouseButton.LeftButton)
    assert np.array_equal(asked(engine)[8:18], np.eye(10)[7])
    assert np.array_equal(np.delete(asked(engine), range(8, 18)), np.delete(start, range(8, 18)))
    assert session.undo.undoText() == "c1 = 7"
    engine.pump()
    assert "c1 7" in panel.stage.caption.text()
    session.undo.undo()
    assert np.array_equal(panel.explorer.state.z, start)
    assert down(panel, "c1") == [str(int(start[8:18].argmax()))]


def test_a_locked_category_is_held_at_randomise_and_takes_no_clicks(panel: LatentPanel, session: Session) -> None:
    category = panel.steer.categories["class"]
    category.choices.buttons[1].click()
    category.lock.click()
    assert session.undo.undoText() == "Lock class"
    assert not category.choices.isEnabled()
    for _ in range(12):
        panel.steer.randomise()
        assert down(panel, "class") == ["dog"]
    session.undo.setIndex(session.undo.count() - 12)
    session.undo.undo()
    assert category.choices.isEnabled()
    assert not category.lock.isChecked()


def test_a_blend_is_said_in_words_and_no_button_is_down(panel: LatentPanel, engine: ToyEngine) -> None:
    z = panel.explorer.state.z.copy()
    z[19:] = [0.25, 0, 0.75]
    panel.take_latent(z, "walk")
    assert down(panel, "class") == []
    assert panel.steer.categories["class"].about.text() == "75 % automobile, 25 % cat"
    engine.pump()
    assert "class 75 % automobile, 25 % cat" in panel.stage.caption.text()
    panel.steer.categories["class"].choices.buttons[0].click()
    assert panel.steer.categories["class"].about.text() == ""
    assert np.array_equal(panel.explorer.state.z[19:], [1, 0, 0])


def test_dimensions_are_chosen_by_name_and_a_category_is_refused(panel: LatentPanel) -> None:
    steer = panel.steer
    steer.dims.setText("noise 6-7, c2")
    steer.dims.editingFinished.emit()
    assert panel.explorer.state.dims == (6, 7, 18)
    steer.dims.setText("c1")
    steer.dims.editingFinished.emit()
    assert "button" in steer.wrong.text()
    assert panel.explorer.state.dims == (6, 7, 18)


def test_categories_follow_the_run_that_is_shown(
    panel: LatentPanel, session: Session, engine: ToyEngine, toy: Toy
) -> None:
    toy.prior = Prior.of("normal", 12)
    session.choose_run("/runs/plain")
    engine.pump()
    assert panel.steer.categories == {}
    assert panel.steer.sliders["dim:0"].label.text() == "z 0"
    assert panel.stage.truncation.isEnabled()


def test_the_arithmetic_says_which_category_comes_out(panel: LatentPanel) -> None:
    state = panel.explorer.state
    kind = state.categories[1]
    for slot, value in (("A", 0), ("B", 0), ("C", 2)):
        state = state.with_slot(slot, kind.put(state.z, value)[None])
    panel.explorer.edit("slots", state)
    assert "class automobile." in panel.arithmetic.about.text()
    assert "not averaged" in panel.arithmetic.about.toolTip()
    panel.arithmetic.take.click()
    assert down(panel, "class") == ["automobile"]


def test_without_noise_there_is_nothing_to_truncate(
    panel: LatentPanel, session: Session, engine: ToyEngine, toy: Toy, rest: Callable[[], None]
) -> None:
    toy.prior = Prior((Part("c1", "categorical", 12, "code"),))
    session.choose_run("/runs/codes")
    rest()
    assert not panel.stage.truncation.isEnabled()
    assert panel.explorer.state.dims == ()


def test_a_mixture_names_its_largest_shares() -> None:
    ten = dials(PARTS)[8]
    z = np.zeros(PARTS.size, np.float32)
    assert mixture(ten, z) == "nothing"
    z[8:13] = [0.1, 0.4, 0.3, 0.15, 0.05]
    assert mixture(ten, z) == "40 % 1, 30 % 2, 15 % 3, …"
    z[8:18] = np.eye(10)[4]
    assert mixture(ten, z) == "4"
