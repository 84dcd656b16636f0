"""The datasets of an experiment: built in, on this machine, named by the person, or to be downloaded when asked. Some
are nowhere to be downloaded from by this program: a person has them, or has not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from studio import data
from studio.data import builtin, files, places, standard, store
from studio.data.dataset import DataSpec
from studio.data.errors import DataError, Unrecognised
from studio.data.reading import Source
from studio.data.standard import About
from studio.data.watch import Watch
from studio.experiments.core.experiment import Experiment

SHAPES: Mapping[str, tuple[tuple[int, ...], int]] = {
    "mnist": ((1, 28, 28), 10),
    "cifar10": ((3, 32, 32), 10),
    "frey": ((1, 28, 20), 0),
}
"""What stands in for a standard dataset must have its shape and number of classes."""
BROUGHT: Mapping[str, About] = {
    "sst2": About("SST-2", "9,613 sentences of film reviews: stsa.binary.train, .dev and .test in a folder", 0),
    "mushrooms": About("Mushrooms", "8,124 rows of 112 bits: train, valid and test in an .npz file", 0),
    "frey": About("Frey faces", "1,965 pictures of one face in a video, 20×28, in an .npz file or a folder", 0),
}
"""Datasets that a person brings, and that nothing is downloaded of."""
BITS: Mapping[str, int] = {"mushrooms": 112}
"""Of these, binary vectors of so many values, in three parts."""
SENTENCES = ("sst2",)
"""Of these, those that must be sentences with two labels, in parts of which some are held out."""


class NotAtHand(DataError):
    """A standard dataset that is not on this machine, as far as anybody knows; the message says what to do."""


def about(name: str) -> About:
    """Of a dataset that is not built in. Its ``megabytes`` are 0 where a download cannot be asked for."""
    return BROUGHT[name] if name in BROUGHT else standard.ABOUT[name]


def to_bring(experiment: Experiment) -> str:
    """The dataset of an experiment that is not built in, by its standard name; empty when all are."""
    return next((name for name in experiment.datasets if name not in builtin.NAMES), "")


def at_hand(experiment: Experiment) -> str:
    """Where the dataset that is not built in would be read from: a path, or a name as on the command line; empty when
    it is nowhere to be found. Looks at names and small files only."""
    name = to_bring(experiment)
    return _found(name) if name else ""


def ready(experiment: Experiment) -> bool:
    """Whether every dataset can be opened without a question and without the network."""
    return not to_bring(experiment) or bool(at_hand(experiment))


def remember(name: str, path: Path) -> None:
    """Read a standard dataset from there from now on."""
    files.write(_note(), json.dumps({**_noted(), name: str(path.resolve())}, indent=1))


def prepare(
    experiment: Experiment, path: Path | None = None, *, download: bool = False, watch: Watch | None = None
) -> dict[str, DataSpec]:
    """Read what the experiment needs into the cache, where it is not there yet. Takes seconds to minutes.

    Args:
        path: where the dataset lies that is not built in; remembered when it was read and is what it should be.
        download: fetch it when it is nowhere to be found.

    Returns:
        The dataset's spec by each of ``experiment.datasets``.

    Raises:
        NotAtHand: when it is nowhere to be found and nobody asked for a download.
        DataError: when a path holds something else, cannot be read, or was given where all data are built in.
        Cancelled, OSError.
    """
    watch = watch or Watch()
    if path is not None and not to_bring(experiment):
        raise Unrecognised(
            f"{experiment.name} brings its own data ({', '.join(experiment.datasets)}); leave out --data"
        )
    return {name: _prepared(name, path, download, watch) for name in experiment.datasets}


def _prepared(name: str, path: Path | None, download: bool, watch: Watch) -> DataSpec:
    if name in builtin.NAMES:
        return store.prepare(builtin.source(name), None, watch).spec
    if path is not None and not path.exists():
        raise Unrecognised(f"{path}: there is no such file or folder")
    where = str(path.resolve()) if path is not None else _found(name)
    if not where and not download:
        known = about(name)
        fetched = f", or let them be downloaded ({known.megabytes} MB) with --download" if known.megabytes else ""
        what = "" if known.megabytes else f" ({known.line})"
        raise NotAtHand(f"{known.title} is not on this machine yet: name its files{what} with --data PATH{fetched}")
    if not where and name in BROUGHT:
        raise NotAtHand(f"{about(name).title} cannot be downloaded from here; name its files with --data PATH")
    source: Source = data.resolve(where) if where else standard.source(name)
    spec = store.known(source)
    if spec is None or not fits(name, spec):  # prepared at another size, perhaps: as it is, it may be what is wanted
        spec = store.prepare(source, None, watch).spec
    if not fits(name, spec):
        raise Unrecognised(f"{where}: is not {about(name).title}: {_said(spec)} instead of {_wanted(name)}")
    if path is not None:
        remember(name, path)
    return spec


def fits(name: str, spec: DataSpec) -> bool:
    """Whether a dataset can stand in for a standard one."""
    if name in SENTENCES:
        return spec.kind == "sentences" and len(spec.classes) == 2 and "part" in spec.carries and spec.held_out > 0
    if name in BITS:
        return spec.kind == "vectors" and spec.shape == (BITS[name],) and "part" in spec.carries
    return name not in SHAPES or (spec.shape, len(spec.classes)) == SHAPES[name]


def _found(name: str) -> str:
    noted = _noted().get(name, "")
    if noted and Path(noted).exists():
        return noted
    if name not in BROUGHT and isinstance(source := standard.source(name), standard.Standard) and source.downloaded:
        return name
    titles = {name, about(name).title.lower()}
    for spec in store.listed():
        if spec.name.lower() in titles and fits(name, spec) and Path(spec.source).exists():
            return spec.source
    return ""


def _said(spec: DataSpec) -> str:
    shape = "×".join(map(str, spec.shape))
    return f"{spec.count:,} {spec.kind} of {shape}, {len(spec.classes) or 'no'} classes"


def _wanted(name: str) -> str:
    if name in SENTENCES:
        return "sentences with two labels, and files of their own to choose by (dev) and to report on (test)"
    if name in BITS:
        return f"rows of {BITS[name]} bits, and parts of their own to choose by (valid) and to report on (test)"
    shape, classes = SHAPES[name]
    return f"images of {'×'.join(map(str, shape))}, {classes} classes"


def _note() -> Path:
    return places.home() / "experiments" / "datasets.json"


def _noted() -> dict[str, str]:
    with suppress(OSError, ValueError):
        plain = json.loads(_note().read_bytes())
        if isinstance(plain, dict):
            return {str(k): str(v) for k, v in plain.items()}
    return {}
