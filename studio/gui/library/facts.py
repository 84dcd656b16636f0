"""What the panel beside the list tells of one run: read from its folder on a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.data.dataset import DataSpec
from studio.gui import kinds
from studio.gui.library import words
from studio.gui.train.sheets import titles as titles_of
from studio.gui.words import amount
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import FieldInfo, Value
from studio.runs.folder import DamagedRun, RunFolder, RunInfo


@dataclass(frozen=True)
class RunFacts:
    """Everything of a run that its row does not hold.

    Attributes:
        checkpoints: steps of which there are weights, rising.
        resumable: those of them that training can go on from.
        sheet: the newest sheet; None when none was drawn yet.
        titles: of its columns, where they have such.
        parent: title of the run that it was forked from; empty when there is none.
        parent_path: its folder when it is still in the library.
        damage: what could not be read; then the rest is empty.
    """

    path: str
    model: str = ""
    recipe: tuple[tuple[str, Value], ...] = ()
    info: RunInfo | None = None
    checkpoints: tuple[int, ...] = ()
    resumable: frozenset[int] = frozenset()
    sheet: str = ""
    titles: tuple[str, ...] = ()
    parent: str = ""
    parent_path: str = ""
    damage: str = ""


def read(path: str) -> RunFacts:
    """The facts of a run; a damaged one says so instead of raising."""
    folder = RunFolder(path)
    try:
        model, values = folder.recipe()
        info = folder.info()
        sheets = folder.sheets()
        parent, parent_path = _parent(info.forked_from, folder.path.parent)
        return RunFacts(
            path=path,
            model=model,
            recipe=tuple(values.items()),
            info=info,
            checkpoints=tuple(folder.checkpoints()),
            resumable=frozenset(folder.checkpoints(resumable=True)),
            sheet=str(sheets[-1][1]) if sheets else "",
            titles=titles_of(sheets[-1][1]) if sheets else (),
            parent=parent,
            parent_path=parent_path,
        )
    except (DamagedRun, OSError, ValueError) as wrong:
        return RunFacts(path=path, damage=str(wrong))


def _parent(forked_from: str, library: Path) -> tuple[str, str]:
    """Title and folder of what ``forked_from`` names: an id, or a folder of this library, with "@step" behind it."""
    if not forked_from:
        return "", ""
    name = forked_from.partition("@")[0].strip()
    beside = library / Path(name).name
    candidates = [beside] if beside.is_dir() else sorted(p for p in library.iterdir() if (p / "run.json").is_file())
    for candidate in candidates:
        try:
            info = RunFolder(candidate).info()
        except DamagedRun:
            continue
        if candidate == beside or info.id == name:
            return info.title, str(candidate)
    return forked_from, ""


@dataclass(frozen=True)
class Line:
    """One field of a recipe as shown; ``own``: it differs from the model's default."""

    label: str
    text: str
    help: str
    own: bool


def recipe_lines(recipe: tuple[tuple[str, Value], ...], card: ModelCard | None) -> list[Line]:
    """The fields of a recipe, those that were changed first; without the model's card all count as changed."""
    fields: dict[str, FieldInfo] = {f.name: f for f in card.fields} if card is not None else {}
    lines = []
    for name, value in recipe:
        field = fields.get(name)
        text = said(value, field)
        if field is None:
            lines.append(Line(name.replace("_", " "), text, "", True))
        else:
            lines.append(
                Line(field.label, text, f"{field.help}; default {said(field.default, field)}", value != field.default)
            )
    return sorted(lines, key=lambda line: not line.own)


def said(value: Value, field: FieldInfo | None) -> str:
    """A value with its unit. A seed is a name, not an amount: no separators."""
    if field is not None and field.name == "seed":
        return str(value)
    return amount(words.value(value), field.unit if field is not None else "", value)


def data_line(spec: DataSpec) -> str:
    """A dataset in one line: ``1,797 images, 8×8 grey, 10 classes, 180 held out``."""
    parts = [p for p in (kinds.examples(spec.kind, spec.count), kinds.form(spec), *kinds.more(spec)) if p]
    if spec.classes:
        parts.append(f"{len(spec.classes)} classes")
    if spec.held_out:
        parts.append(f"{spec.held_out:,} held out")
    return ", ".join(parts)
