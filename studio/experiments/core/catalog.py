"""Which experiments there are: the files of :mod:`studio.experiments`. Loads no torch."""

from __future__ import annotations

import importlib
import pkgutil

from studio.experiments.core.experiment import Experiment

NOT_ONE = frozenset({"questions"})


def names() -> list[str]:
    """The names of all experiments, without loading any of them."""
    import studio.experiments as package

    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.ispkg and m.name not in NOT_ONE)


def load(name: str) -> Experiment:
    """One experiment; dashes may stand for underscores.

    Raises:
        KeyError: when there is no such experiment; the message names those there are.
    """
    file = name.replace("-", "_")
    if file not in names():
        raise KeyError(f"no experiment {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"studio.experiments.{file}")
    own = [v for v in vars(module).values() if isinstance(v, Experiment)]
    if len(own) != 1 or own[0].name != file:
        raise TypeError(f"studio/experiments/{file}.py must define one Experiment of that name")
    return own[0]


def experiments() -> list[Experiment]:
    """All of them, by the year of their papers."""
    return sorted((load(name) for name in names()), key=lambda e: (e.year, e.name))
