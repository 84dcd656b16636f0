"""Sentences as words: parting them, numbering the words, the clause after "but", and a picture of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from studio.data.pictures import GROUND, Pictures

TRAIN, DEV, TEST = 0, 1, 2
"""Values of the column "part" of sentences: whose file a sentence came from."""

_INK = (40, 40, 40)
_QUIET = (120, 120, 120)
_SIZE = 15
_LINE = 20


def tokens(text: str) -> tuple[str, ...]:
    """The words of a sentence, which spaces part; punctuation stays as it was tokenised."""
    return tuple(text.split())


def clause(words: Sequence[str]) -> int:
    """Where the clause of "A but B" begins that B is: the place of the word after the first whole word "but", −1 when
    there is none. Hu et al. 2016, section 4.1; their code also cut words such as "butter" in two, this does not."""
    places = (at + 1 for at, word in enumerate(words) if word.lower() == "but")
    at = next(places, -1)
    return at if 0 <= at < len(words) else -1


def numbered(sentences: Iterable[Sequence[str]], known: dict[str, int], length: int) -> npt.NDArray[np.int32]:
    """Sentences as rows of word numbers, int32 N×length, 0 behind the last word and for words that nobody knows.

    Args:
        known: number of each word, from 1 (:func:`numbers`).
        length: of the rows; longer sentences are cut.
    """
    rows = list(sentences)
    made = np.zeros((len(rows), length), np.int32)
    for row, words in zip(made, rows, strict=True):
        some = [known.get(word, 0) for word in words[:length]]
        row[: len(some)] = some
    return made


def numbers(words: npt.NDArray[np.str_]) -> dict[str, int]:
    """The number of each word of a dataset's table "words"."""
    return {str(word): at for at, word in enumerate(words, 1)}


def text(row: npt.NDArray[np.int32], words: npt.NDArray[np.str_]) -> str:
    """A row of word numbers as the sentence that it was."""
    return " ".join(str(words[number - 1]) for number in row if number > 0)


def picture(lines: Sequence[tuple[str, str]], size: tuple[int, int] = (252, 360)) -> Pictures:
    """A page of sentences, a line each, cut at the right edge.

    Args:
        lines: label (may be empty) and sentence.
        size: height, width in pixels.

    Returns:
        uint8 1×H×W×3.
    """
    height, width = size
    page = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(_SIZE)
    across = max((draw.textlength(label, font=font) for label, _ in lines), default=0.0)
    left = 8 + (across + 10 if across else 0)
    for at, (label, line) in enumerate(lines[: (height - 8) // _LINE]):
        top = 6 + at * _LINE
        draw.text((8, top), label, fill=_QUIET, font=font)
        draw.text((left, top), line, fill=_INK, font=font)
    return np.asarray(page, np.uint8)[None].copy()
