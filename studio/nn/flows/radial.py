"""A radial step: points are drawn towards a centre or pushed away from it, the more the nearer they are. Rezende &
Mohamed 2015, arXiv:1505.05770, section 4.1 and appendix A.2.

    f(x) = x + β h (x − c),   h = 1 / (α + r),   r = ‖x − c‖,   β = −α + softplus(β̂) > −α

With s = α + β = softplus(β̂), distances from the centre become r (r + s) / (α + r), and in D dimensions

    det = ((r + s) / (α + r))^(D−1) · (r² + 2 α r + s α) / (α + r)²,

in which all is above 0. The inverse is the root of a quadratic.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.nn.flows.base import Bijection

LEAST = 1e-6
"""Neither α nor s is ever smaller: the centre would not come back in float32."""
ONE = math.log(math.e - 1)
"""Whose softplus is 1."""


class Radial(Bijection):
    """See the module. It begins close to doing nothing, α = 1 and s nearly so, with its centre drawn from N(0, I).

    Args:
        size: dimensions of a point.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.empty(size))
        self.alpha = nn.Parameter(torch.full((), ONE))
        self.beta = nn.Parameter(torch.empty(()))
        nn.init.normal_(self.centre)
        nn.init.normal_(self.beta, ONE, 0.1)

    @property
    def reach(self) -> Tensor:
        """α, above 0: how far from the centre the step still does half of what it does there."""
        return softplus(self.alpha).clamp(min=LEAST)

    @property
    def slope(self) -> Tensor:
        """s / α = 1 + β / α, a number above 0: the factor by which distances to the centre grow there. At 0 the step
        could not be undone."""
        return self._sum / self.reach

    @property
    def _sum(self) -> Tensor:
        return softplus(self.beta).clamp(min=LEAST)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        away, s, reach = x - self.centre, self._sum, self.reach
        r = torch.linalg.vector_norm(away, dim=1)
        factor = (r + s) / (reach + r)
        # x + (factor − 1) (x − c), which far out keeps the digits of x
        y = x + ((s - reach) / (reach + r))[:, None] * away
        along = (r.square() + 2 * reach * r + s * reach) / (reach + r).square()
        return y, (x.shape[1] - 1) * torch.log(factor) + torch.log(along)

    def inverse(self, y: Tensor) -> Tensor:
        """Of ρ = ‖y − c‖ the positive root of r² + (s − ρ) r − α ρ = 0, by the form that does not cancel."""
        away, s, reach = y - self.centre, self._sum, self.reach
        rho = torch.linalg.vector_norm(away, dim=1)
        gap = rho - s
        half = (gap.abs() + torch.sqrt(gap.square() + 4 * reach * rho)) / 2
        r = torch.where(gap > 0, half, reach * rho / half)
        return y + ((reach - s) / (r + s))[:, None] * away
