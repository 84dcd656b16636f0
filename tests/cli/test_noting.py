"""The line of progress and the alarms of a training on a terminal."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from studio.cli.noting import Notes
from studio.cli.training import _Listener
from studio.runs.folder import RunFolder
from studio.training.events import Alarm, Measured, Progress


def test_what_tells_most_stands_on_the_line_with_its_newest_value() -> None:
    notes = Notes()
    assert str(notes) == ""
    notes.add({"loss/discriminator": 1.5, "loss/generator": 0.7, "speed/examples per second": 3.0})
    notes.add({"loss/discriminator": 1.25, "discriminator/D(x)": 0.55123, "discriminator/D(G(z))": 0.4})
    notes.add({"modes/classes covered of 10": 9.0, "modes/share within 3 σ": 0.9, "information/L_I of all codes": 2.1})
    assert str(notes) == (
        "discriminator 1.25 generator 0.7 · D(x) 0.551 D(G(z)) 0.4 · L_I in nats 2.1 · classes 9 of 10"
    )


def test_the_critics_own_estimate_is_not_mixed_up_with_the_measured_one() -> None:
    notes = Notes()
    notes.add({"wasserstein/critic estimate, held-out": 3.0, "wasserstein/sliced": 2.0, "loss/critic": -1.0})
    assert str(notes) == "critic -1"
    notes.add({"wasserstein/critic estimate": 4.0, "critic gap/K · Wasserstein-1, held-out": 1.0})
    assert str(notes) == "critic -1 · W₁ of the critic 4"


def test_alarms_are_lines_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listener = _Listener(RunFolder(tmp_path / "digits-1"), queue.SimpleQueue())
    with listener.bar:
        listener.hear(Measured("run", 3, 1.0, {"loss/critic": 0.5}))
        listener.hear(Progress("run", 3, 10, 123.0, 1.0, 20.0, 0))
        listener.hear(Alarm("run", 1200, "classes", "class 3 has vanished from the samples"))
        listener.hear(Alarm("run", 1300, "classes"))
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "digits-1: 3 of 10 steps  123 examples/s, 20 s left  critic 0.5",
        "alarm       step 1,200: class 3 has vanished from the samples",
        "over        step 1,300: classes all there",
    ]
