"""Glow: a training step against the same Glow of normflows, inversion of a picture, and memory by depth.

The step is that of the engine's player (loss with all that it shows, gradient, the optimiser, what must hold after it)
without its thread and running average; theirs is a plain loop with the same optimiser from the same weights. Both see
the same pictures, in turns, block by block.
"""

from __future__ import annotations

import argparse
import copy
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.bench import normflows_glow
from studio.bench.result import Result
from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make
from studio.models.glow import Glow, GlowRecipe
from studio.training.device import Precision, settle
from studio.training.players import Player
from studio.training.players import make as optimiser

COLOUR = DataSpec("made-up pictures", "images", (3, 32, 32), 2048, fingerprint="bench")
PAPER: dict[str, Value] = {"levels": 3, "depth": 32, "width": 512}
CPU = torch.device("cpu")
BLOCKS, STEPS = 6, 1
"""Each side has BLOCKS turns of STEPS training steps; the first turn is not counted."""
INVERSIONS = 20
DEPTHS = (2, 4, 8, 16, 32)
WIDTH, BATCH = 256, 8
"""Of the models whose memory is measured."""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    ours = Glow.suits(COLOUR)
    paper = PAPER | {"depth": 8}  # of its 32, which take four times as long on either side
    yield from _against_normflows(f"{_words(paper)}, batch 16", paper, 16, ("float32", "auto"))
    yield from _against_normflows(f"{_words(ours)}, batch 32", ours, 32, ("auto",))
    yield from _inversion(f"what suits 32×32 here, {_words(ours)}", ours)
    yield from _inversion(f"the paper's, {_words(PAPER)}", PAPER)
    yield from _memory(getattr(asked, "plot", ""))


# --- throughput


def _against_normflows(what: str, values: dict[str, Value], batch: int, held: Sequence[str]) -> Iterator[Result]:
    """``held``: in which precisions the target has to be met. Small networks spend their time in convolutions of few
    channels, which are the same on both sides: in float32 their ratio is for information."""
    if not normflows_glow.available():
        yield Result(f"against normflows, {what}", math.nan, "×", note=normflows_glow.HOW_TO_GET)
        return
    torch.manual_seed(0)
    ours = build({**values, "mixing": "LU", "split_prior": "fixed"})
    x = pictures(batch)
    ours.loss(Batch(x))  # actnorm begins
    theirs = normflows_glow.TheirGlow(ours)
    normflows_glow.copy_weights(ours, theirs)
    apart = apart_from(theirs, ours, x)
    sides: dict[str, Callable[[], None]] = {"normflows": _plain_step(theirs, ours, x)}
    precisions: dict[str, Precision] = {"float32": "float32", "auto": settle("auto", CPU, ours)}
    for name, precision in precisions.items():
        sides[name] = _engine_step(copy.deepcopy(ours), precision, x)
    seconds = alternated(sides, BLOCKS, STEPS)
    sizes = [sum(p.numel() for p in side.parameters()) for side in (ours, theirs)]
    yield Result(
        f"normflows, {what}",
        batch / statistics.median(seconds["normflows"]),
        "images/s",
        note=f"{sizes[1]:,} parameters, ours {sizes[0]:,}; bits/dim from the same weights {apart:.1e} apart",
    )
    for name, precision in precisions.items():
        ratios = [a / b for a, b in zip(seconds["normflows"], seconds[name], strict=True)]
        yield Result(
            f"Glow's training step ({name}: {precision}), {what}",
            statistics.median(ratios),
            "×",
            1.3 if name in held else None,
            "at least",
            (min(ratios), max(ratios)),
            f"{batch / statistics.median(seconds[name]):.1f} images/s",
        )


def _engine_step(glow: Glow, precision: Precision, x: Tensor) -> Callable[[], None]:
    glow = glow.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    player = Player(glow.updates()[0], CPU, precision)
    batch = Batch(x.contiguous(memory_format=torch.channels_last))

    def step() -> None:
        player.gradients(batch)
        player.descend(0)  # the rate of the first steps: a few at the full one are enough to leave the numbers

    return step


def _plain_step(theirs: nn.Module, ours: Glow, x: Tensor) -> Callable[[], None]:
    asked = ours.optimiser()
    slow = replace(asked, rate=asked.rate / max(ours.recipe.warm_up, 1))
    descent = optimiser(slow, list(theirs.parameters()), CPU)
    theirs.train()

    def step() -> None:
        descent.zero_grad()
        values = ours.grey.values(x, torch.rand_like(x)) / ours.grey.levels - 0.5
        loss = -theirs(values).mean() / (ours.dimensions * math.log(2))
        loss.backward()
        descent.step()

    return step


@torch.no_grad()
def apart_from(theirs: nn.Module, ours: Glow, x: Tensor) -> float:
    """The largest difference of an example's bits/dim between the two, in evaluation."""
    ours.eval()
    theirs.eval()
    scaled = ours.grey.values(x, None) / ours.grey.levels - 0.5
    found = ours.invert(x)
    mine = found.log_likelihood - found.log_dets["data/range"]
    return float((mine - theirs(scaled)).abs().max() / (ours.dimensions * math.log(2)))


# --- inversion


@torch.no_grad()
def _inversion(what: str, values: dict[str, Value]) -> Iterator[Result]:
    glow, x = settled(values), pictures(1)
    glow.hold()  # as models are that answer a person's questions
    milliseconds = []
    for i in range(INVERSIONS + 3):
        with torch.inference_mode():
            before = time.perf_counter()
            found = glow.invert(x)
            if i >= 3:
                milliseconds.append(1000 * (time.perf_counter() - before))
    milliseconds.sort()
    error = float((glow.decode(found.z) - x).abs().max())
    yield Result(
        f"inversion of a 32×32 picture, {what}: median",
        statistics.median(milliseconds),
        "ms",
        100,
        spread=(milliseconds[0], milliseconds[-1]),
        note=f"95 % within {milliseconds[math.ceil(0.95 * INVERSIONS) - 1]:.0f} ms; float32, {torch.get_num_threads()} "
        f"threads; comes back within {error:.0e} of −1..1",
    )


# --- memory


def _memory(plot: str) -> Iterator[Result]:
    held: dict[str, list[float]] = {"store": [], "recompute": []}
    ratios: list[float] = []
    for depth in DEPTHS:
        x = pictures(BATCH)
        models = {way: settled({"levels": 3, "depth": depth, "width": WIDTH, "memory": way}).train() for way in held}
        for way, glow in models.items():
            held[way].append(kept(glow, lambda glow=glow, x=x: glow.loss(Batch(x)).value) / 2**20)  # type: ignore[misc]
        sides = {way: _engine_step(glow, "float32", x) for way, glow in models.items()}
        seconds = alternated(sides, 8, 1)
        of_depth = [b / a for a, b in zip(seconds["store"], seconds["recompute"], strict=True)]
        ratios.append(statistics.median(of_depth))
        yield Result(
            f"recompute against store, K {depth}: time of a training step",
            ratios[-1],
            "×",
            1.5,
            spread=(min(of_depth), max(of_depth)),
            note=f"held for the gradient: {held['store'][-1]:.1f} MiB stored, {held['recompute'][-1]:.1f} recomputed",
        )
    yield Result(
        f"recompute: memory at K {DEPTHS[-1]} over that at K {DEPTHS[0]}",
        held["recompute"][-1] / held["recompute"][0],
        "×",
        1.1,
        note=f"stored: {held['store'][-1] / held['store'][0]:.1f} ×; bytes that autograd holds, L 3, width {WIDTH}, "
        f"batch {BATCH}, 32×32",
    )
    if plot:
        draw(Path(plot), held, ratios)


def kept(module: nn.Module, run: Callable[[], Tensor]) -> int:
    """Bytes that the graph of ``run()`` holds on to for its gradient: each storage once, parameters left out."""
    own = {p.untyped_storage().data_ptr() for p in module.parameters()}
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        held = run()
    assert held.requires_grad  # and so the graph, and all that was noted, is still there
    return sum(sizes.values())


def draw(at: Path, held: dict[str, list[float]], ratios: list[float]) -> None:
    """Memory and time by depth, as a picture of the type that the name ends in."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    memory, seconds = figure.subplots(1, 2)
    for way, values in held.items():
        memory.plot(DEPTHS, values, marker="o", label=way)
    memory.set(xlabel="flow steps at each level, K", ylabel="held for the gradient, MiB", xscale="log", ylim=(0, None))
    memory.legend()
    seconds.plot(DEPTHS, ratios, marker="o", color="C1")
    seconds.axhline(4 / 3, linestyle=":", color="grey")
    seconds.set(
        xlabel="flow steps at each level, K", ylabel="time, recompute over store", xscale="log", ylim=(0.9, 1.8)
    )
    for axes in (memory, seconds):
        axes.set_xticks(DEPTHS, [str(d) for d in DEPTHS])
        axes.minorticks_off()
    figure.savefig(at, dpi=150)


# --- what they share


def build(values: dict[str, Value]) -> Glow:
    torch.manual_seed(0)
    known = {name: value for name, value in values.items() if name in GlowRecipe.__dataclass_fields__}
    return Glow(make(GlowRecipe, known), COLOUR)


@torch.no_grad()
def settled(values: dict[str, Value]) -> Glow:
    """Past its first batch and away from where it begins, in evaluation, laid out as the engine does."""
    glow = build(values)
    glow.loss(Batch(pictures(8)))
    for parameter in glow.parameters():
        parameter.add_(0.003 * torch.randn_like(parameter))
    return glow.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def alternated(sides: dict[str, Callable[[], Any]], blocks: int, steps: int) -> dict[str, list[float]]:
    """Seconds per step of each block but the first."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for block in range(blocks):
        for name, step in sides.items():
            before = time.perf_counter()
            for _ in range(steps):
                step()
            if block:
                seconds[name].append((time.perf_counter() - before) / steps)
    return seconds


def pictures(count: int) -> Tensor:
    """Discs on grounds of another colour, with noise, in −1..1, B×3×32×32."""
    generator = torch.Generator().manual_seed(count)
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    centre = 8 + 16 * torch.rand(count, 2, 1, 1, generator=generator)
    radius = 3 + 7 * torch.rand(count, 1, 1, generator=generator)
    inside = (torch.hypot(y - centre[:, 0], x - centre[:, 1]) < radius)[:, None]
    ground, disc = torch.randint(20, 235, (2, count, 3, 1, 1), generator=generator)
    noise = torch.randint(-8, 9, (count, 3, 32, 32), generator=generator)
    return (torch.where(inside, disc, ground) + noise).clamp(0, 255) / 127.5 - 1


def _words(values: dict[str, Value]) -> str:
    return f"L {values['levels']}, K {values['depth']}, width {values['width']}"
