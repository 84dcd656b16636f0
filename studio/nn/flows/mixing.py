"""How channels are mixed between couplings, so that each value is changed by some and read by others: the invertible
1×1 convolution (Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.2), or fixed permutations, which it generalises.

All of them are one square matrix W over channels, applied at every place: log|det| = H·W · log|det W|.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from studio.nn.flows.actnorm import places
from studio.nn.flows.base import Bijection

SMALLEST = 1e-3
"""The smallest singular value that a kernel may have. Below it, float32 no longer brings an image back."""


class Mixing(Bijection):
    """y = W x at every place. Always in float32 (or the wider type of x), whatever the precision around it is."""

    @abstractmethod
    def matrix(self) -> Tensor:
        """W, C×C."""

    @abstractmethod
    def log_abs_det(self) -> Tensor:
        """log|det W|, a scalar."""

    def unmixed(self) -> Tensor:
        """W⁻¹, C×C, worked out in float64.

        Raises:
            ValueError: when W is singular, as of weights that were made elsewhere.
        """
        matrix = self.matrix()
        inverse: Tensor
        inverse, failed = torch.linalg.inv_ex(matrix.double())
        if failed:
            raise ValueError(
                f"the {len(matrix)}×{len(matrix)} matrix of a 1×1 convolution is singular: nothing brings back what it "
                "takes away. Take an earlier checkpoint"
            )
        return inverse.to(matrix.dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return apply(self.matrix(), x), self.log_det(x)

    def inverse(self, y: Tensor) -> Tensor:
        return apply(self.unmixed(), y)

    def log_det(self, x: Tensor) -> Tensor:
        """log|det| of each example, B."""
        return (places(x) * self.log_abs_det()).expand(len(x))

    def keep(self) -> int:
        """Lift what has become too small to be undone, after a move; how many numbers were lifted."""
        return 0


class PlainMixing(Mixing):
    """W itself is learned; a random rotation at first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(rotation(channels))

    def matrix(self) -> Tensor:
        return self.weight

    def log_abs_det(self) -> Tensor:
        log_abs_det: Tensor = torch.linalg.slogdet(self.weight)[1]
        return log_abs_det

    @torch.no_grad()
    def keep(self) -> int:
        """Singular values below :data:`SMALLEST` become that."""
        weight = self.weight.double().cpu()  # small, and slow on a GPU
        low = int((torch.linalg.svdvals(weight) < SMALLEST).sum())
        if low:
            u, s, vh = torch.linalg.svd(weight)
            self.weight.copy_(u @ torch.diag(s.clamp_min(SMALLEST)) @ vh)
        return low


class LUMixing(Mixing):
    """W = P L (U + diag s) with P, a permutation, and the signs of s as they were for the first random rotation
    (equation 10). log|s| is learned, so that s cannot become 0, and log|det W| is its sum.

    ``lower`` and ``upper`` are whole C×C matrices of which only what lies below and above the diagonal counts.
    """

    permutation: Tensor
    sign: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        factors, pivots = torch.linalg.lu_factor(rotation(channels))
        p, lower, upper = torch.lu_unpack(factors, pivots)
        diagonal = upper.diagonal()
        self.lower = nn.Parameter(lower.tril(-1))
        self.upper = nn.Parameter(upper.triu(1))
        self.log_s = nn.Parameter(diagonal.abs().log())
        self.register_buffer("permutation", p)
        self.register_buffer("sign", diagonal.sign())

    def matrix(self) -> Tensor:
        with _full(self.lower):
            upper = self.upper.triu(1) + torch.diag(self.sign * self.log_s.exp())
            return self.permutation @ (_unit(self.lower) @ upper)

    def log_abs_det(self) -> Tensor:
        return self.log_s.sum()

    @torch.no_grad()
    def keep(self) -> int:
        """|s| stays above :data:`SMALLEST`."""
        least = torch.tensor(SMALLEST).log().item()
        low = int((self.log_s < least).sum())
        if low:
            self.log_s.clamp_(min=least)
        return low


class Permuting(Mixing):
    """A fixed order of the channels, for comparison: reversed, or shuffled once and for all."""

    rearranges = True
    order: Tensor
    back: Tensor

    def __init__(self, channels: int, how: Literal["shuffle", "reverse"]) -> None:
        super().__init__()
        order = torch.arange(channels).flip(0) if how == "reverse" else torch.randperm(channels)
        self.register_buffer("order", order)
        self.register_buffer("back", torch.argsort(order))

    def matrix(self) -> Tensor:
        return torch.eye(len(self.order), device=self.order.device)[self.order]

    def log_abs_det(self) -> Tensor:
        return torch.zeros((), device=self.order.device)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x[:, self.order], self.log_det(x).to(x.dtype)

    def inverse(self, y: Tensor) -> Tensor:
        return y[:, self.back]


@torch.no_grad()
def smallest_singular_value(mixings: Iterable[Mixing]) -> Tensor | None:
    """Of all learned matrices, a scalar; 0 would be a matrix that nothing undoes. None: there are none."""
    by_size: dict[int, list[Tensor]] = {}
    for mixing in mixings:
        if not isinstance(mixing, Permuting):
            matrix = mixing.matrix()
            by_size.setdefault(len(matrix), []).append(matrix)
    found = [torch.linalg.svdvals(torch.stack(of_a_size).cpu()).min() for of_a_size in by_size.values()]
    return torch.stack(found).min() if found else None


def rotation(channels: int) -> Tensor:
    """A random orthogonal matrix, uniformly distributed (Haar)."""
    q, r = torch.linalg.qr(torch.randn(channels, channels))
    turned: Tensor = q * r.diagonal().sign()
    return turned


def apply(matrix: Tensor, x: Tensor, bias: Tensor | None = None) -> Tensor:
    """W x + bias at every place of x B×C×H×W or B×C, never in a reduced precision."""
    with _full(x):
        if x.dim() == 2:
            return torch.nn.functional.linear(x, matrix, bias)
        return torch.nn.functional.conv2d(x, matrix[:, :, None, None], bias)


def _unit(lower: Tensor) -> Tensor:
    return lower.tril(-1) + torch.eye(len(lower), dtype=lower.dtype, device=lower.device)


def _full(x: Tensor) -> torch.autocast:
    return torch.autocast(x.device.type, enabled=False)
