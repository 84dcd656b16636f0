"""The datasets that papers use, downloaded when a person asks for one, and only then.

The download runs in a process of its own (:mod:`studio.data.fetch`): it takes addresses and checksums from
torchvision, which loads torch, and neither belongs in the window's process. What was downloaded stays in
``places.downloads()`` and is read from there like a dropped file.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from studio.data import places
from studio.data.errors import Unavailable, Unrecognised
from studio.data.reading import Block, Found, Preparation, Source
from studio.data.sources import recognise
from studio.data.watch import Watch

READY = ".ready"
"""Beside the files of a finished download."""


@dataclass(frozen=True)
class About:
    """What a person is told before the download: title, one line, its size in MB, names of the classes if known."""

    title: str
    line: str
    megabytes: int
    classes: tuple[str, ...] = ()


_FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

ABOUT: dict[str, About] = {
    "mnist": About("MNIST", "70,000 handwritten digits, 28×28 grey", 12),
    "fashion-mnist": About("Fashion-MNIST", "70,000 pieces of clothing, 28×28 grey", 31, _FASHION),
    "kmnist": About("KMNIST", "70,000 cursive Japanese characters, 28×28 grey", 21, _KUZUSHIJI),
    "cifar10": About("CIFAR-10", "60,000 small photos of ten kinds of things, 32×32 colour", 170),
    "cifar100": About("CIFAR-100", "60,000 small photos of a hundred kinds of things, 32×32 colour", 169),
    "svhn": About("SVHN", "99,289 house numbers from street photos, 32×32 colour", 246),
    "celeba": About("CelebA", "202,599 faces, 178×218 colour", 1443),
}
NAMES: tuple[str, ...] = tuple(ABOUT)


def source(name: str) -> Source:
    """The standard dataset of that name; nothing is downloaded before it is inspected or read.

    Raises:
        Unrecognised: there is none.
    """
    if name not in ABOUT:
        raise Unrecognised(f"{name}: no standard dataset has that name. There are {', '.join(NAMES)}.")
    return Standard(name)


class Standard(Source):
    """A downloaded dataset, read by the reader of its form."""

    kind_of = "standard dataset"

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = ABOUT[name].title
        self.origin = f"standard:{name}"
        self.path = None
        self._read: Source | None = None

    @property
    def folder(self) -> Path:
        return places.downloads() / self.name

    @property
    def downloaded(self) -> bool:
        return (self.folder / READY).exists()

    @property
    def classes(self) -> tuple[str, ...]:
        found: tuple[str, ...] = getattr(self._read, "classes", ())
        return ABOUT[self.name].classes if len(ABOUT[self.name].classes) == len(found) else found

    def inspect(self, watch: Watch | None = None) -> Found:
        """As :meth:`Source.inspect`; downloads first.

        Raises:
            Unavailable: without a network, or when the download fails.
        """
        watch = watch or Watch()
        found = self._files(watch).inspect(watch)
        return replace(found, classes=self.classes)

    def signature(self) -> str:
        return f"{self.origin} {self._files(Watch()).signature() if self.downloaded else ''}"

    def content(self, watch: Watch) -> str:
        return self._files(watch).content(watch)

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        return self._files(watch).blocks(preparation, watch)

    def details(self) -> dict[str, Any]:
        return self._files(Watch()).details()

    def notes(self) -> tuple[str, ...]:
        return self._files(Watch()).notes()

    def _files(self, watch: Watch) -> Source:
        if self._read is None or not self.downloaded:
            if not self.downloaded:
                download(self.name, self.folder, watch)
            inside = [p for p in self.folder.iterdir() if not p.name.startswith(".")]
            self._read = recognise(inside[0] if len(inside) == 1 else self.folder, watch)
        return self._read


def download(name: str, folder: Path, watch: Watch) -> None:
    """Fetch the files of a standard dataset into a folder, with progress in bytes; ends with :data:`READY` there.

    Raises:
        Unavailable: no network, a wrong checksum, no room; the message says which. Cancelled.
    """
    command = [sys.executable, "-m", "studio.data.fetch", name, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        said: list[bytes] = []
        assert child.stdout is not None
        assert child.stderr is not None
        readers = [
            threading.Thread(target=_follow, args=(child.stdout, lines.put), name="download", daemon=True),
            threading.Thread(target=_follow, args=(child.stderr, said.append), name="download", daemon=True),
        ]
        for reader in readers:
            reader.start()
        error = ""
        try:
            done, total, what = 0, 0, f"Preparing to download {ABOUT[name].title}"
            while True:
                watch.advance(done, total, what)
                try:
                    line = lines.get(timeout=0.1)
                except queue.Empty:
                    continue
                if line is None:
                    break
                message = json.loads(line)
                error = message.get("error", error)
                done, total, what = message.get("done", done), message.get("total", total), message.get("what", what)
        finally:
            if child.poll() is None:
                child.terminate()
            child.wait()
            for reader in readers:
                reader.join()
    if error:
        raise Unavailable(error)
    if not (folder / READY).exists():
        last = next((line.decode(errors="replace").strip() for line in reversed(said) if line and line.strip()), "")
        raise Unavailable(f"{ABOUT[name].title} could not be downloaded: {last or 'the download ended early'}")


def _follow(stream: IO[bytes], take: Any) -> None:
    for line in stream:
        take(line)
    take(None)
