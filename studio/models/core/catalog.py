"""Which models there are: one card for each file in :mod:`studio.models`, as plain data.

The window shows cards before torch is loaded, so they are cached beside the user's other caches, under a key made
of the model files themselves; the cache is a file that can be deleted at any time.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import xxhash

from studio.models.core.recipe import FieldInfo, fields
from studio.models.core.showing import ALWAYS, Gauge, Level

if TYPE_CHECKING:
    from studio.models.core.model import Model


@dataclass(frozen=True)
class ModelCard:
    """A model as a person chooses it. ``name`` is the file's name, and what the command line takes."""

    name: str
    title: str
    about: str
    authors: str
    year: int
    paper: str
    arxiv: str
    capabilities: tuple[str, ...]
    fields: tuple[FieldInfo, ...]
    levels: tuple[Level, ...] = ()
    gauges: tuple[Gauge, ...] = ()

    @property
    def defaults(self) -> dict[str, Any]:
        return {f.name: f.default for f in self.fields}


def names() -> list[str]:
    """The names of all models: the files of the package, without loading any of them."""
    import studio.models as package

    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.ispkg)


def load(name: str) -> type[Model]:
    """The class of a model. Loads torch.

    Raises:
        KeyError: when there is no such model; the message names those there are.
    """
    if name not in names():
        raise KeyError(f"no model {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"studio.models.{name}")
    base = importlib.import_module("studio.models.core.model").Model
    own = [
        v
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, base) and v.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise TypeError(f"studio/models/{name}.py must define one Model, and defines {len(own)}")
    return own[0]


def card(name: str) -> ModelCard:
    """The card of one model. Loads torch; :func:`cards` is the way that does not."""
    from_model = importlib.import_module("studio.models.core.model").capabilities
    model = load(name)
    return ModelCard(
        name=name,
        title=model.title,
        about=model.about,
        authors=model.paper.authors,
        year=model.paper.year,
        paper=model.paper.title,
        arxiv=model.paper.arxiv,
        capabilities=tuple(from_model(model)),
        fields=tuple(fields(model.recipe_type)),
        levels=model.levels + ALWAYS,
        gauges=model.gauges,
    )


def cards(cache: Path) -> list[ModelCard] | None:
    """All cards from the cache file, or None when it is absent, damaged or of other model files."""
    try:
        plain = orjson.loads(cache.read_bytes())
        if plain["key"] != _key():
            return None
        return [_from_plain(c) for c in plain["cards"]]
    except (OSError, KeyError, TypeError, orjson.JSONDecodeError):
        return None


def refresh(cache: Path) -> list[ModelCard]:
    """All cards, from the cache where it is good, else from the models (which loads torch), and cached."""
    known = cards(cache)
    if known is not None:
        return known
    found = [card(name) for name in names()]
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_suffix(".new")
    fresh.write_bytes(orjson.dumps({"key": _key(), "cards": [dataclasses.asdict(c) for c in found]}))
    fresh.replace(cache)
    return found


def _key() -> str:
    import studio.models as package

    digest = xxhash.xxh3_128()
    for folder in package.__path__:
        for file in sorted(Path(folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _from_plain(plain: dict[str, Any]) -> ModelCard:
    made = [FieldInfo(**{**f, "choices": tuple(f["choices"])}) for f in plain["fields"]]
    return ModelCard(
        **{
            **plain,
            "capabilities": tuple(plain["capabilities"]),
            "fields": tuple(made),
            "levels": tuple(Level(**level) for level in plain["levels"]),
            "gauges": tuple(Gauge(**{**gauge, "good": tuple(gauge["good"])}) for gauge in plain["gauges"]),
        }
    )
