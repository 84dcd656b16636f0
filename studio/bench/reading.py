"""Datasets read for the first time: from files to a prepared dataset in the cache, and again from the cache."""

from __future__ import annotations

import argparse
import gzip
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from studio.bench.result import Result
from studio.data import sources, store
from studio.data.watch import Watch


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as scratch:
        home, os.environ["GEN_STUDIO_HOME"] = os.environ.get("GEN_STUDIO_HOME"), f"{scratch}/home"
        try:
            mnist = Path(asked.data) if asked.data else made_up_mnist(Path(scratch) / "mnist")
            yield Result("MNIST, 70,000 images, gzipped IDX, first time", _read(mnist), "s", 3.0)
            yield Result("the same again, from the cache", _read(mnist), "s", note="no target")
            images = _pngs(Path(scratch) / "pngs")
            yield Result("10,000 PNGs of 32×32, first time", _read(images), "s", 10.0)
        finally:
            if home is None:
                del os.environ["GEN_STUDIO_HOME"]
            else:
                os.environ["GEN_STUDIO_HOME"] = home


def _read(path: Path) -> float:
    before = time.perf_counter()
    source = sources.recognise(path)
    found = source.inspect(Watch())
    store.prepare(source, found.suggested, Watch())
    return time.perf_counter() - before


def made_up_mnist(at: Path) -> Path:
    """Files of MNIST's size and kind: smooth strokes on black, so that gzip has about as much to do."""
    at.mkdir()
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:28, :28]
    for part, count in (("train", 60_000), ("t10k", 10_000)):
        centre = rng.uniform(8, 20, (count, 2, 1, 1)).astype(np.float32)
        radius = rng.uniform(3, 8, (count, 1, 1)).astype(np.float32)
        ring = np.abs(np.hypot(y - centre[:, 0], x - centre[:, 1]) - radius)
        images = np.clip(255 * (2 - ring), 0, 255).astype(np.uint8)
        labels = rng.integers(0, 10, count).astype(np.uint8)
        header = bytes([0, 0, 8, 3]) + np.array([count, 28, 28], ">u4").tobytes()
        _gzip(at / f"{part}-images-idx3-ubyte.gz", header + images.tobytes())
        _gzip(
            at / f"{part}-labels-idx1-ubyte.gz",
            bytes([0, 0, 8, 1]) + np.array([count], ">u4").tobytes() + labels.tobytes(),
        )
    return at


def _gzip(path: Path, content: bytes) -> None:
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.write(content)


def _pngs(at: Path) -> Path:
    """Ten class folders of a thousand colour pictures each, of the entropy of small photographs."""
    rng = np.random.default_rng(1)
    for label in range(10):
        folder = at / f"class {label}"
        folder.mkdir(parents=True)
        for number in range(1000):
            coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((32, 32))
            noisy = np.asarray(coarse, np.int16) + rng.integers(-12, 13, (32, 32, 3))
            Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"{number:04d}.png")
    return at
