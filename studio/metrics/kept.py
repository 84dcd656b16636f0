"""Small networks that are trained once per dataset to measure by, kept in the cache folder: a file each, safetensors
with what is known of it as JSON in the header. They may be deleted; whoever needs one trains it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xxhash
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.data import files, places
from studio.data.dataset import DataSpec

UNREADABLE = (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError)
"""What a damaged file, or one of another version, may raise while it is read and its weights are taken over."""
KEY = "network"


def path(kind: str, spec: DataSpec, seed: int, version: int) -> Path:
    """Where the network of this kind ("classifiers") lies for a dataset and a seed."""
    name = xxhash.xxh3_128(f"{version} {spec.fingerprint} {seed}".encode()).hexdigest()
    return places.cache() / kind / f"{name}.safetensors"


def read(at: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What is known of a kept network, and its weights. Raises :data:`UNREADABLE`."""
    with safe_open(at, "pt") as file:
        about = json.loads((file.metadata() or {})[KEY])
        return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def write(at: Path, network: nn.Module, spec: DataSpec, **about: Any) -> None:
    """Keep a network, whole or not at all. Raises OSError."""
    told = json.dumps({"dataset": spec.name, "fingerprint": spec.fingerprint, **about})
    with files.replacing(at) as fresh:
        save_file({name: t.contiguous() for name, t in network.state_dict().items()}, fresh, {KEY: told})
