"""Attributes of sprites changed along directions of Glow's latent space, and measured. Kingma & Dhariwal 2018,
arXiv:1807.03039, section 6 and figure 6.

The paper shows faces and leaves it to the eye whether they smile. Here the true factors are known: those of the
examples that a direction is made of, and those of an edited picture, which are read off its pixels with an error of
about a hundredth of a pixel (:mod:`studio.metrics.sprites`). So one can say how often an edit does what was asked for,
how far it goes, and what else it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.data.sprites import SHAPES
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
    Table,
)
from studio.models.core.recipe import Value

if TYPE_CHECKING:
    from studio.data.dataset import Dataset

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
Which = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Factors = Mapping[str, Numbers]
"""Of N sprites, each N: "colour" hue 0..1; "size", "x", "y" in pixels; "tilt" −1..1, NaN of all but ellipses; "shape"
its number."""

SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {
        "bits": 3,
        "coupling": "additive",
        "levels": 3,
        "depth": 6,
        "width": 48,
        "batch": 16,
        "steps": 2000,
        "rate": 5e-3,
        "warm_up": 100,
        "average": 0.99,
    },
    "full": {
        "bits": 5,
        "coupling": "additive",
        "levels": 3,
        "depth": 16,
        "width": 256,
        "batch": 64,
        "steps": 60_000,
        "warm_up": 2000,
        "average": 0.999,
    },
}
"""Few bits and no scales. After minutes, an affine flow of all 8 bits broke 86 % of the sprites that were moved by a
whole direction, an additive one of 3 bits 7 %."""
EDITED: dict[PresetName, int] = {"short": 200, "full": 1000}
"""Held-out sprites that are edited."""
EXAMPLES = 600
"""Training examples that have an attribute, and as many that lack it, at most."""
AMOUNTS = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Of a direction, whose whole length is the way from the examples without to those with."""
ASKED, FAR = 0.5, 1.0
"""Sprites are drawn from the middle between the two: half of a direction takes a mean one to those with, or to those
without. So that is what edits are judged by; the whole of it is shown beside."""
BROKEN = 1.0
"""Edge from which on a picture shows no sprite any more; that of true ones is 0.2, of half a ghost beside it 0.5."""
SHOWN = 4
"""Sprites of the picture."""
HEADLINE = "edits that change what was asked for, the wanted way; mean of the attributes"
HEART, ELLIPSE = SHAPES.index("heart"), SHAPES.index("ellipse")


@dataclass(frozen=True)
class Attribute:
    """Something to change of a sprite.

    Attributes:
        title: what more of it means.
        much: how much of it factors show, N; rises along the direction.
        has, lacks: from which value on examples have it, and up to which they lack it.
        clear: a change of less than this counts as none; several times what reading a factor may be off.
    """

    title: str
    much: Callable[[Factors], Numbers]
    has: float
    lacks: float
    clear: float


ATTRIBUTES: dict[str, Attribute] = {
    "colour": Attribute(
        "blue rather than orange", lambda f: np.cos(2 * np.pi * (f["colour"] - 0.6)), 0.5, -0.5, 0.05
    ),
    "size": Attribute("larger", lambda f: f["size"], 5 + 10 / 3, 5 + 5 / 3, 0.1),
    "x": Attribute("further right", lambda f: f["x"], 18, 14, 0.2),
    "y": Attribute("further down", lambda f: f["y"], 18, 14, 0.2),
    "tilt": Attribute("an ellipse that rises to the right", lambda f: f["tilt"], 0.5, -0.5, 0.05),
    "shape": Attribute("a heart", lambda f: np.where(np.isnan(f["shape"]), np.nan, f["shape"] == HEART), 1, 0, 0.5),
}  # fmt: skip
"""By the factor that is changed. The thirds of size and place; of hue, which is a place on a circle, and of the turn of
ellipses, of which half a turn changes nothing, the places a sixth of the way round from the best."""


@dataclass(frozen=True)
class Edited:
    """What edits along one direction did.

    Attributes:
        right: share of the edits by ±½ that changed the factor clearly and to the wanted side.
        r: correlation of the amount, −1..1, with the change, over all edits.
        way: mean change by ±½, in the wanted direction, over half the difference of the examples with and without.
        changes: mean size of the change of each factor over the edits by ±½; of the shape the share that is another.
        broken: share of these edits that leave no sprite; they are never right, and count for nothing else.
        far: as ``right``, of the edits by ±1. far_broken: as ``broken``, of those.
        separation: share of other held-out examples on the right side of the direction's middle.
    """

    right: float
    r: float
    way: float
    changes: Mapping[str, float]
    broken: float
    far: float
    far_broken: float
    separation: float


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(f"{seed}", "glow", "sprites", {**SIZES[preset], "seed": seed}, f"Glow on sprites, seed {seed}")
        for seed in seeds
    )


# --- factors, true and as read


def true_factors(data: Dataset, indices: Indices) -> dict[str, Numbers]:
    own = {name: values[indices] for name, values in data.factors.items()}
    tilt = np.where(own["shape"] == ELLIPSE, np.sin(2 * own["rotation"]), np.nan)
    return {name: own[name] for name in ("colour", "size", "x", "y", "shape")} | {"tilt": tilt}


def seen_factors(images: npt.NDArray[np.uint8], shape: Indices) -> tuple[dict[str, Numbers], Numbers]:
    """Read off pictures whose sprites were of these shapes before they were edited, NaN where no sprite is left; and
    their edge."""
    from studio.metrics.sprites import read

    seen = read(images)
    tilt = np.where(shape == ELLIPSE, seen.tilt, np.nan)
    plain = {"colour": seen.colour, "size": seen.size(shape), "x": seen.x, "y": seen.y, "tilt": tilt}
    whole = np.nan_to_num(seen.edge, nan=np.inf) < BROKEN
    plain["shape"] = seen.shape.astype(np.float64)
    return {name: np.where(whole, values, np.nan) for name, values in plain.items()}, seen.edge


def changed(after: Factors, before: Factors) -> dict[str, Numbers]:
    """By how much each factor differs; a hue the shorter way round; of the shape 1 where it is another."""
    from studio.metrics.sprites import around

    found = {name: after[name] - before[name] for name in before}
    found["colour"] = around(found["colour"])
    found["shape"] = np.where(np.isnan(found["shape"]), np.nan, found["shape"] != 0)
    return found


# --- editing


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, data_of, model_of, over
    from studio.metrics.sprites import own_error

    data = data_of(evidence.runs[0].run)
    found: dict[str, list[Edited]] = {name: [] for name in ATTRIBUTES}
    pictures: list[Picture] = []
    bits: list[float] = []
    for ran in evidence.runs:
        editor = Editor(model_of(ran.run), data, EDITED[evidence.preset], evidence)
        bits.append(editor.bits())
        vectors = {}
        for name in ATTRIBUTES:
            vectors[name], separation = editor.direction(name)
            found[name].append(editor.edited(name, vectors[name], separation))
        pictures.append(editor.sheet(vectors, ran.planned.key))
    middle = {name: Several.of([100 * one.right for one in ones]) for name, ones in found.items()}
    runs = range(len(evidence.runs))
    overall = Several.of([100 * float(np.mean([ones[i].right for ones in found.values()])) for i in runs])
    likely, error = Several.of(bits), own_error(kept=editor.kept)
    many = f"{EDITED[evidence.preset]:,} held-out sprites, each by −½ and by ½ of the direction, {over(evidence.seeds)}"
    figures = (
        Figure(HEADLINE, overall.middle, overall.reach, "%", how=f"{many}; read off the pixels"),
        *(
            Figure(
                f"edits towards {ATTRIBUTES[name].title} that go there", value.middle, value.reach, "%",
                how=f"{many}; correlation with the amount {_middle(found[name], 'r'):+.2f}, "
                f"{100 * _middle(found[name], 'way'):.0f} % of the way",
            )
            for name, value in middle.items()
        ),
        Figure("bits per dimension of held-out sprites", likely.middle, likely.reach, "bits/dim"),
        Figure(
            "error of reading the place of a true sprite of as many bits", max(error["x"], error["y"]), unit="px",
            how=f"root mean square; of the size {error['size']:.3f} px, of the hue {error['colour']:.4f} of a turn; "
            f"{100 * error['shape']:.1f} % of the shapes are read wrongly",
        ),
    )  # fmt: skip
    good = [name for name in ATTRIBUTES if middle[name].middle >= 90]
    broken, far, far_broken = (
        float(np.mean([getattr(one, what) for ones in found.values() for one in ones]))
        for what in ("broken", "far", "far_broken")
    )
    verdict = (
        f"{overall.middle:.0f} % of the edits do what was asked for"
        + (f", 90 % or more of those of {_listed(good)}" if good else "")
        + f"; {100 * broken:.0f} % leave no sprite behind. By the whole direction, {100 * far:.0f} % do, and "
        f"{100 * far_broken:.0f} % leave none."
    )
    columns = (
        "towards", "right, %", "r", "of the way, %", "hue, turns", "size, px", "x, px", "y, px", "tilt", "shape, %",
        "broken, %", "by ±1 right, %", "by ±1 broken, %", "separates, %",
    )  # fmt: skip
    rows = tuple(
        _row(name, one, f", seed {seed}" if len(evidence.seeds) > 1 else "")
        for name, ones in found.items()
        for seed, one in zip(evidence.seeds, ones, strict=True)
    )
    shares = [value.middle / 100 for value in middle.values()]
    return Findings(figures, judged(shares), verdict, tuple(pictures), Table(columns, rows))


def judged(shares: Sequence[float]) -> Outcome:
    """Whether nearly every edit of every attribute does what is asked for, or at least of one."""
    return "shown" if min(shares) >= 0.9 else "partly" if max(shares) >= 0.9 else "not shown"


class Editor:
    """Held-out sprites as latents of one model, and what becomes of them along directions."""

    def __init__(self, model: Any, data: Dataset, count: int, evidence: Evidence) -> None:
        self.model, self.data, self.evidence = model, data, evidence
        self.some = np.sort(np.random.default_rng(1).permutation(data.held_out)[:count])
        self.shape = data.factors["shape"][self.some].astype(np.int64)
        self.z = self.latents(self.some)

    def latents(self, indices: Indices) -> Floats:
        from studio.explore.flows import inverses
        from studio.metrics.likelihood import examples

        return inverses(self.model, examples(self.data, indices), watch=self.evidence.watch).z

    def bits(self) -> float:
        """Bits/dim of these sprites, one draw of the dequantisation noise."""
        from studio.metrics.likelihood import bits, examples, log_likelihoods

        x = examples(self.data, self.some)
        return float(bits(log_likelihoods(self.model, x, watch=self.evidence.watch)[:, 0], x.shape[1:]).mean())

    def direction(self, name: str) -> tuple[Floats, float]:
        """Of an attribute, from training examples; and how well it separates held-out ones."""
        from studio.explore.flows import direction, separation

        random, sets = np.random.default_rng(0), []
        for indices, most in ((self.data.train, EXAMPLES), (self.data.held_out, EXAMPLES // 3)):
            much = ATTRIBUTES[name].much(true_factors(self.data, indices))
            for chosen in (much >= ATTRIBUTES[name].has, much <= ATTRIBUTES[name].lacks):
                sets.append(self.latents(np.sort(random.permutation(indices[chosen])[:most])))
        having, lacking, others, others_without = sets
        vector = direction(self.model.prior, having, lacking)
        return vector, separation(vector, having, lacking, (others, others_without))

    def edited(self, name: str, vector: Floats, separation: float) -> Edited:
        attribute = ATTRIBUTES[name]
        chosen = np.isfinite(attribute.much(true_factors(self.data, self.some)))  # tilt: ellipses alone
        z, shape = self.z[chosen], self.shape[chosen]
        read = {a: seen_factors(self.pictures(z + np.float32(a) * vector), shape) for a in AMOUNTS}
        before = read[0.0][0]
        away = {a: attribute.much(factors) - attribute.much(before) for a, (factors, _) in read.items()}
        others = [changed(read[a][0], before) for a in (-ASKED, ASKED)]
        near, far = (_towards(name, away, shape, amount) for amount in (ASKED, FAR))
        return Edited(
            float((near > attribute.clear).mean()),  # a picture in which nothing is left is no success: NaN
            _correlation(away),
            _mean(near) / (ASKED * self._difference(attribute)),
            {factor: _mean(np.abs(np.concatenate([o[factor] for o in others]))) for factor in before},
            _gone(read, ASKED),
            float((far > attribute.clear).mean()),
            _gone(read, FAR),
            separation,
        )

    def _difference(self, attribute: Attribute) -> float:
        """Of the mean factor of training examples with and without."""
        much = attribute.much(true_factors(self.data, self.data.train))
        return float(much[much >= attribute.has].mean() - much[much <= attribute.lacks].mean())

    def kept(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """What the model keeps of pictures: as many bits as it has."""
        import torch

        x = self.model.grey.kept(torch.from_numpy(images.astype(np.float32) / np.float32(127.5) - 1))
        return np.asarray(np.rint((x.numpy() + 1) * 127.5), np.uint8)

    def pictures(self, z: Floats) -> npt.NDArray[np.uint8]:
        """As a person would save them; what is no number is black."""
        from studio.experiments.core.looking import through

        made = np.nan_to_num(through(self.model.decode, z, self.evidence.watch, "editing"), nan=-1.0)
        return np.asarray(np.clip(np.rint((made + 1) * 127.5), 0, 255), np.uint8)

    def sheet(self, vectors: Mapping[str, Floats], seed: str) -> Picture:
        """A row of amounts for each attribute and sprite, the middle one the sprite itself."""
        rows = []
        for name, vector in vectors.items():
            fitting = np.flatnonzero(self.shape == ELLIPSE) if name == "tilt" else np.arange(len(self.z))
            rows += [self.z[one] + np.float32(a) * vector for one in fitting[:SHOWN] for a in AMOUNTS]
        made = self.pictures(np.stack(rows)).astype(np.float32) / np.float32(127.5) - 1
        title = f"{SHOWN} sprites a row, each by −1 to 1 towards: {', '.join(ATTRIBUTES[n].title for n in vectors)}"
        return drawing.save_sheet(
            made, self.data.spec, self.evidence.folder, f"edits-{seed}", title, SHOWN * len(AMOUNTS)
        )


def _towards(name: str, away: Mapping[float, Numbers], shape: Indices, amount: float) -> Numbers:
    """Changes by ± so much, in the wanted direction."""
    up, down = away[amount], -away[-amount]
    if name == "shape":  # a heart cannot become more of one, nor something else less
        up, down = up[shape != HEART], down[shape == HEART]
    return np.concatenate([up, down])


def _gone(read: Mapping[float, tuple[Factors, Numbers]], amount: float) -> float:
    """Share of the edits by ± so much that leave no sprite."""
    return float(np.isnan(np.concatenate([read[a][0]["size"] for a in (-amount, amount)])).mean())


def _mean(values: Numbers) -> float:
    """Of those that are numbers; 0 where none is."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else 0.0


def _correlation(away: Mapping[float, Numbers]) -> float:
    amounts = np.concatenate([np.full(len(change), amount) for amount, change in away.items()])
    changes = np.concatenate(list(away.values()))
    there = np.isfinite(changes)
    if there.sum() < 2 or np.ptp(changes[there]) == 0:
        return 0.0
    return float(np.corrcoef(amounts[there], changes[there])[0, 1])


def _middle(ones: Sequence[Edited], what: str) -> float:
    return float(np.median([getattr(one, what) for one in ones]))


def _row(name: str, one: Edited, seed: str) -> tuple[str, ...]:
    told = {n: f"{one.changes[n]:.2f}" for n in ("colour", "size", "x", "y", "tilt")}
    return (
        ATTRIBUTES[name].title + seed, f"{100 * one.right:.1f}", f"{one.r:+.2f}", f"{100 * one.way:.0f}",
        *told.values(), f"{100 * one.changes['shape']:.0f}", f"{100 * one.broken:.0f}",
        f"{100 * one.far:.1f}", f"{100 * one.far_broken:.0f}", f"{100 * one.separation:.1f}",
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


experiment = Experiment(
    name="glow_sprites",
    title="Attributes of sprites changed along Glow's latent space, and measured",
    authors="Kingma, Dhariwal",
    year=2018,
    paper="Glow: Generative Flow with Invertible 1×1 Convolutions",
    arxiv="1807.03039",
    where="section 6 and figure 6",
    claim=(
        "The mean latent of images that have an attribute minus that of those that lack it is a direction along which "
        "real images gain or lose it, the rest unchanged. The paper shows faces; it measures nothing."
    ),
    about=(
        "Sprites, whose factors are known, instead of faces. A direction for hue, size, place, the turn of ellipses "
        "and the shape, from 600 training examples with and 600 without; held-out sprites are inverted, moved by −1 to "
        "1 of it and decoded, and what an edit changed is read off its pixels, wanted or not. 1 is the whole way from "
        "the mean of the examples without to that of those with; judged are edits by half of it, which take the mean "
        "sprite to either. Few bits of each value are kept, and couplings are "
        "additive: edits of a young flow of all 8 bits break."
    ),
    datasets=("sprites",),
    short=Preset(
        "short",
        "one run of 2,000 steps of 16 sprites at 3 bits, 3 levels of 6 additive steps, 48 channels",
        5.0,
        "That sprites become larger and move as they are asked to, not without other changes. Shapes stay what they "
        "are.",
    ),
    full=Preset(
        "full",
        "one run of 60,000 steps of 64 sprites at 5 bits, 3 levels of 16 additive steps, 256 channels",
        3000.0,
        "The claim, for a flow that has been trained for long. For a GPU.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
)
