"""Recipes: a dataclass from which the form in the window, the flags of the command line and the TOML file come.

No torch here: the window reads this module. A model file declares::

    @recipe
    class WGANGPRecipe(AdversarialRecipe):
        penalty: Annotated[float, Field("weight of the gradient penalty, λ", 0, 100)] = 10.0
        batch: int = 32  # another default for an inherited field

and :func:`fields` turns it into plain data, :func:`check` reports every problem at once, and :func:`make` builds it.
"""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, cast, dataclass_transform, get_args, get_origin, get_type_hints

import annotated_types
import pydantic
import tomli_w
from pydantic.dataclasses import dataclass as pydantic_dataclass

Value = int | float | bool | str
T = TypeVar("T")


@dataclass(frozen=True)
class Field(annotated_types.GroupedMetadata):
    """What a person is told about one hyperparameter, and the range that is enforced.

    Attributes:
        help: one line, no full stop.
        low, high: bounds, both included; None for none.
        unit: shown behind the value ("images", "steps", "px"); empty for none.
        essential: shown at once; the others wait behind "everything else".
        group: heading under which the form shows it.
        scale: ``log`` for values whose order of magnitude matters (learning rates).
        term: key into the glossary, for the hover card; empty for none.
    """

    help: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    essential: bool = False
    group: str = "Model"
    scale: Literal["linear", "log"] = "linear"
    term: str = ""

    def __iter__(self) -> Iterator[annotated_types.BaseMetadata]:
        """The bounds, in the form that pydantic enforces."""
        if self.low is not None:
            yield annotated_types.Ge(self.low)
        if self.high is not None:
            yield annotated_types.Le(self.high)


@dataclass(frozen=True)
class FieldInfo:
    """One field of a recipe as plain data: all that a form or a parser needs."""

    name: str
    type: Literal["int", "float", "bool", "choice", "text"]
    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    essential: bool = False
    group: str = "Model"
    scale: Literal["linear", "log"] = "linear"
    term: str = ""

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True)
class Problem:
    """Something wrong with one field (or, with an empty field, with the whole): what, and what to do."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass_transform(frozen_default=True, kw_only_default=True)
def recipe(cls: type[T]) -> type[T]:
    """Class decorator: a frozen, validated dataclass that refuses unknown fields, NaN and infinity.

    A field that says only its type, ``batch: int = 32``, gives an inherited one another default; all else that is said
    of it stays.

    Raises:
        TypeError: when that type is not the inherited one.
    """
    own = get_type_hints(cls, include_extras=True)
    for base in cls.__mro__[-1:0:-1]:
        known = get_type_hints(base, include_extras=True) if dataclasses.is_dataclass(base) else {}
        for name in inspect.get_annotations(cls).keys() & known.keys():
            if get_origin(own[name]) is not Annotated:
                if own[name] != get_args(known[name])[0]:
                    raise TypeError(f"{cls.__name__}.{name} is {get_args(known[name])[0]} in {base.__name__}")
                cls.__annotations__[name] = known[name]
    made: Any = pydantic_dataclass(frozen=True, kw_only=True, config={"extra": "forbid", "allow_inf_nan": False})(cls)
    return cast("type[T]", made)


@recipe
class Recipe:
    """What every training has, whatever the model. Systems inherit and add their own."""

    steps: Annotated[
        int,
        Field(
            "length of the training, in cycles of updates",
            1,
            10_000_000,
            "steps",
            essential=True,
            group="Training",
            scale="log",
        ),
    ] = 20_000
    batch: Annotated[
        int, Field("examples per update", 1, 4096, "examples", essential=True, group="Training", scale="log")
    ] = 64
    seed: Annotated[
        int,
        Field(
            "start of every random number: the same seed and recipe give the same run", 0, 2**31 - 1, group="Training"
        ),
    ] = 0
    average: Annotated[
        float,
        Field(
            "decay of the running average of the weights that samples are drawn with; 0 switches it off",
            0,
            0.99999,
            group="Training",
            term="ema",
        ),
    ] = 0.999
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        Field(
            "arithmetic of the networks; auto takes bfloat16 where the processor has it "
            "and the model is large enough to gain",
            group="Training",
            term="precision",
        ),
    ] = "auto"
    mirror: Annotated[bool, Field("show images mirrored half of the time", group="Training")] = False


def fields(cls: type[Any]) -> list[FieldInfo]:
    """The fields of a recipe class as plain data, in order of declaration, base classes first.

    Raises:
        TypeError: when a field has no :class:`Field` or a type that no form can show.
    """
    hints = get_type_hints(cls, include_extras=True)
    return [_describe(cls, f.name, hints[f.name], f.default) for f in dataclasses.fields(cls)]


def _describe(cls: type[Any], name: str, hint: Any, default: Any) -> FieldInfo:
    if get_origin(hint) is not Annotated or not isinstance(get_args(hint)[1], Field):
        raise TypeError(f"{cls.__name__}.{name} needs Annotated[type, Field(...)]")
    kind, info = get_args(hint)[:2]
    names: dict[Any, Literal["int", "float", "bool", "choice", "text"]] = {
        int: "int",
        float: "float",
        bool: "bool",
        str: "text",
    }
    choices: tuple[str, ...] = ()
    if get_origin(kind) is Literal:
        choices = get_args(kind)
    elif kind not in names:
        raise TypeError(f"{cls.__name__}.{name}: no form shows a {kind}")
    about = {f.name: getattr(info, f.name) for f in dataclasses.fields(info)}
    return FieldInfo(name=name, type="choice" if choices else names[kind], default=default, choices=choices, **about)


def check(cls: type[Any], values: Mapping[str, Any]) -> list[Problem]:
    """Every problem of the given values at once, in words for a person; empty when a recipe can be made of them."""
    try:
        cls(**values)
    except pydantic.ValidationError as wrong:
        return [Problem(".".join(str(p) for p in e["loc"]), _say(e)) for e in wrong.errors()]
    return []


def _say(error: Any) -> str:
    given = error.get("input")
    match error["type"]:
        case "greater_than_equal":
            return f"must be at least {error['ctx']['ge']:g}, not {given}"
        case "less_than_equal":
            return f"must be at most {error['ctx']['le']:g}, not {given}"
        case "unexpected_keyword_argument":
            return "is no field of this recipe"
        case "literal_error":
            return f"must be {error['ctx']['expected']}, not {given!r}"
        case _:
            return f"{error['msg'][0].lower()}{error['msg'][1:]}, not {given!r}"


def make(cls: type[T], values: Mapping[str, Any]) -> T:
    """A recipe of the given values, defaults for the rest.

    Raises:
        ValueError: naming every bad field, one a line.
    """
    problems = check(cls, values)
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    return cls(**values)


def values_of(of: Any) -> dict[str, Value]:
    """All fields of a recipe as a plain dict."""
    return dataclasses.asdict(of)


def to_toml(model: str, values: Mapping[str, Value]) -> str:
    """The text of a recipe file: the model's name, then its fields."""
    return tomli_w.dumps({"model": model, "recipe": dict(values)})


def from_toml(text: str) -> tuple[str, dict[str, Value]]:
    """The model's name and the fields of a recipe file; whether they are good is for :func:`check` to say.

    Raises:
        ValueError: when the text is no TOML or lacks ``model`` or ``[recipe]``.
    """
    plain = tomllib.loads(text)
    if not isinstance(plain.get("model"), str) or not isinstance(plain.get("recipe"), dict):
        raise ValueError('a recipe file has a line  model = "..."  and a table [recipe]')
    return plain["model"], plain["recipe"]
