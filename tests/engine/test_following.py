"""One point of a flow followed through its steps and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.data.dataset import DataSpec
from studio.engine.answers import Context, answer
from studio.explore.questions import Density, Follow, Followed, Trace, Where
from studio.models.core import catalog
from studio.models.core.model import Model
from studio.models.core.recipe import make

POINTS = DataSpec("points", "points", (2,), 40, 4, fingerprint="points")
GREY = DataSpec("grey", "images", (1, 8, 8), 40, 4, fingerprint="grey")
HERE = Where("run")


class Given(Context):
    """A context with one model at step 7."""

    def __init__(self, name: str, data: DataSpec, **values: object) -> None:
        super().__init__()
        kind = catalog.load(name)
        torch.manual_seed(3)
        self.given: Model = kind(make(kind.recipe_type, values), data).eval()
        with torch.no_grad():
            for weight in self.given.parameters():
                weight.add_(0.02 * torch.randn_like(weight))

    def model(self, where: Where) -> tuple[Model, int]:
        return self.given, 7


@pytest.fixture(scope="module")
def flow() -> Given:
    return Given("realnvp", POINTS, couplings=4)


def test_a_latent_is_followed_to_the_data_and_found_again(flow: Given) -> None:
    found: Followed = answer(Follow(HERE, z=(0.5, -1.0)), flow)
    assert found.step == 7
    np.testing.assert_allclose(found.z, [0.5, -1.0])
    assert found.names[0] == "prior"
    assert found.points.shape == (len(found.names), 2)
    np.testing.assert_allclose(found.points[0], [0.5, -1.0])
    assert found.back_z < 1e-4
    assert found.back_x < 1e-4
    with torch.no_grad():
        exact = flow.given.log_likelihood(torch.from_numpy(found.points[-1:]))  # type: ignore[operator]
    assert found.log_density[-1] == pytest.approx(float(exact), abs=1e-4)


def test_a_place_is_inverted_and_comes_back(flow: Given) -> None:
    found: Followed = answer(Follow(HERE, x=(0.0, 0.0)), flow)
    np.testing.assert_allclose(found.points[-1], [0.0, 0.0], atol=1e-4)
    assert found.back_x < 1e-4
    assert found.back_z < 1e-4
    again: Followed = answer(Follow(HERE, z=(float(found.z[0]), float(found.z[1]))), flow)
    np.testing.assert_allclose(again.points, found.points, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("realnvp", {"couplings": 4}),
        ("nice", {}),
        ("planar_flow", {"length": 4}),
        ("planar_flow", {"length": 4, "kind": "radial", "prior": "learned"}),
    ],
)
def test_after_every_step_the_density_on_a_grid_is_that_of_the_points_traced(
    name: str, values: dict[str, object]
) -> None:
    flow = Given(name, POINTS, **values)
    traced = answer(Trace(HERE, np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)), flow)
    for after in range(len(traced.names)):
        for point, exact in zip(traced.points[after], traced.log_density[after], strict=True):
            x, y = map(float, point)
            found = answer(Density(HERE, (x, y), 1e-4, 1, after), flow)
            assert found.log_density[0, 0] == pytest.approx(exact, abs=2e-3)
    whole = answer(Density(HERE, (0.0, 0.0), 3.0, 16), flow)
    last = answer(Density(HERE, (0.0, 0.0), 3.0, 16, len(traced.names) - 1), flow)
    np.testing.assert_allclose(last.log_density, whole.log_density, atol=1e-4)
    with pytest.raises(ValueError, match="steps, not 99"):
        answer(Density(HERE, (0.0, 0.0), 3.0, 16, 99), flow)


def test_a_point_is_given_in_one_way(flow: Given) -> None:
    for question in (Follow(HERE), Follow(HERE, x=(0.0, 0.0), z=(0.0, 0.0))):
        with pytest.raises(ValueError, match="one of them alone"):
            answer(question, flow)


def test_a_model_that_is_no_flow_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="does not invert exactly"):
        answer(Follow(HERE, z=(0.0, 0.0)), Given("wgan_gp", POINTS))
