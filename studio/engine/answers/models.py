"""About models in general."""

from __future__ import annotations

from studio.data import places
from studio.engine.answers.base import answer
from studio.engine.context import Context
from studio.engine.messages import Catalogue, Proposal, Propose
from studio.engine.proposals import propose
from studio.models.core import catalog
from studio.models.core.catalog import ModelCard


@answer.register
def _(question: Catalogue, context: Context) -> tuple[ModelCard, ...]:
    return tuple(catalog.refresh(places.cache() / "models.json"))


@answer.register
def _(question: Propose, context: Context) -> Proposal:
    return propose(question, context)
