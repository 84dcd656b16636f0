"""The judge: a part parser that is trained on a dataset's own parts, apart from every run, to measure made people by.

A small U-Net (Ronneberger et al. 2015, arXiv:1505.04597) on images of which it sees at most 64 px a side, four
neighbouring pixels at a time as so many channels (Shi et al. 2016, arXiv:1609.05158). It learns from the training
examples, with exact masks where the dataset has them; where it has none, from what the joints tell
(:func:`studio.nn.parts.wanted`). What it says is as good as its accuracy on held-out people: give that with every
number that rests on it. A run's own parser is no judge of that run, which learned to please it.

After so short a training it takes left for right of most people who look away: what tells is far from their limbs. Of
the built-in figures these are one in eight; its pose error on true pictures is 1.2 px for the others, 8.7 px for them.

As the classifier of :mod:`~studio.metrics.classifier` it may be trained beside a model: it draws from generators of its
own, and computes on its thread alone. The same dataset and seed give the same judge; it is kept in the cache folder.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.data.dataset import Dataset, DataSpec
from studio.data.skeleton import PARTS, UNKNOWN
from studio.data.watch import Watch
from studio.metrics import kept
from studio.nn.parts import mirrored_parts, wanted
from studio.nn.threads import alone

FORMAT = 1
"""Of what is kept, and of how it is trained: a change trains again."""
STEPS = 1000
BATCH = 16
RATE = 4e-3
"""Highest rate of Adam; it rises over the first fifth, and falls to nothing (Smith & Topin 2017)."""
FOLD = 2
"""Pixels a side that are looked at as channels of one place."""
WIDTHS = (24, 32, 48, 64)
"""Channels, from the finest level to the coarsest, each of half the side."""
GROUND = 0.3
"""What a pixel of the background counts for in training, one of a body for 1: those are few. What the network says is
set right for it afterwards."""
SIDE = 64
"""Pixels of the longer side that the network sees; larger images are averaged down to it."""
CHUNK = 64
LEAST = 8
"""Training examples."""
CHECKED = 500
"""Held-out examples that tell how good it is."""


@dataclass(frozen=True, eq=False)
class Judge:
    """A trained parser, on the CPU.

    Attributes:
        accuracy: share of the pixels of examples kept from its training that it gets right, 0..1.
        of_body: the same of the pixels that show a body, which are few.
        checked: examples that these are of.
    """

    network: Parser
    accuracy: float
    of_body: float
    checked: int

    @property
    def about(self) -> str:
        """For a person: how far to trust it."""
        right = f"{100 * self.accuracy:.0f} % of pixels right, {100 * self.of_body:.0f} % of those of bodies"
        return f"trained on the dataset, {right}"

    def parse(self, x: Tensor) -> Tensor:
        """Log-probabilities N×P×H×W of :data:`~studio.data.skeleton.PARTS` for images N×C×H×W in −1..1; any device, the
        answer on the CPU."""
        with torch.inference_mode():
            return torch.cat([self._parsed(part.float().cpu()) for part in torch.split(x.detach(), CHUNK)])

    def parts(self, x: Tensor) -> npt.NDArray[np.uint8]:
        """The likeliest part of each pixel, uint8 N×H×W."""
        found = [self._parsed(part.float().cpu()).argmax(1).to(torch.uint8) for part in torch.split(x.detach(), CHUNK)]
        return torch.cat(found).numpy()

    def _parsed(self, x: Tensor) -> Tensor:
        size = [int(side) for side in x.shape[2:]]
        with torch.inference_mode():
            said = self.network(_seen(x))
            said[:, 0] -= math.log(GROUND)
            if list(said.shape[2:]) != size:
                said = F.interpolate(said, size=size, mode="bilinear", align_corners=False)
            parsed: Tensor = said.log_softmax(1)
            return parsed


def suits(spec: DataSpec) -> bool:
    """Whether a dataset holds posed people."""
    return spec.kind == "images" and "joints" in spec.carries


def judge(data: Dataset, watch: Watch | None = None, *, seed: int = 0) -> Judge:
    """The judge of a dataset: from the cache, or trained now.

    Args:
        watch: is told (steps done, steps in all).

    Raises:
        ValueError: for a dataset without posed people, or with hardly any.
        Cancelled: nothing is kept.
    """
    if not suits(data.spec):
        raise ValueError(f"{data.spec.name} does not say where joints are, so no parser can be trained on it")
    there = cached(data.spec, seed)
    if there is not None:
        return there
    if len(data.train) < LEAST:
        raise ValueError(
            f"{data.spec.name} has {len(data.train)} pictures of people to learn from, too few for a parser"
        )
    with alone():
        made = _trained(data, seed, watch or Watch())
    if data.spec.fingerprint:
        with suppress(OSError):  # a full disk costs another minute next time
            _keep(made, data.spec, seed)
    return made


def cached(spec: DataSpec, seed: int = 0) -> Judge | None:
    """The judge of a dataset when there is one in the cache folder; None when it has to be trained."""
    try:
        about, tensors = kept.read(_path(spec, seed))
        if about["format"] != FORMAT:
            return None
        network = _network(spec)
        network.load_state_dict(tensors, assign=True)
        numbers = float(about["accuracy"]), float(about["of_body"]), int(about["checked"])
        return Judge(network.eval().requires_grad_(False), *numbers)
    except kept.UNREADABLE:
        return None


def _path(spec: DataSpec, seed: int) -> Path:
    return kept.path("parsers", spec, seed, FORMAT)


def _keep(made: Judge, spec: DataSpec, seed: int) -> None:
    numbers = {"accuracy": made.accuracy, "of_body": made.of_body, "checked": made.checked}
    kept.write(_path(spec, seed), made.network, spec, format=FORMAT, seed=seed, **numbers)


# --- training


def _trained(data: Dataset, seed: int, watch: Watch) -> Judge:
    random = np.random.default_rng(seed)
    learned, checked = random.permutation(data.train), random.permutation(data.held_out)
    if len(checked) < 2:
        aside = max(1, len(learned) // 10)
        learned, checked = learned[aside:] if len(learned) > aside else learned, learned[:aside]
    network = _network(data.spec)
    _start(network, seed)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), RATE, fused=True)
    weights = torch.tensor([GROUND] + [1.0] * (len(PARTS) - 1))
    order = _order(len(learned), min(BATCH, len(learned)), random)
    for step in range(STEPS):
        watch.advance(step, STEPS, "training a parser to judge by")
        optimiser.param_groups[0]["lr"] = RATE * _one_cycle(step / STEPS)
        chosen = np.sort(learned[next(order)])
        x, parts = _examples(data, chosen)
        if random.random() < 0.5:
            x, parts = x.flip(3), mirrored_parts(parts)
        total = weights[parts[parts != UNKNOWN].long()].sum().clamp_min(1)
        loss = F.cross_entropy(network(x), parts.long(), weights, ignore_index=UNKNOWN, reduction="sum") / total
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    network.eval().requires_grad_(False)
    made = Judge(network, 0.0, 0.0, 0)
    right, known = np.zeros(2), np.zeros(2)
    checked = np.sort(checked[:CHECKED])
    for start in range(0, len(checked), CHUNK):
        watch.advance(STEPS, STEPS, "checking the parser")
        x, parts = _examples(data, checked[start : start + CHUNK])
        true = parts.numpy()
        hit = made.parts(x) == true
        for which, mask in enumerate((true != UNKNOWN, (true != UNKNOWN) & (true > 0))):
            right[which] += (hit & mask).sum()
            known[which] += mask.sum()
    share = right / np.maximum(known, 1)
    return Judge(network, float(share[0]), float(share[1]), len(checked))


def _examples(data: Dataset, indices: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Images as the network sees them, and the true part of each pixel, uint8."""
    x = _seen(torch.from_numpy(np.array(data.values[indices])).float().div_(127.5).sub_(1))
    size = (int(x.shape[2]), int(x.shape[3]))
    if "parts" in data.columns:
        parts = torch.from_numpy(np.array(data.columns["parts"][indices]))
    else:
        parts = wanted(torch.from_numpy(np.array(data.columns["joints"][indices])), data.spec.size)
    if tuple(parts.shape[1:]) != size:
        parts = F.interpolate(parts.unsqueeze(1).float(), size=size, mode="nearest-exact")[:, 0].to(torch.uint8)
    return x, parts


def _one_cycle(at: float) -> float:
    return at / 0.2 if at < 0.2 else 0.5 + 0.5 * math.cos(math.pi * (at - 0.2) / 0.8)


def _order(count: int, batch: int, random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    while True:
        shuffled = random.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield shuffled[start : start + batch]


def _seen(x: Tensor) -> Tensor:
    """Images of at most ``SIDE`` px a side, by averaging."""
    if max(x.shape[2:]) <= SIDE:
        return x
    by = SIDE / max(x.shape[2:])
    return F.interpolate(x, size=[max(1, round(s * by)) for s in x.shape[2:]], mode="area")


def _network(spec: DataSpec) -> Parser:
    """No number is drawn: see :func:`_start`."""
    by = min(1.0, SIDE / max(spec.size))
    size = (max(1, round(spec.size[0] * by)), max(1, round(spec.size[1] * by)))
    with torch.device("meta"):
        return Parser(spec.channels, size)


class Parser(nn.Module):
    """Logits N×P×H×W of images N×C×H×W of one size: convolutions with batch normalisation down to 4×4 places, what all
    of them say on average added to each (a face tells left from right for the whole body), and up again with what was
    seen on the way."""

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.first = _layer(FOLD * FOLD * channels, WIDTHS[0])
        self.downs = nn.ModuleList(_layer(a, b, 2) for a, b in pairwise(WIDTHS))
        self.deeper = nn.ModuleList(_layer(b, b) for b in WIDTHS[1:])
        self.whole = nn.Linear(WIDTHS[-1], WIDTHS[-1])
        self.thins = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(WIDTHS))
        self.ups = nn.ModuleList(_layer(a, a) for a in WIDTHS[:-1])
        self.last = nn.Conv2d(WIDTHS[0], FOLD * FOLD * len(PARTS), 1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        even = F.pad(x, (0, -width % FOLD, 0, -height % FOLD), mode="replicate")
        y = self.first(F.pixel_unshuffle(even, FOLD).contiguous(memory_format=torch.channels_last))
        seen = []
        for down, deeper in zip(self.downs, self.deeper, strict=True):
            seen.append(y)
            y = deeper(down(y))
        y = y + self.whole(y.mean((2, 3)))[:, :, None, None]
        for before, thin, up in zip(
            *(reversed(part) for part in (seen, list(self.thins), list(self.ups))), strict=True
        ):
            y = up(before + F.interpolate(thin(y), size=before.shape[2:], mode="nearest"))
        return F.pixel_shuffle(self.last(y), FOLD)[:, :, :height, :width]


def _layer(before: int, after: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


def _start(network: Parser, seed: int) -> None:
    """Weights as He et al. 2015 draw them, from a generator of this seed alone."""
    generator = torch.Generator().manual_seed(seed)
    network.to_empty(device="cpu")
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
