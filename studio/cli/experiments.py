"""Commands about papers' figures: experiments, experiment."""

from __future__ import annotations

import argparse
import queue
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from studio.cli.errors import Failure, Interrupted, Usage, in_words
from studio.cli.interrupting import on_interrupt
from studio.cli.terminal import Bar, duration
from studio.data import places
from studio.data.errors import DataError, Unrecognised
from studio.data.watch import Cancelled, Watch
from studio.experiments.core import attempts, catalog, material, summary
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Experiment, Preset, PresetName
from studio.models.core import catalog as models
from studio.training import control
from studio.training.events import Event, Paused, Progress


def experiments(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="plain data, with every attempt")
    form.add_argument("--markdown", action="store_true", help="every attempt as tables")
    asked = parser.parse_args(words)
    found = [(e, attempts.listed(e.name)) for e in catalog.experiments()]
    if asked.json:
        return _json([_plain(e, tried) for e, tried in found])
    if asked.markdown:
        print("\n\n".join(summary.markdown(e, tried) for e, tried in found))
        return 0
    for experiment, tried in found:
        print(f"{experiment.name:<20} {experiment.title}")
        print(f"{'':<20} {experiment.authors} {experiment.year}, {experiment.where}")
        for preset in experiment.presets:
            print(f"{'':<20} {preset.name:<6} {preset.budget}; {summary.about_minutes(preset)}")
        if not material.ready(experiment):
            name = material.to_bring(experiment)
            fetched = ", or --download" if material.about(name).megabytes else ""
            print(f"{'':<20} needs {name}: --data PATH{fetched}")
        for label, attempt in summary.best_and_last(experiment, tried):
            print(f"{'':<20} {label}: {summary.line(experiment, attempt)}")
        print()
    print("gen-studio experiment NAME  runs one")
    return 0


def experiment(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("name", metavar="NAME", help=f"one of: {', '.join(catalog.names())}")
    parser.add_argument(
        "--preset", choices=("short", "full"), default="short", help="how much is spent (default short)"
    )
    parser.add_argument("--data", metavar="PATH", help="where its dataset lies, when that is not built in; remembered")
    parser.add_argument("--download", action="store_true", help="download the dataset when it is nowhere to be found")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    parser.add_argument("--seeds", type=int, metavar="N", help="how many seeds (default: as the preset takes)")
    parser.add_argument("--new", action="store_true", help="a new attempt, also where one could be gone on with")
    parser.add_argument("--json", action="store_true", help="the attempt as plain data")
    asked = parser.parse_args(words)
    wanted = _named(asked.name)
    if asked.seeds is not None and not 1 <= asked.seeds <= 100:
        raise Usage(f"--seeds {asked.seeds}: must be 1 to 100")
    _device(asked.device)
    preset = wanted.preset(asked.preset)
    attempt = None if asked.new else _interrupted(wanted, preset.name, wanted.seeds(preset.name, asked.seeds))
    if attempt is not None:
        _say(f"going on     {attempt.path}  (--new begins another)")
    else:
        attempt = _begun(wanted, preset, asked)
    attempt = _run(wanted, attempt)
    if asked.json:
        return _json(_plain_attempt(attempt))
    print(summary.report(wanted, attempt))
    return 0


def _named(name: str) -> Experiment:
    try:
        return catalog.load(name)
    except KeyError as wrong:
        raise Usage(str(wrong.args[0])) from wrong


def _device(wanted: str) -> None:
    from studio.training import device

    try:
        device.choose(wanted)
    except ValueError as wrong:
        raise Usage(f"--device {wanted}: {wrong}") from wrong


def _interrupted(wanted: Experiment, preset: PresetName, seeds: tuple[int, ...]) -> Attempt | None:
    """The newest attempt of the same kind that nobody finished."""
    return next((a for a in attempts.unfinished(wanted.name) if (a.preset, a.seeds) == (preset, seeds)), None)


def _begun(wanted: Experiment, preset: Preset, asked: argparse.Namespace) -> Attempt:
    path = Path(asked.data).expanduser() if asked.data else None
    _say(f"{wanted.name}: {preset.budget}; {summary.about_minutes(preset)}")
    if preset.shows:
        _say(preset.shows)
    try:
        with Bar("reading", "examples") as bar:
            specs = material.prepare(wanted, path, download=asked.download, watch=Watch(bar.update))
        defaults = {card.name: card.defaults for card in models.refresh(places.cache() / "models.json")}
        seeds = wanted.seeds(preset.name, asked.seeds)
        return attempts.begin(wanted, preset.name, seeds, specs, defaults, device=asked.device)
    except Unrecognised as wrong:
        raise Usage(str(wrong)) from wrong
    except (DataError, OSError, ValueError) as wrong:
        raise Failure(in_words(wrong)) from wrong


def _run(wanted: Experiment, attempt: Attempt) -> Attempt:
    from studio.experiments.core.running import Stopped, run

    _say(f"attempt      {attempt.path}")
    said: queue.SimpleQueue[control.Control] = queue.SimpleQueue()
    trouble: list[str] = []

    with Bar(wanted.name) as bar:
        watch = Watch(bar.update)

        def hear(number: int, event: Event) -> None:
            if isinstance(event, Progress):
                left = f", {duration(event.seconds_left)} left" if event.seconds_left is not None else ""
                note = f"run {number + 1} of {len(attempt.runs)}  {event.examples_per_second:,.0f} examples/s{left}"
                bar.update(event.step, event.steps, note)
            elif isinstance(event, Paused) and event.reason != "asked":  # nobody is there to decide
                trouble.append(event.message)
                said.put(control.Stop())

        def stop() -> None:
            said.put(control.Stop())
            watch.cancel()

        try:
            with on_interrupt(stop):
                return run(attempt, hear, said, watch)
        except (Stopped, Cancelled) as wrong:
            if trouble:
                raise Failure(attempts.fail(attempt, trouble[0]).message) from wrong
            again = f"gen-studio experiment {wanted.name} --preset {attempt.preset}"
            raise Interrupted(f"interrupted; go on with:  {again}") from wrong
        except ValueError as wrong:
            raise Failure(str(wrong)) from wrong


def _say(text: str) -> None:
    """What is not the result goes to stderr, so that --json stays plain."""
    print(text, file=sys.stderr, flush=True)


def _plain(wanted: Experiment, tried: Sequence[Attempt]) -> dict[str, Any]:
    kept = {k: v for k, v in vars(wanted).items() if k not in ("planned", "conclude", "short", "full")}
    presets = {p.name: asdict(p) for p in wanted.presets}
    return {**kept, "presets": presets, "ready": material.ready(wanted), "attempts": [_plain_attempt(a) for a in tried]}


def _plain_attempt(attempt: Attempt) -> dict[str, Any]:
    return asdict(attempt)


def _json(plain: Any) -> int:
    text = orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    print(text.decode())
    return 0
