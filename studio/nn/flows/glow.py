"""A step of Glow (Kingma & Dhariwal 2018, arXiv:1807.03039, table 1): actnorm, mixing of the channels, coupling.

Actnorm and the mixing are computed as one convolution, and so are each convolution and actnorm inside the coupling's
network: fewer passes over what is large.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, logsigmoid, relu_

from studio.nn.flows.actnorm import ActNorm, Normed
from studio.nn.flows.base import Bijection, Chain, LogDets
from studio.nn.flows.mixing import LUMixing, Mixing, Permuting, PlainMixing, apply
from studio.nn.flows.scales import ZeroConv

CouplingKind = Literal["affine", "additive"]
MixingKind = Literal["plain", "LU", "shuffle", "reverse"]


class NormedConv(nn.Conv2d):
    """A convolution with actnorm in place of its bias, then ReLU."""

    def __init__(self, into: int, out: int, kernel: int) -> None:
        super().__init__(into, out, kernel, padding=kernel // 2, bias=False)
        nn.init.normal_(self.weight, 0, 0.05)  # the authors' code
        self.norm = Normed(out)
        self._held: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.norm.waits:
            self.norm.begin(conv2d(x, self.weight, None, self.stride, self.padding))
        weight, bias = self._held or self._scaled()
        return relu_(conv2d(x, weight, bias, self.stride, self.padding))

    @torch.no_grad()
    def hold(self) -> None:
        """As :meth:`studio.nn.flows.base.Bijection.hold`."""
        self._held = self._scaled()

    def _scaled(self) -> tuple[Tensor, Tensor]:
        scale = self.norm.scale()
        return self.weight * scale[:, None, None, None], self.norm.bias * scale


class ChannelCoupling(Bijection):
    """The first half of the channels stays, and tells a network how the second half is shifted and scaled.

    Affine: y₂ = (x₂ + t) · σ(h + 2), log-det Σ log σ(h + 2), with t and h of a network that gives 0 at first (the
    authors' code). Additive: y₂ = x₂ + t, log-det 0 (Dinh et al. 2014, arXiv:1410.8516).
    """

    def __init__(self, channels: int, width: int, kind: CouplingKind) -> None:
        super().__init__()
        self.affine = kind == "affine"
        self.stays = channels - channels // 2
        out = (channels - self.stays) * (2 if self.affine else 1)
        self.network = nn.Sequential(
            NormedConv(self.stays, width, 3), NormedConv(width, width, 1), ZeroConv(width, out)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self._changed(x, *self._told(x))

    def hold(self) -> None:
        for part in self.network:
            if isinstance(part, NormedConv):
                part.hold()

    def inverse(self, y: Tensor) -> Tensor:
        return torch.cat([y[:, : self.stays], self._back(y, *self._told(y))], dim=1)

    def again(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The network runs once for both directions: it sees only the half that stays."""
        x = y.detach().clone().requires_grad_()
        shift, log_scale = self._told(x)
        # Behind autograd's back, which so far holds on to the half that stays alone.
        x.data[:, self.stays :] = self._back(y, shift.detach(), None if log_scale is None else log_scale.detach())
        return x, *self._changed(x, shift, log_scale)

    def _told(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Shift of the second half, and the logarithm of its scale (None: 1)."""
        told = self.network(x[:, : self.stays]).to(x.dtype)
        if not self.affine:
            return told, None
        shift, raw = told.chunk(2, dim=1)
        return shift, logsigmoid(raw + 2)

    def _changed(self, x: Tensor, shift: Tensor, log_scale: Tensor | None) -> tuple[Tensor, Tensor]:
        second = x[:, self.stays :] + shift
        if log_scale is None:
            return torch.cat([x[:, : self.stays], second], dim=1), x.new_zeros(len(x))
        return torch.cat([x[:, : self.stays], second * log_scale.exp()], dim=1), log_scale.flatten(1).sum(1)

    def _back(self, y: Tensor, shift: Tensor, log_scale: Tensor | None) -> Tensor:
        second = y[:, self.stays :]
        return (second if log_scale is None else second * torch.exp(-log_scale)) - shift


class GlowStep(Chain):
    """Actnorm, mixing, coupling, with their log-dets apart.

    Args:
        channels: of x B×C×H×W, 2 or more.
        width: channels inside the coupling's network.
    """

    def __init__(self, channels: int, width: int, coupling: CouplingKind, mixing: MixingKind) -> None:
        super().__init__(
            [
                ("actnorm", ActNorm(channels)),
                ("mixing", _mixing(channels, mixing)),
                ("coupling", ChannelCoupling(channels, width, coupling)),
            ]
        )

    def run(self, x: Tensor, found: LogDets, at: str) -> Tensor:
        norm, mixing, coupling = self.steps
        assert isinstance(norm, ActNorm)
        assert isinstance(mixing, Mixing)
        if norm.waits or isinstance(mixing, Permuting):
            return super().run(x, found, at)
        found[f"{at}actnorm"], found[f"{at}mixing"] = norm.log_det(x), mixing.log_det(x)
        matrix = mixing.matrix() * norm.scale()
        x, found[f"{at}coupling"] = coupling(apply(matrix, x, (matrix * norm.bias).sum(1)))
        return x


def _mixing(channels: int, kind: MixingKind) -> Mixing:
    match kind:
        case "plain":
            return PlainMixing(channels)
        case "LU":
            return LUMixing(channels)
        case _:
            return Permuting(channels, kind)
