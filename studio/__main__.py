"""``gen-studio`` and ``python -m studio``: the window, or the command line when the first word is one of its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module


def main(argv: Sequence[str] | None = None) -> int:
    """The program's exit status. Imports nothing heavy before it knows what is wanted."""
    words = list(sys.argv[1:] if argv is None else argv)
    commands = import_module("studio.cli.commands")
    if words and (words[0] in commands.COMMANDS or words[0].startswith("-")):
        return int(commands.main(words))
    return int(commands.window(words))


if __name__ == "__main__":
    import multiprocessing

    multiprocessing.freeze_support()
    sys.exit(main())
