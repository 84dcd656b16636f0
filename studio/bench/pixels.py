"""Drawing images value by value: from what was kept, against the whole network run again for each pixel.

Both sides draw from the same uniform numbers, in turns, the same model (28×28, the recipe that suits MNIST here, and a
wider one). What it has learned makes no difference to how long it takes. The slow side draws some of the
pixels, each of which costs it the same; that both draw the same is seen of all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from studio.bench.result import Result
from studio.data.dataset import DataSpec
from studio.models.core import catalog
from studio.models.core.ordered import Ordered, Rerun, drawn
from studio.models.core.recipe import Value, make, values_of
from studio.nn.threads import alone

DIGITS = DataSpec(
    "made-up digits", "images", (1, 28, 28), 70_000, 10_000, classes=tuple("0123456789"), fingerprint="bench"
)
WIDER: dict[str, Value] = {"width": 64, "layers": 8}
TURNS = 5
BATCHES = (1, 4, 64)
SOME = 8
"""Values that the slow side draws in each turn."""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    with alone():  # as it is drawn everywhere
        yield from _measured()


def _measured() -> Iterator[Result]:
    for name, values, target in (("gated_pixelcnn", {}, 10.0), ("gated_pixelcnn", WIDER, 10.0), ("pixelcnn", {}, None)):
        model = build(name, values)
        for batch in BATCHES:
            yield _against_reruns(model, batch, target)


def build(name: str, values: dict[str, Value]) -> Ordered:
    """At weights where it begins, in evaluation mode."""
    kind = catalog.load(name)
    torch.manual_seed(0)
    model = kind(make(kind.recipe_type, {**kind.suits(DIGITS), **values}), DIGITS).eval()
    assert isinstance(model, Ordered)
    return model


def _against_reruns(model: Ordered, batch: int, target: float | None) -> Result:
    u = torch.rand(batch, model.dimensions, generator=torch.Generator().manual_seed(batch))
    classes = None
    if model.class_conditional:
        classes = torch.eye(len(DIGITS.classes))[torch.arange(batch) % len(DIGITS.classes)]
    quick, slow = [], []
    for _ in range(TURNS):
        before = time.perf_counter()
        found = drawn(model.course(batch, classes), u)
        quick.append(time.perf_counter() - before)
        rerun = Rerun(model, batch, classes)
        before = time.perf_counter()
        drawn(rerun, u[:, :SOME])
        slow.append((time.perf_counter() - before) * model.dimensions / SOME)
    ratios = [a / b for a, b in zip(slow, quick, strict=True)]
    seconds = statistics.median(quick)
    return Result(
        f"{_words(model)}, {batch} at once",
        statistics.median(ratios),
        "×",
        target,
        "at least",
        (min(ratios), max(ratios)),
        f"{seconds:.2f} s, {batch / seconds:.1f} images/s; {different(model, found, u, classes):,} of "
        f"{found.numel():,} values are others than by the whole network",
    )


@torch.no_grad()
def different(model: Ordered, found: Tensor, u: Tensor, classes: Tensor | None) -> int:
    """How many values int64 B×D the whole network would have drawn otherwise behind the same beginning, from the same
    uniform numbers B×D: none, when drawing from what was kept is drawing by reruns."""
    logs = model.log_probabilities(model.as_examples(found), classes)
    cumulative = logs.exp().cumsum(2)
    return int(((cumulative[..., :-1] <= u[..., None] * cumulative[..., -1:]).sum(2) != found).sum())


def _words(model: Ordered) -> str:
    values = values_of(model.recipe)
    deep = "layers" if "layers" in values else "blocks"
    return f"{model.title}, width {values['width']}, {values[deep]} {deep}"
