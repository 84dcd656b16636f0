"""How weights start."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def normal_start(layer: nn.Module) -> None:
    """Weights N(0, 0.02), gains of the normalisation N(1, 0.02), biases 0: Radford et al. 2016, section 4 and the
    authors' code. For ``module.apply``."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.affine:
        nn.init.normal_(layer.weight, 1, 0.02)
        nn.init.zeros_(layer.bias)


def uniform_start(reach: float) -> Callable[[nn.Module], None]:
    """Weights U(−reach, reach), biases 0: how the networks of 2014 began. For ``module.apply``."""

    def start(layer: nn.Module) -> None:
        if isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, -reach, reach)
            nn.init.zeros_(layer.bias)

    return start
