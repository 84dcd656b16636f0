"""Where a training runs: the device, its name and memory, the arithmetic it is fast at, and good manners."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil
import torch
from torch import nn

Precision = Literal["float32", "bfloat16"]

LARGE = 64
"""Channels into a convolution from which bfloat16 gains on processors that have it (measured; see the benchmark)."""


def choose(wanted: str = "auto") -> torch.device:
    """The device for a name as ``--device`` takes it: auto, cpu, cuda, cuda:1, mps.

    Raises:
        ValueError: when this machine has no such device, saying what it has.
    """
    there = available()
    if wanted == "auto":
        return torch.device(next(iter(there)))
    if wanted == "cuda" and "cuda:0" in there:
        return torch.device("cuda:0")
    if wanted not in there:
        raise ValueError(f"no device {wanted!r} here; there is: {', '.join(there)}. Or leave it to auto")
    return torch.device(wanted)


def available() -> dict[str, str]:
    """Devices as ``--device`` takes them, with a name for a person; the one that auto takes comes first."""
    found = {f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())}
    if torch.backends.mps.is_available():
        found["mps"] = "Apple GPU"
    return found | {"cpu": describe(torch.device("cpu"))}


def describe(device: torch.device) -> str:
    """For a person: "CPU, 2 threads", "NVIDIA H200"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def memory(device: torch.device) -> int:
    """Bytes in use: of the device, or of this process where the two share."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


def settle(wanted: str, device: torch.device, model: nn.Module) -> Precision:
    """The precision that a recipe's "auto" means for this model here. A rule, no stop-watch: a resumed run must
    come to the same answer."""
    if wanted == "float32" or (wanted == "auto" and not _gains(device, model)):
        return "float32"
    return "bfloat16"


def _gains(device: torch.device, model: nn.Module) -> bool:
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    large = any(min(m.in_channels, m.out_channels) >= LARGE for m in convolutions)
    if device.type == "cuda":
        return large and torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return large and _native_bfloat16()
    return False


def _native_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself."""
    try:
        with Path("/proc/cpuinfo").open() as about:
            flags = next((line for line in about if line.startswith("flags")), "").split()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


@contextmanager
def arithmetic(precision: Precision, device: torch.device) -> Iterator[None]:
    """Inside, networks compute in this precision; weights and optimisers stay float32."""
    if precision == "float32":
        yield
    else:
        with torch.autocast(device.type, torch.bfloat16):
            yield


@contextmanager
def random_numbers_kept(device: torch.device) -> Iterator[None]:
    """Whatever is drawn inside, training goes on with the random numbers it would have had."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """The state of the generators that training draws from, as uint8 tensors by name."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """The inverse of :func:`random_state`; of another kind of device only what both have is taken over."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    elif device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


def give_way() -> None:
    """Let the window go first where the system can say so for one thread (Linux): this thread, and those that
    torch starts from it, run at lower priority. Before torch's first parallel work on this thread."""
    _be_as_nice_as(lambda now: max(now, 10))


def step_back() -> None:
    """As :func:`give_way`, for work beside a training: a third of the time of a thread that was as nice as this one.

    No less: whoever is hardly ever run may keep everybody waiting for Python's lock.
    """
    _be_as_nice_as(lambda now: min(now + 5, 19))


def _be_as_nice_as(wanted: Callable[[int], int]) -> None:
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(PermissionError):  # manners are no reason to fail
            os.setpriority(os.PRIO_PROCESS, thread, wanted(os.getpriority(os.PRIO_PROCESS, thread)))
