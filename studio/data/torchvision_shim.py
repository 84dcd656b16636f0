"""The one place where torchvision is imported, so that it also loads beside a build of torch it was not compiled for.

torchvision's wheel from PyPI is compiled against torch's CUDA build. Beside a CPU build its compiled library can't be
loaded, and the import then fails: it registers shape functions for the operators of that library
(``torchvision::nms``, ``roi_align``, ...), which do not exist. Here their names are declared first; calling one still
fails, but the Python parts, among them everything in ``torchvision.datasets``, work. Where the library does load,
nothing is declared.

torch and torchvision are imported by name, at the call: the window's process imports :mod:`studio.data` and must never
load torch.
"""

from __future__ import annotations

import importlib
from typing import Any

_library: Any = None
"""Keeps the declarations alive: they go when their library object does."""


def torchvision() -> Any:
    """The module torchvision.

    Raises:
        ImportError: when it is not installed, or is broken in another way.
    """
    global _library
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as wrong:
        missing = str(wrong)
    torch: Any = importlib.import_module("torch")
    _library = torch.library.Library("torchvision", "FRAGMENT")
    declared: set[str] = set()
    while (name := _missing_operator(missing)) and name not in declared:
        # the import names one missing operator at a time; the arguments do not matter, as none is ever called
        _library.define(f"{name}(Tensor a) -> Tensor")
        declared.add(name)
        try:
            return importlib.import_module("torchvision")
        except RuntimeError as wrong:
            missing = str(wrong)
    raise ImportError(f"torchvision can't be loaded: {missing}")


def _missing_operator(message: str) -> str:
    """``nms`` of "operator torchvision::nms does not exist"; empty for any other message."""
    before, found, after = message.partition("operator torchvision::")
    return after.split()[0] if found and "does not exist" in after and not before.strip() else ""
