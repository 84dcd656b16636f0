"""Commands that train: train and resume."""

from __future__ import annotations

import argparse
import queue
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from studio import data
from studio.cli.errors import Failure, Interrupted, Usage, in_words
from studio.cli.finding import RUN_HELP, find
from studio.cli.interrupting import on_interrupt
from studio.cli.noting import Notes
from studio.cli.terminal import Bar, duration
from studio.data import files, places, store
from studio.data.errors import DataError, Unreadable, Unrecognised
from studio.data.watch import Watch
from studio.models.core import catalog
from studio.runs.folder import DamagedRun, RunFolder, free_path
from studio.training import control
from studio.training.events import Alarm, Checkpointed, Ended, Event, Measured, Paused, Progress, Started

if TYPE_CHECKING:
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
    shape.add_argument(
        "--vectors", metavar="FILE", help="of sentences: a file of word vectors, GloVe or word2vec, text or binary"
    )
    name = _model(words)
    if name:
        card = next(c for c in catalog.refresh(places.cache() / "models.json") if c.name == name)
        where = f"arXiv:{card.arxiv}" if card.arxiv else card.paper
        parser.description = f"Train {card.title}. {card.about} {card.authors} {card.year}, {where}."
        flags.add(parser, card.fields)
    asked = parser.parse_args(words)

    out = Path(asked.out) if asked.out else None
    if out is not None and out.exists():
        raise Usage(f"--out {out}: there already is something; choose another folder, or: gen-studio resume {out}")
    said = {**(flags.from_file(asked.recipe, name) if asked.recipe else {}), **flags.given(asked)}
    model = catalog.load(name)
    flags.check(model.recipe_type, said)  # before the dataset is read, which may take a while
    _device(asked.device)
    try:
        dataset = _prepared(data.resolve(asked.dataset), asked)
    except Unrecognised as wrong:
        raise Usage(str(wrong)) from wrong
    except (DataError, OSError) as wrong:
        raise Failure(in_words(wrong)) from wrong
    values = flags.decide(model, dataset.spec, said)
    path = (out or free_path(places.runs(), name, dataset.spec)).resolve()
    try:
        run = RunFolder.create(path, name, values, dataset.spec)
    except OSError as wrong:
        raise Failure(in_words(wrong)) from wrong
    return _go(run, dataset, None, asked.device)


def resume(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("run", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--steps", type=int, metavar="N", help="length in all, not in addition")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    asked = parser.parse_args(words)
    _device(asked.device)
    run = find(asked.run)
    try:
        state, wanted = run.state(), int(run.recipe()[1]["steps"])
        dataset = _again(run)
    except (DamagedRun, DataError, OSError) as wrong:
        raise Failure(in_words(wrong)) from wrong
    steps = asked.steps if asked.steps is not None else max(wanted, state.steps)
    if steps <= state.step:
        raise Usage(
            f"--steps {steps}: {run.path.name} is at step {state.step:,} already; "
            f"--steps {max(2 * state.step, wanted)} takes it on"
        )
    return _go(run, dataset, steps, asked.device)


def _model(words: Sequence[str]) -> str:
    """The model among the words, of which options with values cannot be told apart yet; empty when none is named.

    Raises:
        Usage: when the first word should be one and is not.
    """
    names = catalog.names()
    if words and not words[0].startswith("-") and words[0] not in names:
        raise Usage(f"no model {words[0]!r}; there are: {', '.join(names)}")
    return next((w for w in words if w in names), "")


def _device(wanted: str) -> None:
    from studio.training import device

    try:
        device.choose(wanted)
    except ValueError as wrong:
        raise Usage(f"--device {wanted}: {wrong}") from wrong


def _again(run: RunFolder) -> Dataset:
    """The dataset of a run from the cache; when it is no longer there, read from its source once more.

    Raises:
        DataError, DamagedRun, OSError: when that does not give the same dataset.
    """
    spec = run.info().data
    try:
        return store.open(spec.fingerprint)
    except DataError as gone:
        lost = f"the dataset {spec.name} of this run is not in the cache any more"
        try:
            source = data.resolve(spec.source)
            with Bar("reading", "examples") as bar:
                found = store.prepare(source, None, Watch(bar.update))
        except DataError as wrong:
            raise Unreadable(f"{lost}, and its source cannot be read: {wrong}") from gone
        if found.spec.fingerprint != spec.fingerprint:
            raise Unreadable(
                f"{lost}; what {spec.source} gives now is not the same (it changed, or was prepared with options of "
                "its own). Prepare it as it was with:  gen-studio train … --size … --held-out … --steps 1"
            ) from gone
        return found


def _prepared(source: Source, asked: argparse.Namespace) -> Dataset:
    with Bar("looking", "examples") as bar:
        found = source.inspect(Watch(bar.update))
    wanted, size = found.suggested, None
    if asked.size:
        width, _, height = asked.size.lower().replace("×", "x").partition("x")
        if not (width.isdigit() and (height or width).isdigit()):
            raise Usage(f"--size {asked.size}: write 32, or 20x28 for 20 wide and 28 high")
        size = (int(height or width), int(width))
    if asked.vectors and found.kind != "sentences":
        raise Usage(f"--vectors: {source.title} holds {found.kind}; word vectors belong to sentences")
    chosen: dict[str, Any] = {"size": size, "fit": asked.fit, "colour": asked.colour, "held_out": asked.held_out}
    chosen["vectors"] = str(Path(asked.vectors).expanduser().absolute()) if asked.vectors else None
    try:
        wanted = replace(wanted, **{k: v for k, v in chosen.items() if v is not None})
    except ValueError as wrong:
        raise Usage(str(wrong)) from wrong
    with Bar("reading", "examples") as bar:
        dataset = store.prepare(source, wanted, Watch(bar.update))
    about = store.details(dataset.spec.fingerprint)
    for skipped in about.skipped[:20]:
        print(f"skipped     {skipped.name}: {skipped.reason}")
    if about.skipped_count > 20:
        print(f"skipped     … and {about.skipped_count - 20:,} more")
    return dataset


def _go(run: RunFolder, dataset: Dataset | None, steps: int | None, device: str) -> int:
    from studio.training.start import trainer

    said: queue.SimpleQueue[control.Control] = queue.SimpleQueue()
    listener = _Listener(run, said)
    print(f"run         {run.path}", flush=True)
    with on_interrupt(lambda: said.put(control.Stop())) as interrupted, listener.bar:
        trainer(run.path, device=device, steps=steps, data=dataset).run(listener.hear, said)
    ended = listener.ended
    if ended is None or ended.reason == "failed":
        raise Failure(ended.message if ended else "the training ended without saying why")
    _summary(run)
    if interrupted.is_set():
        raise Interrupted(
            f"stopped at step {ended.step:,}; go on with:  gen-studio resume {shlex.quote(str(run.path))}"
        )
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
        self._notes = Notes()

    def hear(self, event: Event) -> None:
        match event:
            case Started(_, step, steps, _, device, precision):
                print(f"training    on {device}, {precision}, from step {step:,} to {steps:,}", flush=True)
            case Measured():
                self._notes.add(event.values)
            case Alarm(_, step, about, message):
                self.bar.say(f"{'alarm' if message else 'over':11} step {step:,}: {message or f'{about} all there'}")
            case Progress():
                left = f", {duration(event.seconds_left)} left" if event.seconds_left is not None else ""
                rate = f"{event.examples_per_second:,.0f} examples/s"
                self.bar.update(event.step, event.steps, f"{rate}{left}  {self._notes}")
            case Paused() if event.reason != "asked":
                self.trouble = event.message
                self.said.put(control.Stop())
            case Ended():
                self.ended = event
            case Checkpointed() | _:
                pass


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
