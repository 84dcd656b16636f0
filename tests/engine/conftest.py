"""Small runs on made-up 8×8 data."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.data import sources, store
from studio.data.dataset import DataSpec
from studio.engine.client import Engine
from studio.engine.messages import Steer
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training.control import Stop

SMALL = {"latent": 8, "width": 4, "batch": 8, "steps": 100_000, "critic_steps": 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataSpec]:
    """300 grey 8×8 squares of noise with a brighter middle, read as a person's file would be."""
    at = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    images = random.integers(0, 120, (300, 8, 8)).astype(np.uint8)
    images[:, 2:6, 2:6] += 120
    np.savez(at / "squares.npz", images=images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_STUDIO_HOME", str(at / "home"))
        source = sources.recognise(at / "squares.npz")
        yield store.prepare(source, store.suggested(source)).spec


@pytest.fixture(autouse=True)
def home_of_the_data(home: Path, data: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """One home for a module: its engine is a process that was given it when it started."""
    at = Path(data.source).parent / "home"
    assert at.is_dir()
    monkeypatch.setenv("GEN_STUDIO_HOME", str(at))


@pytest.fixture
def new_run(tmp_path: Path, data: DataSpec) -> Callable[..., RunFolder]:
    def make(name: str = "run", model: str = "wgan_gp", **changed: Any) -> RunFolder:
        values = {f.name: f.default for f in recipes.fields(catalog.load(model).recipe_type)}
        known = {k: v for k, v in (SMALL | changed).items() if k in values}
        return RunFolder.create(tmp_path / "runs" / name, model, values | known, data)

    return make


class Ear:
    """Listens to an engine, keeps all it hears, and waits for what a test is about."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.heard: list[Any] = []

    def wait(self, kind: type[Any], seconds: float = 60, **about: Any) -> Any:
        """The next message of a kind (with these attributes); those before it are passed by."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            while self.heard:
                message = self.heard.pop(0)
                if isinstance(message, kind) and all(getattr(message, k) == v for k, v in about.items()):
                    return message
            self.heard += self.engine.poll(0.1)
        raise AssertionError(f"no {kind.__name__} {about or ''} within {seconds} s")

    def quiet(self, seconds: float) -> list[Any]:
        """All that is said in that time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.heard += self.engine.poll(left)
        said, self.heard = self.heard, []
        return said


@pytest.fixture(scope="module")
def shared(data: DataSpec) -> Iterator[Engine]:
    """A real engine in a process of its own, for all tests of a module: each start costs seconds."""
    made = Engine()
    made.start()
    yield made
    made.close()


@pytest.fixture
def ear(shared: Engine) -> Iterator[Ear]:
    shared.start()  # after a test that killed it
    made = Ear(shared)
    yield made
    shared.send(Steer(Stop()))
    made.quiet(0.1)
