"""What people drop in, read once into one form: :class:`studio.data.dataset.Dataset`.

``sources`` recognises what a path holds (one reader per file in ``readers``), ``store`` reads it into the cache and
opens it from there, ``builtin`` and ``standard`` are the datasets that have a name instead of a path. No torch here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.data.reading import Source


def resolve(name_or_path: str) -> Source:
    """What a person wrote on the command line: a path that exists, else a built-in or standard dataset's name.

    Raises:
        Unrecognised: when it is neither; the message lists the names.
        Refused: as :func:`studio.data.sources.recognise`.
    """
    # not at the top: `import studio.data.places` stays light
    import studio.data.builtin as builtin
    import studio.data.sources as sources
    import studio.data.standard as standard

    path = Path(name_or_path).expanduser()
    name = name_or_path.lower().removeprefix("builtin:").removeprefix("standard:").replace("_", "-")
    plain = name == name_or_path or not path.exists()
    if plain and name in builtin.NAMES:
        return builtin.source(name)
    if plain and name in standard.NAMES:
        return standard.source(name)
    if path.exists():
        return sources.recognise(path)
    raise sources.Unrecognised(
        f"{name_or_path}: there is no such file or folder, and no dataset of that name. "
        f"Built in: {', '.join(builtin.NAMES)}. Downloaded on request: {', '.join(standard.NAMES)}."
    )
