"""Commands that train: train and resume."""

from __future__ import annotations

import argparse
import queue
import signal
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from PIL import Image

from studio import data
from studio.cli.errors import Failure, Interrupted, Usage
from studio.cli.terminal import Bar, duration
from studio.data import files, places, store
from studio.data.errors import DataError
from studio.data.watch import Watch
from studio.models.core import catalog
from studio.runs.folder import DamagedRun, RunFolder, free_path
from studio.training import control
from studio.training.events import Checkpointed, Ended, Event, Measured, Paused, Progress, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studio.data.dataset import Dataset
    from studio.data.reading import Source


def train(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    from studio.cli import flags

    parser.add_argument("model", metavar="MODEL", help=f"one of: {', '.join(catalog.names())}")
    parser.add_argument("dataset", metavar="DATASET", help="a file, a folder, or the name of a built-in dataset")
    parser.add_argument("--out", metavar="RUN", help="folder of the run (default: a new one in the library)")
    parser.add_argument("--recipe", metavar="FILE", help="a recipe as TOML; flags go over it")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    shape = parser.add_argument_group("preparation of the dataset")
    shape.add_argument(
        "--size", metavar="N or W×H", help="pixels, e.g. 32 or 20x28 (default: as found, or the nearest)"
    )
    shape.add_argument("--fit", choices=("crop", "pad", "stretch"), help="how other shapes come to that size")
    shape.add_argument("--colour", choices=("keep", "grey", "colour"), help="colour or grey")
    shape.add_argument(
        "--held-out", type=float, metavar="SHARE", help="share kept from training for measures, 0 to 0.9"
    )
    name = next((w for w in words if not w.startswith("-")), "")
    if name in catalog.names():
        flags.add(parser, catalog.card(name).fields)
    elif name:
        raise Usage(f"no model {name!r}; there are: {', '.join(catalog.names())}")
    asked = parser.parse_args(words)

    out = Path(asked.out) if asked.out else None
    if out is not None and out.exists():
        raise Usage(f"--out {out}: there already is something; choose another folder, or: gen-studio resume {out}")
    said = {**(flags.from_file(asked.recipe, name) if asked.recipe else {}), **flags.given(asked)}
    try:
        dataset = _prepared(data.resolve(asked.dataset), asked)
    except DataError as wrong:
        raise Failure(str(wrong)) from wrong
    values = flags.decide(catalog.load(name), dataset.spec, said)
    path = (out or free_path(places.runs(), name, dataset.spec)).resolve()
    return _go(RunFolder.create(path, name, values, dataset.spec), dataset, None, asked.device)


def resume(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("run", metavar="RUN", help="a run's folder, or its name in the library")
    parser.add_argument("--steps", type=int, metavar="N", help="length in all, not in addition")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    asked = parser.parse_args(words)
    run = find(asked.run)
    try:
        state, steps = run.state(), asked.steps or int(run.recipe()[1]["steps"])
    except DamagedRun as wrong:
        raise Failure(str(wrong)) from wrong
    if steps <= state.step:
        raise Usage(f"{run.path.name} is already at step {state.step:,}; --steps {state.step * 2} would take it on")
    return _go(run, None, steps, asked.device)


def find(name: str) -> RunFolder:
    """A run by path or by its name in the library.

    Raises:
        Usage: when there is none.
    """
    for path in (Path(name), places.runs() / name):
        if (path / "run.json").exists():
            return RunFolder(path.resolve())
    raise Usage(f"no run {name!r}; `gen-studio runs` lists them")


def _prepared(source: Source, asked: argparse.Namespace) -> Dataset:
    with Bar("looking", "examples") as bar:
        found = source.inspect(Watch(bar.update))
    wanted = found.suggested
    if asked.size:
        width, _, height = asked.size.lower().replace("×", "x").partition("x")
        if not (width.isdigit() and (height or width).isdigit()):
            raise Usage(f"--size {asked.size}: write 32, or 20x28 for 20 wide and 28 high")
        wanted = replace(wanted, size=(int(height or width), int(width)))
    if asked.held_out is not None and not 0 <= asked.held_out <= 0.9:
        raise Usage(f"--held-out {asked.held_out}: must be from 0 to 0.9")
    chosen = {"fit": asked.fit, "colour": asked.colour, "held_out": asked.held_out}
    wanted = replace(wanted, **{k: v for k, v in chosen.items() if v is not None})
    with Bar("reading", "examples") as bar:
        dataset = store.prepare(source, wanted, Watch(bar.update))
    for skipped in found.skipped:
        print(f"skipped {skipped.name}: {skipped.reason}")
    return dataset


def _go(run: RunFolder, dataset: Dataset | None, steps: int | None, device: str) -> int:
    from studio.training.start import trainer

    said: queue.SimpleQueue[control.Control] = queue.SimpleQueue()
    listener = _Listener(run, said)
    print(f"run         {run.path}", flush=True)
    with _on_interrupt(said) as interrupted, listener.bar:
        trainer(run.path, device=device, steps=steps, data=dataset).run(listener.hear, said)
    ended = listener.ended
    if ended is None or ended.reason == "failed":
        raise Failure(ended.message if ended else "the training ended without saying why")
    _summary(run)
    if interrupted.is_set():
        raise Interrupted(f"stopped at step {ended.step:,}; go on with:  gen-studio resume {run.path}")
    if listener.trouble:
        raise Failure(listener.trouble)
    return 0


class _Listener:
    """Shows events as progress; where nobody is there to decide, a pause for trouble ends the training."""

    def __init__(self, run: RunFolder, said: queue.SimpleQueue[control.Control]) -> None:
        self.bar = Bar(run.path.name, "steps")
        self.said = said
        self.ended: Ended | None = None
        self.trouble = ""
        self._losses: dict[str, float] = {}

    def hear(self, event: Event) -> None:
        match event:
            case Started(_, step, steps, _, device, precision):
                print(f"training    on {device}, {precision}, from step {step:,} to {steps:,}", flush=True)
            case Measured():
                self._losses = {k.partition("/")[2]: v for k, v in event.values.items() if k.startswith("loss/")} or (
                    self._losses
                )
            case Progress():
                left = f", {duration(event.seconds_left)} left" if event.seconds_left is not None else ""
                losses = " ".join(f"{k} {v:.3g}" for k, v in self._losses.items())
                self.bar.update(event.step, event.steps, f"{event.examples_per_second:,.0f} examples/s{left}  {losses}")
            case Paused() if event.reason != "asked":
                self.trouble = event.message
                self.said.put(control.Stop())
            case Ended():
                self.ended = event
            case Checkpointed() | _:
                pass


@contextmanager
def _on_interrupt(said: queue.SimpleQueue[control.Control]) -> Iterator[threading.Event]:
    """Ctrl+C and a polite kill ask for a checkpoint and the end; a second Ctrl+C takes effect at once."""
    asked = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        said.put(control.Stop())

    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        yield asked
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _summary(run: RunFolder) -> None:
    """The curves as pictures beside the run's other files, and where everything is."""
    from studio.export.figures import write_curves

    state = run.state()
    print(f"step        {state.step:,} after {duration(state.seconds)}")
    sheets = run.sheets()
    if sheets:
        print(f"samples     {_enlarged(sheets[-1][1], run.path / 'samples.png')}")
    for path in write_curves(run):
        print(f"curves      {path}")
    print(f"checkpoint  {run.checkpoint(run.checkpoints()[-1])}" if run.checkpoints() else "no checkpoint")


def _enlarged(sheet: Path, out: Path, side: int = 512) -> Path:
    """The newest sheet as a picture that can be looked at: whole pixels, at least about ``side`` of them a side."""
    with Image.open(sheet) as image:
        factor = max(1, -(-side // max(image.size)))
        larger = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    with files.replacing(out) as fresh:
        larger.save(fresh)
    return out
