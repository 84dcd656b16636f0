"""Learning with constraints on 8×8 digits: asked for as it stands, or learned. Hu et al. 2018, arXiv:1806.09764.

The wish is brighter digits than there are, f = −½ (b − 0.4)²/0.05² with b the mean grey. A game (WGAN-GP) descends
−α λ E_p f through its samples; a flow (NICE) descends −α E_q* log p of its samples with their weights, q* ∝ p exp(λ f).
Learned, f_φ = φ₁ u + φ₂ ½u² of the same u = (b − 0.4)/0.05: it has to come to rest where data and samples agree in both
moments, whatever was asked for. And a wish for a class, with a classifier that the run teaches itself, held against one
that had no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.experiments.core import drawing
from studio.experiments.core.experiment import (
    Evidence,
    Experiment,
    Figure,
    Findings,
    Outcome,
    Picture,
    Planned,
    Preset,
    PresetName,
    Ran,
    Table,
)
from studio.models.core.recipe import Value

if TYPE_CHECKING:
    from studio.data.dataset import Dataset

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
WISH, TOLERANCE = 0.4, 0.05
CLASS = "3"
KINDS = ("none", "fixed", "learned")
NAMED = {"none": "base", "fixed": "fixed", "learned": "learned"}
ARTICLE = {"none": "no", "fixed": "a fixed", "learned": "a learned"}
SYSTEMS = {"wgan_gp": "WGAN-GP", "nice": "NICE"}
SIZES: dict[PresetName, dict[str, dict[str, Value]]] = {
    "short": {
        "wgan_gp": {"width": 16, "generator_rate": 1e-3, "critic_rate": 1e-3, "steps": 600, "average": 0.99},
        "nice": {"width": 128, "layers": 3, "steps": 1000, "average": 0.99},
    },
    "full": {
        "wgan_gp": {"width": 32, "generator_rate": 5e-4, "critic_rate": 5e-4, "steps": 8000},
        "nice": {"width": 128, "layers": 3, "steps": 4000},
    },
}
LESSONS = 150
DRAWN = 2000
"""Samples of each run."""
LARGER = 3
"""Times that pixels are repeated in pictures of samples, beyond what sheets do."""
HEADLINE = "way from the base's brightness to the wish that a fixed constraint goes, WGAN-GP"


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    found = []
    for seed in seeds:
        for system, size in SIZES[preset].items():
            for kind in KINDS:
                asked: dict[str, Value] = {"asked": f"brightness {WISH}", "constraint_rate": 1e-2}
                found.append(
                    Planned(
                        f"{system}/{kind}/{seed}", system, "digits",
                        {**size, "constraint": kind, "seed": seed} | ({} if kind == "none" else asked),
                        f"{SYSTEMS[system]}, {ARTICLE[kind]} constraint on brightness, seed {seed}",
                    )
                )  # fmt: skip
        values: dict[str, Value] = {"constraint": "fixed", "asked": f"class {CLASS}", "lessons": LESSONS, "seed": seed}
        title = f"WGAN-GP, asked for the class {CLASS}, seed {seed}"
        found.append(Planned(f"class/{seed}", "wgan_gp", "digits", SIZES[preset]["wgan_gp"] | values, title))
    return tuple(found)


# --- what came of it


@dataclass(frozen=True)
class Seen:
    """One run: samples in −1..1, their brightness, sliced W1 to the held-out digits; of a flow, held-out bits/dim."""

    ran: Ran
    made: Floats
    brightness: Numbers
    distance: float
    bits: float | None

    @property
    def off(self) -> float:
        """How far from the wish the mean is."""
        return abs(float(self.brightness.mean()) - WISH)


def brightness(x: npt.NDArray[Any]) -> Numbers:
    """Mean grey of images N×C×H×W in −1..1: N, 0..1."""
    return np.asarray((x.reshape(len(x), -1).mean(1, dtype=np.float64) + 1) / 2)


def score(b: Numbers) -> Numbers:
    """f in nats."""
    return np.asarray(-((b - WISH) ** 2) / (2 * TOLERANCE**2))


def way(base: float, moved: float) -> float:
    """How much of the way from the base's mean to the wish a mean has gone, %; beyond 100 it went past it."""
    return 100 * (moved - base) / (WISH - base)


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, over, scaled
    from studio.models.core import posterior

    data = data_of(evidence.runs[0].run)
    held = scaled(data, np.sort(data.held_out))
    real = brightness(scaled(data, data.train))
    seen = {ran.planned.key: _seen(ran, data, held, evidence) for ran in evidence.runs}
    which = over(evidence.seeds)

    def of(system: str, kind: str) -> list[Seen]:
        return [seen[f"{system}/{kind}/{seed}"] for seed in evidence.seeds]

    def means(system: str, kind: str) -> list[float]:
        return [float(s.brightness.mean()) for s in of(system, kind)]

    ways = {
        system: Several.of([way(b, f) for b, f in zip(means(system, "none"), means(system, "fixed"), strict=True)])
        for system in SYSTEMS
    }
    tilted = {
        system: [(posterior.weights(score(s.brightness), 1.0), s) for s in of(system, "none")] for system in SYSTEMS
    }
    rest = {system: Several.of([abs(m - real.mean()) for m in means(system, "learned")]) for system in SYSTEMS}
    apart = {
        system: Several.of(
            [
                100 * (a.distance / b.distance - 1)
                for a, b in zip(of(system, "learned"), of(system, "none"), strict=True)
            ]
        )
        for system in SYSTEMS
    }
    read = [_classes(seen[f"class/{seed}"], data) for seed in evidence.seeds]
    own, other = (Several.of(part) for part in zip(*read, strict=True))
    how = f"mean grey of {DRAWN:,} samples; data {real.mean():.3f}, wish {WISH}; {which}"
    figures = [
        Figure(
            HEADLINE, ways["wgan_gp"].middle, ways["wgan_gp"].reach, "%",
            how=f"{how}; the gradient flows through the samples",
        ),
        Figure(
            "the same of NICE", ways["nice"].middle, ways["nice"].reach, "%",
            how=f"{how}; by the likelihood of weighted samples, which with α = 1 have as much say as the data: "
            "at its best p is half data, half q*",
        ),
    ]  # fmt: skip
    for system, title in SYSTEMS.items():
        went = Several.of([way(float(s.brightness.mean()), float(w @ s.brightness)) for w, s in tilted[system]])
        size = np.mean([posterior.effective_sample_size(w) for w, _ in tilted[system]])
        figures.append(
            Figure(
                f"the same of {title}'s q*, from weighted samples of the base", went.middle, went.reach, "%",
                how=f"λ = 1; {size:,.0f} effective of {DRAWN:,} samples; {which}",
            )
        )  # fmt: skip
    for system, title in SYSTEMS.items():
        figures += [
            Figure(
                f"mean brightness away from the data's, learned constraint, {title}", rest[system].middle,
                rest[system].reach, "of 0..1", "0, where learning rests", f"{how}",
            ),
            Figure(
                f"sliced W1 to held-out digits, learned against base, {title}", apart[system].middle,
                apart[system].reach, "%", how=f"{len(held)} held-out, more is worse; {which}",
            ),
        ]  # fmt: skip
    figures += [
        Figure(
            f"asked for the class {CLASS}: samples that are one, as the run's own classifier has it", own.middle,
            own.reach, "%", how=f"mean of p({CLASS} | x), {DRAWN:,} samples; taught for {LESSONS} batches",
        ),
        Figure(
            "the same samples as a classifier reads them that had no part in it", other.middle, other.reach, "%",
            how=f"share read as {CLASS}; {100 * float(np.mean(np.asarray(data.labels) == int(CLASS))):.0f} % of data",
        ),
    ]  # fmt: skip
    outcome = judged([w.middle for w in ways.values()], [r.middle for r in rest.values()],
                     [a.middle for a in apart.values()])  # fmt: skip
    verdict = (
        f"A fixed wish moves WGAN-GP {ways['wgan_gp'].middle:.0f} % of the way and NICE {ways['nice'].middle:.0f} %; "
        f"learned, the same statistics leave the brightness {rest['wgan_gp'].middle:.3f} and {rest['nice'].middle:.3f} "
        f"from the data's. Asked for a {CLASS}, the game satisfies the classifier that asks ({own.middle:.0f} %) more "
        f"than another one ({other.middle:.0f} %)."
    )
    rows = tuple(_row(s) for s in seen.values())
    columns = ("run", "mean brightness", "± deviation", "E f, nats", "sliced W1", "held-out bits/dim")
    first = {kind: {system: of(system, kind)[0] for system in SYSTEMS} for kind in KINDS}
    pictures = _draw(first, real, seen[f"class/{evidence.seeds[0]}"], data, evidence)
    return Findings(tuple(figures), outcome, verdict, pictures, Table(columns, rows))


def judged(ways: Sequence[float], rest: Sequence[float], apart: Sequence[float]) -> Outcome:
    """Whether a fixed constraint moves every system to what is asked for, by a quarter of the way at least, and a
    learned one leaves each where the data are (0.01 of the grey scale), no more than a tenth worse than without."""
    moves = all(w >= 25 for w in ways)
    rests = all(r <= 0.01 for r in rest) and all(a <= 10 for a in apart)
    return "shown" if moves and rests else "partly" if moves or rests else "not shown"


def _seen(ran: Ran, data: Dataset, held: Floats, evidence: Evidence) -> Seen:
    from studio.experiments.core.looking import model_of, samples
    from studio.metrics.likelihood import examples, log_likelihoods
    from studio.metrics.sliced import shift_factor, sliced_wasserstein
    from studio.models.core.likelihood import bits_per_dim

    model = model_of(ran.run)
    made = samples(model, DRAWN, evidence.watch)
    flat = made.reshape(len(made), -1)
    there = held.reshape(len(held), -1)
    distance = sliced_wasserstein(flat[: len(there)], there) / shift_factor(flat.shape[1])
    bits = None
    if ran.planned.model == "nice":
        nats = log_likelihoods(model, examples(data, np.sort(data.held_out)), watch=evidence.watch)[:, 0]
        bits = float(bits_per_dim(nats.mean(), flat.shape[1]))
    return Seen(ran, made, brightness(made), float(distance), bits)


def _classes(seen: Seen, data: Dataset) -> tuple[float, float]:
    """How many samples are of the class that was asked for: as the run's own classifier has it, and another; %."""
    import torch

    from studio.experiments.core.looking import model_of
    from studio.metrics.classifier import classifier
    from studio.models.core.model import Batch

    own = model_of(seen.ran.run).constraint
    with torch.inference_mode():
        sure = own.score(Batch(torch.from_numpy(seen.made))).exp().mean()
    read = classifier(data).classify(torch.from_numpy(seen.made))
    return 100 * float(sure), 100 * float((read == data.spec.classes.index(CLASS)).mean())


def _row(seen: Seen) -> tuple[str, ...]:
    b = seen.brightness
    bits = "–" if seen.bits is None else f"{seen.bits:.3f}"
    deviation, mean = f"{b.std():.3f}", f"{b.mean():.3f}"
    return seen.ran.planned.title, mean, deviation, f"{score(b).mean():.2f}", f"{seen.distance:.3f}", bits


def _draw(
    first: dict[str, dict[str, Seen]], real: Numbers, classes: Seen, data: Dataset, evidence: Evidence
) -> tuple[Picture, ...]:
    figure, places = drawing.figure(len(SYSTEMS), width=4.2, height=2.8)
    edges: list[float] = np.linspace(0.15, 0.55, 60).tolist()
    for place, (system, title) in zip(places, SYSTEMS.items(), strict=True):
        place.hist(real, edges, density=True, color="0.85", label="data")
        for kind, colour in zip(KINDS, drawing.COLOURS, strict=False):
            b = first[kind][system].brightness
            place.hist(b, edges, density=True, histtype="step", lw=1.4, color=colour, label=NAMED[kind])
        place.axvline(WISH, color="0.3", lw=0.8, ls=":")
        drawing.dressed(place, title, "mean brightness, 0..1", "density")
    title = f"Brightness of samples without a constraint, with a fixed one that asks for {WISH}, and with a learned one"
    told = drawing.save(figure, evidence.folder, "brightness", title)
    rows = [first[kind][system].made[:16] for system in SYSTEMS for kind in KINDS] + [classes.made[:16]]
    title = f"Samples: WGAN-GP base, fixed, learned; NICE base, fixed, learned; WGAN-GP asked for the class {CLASS}"
    larger = np.concatenate(rows).repeat(LARGER, 2).repeat(LARGER, 3)
    spec = replace(data.spec, shape=larger.shape[1:])
    sheet = drawing.save_sheet(larger, spec, evidence.folder, "samples", title, 16)
    return told, sheet


experiment = Experiment(
    name="constraints_digits",
    title="A constraint on any model that samples: asked for, or learned",
    authors="Hu, Yang, Salakhutdinov, Liang, Qin, Dong, Xing",
    year=2018,
    paper="Deep Generative Models with Learnable Knowledge Constraints",
    arxiv="1806.09764",
    where="sections 3.1 and 3.2; the mechanism, on data of our own",
    claim=(
        "Posterior regularisation can be put on any deep generative model, explicit or implicit, and the constraint "
        "can be learned with it by the very same objective. (The paper's figures are of posed people and of sentences; "
        "PG² has those people's constraint.)"
    ),
    about=(
        f"Digits of 8×8 px are asked to have a mean brightness of {WISH}, where the data have 0.3: by a game through "
        "its samples, by a flow through the likelihood of its weighted samples, without a constraint, with a fixed one "
        "and with a learned one, which must find back to the data. Beside it what the weights of q* promise from "
        "samples of the base, and a wish for a class, read by a classifier that had no part in it."
    ),
    datasets=("digits",),
    short=Preset(
        "short", "four runs of a WGAN-GP of 600 steps, three of a NICE of 1,000, batch 64", 5.0, "All of it, one seed."
    ),
    full=Preset("full", "seven runs for each of three seeds, 4,000 to 8,000 steps of 64", 60.0, "Over seeds."),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
    full_seeds=3,
)
