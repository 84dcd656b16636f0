"""The words of the command line, and the one place where errors become exit statuses."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from studio import __version__
from studio.cli.errors import Failure, Interrupted, Usage

COMMANDS = {
    "models": ("studio.cli.listing", "what there is to train, and what each can do"),
    "inspect": ("studio.cli.listing", "what a dataset holds, without reading it whole"),
    "runs": ("studio.cli.listing", "the library of runs"),
    "train": ("studio.cli.training", "train MODEL on DATASET"),
    "resume": ("studio.cli.training", "go on with RUN, exactly as if it had never stopped"),
    "sample": ("studio.cli.taking", "pictures of a run"),
    "evaluate": ("studio.cli.taking", "measures of a run against its held-out data"),
    "export": ("studio.cli.taking", "weights or the whole run as one file"),
    "experiments": ("studio.cli.experiments", "papers' figures to make again, and what came of them here"),
    "experiment": ("studio.cli.experiments", "run one of them"),
    "bench": ("studio.cli.listing", "speed and memory, as ratios"),
}


class Parser(argparse.ArgumentParser):
    """argparse, but bad usage is one line and nobody's exit. Options are never guessed from their beginnings: a
    script that does so breaks when a recipe gets another field."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message} ({self.prog} --help shows what there is)")


def main(words: Sequence[str]) -> int:
    """Run one command and return the exit status: 0 done, 1 failed, 2 bad usage, 130 interrupted."""
    debug = "--debug" in words
    words = [w for w in words if w != "--debug"]
    # What a library logs is for --debug; a person gets the message of the error, once.
    logging.getLogger("studio").addHandler(logging.StreamHandler() if debug else logging.NullHandler())
    try:
        return _run(words)
    except Usage as wrong:
        return _say(wrong, 2)
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    except BrokenPipeError:  # `gen-studio runs | head`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Failure as wrong:
        return _say(wrong, 1)
    except Exception as wrong:  # the outermost boundary: a person gets a line, a developer --debug
        if debug:
            raise
        return _say(f"{type(wrong).__name__}: {wrong} (--debug shows where)", 1)


def _run(words: Sequence[str]) -> int:
    if words and words[0] not in COMMANDS and not words[0].startswith("-"):
        raise Usage(f"no command, file or folder {words[0]!r}; the commands are: {', '.join(COMMANDS)}")
    parser = Parser(
        prog="gen-studio",
        description="Without a command: open the window, with the given paths dropped on it.",
        epilog="gen-studio COMMAND --help shows its options, train MODEL --help those of the model's recipe too. "
        "--debug anywhere: where in the program an error came from. "
        "Exit status: 0 done, 1 failed, 2 bad usage, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"gen-studio {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, (module, about) in COMMANDS.items():
        # Options are added only for the command that is wanted: its file may load torch for them.
        wanted = name in words[:1]
        sub = subparsers.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".", add_help=wanted)
        if wanted:
            return int(getattr(import_module(module), name)(sub, words[1:]))
    parser.parse_args(words)
    parser.print_help()
    return 0


def window(paths: Sequence[str]) -> int:
    """Open the window with these paths dropped on it."""
    if sys.platform.startswith("linux") and not any(
        os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        return _say(
            "there is no display for the window. Without one:  gen-studio train wgan_gp digits  "
            "(gen-studio --help lists all commands)",
            1,
        )
    return int(import_module("studio.gui.app").main(list(paths)))


def _say(what: object, status: int) -> int:
    lines = [line.strip() for line in str(what).splitlines() if line.strip()]
    print(f"gen-studio: {'; '.join(lines)}", file=sys.stderr)
    return status
