"""Commands that look and change nothing: models, inspect, runs, bench."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import orjson

from studio import data
from studio.cli.errors import Failure, Usage, in_words
from studio.cli.terminal import Bar, duration
from studio.data import places
from studio.data.errors import DataError, Unrecognised
from studio.data.watch import Watch
from studio.models.core import catalog

if TYPE_CHECKING:
    from studio.runs.library import Entry


def models(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("--json", action="store_true", help="plain data, with every field of every recipe")
    asked = parser.parse_args(words)
    cards = catalog.refresh(places.cache() / "models.json")
    if asked.json:
        return _json([dataclasses.asdict(c) for c in cards])
    for card in cards:
        print(f"{card.name:<16} {card.title}: {card.about}")
        print(f"{'':<16} {card.authors} {card.year}, {card.paper}{card.arxiv and f', arXiv:{card.arxiv}'}")
        print(f"{'':<16} can: {', '.join(card.capabilities)}\n")
    return 0


def inspect(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("dataset", metavar="DATASET", help="a file, a folder, or the name of a built-in dataset")
    parser.add_argument("--json", action="store_true", help="plain data")
    asked = parser.parse_args(words)
    try:
        source = data.resolve(asked.dataset)
        with Bar("looking", "examples") as bar:
            found = source.inspect(Watch(bar.update))
    except Unrecognised as wrong:
        raise Usage(str(wrong)) from wrong
    except (DataError, OSError) as wrong:
        raise Failure(in_words(wrong)) from wrong
    if asked.json:
        plain = {f.name: getattr(found, f.name) for f in dataclasses.fields(found) if f.name != "thumbnails"}
        return _json({"title": source.title, "form": source.kind_of, "source": source.origin} | plain)
    print(f"{source.title}: {source.kind_of}, {found.count:,} {found.kind}")
    if found.sizes:
        print("sizes     " + ", ".join(f"{size} ({count:,})" for size, count in found.sizes.items()))
    if found.kind == "images":
        print(f"colour    {'grey' if found.channels == 1 else 'colour'}")
    if found.classes:
        print(
            f"classes   {len(found.classes)}: {', '.join(found.classes[:20])}{', …' if len(found.classes) > 20 else ''}"
        )
    for note in found.notes:
        print(f"note      {note}")
    for skipped in found.skipped[:20]:
        print(f"skipped   {skipped.name}: {skipped.reason}")
    if len(found.skipped) > 20:
        print(f"skipped   … and {len(found.skipped) - 20:,} more")
    return 0


def runs(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    from studio.runs.library import Library

    parser.add_argument("--json", action="store_true", help="plain data")
    asked = parser.parse_args(words)
    entries = Library(places.runs()).scan()
    if asked.json:
        return _json([_plain_run(e) for e in entries])
    if not entries:
        print(f"no runs yet in {places.runs()};  gen-studio train wgan_gp digits  makes one")
    for e in entries:
        if e.damaged:
            print(f"{e.path.name:<32} damaged: {e.damaged}")
        elif e.data is not None:
            title = f'  "{e.title}"' if e.title != e.path.name else ""
            print(
                f"{e.path.name:<32} {'crashed' if e.crashed else e.state.status:<9} "
                f"{e.state.step:>9,} of {e.state.steps:<9,} "
                f"{duration(e.state.seconds):>10}  {e.model} on {e.data.name}{title}"
            )
    return 0


def _plain_run(e: Entry) -> dict[str, Any]:
    """What scripts may rely on; a damaged run has its path, title, size and the reason, and zeros or nothing else."""
    return {
        "path": str(e.path),
        "id": e.id,
        "title": e.title,
        "model": e.model,
        "dataset": e.data,
        "status": "damaged" if e.damaged else "crashed" if e.crashed else e.state.status,
        "step": e.state.step,
        "steps": e.state.steps,
        "seconds": e.state.seconds,
        "created": e.created,
        "updated": e.state.updated,
        "message": e.damaged or e.state.message,
        "tags": e.tags,
        "note": e.note,
        "size": e.size,
        "forked_from": e.forked_from,
        "sheet": e.thumbnail,
    }


def bench(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    return int(import_module("studio.bench").main(words))


def _json(plain: Any) -> int:
    text = orjson.dumps(plain, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    sys.stdout.write(text.decode() + "\n")
    return 0


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
