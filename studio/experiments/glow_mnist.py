"""Glow's bits per dimension on MNIST. Kingma & Dhariwal 2018, arXiv:1807.03039; the figures as reprinted by
Grathwohl et al. 2019, arXiv:1810.01367."""

from __future__ import annotations

from collections.abc import Sequence

from studio.experiments.core import bits
from studio.experiments.core.experiment import Evidence, Experiment, Findings, Planned, Preset, PresetName
from studio.models.core.recipe import Value

SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {
        "levels": 2,
        "depth": 4,
        "width": 64,
        "batch": 32,
        "steps": 1000,
        "rate": 5e-3,
        "warm_up": 100,
        "average": 0.99,
    },
    "full": {"levels": 2, "depth": 32, "width": 256, "batch": 128, "steps": 100_000, "warm_up": 4700, "average": 0.999},
}
"""28 pixels are halved twice, so there are two levels."""
TESTED: dict[PresetName, int] = {"short": 1000, "full": 10_000}
REPORTED, REACHED = "1.05 (RealNVP 1.06)", 1.10
HEADLINE = bits.HEADLINE


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(f"{seed}", "glow", "mnist", {**SIZES[preset], "seed": seed}, f"Glow on MNIST, seed {seed}")
        for seed in seeds
    )


def conclude(evidence: Evidence) -> Findings:
    return bits.conclude(
        evidence,
        reported=REPORTED,
        reached=REACHED,
        tested=TESTED[evidence.preset],
        source="the papers' as reprinted, of the test images",
    )


experiment = Experiment(
    name="glow_mnist",
    title="Glow on MNIST, in bits per dimension",
    authors="Kingma, Dhariwal; Grathwohl, Chen, Bettencourt, Sutskever, Duvenaud",
    year=2018,
    paper="Glow: Generative Flow with Invertible 1×1 Convolutions; figure in FFJORD",
    arxiv="1807.03039",
    where="the model; the figures for MNIST as reprinted in arXiv:1810.01367",
    claim=(
        "On 8-bit MNIST Glow reaches 1.05 bits per dimension, RealNVP 1.06, as reprinted. (Glow's own paper has no "
        "MNIST.)"
    ),
    about=(
        "Bits per dimension of held-out images with one draw of the dequantisation noise, as papers do: an upper bound "
        "on the cost of the grey levels. Beside it what pixels cost when each is coded by itself, what was spent, and "
        "whether images come back from their latents bit for bit. Small networks in the short preset."
    ),
    datasets=("mnist",),
    short=Preset(
        "short",
        "one run of 1,000 steps of 32 images (half an epoch), 2 levels of 4 steps, 64 channels",
        2.0,
        "How quickly it falls. Half an epoch does not beat pixels by themselves.",
    ),
    full=Preset(
        "full",
        "one run of 100,000 steps of 128 images (213 epochs), 2 levels of 32 steps, 256 channels",
        6000.0,
        "The papers' figure, nearly. For a GPU.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    better="less",
)
