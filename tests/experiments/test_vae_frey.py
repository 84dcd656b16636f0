"""The plane of faces: what it is measured by is known in closed form, and a whole attempt ends with it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from studio.data.dataset import Dataset, DataSpec
from studio.experiments import vae_frey
from studio.experiments.core import catalog
from studio.experiments.core.experiment import figure
from studio.experiments.vae_frey import followed, judged, pixel_by_pixel, plane
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole

EXPERIMENT = catalog.load("vae_frey")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """80 frames in which a bar moves down."""
    frames = np.random.default_rng(0).integers(60, 90, (80, 28, 20), dtype=np.uint8)
    for at, frame in enumerate(frames):
        frame[at // 4 : at // 4 + 6] += 100
    path = tmp_path / "video.npz"
    np.savez(path, images=frames)
    return path


def test_a_whole_attempt_ends_with_bounds_a_plane_and_frames_made_again(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vae_frey.SIZES, "short", {"steps": 3, "batch": 8, "width": 8})
    monkeypatch.setitem(vae_frey.LATENTS, "short", (2, 3))
    monkeypatch.setattr(vae_frey, "DRAWS", 3)
    attempt = done(begun(EXPERIMENT, video))
    whole(attempt)
    found = attempt.findings
    assert found is not None
    bits, nats = (figure(found, name) for name in (vae_frey.HEADLINE, "the same in nats"))
    assert bits is not None
    assert nats is not None
    assert bits.value == pytest.approx(-nats.value / (560 * math.log(2)))
    assert found.table is not None
    assert len(found.table.rows) == 2


def test_a_pixel_by_itself_costs_what_draws_of_the_noise_say() -> None:
    random = np.random.default_rng(0)
    values = np.clip(random.normal(120, 30, (400, 1, 2, 2)), 0, 255).astype(np.uint8)
    spec = DataSpec("made up", "images", (1, 2, 2), 400, 100)
    data = Dataset(spec, values, None, np.arange(100, 400), np.arange(100))
    train, held = (values[part].astype(float) for part in (data.train, data.held_out))
    noisy = held + random.random((2000, *held.shape))
    mean, variance = train.mean(0) + 0.5, train.var(0) + 1 / 12
    nats = (noisy - mean) ** 2 / (2 * variance) + np.log(2 * np.pi * variance) / 2
    assert pixel_by_pixel(data) == pytest.approx(float(nats.mean()) / math.log(2), abs=1e-3)


def test_neighbours_of_a_walk_are_near_and_those_of_noise_are_not() -> None:
    random = np.random.default_rng(0)
    assert followed(random.normal(size=(4000, 2))) == pytest.approx(1, abs=0.03)
    assert followed(np.linspace(0, 1, 100)[:, None]) == pytest.approx(0.0242, abs=1e-3)


def test_the_plane_holds_equal_shares_of_the_prior() -> None:
    z = plane(4).reshape(4, 4, 2)
    assert z[0, :, 0] == pytest.approx([-1.1503, -0.3186, 0.3186, 1.1503], abs=1e-4)
    assert (np.diff(z[:, 0, 1]) < 0).all(), "up is up"


@pytest.mark.parametrize(
    ("gained", "more", "near", "outcome"),
    [(0.3, 0.1, 0.3, "shown"), (0.3, -0.1, 0.3, "partly"), (0.3, 0.1, 0.9, "partly"), (-0.1, 0.1, 0.3, "not shown")],
)
def test_it_is_judged_by_both_halves_of_the_claim(gained: float, more: float, near: float, outcome: str) -> None:
    assert judged(gained, more, near) == outcome
