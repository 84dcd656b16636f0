"""Sprites edited along directions of a flow's latent space, and what became of their factors, read off the pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.data.sprites import SHAPES
from studio.experiments.core import drawing
from studio.experiments.core.experiment import Evidence, Picture

if TYPE_CHECKING:
    from studio.data.dataset import Dataset

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Factors = Mapping[str, Numbers]
"""Of N sprites, each N: "colour" hue 0..1; "size", "x", "y" in pixels; "tilt" −1..1, NaN of all but ellipses; "shape"
its number."""

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
HEART, ELLIPSE = SHAPES.index("heart"), SHAPES.index("ellipse")


@dataclass(frozen=True)
class Attribute:
    """Something to change of a sprite.

    Attributes:
        title: what more of it means.
        much: how much of it factors show, N; rises along the direction.
        has, lacks: from which value on examples have it, and up to which they lack it.
        clear: a change of less than this counts as none; several times what reading a factor of 8 bits may be off.
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
