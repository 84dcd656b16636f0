"""Two made-up experiments: one with two runs of a made-up model, one that needs a dataset of a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from studio.data import files
from studio.data.dataset import DataSpec
from studio.experiments.core import attempts, catalog, material
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import (
    Evidence,
    Experiment,
    Figure,
    Findings,
    Outcome,
    Picture,
    Planned,
    Preset,
    PresetName,
    Table,
)
from studio.gui.experiments.page import ExperimentsPage
from studio.gui.session import Session
from tests.gui.conftest import FakeEngine
from tests.gui.train.conftest import DATA, card

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><path d="M0 0 L60 30" stroke="#000"/></svg>'


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    steps = 10 if preset == "short" else 1000
    return tuple(
        Planned(f"{which}/{seed}", "toy", "digits", {"steps": steps}, f"toy {which}, seed {seed}")
        for seed in seeds
        for which in ("a", "b")
    )


def conclude(evidence: Evidence) -> Findings:
    raise AssertionError("conclusions are drawn in the engine")


TOY = Experiment(
    name="toy_game",
    title="Toys come to an end",
    authors="Doe, Roe and Poe",
    year=2020,
    paper="On toys",
    arxiv="2001.00001",
    where="table 1",
    claim="Every toy ends after ten moves.",
    about="Two toys are moved.",
    datasets=("digits",),
    short=Preset("short", "two runs of 10 steps", 3.0, "All of it."),
    full=Preset("full", "two runs of 1,000 steps", 300.0, "For a large machine."),
    planned=planned,
    conclude=conclude,
    headline="moves to the end",
    full_seeds=3,
)
NEEDY = replace(
    TOY, name="needy", title="Needs digits of one's own", year=2021, datasets=("mnist",), planned=lambda p, s: ()
)


def findings(value: float = 10.0, outcome: Outcome = "shown") -> Findings:
    return Findings(
        (
            Figure("moves to the end", value, 0.5, "moves", "10", "mean of 2 toys"),
            Figure("seconds", 1.5, how="by the clock"),
        ),
        outcome,
        "Toys end as reported.",
        (Picture("one.svg", "The first picture"), Picture("two.svg", "The second picture")),
        Table(("toy", "moves"), (("a", "10"), ("b", "9"))),
    )


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {e.name: e for e in (TOY, NEEDY)}
    monkeypatch.setattr(catalog, "experiments", lambda: list(known.values()))
    monkeypatch.setattr(catalog, "load", known.__getitem__)
    monkeypatch.setattr(material, "prepare", lambda experiment, *_, **__: dict.fromkeys(experiment.datasets, DATA))


@pytest.fixture
def page(session: Session, engine: FakeEngine, qtbot: QtBot) -> Iterator[ExperimentsPage]:
    """The page, with everything looked up."""
    session.set_models([card()])
    made = ExperimentsPage(session)
    qtbot.addWidget(made)
    made.resize(1048, 640)
    made.show()
    settled(made, qtbot)
    yield made
    made.close()


def settled(page: ExperimentsPage, qtbot: QtBot) -> None:
    """Wait until the page shows what the disk has."""
    qtbot.waitUntil(lambda: bool(page.seen) and not page._looking and not page._again)


def attempt(experiment: Experiment = TOY, preset: PresetName = "short", seeds: Sequence[int] = (0,)) -> Attempt:
    """An attempt on disk, with its runs, none of them trained."""
    data: dict[str, DataSpec] = dict.fromkeys(experiment.datasets, DATA)
    return attempts.begin(experiment, preset, seeds, data, {"toy": card().defaults})


def finished(value: float = 10.0, outcome: Outcome = "shown", experiment: Experiment = TOY) -> Attempt:
    made = attempt(experiment)
    for name in ("one.svg", "two.svg"):
        files.write(made.path / name, SVG)
    return attempts.finish(made, findings(value, outcome), 12.0)


def paths(made: Attempt) -> list[str]:
    return [str(Path(run.folder)) for run in made.runs]
