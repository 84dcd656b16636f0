"""One point of a flow in the plane, followed through all steps and back again."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from studio.engine.answers.base import answer
from studio.engine.context import Context
from studio.explore.questions import Follow, Followed
from studio.models.core.model import FlowsInSteps, InvertsExactly


@answer.register
def _follow(question: Follow, context: Context) -> Followed:
    if (question.x is None) == (question.z is None):
        raise ValueError("a point is followed by its place or by its latent, and by one of them alone")
    model: Any
    model, step = context.model(question.where)
    like = next(model.parameters())
    if not (isinstance(model, FlowsInSteps) and isinstance(model, InvertsExactly)):
        raise ValueError(f"{model.title} does not invert exactly, step by step")
    with torch.inference_mode():
        given = torch.tensor([question.x or question.z], dtype=like.dtype, device=like.device)
        z = model.invert(given).z if question.z is None else given
        stations = model.trace(z)
        made = stations[-1].points
        again = model.invert(made).z
        x = given if question.z is None else made
        back_x = made - x if question.z is None else model.decode(again) - x
    return Followed(
        step,
        z[0].float().cpu().numpy(),
        tuple(s.name for s in stations),
        np.stack([s.points[0].float().cpu().numpy() for s in stations]),
        np.array([float(s.log_density[0]) for s in stations]),
        float(back_x.abs().max()),
        float((again - z).abs().max()),
    )
