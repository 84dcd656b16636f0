"""From images of any size and colour to the arrays that models take: which size to suggest, and how to get there."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from studio.data.errors import Refused, Unreadable
from studio.data.reading import MAX_PIXELS, MAX_SIDE, Colour, Fit, Preparation

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF", "WEBP")
"""What is decoded. Pillow knows more, some of it through outside programs: those are never tried."""
LARGEST_SUGGESTED = 128

Size = tuple[int, int]
"""Height, width."""

# Pillow warns at 89 million pixels and decodes; here that image is refused. Its remarks on odd metadata help nobody.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*")


def usable(size: Size) -> bool:
    """Whether models can build up to this size by doubling: both sides b·2^k, 4 ≤ b ≤ 7, one k ≥ 1, at most 128."""
    return max(size) <= LARGEST_SUGGESTED and any(
        all(side % 2**k == 0 and 4 <= side >> k <= 7 for side in size) for k in range(1, 6)
    )


def suggest(sizes: Mapping[Size, int], held_out: float, grey: bool = False) -> Preparation:
    """The native size when all images have it and the models can use it; else a square of the nearest power of two,
    8 to 128, cropped. ``sizes``: (height, width) → how many."""
    colour: Colour = "grey" if grey else "keep"
    if len(sizes) == 1 and usable(only := next(iter(sizes))):
        return Preparation(only, "crop", colour, held_out)
    shorter = median(min(size) for size, many in sizes.items() for _ in range(min(many, 1000)))
    side = min((8, 16, 32, 64, 128), key=lambda power: (abs(power - shorter), power))
    return Preparation((side, side), "crop", colour, held_out)


def check_giant(size: Size, name: str) -> None:
    """Refuse by its header an image that would fill the memory.

    Raises:
        Refused.
    """
    height, width = size
    if max(size) > MAX_SIDE or height * width > MAX_PIXELS:
        raise Refused(
            f"{name}: is {width:,}×{height:,} pixels, and is not decoded: at most {MAX_SIDE:,} a side "
            f"and {MAX_PIXELS // 10**6} million in all are"
        )


@dataclass(frozen=True)
class Header:
    """What an image says of itself before it is decoded."""

    size: Size
    coloured: bool


def header(file: BinaryIO, name: str) -> Header:
    """Size as it will be shown, and whether it has colour, without decoding.

    Raises:
        Refused: a giant. Whatever Pillow raises for a broken file.
    """
    with _opened(file, name) as image:
        width, height = image.size
        # only in JPEG is this known without decoding; cameras, which turn pictures, write JPEG
        turned = image.format == "JPEG" and image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        return Header((width, height) if turned else (height, width), _coloured(image))


@dataclass(frozen=True)
class Placement:
    """Where the points of an image lie once it was fitted: at x · scale + offset, each of the two (x, y) in pixels."""

    scale: tuple[float, float]
    offset: tuple[float, float]


def upright(file: BinaryIO, name: str) -> tuple[Image.Image, Size, int]:
    """An encoded image as cameras mean it to be seen, the size in which it is stored, and how it was turned (EXIF's
    orientation, 1 to 8; 1: not at all).

    Raises:
        As :meth:`Fitting.decode`.
    """
    with _opened(file, name) as image:
        image.load()
        size, turn = (image.height, image.width), int(image.getexif().get(0x0112, 1))
        shown = ImageOps.exif_transpose(image) if image.getexif() else image.copy()
        return shown, size, turn if 1 <= turn <= 8 else 1


@dataclass(frozen=True)
class Fitting:
    """Turns one image, or an array of them, into uint8 of a fixed size and number of channels (1 or 3)."""

    size: Size
    fit: Fit
    channels: int

    def decode(self, file: BinaryIO, name: str) -> npt.NDArray[np.uint8]:
        """An encoded image as C×H×W. Transparency is seen on white; camera rotation is applied; of an animation the
        first frame counts.

        Raises:
            Refused: a giant. Whatever Pillow raises for a broken file.
        """
        with _opened(file, name) as image:
            if image.format == "JPEG":  # decodes at a half, a quarter, ... where that still is more than is wanted
                image.draft(image.mode, (self.size[1] * 2, self.size[0] * 2))
            image.load()
            upright = ImageOps.exif_transpose(image) if image.getexif() else image
            return self.image(upright)

    def image(self, image: Image.Image, box: tuple[int, int, int, int] | None = None) -> npt.NDArray[np.uint8]:
        """A Pillow image as C×H×W; of it the box left, top, right, bottom alone, black where that reaches out of it."""
        plain = _plain(image, self.channels)
        pixels = np.asarray(self._fitted(plain if box is None else plain.crop(box)))
        planes = pixels[None] if self.channels == 1 else pixels.transpose(2, 0, 1)
        return np.ascontiguousarray(planes, np.uint8)

    def array(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Images N×H×W×C, C 1 or 3, as N×C×H×W of this size."""
        count, height, width, channels = images.shape
        if channels != self.channels:
            images = grey(images) if self.channels == 1 else np.repeat(images, 3, axis=3)
        if (height, width) == self.size:
            return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        out = np.zeros((count, self.channels, *self.size), np.uint8)
        if self.fit == "pad" and not self._rescales(width, height):  # all at once
            left, top = (self.size[1] - width) // 2, (self.size[0] - height) // 2
            out[:, :, top : top + height, left : left + width] = images.transpose(0, 3, 1, 2)
            return out
        for at, one in enumerate(images):
            out[at] = self.image(Image.fromarray(one[..., 0] if self.channels == 1 else np.ascontiguousarray(one)))
        return out

    def placement(self, size: Size) -> Placement:
        """Where the points of an image of this size come to lie."""
        (height, width), (high, wide) = size, self.size
        if self.fit == "stretch" or size == self.size:
            return Placement((wide / width, high / height), (0.0, 0.0))
        if self.fit == "crop":
            scale, left, top = self._cut(width, height)
            return Placement((1 / scale, 1 / scale), (-left / scale, -top / scale))
        across, down = self._framed(width, height)
        return Placement((across / width, down / height), ((wide - across) // 2, (high - down) // 2))

    def _fitted(self, image: Image.Image) -> Image.Image:
        high, wide = self.size
        width, height = image.size
        if (height, width) == self.size:
            return image
        if self.fit == "stretch":
            return _resized(image, (wide, high), (0, 0, width, height))
        if self.fit == "crop":
            scale, left, top = self._cut(width, height)
            return _resized(image, (wide, high), (left, top, left + wide * scale, top + high * scale))
        across, down = self._framed(width, height)
        if self._rescales(width, height):
            image = _resized(image, (across, down), (0, 0, width, height))
        framed = Image.new(image.mode, (wide, high))
        framed.paste(image, ((wide - across) // 2, (high - down) // 2))
        return framed

    def _cut(self, width: int, height: int) -> tuple[float, float, float]:
        """Pixels of the image in one of the crop's, and the crop's left and top edge in the image."""
        high, wide = self.size
        scale = min(width / wide, height / high)
        return scale, (width - wide * scale) / 2, (height - high * scale) / 2

    def _framed(self, width: int, height: int) -> tuple[int, int]:
        """Width and height that pad shows the image in."""
        high, wide = self.size
        if not self._rescales(width, height):
            return width, height
        scale = min(wide / width, high / height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def _rescales(self, width: int, height: int) -> bool:
        """Whether pad changes pixels: not (28 → 32) unless the image is larger than the frame, or lost in it."""
        high, wide = self.size
        return width > wide or height > high or (2 * width < wide and 2 * height < high)


def fitting(preparation: Preparation, native: Size, coloured: bool) -> Fitting:
    """The fitting that a preparation means for images of a native size."""
    channels = {"keep": 3 if coloured else 1, "grey": 1, "colour": 3}[preparation.colour]
    return Fitting(preparation.size or native, preparation.fit, channels)


def grey(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Luma of images ...×3 as ...×1, by ITU-R 601-2 with Pillow's integer weights."""
    wide = images.astype(np.uint32)
    luma = (wide[..., 0] * 19595 + wide[..., 1] * 38470 + wide[..., 2] * 7471 + 0x8000) >> 16
    return np.asarray(luma[..., None], np.uint8)


@dataclass(frozen=True)
class Scale:
    """How numbers of any type become 0..255, and what a person is told of it (empty: nothing)."""

    factor: float = 1.0
    offset: float = 0.0
    note: str = ""

    def apply(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        if self == Scale() and numbers.dtype == np.uint8:
            return numbers
        scaled = numbers.astype(np.float64) * self.factor + self.offset
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def scale(dtype: np.dtype[Any], low: float, high: float, name: str) -> Scale:
    """The scale for numbers between ``low`` and ``high``.

    Floats in 0..1 and −1..1 and integers of at most 17 grey levels are stretched; 16-bit ones are scaled down.

    Raises:
        Unreadable: for values that are no image.
    """
    if low >= 0 and high <= 1:
        return Scale(255.0, 0.0, "values 0 to 1 were stretched to 0 to 255")
    if low >= -1 and high <= 1:
        return Scale(127.5, 127.5, "values −1 to 1 were stretched to 0 to 255")
    if dtype.kind in "iu" and low >= 0 and high <= 16:
        return Scale(255.0 / high, 0.0, f"values 0 to {high:g} were stretched to 0 to 255")
    if low >= 0 and high <= 255:
        return Scale()
    if dtype.kind in "iu" and low >= 0 and high <= 65535:
        return Scale(1 / 257, 0.0, "16-bit values were scaled to 0 to 255")
    raise Unreadable(f"{name}: values from {low:g} to {high:g} are no image; 0 to 255, 0 to 1 or −1 to 1 are")


def all_grey(images: Iterable[npt.NDArray[np.uint8]]) -> bool:
    """Whether pictures H×W×3 hold no colour, although their files could."""
    return all(bool((one[..., :1] == one).all()) for one in images)


def _opened(file: BinaryIO, name: str) -> Image.Image:
    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as giant:
        raise Refused(
            f"{name}: is a giant image, and is not decoded: {MAX_PIXELS // 10**6} million pixels are"
        ) from giant
    try:
        check_giant((image.height, image.width), name)
    except Refused:
        image.close()
        raise
    return image


def _coloured(image: Image.Image) -> bool:
    if image.mode == "P" and image.palette is not None and image.palette.mode.startswith("RGB"):
        colours = np.frombuffer(bytes(image.palette.palette), np.uint8)
        each = colours[: len(colours) // 3 * 3].reshape(-1, 3)
        return bool((each != each[:, :1]).any())
    return image.mode not in ("1", "L", "LA", "La", "F", "P") and not image.mode.startswith("I")


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """L or RGB, whatever the image was."""
    wanted = "L" if channels == 1 else "RGB"
    if image.mode == wanted:
        return image
    if image.mode.startswith(("I", "F")):  # convert() would clip at 255
        deep = np.nan_to_num(np.asarray(image, np.float64))
        high = float(deep.max(initial=0))
        factor = 255.0 if high <= 1 else 1.0 if high <= 255 and not image.mode.startswith("I;16") else 1 / 257
        image = Image.fromarray(np.clip(np.rint(deep * factor), 0, 255).astype(np.uint8))
        return image.convert(wanted)
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        clear = image.convert("RGBA")
        image = Image.new("RGBA", clear.size, (255, 255, 255, 255))
        image.alpha_composite(clear)
    return image.convert(wanted)


def _resized(image: Image.Image, to: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    """``to`` is width × height. Lanczos; large images are first reduced by whole factors, which is as good and fast."""
    return image.resize(to, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
