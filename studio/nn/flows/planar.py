"""A planar step: points are pushed along one direction, as far as they lie on one side of a plane. Rezende & Mohamed
2015, arXiv:1505.05770, section 4.1 and appendix A.1.

    f(x) = x + û tanh(wᵀx + b),   û = u + (m(wᵀu) − wᵀu) w / ‖w‖²,   m(a) = −1 + softplus(a)

so that ûᵀw = m(wᵀu) > −1 whatever u is. With s = softplus(wᵀu) = 1 + ûᵀw and t = wᵀx + b the determinant is

    1 + ûᵀψ(x) = 1 + ûᵀw (1 − tanh² t) = s + (1 − s) tanh² t,

which lies between 1 and s: it never is 0 or less, and is written so that rounding does not make it so either.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.nn.flows.base import Bijection

LEAST = 1e-6
"""A step is never flatter than this: below it a float32 could not be told from its neighbours after the step."""
NEWTON = 12
"""Steps to the root from the starts in :func:`root`: enough for 1e-11 with s from 1e-6 to 1e5. A fixed number, so that
the inverse of one point does not depend on the others, and can be exported."""
NOTHING = math.log(math.e - 1)
"""wᵀu at which m is 0: with u along w the step then does nothing."""
SPREAD = 0.1
"""Standard deviation of u around that at first."""


class Planar(Bijection):
    """See the module. It begins close to doing nothing, with w in a random direction.

    Args:
        size: dimensions of a point.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.empty(size))
        self.u = nn.Parameter(torch.empty(size))
        self.b = nn.Parameter(torch.zeros(()))
        nn.init.normal_(self.w)
        nn.init.normal_(self.u, std=SPREAD)
        with torch.no_grad():
            self.u.add_(NOTHING * self.w / self.w.square().sum())

    @property
    def slope(self) -> Tensor:
        """s = 1 + ûᵀw, a number above 0: the factor by which the step stretches along w where wᵀx + b is 0. At 0 it
        could not be undone."""
        return self._kept()[0]

    @property
    def direction(self) -> Tensor:
        """û, (size,)."""
        return self._kept()[1]

    def _kept(self) -> tuple[Tensor, Tensor]:
        return constrained(self.u, self.w)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return pushed(x, self.u, self.w, self.b)

    def inverse(self, y: Tensor) -> Tensor:
        """The x of this y: t solves t + (s − 1) tanh t = wᵀy + b, found in float64 to its last digits; gradients are
        those of the implicit function."""
        wide = torch.float64 if y.device.type != "mps" else y.dtype  # which has none
        target = (y.to(wide) * self.w.to(wide)).sum(1) + self.b.to(wide)
        s, direction = self._kept()
        t = root(s.to(wide), target)
        return y - direction * torch.tanh(t).to(y.dtype)[:, None]


def constrained(u: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    """s, of any shape, and û, …×D, of u and w, …×D. Where w is 0 there is no plane: all points are moved alike by u,
    and s is 1."""
    inner, square = (w * u).sum(-1), w.square().sum(-1)
    tiny = torch.finfo(square.dtype).tiny
    s = torch.where(square < tiny, 1, softplus(inner).clamp(min=LEAST))
    return s, u + ((s - 1 - inner) / square.clamp(min=tiny))[..., None] * w


def pushed(x: Tensor, u: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """f(x) of points …×D, and its log-det, …: of one step (u and w are D) or of one for each point (…×D, b is …)."""
    s, direction = constrained(u, w)
    bent = torch.tanh((x * w).sum(-1) + b)  # no matrix product: autocast would round it
    return x + direction * bent[..., None], torch.log(s + (1 - s) * bent.square())


class PlanarSteps(nn.Module):
    """K steps, others for every example: a linear layer reads all u, w and b off features of it (section 4.2).

    They begin close to doing nothing, like :class:`Planar`, with w of about unit length.

    Args:
        features: numbers that the layer is given.
        size: D; length: K. With no step nothing is done.
    """

    def __init__(self, features: int, size: int, length: int) -> None:
        super().__init__()
        self.size, self.length = size, length
        if not length:
            return
        self.read = nn.Linear(features, length * (2 * size + 1))
        nn.init.normal_(self.read.weight, std=SPREAD / (features * size) ** 0.5)
        w, u = torch.randn(2, length, size) / size**0.5
        u = SPREAD * u + NOTHING * w / w.square().sum(1, keepdim=True)
        with torch.no_grad():
            self.read.bias.copy_(torch.cat([u, w, torch.zeros(length, 1)], dim=1).flatten())

    def parameters_of(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """u and w, B×K×D, and b, B×K; not rounded, whatever the precision around it."""
        with torch.autocast(features.device.type, enabled=False):
            rows = self.read(features.to(self.read.weight.dtype)).view(len(features), self.length, -1)
        return rows[..., : self.size], rows[..., self.size : -1], rows[..., -1]

    def forward(self, x: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """What becomes of points B×D, or S×B×D, given features B×F, and the log-det of all steps, B or S×B."""
        total = x.new_zeros(x.shape[:-1])
        if not self.length:
            return x, total
        u, w, b = self.parameters_of(features)
        for k in range(self.length):
            x, log_det = pushed(x, u[:, k], w[:, k], b[:, k])
            total = total + log_det
        return x, total


def root(s: Tensor, target: Tensor) -> Tensor:
    """The t with t + (s − 1) tanh t = target, for one s > 0.

    By Newton's method from one side, where it cannot overshoot: the left side is odd and rises; for t > 0 it bends down
    when s > 1 and up when s < 1, so from a start below the root, or above it, each step goes towards it and none past
    it. The last step carries the gradients: one from the root on, with the slope held, is the implicit function's.
    """
    with torch.no_grad():
        held, goal = s.detach(), target.detach().abs()
        c = held - 1
        below = torch.maximum(goal - c, goal / held)  # tanh t ≤ 1, tanh t ≤ t
        above = torch.minimum(goal - c, goal / held)
        # t − tanh t ≥ t³/5 up to t = 1: close to the limit the root is a cubic one
        cubic = (5 * goal / (-c).clamp(min=LEAST)) ** (1 / 3)
        above = torch.where(cubic <= 1, torch.minimum(above, cubic), above)
        t = torch.where(held > 1, below, above)
        for _ in range(NEWTON):
            bent = torch.tanh(t)
            t = t - (t + c * bent - goal) / (held - c * bent.square())
        t = t * target.detach().sign()
        rise = held - c * torch.tanh(t).square()
    return t - (t + (s - 1) * torch.tanh(t) - target) / rise
