"""Which runs may stand beside: of the same dataset, able, with weights; the one with another constraint first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from studio.gui.explore.pose.others import Others, in_words
from studio.gui.session import Session
from studio.models.core.catalog import ModelCard
from studio.runs.folder import RunFolder
from studio.runs.library import Library
from tests.gui.explore.posed import PEOPLE
from tests.gui.explore.toy import IMAGES


def card(name: str, *capabilities: str) -> ModelCard:
    return ModelCard(name, name, "", "", 2017, "", "", capabilities, ())


@pytest.fixture
def library(tmp_path: Path, session: Session) -> Path:
    session.__dict__["library"] = Library(tmp_path)
    session.set_models([card("poser", "take a pose"), card("other poser", "take a pose"), card("gan", "decode latent")])
    return tmp_path


def run(
    library: Path, name: str, data: Any = PEOPLE, model: str = "poser", *, trained: bool = True, **recipe: Any
) -> str:
    values: dict[str, Any] = {"constraint": "none", "width": 16, "seed": 0, "steps": 100} | recipe
    made = RunFolder.create(library / name, model, values, data, title=name)
    if trained:
        made.checkpoint(10).mkdir(parents=True)
        (made.checkpoint(10) / "average.safetensors").write_bytes(b"")
        (made.checkpoint(10) / "state.json").write_bytes(b"{}")
    return str(made.path)


def looked(session: Session, qtbot: QtBot, shown: str) -> Others:
    others = Others(session, session, "take a pose")
    with qtbot.waitSignal(others.listed):
        others.show_run(shown, PEOPLE.fingerprint)
    return others


def test_the_one_with_another_constraint_and_else_the_same_recipe_is_proposed(
    library: Path, session: Session, qtbot: QtBot
) -> None:
    own = run(library, "own")
    run(library, "twin", seed=1)
    far = run(library, "far", width=64, seed=3, constraint="fixed")
    near = run(library, "near", constraint="learned", steps=500)
    run(library, "elsewhere", IMAGES)
    run(library, "unable", model="gan")
    run(library, "untrained", trained=False, constraint="fixed")
    others = looked(session, qtbot, own)
    assert {o.title for o in others.runs} == {"twin", "far", "near"}
    assert others.proposed == near
    assert others.own == "none"
    found = others.named(far)
    assert found is not None
    assert (found.constraint, found.apart, found.same) == ("fixed", 2, False)
    assert found.words == "fixed constraint · far"
    assert in_words("none") == "base"


def test_without_another_constraint_the_most_alike_is_proposed(library: Path, session: Session, qtbot: QtBot) -> None:
    own = run(library, "own")
    run(library, "far", width=64, seed=3)
    near = run(library, "near", seed=1)
    assert looked(session, qtbot, own).proposed == near


def test_a_run_that_comes_later_is_seen(library: Path, session: Session, qtbot: QtBot) -> None:
    own = run(library, "own")
    run(library, "first")
    others = looked(session, qtbot, own)
    run(library, "second", constraint="learned")
    with qtbot.waitSignal(others.listed):
        session.library_changed.emit()
    assert {o.title for o in others.runs} == {"first", "second"}
