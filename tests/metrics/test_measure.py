"""What is measured of a model, against closed forms."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data import toys
from studio.data.dataset import Dataset, DataSpec, split
from studio.data.watch import Cancelled, Watch
from studio.metrics.measure import Reference, measure
from studio.models.core.latents import draw
from studio.models.core.model import Model, Paper, Prior, Update
from studio.models.core.recipe import Recipe, make
from studio.models.gmmn import GMMN, GMMNRecipe
from studio.nn.mmd import GaussianMixture, mmd2


class Shifted(Model):
    """Samples of the data's own distribution, N(0, I) in the plane, moved by (3, 4)."""

    title = "shifted"
    paper = Paper("nobody", 2000, "", "")
    about = ""
    recipe_type = Recipe
    critic_unit = "Wasserstein-1 (critic estimate)"
    prior = Prior.of("normal", 2)

    def build(self, data: DataSpec) -> None:
        self.by = nn.Parameter(torch.tensor([3.0, 4.0]))

    def updates(self) -> list[Update]:
        return []

    def decode(self, z: Tensor) -> Tensor:
        return z + self.by

    def criticise(self, x: Tensor) -> Tensor:
        """The optimal critic: slope 1 against the shift."""
        return -(x @ torch.tensor([0.6, 0.8]))


def plane(count: int = 4000, held_out: float = 0.5) -> Dataset:
    values = draw(Prior.of("normal", 2), count, 77)
    return Dataset(DataSpec("plane", "points", (2,), count), values, None, *split(count, held_out))


def shifted(data: Dataset) -> Model:
    return Shifted(Recipe(), data.spec).eval()


def test_all_three_estimators_see_a_shift_as_its_length_in_one_unit() -> None:
    data = plane()
    found = measure(shifted(data), data, samples=2000)
    assert set(found) == {
        "wasserstein/sliced",
        "wasserstein/exact (256 v 256)",
        "wasserstein/critic estimate, held-out",
        "wasserstein/floor (sliced, real v real)",
        "wasserstein/floor (exact, real v real)",
    }
    assert found["wasserstein/critic estimate, held-out"] == pytest.approx(5, abs=0.1)
    assert found["wasserstein/sliced"] == pytest.approx(5, abs=0.15)
    assert found["wasserstein/exact (256 v 256)"] == pytest.approx(5, abs=0.3)
    assert 0 < found["wasserstein/floor (sliced, real v real)"] < 0.15
    assert 0 < found["wasserstein/floor (exact, real v real)"] < 0.5


def test_the_moments_that_a_model_matches_are_compared_with_held_out_ones() -> None:
    data = plane(400)
    made = GMMN(make(GMMNRecipe, {"latent": 2, "width": 16, "bandwidths": "0.5, 2"}), data.spec).eval()
    found = measure(made, data)
    held, samples = Reference(data).held, made.decode(torch.from_numpy(draw(made.prior, 200, 0))).detach()
    expected = mmd2(samples, torch.from_numpy(held), GaussianMixture((0.5, 2.0)), unbiased=True)
    assert found["mmd/held-out (200 v 200), unbiased"] == pytest.approx(float(expected), abs=1e-5)


def test_a_model_that_is_the_data_stands_on_the_floor() -> None:
    data = plane()
    model = shifted(data)
    model.by.data.zero_()
    found = measure(model, data, samples=1000)
    assert found["wasserstein/exact (256 v 256)"] == pytest.approx(
        found["wasserstein/floor (exact, real v real)"], rel=0.25
    )
    assert found["wasserstein/sliced"] < 3 * found["wasserstein/floor (sliced, real v real)"]


def test_the_same_seed_measures_the_same_and_no_random_number_of_torch_is_used() -> None:
    data = plane(600)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert measure(shifted(data), data, seed=4) == measure(shifted(data), data, seed=4)
    assert measure(shifted(data), data, seed=4) != measure(shifted(data), data, seed=5)
    assert torch.equal(before, torch.get_rng_state())


def test_floor_compares_held_out_with_as_many_training_examples() -> None:
    data = plane(1000, 0.1)
    reference = Reference(data)
    assert reference.count == 100
    assert len(reference.held) == len(reference._train) == 100
    assert set(reference._train) <= set(data.train)
    kept = {tuple(v) for v in data.values[data.held_out]}
    assert {tuple(v) for v in reference.held} == kept


def test_pixels_are_compared_on_the_models_scale() -> None:
    values = np.repeat(np.array([0, 255], np.uint8), 50)[:, None, None, None].repeat(4, axis=3)
    data = Dataset(DataSpec("two", "images", (1, 1, 4), 100), values, None, np.arange(50), np.arange(50, 100))
    found = Reference(data).floor()  # black against white in four pixels: 2 · √4
    assert found["wasserstein/floor (exact, real v real)"] == pytest.approx(4, rel=1e-6)
    # all directions are as good as each other on average, 256 of them to a few percent
    assert found["wasserstein/floor (sliced, real v real)"] == pytest.approx(4, rel=0.1)


def test_without_held_out_data_the_keys_say_what_stood_in() -> None:
    data = plane(500, 0.0)
    found = measure(shifted(data), data)
    assert len(found) == 5
    assert all(key.endswith(", against training data") for key in found)


@pytest.mark.parametrize(("name", "modes"), [("8gaussians", 8), ("25gaussians", 25)])
def test_of_a_known_mixture_the_modes_are_counted(name: str, modes: int) -> None:
    points, labels = toys.draw(name, 20_000)
    spec = DataSpec(name, "points", (2,), 20_000, classes=tuple(map(str, range(modes))), source=f"builtin:{name}")
    data = Dataset(spec, points.astype(np.float32), labels, *split(20_000, 0.1))
    reference = Reference(data)
    found = reference.modes(reference.held)
    assert found[f"modes/reached of {modes}"] == modes
    assert found["modes/share within 3 σ"] == pytest.approx(1 - np.exp(-4.5), abs=0.01)
    one = reference.modes(reference.held[:1].repeat(50, axis=0))
    assert one[f"modes/reached of {modes}"] <= 1
    assert reference.modes(reference.held + 10)["modes/share within 3 σ"] == 0


def test_a_model_that_has_diverged_is_told_in_words() -> None:
    data = plane(200)
    model = shifted(data)
    model.by.data.fill_(float("nan"))
    with pytest.raises(ValueError, match="diverged"):
        measure(model, data)


def test_it_can_be_cancelled_and_says_how_far_it_is() -> None:
    seen: list[tuple[int, int]] = []
    data = plane(2000)
    measure(shifted(data), data, watch=Watch(lambda done, total, what: seen.append((done, total))))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        measure(shifted(data), data, watch=watch)
