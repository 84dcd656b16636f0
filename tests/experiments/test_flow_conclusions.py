"""The experiments with flows, in small: whole attempts, and their figures against closed forms."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from studio.data import sprites
from studio.data.dataset import Dataset, DataSpec
from studio.data.potentials import POTENTIALS
from studio.data.sprites import SHAPES, render
from studio.data.toys import two_moons
from studio.experiments import glow_sprites, planar_bimodal, realnvp_moons
from studio.experiments.core import bits, catalog, sprite_edits
from studio.experiments.core.experiment import Evidence
from studio.explore.flows import grid
from studio.models.core.latents import Prior
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole

CELLS = planar_bimodal.CELLS
"""As it is: while a test runs it is small."""


@pytest.fixture
def photos_file(tmp_path: Path) -> Path:
    """200 colour images of 32×32 in ten classes: stripes of a colour."""
    random = np.random.default_rng(0)
    labels = np.arange(200) % 10
    images = random.integers(0, 60, (200, 32, 32, 3), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[3 * label : 3 * label + 3, :, label % 3] = 220
    path = tmp_path / "stripes.npz"
    np.savez(path, images=images, labels=labels)
    return path


@pytest.mark.parametrize("name", ["planar_bimodal", "realnvp_moons", "glow_sprites"])
def test_an_attempt_on_data_of_its_own_ends_with_figures_a_verdict_and_pictures(name: str) -> None:
    whole(done(begun(catalog.load(name))))


def test_bits_per_dimension_come_with_what_was_spent_and_the_line_to_beat(digits_file: Path) -> None:
    attempt = done(begun(catalog.load("glow_mnist"), digits_file))
    whole(attempt)
    assert attempt.findings is not None
    told = {f.name: f for f in attempt.findings.figures}
    assert told[bits.HEADLINE].value > 1
    assert told["images seen"].value == 0.016
    assert 0 < told["bits per dimension when each pixel is coded by itself"].value < 8.1
    assert 0 <= told["held-out images that come back bit for bit"].value <= 100


def test_any_ten_classes_of_small_photos_stand_in_for_cifar(photos_file: Path) -> None:
    whole(done(begun(catalog.load("glow_cifar"), photos_file)))


# --- pixels by themselves


def test_a_pixel_by_itself_costs_the_entropy_of_its_grey_levels() -> None:
    random = np.random.default_rng(0)
    values = np.zeros((4000, 1, 2, 2), np.uint8)
    values[:, 0, 0, 0] = random.integers(0, 2, 4000) * 200  # one bit, the three others none
    spec = DataSpec("bits", "images", (1, 2, 2), 4000, 1000)
    data = Dataset(spec, values, None, np.arange(3000), np.arange(3000, 4000))
    assert bits.by_themselves(data) == pytest.approx(0.25, abs=0.13)  # 256 levels that might have been: Laplace
    assert bits.by_themselves(data) > 0.25


@pytest.mark.parametrize(
    ("held", "outcome"), [(1.05, "shown"), (1.10, "shown"), (1.2, "partly"), (1.3, "not shown"), (9.0, "not shown")]
)
def test_bits_are_judged_by_the_papers_figure(held: float, outcome: str) -> None:
    assert bits.judged(held, reached=1.10) == outcome


# --- two moons


def test_the_true_density_of_the_moons_sums_to_one_and_gives_their_points_its_entropy() -> None:
    cells = 150
    density = realnvp_moons.true_log_density(grid((0.0, 0.0), 3.0, cells))
    mass, area = np.exp(density), (6 / cells) ** 2
    assert mass.sum() * area == pytest.approx(1, abs=1e-4)
    entropy = -(mass * density).sum() * area
    points, _ = two_moons(np.random.default_rng(3), 4000)
    found = realnvp_moons.true_log_density(points)
    assert -found.mean() == pytest.approx(entropy, abs=4 * found.std() / math.sqrt(len(found)))


def test_normal_latents_have_no_gap_and_others_do() -> None:
    random = np.random.default_rng(0)
    normal = random.standard_normal((5000, 2))
    assert realnvp_moons.gap(normal) < 0.03
    assert realnvp_moons.gap(1.3 * normal) > 0.1


def test_moons_are_judged_by_divergence_mass_and_inverse() -> None:
    assert realnvp_moons.judged(0.02, 1.001, 1e-5) == "shown"
    assert realnvp_moons.judged(0.2, 1.001, 1e-5) == "partly"
    assert realnvp_moons.judged(0.2, 1.2, 1e-5) == "not shown"


# --- a Gaussian bent into two modes


def test_the_divergence_of_a_gaussian_from_the_target_is_that_of_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planar_bimodal, "CELLS", CELLS)
    window = grid((0.0, 0.0), planar_bimodal.REACH, CELLS).astype(np.float64)
    normal = -(window**2).sum(axis=1) / 2 - math.log(2 * math.pi)
    kl, mass = planar_bimodal.divergence(normal, planar_bimodal.log_target(window))
    assert mass == pytest.approx(1, abs=1e-6)
    draws = np.random.default_rng(0).standard_normal((400_000, 2))
    known = POTENTIALS["u1"]
    sampled = -(draws**2).sum(axis=1) / 2 - math.log(2 * math.pi) + known.energy(draws, np) + known.log_z
    assert kl == pytest.approx(sampled.mean(), abs=5 * sampled.std() / math.sqrt(len(sampled)))
    target = planar_bimodal.log_target(window)
    assert planar_bimodal.divergence(target, target) == pytest.approx((0, 1), abs=1e-4)


def test_the_divergence_has_to_fall_with_every_lengthening() -> None:
    assert planar_bimodal.judged({2: 0.5, 8: 0.2, 32: 0.05}) == "shown"
    assert planar_bimodal.judged({2: 0.5, 8: 0.6, 32: 0.05}) == "partly"
    assert planar_bimodal.judged({2: 0.5, 8: 0.6, 32: 0.7}) == "not shown"


# --- sprites


class KnowsAll(sprite_edits.Editor):
    """An editor whose latents are the factors themselves: an edit changes what it names and nothing else."""

    NAMES = ("shape", "colour", "size", "rotation", "x", "y")

    def latents(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return np.stack([self.data.factors[n][indices] for n in self.NAMES], axis=1).astype(np.float32)

    def pictures(self, z: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        factors = dict(zip(self.NAMES, z.astype(np.float64).T, strict=True))
        factors["shape"] = np.clip(np.rint(factors["shape"]), 0, 2)
        return np.transpose(render(factors), (0, 3, 1, 2))


@pytest.fixture(scope="module")
def drawn() -> Dataset:
    """1,200 sprites, the last 200 held out."""
    blocks = list(sprites.draw(1200))
    values = np.concatenate([images for images, _ in blocks])
    factors = {name: np.concatenate([true[name] for _, true in blocks]) for name in sprites.FACTORS}
    spec = DataSpec("sprites", "images", (3, 32, 32), 1200, 200)
    return Dataset(spec, np.transpose(values, (0, 3, 1, 2)), None, np.arange(1000), np.arange(1000, 1200), factors)


@pytest.mark.parametrize("name", ["size", "x", "y"])
def test_a_perfect_editor_is_always_right_goes_the_whole_way_and_changes_nothing_else(
    name: str, drawn: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sprite_edits, "EXAMPLES", 600)
    model = SimpleNamespace(prior=Prior.of("normal", 6))
    editor = KnowsAll(model, drawn, 40, Evidence([], "short", (0,), tmp_path))
    vector, separation = editor.direction(name)
    found = editor.edited(name, vector, separation)
    assert found.right == 1
    assert found.r > 0.98
    assert found.way == pytest.approx(1, abs=0.05)
    assert separation == 1
    others = {factor: change for factor, change in found.changes.items() if factor not in (name, "shape", "tilt")}
    assert max(others.values()) < 0.12 * found.changes[name]


class Burns(KnowsAll):
    """Whose pictures are no sprites any more beyond three quarters of a direction."""

    start: npt.NDArray[np.float32] | None = None
    most = 0.0

    def pictures(self, z: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        made = super().pictures(z)
        if self.start is not None:
            made[np.abs(z - self.start).max(axis=1) > self.most] = 128
        return made


def test_edits_are_judged_by_half_of_a_direction_and_the_whole_is_told_beside(
    drawn: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sprite_edits, "EXAMPLES", 600)
    editor = Burns(SimpleNamespace(prior=Prior.of("normal", 6)), drawn, 40, Evidence([], "short", (0,), tmp_path))
    vector, separation = editor.direction("x")
    editor.start, editor.most = editor.z, float(0.75 * np.abs(vector).max())
    found = editor.edited("x", vector, separation)
    assert (found.right, found.broken) == (1, 0)
    assert (found.far, found.far_broken) == (0, 1)


def test_factors_of_sprites_are_read_as_they_were_drawn(drawn: Dataset) -> None:
    data, some = drawn, drawn.held_out
    true = sprite_edits.true_factors(data, some)
    seen, _ = sprite_edits.seen_factors(np.asarray(data.values[some]), data.factors["shape"][some].astype(np.int64))
    change = sprite_edits.changed(seen, true)
    assert np.abs(change["colour"]).max() < 0.01
    assert np.abs(change["size"]).max() < 0.1
    assert np.nanmax(np.abs(change["tilt"])) < 0.06
    assert change["shape"].sum() == 0
    assert np.abs(change["x"][true["shape"] != SHAPES.index("heart")]).max() < 0.1  # of a heart the centre of mass


def test_more_of_an_attribute_is_more_of_its_factor() -> None:
    plain = {"shape": 1.0, "colour": 0.3, "size": 7.0, "rotation": 0.0, "x": 15.0, "y": 17.0}

    def much(name: str, **changed: float) -> float:
        values = {k: np.array([v]) for k, v in (plain | changed).items()}
        shape = values["shape"].astype(np.int64)
        factors, _ = sprite_edits.seen_factors(np.transpose(render(values), (0, 3, 1, 2)), shape)
        return float(sprite_edits.ATTRIBUTES[name].much(factors)[0])

    assert much("colour", colour=0.6) > 0.99 > -0.99 > much("colour", colour=0.1)
    assert much("size", size=9.0) > much("size") + 1.9
    assert much("x", x=19.0) > much("x") + 3.9
    assert much("y", y=19.0) > much("y") + 1.9
    assert much("tilt", rotation=math.pi / 4) > 0.95 > -0.95 > much("tilt", rotation=-math.pi / 4)
    assert much("shape", shape=2.0) == 1
    assert much("shape") == 0


def test_sprites_are_judged_by_the_worst_and_the_best_attribute() -> None:
    assert glow_sprites.judged([0.95, 0.91]) == "shown"
    assert glow_sprites.judged([0.95, 0.2]) == "partly"
    assert glow_sprites.judged([0.5, 0.2]) == "not shown"
