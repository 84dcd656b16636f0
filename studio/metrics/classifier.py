"""A small classifier trained on the labelled dataset itself: which class is a sample of, and features to compare by.

A convolutional network (three layers, 128 features) for images of 8 to 128 px, of which it sees at most 32 px a side;
a dense one for points. It looks at 60,000 examples, the training ones again and again until they are that many, which
takes half a minute of one core for 28×28 px. What it says is as good as its ``accuracy``: give that with every number
that rests on it.

It may be trained beside a model: it draws from generators of its own, never from torch's global one, and computes on
its thread alone. The same dataset and seed give the same classifier; it is kept in the cache folder as safetensors
with its particulars as JSON in the header, and trained again when that file is damaged or gone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.data.dataset import Dataset, DataSpec
from studio.data.watch import Watch
from studio.metrics import kept
from studio.nn import classifying
from studio.nn.classifying import reduced
from studio.nn.threads import alone

FORMAT = 1
"""Of what is kept, and of how it is trained: a change trains again."""
SEEN = 60_000
"""Examples that training looks at in all."""
EPOCHS = 60
"""At most so often each of them."""
BATCH = 128
RATE = 3e-3
"""Highest rate of Adam; it rises over the first fifth, and falls to nothing (Smith & Topin 2017)."""
LEAST_CHECKED = 100
"""Held-out examples below which a tenth of the training ones is kept back too, to know how good it is."""
CHUNK = 512
"""Examples that go through the network at once."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained classifier, on the CPU.

    Attributes:
        classes: their names, in label order; K of them.
        accuracy: share of the examples kept from its training that it gets right, 0..1.
        checked: how many those were.
    """

    network: nn.Sequential
    classes: tuple[str, ...]
    accuracy: float
    checked: int

    def probabilities(self, x: Tensor) -> Tensor:
        """N×K, rows sum to 1, of examples N×C×H×W in −1..1 or points N×2; any device, the answer on the CPU."""
        return torch.cat([self.network(part).softmax(1) for part in self._parts(x)])

    def features(self, x: Tensor) -> Tensor:
        """N×128: what the layer before the classes makes of them."""
        return torch.cat([self.network[:-1](part) for part in self._parts(x)])

    def classify(self, x: Tensor) -> npt.NDArray[np.int64]:
        """The most probable label of each, N."""
        return self.probabilities(x).argmax(1).numpy()

    def _parts(self, x: Tensor) -> Iterator[Tensor]:
        with torch.inference_mode():
            for part in torch.split(x.detach(), CHUNK):
                yield reduced(part.float().cpu())


def suits(spec: DataSpec) -> bool:
    """Whether a dataset has what it takes: labels of at least two classes, and examples of which to learn."""
    return len(spec.classes) >= 2 and spec.count >= 2 * len(spec.classes)


def classifier(data: Dataset, watch: Watch | None = None, *, seed: int = 0) -> Classifier:
    """The classifier of a dataset: from the cache, or trained now.

    Args:
        watch: is told (examples seen, examples in all).

    Raises:
        ValueError: for a dataset without labels.
        Cancelled: nothing is kept.
    """
    watch = watch or Watch()
    if data.labels is None or not suits(data.spec):
        raise ValueError(
            f"{data.spec.name} has no labels of at least two classes, so no classifier can be trained on it"
        )
    there = cached(data.spec, seed)
    if there is not None:
        return there
    with alone():
        made = _trained(data, data.labels, seed, watch)
    if data.spec.fingerprint:
        with suppress(OSError):  # a full disk costs another half minute next time
            _keep(made, data.spec, seed)
    return made


def cached(spec: DataSpec, seed: int = 0) -> Classifier | None:
    """The classifier of a dataset when there is one in the cache folder; None when it has to be trained."""
    try:
        about, tensors = kept.read(_path(spec, seed))
        if about["format"] != FORMAT or tuple(about["classes"]) != spec.classes:
            return None
        network = _network(spec, len(spec.classes))
        network.load_state_dict(tensors, assign=True)
        accuracy, checked = float(about["accuracy"]), int(about["checked"])
        return Classifier(network.eval().requires_grad_(False), spec.classes, accuracy, checked)
    except kept.UNREADABLE:
        return None


def _path(spec: DataSpec, seed: int) -> Path:
    return kept.path("classifiers", spec, seed, FORMAT)


def _keep(made: Classifier, spec: DataSpec, seed: int) -> None:
    numbers = {"accuracy": made.accuracy, "checked": made.checked}
    kept.write(_path(spec, seed), made.network, spec, format=FORMAT, seed=seed, classes=made.classes, **numbers)


# --- training


def _trained(data: Dataset, labels: npt.NDArray[np.int64], seed: int, watch: Watch) -> Classifier:
    random = np.random.default_rng(seed)
    learned, checked = random.permutation(data.train), data.held_out
    if len(checked) < LEAST_CHECKED:
        aside = max(1, len(learned) // 10)
        learned, checked = learned[aside:], np.concatenate([checked, learned[:aside]])
    learned = learned[:SEEN]
    total = min(SEEN, EPOCHS * len(learned))
    examples = _prepared(data, learned, watch)
    target = torch.from_numpy(labels[learned])
    network = _network(data.spec, len(data.spec.classes))
    _start(network, torch.Generator().manual_seed(seed))
    optimiser = torch.optim.Adam(network.parameters(), RATE, weight_decay=1e-4, fused=True)
    batch = min(BATCH, max(8, len(learned) // 8))
    steps = max(1, total // batch)
    order = _order(len(learned), batch, random)
    for step in range(steps):
        watch.advance(step * batch, steps * batch, "training a classifier")
        optimiser.param_groups[0]["lr"] = RATE * _one_cycle(step / steps)
        chosen = torch.from_numpy(next(order))
        x = _moved(_scaled(examples[chosen], data.spec), random)
        loss = F.cross_entropy(network(x), target[chosen])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    network.eval().requires_grad_(False)
    made = Classifier(network, data.spec.classes, 0.0, len(checked))
    right = 0
    for start in range(0, len(checked), CHUNK):
        watch.advance(steps * batch, steps * batch, "checking the classifier")
        part = np.sort(checked[start : start + CHUNK])
        right += int((made.classify(_values(data, part)) == labels[part]).sum())
    return Classifier(network, data.spec.classes, right / len(checked), len(checked))


def _one_cycle(at: float) -> float:
    return at / 0.2 if at < 0.2 else 0.5 + 0.5 * math.cos(math.pi * (at - 0.2) / 0.8)


def _order(count: int, batch: int, random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Batches of indices without end, every example once per epoch but for what is left over."""
    while True:
        shuffled = random.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield shuffled[start : start + batch]


def _values(data: Dataset, indices: npt.NDArray[np.int64]) -> Tensor:
    """Examples on a model's scale."""
    return _scaled(torch.from_numpy(np.array(data.values[indices])), data.spec)


def _scaled(x: Tensor, spec: DataSpec) -> Tensor:
    return x.float().div_(127.5).sub_(1) if spec.pictured else x.float()


def _prepared(data: Dataset, indices: npt.NDArray[np.int64], watch: Watch) -> Tensor:
    """Examples as the network sees them, in the order of ``indices``; images as uint8, so that they fit in memory."""
    parts = []
    for start in range(0, len(indices), CHUNK):
        watch.advance(0, 0, "reading")
        part = torch.from_numpy(np.array(data.values[indices[start : start + CHUNK]]))
        parts.append(reduced(part.float()).round().to(torch.uint8) if data.spec.kind == "images" else part.float())
    return torch.cat(parts)


def _moved(x: Tensor, random: np.random.Generator) -> Tensor:
    """Images shifted by up to a sixteenth of their side, the whole batch alike; points as they are."""
    if x.dim() != 4:
        return x
    down, right = (int(random.integers(-(s // 16), s // 16 + 1)) for s in x.shape[2:])
    height, width = x.shape[2:]
    padded = F.pad(x, [max(0, right), max(0, -right), max(0, down), max(0, -down)], mode="replicate")
    return padded[:, :, max(0, -down) :, max(0, -right) :][:, :, :height, :width]


# --- the network


def _network(spec: DataSpec, classes: int) -> nn.Sequential:
    """No number is drawn: see :func:`_start`."""
    with torch.device("meta"):
        return classifying.network(spec, classes)


def _start(network: nn.Sequential, generator: torch.Generator) -> None:
    """Weights as He et al. 2015 draw them, from this generator alone."""
    network.to_empty(device="cpu")
    for module in network:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_parameters()
