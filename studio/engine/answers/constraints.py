"""Constraints on the samples of a model: what there is, and how samples and real examples score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from studio.data.dataset import DataSpec
from studio.engine.answers.base import PIXELS, Floats, answer, decoded, decoder, shown
from studio.engine.answers.real import real_examples
from studio.engine.context import Context
from studio.engine.shelf import Shelf
from studio.explore.questions import Asked, OfferConstraints, Offered, Real, SamplesScored, ScoreSamples
from studio.models.core import latents
from studio.models.core.constraint import Constraint
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.constraints.scores import made
from studio.models.core.constraints.table import UNIT, Entry, Term, entries
from studio.models.core.model import Batch, DecodesLatent, Model

OWN = "own"
"""The name of the constraint that a run trains under."""
REAL = 512
"""Real examples that are scored, at most."""
KEPT = 64 << 20
"""Bytes of samples that are kept for the weights that drew them: another target scores the same ones again."""


@answer.register
def _(question: OfferConstraints, context: Context) -> tuple[Offered, ...]:
    run = context.run(question.run)
    spec = run.info().data
    model = context.empty(run)
    if not isinstance(model, DecodesLatent):
        return ()
    found = [_offered(entry, spec) for entry in entries(spec) if entry.fixed]
    if _own(model) is not None:
        asked = model.recipe.asked if isinstance(model.recipe, ConstrainedRecipe) else ""
        about = f"f of the constraint that this run was trained under ({asked}), with its weights as they are"
        found.append(Offered(OWN, "This run's own", about, UNIT))
    return tuple(found)


def _offered(entry: Entry, spec: DataSpec) -> Offered:
    return Offered(
        entry.name,
        entry.title,
        entry.formula,
        UNIT,
        entry.target,
        entry.low,
        entry.high,
        entry.default,
        spec.classes if entry.target == "class" else (),
        ready=entry.target != "class" or _classifier_is_there(spec),
    )


def _classifier_is_there(spec: DataSpec) -> bool:
    from studio.metrics.classifier import cached  # with the first question that needs it

    return cached(spec) is not None


def _own(model: Model) -> Constraint | None:
    """The constraint that a model was trained under, where samples alone are enough for it."""
    return None if model.wants or model.pairs else model.constraint


@answer.register
def _(question: ScoreSamples, context: Context) -> SamplesScored:
    model, step = context.model(question.where)
    spec = model.data
    constraints = [_constraint(asked, model, context) for asked in question.asked]
    kept: Shelf[Floats] = context.of_model(model, "samples to score", lambda: Shelf(KEPT, lambda x: x.nbytes))
    z = latents.draw(decoder(model).prior, question.count, question.seed, temperature=model.temperature)
    x = kept.get((question.count, question.seed), lambda: decoded(model, z, context))
    real = _real(spec, context)
    images, points = shown(x, model)
    return SamplesScored(
        step,
        z,
        images,
        scored(x, constraints, context),
        scored(real, constraints, context),
        points,
        real if points is not None else None,
    )


def _real(spec: DataSpec, context: Context) -> Floats:
    """Examples to compare with, M×shape on the model's scale: held-out ones where there are such."""
    data = context.data(spec)
    order = data.held_out if len(data.held_out) else data.train
    chosen = np.sort(np.random.default_rng(0).permutation(order)[:REAL])
    return real_examples(Real(tuple(chosen.tolist())), spec, context)[0]


def _constraint(asked: Asked, model: Model, context: Context) -> Constraint:
    """Raises ValueError for what there is not for this model's dataset."""
    spec = model.data
    if asked.name == OWN:
        own = _own(model)
        if own is None:
            raise ValueError("this run was trained under no constraint that samples alone could be asked for")
        return own
    entry = next((e for e in entries(spec) if e.name == asked.name and e.fixed), None)
    if entry is None:
        raise ValueError(f"{spec.name} cannot be asked for {asked.name!r}")
    if entry.target == "class" and not 0 <= asked.target < len(spec.classes):
        raise ValueError(f"{spec.name} has classes 0 to {len(spec.classes) - 1}, and no {asked.target:g}")
    network = None
    if entry.target == "class":
        from studio.metrics.classifier import cached, classifier

        network = (cached(spec) or classifier(context.data(spec), context.watch)).network
    return made(Term(entry, asked.target), spec, network=network).eval()


def scored(x: Floats, constraints: Sequence[Constraint], context: Context) -> npt.NDArray[np.float64]:
    """f of N examples on the model's scale, N×K.

    Raises:
        ValueError: when a score is no finite number.
    """
    rows = max(1, PIXELS // int(np.prod(x.shape[1:])))
    parts = [np.empty((0, len(constraints)))]
    with torch.inference_mode():
        for start in range(0, len(x), rows):
            context.watch.advance(start, len(x), "scoring")
            batch = Batch(torch.from_numpy(np.ascontiguousarray(x[start : start + rows], np.float32)))
            found = [c.score(batch).double().cpu().numpy() for c in constraints]
            parts.append(np.stack(found, 1) if found else np.empty((len(batch.x), 0)))
    whole: npt.NDArray[np.float64] = np.concatenate(parts)
    if not np.isfinite(whole).all():
        raise ValueError("a sample has no finite score: the weights that drew it may have diverged")
    return whole
