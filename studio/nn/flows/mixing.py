"""How channels are mixed between couplings, so that each value is changed by some and read by others: the invertible
1×1 convolution (Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.2), or fixed permutations, which it generalises.

All of them are one square matrix W over channels, applied at every place: log|det| = H·W · log|det W|.
"""

from __future__ import annotations

import contextlib
import math
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

    held: Tensor | None
    held_log_det: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("held", None, persistent=False)
        self.register_buffer("held_log_det", None, persistent=False)

    @abstractmethod
    def matrix(self) -> Tensor:
        """W, C×C."""

    @abstractmethod
    def log_abs_det(self) -> Tensor:
        """log|det W|, a scalar."""

    @torch.no_grad()
    def hold(self) -> None:
        """A singular kernel is said when something is to be brought back."""
        with contextlib.suppress(ValueError):
            self.held = self.unmixed()
        self.held_log_det = self.log_abs_det()

    def unmixed(self) -> Tensor:
        """W⁻¹, C×C, worked out in float64.

        Raises:
            ValueError: when W is singular, as of weights that were made elsewhere.
        """
        if self.held is not None:
            return self.held
        matrix = self.matrix()
        inverse: Tensor
        # Apple's GPU has no float64.
        inverse, failed = torch.linalg.inv_ex((matrix.cpu() if matrix.device.type == "mps" else matrix).double())
        if failed:
            raise ValueError(
                f"the {len(matrix)}×{len(matrix)} matrix of a 1×1 convolution is singular: nothing brings back what it "
                "takes away. Take an earlier checkpoint"
            )
        return inverse.to(matrix)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return apply(self.matrix(), x), self.log_det(x)

    def inverse(self, y: Tensor) -> Tensor:
        return apply(self.unmixed(), y)

    def log_det(self, x: Tensor) -> Tensor:
        """log|det| of each example, B."""
        known = self.log_abs_det() if self.held_log_det is None else self.held_log_det
        return (places(x) * known).expand(len(x))


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
        self.lower = nn.Parameter(lower.tril(-1).contiguous())
        self.upper = nn.Parameter(upper.triu(1).contiguous())
        self.log_s = nn.Parameter(diagonal.abs().log())
        self.register_buffer("permutation", p)
        self.register_buffer("sign", diagonal.sign())

    def matrix(self) -> Tensor:
        with _full(self.lower):
            upper = self.upper.triu(1) + torch.diag(self.sign * self.log_s.exp())
            return self.permutation @ (_unit(self.lower) @ upper)

    def log_abs_det(self) -> Tensor:
        return self.log_s.sum()


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
    found = [values.min() for _, values in _spectra(m for m in mixings if not isinstance(m, Permuting))]
    return torch.stack(found).min() if found else None


@torch.no_grad()
def keep_invertible(mixings: Iterable[Mixing]) -> int:
    """After a move: singular values of plain kernels, and |s| of LU's, that fell below :data:`SMALLEST` become that.
    How many did.

    The log-det in the loss keeps them away from 0 by itself, as long as no move is so large that it jumps there.
    """
    lifted = 0
    mixings = list(mixings)
    for kernels, values in _spectra(m for m in mixings if isinstance(m, PlainMixing)):
        for kernel, of_kernel in zip(kernels, values, strict=True):
            if low := int((of_kernel < SMALLEST).sum()):
                u, s, vh = torch.linalg.svd(kernel.matrix().cpu().double())
                kernel.matrix().copy_(u @ torch.diag(s.clamp_min(SMALLEST)) @ vh)
                lifted += low
    for mixing in mixings:
        if isinstance(mixing, LUMixing):
            lifted += int((mixing.log_s < math.log(SMALLEST)).sum())
            mixing.log_s.clamp_(min=math.log(SMALLEST))
    return lifted


def _spectra(mixings: Iterable[Mixing]) -> list[tuple[list[Mixing], Tensor]]:
    """Mixings of one size, K, and the singular values of each, K×C: many small matrices at once, on the CPU, which is
    quicker at it than a GPU."""
    by_size: dict[int, list[tuple[Mixing, Tensor]]] = {}
    for mixing in mixings:
        matrix = mixing.matrix()
        by_size.setdefault(len(matrix), []).append((mixing, matrix))
    found = []
    for same in by_size.values():
        matrices = torch.stack([w for _, w in same]).cpu()
        whole = bool(torch.isfinite(matrices).all())  # a training that went astray says so by its loss
        values = torch.linalg.svdvals(matrices) if whole else torch.full(matrices.shape[:2], math.nan)
        found.append(([m for m, _ in same], values))
    return found


def rotation(channels: int) -> Tensor:
    """A random orthogonal matrix, uniformly distributed (Haar)."""
    q, r = torch.linalg.qr(torch.randn(channels, channels))
    turned: Tensor = q * r.diagonal().sign()
    return turned.contiguous()


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
