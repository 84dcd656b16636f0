"""The directions of a latent along which the examples change most: eigenvectors of the mean of JᵀJ, J = ∂decode/∂z.

JᵀJ is the metric that the decoder pulls back onto the latent (Shao et al. 2018, arXiv:1711.08014; Wang and Ponce 2021,
arXiv:2101.06006); its mean over the prior has the directions that matter everywhere, not at one sample alone. Each
Jacobian is exact; the mean is over latents drawn by a seed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.data.watch import Watch
from studio.models.core.latents import draw
from studio.models.core.model import Prior

WORK = 80e9
"""Floating-point operations to spend: seconds of one core. Counted, not timed: the answer is always the same."""
LATENTS = (2, 64)
"""At least and at most so many are averaged over."""
ROWS = 256
"""Columns of Jacobians that are computed at once."""


class Decoder(Protocol):
    """A model that decodes a latent (:class:`~studio.models.core.model.DecodesLatent`), and its layers."""

    @property
    def prior(self) -> Prior: ...
    def decode(self, z: Tensor) -> Tensor: ...
    def modules(self) -> Iterator[nn.Module]: ...


def principal_directions(
    model: Decoder, count: int, seed: int, watch: Watch | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The strongest directions and how much the example changes for one σ along each.

    Args:
        model: decodes each row of latents for itself, as in evaluation mode.
        count: how many; at most the dimensions of its latent that are no categories.
        seed: of the latents that are averaged over.

    Returns:
        Orthonormal rows k×size, the strongest first, each with its largest entry positive; and k gains, the
        root-mean-square change of a value on the model's scale.

    Raises:
        ValueError: in words, for a model whose samples change in jumps.
    """
    watch = watch or Watch()
    prior, size = model.prior, model.prior.size
    samples = how_many(model)
    latents = torch.from_numpy(draw(prior, samples, seed))
    total = torch.zeros(size, size, dtype=torch.float64)
    free = torch.tensor([[float(p.kind != "categorical")] for p in prior.parts for _ in range(p.size)])
    values = 1
    for at in range(samples):
        columns = []
        for start in range(0, size, ROWS):
            watch.advance(at * size + start, samples * size, "directions")
            columns.append(jacobian_columns(model.decode, latents[at], start, min(start + ROWS, size)))
        rows = torch.cat(columns).double() * free  # a category has no directions: between two there is nothing
        values = rows.shape[1]
        total += rows @ rows.T
    weights, vectors = torch.linalg.eigh(total / samples)
    kept = min(count, int(free.sum()))
    top = vectors.T.flip(0)[:kept]
    sign = top.gather(1, top.abs().argmax(dim=1, keepdim=True)).sign()
    along = (top.square() @ torch.from_numpy(prior.sigmas).double().square()).sqrt()  # σ of the prior along each
    gains = (weights.flip(0)[:kept].clamp_min(0) / values).sqrt() * along
    watch.advance(samples * size, samples * size, "directions")
    return (top * sign).float().numpy(), gains.float().numpy()


def jacobian_columns(decode: Callable[[Tensor], Tensor], z: Tensor, start: int, stop: int) -> Tensor:
    """∂decode(z)/∂z_i for i in start..stop, as rows of values.

    Each row of the batch is the same latent with another tangent t. J·t comes from two reverse passes: Jᵀu is linear
    in u, and its derivative by u along t is J·t. (Forward mode costs the same and loads torch's script compiler.)

    Raises:
        ValueError: where no value of the example has a slope: behind bits that flip, say.
    """
    with torch.enable_grad():
        same = z.expand(stop - start, -1).contiguous().requires_grad_()
        made = decode(same)
        u = torch.zeros_like(made, requires_grad=True)
        slopes = torch.autograd.grad(made, same, u, create_graph=True, allow_unused=True) if made.requires_grad else ()
        if not slopes or slopes[0] is None:
            raise ValueError("samples of this model change in jumps, and so along no direction more than along another")
        (back,) = slopes
        (along,) = torch.autograd.grad(back, u, torch.eye(len(z))[start:stop])
    return along.detach().float().reshape(stop - start, -1)


def how_many(model: Decoder) -> int:
    """Latents to average over, by what a Jacobian costs: about four passes for each of its columns."""
    each = 4 * model.prior.size * max(1, work(model))
    return int(min(max(WORK // each, LATENTS[0]), LATENTS[1]))


def work(model: Decoder) -> int:
    """Multiplications and additions of one pass, those of dense and convolutional layers."""
    found = 0

    def count(layer: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        nonlocal found
        weights = getattr(layer, "weight", None)
        if isinstance(weights, Tensor) and weights.dim() > 1:
            # each weight is used once at each place: of the output, or of the input that a transposed layer spreads
            transposed = isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d)
            found += 2 * weights.numel() * (given[0] if transposed else made)[0, 0].numel()

    twin = copy.deepcopy(model)  # other lanes may be using this one
    for layer in twin.modules():
        layer.register_forward_hook(count)
    with torch.no_grad():
        twin.decode(torch.zeros(1, model.prior.size))
    return found
