"""What is on disk of all experiments, read by a worker in one go; and the words for how an attempt is doing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import get_args

from studio.data.watch import Watch
from studio.experiments.core import attempts, catalog, material, summary
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Experiment, Outcome
from studio.gui.experiments.under_way import UnderWay
from studio.gui.session import Session


@dataclass(frozen=True)
class Seen:
    """One experiment and everything about it.

    Attributes:
        attempts: the newest first.
        taken: paths of those without a conclusion that somebody is at, this window included.
        brings: the dataset that is not built in, by its standard name; empty when all are.
        at_hand: where that would be read from; empty when it is nowhere to be found.
    """

    experiment: Experiment
    attempts: tuple[Attempt, ...] = ()
    taken: frozenset[str] = field(default_factory=frozenset)
    brings: str = ""
    at_hand: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether its data can be opened without a question and without the network."""
        return not self.brings or bool(self.at_hand)

    @property
    def telling(self) -> Attempt | None:
        """The attempt that stands for all: the newest while it has no conclusion, else the newest of those in which
        most was shown, so that a short try does not hide what a long one found."""
        last = next(iter(self.attempts), None)
        if last is None or last.findings is None:
            return last
        ranks = list(get_args(Outcome))
        found = [(ranks.index(a.findings.outcome), a) for a in self.attempts if a.findings is not None]
        return min(found, key=lambda pair: pair[0])[1]

    @property
    def picture(self) -> str:
        """The picture of the telling attempt, or of the newest that has one; empty when none has."""
        tried = [self.telling, *self.attempts] if self.telling is not None else []
        return next((str(a.pictures[0]) for a in tried if a is not None and a.pictures), "")

    @property
    def data_title(self) -> str:
        return material.about(self.brings).title if self.brings else ""


def look(watch: Watch) -> list[Seen]:
    """All experiments; for a worker."""
    found: list[Seen] = []
    everything = attempts.listed()
    for experiment in catalog.experiments():
        watch.advance(len(found), 0, experiment.title)
        own = tuple(a for a in everything if a.experiment == experiment.name)
        taken = frozenset(str(a.path) for a in own if a.status == "running" and attempts.taken(a))
        found.append(Seen(experiment, own, taken, material.to_bring(experiment), material.at_hand(experiment)))
    return found


@dataclass(frozen=True)
class Doing:
    """An icon, words, and the name of a colour of the palette ("" for plain text)."""

    icon: str
    words: str
    colour: str = ""


OUTCOMES: dict[Outcome, Doing] = {
    "shown": Doing("check-circle", "shown", "good"),
    "partly": Doing("circle-half", "partly shown", "warn"),
    "not shown": Doing("x-circle", "not shown", "bad"),
}


def doing(attempt: Attempt, under_way: UnderWay | None, taken: bool, session: Session) -> Doing:
    """How an attempt is doing, or what came of it."""
    if under_way is not None:
        stands = under_way.stands(session)
        return Doing("warning" if stands else "play-circle", under_way.words(session), "warn" if stands else "accent")
    match attempt.status:
        case "running":
            return Doing("lock", "under way elsewhere", "quiet") if taken else Doing("warning", "interrupted", "warn")
        case "finished" if attempt.findings is not None:
            return OUTCOMES[attempt.findings.outcome]
        case "cancelled":
            return Doing("prohibit", "called off", "quiet")
        case "damaged":
            return Doing("warning-circle", "cannot be read", "bad")
        case _:
            return Doing("warning-circle", "failed", "bad")


def can_go_on(attempt: Attempt, under_way: UnderWay | None, taken: bool, session: Session) -> bool:
    """Whether there is something to be gone on with."""
    if under_way is not None:
        return under_way.stands(session)
    return attempt.status in ("failed", "cancelled") or (attempt.status == "running" and not taken)


def when(attempt: Attempt) -> str:
    """In the person's own time; the folder's name when the file cannot be read."""
    if not attempt.started:
        return attempt.path.name
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(attempt.started))


def result(experiment: Experiment, attempt: Attempt, *, beside: bool = False) -> str:
    """The figure that attempts are ranked by, in words (``beside`` the paper's); empty when there is none."""
    found = summary.headline(experiment, attempt)
    if found is None:
        return ""
    return f"{found} (paper: {found.reported})" if beside and found.reported else str(found)
