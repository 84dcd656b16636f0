"""What a person takes away. The writers are loaded when they are needed: animations and ONNX take seconds to import."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from studio.engine.answers.base import answer
from studio.engine.context import Context
from studio.export import jobs
from studio.export.jobs import Written

WRITERS: dict[type[Any], str] = {
    jobs.ExportSamples: "samples.export_samples",
    jobs.ExportLatents: "samples.export_latents",
    jobs.ExportComparison: "comparison.export_comparison",
    jobs.ExportWalk: "walks.export_walk",
    jobs.ExportFilm: "walks.export_film",
    jobs.ExportFlow: "flows.export_flow",
    jobs.ExportPoses: "poses.export_poses",
    jobs.ExportFrames: "frames.export_frames",
    jobs.ExportWeights: "weights.export_weights",
    jobs.ExportBundle: "bundle.export_bundle",
}
"""Each job's writer, a function of the job and the context, by its place in :mod:`studio.export`."""


def _written(job: object, context: Context) -> Written:
    module, function = WRITERS[type(job)].split(".")
    done: Written = getattr(import_module(f"studio.export.{module}"), function)(job, context)
    return done


for _kind in WRITERS:
    answer.register(_kind, _written)
