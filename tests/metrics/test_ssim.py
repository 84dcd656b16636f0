from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from studio.metrics.ssim import RANGE, mask_ssim, ssim


def pictures(seed: int, channels: int = 3, size: tuple[int, int] = (40, 32)) -> torch.Tensor:
    """Smooth and rough ones."""
    noise = torch.rand(4, channels, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    noise[:2] = torch.nn.functional.avg_pool2d(noise[:2], 5, 1, 2)
    return noise


def test_a_picture_is_like_itself() -> None:
    x = pictures(0)
    assert torch.allclose(ssim(x, x), torch.ones(4), atol=1e-6)
    assert torch.allclose(ssim(x, pictures(1)), ssim(pictures(1), x))


def test_two_constants_have_the_closed_form() -> None:
    """(2ab + C₁) / (a² + b² + C₁), values counted from black on."""
    a, b, c1 = 0.5, 1.2, (0.01 * RANGE) ** 2
    x, y = torch.full((1, 3, 24, 24), a - 1), torch.full((1, 3, 24, 24), b - 1)
    assert ssim(x, y).item() == pytest.approx((2 * a * b + c1) / (a * a + b * b + c1), abs=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_number_that_another_library_gives(channels: int) -> None:
    x, y = pictures(2, channels), pictures(3, channels)
    y = 0.6 * x + 0.4 * y
    theirs = [
        structural_similarity(
            *(t.numpy().astype(np.float64) + 1 for t in pair),
            channel_axis=0,
            data_range=RANGE,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for pair in zip(x, y, strict=True)
    ]
    assert ssim(x, y).numpy() == pytest.approx(np.array(theirs), abs=1e-6)


def test_the_mask_decides_what_is_compared() -> None:
    x, y = pictures(4), pictures(5)
    mask = torch.zeros(4, 1, 40, 32)
    assert torch.allclose(mask_ssim(x, y, mask), torch.ones(4))
    assert torch.allclose(mask_ssim(x, y, 1 - mask), ssim(x, y), atol=1e-6)
    mask[..., 8:30, 8:24] = 1
    outside = torch.where(mask > 0, y, pictures(6))
    assert torch.allclose(mask_ssim(x, y, mask), mask_ssim(x, outside, mask), atol=1e-6)


def test_pictures_smaller_than_the_window_are_refused() -> None:
    with pytest.raises(ValueError, match="11 px"):
        ssim(torch.zeros(1, 3, 10, 32), torch.zeros(1, 3, 10, 32))
    with pytest.raises(ValueError, match="one shape"):
        ssim(torch.zeros(1, 3, 16, 32), torch.zeros(1, 3, 32, 32))
