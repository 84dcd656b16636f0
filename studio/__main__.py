"""``gen-studio`` and ``python -m studio``: a command when the first word is one, otherwise the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """The program's exit status. Imports nothing heavy before it knows what is wanted."""
    words = list(sys.argv[1:] if argv is None else argv)
    commands = import_module("studio.cli.commands")
    if all(Path(w).exists() for w in words):
        return int(commands.window(words))
    return int(commands.main(words))


if __name__ == "__main__":
    import multiprocessing

    multiprocessing.freeze_support()
    sys.exit(main())
