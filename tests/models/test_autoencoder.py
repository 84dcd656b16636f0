"""A linear autoencoder is principal component analysis; codes come back from the fitted Gaussian."""

from __future__ import annotations

import pytest
import torch

from studio.data.dataset import DataSpec
from studio.models.autoencoder import Autoencoder, AutoencoderRecipe, Fit
from studio.models.core.model import Batch
from studio.models.core.recipe import make
from tests.models.every import PICTURES, POINTS, batch, build, examples

SMALL = DataSpec("small", "images", (1, 2, 3), 100)


def correlated(n: int = 400) -> torch.Tensor:
    """Images of six values in −1..1 whose variance differs by direction, with another mean than 0."""
    random = torch.Generator().manual_seed(0)
    mixing = torch.linalg.qr(torch.randn(6, 6, generator=random))[0] * torch.tensor([0.3, 0.22, 0.15, 0.08, 0.05, 0.03])
    return (torch.randn(n, 6, generator=random) @ mixing.T + 0.1).clamp(-1, 1).view(n, 1, 2, 3)


def test_the_linear_one_ends_in_the_plane_of_the_principal_components() -> None:
    x, k = correlated(), 2
    model = Autoencoder(make(AutoencoderRecipe, {"layers": 0, "latent": k}), SMALL)
    flat = x.flatten(1)
    values, axes = torch.linalg.eigh(torch.cov(flat.T, correction=0))
    moving = [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(800):
        model.zero_grad()
        model.loss(Batch(x)).value.backward()
        with torch.no_grad():
            for parameter, velocity in zip(model.parameters(), moving, strict=True):
                assert parameter.grad is not None
                velocity.mul_(0.95).add_(parameter.grad)
                parameter.sub_(0.5 * velocity)
    discarded = float(values[:-k].sum()) / 4  # of values in 0..1, half as far apart
    assert float(model.loss(Batch(x)).value.detach()) == pytest.approx(discarded, rel=1e-3)
    w = model.writer.last.weight.detach()  # type: ignore[union-attr]
    assert isinstance(w, torch.Tensor)
    projector = w @ torch.linalg.pinv(w)
    main = axes[:, -k:]
    assert torch.allclose(projector, main @ main.T, atol=0.02)


def test_latents_are_codes_as_the_fitted_gaussian_has_them() -> None:
    fit = Fit(3)
    random = torch.Generator().manual_seed(0)
    codes = torch.randn(5000, 3, generator=random) @ torch.tensor([[2.0, 0, 0], [1, 0.5, 0], [0, 0, 0.1]]) + 4
    fit.follow(codes)
    latents = fit.latents(codes)
    assert torch.allclose(latents.mean(0), torch.zeros(3), atol=1e-3)
    assert torch.allclose(torch.cov(latents.T), torch.eye(3), atol=1e-2)
    assert torch.allclose(fit.codes(latents), codes, atol=1e-3)


def test_a_code_that_never_moves_leaves_the_fit_usable() -> None:
    fit = Fit(2)
    fit.follow(torch.cat([torch.randn(100, 1), torch.full((100, 1), 3.0)], 1))
    z = torch.randn(7, 2)
    assert torch.allclose(fit.latents(fit.codes(z)), z, atol=1e-2)


def test_what_is_decoded_of_an_encoded_example_is_what_was_trained_to_be() -> None:
    made = build(Autoencoder, PICTURES)
    for _ in range(3):
        made.loss(batch(PICTURES))
    made.eval()
    x = examples(PICTURES)
    direct = made.seen(made.writer(made.code(x))[:, 0])
    assert torch.allclose(made.decode(made.encode(x)), direct, atol=1e-3)


def test_nothing_is_fitted_while_it_is_only_looked_at() -> None:
    made = build(Autoencoder, PICTURES).eval()
    made.loss(batch(PICTURES))
    assert made.fit.seen == 0


def test_points_are_refused_in_words() -> None:
    (problem,) = Autoencoder.problems(AutoencoderRecipe(), POINTS)
    assert "images and binary vectors" in problem.message
