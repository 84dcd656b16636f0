"""Principal directions against decoders whose Jacobian is known."""

from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.watch import Cancelled, Watch
from studio.explore import directions
from studio.explore.directions import jacobian_columns, principal_directions
from studio.models.core.model import Prior


class Decodes(nn.Module):
    """Any network as a model that decodes a latent."""

    def __init__(self, net: nn.Module, size: int, kind: Literal["normal", "uniform"] = "normal") -> None:
        super().__init__()
        self.net = net
        self.prior = Prior.of(kind, size)

    def decode(self, z: Tensor) -> Tensor:
        return self.net(z)


def linear(matrix: Tensor) -> nn.Linear:
    layer = nn.Linear(matrix.shape[1], matrix.shape[0])
    layer.weight.data, layer.bias.data = matrix, torch.randn(len(matrix), generator=torch.Generator().manual_seed(0))
    return layer


def known(values: int = 40, size: int = 6) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """A matrix with known right singular vectors (rows) and singular values."""
    random = np.random.default_rng(0)
    left = np.linalg.qr(random.standard_normal((values, size)))[0]
    right = np.linalg.qr(random.standard_normal((size, size)))[0].T
    strengths = np.arange(size, 0, -1.0)
    return torch.from_numpy((left * strengths) @ right).float(), right, strengths


@pytest.mark.parametrize(("kind", "sigma"), [("normal", 1.0), ("uniform", 1 / np.sqrt(3))])
def test_of_a_linear_decoder_they_are_its_singular_vectors(kind: Literal["normal", "uniform"], sigma: float) -> None:
    matrix, right, strengths = known()
    vectors, gains = principal_directions(Decodes(linear(matrix), 6, kind), 4, 0)
    assert vectors.shape == (4, 6)
    np.testing.assert_allclose(np.abs((vectors * right[:4]).sum(axis=1)), 1, atol=1e-5)
    np.testing.assert_allclose(gains, sigma * strengths[:4] / np.sqrt(40), rtol=1e-4)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(4), atol=1e-5)


def test_the_gain_is_how_much_a_linear_decoder_moves_for_one_sigma() -> None:
    decode = linear(known()[0])
    vectors, gains = principal_directions(Decodes(decode, 6), 1, 0)
    z = torch.zeros(1, 6)
    with torch.no_grad():
        change = decode(z + torch.from_numpy(vectors)) - decode(z)
    assert float(change.square().mean().sqrt()) == pytest.approx(float(gains[0]), rel=1e-4)


def test_columns_are_those_of_autograds_jacobian_through_convolutions_and_normalisation() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(5, 32),
        nn.Unflatten(1, (8, 2, 2)),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 3, 4, 2, 1),
        nn.Tanh(),
    ).eval()
    z = torch.randn(5)
    whole = torch.autograd.functional.jacobian(lambda one: net(one[None])[0].reshape(-1), z).T
    torch.testing.assert_close(jacobian_columns(net, z, 0, 5), whole, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(jacobian_columns(net, z, 2, 4), whole[2:4], rtol=1e-4, atol=1e-6)


def test_the_answer_is_always_the_same_and_its_signs_are_fixed() -> None:
    net = nn.Sequential(linear(known()[0]), nn.Tanh())
    first, second = (principal_directions(Decodes(net, 6), 6, 3) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[0][np.arange(6), np.abs(first[0]).argmax(axis=1)] > 0).all()
    assert (np.diff(first[1]) <= 0).all()


def test_the_work_is_bounded_by_fewer_latents_for_larger_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = Decodes(linear(known()[0]), 6)
    assert directions.how_many(decode) == 64
    monkeypatch.setattr(directions, "WORK", 10 * 4 * 6 * 2 * 6 * 40)
    assert directions.how_many(decode) == 10
    monkeypatch.setattr(directions, "WORK", 1.0)
    assert directions.how_many(decode) == 2


def test_the_work_of_a_network_is_what_torch_counts() -> None:
    net = Decodes(
        nn.Sequential(
            nn.Linear(7, 32), nn.Unflatten(1, (8, 2, 2)), nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.Conv2d(6, 3, 3)
        ),
        7,
    )
    assert directions.work(net) == 2 * (7 * 32 + 8 * 6 * 16 * 4 + 6 * 3 * 9 * 4)


def test_the_global_generator_is_left_alone_and_it_can_be_cancelled() -> None:
    decode = Decodes(linear(known()[0]), 6)
    before = torch.get_rng_state()
    principal_directions(decode, 2, 0)
    assert torch.equal(before, torch.get_rng_state())
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        principal_directions(decode, 2, 0, watch)


def test_of_samples_that_change_in_jumps_there_are_none_and_that_is_said() -> None:
    class Bits(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return (z > 0).float()

    learned = nn.Sequential(Bits(), nn.Linear(3, 5))
    for net in (Bits(), learned, learned.requires_grad_(False)):
        with pytest.raises(ValueError, match="in jumps"):
            principal_directions(Decodes(net, 3), 2, 0)
