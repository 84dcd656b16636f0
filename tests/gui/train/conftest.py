"""A small made-up model and dataset, and the page upon the made-up engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from studio.data.dataset import DataSpec
from studio.engine.messages import Proposal, Propose
from studio.gui.session import Session
from studio.gui.train.page import TrainPage
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import FieldInfo
from tests.gui.conftest import FakeEngine

FIELDS = (
    FieldInfo("steps", "int", 1000, "length", 1, 10_000_000, unit="steps", essential=True, group="Run", scale="log"),
    FieldInfo("rate", "float", 1e-4, "learning rate", 1e-7, 1.0, essential=True, group="Run", scale="log"),
    FieldInfo("share", "float", 0.5, "a share", 0.0, 1.0, group="Other"),
    FieldInfo("mirror", "bool", False, "mirror half of the images", group="Other"),
    FieldInfo("norm", "choice", "batch", "normalisation", choices=("batch", "layer"), group="Nets"),
    FieldInfo("word", "text", "plain", "any word", group="Nets"),
)


def card(name: str = "toy", title: str = "Toy GAN") -> ModelCard:
    return ModelCard(name, title, "A toy.", "Doe", 2020, "On toys", "2001.00001", ("decode latent",), FIELDS)


DATA = DataSpec("digits", "images", (1, 8, 8), 100, 10, fingerprint="f00d", source="builtin:digits")
SUGGESTED = {f.name: f.default for f in FIELDS} | {"steps": 500}


@pytest.fixture
def page(session: Session, engine: FakeEngine, qtbot: QtBot) -> Iterator[TrainPage]:
    session.set_models([card(), card("other", "Other GAN")])
    made = TrainPage(session)
    qtbot.addWidget(made)
    made.resize(1060, 640)
    yield made
    made.close()


@pytest.fixture
def ready(page: TrainPage, session: Session, engine: FakeEngine) -> TrainPage:
    """With a dataset chosen and the model's suggestion filled in."""
    session.choose_dataset(DATA)
    engine.answer(Proposal("toy", dict(SUGGESTED), (), "8×8 grey, Toy GAN: about a minute."), Propose)
    return page
