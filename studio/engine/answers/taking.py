"""What a person takes away. The writers are loaded when they are needed: animations and ONNX take seconds to import."""

from __future__ import annotations

from studio.engine.answers.base import answer
from studio.engine.context import Context
from studio.export.jobs import (
    ExportBundle,
    ExportComparison,
    ExportFilm,
    ExportLatents,
    ExportSamples,
    ExportWalk,
    ExportWeights,
    Written,
)


@answer.register
def _(job: ExportSamples, context: Context) -> Written:
    from studio.export.samples import export_samples

    return export_samples(job, context)


@answer.register
def _(job: ExportLatents, context: Context) -> Written:
    from studio.export.samples import export_latents

    return export_latents(job, context)


@answer.register
def _(job: ExportComparison, context: Context) -> Written:
    from studio.export.comparison import export_comparison

    return export_comparison(job, context)


@answer.register
def _(job: ExportWalk, context: Context) -> Written:
    from studio.export.walks import export_walk

    return export_walk(job, context)


@answer.register
def _(job: ExportFilm, context: Context) -> Written:
    from studio.export.walks import export_film

    return export_film(job, context)


@answer.register
def _(job: ExportWeights, context: Context) -> Written:
    from studio.export.weights import export_weights

    return export_weights(job, context)


@answer.register
def _(job: ExportBundle, context: Context) -> Written:
    from studio.export.bundle import export_bundle

    return export_bundle(job, context)
