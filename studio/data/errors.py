"""What can be wrong with what a person dropped in. Every message says what, in which file, and what to do."""

from __future__ import annotations


class DataError(Exception):
    """Base of all of them; ``str()`` is for the person."""


class Unrecognised(DataError):
    """None of the forms that are read. The message says which are."""


class Refused(DataError):
    """Understood, but not safe to read: it climbs out of its folder, unpacks without end, holds code, is a giant."""


class Unreadable(DataError):
    """Of a known form, but broken as a whole: cut short, values that are no image, nothing left after skipping."""


class Unavailable(DataError):
    """Needs something that is not there now: the network, room on the disk."""
