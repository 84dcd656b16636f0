"""What a training survives: the way from an exception to a pause with an explanation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from studio.runs.folder import RunFolder
from studio.training import device
from studio.training.cycle import Cycle
from studio.training.players import NotFinite

Reason = Literal["asked", "nan", "memory", "disk"]


@dataclass(frozen=True)
class Trouble:
    """Why a training stands still; the fields of :class:`~studio.training.events.Paused`."""

    reason: Reason
    message: str = ""


def guarded(work: Callable[[], None], run: RunFolder, cycle: Cycle) -> Trouble | None:
    """Do it; what can be survived comes back in words: what happened, and what to do.

    Raises:
        Whatever else the work raises.
    """
    try:
        work()
    except NotFinite as wrong:
        return Trouble("nan", _explained(wrong, run, cycle))
    except OSError as wrong:
        return Trouble("disk", f"{wrong}. Make room or mend the disk, then resume; the training is in memory meanwhile")
    except (MemoryError, RuntimeError) as wrong:
        if not _out_of_memory(wrong):
            raise
        return Trouble(
            "memory",
            f"out of memory on {device.describe(cycle.device)}. Close other programs and resume; or stop, and start "
            f"a run with a smaller batch (now {cycle.feed.batch}) or width",
        )
    return None


def last_good(run: RunFolder) -> int | None:
    """Step of the newest checkpoint that training can go on from."""
    kept = run.checkpoints(resumable=True)
    return kept[-1] if kept else None


def _explained(wrong: NotFinite, run: RunFolder, cycle: Cycle) -> str:
    good = last_good(run)
    back = "the start, as there is no checkpoint yet" if good is None else f"the checkpoint of step {good:,}"
    rates = cycle.rates()
    broken = cycle.not_finite()
    to_blame = broken if broken in rates else wrong.player  # a loss shows it first to whoever moves next
    since = f", for the weights of the {to_blame} are no numbers any more" if to_blame != wrong.player else ""
    rate = f" (now {rates[to_blame]:g})" if to_blame in rates else ""
    return (
        f"step {cycle.step:,}: {wrong}{since}. Lower the learning rate of the {to_blame}{rate}, then resume: training "
        f"goes on from {back}." + (" Precision float32 may help too." if cycle.precision == "bfloat16" else "")
    )


def _out_of_memory(wrong: BaseException) -> bool:
    """torch tells it by its own class on a GPU, and in words on the CPU."""
    text = str(wrong).lower()
    return isinstance(wrong, MemoryError) or "out of memory" in text or "can't allocate memory" in text
