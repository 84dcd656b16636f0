"""Which run a person means."""

from __future__ import annotations

from studio.cli.errors import Usage
from studio.data import places
from studio.runs.folder import RunFolder
from studio.runs.library import Library, Refused

RUN_HELP = "a run: its folder, or its name, title or id in the library"


def find(name: str) -> RunFolder:
    """A run by path, or by its name, title or id in the library.

    Raises:
        Usage: when there is none, or when several could be meant.
    """
    try:
        return RunFolder(Library(places.runs()).find(name).resolve())
    except Refused as wrong:
        raise Usage(str(wrong)) from wrong
