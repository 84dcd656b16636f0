"""A training is not changed by being asked: with questions flying it equals one without, bit for bit."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from safetensors.numpy import load_file

from studio.data.dataset import DataSpec
from studio.engine.client import Engine
from studio.engine.messages import Answer, Ask, Failed, Propose, Start
from studio.explore.latents import draw
from studio.explore.questions import AnyQuestion, Decode, Describe, Directions, Measure, Nearest, ThroughTime, Where
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from studio.training.events import Ended
from tests.engine.conftest import Ear


def questions(run: RunFolder, data: DataSpec) -> list[tuple[AnyQuestion, bool]]:
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


@pytest.mark.timeout(240)
def test_training_with_questions_flying_equals_training_without(
    shared: Engine, new_run: Callable[..., RunFolder], data: DataSpec
) -> None:
    ear = Ear(shared)
    quiet, asked = new_run("quiet", steps=40), new_run("asked", steps=40)
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
    assert answers >= {"Decoded", "ModelView", "NearestFound", "DirectionsFound", "Proposal", "Attempt"}

    for name in ("weights", "average", "engine"):
        one, other = (load_file(run.checkpoint(40) / f"{name}.safetensors") for run in (quiet, asked))
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)
