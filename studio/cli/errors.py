"""How a command ends when it does not succeed."""

from __future__ import annotations


class Usage(Exception):
    """The words of the command are off: status 2, one line."""


class Failure(Exception):
    """It could not be done: status 1, one line that says what happened and what to do."""


class Interrupted(Exception):
    """Ctrl+C, after everything was put away: status 130; the message says how to go on."""


def in_words(wrong: BaseException) -> str:
    """The message of an error without its number: of the system's, which file and what."""
    if isinstance(wrong, OSError) and wrong.strerror:
        where = f"{wrong.filename}: " if wrong.filename is not None else ""
        return f"{where}{wrong.strerror[0].lower()}{wrong.strerror[1:]}"
    return str(wrong)
