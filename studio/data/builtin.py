"""Datasets that come with Gen Studio: real digits, sprites with known factors, points in the plane. No network."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from studio.data import figures, sprites, toys
from studio.data.dataset import DataSpec
from studio.data.errors import Unrecognised
from studio.data.fitting import Fitting, Scale
from studio.data.pictures import sheet, to_pictures
from studio.data.potentials import BOX, POTENTIALS
from studio.data.readers.array_images import ArrayImages, Raw
from studio.data.readers.points import Points, Table
from studio.data.reading import THUMBNAILS, Block, Found, Preparation, Source
from studio.data.skeleton import Joints
from studio.data.watch import Watch

FIGURES = "figures"
FOUR_POINTS = "four-points"
NAMES: tuple[str, ...] = ("digits", "sprites", FIGURES, *toys.TOYS, FOUR_POINTS)

THUMBNAIL_CELL = 48
"""Pixels a side of one bit of a vector, in a picture of few bits."""
VERSION = 1
"""Part of what identifies drawn sets: a change in how they are drawn makes new ones."""


def source(name: str) -> Source:
    """The built-in dataset of that name.

    Raises:
        Unrecognised: there is none.
    """
    if name == "digits":
        return Digits()
    if name == "sprites":
        return Sprites()
    if name == FIGURES:
        return Figures()
    if name in toys.TOYS:
        return Toy(name)
    if name == FOUR_POINTS:
        return FourPoints()
    raise Unrecognised(f"{name}: no built-in dataset has that name. There are {', '.join(NAMES)}.")


def redrawn(spec: DataSpec, person: int, joints: Joints) -> npt.NDArray[np.uint8] | None:
    """The true pictures K×C×H×W of a person of a dataset in poses K×18×3, where it is one that is drawn here and so
    knows them; None for every other."""
    if spec.source != f"builtin:{FIGURES}" or not 0 <= person < figures.PEOPLE:
        return None
    images, _ = figures.redraw(person, joints, spec.size)
    return Fitting(spec.size, "crop", spec.channels).array(images)


class _BuiltIn(Source):
    path = None
    kind_of = "built-in"

    def __init__(self, name: str, title: str) -> None:
        self.title = title
        self.origin = f"builtin:{name}"

    def signature(self) -> str:
        return f"{self.origin}:{VERSION}"

    def content(self, watch: Watch) -> str:
        return xxhash.xxh3_128(self.signature().encode()).hexdigest()


class Digits(_BuiltIn, ArrayImages):
    """1,797 handwritten digits of 8×8, values 0..16 stretched to 0..255. Alpaydin and Kaynak 1998, UCI, CC BY 4.0."""

    size = (8, 8)
    channels = 1
    count = 1797
    classes = tuple("0123456789")

    def __init__(self) -> None:
        super().__init__("digits", "Digits")

    def notes(self) -> tuple[str, ...]:
        return ("UCI optical digits, E. Alpaydin and C. Kaynak, CC BY 4.0",)

    def raw(self) -> Iterator[Raw]:
        stored = files("studio") / "resources" / "datasets" / "digits.npz"
        with as_file(stored) as path, np.load(path, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"].astype(np.int64)
        yield Raw(Scale(255 / 16).apply(images)[..., None], labels)


class Sprites(_BuiltIn, ArrayImages):
    """10,000 sprites of 32×32 in colour, whose factors are kept with the dataset."""

    size = (sprites.SIDE, sprites.SIDE)
    channels = 3
    count = sprites.COUNT
    classes = sprites.SHAPES

    def __init__(self) -> None:
        super().__init__("sprites", "Sprites")

    def notes(self) -> tuple[str, ...]:
        return (f"drawn by a procedure; known factors: {', '.join(sprites.FACTORS)}",)

    def inspect(self, watch: Watch | None = None) -> Found:
        images, _ = next(sprites.draw(self.count, at_a_time=THUMBNAILS))  # any are as good: they are in no order
        return Found(
            kind="images",
            count=self.count,
            sizes={f"{sprites.SIDE}×{sprites.SIDE}": self.count},
            channels=3,
            classes=self.classes,
            labelled=True,
            thumbnails=images,
            skipped=[],
            suggested=Preparation(self.size),
            notes=self.notes(),
        )

    def raw(self) -> Iterator[Raw]:
        for images, factors in sprites.draw(self.count):
            yield Raw(images, factors["shape"].astype(np.int64), factors=factors)


class Figures(_BuiltIn):
    """10,000 pictures of 1,250 people who were never born, drawn at the size that is asked for, with their joints and
    the exact masks of their parts. Held out are whole persons."""

    count = figures.COUNT

    def __init__(self) -> None:
        super().__init__(FIGURES, "Figures")

    def notes(self) -> tuple[str, ...]:
        return (
            f"{figures.PEOPLE:,} people drawn by a procedure, each in {figures.POSES} poses, with 18 joints and the "
            "masks of their parts; drawn at the size that is asked for",
        )

    def inspect(self, watch: Watch | None = None) -> Found:
        return Found(
            kind="images",
            count=self.count,
            sizes={f"{figures.SIDE}×{figures.SIDE}": self.count},
            channels=3,
            classes=(),
            labelled=False,
            thumbnails=figures.some(THUMBNAILS),
            skipped=[],
            suggested=Preparation((figures.SIDE, figures.SIDE)),
            notes=self.notes(),
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        size = preparation.size or (figures.SIDE, figures.SIDE)
        fit = Fitting(size, preparation.fit, 1 if preparation.colour == "grey" else 3)
        done = 0
        for drawn in figures.draw(self.count, size):
            done += len(drawn.images)
            watch.advance(done, self.count, "Drawing the figures")
            columns: dict[str, npt.NDArray[Any]] = {
                "joints": drawn.joints,
                "person": drawn.person,
                "parts": drawn.parts,
            }
            yield Block(fit.array(drawn.images), columns=columns)


class Toy(_BuiltIn, Points):
    """20,000 points, labelled by mode where there are any."""

    standardised = False

    def __init__(self, name: str) -> None:
        super().__init__(name, toys.TOYS[name][0])
        self._name = name

    def notes(self) -> tuple[str, ...]:
        potential = POTENTIALS.get(self._name)
        if potential is None:
            return ()
        confined = f", confined to −{BOX:g} ≤ z₁ ≤ {BOX:g}" if potential.confined else ""
        return (f"drawn from exp(−U) / Z{confined}; U = {potential.formula}",)

    def table(self) -> Table:
        points, modes = toys.draw(self._name)
        classes = toys.TOYS[self._name][2]
        return Table(points, modes if classes else None, classes)


class FourPoints(_BuiltIn):
    """The corners of a tetrahedron: four bits, one of which is 1, each of the four as often, 2,000 in all, of which 200
    are held out. The toy of Mescheder et al. 2017, arXiv:1701.04722, section 6.1: no model can do better than
    log p(x) = −log 4 = −1.386 nats."""

    kind = "vectors"
    count, held_count, size = 2000, 200, 4
    classes = tuple(f"point {i + 1}" for i in range(size))

    def __init__(self) -> None:
        super().__init__(FOUR_POINTS, "Four points")

    def notes(self) -> tuple[str, ...]:
        return ("four bits, one of which is 1; the best that any model can do is a log-likelihood of −1.386 nats",)

    def inspect(self, watch: Watch | None = None) -> Found:
        spec = DataSpec(self.title, "vectors", (self.size,), self.count)
        each = to_pictures(self._vectors(np.arange(self.size)), spec)
        shown = sheet(each.repeat(THUMBNAIL_CELL, axis=1).repeat(THUMBNAIL_CELL, axis=2), 2, gap=THUMBNAIL_CELL // 4)
        return Found(
            kind="vectors",
            count=self.count,
            sizes={},
            channels=1,
            classes=self.classes,
            labelled=True,
            thumbnails=shown[None],
            skipped=[],
            suggested=Preparation(held_out=self.held_count / self.count),
            notes=self.notes(),
            natural_held_out=self.held_count,
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        place = np.arange(self.count)
        labels = place % self.size
        watch.advance(self.count, self.count, "Making the points")
        yield Block(self._vectors(labels), labels, place >= self.count - self.held_count)

    def _vectors(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        return (255 * np.eye(self.size, dtype=np.uint8))[labels]
