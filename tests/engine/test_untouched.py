"""A training is not changed by being asked: with questions flying it equals one without, bit for bit."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from studio.data.dataset import DataSpec
from studio.engine.client import Engine
from studio.engine.messages import Answer, Ask, Failed, Propose, Start
from studio.explore.latents import draw
from studio.explore.questions import (
    AnyQuestion,
    ByPicks,
    Decode,
    DecodeScored,
    Describe,
    Directions,
    DrawInOrder,
    FindAttribute,
    Likelihoods,
    Measure,
    Nearest,
    Real,
    Surprise,
    ThroughTime,
    Unfold,
    Where,
)
from studio.explore.questions.flows import STRANGERS
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from studio.training.events import Ended
from tests.engine.conftest import Ear


def of_samples(run: RunFolder, data: DataSpec) -> list[tuple[AnyQuestion, bool]]:
    where, z = Where(str(run.path)), draw(Prior.of("normal", 8), 4, 0)
    return [
        (Decode(where, z), False),
        (Describe(where), False),
        (Nearest(where, z), False),
        (Directions(where), False),
        (Propose(data), False),
        (Measure(where, ("wasserstein", "swd", "mmd", "two-sample", "parzen"), samples=20), True),
        (ThroughTime(str(run.path), z[0]), True),
    ]


def of_flows(run: RunFolder, data: DataSpec) -> list[tuple[AnyQuestion, bool]]:
    where, z = Where(str(run.path)), draw(Prior.of("normal", 64), 4, 0)
    return [
        (Unfold(where, Real((0, 9))), False),
        (DecodeScored(where, z), False),
        (Likelihoods(where, 20, tuple(STRANGERS)), False),
        (FindAttribute(where, ByPicks(Real((0, 1, 2)), Real((3, 4, 5)))), True),
        (Measure(where, ("likelihood",), samples=20), True),
    ]


def of_orders(run: RunFolder, data: DataSpec) -> list[tuple[AnyQuestion, bool]]:
    where, known = Where(str(run.path)), np.tri(8, dtype=np.bool_)
    return [
        (DrawInOrder(where, 3), False),
        (DrawInOrder(where, 2, real=Real((5,)), known=known), False),
        (Surprise(where, Real((0, 9))), False),
    ]


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("made", "questions", "expected"),
    [
        (
            {"model": "wgan_gp", "steps": 40},
            of_samples,
            {"Decoded", "ModelView", "NearestFound", "DirectionsFound", "Proposal", "Attempt"},
        ),
        (
            {"model": "glow", "steps": 30, "levels": 1, "depth": 2, "width": 8},
            of_flows,
            {"Unfolded", "Scored", "LikelihoodsFound", "Attribute", "Attempt"},
        ),
        ({"model": "nade", "steps": 20, "hidden": 8}, of_orders, {"DrawnInOrder", "Surprised"}),
    ],
    ids=["samples", "flows", "orders"],
)
def test_training_with_questions_flying_equals_training_without(
    shared: Engine,
    new_run: Callable[..., RunFolder],
    data: DataSpec,
    made: dict[str, Any],
    questions: Callable[[RunFolder, DataSpec], list[tuple[AnyQuestion, bool]]],
    expected: set[str],
) -> None:
    ear = Ear(shared)
    quiet, asked = new_run("quiet", **made), new_run("asked", **made)
    shared.send(Start(str(quiet.path)))
    ear.wait(Ended, 110, reason="finished")

    shared.send(Start(str(asked.path)))
    flying = itertools.cycle(questions(asked, data))
    answers, ended = set(), False
    open_stamps: set[int] = set()
    for stamp in itertools.count():
        if not ended and len(open_stamps) < 2:
            question, slow = next(flying)
            shared.send(Ask(stamp, question, slow=slow))
            open_stamps.add(stamp)
        for message in shared.poll(0.02):
            match message:
                case Answer(stamp=done, value=value):
                    open_stamps.discard(done)
                    answers.add(type(value).__name__)
                case Failed(stamp=done, message=why):
                    assert "no checkpoint yet" in why  # through time, before the first
                    open_stamps.discard(done)
                case Ended():
                    assert message.reason == "finished"
                    ended = True
        if ended and not open_stamps:
            break
    assert answers >= expected

    for name in ("weights", "average", "engine"):
        one, other = (load_file(run.checkpoint(made["steps"]) / f"{name}.safetensors") for run in (quiet, asked))
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)
