"""A recipe's fields as options of the command line, and the recipe that comes out of everything that was said."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.cli.errors import Usage
from studio.data.dataset import DataSpec
from studio.models.core import recipe as recipes
from studio.models.core.model import Model
from studio.models.core.recipe import FieldInfo, Value

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
    unit = f" {field.unit}" if field.unit else ""
    default = f"default {field.default}"
    if field.low is None or field.high is None:
        return f"({default}{unit})"
    return f"({field.low:g} to {field.high:g}{unit}, {default})"


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
        raise Usage("; ".join(f"--{p}".replace("_", "-", 1) if p.field else str(p) for p in problems))
    return values
