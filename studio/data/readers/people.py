"""Sources of posed people: image files, and for each person in one their joints. Readers find the people; here they are
cut out, fitted and turned together with their joints.

Where an image is not known to be of one person alone, that person is cut out: by the box of the annotation, else round
the joints, with a margin. Cropping then widens the box to the shape of the dataset's images by what lies around, so
that nothing of a person is cut off. Joints that come to lie outside are missing. Annotations count pixels: a joint at 3
is in the middle of the fourth pixel, 3.5 from the edge as :mod:`studio.data.skeleton` counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from studio.data.body_pictures import with_skeleton
from studio.data.fitting import Fitting, Header, Size, header, upright
from studio.data.readers.encoded import Decoded, EncodedImages, Item, LeftOut
from studio.data.readers.folder import TEST, TRAIN
from studio.data.reading import Block, Found, Preparation, Skipped
from studio.data.skeleton import JOINTS, SWAPPED, Joints, rescaled
from studio.data.trees import Tree
from studio.data.watch import Watch

MOST_ANNOTATION = 320 << 20
"""Bytes of an annotation file; COCO's largest with joints has 238 MB."""
FEWEST = 4
"""Known joints below which a pose can't be seen."""
SMALLEST = 12
"""Pixels of the longer side of a person's box."""
MARGIN = 0.1
"""Of a box's longer side, around the box of an annotation."""
BEYOND = 0.25
"""The same around joints alone: heads and feet reach beyond theirs."""
FILLS = 0.5
"""Of an image's height: where the joints of a lone person span this much, the whole image is taken."""
SAME_SHAPE = 0.03
"""How far an image's shape may be from the annotation's: it was made smaller or larger, and the joints follow."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""
Area = tuple[float, float, float, float]
"""The same, not yet in whole pixels."""


@dataclass(frozen=True, eq=False)
class Posed(Item):
    """One person in one image.

    Attributes:
        joints: 18×3 in pixels of the image as the annotation counts, before anything is cut or turned.
        person: who it is, in words; equal for all images of one person.
        box: as annotated.
        whole: the image is of this person alone, and is taken whole.
        alone: nobody else is in the image; it is taken whole where they fill it.
        size: of the image as the annotation has it; None when it does not say.
        shown: whether the annotation is of the image as cameras mean it to be seen (EXIF), else as it is stored. A
            ``size`` that fits only one of them decides.
        shares: of what the joints are shares: "" none, they are pixels; "0..1" or "-1..1" of width and height.
    """

    joints: Joints = field(default_factory=lambda: np.zeros((len(JOINTS), 3), np.float32))
    person: str = ""
    box: Area | None = None
    whole: bool = False
    alone: bool = False
    size: Size | None = None
    shown: bool = False
    shares: str = ""


class People(EncodedImages):
    """Posed people of one tree.

    Args:
        pairs: for sources that say which image is to be turned into which: numbers of two people M×2.
        listed: images that the annotation speaks of, with or without anybody in them.
    """

    thumbnail_side = 128  # a skeleton needs room

    def __init__(
        self,
        tree: Tree,
        kind_of: str,
        people: Sequence[Posed],
        *,
        pairs: npt.NDArray[np.int64] | None = None,
        listed: Sequence[str] = (),
        prefix: str = "",
        others: Sequence[str] = (),
        notes: tuple[str, ...] = (),
        skipped: Sequence[Skipped] = (),
    ) -> None:
        if all(one.held for one in people):  # there is nothing to hold them out from
            people = [replace(one, held=False) for one in people]
        super().__init__(tree, kind_of, people, (), prefix=prefix, others=others, notes=notes, skipped=skipped)
        self.people = tuple(people)
        self.covers = list(dict.fromkeys([*self.files, *listed]))
        self._number = {who: at for at, who in enumerate(sorted({p.person for p in people}))}
        self._at = {id(one): at for at, one in enumerate(people)}
        self._pairs = pairs
        self._place = np.full(len(self.people), -1, np.int64)
        self._outside = 0

    def inspect(self, watch: Watch | None = None) -> Found:
        found = super().inspect(watch)
        if any(not (p.whole or p.alone) for p in self.people):
            return found
        return replace(found, suggested=replace(found.suggested, fit="pad"))  # a crop would cut off heads and feet

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        self._place = np.full(len(self.people), -1, np.int64)
        self._outside = kept = 0
        for block in super().blocks(preparation, watch):
            columns = dict(block.columns)
            if len(block.values):
                self._place[columns.pop("item")] = np.arange(kept, kept + len(block.values))
                self._outside += int(columns.pop("outside").sum())
            kept += len(block.values)
            yield replace(block, columns=columns)

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        if self._pairs is None:
            return {}
        pairs = self._place[self._pairs]
        return {"pairs": pairs[(pairs >= 0).all(axis=1)]}

    def notes(self) -> tuple[str, ...]:
        known = np.array([(p.joints[:, 2] > 0).sum() for p in self.people])
        many, who = len(self.people), len(self._number)
        notes = [
            f"{who:,} people in {many / who:.3g} poses each"
            if who < many
            else "each person in one pose: there is no second picture of anybody to learn other poses from",
            f"of {len(JOINTS)} joints, {known.mean():.3g} are known on average",
        ]
        if self._pairs is not None:
            notes.append(f"{len(self._pairs):,} pairs of source and target")
        if self._outside:
            notes.append(f"outside their images, and so missing: {self._outside:,} of the joints")
        return (*notes, *self._notes)

    def _header(self, file: BinaryIO, item: Item) -> Header:
        assert isinstance(item, Posed)
        said = header(file, item.name)
        if item.whole:
            return said
        cut = region(item, *placed(item, said.size, said.size, 1), said.size)
        return said if cut is None else Header((cut[3] - cut[1], cut[2] - cut[0]), said.coloured)

    def _decoded(self, fit: Fitting, file: BinaryIO, item: Item) -> Decoded:
        assert isinstance(item, Posed)
        image, stored, turn = upright(file, item.name)
        size = image.height, image.width
        joints, box = placed(item, stored, size, turn)
        joints = within(joints, size)
        cut = region(item, joints, box, size)
        if cut is not None:
            cut = widened(cut, fit.size) if fit.fit == "crop" else cut
            joints = rescaled(joints, (1, 1), (-cut[0], -cut[1]))
            size = cut[3] - cut[1], cut[2] - cut[0]
        where = fit.placement(size)
        joints = within(rescaled(joints, where.scale, where.offset), fit.size)
        left = int((joints[:, 2] > 0).sum())
        if not left:
            raise LeftOut("none of the joints lies in the image")
        columns: dict[str, Any] = {
            "joints": joints,
            "person": np.int64(self._number[item.person]),
            "item": np.int64(self._at[id(item)]),
            "outside": np.int64(int((item.joints[:, 2] > 0).sum()) - left),
        }
        return Decoded(fit.image(image, cut), columns)

    def _thumbnail(self, fit: Fitting, file: BinaryIO, item: Item) -> npt.NDArray[np.uint8]:
        assert isinstance(item, Posed)
        one = self._decoded(replace(fit, fit="pad" if item.whole or item.alone else "crop"), file, item)
        drawn = with_skeleton(one.image.transpose(1, 2, 0), one.columns["joints"], dimmed=0.75)
        return np.ascontiguousarray(drawn.transpose(2, 0, 1))


def first_reason(skipped: Sequence[Skipped]) -> str:
    """For the message of a source of which nothing is left."""
    return f" The first that was left out is {skipped[0].name}: {skipped[0].reason}" if skipped else ""


def placed(item: Posed, stored: Size, shown: Size, turn: int) -> tuple[Joints, Area | None]:
    """Joints and box in pixels of the image as it is shown.

    Args:
        stored, shown: sizes of the image before and after it was turned upright, as EXIF's orientation ``turn`` says.

    Raises:
        LeftOut: the annotation is of an image of another shape.
    """
    on_shown = item.shown
    if item.size is not None and (item.size == stored) != (item.size == shown):
        on_shown = item.size == shown
    high, wide = shown if on_shown else stored
    joints, box = np.array(item.joints, np.float32), item.box
    known = joints[:, 2] > 0
    if item.shares:
        low = -1.0 if item.shares == "-1..1" else 0.0
        joints[known, :2] = (joints[known, :2] - low) / (1 - low) * (wide, high)
    else:
        joints[known, :2] += 0.5
    if item.size is not None and item.size != (high, wide):
        scale = wide / item.size[1], high / item.size[0]
        if abs(scale[0] / scale[1] - 1) > SAME_SHAPE:
            raise LeftOut(f"is {wide}×{high} px, its annotation is of {item.size[1]}×{item.size[0]} px")
        joints = rescaled(joints, scale)
        box = None if box is None else (box[0] * scale[0], box[1] * scale[1], box[2] * scale[0], box[3] * scale[1])
    return (joints, box) if on_shown else (turned(joints, stored, turn), _turned_box(box, stored, turn))


def turned(joints: Joints, size: Size, turn: int) -> Joints:
    """Joints 18×3 of a stored image, height × width, in the image as EXIF's orientation 1..8 has it shown. Where that
    is a mirror image, left and right change places."""
    high, wide = size
    made = np.array(joints[list(SWAPPED)] if turn in (2, 4, 5, 7) else joints, np.float32)
    x, y = made[:, 0].copy(), made[:, 1].copy()
    ways = {
        1: (x, y),
        2: (wide - x, y),
        3: (wide - x, high - y),
        4: (x, high - y),
        5: (y, x),
        6: (high - y, x),
        7: (high - y, wide - x),
        8: (y, wide - x),
    }
    made[:, 0], made[:, 1] = ways[turn]
    made[made[:, 2] <= 0] = 0
    return made


def _turned_box(box: Area | None, size: Size, turn: int) -> Area | None:
    if box is None or turn == 1:
        return box
    corners = np.zeros((len(JOINTS), 3), np.float32)
    corners[:, 2] = 1
    corners[:, :2] = box[:2]
    corners[9:, :2] = box[2:]
    at = turned(corners, size, turn)[:, :2]
    (left, top), (right, bottom) = at.min(axis=0).tolist(), at.max(axis=0).tolist()
    return left, top, right, bottom


def within(joints: Joints, size: Size) -> Joints:
    """The joints; those that lie outside of an image of this size are missing."""
    inside = (joints[:, 2] > 0) & (joints[:, :2] >= 0).all(axis=1)
    inside &= (joints[:, 0] < size[1]) & (joints[:, 1] < size[0])
    return np.where(inside[:, None], joints, 0).astype(np.float32)


def region(item: Posed, joints: Joints, box: Area | None, size: Size) -> Box | None:
    """What of an image is to be cut out; None: all of it.

    Raises:
        LeftOut: too small a person to be seen.
    """
    if item.whole:
        return None
    margin = MARGIN
    if box is None:
        at = joints[joints[:, 2] > 0, :2]
        if not len(at):
            raise LeftOut("none of the joints lies in the image")
        (left, top), (right, bottom) = at.min(axis=0).tolist(), at.max(axis=0).tolist()
        if item.alone and bottom - top >= FILLS * size[0]:
            return None
        box, margin = (left, top, right, bottom), BEYOND
    longer = max(box[2] - box[0], box[3] - box[1])
    if longer < SMALLEST:
        raise LeftOut(f"the person is only {longer:.0f} px large")
    room = margin * longer
    left, top, right, bottom = box[0] - room, box[1] - room, box[2] + room, box[3] + room
    if not all(abs(side) < 1e6 for side in (left, top, right, bottom)):
        raise LeftOut("its box lies far outside the image")
    return round(left), round(top), max(round(right), round(left) + 1), max(round(bottom), round(top) + 1)


def widened(box: Box, size: Size) -> Box:
    """The box, made wider or higher around its middle until it has the shape of ``size`` (height, width)."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    to_wide, to_high = max(wide, round(high * size[1] / size[0])), max(high, round(wide * size[0] / size[1]))
    left, top = left - (to_wide - wide) // 2, top - (to_high - high) // 2
    return left, top, left + to_wide, top + to_high


class Pictures:
    """Finds the images that annotations name: by path, else by name alone, those of the right part of a split first."""

    def __init__(self, names: Iterable[str]) -> None:
        self._whole = set()
        self._last: dict[str, list[str]] = {}
        self._stem: dict[str, list[str]] = {}
        for name in names:
            self._whole.add(name)
            last = name.rpartition("/")[2]
            self._last.setdefault(last, []).append(name)
            self._stem.setdefault(last.rpartition(".")[0] or last, []).append(name)

    def named(self, name: str, beside: str, part: int | None = None) -> str | None:
        """
        Args:
            name: as the annotation has it.
            beside: the annotation file.
            part: of the split that it should be in; 0 is training.
        """
        plain = name.strip().replace("\\", "/").lstrip("./")
        folder = beside.rpartition("/")[0]
        for start in (f"{folder}/" if folder else "", ""):
            if start + plain in self._whole:
                return start + plain
        last = plain.rpartition("/")[2]
        found = self._last.get(last) or self.stem(last.rpartition(".")[0])
        return _likeliest(found, plain, folder, part)

    def with_stem(self, stem: str, beside: str) -> str | None:
        """An image that is called so, but for its ending."""
        return _likeliest(self.stem(stem), stem, beside.rpartition("/")[0], None)

    def stem(self, stem: str) -> list[str]:
        return self._stem.get(stem, [])


def _likeliest(names: list[str], wanted: str, folder: str, part: int | None) -> str | None:
    kind = {None: frozenset(), 0: TRAIN}.get(part, TEST)

    def rank(name: str) -> tuple[bool, bool, bool, str]:
        parts = set(re.split(r"[^a-z]+", name.rpartition("/")[0].lower()))
        return (not name.endswith(wanted), not parts & kind, name.rpartition("/")[0] != folder, name)

    return min(names, key=rank, default=None)
