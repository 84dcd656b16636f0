"""Small made-up data in every form that is read."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.data.reading import Block, Preparation, Source
from studio.data.watch import Watch


def noise(*shape: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Random bytes; 255 is among them."""
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    values.flat[0] = 255
    return values


def encoded(image: npt.NDArray[Any], form: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).save(out, form, **how)
    return out.getvalue()


def put(root: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def zipped(path: Path, contents: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, contents: dict[str, bytes], mode: Any = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def class_images(per_class: int = 3, side: int = 8, colour: bool = True) -> dict[str, bytes]:
    """Images of classes "cat" and "dog" by name."""
    shape = (side, side, 3) if colour else (side, side)
    return {
        f"{name}/{i}.png": encoded(noise(*shape, seed=10 * at + i))
        for at, name in enumerate(("cat", "dog"))
        for i in range(per_class)
    }


def idx(array: npt.NDArray[Any], packed: bool = False) -> bytes:
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    head = bytes([0, 0, codes[array.dtype.str[1:]], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content = head + array.astype(array.dtype.newbyteorder(">")).tobytes()
    return gzip.compress(content) if packed else content


def npy(array: npt.NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npz(**arrays: npt.NDArray[Any]) -> bytes:
    out = io.BytesIO()
    packed: Any = arrays
    np.savez_compressed(out, **packed)
    return out.getvalue()


def cifar_batches(per_batch: int = 12) -> dict[str, bytes]:
    """The Python version as the authors wrote it: protocol 2, NumPy arrays, bytes as Python 2 had them."""
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    made = {
        f"cifar-10-batches-py/{name}": pickle.dumps(
            {"data": noise(per_batch, 3072, seed=at), "labels": [(at + i) % 10 for i in range(per_batch)]}, protocol=2
        )
        for at, name in enumerate(names)
    }
    kinds = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    made["cifar-10-batches-py/batches.meta"] = pickle.dumps({"label_names": kinds}, protocol=2)
    made["cifar-10-batches-py/readme.html"] = b"<meta HTTP-EQUIV='REFRESH'>"
    return made


def everything(source: Source, preparation: Preparation | None = None) -> Block:
    """All blocks of a source as one."""
    blocks = list(source.blocks(preparation or source.inspect().suggested, Watch()))
    return Block(
        np.concatenate([b.values for b in blocks]),
        None if blocks[0].labels is None else np.concatenate([b.labels for b in blocks if b.labels is not None]),
        None if blocks[0].held is None else np.concatenate([b.held for b in blocks if b.held is not None]),
        skipped=tuple(s for b in blocks for s in b.skipped),
    )
