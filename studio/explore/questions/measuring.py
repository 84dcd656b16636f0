"""Measures of a run against its data."""

from __future__ import annotations

from dataclasses import dataclass

from studio.explore.attempts import Attempt
from studio.explore.questions.base import Question, Where
from studio.metrics.figures import DEFAULT


@dataclass(frozen=True)
class Measure(Question[Attempt]):
    """Measure samples of these weights; the attempt is added to the run's measures.jsonl.

    Attributes:
        names: of :data:`studio.metrics.figures.MEASURES`; what cannot be taken of this model and data is left out,
            and the answer says why.
        samples: how many are drawn; held-out examples are as many, or all there are.
        seed: of samples, of the choice of real examples, of projections and subsets.
        inception: file of Inception's weights; empty: the one that was downloaded.
        draws: of what a likelihood leaves to chance (the latent, the noise), for the importance-weighted bound; 0: as
            the model advises.
        download: fetch them first, when they are not here (96 MB). The person asked for it.
        keep: add the attempt to the run.
    """

    where: Where
    names: tuple[str, ...] = (DEFAULT,)
    samples: int = 2048
    seed: int = 0
    inception: str = ""
    download: bool = False
    keep: bool = True
    draws: int = 0


@dataclass(frozen=True)
class FetchInception(Question[str]):
    """Fetch Inception's weights (96 MB) from where they are published, when they are not here; their path. A person
    asked for it: nothing else reaches the network."""
