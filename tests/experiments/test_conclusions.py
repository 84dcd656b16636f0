"""Whole attempts in small: trained by the ordinary trainer, concluded, written down, gone on with."""

from __future__ import annotations

import queue
from pathlib import Path

import numpy as np
import pytest

from studio.data.watch import Cancelled, Watch
from studio.engine.answers import Context, answer
from studio.experiments import cgan_mnist, infogan_mnist, mode_collapse, vanishing_gradient, wasserstein_loss
from studio.experiments.core import attempts, catalog
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Evidence, figure
from studio.experiments.core.running import Stopped, run
from studio.experiments.questions import Conclude
from studio.runs.folder import RunFolder
from studio.training import control
from studio.training.events import Event, Started
from tests.experiments.conftest import begun

EACH, SCORED = cgan_mnist.EACH, mode_collapse.SCORED
"""As they are: while a test runs they are small."""


def done(attempt: Attempt) -> Attempt:
    return run(attempt, lambda number, event: None, queue.SimpleQueue())


@pytest.mark.parametrize("name", ["infogan_mnist", "bigan_mnist", "cgan_mnist"])
def test_an_attempt_on_images_ends_with_figures_a_verdict_and_pictures(name: str, digits_file: Path) -> None:
    attempt = done(begun(catalog.load(name), digits_file, seeds=(0, 1) if name == "infogan_mnist" else (0,)))
    whole(attempt)


def test_mode_collapse_is_counted_for_every_system_and_mixture() -> None:
    attempt = done(begun(mode_collapse.experiment))
    whole(attempt)
    assert attempt.findings is not None
    assert attempt.findings.table is not None
    assert len(attempt.findings.table.rows) == len(attempt.findings.figures) == 8


def whole(attempt: Attempt) -> None:
    experiment = catalog.load(attempt.experiment)
    found = attempt.findings
    assert attempt.status == "finished"
    assert attempts.read(attempt.path) == attempt
    assert found is not None
    assert found.figures[0].name == experiment.headline
    assert all(np.isfinite(f.value) for f in found.figures if "KL" not in f.name)
    assert found.verdict.endswith(".")
    assert len(attempt.pictures) == len(found.pictures) >= 1
    assert all(p.stat().st_size > 200 for p in attempt.pictures)
    if found.table is not None:
        assert all(len(row) == len(found.table.columns) for row in found.table.rows)
    assert attempt.seconds > 0


def test_an_interrupted_attempt_goes_on_where_it_stopped() -> None:
    attempt = begun(mode_collapse.experiment)
    wishes: queue.SimpleQueue[control.Control] = queue.SimpleQueue()
    trained: list[str] = []

    def stop_at_the_third(number: int, event: Event) -> None:
        if isinstance(event, Started):
            trained.append(event.run)
            if number == 2:
                wishes.put(control.Stop())

    with pytest.raises(Stopped):
        run(attempt, stop_at_the_third, wishes)
    assert attempts.unfinished() == [attempt]
    assert len(attempts.left(attempt)) == 6
    finished = [RunFolder(r.folder).state().updated for r in attempt.runs[:2]]
    after = done(attempt)
    assert after.status == "finished"
    assert [RunFolder(r.folder).state().updated for r in attempt.runs[:2]] == finished  # not trained again


def test_the_engine_concludes_what_has_been_trained_and_can_be_called_off() -> None:
    attempt = done(begun(mode_collapse.experiment))
    again = answer(Conclude(str(attempt.path)), Context())
    assert again.findings == attempt.findings
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        answer(Conclude(str(attempt.path)), Context(watch=watch))
    assert attempts.read(attempt.path).status == "finished"


def test_a_conclusion_without_its_runs_fails_in_words_and_is_written_down() -> None:
    attempt = begun(mode_collapse.experiment)
    with pytest.raises(ValueError, match="runs are not finished"):
        answer(Conclude(str(attempt.path)), Context())
    kept = attempts.read(attempt.path)
    assert (kept.status, "not finished" in kept.message) == ("failed", True)


def test_an_attempt_is_not_taken_from_somebody_who_is_at_it() -> None:
    attempt = begun(mode_collapse.experiment)
    with attempt.lock(), pytest.raises(ValueError, match="somebody else"):
        done(attempt)
    assert attempts.read(attempt.path).status == "running"


def test_a_training_that_fails_is_written_down_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = begun(mode_collapse.experiment)
    (attempt.runs[0].folder / "recipe.toml").write_text('model = "none"\n[recipe]\nsteps = 2\n')
    with pytest.raises(ValueError, match=attempt.runs[0].folder.name):
        done(attempt)
    assert attempts.read(attempt.path).status == "failed"


# --- the figures themselves, against closed forms


@pytest.mark.parametrize("theta", [0.5, 1.0, 2.0, 4.0])
def test_the_integrals_of_two_gaussians_agree_with_draws(theta: float) -> None:
    random = np.random.default_rng(0)
    real, made = random.normal(-theta / 2, 1, 400_000), random.normal(theta / 2, 1, 400_000)
    d = vanishing_gradient.best_discriminator
    value = np.log(d(real, theta)).mean() + np.log1p(-d(made, theta)).mean()
    assert vanishing_gradient.divergence(theta) == pytest.approx((value + np.log(4)) / 2, abs=3e-3)
    slope = 1e-5
    gradient = (np.log1p(-d(made + slope, theta)) - np.log1p(-d(made - slope, theta))) / (2 * slope)
    assert vanishing_gradient.best_gradient(theta) == pytest.approx(np.abs(gradient).mean(), rel=2e-2)


def test_the_best_discriminator_is_the_ratio_of_the_densities() -> None:
    x = np.linspace(-5, 5, 101)
    p, q = np.exp(-((x + 1) ** 2) / 2), np.exp(-((x - 1) ** 2) / 2)
    np.testing.assert_allclose(vanishing_gradient.best_discriminator(x, 2.0), p / (p + q), rtol=1e-12)


@pytest.mark.parametrize("theta", [0.0, 0.3, -0.5, 2.0])
def test_of_parallel_lines_the_divergence_is_log_2_and_the_distance_theta(theta: float) -> None:
    divergence, distance = vanishing_gradient.parallel_lines(theta)
    assert divergence == pytest.approx(np.log(2) if theta else 0.0, abs=1e-12)
    assert distance == pytest.approx(abs(theta), abs=1e-9)


def test_trained_to_the_end_the_discriminator_is_the_best_one_and_its_gradient_vanishes(tmp_path: Path) -> None:
    near, far = vanishing_gradient.train((1.0, 4.0), 400, 0, Watch())
    for seen in (near, far):
        assert seen.jsd == pytest.approx(vanishing_gradient.divergence(seen.theta), abs=0.02)
        assert seen.minimax == pytest.approx(vanishing_gradient.best_gradient(seen.theta), abs=0.08)
    assert far.minimax < 0.5 * near.minimax
    assert far.critic > 0.3 * near.critic


def test_the_experiment_without_runs_concludes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vanishing_gradient.STEPS, "short", 30)
    attempt = done(begun(vanishing_gradient.experiment))
    assert attempt.runs == ()
    whole(attempt)
    assert attempt.findings is not None
    lines = figure(attempt.findings, "W1 of parallel lines, θ = 0.5")
    assert lines is not None
    assert lines.value == pytest.approx(0.5)


def stroke(slope: float, thick: int, length: int = 16) -> np.ndarray:
    """A bright stroke that leans by ``slope`` pixels across per pixel upwards, in −1..1."""
    image = np.full((1, 28, 28), -1.0, np.float32)
    for up in range(length):
        at = round(14 + slope * (up - length / 2))
        image[0, 21 - up, at - thick // 2 : at - thick // 2 + thick] = 1
    return image


def test_slant_width_and_stroke_are_those_of_drawn_strokes() -> None:
    upright, leaning, thick, back = infogan_mnist.factors(
        np.stack([stroke(0, 2), stroke(0.5, 2), stroke(0, 6), stroke(-0.5, 2)])
    )
    assert upright[0] == pytest.approx(0, abs=1e-9)
    assert leaning[0] == pytest.approx(0.5, abs=0.03)
    assert back[0] == pytest.approx(-0.5, abs=0.03)
    assert thick[1] == pytest.approx(np.sqrt((36 - 1) / 12), rel=1e-6)  # sd of six pixels in a row
    assert upright[2] == pytest.approx(2 * 2 * 16 / (2 * (2 + 16)), rel=0.05)  # the perimeter of the rectangle
    assert thick[2] > 2 * upright[2]


def test_a_correlation_within_sweeps_sees_nothing_of_what_differs_between_them() -> None:
    x = np.linspace(-1, 1, 5)
    apart = np.array([[100.0], [-7.0], [3.0]])
    assert infogan_mnist.within(x, 2 * x + apart) == pytest.approx(1)
    assert infogan_mnist.within(x, -x + apart) == pytest.approx(-1)
    assert infogan_mnist.within(x, x**2 + apart) == pytest.approx(0, abs=1e-12)
    assert infogan_mnist.within(x, np.zeros((3, 5))) == 0.0


def test_codes_are_named_by_what_they_go_with_most() -> None:
    related = {"c2": (0.1, 0.8, -0.2), "c3": (-0.9, 0.3, 0.1)}
    assert infogan_mnist._named(related) == (-0.9, 0.8, ("c3", "c2", "width"))


def test_a_thousand_samples_of_each_class_are_scored_as_in_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.explore.codes import dials
    from studio.models.core.latents import Part, Prior

    monkeypatch.setattr(cgan_mnist, "EACH", EACH)
    prior = Prior((Part("noise", "uniform", 3), Part("class", "categorical", 10, "class")))
    (dial,) = dials(prior, "class")
    latents, wanted = cgan_mnist.asked(prior, dial, 10)
    classes = latents[:, 3:]
    assert set(np.unique(classes)) == {0, 1}
    assert (classes.sum(1) == 1).all()
    assert classes.sum(0).tolist() == [1000] * 10
    assert np.array_equal(classes.argmax(1), wanted)
    assert len(np.unique(latents[:, 0])) == 1000, "each draw of the noise serves every class once"


def test_modes_are_counted_by_the_protocol_of_pacgan() -> None:
    """Up to the unit, which no count depends on; and its GAN: 4 layers of 400 against 3 maxout layers of 200×5."""
    from studio.data import toys

    sheet = {"8gaussians": (2**0.5, 0.01), "25gaussians": (1 / 8**0.5, 0.05)}
    ring = [(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4]
    lattice = [(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)]
    for (name, (unit, sigma)), centres in zip(sheet.items(), (ring, lattice), strict=True):
        points, modes = toys.draw(name)
        found = np.stack([points[modes == i].mean(axis=0) for i in range(len(centres))])
        apart = np.linalg.norm(found[:, None] / unit - np.array(centres)[None], axis=2)
        assert sorted(apart.argmin(1)) == list(range(len(centres)))
        assert apart.min(1).max() < sigma / 4
        assert (points - found[modes]).std() / unit == pytest.approx(sigma, rel=0.02)
    assert SCORED == 2500
    planned = {p.key: p.values for p in mode_collapse.planned("full", (0,))}
    full = planned["gan/8gaussians/0"]
    names = ("latent", "noise", "layers", "width", "norm", "discriminator_layers", "units", "pieces")
    assert [full[n] for n in names] == [2, "normal", 4, 400, "batch", 3, 200, 5]
    assert (full["optimiser"], full["generator_rate"], full["beta1"], full["batch"]) == ("adam", 1e-4, 0.8, 100)
    assert full["discriminator_rate"] == 1e-4
    assert full["steps"] == 400 * toys.COUNT / 100, "400 epochs"


def test_modes_that_are_reached_by_strewn_samples_show_nothing() -> None:
    systems, mixtures = mode_collapse.SYSTEMS, mode_collapse.MIXTURES
    reached = {(s, m): 0.5 if s == "gan" else 1.0 for s in systems for m in mixtures}
    assert mode_collapse.judged(reached, dict.fromkeys(reached, 90.0)) == "shown"
    assert mode_collapse.judged(reached, dict.fromkeys(reached, 5.0)) == "partly"
    assert mode_collapse.judged(reached, {k: 90.0 if k[0] == "gan" else 5.0 for k in reached}) == "partly"
    assert mode_collapse.judged(dict.fromkeys(reached, 1.0), dict.fromkeys(reached, 90.0)) == "not shown"


def test_the_loss_and_the_distance_are_compared_at_the_steps_of_the_sheets(tmp_path: Path) -> None:
    from studio.data import builtin, store
    from studio.experiments.core.experiment import Planned, Ran
    from studio.runs.folder import Record
    from studio.training import sheets

    data = store.prepare(builtin.source("digits"))
    real = data.values[data.train[:64]].astype(float)
    folder = RunFolder.create(tmp_path / "run", "wgan", {"steps": 200}, data.spec)
    for step in range(1, 201):
        values = {"critic gap/K·W₁": 200.0 - step + (50 if step % 7 == 0 else 0), "critic gap/K·W₁, held-out": -1.0}
        folder.append([Record(step, float(step), values)])
        if step % 10 == 0:  # black pictures that turn into real ones
            images = np.rint(real * step / 200).astype(np.uint8)
            sheets.save(folder, step, np.repeat(images.transpose(0, 2, 3, 1), 3, axis=3), data.spec)
    ran = Ran(Planned("wgan/0", "wgan", "digits", {}, "WGAN"), folder)
    steps, loss, distance = wasserstein_loss._read(ran, wasserstein_loss.CRITIC)
    assert steps.tolist() == list(range(20, 201, 10))
    assert (np.diff(distance) < 0).all()
    assert np.abs(loss - (200 - steps)).max() <= 6  # the median takes no notice of the spikes
    assert wasserstein_loss.ranked(loss, distance) == pytest.approx(1)


def test_the_images_of_a_sheet_are_cut_out_as_they_were_put_in(tmp_path: Path) -> None:
    from studio.data.dataset import DataSpec
    from studio.training import sheets

    spec = DataSpec("x", "images", (3, 8, 10), 100)
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 10, 3), dtype=np.uint8)
    run = RunFolder.create(tmp_path / "run", "wgan", {"steps": 1}, spec)
    sheets.save(run, 1, images, spec)
    cut = wasserstein_loss.tiles(run.sheet(1), spec)
    np.testing.assert_array_equal(cut[:64].transpose(0, 2, 3, 1), images)


def test_how_far_a_distance_has_come_is_told_of_the_stretch_where_the_divergence_is_saturated() -> None:
    divergence = np.array([0.1, 0.68, 0.69, 0.67, 0.5, 0.4])
    distance = np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    assert wasserstein_loss.saturated(divergence) == 3
    assert wasserstein_loss.come(distance, 3) == pytest.approx(3 / 5)
    assert wasserstein_loss.saturated(np.full(4, 0.2)) == 0
    assert wasserstein_loss.come(np.ones(3), 1) == 0.0
    assert wasserstein_loss.caught_up(np.array([0.1, 0.5, 0.9, 0.8, 0.7, 0.6, 0.5])) == 2
    assert wasserstein_loss.left(distance) == pytest.approx(1 / 6)


def test_too_few_sheets_are_said_and_not_ranked() -> None:
    attempt = begun(wasserstein_loss.experiment)
    with pytest.raises(ValueError, match="at least 5 are needed"):
        done(attempt)
    assert attempts.read(attempt.path).status == "failed"


def test_evidence_names_the_seeds_of_an_experiment_without_runs(tmp_path: Path) -> None:
    evidence = Evidence((), "short", (3,), tmp_path)
    assert evidence.seeds == (3,)
