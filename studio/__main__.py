"""``gen-studio`` and ``python -m studio``: a command when the first word is one, otherwise the window."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """The program's exit status. Imports nothing heavy before it knows what is wanted."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console of few letters loses a σ, not the command
            stream.reconfigure(errors="replace")
    if words[:1] == ["_trace"]:  # no command of a person's: see studio.export.tracing
        return int(import_module("studio.export.tracing").main(words[1:]))
    commands = import_module("studio.cli.commands")
    if words and words[0] in commands.COMMANDS:  # also where a folder has that name: ./train is the folder
        return int(commands.main(words))
    if all(Path(w).exists() for w in words):
        return int(commands.window(words))
    return int(commands.main(words))


if __name__ == "__main__":
    import multiprocessing

    multiprocessing.freeze_support()
    sys.exit(main())
