"""Speed and memory, measured as ratios, both sides alternated in one run: ``gen-studio bench``.

Absolute figures belong to a machine, and machines drift while one measures; so wherever there is another side to
compare with, the two take turns, and the ratio of each pair counts. Each part is a file here; a part is a function
that yields :class:`~studio.bench.result.Result`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from studio.bench.result import Result

PARTS = {
    "startup": "window on screen, before torch is loaded",
    "reading": "datasets read for the first time",
    "training": "the engine against a plain PyTorch loop of the same DCGAN-64",
    "flows": "Glow's training step against normflows'; inversion of a picture; memory by depth",
    "window": "training with the window open against without; event-loop gaps; slider to picture",
    "figures": "people drawn with their joints and masks",
    "pixels": "images drawn value by value, from what was kept against the whole network for each pixel",
    "scatter": "sixty thousand points in the plane, panned and zoomed",
    "pose": "from a pose to the picture, its parts and scores, as the window gets them",
}


def main(argv: Sequence[str]) -> int:
    """Run the named parts, all by default; 0 when every target was met, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="gen-studio bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the window's measurement (60)")
    parser.add_argument("--data", default="", help="a folder with MNIST to read; made-up data of its size otherwise")
    parser.add_argument("--plot", default="", metavar="FILE", help="draw memory and time of flows by depth (PNG, SVG)")
    asked = parser.parse_args(argv)
    unknown = [p for p in asked.parts if p not in PARTS]
    if unknown:
        print(f"gen-studio bench: no part {unknown[0]!r}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    results: list[Result] = []
    for part in asked.parts or PARTS:
        if not asked.json:
            print(f"\n{part}: {PARTS[part]}", flush=True)
        for result in importlib.import_module(f"studio.bench.{part}").measure(asked):
            results.append(result)
            if not asked.json:
                print(f"  {result}", flush=True)
    if asked.json:
        print(json.dumps([asdict(r) | {"met": r.met} for r in results], indent=2, ensure_ascii=False))
    return 0 if all(r.met is not False for r in results) else 1
