"""What all questions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

A = TypeVar("A")
Pictures = npt.NDArray[np.uint8]
"""uint8 N×H×W×3, ready to be shown; grey images are repeated over the channels."""


class Question(Generic[A]):
    """Base of all; ``A`` is the type of the answer."""


@dataclass(frozen=True)
class Where:
    """Which weights. ``checkpoint`` None: the newest there are, those in memory while the run trains."""

    run: str
    checkpoint: int | None = None
    averaged: bool = True


AnyQuestion = Question[Any]
