"""Commands that take something away from a run: sample, evaluate, export."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from studio.cli.errors import Failure, Usage, in_words
from studio.cli.finding import RUN_HELP, find
from studio.cli.terminal import Bar
from studio.data.errors import DataError
from studio.data.watch import Watch
from studio.explore.attempts import Attempt
from studio.explore.questions import AnyQuestion, Measure, Where
from studio.export.jobs import ExportBundle, ExportSamples, ExportWeights
from studio.metrics.figures import BY_NAME, USUAL, named
from studio.runs.folder import DamagedRun


def sample(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    _run(parser)
    parser.add_argument("--n", type=int, default=64, metavar="N", help="how many (default 64)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same samples")
    parser.add_argument("--truncation", type=float, metavar="T", help="bound of the latent, in σ (default: none)")
    parser.add_argument(
        "--temperature",
        type=float,
        metavar="T",
        help="what normal noise is multiplied by (default: as on the run's sample sheet, 1 for most models)",
    )
    parser.add_argument(
        "--out", required=True, metavar="PATH", help="x.png, x.webp: one sheet; x.npz: arrays; a folder: single PNGs"
    )
    asked = parser.parse_args(words)
    if asked.n < 1:
        raise Usage(f"--n {asked.n}: must be at least 1")
    if asked.truncation is not None and not asked.truncation >= 0:
        raise Usage(f"--truncation {asked.truncation}: must be 0 or more")
    if asked.temperature is not None and not 0 <= asked.temperature < math.inf:
        raise Usage(f"--temperature {asked.temperature}: must be 0 or more")
    _seed(asked.seed)
    out = Path(asked.out)
    formats: dict[str, Literal["png", "webp", "npz"]] = {".png": "png", ".webp": "webp", ".npz": "npz"}
    if out.suffix and out.suffix.lower() not in formats:
        raise Usage(f"--out {out}: samples are written as .png, .webp or .npz, or into a folder as single files")
    job = ExportSamples(
        _where(asked),
        str(out.resolve()),
        count=asked.n,
        seed=asked.seed,
        truncation=asked.truncation,
        temperature=asked.temperature,
        layout="sheet" if out.suffix else "files",
        format=formats.get(out.suffix.lower(), "png"),
    )
    return _write(job, "drawing")


def evaluate(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    _run(parser)
    names = ", ".join(BY_NAME)
    usual = f"quick, all, or of: {names} (default: {' or '.join(USUAL)}, as the model can)"
    parser.add_argument("--measures", metavar="NAME,…", help=usual)
    parser.add_argument("--samples", type=int, default=2048, metavar="N", help="samples on either side (default 2048)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of samples, projections and minibatches")
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--inception", default="", metavar="FILE", help="the weights for FID, KID, IS; .pth, safetensors"
    )
    weights.add_argument("--download-inception", action="store_true", help="fetch them once (96 MB) and keep them")
    parser.add_argument(
        "--draws",
        type=int,
        default=0,
        metavar="K",
        help="of the latent, or of the noise, for the importance-weighted likelihood (default: as the model advises)",
    )
    parser.add_argument("--json", action="store_true", help="plain data")
    asked = parser.parse_args(words)
    if asked.draws < 0:
        raise Usage(f"--draws {asked.draws}: must be 0 or more")
    if asked.samples < 2:
        raise Usage(f"--samples {asked.samples}: must be at least 2")
    _seed(asked.seed)
    if asked.inception and not Path(asked.inception).expanduser().is_file():
        raise Usage(f"--inception {asked.inception}: there is no such file")
    typed = [word.strip() for word in (asked.measures or "").split(",") if word.strip()]
    try:
        chosen = named(typed if asked.measures is not None else USUAL)
    except ValueError as wrong:
        raise Usage(f"--measures {asked.measures}: {wrong}") from wrong
    if not chosen:
        raise Usage("--measures: name at least one")
    file = str(Path(asked.inception).expanduser().resolve()) if asked.inception else ""
    found: Attempt = _answer(
        Measure(
            _where(asked),
            tuple(chosen),
            asked.samples,
            asked.seed,
            file,
            asked.download_inception,
            draws=asked.draws,
        ),
        "measuring",
    )
    for name, why in found.left_out.items() if typed else ():
        print(f"left out {name}: {why}", file=sys.stderr)
    if found.not_kept:
        print(f"not kept with the run: {found.not_kept}", file=sys.stderr)
    if asked.json:
        plain = {"run": str(find(asked.run).path), "step": found.step, "values": found.values}
        print(json.dumps(plain | found.as_plain(), indent=2, ensure_ascii=False))
    else:
        _print(found, plainly=not typed and all(f.error is None for f in found.figures))
    # what "all" can't do is no failure; what was named and can't be done is one
    return 1 if set(found.left_out) & set(typed) else 0


def _print(found: Attempt, *, plainly: bool) -> None:
    print(f"step {found.step:,}")
    how = ""
    for figure in found.figures:
        line = f"{figure.key:<52} {figure.value:.5g}"
        if plainly:
            print(line)
            continue
        if figure.how and figure.how != how:
            how = figure.how
            print(f"\n{how}")
        if figure.error is not None:
            line += f" ± {figure.error:.2g} ({figure.error_of})"
        print(f"{line} {figure.unit}".rstrip())


def export(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    _run(parser)
    parser.add_argument("--format", required=True, choices=("onnx", "safetensors", "bundle"))
    parser.add_argument("--out", required=True, metavar="PATH", help="the file to write")
    asked = parser.parse_args(words)
    out = str(Path(asked.out).resolve())
    if Path(out).is_dir():
        raise Usage(f"--out {asked.out}: is a folder; name the file to write")
    if asked.format == "bundle":
        return _write(ExportBundle(str(find(asked.run).path), out), "packing")
    return _write(ExportWeights(_where(asked), out, format=asked.format), "writing")


def _seed(seed: int) -> None:
    if seed < 0:
        raise Usage(f"--seed {seed}: must be 0 or more")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--checkpoint", type=int, metavar="STEP", help="an older checkpoint (default: the newest)")


def _where(asked: argparse.Namespace) -> Where:
    run = find(asked.run)
    steps = run.checkpoints()
    if not steps:
        raise Failure(f"{run.path.name} has no checkpoint yet; train it with:  gen-studio resume {run.path}")
    if asked.checkpoint is not None and asked.checkpoint not in steps:
        raise Usage(f"--checkpoint {asked.checkpoint}: there are {', '.join(map(str, steps))}")
    return Where(str(run.path), asked.checkpoint)


def _write(job: AnyQuestion, what: str) -> int:
    for path in _answer(job, what).paths:
        print(path)
    return 0


def _answer(question: AnyQuestion, what: str) -> Any:
    from studio.engine.answers import Context, answer

    with Bar(what) as bar:
        try:
            return answer(question, Context(watch=Watch(bar.update)))
        except LookupError as wrong:  # whose own text comes in quotes
            raise Failure(str(wrong.args[0]) if wrong.args else type(wrong).__name__) from wrong
        except (DamagedRun, DataError, ValueError, OSError) as wrong:
            raise Failure(in_words(wrong)) from wrong
