"""A recipe's fields as options of the command line, and the recipe that comes out of everything that was said."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.errors import Usage
from studio.models.core import recipe as recipes
from studio.models.core.recipe import FieldInfo, Problem, Value

if TYPE_CHECKING:
    from studio.data.dataset import DataSpec
    from studio.models.core.model import Model  # loads torch

_TYPES: dict[str, Any] = {"int": int, "float": float, "text": str, "choice": str}


def add(parser: argparse.ArgumentParser, fields: Sequence[FieldInfo]) -> None:
    """One option per field, with its help, range, unit and default; absent ones leave no trace in the result."""
    group = parser.add_argument_group("recipe")
    for field in fields:
        about = f"{field.help} {_range(field)}".replace("%", "%%")
        options: dict[str, Any] = {"dest": f"recipe.{field.name}", "default": argparse.SUPPRESS, "help": about}
        if field.type == "bool":
            group.add_argument(field.flag, action=argparse.BooleanOptionalAction, **options)
        else:
            metavar = field.name.rsplit("_", 1)[-1].upper()
            choices = field.choices or None
            group.add_argument(
                field.flag, type=_TYPES[field.type], choices=choices, metavar=None if choices else metavar, **options
            )


def _range(field: FieldInfo) -> str:
    """In brackets: bounds, unit, default."""
    said = []
    if field.low is not None and field.high is not None:
        said.append(f"{_number(field.low)} to {_number(field.high)}")
    elif field.low is not None or field.high is not None:
        said.append(f"at least {_number(field.low)}" if field.low is not None else f"at most {_number(field.high)}")
    if said and field.unit:
        said[0] += f" {field.unit}"
    default = {True: "on", False: "off"}[field.default] if isinstance(field.default, bool) else field.default
    return f"({', '.join([*said, f'default {default}'])})"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"


def given(parsed: argparse.Namespace) -> dict[str, Value]:
    """The fields that were named on the command line."""
    return {k.removeprefix("recipe."): v for k, v in vars(parsed).items() if k.startswith("recipe.")}


def from_file(path: str, model: str) -> dict[str, Value]:
    """The fields of a recipe file.

    Raises:
        Usage: when it cannot be read, or is of another model.
    """
    try:
        name, values = recipes.from_toml(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise Usage(f"--recipe {path}: {wrong}") from wrong
    if name != model:
        raise Usage(f"--recipe {path}: is a recipe of {name}, not of {model}")
    return values


def check(recipe_type: type[Any], said: Mapping[str, Value]) -> None:
    """Raises Usage when what was said cannot be right, whatever the dataset; naming every bad field."""
    if problems := recipes.check(recipe_type, said):
        raise Usage("; ".join(map(_as_flag, problems)))


def decide(model: type[Model], data: DataSpec, said: Mapping[str, Value]) -> dict[str, Value]:
    """The whole recipe: defaults, over them what suits the data, over that what the person said.

    Raises:
        Usage: naming every bad field.
    """
    values = {**recipes.values_of(model.recipe_type()), **model.suits(data), **said}
    problems = recipes.check(model.recipe_type, values)
    if not problems:
        problems = model.problems(recipes.make(model.recipe_type, values), data)
    if problems:
        raise Usage("; ".join(map(_as_flag, problems)))
    return values


def _as_flag(problem: Problem) -> str:
    """The problem at the option by which a person can mend it."""
    flag = "--" + problem.field.replace("_", "-") + " " if problem.field else ""
    return f"{flag}{problem.message}"
