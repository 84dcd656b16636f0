"""The other side of the training benchmark: DCGAN-64 as one writes it in an afternoon, straight in PyTorch.

Radford et al. 2016: 5×5 kernels, stride 2, batch normalisation but for D's first and G's last layer, Adam 2e-4 with
β₁ = 0.5, non-saturating loss. Float32, default memory format, no fusing, one batch to each player: the loop that the
engine is held against, so nothing of the engine is used here.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def networks(latent: int, channels: int, width: int) -> tuple[nn.Module, nn.Module]:
    """Generator (latents N×latent to N×C×64×64) and discriminator (to N logits), initialised as in the paper."""
    wide = [8 * width, 4 * width, 2 * width, width]
    up: list[nn.Module] = [
        nn.Linear(latent, wide[0] * 16, bias=False),
        nn.Unflatten(1, (wide[0], 4, 4)),
        nn.BatchNorm2d(wide[0]),
        nn.ReLU(True),
    ]
    for before, after in pairwise(wide):
        up += [
            nn.ConvTranspose2d(before, after, 5, 2, 2, output_padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(True),
        ]
    up += [nn.ConvTranspose2d(width, channels, 5, 2, 2, output_padding=1), nn.Tanh()]
    down: list[nn.Module] = [nn.Conv2d(channels, width, 5, 2, 2), nn.LeakyReLU(0.2)]
    for before, after in pairwise(wide[::-1]):
        down += [nn.Conv2d(before, after, 5, 2, 2, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
    down += [nn.Flatten(), nn.Linear(wide[0] * 16, 1)]
    generator, discriminator = nn.Sequential(*up), nn.Sequential(*down)
    for net in (generator, discriminator):
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.normal_(layer.weight, 0.0, 0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1.0, 0.02)
    return generator, discriminator


def training(
    images: Tensor, latent: int, width: int, batch: int, seed: int
) -> Generator[tuple[float, float], None, None]:
    """Cycles for ever; each yields the loss of the discriminator and of the generator.

    Args:
        images: uint8 N×C×64×64.
    """
    torch.manual_seed(seed)
    generator, discriminator = networks(latent, images.shape[1], width)
    on_g = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    on_d = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    while True:
        for rows in torch.split(torch.randperm(len(images)), batch):
            if len(rows) < batch:
                continue
            real = images[rows].float() / 127.5 - 1
            fake = generator(torch.rand(batch, latent) * 2 - 1)
            on_d.zero_grad()
            loss_d = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()
            loss_d.backward()  # type: ignore[no-untyped-call]
            on_d.step()
            on_g.zero_grad()
            loss_g = F.softplus(-discriminator(fake)).mean()
            loss_g.backward()  # type: ignore[no-untyped-call]
            on_g.step()
            yield loss_d.item(), loss_g.item()
