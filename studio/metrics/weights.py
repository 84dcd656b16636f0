"""The file of Inception's weights: which one it is, and where a download of it lies. No torch."""

from __future__ import annotations

from pathlib import Path

from studio.data import places

NAME = "weights-inception-2015-12-05-6726825d.pth"
OTHER_NAME = "pt_inception-2015-12-05-6726825d.pth"
"""The same file, as pytorch-fid publishes it."""
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
SIZE = 95_628_359
"""Bytes."""


def kept() -> Path:
    """Where a download of the weights lies, or would."""
    return places.downloads() / "inception" / NAME


def available(named: str = "") -> bool:
    """Whether there is a file to load: the named one, or the download. Looks at the disk, not into the file."""
    return (Path(named).expanduser() if named else kept()).is_file()
