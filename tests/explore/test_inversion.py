"""Latents that are searched for: against decoders whose inverse is known, and against a model's own pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.watch import Cancelled, Watch
from studio.explore import inversion
from studio.explore.inversion import begin, best, combinations, error, go_on, loosened, temperature_at, tightened
from studio.explore.questions.encoding import Search, Sought
from studio.models.core.latents import Part, Prior, draw, one_hot

MIXED = Prior(
    (
        Part("noise", "normal", 3),
        Part("c1", "categorical", 4, "code"),
        Part("c2", "uniform", 2, "code"),
    )
)
SHORT = Search(restarts=2, iterations=60)


class Decodes(nn.Module):
    """Any network as a model that decodes a latent."""

    def __init__(self, net: nn.Module, prior: Prior) -> None:
        super().__init__()
        self.net, self.prior = net, prior
        for weight in self.parameters():
            weight.requires_grad_(False)

    def decode(self, z: Tensor) -> Tensor:
        return self.net(z)


def pictures(prior: Prior, side: int = 6, seed: int = 0) -> Decodes:
    """A network of one hidden layer that draws grey pictures, the same for a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        wide = nn.Linear(prior.size, 48), nn.Linear(48, side * side)
        for layer in wide:
            nn.init.normal_(layer.weight, std=1.5 / layer.in_features**0.5)
        net = nn.Sequential(wide[0], nn.Tanh(), wide[1], nn.Tanh(), nn.Unflatten(1, (1, side, side)))
    return Decodes(net, prior)


def bytes_of(model: Decodes, z: np.ndarray) -> np.ndarray:
    return ((model.decode(torch.from_numpy(z)) + 1) * 127.5).round().byte().numpy()


def none(n: int) -> np.ndarray:
    return np.full(n, -1, np.int64)


def searched(model: Decodes, values: np.ndarray, search: Search) -> Sought:
    return go_on(model, begin(model.prior, values, none(len(values)), search), search)


@pytest.mark.parametrize(
    "prior", [Prior.of("normal", 5), Prior.of("uniform", 5), MIXED], ids=["normal", "uniform", "mixed"]
)
def test_a_models_own_picture_leads_back_to_the_latent_that_drew_it(prior: Prior) -> None:
    model, z0 = pictures(prior), draw(prior, 4, seed=7)
    z, made, restarts, apart = best(model, searched(model, bytes_of(model, z0), Search(iterations=250)))
    assert restarts[:, 0].max() < 1, "grey levels: no more than rounding to bytes and the pull to 0 leave"
    np.testing.assert_allclose(z, z0, atol=0.15)  # far out the pull shortens most
    np.testing.assert_allclose(made, model.decode(torch.from_numpy(z)).numpy(), atol=1e-5)
    assert restarts.shape == apart.shape == (4, 4)
    assert (np.diff(restarts) >= 0).all()
    assert (apart[:, 0] == 0).all()


def test_for_points_the_error_is_a_distance_and_a_linear_decoder_is_solved() -> None:
    matrix = torch.tensor([[2.0, 0.5], [-0.3, 1.5]])
    layer = nn.Linear(2, 2)
    layer.weight.data, layer.bias.data = matrix, torch.tensor([1.0, -1.0])
    model = Decodes(layer, Prior.of("normal", 2))
    z0 = np.array([[0.4, -1.2], [2.5, 0.1]], np.float32)
    points = model.decode(torch.from_numpy(z0)).numpy()
    z, made, restarts, _ = best(model, searched(model, points, Search(pull=0.0)))
    np.testing.assert_allclose(z, z0, atol=1e-2)
    np.testing.assert_allclose(restarts[:, 0], np.linalg.norm(made - points, axis=1), atol=1e-6)


def test_the_pull_shortens_a_latent_as_ridge_regression_does() -> None:
    """With ½ of the squared differences and a pull λ on ½ of the squares, z = (AᵀA + λI)⁻¹Aᵀx."""
    matrix = torch.tensor([[2.0, 0.5], [-0.3, 1.5]])
    layer = nn.Linear(2, 2, bias=False)
    layer.weight.data = matrix
    model, x = Decodes(layer, Prior.of("normal", 2)), np.array([[1.0, 2.0]], np.float32)
    z, *_ = best(model, searched(model, x, Search(pull=0.7, iterations=600)))
    a = matrix.numpy().astype(np.float64)
    np.testing.assert_allclose(z[0], np.linalg.solve(a.T @ a + 0.7 * np.eye(2), a.T @ x[0]), atol=2e-3)


def test_error_is_the_root_mean_square_in_grey_levels() -> None:
    x = torch.zeros(2, 1, 2, 2)
    made = torch.tensor([[1.0, 0, 0, 0], [-3.0, 0, 0, 0]]).reshape(2, 1, 2, 2)
    np.testing.assert_allclose(inversion.error(made, x), [63.75, 63.75])


def test_what_the_prior_cannot_draw_is_not_found() -> None:
    model = pictures(MIXED)
    far = draw(MIXED, 3, 1)
    far[:, MIXED.place("c2")] = 3.0
    z, *_ = best(model, searched(model, bytes_of(model, far), SHORT))
    assert np.abs(z[:, MIXED.place("c2")]).max() <= 1 + 1e-6
    category = z[:, MIXED.place("c1")]
    np.testing.assert_array_equal(np.sort(category, axis=1), one_hot([3, 3, 3], 4))


def test_every_value_of_a_small_category_is_tried_and_its_least_error_told() -> None:
    model, z0 = pictures(MIXED), draw(MIXED, 3, 3)
    assert combinations(MIXED) == [(0,), (1,), (2,), (3,)]
    search = replace(SHORT, iterations=200)
    sought = begin(MIXED, bytes_of(model, z0), none(3), search)
    at_start = tightened(MIXED, torch.from_numpy(sought.free), None)[:, MIXED.place("c1")].argmax(1)
    np.testing.assert_array_equal(at_start.reshape(3, -1)[0, :8], [0, 1, 2, 3] * 2)
    sought = go_on(model, sought, search)
    assert sought.tried.shape == (3, 4)
    np.testing.assert_array_equal(sought.tried.argmin(axis=1), z0[:, MIXED.place("c1")].argmax(axis=1))


def test_among_many_values_a_softmax_cools_down_to_one() -> None:
    prior = Prior((Part("noise", "normal", 2), Part("class", "categorical", 40, "class")))
    assert combinations(prior) == [()]
    model, z0 = pictures(prior, seed=2), draw(prior, 5, 11)
    search = Search(restarts=6, iterations=240)
    sought = searched(model, bytes_of(model, z0), search)
    z, _, restarts, _ = best(model, sought)
    assert sought.tried.shape == (5, 0)
    assert set(z[:, 2:].sum(axis=1)) == {1.0}
    assert (z[:, 2:].argmax(axis=1) == z0[:, 2:].argmax(axis=1)).sum() >= 4
    assert np.median(restarts[:, 0]) < 1
    assert temperature_at(0, search) == 1.0
    assert temperature_at(160, search) is None
    soft = tightened(prior, torch.from_numpy(loosened(prior, z0)), 1.0)
    torch.testing.assert_close(soft[:, 2:].sum(1), torch.ones(5))
    assert float(soft[:, 2:].max()) < 1


def test_rounds_of_any_length_lead_to_the_same_latents() -> None:
    model, z0 = pictures(MIXED), draw(MIXED, 2, 5)
    values = bytes_of(model, z0)
    whole = searched(model, values, SHORT)
    piece = begin(MIXED, values, none(2), SHORT)
    rounds = 0
    while piece.done < SHORT.iterations:
        piece = go_on(model, piece, SHORT, seconds=0)
        rounds += 1
    assert rounds == SHORT.iterations, "one iteration at least, and no more once the time is over"
    np.testing.assert_array_equal(piece.free, whole.free)
    np.testing.assert_array_equal(piece.moments, whole.moments)
    np.testing.assert_array_equal(piece.curve, whole.curve)
    np.testing.assert_array_equal(piece.tried, whole.tried)
    assert whole.curve.shape == (60, 2)
    assert (whole.curve[-1] < whole.curve[0] / 4).all()


def test_the_seed_alone_decides_and_neither_companions_nor_torchs_generator_do() -> None:
    model = pictures(MIXED)
    values = bytes_of(model, draw(MIXED, 3, 5))
    before = torch.random.get_rng_state()
    together = searched(model, values, SHORT)
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(searched(model, values, SHORT).free, together.free)
    alone = best(model, searched(model, values[1:2], SHORT))
    np.testing.assert_allclose(alone[0], best(model, together)[0][1:2], atol=1e-4)
    other = best(model, searched(model, values, replace(SHORT, seed=1)))
    assert not np.array_equal(other[0], best(model, together)[0])


def test_the_best_of_more_starting_points_are_followed_to_the_end() -> None:
    model = pictures(Prior.of("normal", 4))
    values = bytes_of(model, draw(model.prior, 2, 0))
    sought = begin(model.prior, values, none(2), SHORT)
    assert len(sought.free) == 2 * SHORT.restarts * inversion.SCOUTS
    sought = go_on(model, sought, replace(SHORT, iterations=60))
    assert len(sought.free) == 2 * SHORT.restarts


def test_refining_begins_with_the_encoders_latent_and_keeps_its_category() -> None:
    model, z0 = pictures(MIXED), draw(MIXED, 2, 9)
    values = bytes_of(model, z0)
    near = z0 + 0.1
    search = Search(iterations=150, refine=True)
    sought = begin(MIXED, values, none(2), search, near)
    start = tightened(MIXED, torch.from_numpy(sought.free), None).numpy()
    np.testing.assert_array_equal(start[:, MIXED.place("c1")], z0[:, MIXED.place("c1")])
    np.testing.assert_allclose(start[:, :3], near[:, :3], atol=1e-6)
    z, _, restarts, _ = best(model, go_on(model, sought, search))
    assert restarts.shape == (2, 1)
    assert restarts.max() < 1
    np.testing.assert_allclose(z, z0, atol=0.1)
    with pytest.raises(ValueError, match="no encoder"):
        begin(MIXED, values, none(2), search)


@pytest.mark.parametrize("wrong", [{"restarts": 0}, {"iterations": 0}, {"rate": 0.0}, {"pull": -1.0}])
def test_settings_that_are_no_search_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a search needs"):
        begin(MIXED, np.zeros((1, 1, 6, 6), np.uint8), none(1), replace(SHORT, **wrong))


def test_a_search_tells_how_far_it_is_and_ends_when_it_is_cancelled() -> None:
    model = pictures(Prior.of("normal", 3))
    seen: list[tuple[int, int]] = []

    def report(done: int, total: int, what: str) -> None:
        seen.append((done, total))
        if done == 10:
            watch.cancel()

    watch = Watch(report)
    sought = begin(model.prior, np.zeros((1, 1, 6, 6), np.uint8), none(1), SHORT)
    before = sought.free.copy()
    with pytest.raises(Cancelled):
        go_on(model, sought, SHORT, watch)
    assert seen[0] == (0, 60)
    assert seen[-1] == (10, 60)
    np.testing.assert_array_equal(sought.free, before)


def test_bits_are_compared_as_pictures_are_and_points_by_their_distance() -> None:
    bits, other = torch.tensor([[1.0, -1, -1, -1]]), torch.tensor([[0.0, -1, -1, -1]])
    assert error(other, bits).item() == pytest.approx(127.5 / 2)
    assert error(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)).item() == pytest.approx(5)
