"""The recipe of the next run: form, problems, undo, reset, presets, TOML, Train."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from studio.data import places
from studio.engine.messages import Proposal, Propose, Start
from studio.gui.session import Session
from studio.gui.train import presets
from studio.gui.train.editors import NumberBox
from studio.gui.train.page import TrainPage
from studio.gui.train.recipe_state import problems_of
from studio.models.core.recipe import Problem, from_toml
from studio.runs.folder import RunFolder
from studio.training.events import Started
from tests.gui.conftest import FakeEngine
from tests.gui.train.conftest import DATA, FIELDS, SUGGESTED


def test_the_form_is_the_fields_essentials_first(ready: TrainPage) -> None:
    form = ready.recipe_pane.form
    assert list(form.editors) == ["steps", "rate", "share", "mirror", "norm", "word"]
    ready.show()
    assert form.editors["steps"].widget.isVisible()
    assert not form.editors["share"].widget.isVisible()
    form.unfold(True)
    assert form.editors["share"].widget.isVisible()


def test_a_field_that_is_wanted_is_unfolded_and_has_the_focus(ready: TrainPage, session: Session, qtbot: QtBot) -> None:
    ready.show()
    qtbot.waitExposed(ready)
    form = ready.recipe_pane.form
    before = form.is_unfolded
    session.field_wanted.emit("share")
    assert (before, form.is_unfolded) == (False, True)
    assert form.editors["share"].widget.isVisible()
    assert ready.focusWidget() is form.editors["share"].widget
    session.field_wanted.emit("no such field")


def test_a_dataset_brings_the_suggestion_and_what_to_expect(ready: TrainPage) -> None:
    pane = ready.recipe_pane
    assert pane.recipe.values["steps"] == 500
    assert pane.expect.text() == "8×8 grey, Toy GAN: about a minute."
    assert pane.train.isEnabled()


def test_another_dataset_keeps_edits_and_follows_with_the_rest(
    ready: TrainPage, session: Session, engine: FakeEngine
) -> None:
    ready.recipe_pane.recipe.edit("rate", 3e-4)
    session.choose_dataset(DATA)
    engine.answer(Proposal("toy", {**SUGGESTED, "steps": 700}, (), ""), Propose)
    assert ready.recipe_pane.recipe.values["rate"] == 3e-4
    assert ready.recipe_pane.recipe.values["steps"] == 700


def test_without_a_dataset_nothing_can_be_trained(page: TrainPage) -> None:
    assert not page.recipe_pane.train.isEnabled()
    assert "dataset" in page.recipe_pane.train.toolTip()


def test_all_problems_stand_at_their_fields_at_once(ready: TrainPage, engine: FakeEngine, qtbot: QtBot) -> None:
    pane = ready.recipe_pane
    ready.show()
    pane.recipe.edit("steps", 0)
    pane.recipe.edit("share", 2.0)
    assert pane.form._words["steps"].text() == "⚠ steps must be at least 1, not 0"
    assert pane.form._words["share"].isVisible()  # folded away before, and now shown
    assert not pane.train.isEnabled()
    assert "2 problems" in pane.train.toolTip()
    qtbot.waitUntil(lambda: engine.last(Propose).values is not None)
    wrong = (Problem("norm", "does not fit 8×8 images"), Problem("", "needs more images"))
    engine.answer(Proposal("toy", dict(pane.recipe.values), wrong, ""), Propose)
    assert "does not fit" in pane.form._words["norm"].text()
    assert pane.form.editors["norm"].widget.property("wrong") == "true"
    assert pane.words.text() == "needs more images"
    assert pane.form._words["steps"].isVisible()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"steps": 1.5}, "steps"),
        ({"rate": float("nan")}, "rate"),
        ({"mirror": 1}, "mirror"),
        ({"norm": "none"}, "norm"),
        ({"word": 3}, "word"),
        ({"colour": 3}, "colour"),
        ({"steps": True}, "steps"),
    ],
)
def test_wrong_types_ranges_choices_and_names_are_told_here_already(values: dict[str, object], field: str) -> None:
    assert [p.field for p in problems_of(FIELDS, values)] == [field]  # type: ignore[arg-type]


def test_a_late_answer_about_an_older_recipe_is_not_shown(ready: TrainPage, engine: FakeEngine, qtbot: QtBot) -> None:
    recipe = ready.recipe_pane.recipe
    recipe.edit("steps", 600)
    qtbot.waitUntil(lambda: (engine.last(Propose).values or {}).get("steps") == 600)
    recipe.edit("steps", 700)
    engine.answer(Proposal("toy", {}, (Problem("norm", "stale"),), "stale"), Propose)
    assert recipe.expect != "stale"


def test_edits_are_undone_and_redone(ready: TrainPage, session: Session, qtbot: QtBot) -> None:
    editor = ready.recipe_pane.form.editors["steps"].widget
    assert isinstance(editor, NumberBox)
    editor.stepBy(1)
    ready.recipe_pane.recipe.edit("mirror", True)
    recipe = ready.recipe_pane.recipe
    assert (recipe.values["steps"], recipe.values["mirror"]) == (1000, True)
    session.undo.undo()
    session.undo.undo()
    assert (recipe.values["steps"], recipe.values["mirror"]) == (500, False)
    assert editor.value() == 500
    session.undo.redo()
    assert editor.value() == 1000


def test_quick_edits_of_one_field_are_one_undo(ready: TrainPage, session: Session) -> None:
    for steps in (501, 502, 503):
        ready.recipe_pane.recipe.edit("steps", steps)
    assert session.undo.count() == 1
    session.undo.undo()
    assert ready.recipe_pane.recipe.values["steps"] == 500


def test_reset_is_grey_at_the_suggestion_and_takes_its_group_back(ready: TrainPage, session: Session) -> None:
    form, recipe = ready.recipe_pane.form, ready.recipe_pane.recipe
    assert not any(button.isEnabled() for button, _ in form.resets)
    assert not ready.recipe_pane.reset.isEnabled()
    recipe.edit("share", 0.25)
    recipe.edit("norm", "layer")
    enabled = [names for button, names in form.resets if button.isEnabled()]
    assert enabled == [["share", "mirror"], ["norm", "word"]]
    next(button for button, names in form.resets if "share" in names).click()
    assert (recipe.values["share"], recipe.values["norm"]) == (0.5, "layer")
    ready.recipe_pane.reset.click()
    assert recipe.values == SUGGESTED
    session.undo.undo()
    assert recipe.values["norm"] == "layer"


def test_another_model_asks_for_its_own_suggestion_and_can_be_undone(
    ready: TrainPage, session: Session, engine: FakeEngine
) -> None:
    recipe = ready.recipe_pane.recipe
    recipe.edit("steps", 123)
    recipe.choose_model("other")
    assert engine.last(Propose).model == "other"
    engine.answer(Proposal("other", {**SUGGESTED, "steps": 900}, (), "Other."), Propose)
    assert recipe.values["steps"] == 900
    session.undo.undo()
    assert (recipe.model, recipe.values["steps"]) == ("toy", 123)


def test_toml_comes_back_as_it_went(
    ready: TrainPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane, path = ready.recipe_pane, tmp_path / "mine.toml"
    for name, value in (("rate", 3e-5), ("mirror", True), ("norm", "layer"), ("word", "ä")):
        pane.recipe.edit(name, value)
    wanted = dict(pane.recipe.values)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(path), ""))
    pane.save()
    qtbot.waitUntil(path.exists)
    assert from_toml(path.read_text("utf-8")) == ("toy", wanted)
    pane.recipe.reset()
    pane.open()
    qtbot.waitUntil(lambda: pane.recipe.values == wanted)
    pane.copy()
    pane.recipe.reset()
    pane.paste()
    assert pane.recipe.values == wanted


def test_what_is_no_recipe_is_told_and_changes_nothing(ready: TrainPage) -> None:
    before = dict(ready.recipe_pane.recipe.values)
    QGuiApplication.clipboard().setText("hello")
    ready.recipe_pane.paste()
    assert "no recipe" in ready.recipe_pane.words.text()
    QGuiApplication.clipboard().setText('model = "ghost"\n[recipe]\n')
    ready.recipe_pane.paste()
    assert "no model 'ghost'" in ready.recipe_pane.words.text()
    assert ready.recipe_pane.recipe.values == before


def test_presets_are_kept_listed_and_taken(ready: TrainPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = ready.recipe_pane
    pane.recipe.edit("steps", 42)
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("quick/look", True))
    pane.keep_preset()
    qtbot.waitUntil(lambda: [p.title for p in pane._known_presets] == ["quick-look"])
    assert presets.listed()[0].values["steps"] == 42
    pane.recipe.reset()
    pane._fill_presets()
    next(a for a in pane.presets_menu.actions() if a.text() == "quick-look").trigger()
    assert pane.recipe.values["steps"] == 42
    assert presets.folder().is_relative_to(Path(presets.places.home()))


def test_train_makes_a_run_of_the_recipe_and_starts_it(
    ready: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    ready.recipe_pane.recipe.edit("steps", 321)
    ready.recipe_pane.train.click()
    ready.recipe_pane.train.click()  # a second click before the folder is there makes no second run
    qtbot.waitUntil(lambda: bool(session.training))
    assert len(list(places.runs().iterdir())) == 1
    run = engine.last(Start).run
    assert session.run == run
    assert RunFolder(run).recipe() == ("toy", ready.recipe_pane.recipe.values)
    assert RunFolder(run).info().data == DATA


def test_while_one_trains_the_next_is_queued(
    ready: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    pane = ready.recipe_pane
    pane.train.click()
    qtbot.waitUntil(lambda: bool(session.training))
    engine.tell(Started(session.training, 0, 500, {"critic": 1e-4}, "CPU", "float32"))
    assert not pane.train.isEnabled()
    assert pane.heading.text() == "Recipe of the next run"
    pane.enqueue.click()
    qtbot.waitUntil(lambda: len(session.queue) == 1)
    assert len(engine.all(Start)) == 1


def test_nothing_is_trained_before_what_suits_the_dataset_is_known(
    page: TrainPage, session: Session, engine: FakeEngine
) -> None:
    session.choose_dataset(DATA)
    assert not page.recipe_pane.train.isEnabled()
    assert "suits" in page.recipe_pane.expect.text()
    engine.answer(Proposal("toy", dict(SUGGESTED), (), "About a minute."), Propose)
    assert page.recipe_pane.train.isEnabled()
    assert page.recipe_pane.expect.text() == "About a minute."


def test_without_an_answer_the_defaults_can_be_trained(page: TrainPage, session: Session, engine: FakeEngine) -> None:
    session.choose_dataset(DATA)
    page.recipe_pane.recipe._no_suggestion("The engine is gone.")
    assert page.recipe_pane.train.isEnabled()
    assert "gone" in page.recipe_pane.words.text()
