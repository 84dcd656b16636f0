"""``python -m studio.data.fetch NAME FOLDER``: downloads a standard dataset, saying so in lines of JSON.

Lines on standard output: ``{"done": bytes, "total": bytes, "what": text}`` many times, ``{"error": text}`` at most
once. Addresses and checksums are torchvision's; each file is written beside, checked and renamed. Exit status 0 when
all is there. It ends by itself when nobody listens any more.
"""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from studio.data.files import replacing, write
from studio.data.standard import ABOUT, READY

CHUNK = 1 << 17
PATIENCE = 30.0
"""Seconds without a byte before a server is given up."""
DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
AGENT = {"User-Agent": "pytorch/vision"}
"""As torchvision names itself: some of the servers turn unnamed programs away."""


@dataclass(frozen=True)
class Remote:
    """One file: where it can be had (the first that answers), its name here, its MD5."""

    addresses: tuple[str, ...]
    name: str
    md5: str


class Failed(Exception):
    """In words for the person."""


def remotes(name: str) -> list[Remote]:
    """The files of a dataset, from torchvision's tables."""
    from studio.data.torchvision_shim import torchvision  # here: it loads torch

    sets: Any = torchvision().datasets
    if name in ("mnist", "fashion-mnist", "kmnist"):
        kind = {"mnist": sets.MNIST, "fashion-mnist": sets.FashionMNIST, "kmnist": sets.KMNIST}[name]
        return [Remote(tuple(mirror + file for mirror in kind.mirrors), file, md5) for file, md5 in kind.resources]
    if name in ("cifar10", "cifar100"):
        kind = {"cifar10": sets.CIFAR10, "cifar100": sets.CIFAR100}[name]
        return [Remote((kind.url,), kind.filename, kind.tgz_md5)]
    if name == "svhn":
        return [Remote((url,), file, md5) for url, file, md5 in (sets.SVHN.split_list[p] for p in ("train", "test"))]
    if name == "celeba":
        images = next(row for row in sets.CelebA.file_list if row[2] == "img_align_celeba.zip")
        return [Remote((DRIVE + images[0],), images[2], images[1])]
    raise Failed(f"{name}: no standard dataset has that name. There are {', '.join(ABOUT)}.")


def fetch(name: str, folder: Path, say: Callable[..., None]) -> None:
    """Download what is not there yet, and mark the folder as ready.

    Raises:
        Failed.
    """
    title = ABOUT[name].title if name in ABOUT else name
    files = remotes(name)
    folder.mkdir(parents=True, exist_ok=True)
    for number, remote in enumerate(files, 1):
        if not _is_whole(folder / remote.name, remote.md5):
            part = f" ({number} of {len(files)})" if len(files) > 1 else ""
            _one(title, remote, folder / remote.name, lambda **more: say(what=f"Downloading {title}{part}", **more))  # noqa: B023
    if name == "svhn":
        say(what="Unpacking SVHN")
        _svhn(folder, [folder / remote.name for remote in files])
    write(folder / READY, "")


def _one(title: str, remote: Remote, to: Path, say: Callable[..., None]) -> None:
    problems: list[str] = []
    for address in remote.addresses:
        server = urllib.parse.urlsplit(address).hostname
        try:
            request = urllib.request.Request(address, headers=AGENT)
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer, replacing(to) as fresh:
                _copy(answer, fresh, int(answer.headers.get("Content-Length") or 0), say)
                if not _is_whole(fresh, remote.md5):
                    raise Failed(f"what {server} sent is not {remote.name} (its checksum differs)")
                return
        except urllib.error.HTTPError as wrong:
            problems.append(f"{server} answered {wrong.code} {wrong.reason}")
        except urllib.error.URLError as wrong:
            problems.append(f"no connection to {server} ({wrong.reason})")
        except BrokenPipeError:
            raise  # nobody listens
        except (Failed, OSError) as wrong:
            problems.append(str(wrong))
    raise Failed(
        f"{title} could not be downloaded: {'; '.join(problems)}. Check the network and try again, "
        "or choose a built-in dataset, which needs none."
    )


def _copy(answer: Any, to: Path, total: int, say: Callable[..., None]) -> None:
    done = 0
    with to.open("wb") as file:
        while piece := answer.read(CHUNK):
            file.write(piece)
            done += len(piece)
            say(done=done, total=total)


def _is_whole(path: Path, md5: str) -> bool:
    if not path.exists():
        return False
    told = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            told.update(piece)
    return told.hexdigest() == md5


def _svhn(folder: Path, parts: list[Path]) -> None:
    """MATLAB files of H×W×C×N with labels 1..10, where 10 is the digit 0, as one npz."""
    from scipy.io import loadmat  # here: nobody else needs it

    arrays: dict[str, Any] = {}
    for path, end in zip(parts, ("train", "test"), strict=True):
        held = loadmat(path)
        arrays[f"x_{end}"] = np.ascontiguousarray(held["X"].transpose(3, 0, 1, 2))
        arrays[f"y_{end}"] = held["y"].reshape(-1).astype(np.uint8) % 10
    with replacing(folder / "svhn.npz") as fresh, fresh.open("wb") as file:
        np.savez(cast("Any", file), **arrays)
    for path in parts:
        path.unlink()


def main(arguments: list[str]) -> int:
    """The command; see the module."""

    def say(**message: Any) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    if len(arguments) != 2:
        say(error="usage: python -m studio.data.fetch NAME FOLDER")
        return 2
    try:
        fetch(arguments[0], Path(arguments[1]), say)
    except BrokenPipeError:
        return 1
    except (Failed, ImportError, OSError) as wrong:
        say(error=str(wrong))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
