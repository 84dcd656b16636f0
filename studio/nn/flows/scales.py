"""Several scales (Dinh et al. 2017, arXiv:1605.08803, section 3.6; Kingma & Dhariwal 2018, arXiv:1807.03039): squeeze
2×2 pixels into channels, take some steps, factor half of the channels out, and go on with the other half. RealNVP takes
some of the steps before it squeezes, and never squeezes the last scale.

What is factored out is made standard normal at once, by a Gaussian that may depend on what goes on: so the latents of
all scales are independent N(0, 1), whatever the data.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, pixel_shuffle, pixel_unshuffle

from studio.nn.flows.base import Bijection, Chain, LogDets

Shape = tuple[int, ...]


class Gaussian(nn.Module):
    """z ↔ ε = (z − μ) / σ, with μ and log σ side by side in channels as a network gives them."""

    def forward(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """ε of the shape of z, and its log-det −Σ log σ, B. ``parameters``: twice the channels of z."""
        mean, log_sigma = parameters.to(z.dtype).chunk(2, dim=1)
        log_det = -log_sigma.expand_as(z).flatten(1).sum(1)
        return (z - mean) * torch.exp(-log_sigma), log_det

    def inverse(self, noise: Tensor, parameters: Tensor) -> Tensor:
        mean, log_sigma = parameters.to(noise.dtype).chunk(2, dim=1)
        return mean + noise * torch.exp(log_sigma)


class ZeroConv(nn.Conv2d):
    """A 3×3 convolution that gives 0 at first, scaled by exp(3·gain) per channel (the authors' code of Glow)."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__(into, out, 3, padding=1)
        nn.init.zeros_(self.weight)
        assert self.bias is not None
        nn.init.zeros_(self.bias)
        self.gain = nn.Parameter(torch.zeros(out, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * torch.exp(3 * self.gain)


class Split(nn.Module):
    """Half of the channels go on, the other half become latents, standardised by a Gaussian whose mean and σ a
    network reads off the half that goes on (``learned``), or left as they are."""

    def __init__(self, channels: int, learned: bool) -> None:
        super().__init__()
        self.gaussian = Gaussian()
        self.network = ZeroConv(channels - channels // 2, 2 * (channels // 2)) if learned else None

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What goes on, the latents, and their log-det, B; None: nothing was done to them."""
        out = h.shape[1] // 2
        on, z = h[:, :-out], h[:, -out:]
        if self.network is None:
            return on, z, None
        noise, log_det = self.gaussian(z, self.network(on))
        return on, noise, log_det

    def inverse(self, on: Tensor, noise: Tensor) -> Tensor:
        z = noise if self.network is None else self.gaussian.inverse(noise, self.network(on))
        return torch.cat([on, z], dim=1)


class Top(nn.Module):
    """The prior of the last scale: N(μ, σ) per channel, learned, and by class where there are ``classes``."""

    def __init__(self, channels: int, classes: int = 0) -> None:
        super().__init__()
        self.gaussian = Gaussian()
        self.shared = nn.Parameter(torch.zeros(2 * channels))
        self.by_class = nn.Parameter(torch.zeros(classes, 2 * channels)) if classes else None

    def forward(self, h: Tensor, classes: Tensor | None) -> tuple[Tensor, Tensor]:
        """ε and its log-det, B, of h B×C×H×W, given one-hot classes B×K (None: there are none)."""
        return self.gaussian(h, self.parameters_of(h, classes))  # type: ignore[no-any-return]

    def inverse(self, noise: Tensor, classes: Tensor | None) -> Tensor:
        return self.gaussian.inverse(noise, self.parameters_of(noise, classes))

    def parameters_of(self, h: Tensor, classes: Tensor | None) -> Tensor:
        given = self.shared.expand(h.shape[0], -1)  # len() would fix the batch of an exported decoder
        if self.by_class is not None:
            if classes is None:
                raise ValueError("this prior depends on a class, and none was given")
            given = given + classes.to(self.by_class) @ self.by_class
        return given.view(*given.shape, *[1] * (h.dim() - 2))

    def every_class(self, h: Tensor) -> Tensor:
        """log p(h | class) of each class, B×K, the constant −½ D log 2π left out."""
        assert self.by_class is not None
        found = []
        for k in range(len(self.by_class)):
            chosen = one_hot(torch.full((len(h),), k, device=h.device), len(self.by_class)).to(h)
            noise, log_det = self(h, chosen)
            found.append(log_det - noise.square().flatten(1).sum(1) / 2)
        return torch.stack(found, dim=1)


class Squeeze(Bijection):
    """2×2 pixels become four channels, and back: channel c of B×C×H×W goes to 4c … 4c + 3, row by row."""

    rearranges = True

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return pixel_unshuffle(x, 2), x.new_zeros(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return pixel_shuffle(y, 2)


class Scales(nn.Module):
    """The whole: x ↔ the latents of all scales, the finest first.

    Args:
        shape: of an example, (C, H, W) or (D,).
        levels: the steps of each scale; :func:`inner` has their shapes after the squeeze. An example that is no
            picture has one scale and is not squeezed.
        learned: whether what is factored out has a Gaussian that depends on the rest.
        squeeze: whether each scale of a picture begins with a squeeze; False: the steps have a :class:`Squeeze`
            among them where they want one.
    """

    def __init__(self, shape: Shape, levels: Sequence[Chain], learned: bool = True, squeeze: bool = True) -> None:
        super().__init__()
        self.pictures = len(shape) == 3
        self.squeeze = Squeeze() if self.pictures and squeeze else None
        self.levels = nn.ModuleList(levels)
        whole = inner(shape, len(levels)) if squeeze else _inside(shape, levels)
        self.shapes = [*((c // 2, *rest) for c, *rest in whole[:-1]), whole[-1]]
        self.splits = nn.ModuleList(Split(c, learned) for c, *_ in whole[:-1])

    def forward(self, x: Tensor) -> tuple[list[Tensor], LogDets]:
        """The latents of each scale and the log-dets, "level 1/…" where there are several."""
        found: LogDets = {}
        parts: list[Tensor] = []
        for number in range(len(self.levels)):
            at = f"level {number + 1}/" if self.pictures else ""
            x = self.chain(number)(x if self.squeeze is None else self.squeeze(x)[0], found, at)
            if number < len(self.splits):
                x, noise, log_det = self.splits[number](x)
                parts.append(noise)
                if log_det is not None:
                    found[f"{at}split"] = log_det
        return [*parts, x], found

    def chain(self, level: int) -> Chain:
        """The steps of one scale, the finest is 0."""
        return self.levels[level]  # type: ignore[return-value]

    def inverse(self, parts: Sequence[Tensor]) -> Tensor:
        *finer, x = parts
        for number in range(len(self.levels) - 1, -1, -1):
            if number < len(finer):
                x = self.splits[number].inverse(x, finer[number])  # type: ignore[operator]
            x = self.chain(number).inverse(x)
            if self.squeeze is not None:
                x = self.squeeze.inverse(x)
        return x


def inner(shape: Shape, levels: int) -> list[Shape]:
    """Shapes inside of each scale, after its squeeze, before its split."""
    if len(shape) != 3:
        return [shape]
    found: list[Shape] = []
    for _ in range(levels):
        shape = _squeezed(shape)
        found.append(shape)
        shape = _kept(shape)
    return found


def _inside(shape: Shape, levels: Sequence[Chain]) -> list[Shape]:
    """The same of steps that squeeze where they want to."""
    found: list[Shape] = []
    for chain in levels:
        for _, step in chain.single():
            if isinstance(step, Squeeze):
                shape = _squeezed(shape)
        found.append(shape)
        shape = _kept(shape)
    return found


def _squeezed(shape: Shape) -> Shape:
    channels, height, width = shape
    return channels * 4, height // 2, width // 2


def _kept(shape: Shape) -> Shape:
    """What a split leaves to go on with."""
    return shape[0] - shape[0] // 2, *shape[1:]
