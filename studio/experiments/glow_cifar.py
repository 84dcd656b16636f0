"""Glow's bits per dimension on CIFAR-10. Kingma & Dhariwal 2018, arXiv:1807.03039, table 2."""

from __future__ import annotations

from collections.abc import Sequence

from studio.experiments.core import bits
from studio.experiments.core.experiment import Evidence, Experiment, Findings, Planned, Preset, PresetName
from studio.models.core.recipe import Value

SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {
        "levels": 3,
        "depth": 4,
        "width": 64,
        "batch": 16,
        "steps": 1000,
        "rate": 3e-3,
        "warm_up": 100,
        "average": 0.99,
    },
    "full": {"levels": 3, "depth": 32, "width": 512, "batch": 64, "steps": 300_000, "warm_up": 7800, "average": 0.9999},
}
TESTED: dict[PresetName, int] = {"short": 400, "full": 10_000}
REPORTED, REACHED = "3.35 (RealNVP 3.49)", 3.49
HEADLINE = bits.HEADLINE


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(f"{seed}", "glow", "cifar10", {**SIZES[preset], "seed": seed}, f"Glow on CIFAR-10, seed {seed}")
        for seed in seeds
    )


def conclude(evidence: Evidence) -> Findings:
    return bits.conclude(
        evidence,
        reported=REPORTED,
        reached=REACHED,
        tested=TESTED[evidence.preset],
        source="the papers' after training on 50,000 images",
    )


experiment = Experiment(
    name="glow_cifar",
    title="Glow on CIFAR-10, in bits per dimension",
    authors="Kingma, Dhariwal",
    year=2018,
    paper="Glow: Generative Flow with Invertible 1×1 Convolutions",
    arxiv="1807.03039",
    where="section 5 and table 2",
    claim="On 8-bit CIFAR-10 Glow reaches 3.35 bits per dimension on the test images, RealNVP 3.49.",
    about=(
        "Any dataset of ten classes of 32×32 in colour stands in for CIFAR-10, a part of it too: what was trained on "
        "is told by the figures. A few thousand images are soon known by heart, so the training images' bits per "
        "dimension stand beside those of the held-out ones. Adamax, as the authors' code has it; the running average "
        "of the weights is scored, as there."
    ),
    datasets=("cifar10",),
    short=Preset(
        "short",
        "one run of 1,000 steps of 16 images, 3 levels of 4 steps, 64 channels",
        2.0,
        "That a small Glow is far below 8 bits, and below pixels by themselves, within minutes. Nothing of the claim.",
    ),
    full=Preset(
        "full",
        "one run of 300,000 steps of 64 images (384 epochs of all 50,000), the paper's networks",
        60_000.0,
        "The paper's figure, nearly: its batches were 512. For a GPU, a day or two. A few thousand images would be "
        "learned by heart.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    better="less",
)
