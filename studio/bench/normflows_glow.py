"""The other side of the flows' benchmark: the same Glow put together from normflows' parts, as its own example does
(Stimper et al. 2023, arXiv:2302.12014), and the way of a model's weights into it.

Same levels, steps, width, LU form, affine couplings, actnorm inside the networks; Gaussians that are factored out are
fixed at N(0, 1), since it has no part that reads them off the rest. Nothing of the engine is used here.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import torch
from torch import Tensor, nn

from studio.models.glow import Glow
from studio.nn.flows.actnorm import ActNorm
from studio.nn.flows.glow import ChannelCoupling, GlowStep, NormedConv
from studio.nn.flows.mixing import LUMixing
from studio.nn.flows.scales import ZeroConv

HOW_TO_GET = "needs normflows: pip install normflows"


def available() -> bool:
    return importlib.util.find_spec("normflows") is not None


class TheirGlow(nn.Module):
    """Of ``glow``'s size; values −½..½ B×C×H×W → log p in nats, B."""

    def __init__(self, glow: Glow) -> None:
        super().__init__()
        nf: Any = importlib.import_module("normflows")
        r = glow.recipe
        shapes = glow.scales.shapes
        q0: list[nn.Module] = []
        merges: list[nn.Module] = []
        flows: list[list[nn.Module]] = []
        for level in reversed(range(r.levels)):  # theirs count from the coarsest
            last = level == r.levels - 1
            shape = shapes[level]
            q0.append(nf.distributions.GlowBase(shape) if last else nf.distributions.DiagGaussian(shape, False))
            channels = shape[0] if last else 2 * shape[0]
            blocks = [
                nf.flows.GlowBlock(channels, r.width, scale=r.coupling == "affine", use_lu=True, net_actnorm=True)
                for _ in range(r.depth)
            ]
            flows.append([*blocks, nf.flows.Squeeze()])
            if not last:
                merges.append(nf.flows.Merge())
        self.flow: Any = nf.MultiscaleFlow(q0, flows, merges, class_cond=False)

    def forward(self, values: Tensor) -> Tensor:
        return self.flow.log_prob(values, None)  # type: ignore[no-any-return]


@torch.no_grad()
def copy_weights(glow: Glow, theirs: TheirGlow) -> None:
    """So that both have the same density. ``glow`` has LU mixing and fixed Gaussians where it splits."""
    for level, blocks in enumerate(reversed([list(flow)[:-1] for flow in theirs.flow.flows])):
        steps = [step for step in glow.scales.chain(level).steps if isinstance(step, GlowStep)]
        for step, block in zip(steps, reversed(blocks), strict=True):
            copy_step(step, block)
    assert glow.top is not None
    mean, log_sigma = glow.top.shared.chunk(2)
    base = theirs.flow.q0[0]
    base.loc.copy_(mean.view_as(base.loc))
    base.log_scale.copy_(log_sigma.view_as(base.log_scale))
    base.loc_logs.zero_()
    base.log_scale_logs.zero_()


@torch.no_grad()
def copy_step(step: GlowStep, block: Any) -> None:
    norm, mixing, coupling = step.steps
    assert isinstance(norm, ActNorm)
    assert isinstance(mixing, LUMixing)
    assert isinstance(coupling, ChannelCoupling)
    their_coupling, their_mixing, their_norm = block.flows
    # Theirs is written from the latent on: their inverse, (x − t) exp(−s), is our forward.
    their_norm.s.copy_(-norm.log_scale().view_as(their_norm.s))
    their_norm.t.copy_(-norm.bias.view_as(their_norm.t))
    their_norm.data_dep_init_done.fill_(1)
    their_mixing.P.copy_(mixing.permutation)
    their_mixing.L.copy_(mixing.lower)
    their_mixing.U.copy_(mixing.upper)
    their_mixing.log_S.copy_(mixing.log_s)
    their_mixing.sign_S.copy_(mixing.sign)
    first, norm1, _, second, norm2, _, last = their_coupling.flows[1].param_map.net
    for ours, conv, normed in zip(coupling.network, (first, second), (norm1, norm2), strict=False):
        assert isinstance(ours, NormedConv)
        conv.weight.copy_(ours.weight)
        normed.actNorm.s.copy_(ours.norm.log_scale().view_as(normed.actNorm.s))
        normed.actNorm.t.copy_((ours.norm.bias * ours.norm.scale()).view_as(normed.actNorm.t))
        normed.actNorm.data_dep_init_done.fill_(1)
    zero = coupling.network[2]
    assert isinstance(zero, ZeroConv)
    assert zero.bias is not None
    gain = torch.exp(3 * zero.gain).flatten()
    weight, bias = zero.weight * gain[:, None, None, None], zero.bias * gain
    if not coupling.affine:
        last.weight.copy_(-weight)
        last.bias.copy_(-bias)
        return
    half = len(weight) // 2
    # Shift and scale take turns in their channels, and their shift is taken off.
    last.weight[0::2] = -weight[:half]
    last.weight[1::2] = weight[half:]
    last.bias[0::2] = -bias[:half]
    last.bias[1::2] = bias[half:]
