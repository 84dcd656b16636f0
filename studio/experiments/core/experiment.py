"""What an experiment is. No torch: the window lists experiments before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from studio.data.watch import Watch
from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder

PresetName = Literal["short", "full"]
Outcome = Literal["shown", "partly", "not shown"]


@dataclass(frozen=True)
class Preset:
    """How much is spent.

    Attributes:
        budget: what is trained, in figures ("3 runs of 2,000 steps, batch 64").
        minutes: of the whole on two processor cores, runs and conclusion, as measured; 0 for less than half of one.
        shows: what this much can show, and what it cannot.
    """

    name: PresetName
    budget: str
    minutes: float
    shows: str = ""


@dataclass(frozen=True)
class Planned:
    """A run that an experiment needs.

    Attributes:
        key: what ``conclude`` finds it by ("gan/8gaussians/0"); unique within one attempt.
        model: name of the model's file.
        dataset: one of the experiment's ``datasets``.
        values: fields of the recipe that differ from the model's defaults, the seed included.
        title: of the run in the library.
        begins_from: key of a run planned before it, at whose last step it begins, with all of its weights that it has a
            use for; empty: at its own start. ``steps`` of its recipe count from the other one's start.
    """

    key: str
    model: str
    dataset: str
    values: Mapping[str, Value]
    title: str
    begins_from: str = ""


@dataclass(frozen=True)
class Figure:
    """One number that came out.

    Attributes:
        name: what it is, with its estimator ("unsupervised accuracy of c1, best one-to-one assignment").
        error: ± of ``value``; ``how`` says of what kind. None: not known.
        unit: "%", "nats", "modes of 8"; empty for a plain number.
        reported: what the paper reports for it, in the same unit, as text; empty: nothing.
        how: on how many examples, which part of the data, what kind of average and error.
    """

    name: str
    value: float
    error: float | None = None
    unit: str = ""
    reported: str = ""
    how: str = ""

    def __str__(self) -> str:
        """ "97.4 ± 0.2 %"."""
        text = f"{self.value:.4g}" if self.error is None else f"{self.value:.4g} ± {self.error:.2g}"
        return f"{text} {self.unit}".strip()


@dataclass(frozen=True)
class Picture:
    """A picture beside attempt.json; ``file`` is its name there (PNG), ``title`` what it shows."""

    file: str
    title: str


@dataclass(frozen=True)
class Table:
    """Rows of text, ready to be shown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Findings:
    """What came out of an attempt.

    Attributes:
        figures: the first one is what the experiment is judged by.
        outcome: whether the paper's claim is to be seen in it.
        verdict: one honest sentence.
        pictures: the first one stands for the attempt in the gallery.
    """

    figures: tuple[Figure, ...]
    outcome: Outcome
    verdict: str
    pictures: tuple[Picture, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Ran:
    """A run that was planned, trained."""

    planned: Planned
    run: RunFolder


@dataclass(frozen=True)
class Evidence:
    """What a conclusion is drawn from.

    Attributes:
        runs: in the order in which they were planned.
        seeds: of the attempt; of an experiment without runs, those that its own trainings start from.
        folder: where pictures are written.
    """

    runs: Sequence[Ran]
    preset: PresetName
    seeds: tuple[int, ...]
    folder: Path
    watch: Watch = field(default_factory=Watch)


@dataclass(frozen=True)
class Experiment:
    """A figure of a paper to make again.

    Attributes:
        name: the name of its file; what the command line takes.
        title: one line.
        authors, year, paper, arxiv: where the claim comes from; ``arxiv`` as in "1606.03657", or empty.
        where: which figure, table or section.
        claim: what the paper reports, in words and figures.
        about: what is done here, and in what it differs from the paper, in a few sentences.
        datasets: names as on the command line ("8gaussians", "mnist"); at most one of them is not built in, and that
            one a person may replace by a path.
        short, full: the two presets.
        planned: the runs for a preset and seeds; empty where the conclusion trains all that it needs.
        conclude: loads torch. Called once all runs have finished.
        headline: name of the figure that attempts are ranked by (the first of ``Findings.figures``).
        better: whether more of it is better, or less.
        full_seeds, short_seeds: how many seeds the presets take, when a person doesn't say.
    """

    name: str
    title: str
    authors: str
    year: int
    paper: str
    arxiv: str
    where: str
    claim: str
    about: str
    datasets: tuple[str, ...]
    short: Preset
    full: Preset
    planned: Callable[[PresetName, Sequence[int]], tuple[Planned, ...]]
    conclude: Callable[[Evidence], Findings]
    headline: str
    better: Literal["more", "less"] = "more"
    full_seeds: int = 1
    short_seeds: int = 1

    @property
    def presets(self) -> tuple[Preset, Preset]:
        return self.short, self.full

    def preset(self, name: str) -> Preset:
        """Raises KeyError."""
        for preset in self.presets:
            if preset.name == name:
                return preset
        raise KeyError(f"no preset {name!r}; there are short and full")

    def seeds(self, preset: PresetName, count: int | None = None) -> tuple[int, ...]:
        """0, 1, … as many as were asked for, else as many as the preset takes."""
        usual = self.full_seeds if preset == "full" else self.short_seeds
        return tuple(range(usual if count is None else count))


def figure(findings: Findings, name: str) -> Figure | None:
    return next((f for f in findings.figures if f.name == name), None)


def findings_from_plain(plain: Any) -> Findings:
    """Raises KeyError, TypeError, ValueError for what are no findings."""
    table = plain["table"]
    return Findings(
        figures=tuple(Figure(**f) for f in plain["figures"]),
        outcome=plain["outcome"],
        verdict=plain["verdict"],
        pictures=tuple(Picture(**p) for p in plain["pictures"]),
        table=None if table is None else Table(tuple(table["columns"]), tuple(tuple(r) for r in table["rows"])),
    )
