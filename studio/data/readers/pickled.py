"""Reading the pickles of CIFAR without running them: plain containers, numbers, text and NumPy arrays, nothing else.

A pickle is a program. Here the names it may call are four, and what they make are stand-ins of ours that hold shape,
type and bytes; the array is built from those only after the program has ended. (NumPy's own functions for this trust
their arguments: an object array whose bytes are made up is a pointer to anywhere.)
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import struct
from typing import Any

import numpy as np

from studio.data.errors import Refused, Unreadable

TYPES = {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}
PUTS = {"LONG_BINPUT", "PUT", "BINPUT"}


class _Type:
    """Stands in for numpy.dtype."""

    def __init__(self, text: object = "", *_: object) -> None:
        self.text = str(text).lstrip("<>|=")
        self.order = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"


class _Array:
    """Stands in for numpy.ndarray."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state


def _array(*_: object) -> _Array:
    return _Array()


def _encode(text: object, *_: object) -> bytes:
    return str(text).encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _array,
    ("numpy._core.multiarray", "_reconstruct"): _array,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        allowed = _ALLOWED.get((module, name))
        if allowed is None:
            raise Refused(
                f"{self._name}: refused, because this pickle wants to call {module}.{name}, which could run anything. "
                "Save the images as .npz, which holds numbers only."
            )
        return allowed


def load(content: bytes, name: str) -> Any:
    """What a pickle holds, with text decoded as latin1 and arrays as NumPy arrays.

    Raises:
        Refused: when it asks for any other global, naming it. Unreadable: when it is damaged.
    """
    try:
        for op, argument, _ in pickletools.genops(content):
            if op.name in PUTS and int(argument or 0) > len(content):  # would reserve memory for that many places
                raise Refused(f"{name}: refused, because this pickle reserves more places than it can fill")
        return _real(_Reader(content, name).load(), name)
    except Refused:
        raise
    except (pickle.UnpicklingError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError) as wrong:
        raise Unreadable(f"{name}: is a damaged pickle ({wrong})") from wrong
    except (MemoryError, OverflowError, RecursionError, struct.error, ImportError, Warning) as wrong:
        raise Unreadable(f"{name}: is a damaged pickle ({type(wrong).__name__})") from wrong


def _real(value: Any, name: str, depth: int = 0) -> Any:
    if depth > 20:
        raise Unreadable(f"{name}: is nested too deeply")
    if isinstance(value, _Array):
        return _build(value, name)
    if isinstance(value, dict):
        return {k: _real(v, name, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(v, (int, str, bytes)) for v in value):
            return value
        return [_real(v, name, depth + 1) for v in value]
    return value


def _build(stand_in: _Array, name: str) -> Any:
    if len(stand_in.state) != 5:
        raise Unreadable(f"{name}: holds an array of an unknown form")
    _, shape, kind, by_columns, raw = stand_in.state
    if not isinstance(kind, _Type) or kind.text not in TYPES or not isinstance(raw, (bytes, str)):
        raise Refused(f"{name}: refused, because it holds an array of Python objects instead of numbers")
    content = raw.encode("latin1") if isinstance(raw, str) else raw
    dtype = np.dtype(kind.order + kind.text)
    sizes = tuple(int(n) for n in shape)
    if min(sizes, default=0) < 0 or math.prod(sizes) * dtype.itemsize != len(content):
        raise Unreadable(f"{name}: holds an array whose shape {sizes} does not fit its {len(content):,} bytes")
    return np.frombuffer(content, dtype).reshape(sizes, order="F" if by_columns else "C")
