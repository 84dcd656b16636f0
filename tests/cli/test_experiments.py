"""gen-studio experiments and experiment NAME, as a person and a script use them."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest

from studio.experiments import mode_collapse
from studio.experiments.core import attempts
from tests.cli.conftest import Say

TINY = {"steps": 2, "batch": 8, "width": 8}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mode_collapse, "QUICK", {system: dict(TINY) for system in mode_collapse.SYSTEMS})
    monkeypatch.setattr(mode_collapse, "SCORED", 50)


def test_an_experiment_is_run_reported_and_listed(say: Say) -> None:
    assert say("experiments").out.count("not finished") == 0
    said = say("experiment", "mode-collapse", "--device", "cpu")
    assert said.status == 0
    assert "about 5 minutes on 2 CPU cores" in said.err
    assert "modes that the GAN reaches of the 8 on a ring" in said.out
    assert "paper: 6.3 ± 0.5" in said.out
    (attempt,) = attempts.listed("mode_collapse")
    assert str(attempt.path / "modes.png") in said.out
    listed = say("experiments")
    assert "best: " in listed.out
    assert "needs mnist: --data PATH, or --download" in listed.out
    table = say("experiments", "--markdown").out
    assert "## Mode collapse on 8 and 25 Gaussians, by system" in table
    assert "Not tried yet." in table


def test_scripts_get_plain_data_alone(say: Say) -> None:
    said = say("experiment", "mode_collapse", "--json", "--device", "cpu")
    plain = json.loads(said.out)
    assert (plain["status"], plain["experiment"], plain["preset"]) == ("finished", "mode_collapse", "short")
    found = {e["name"]: e for e in json.loads(say("experiments", "--json").out)}
    assert found["mode_collapse"]["attempts"] == [plain]
    assert found["infogan_mnist"]["ready"] is False
    assert found["infogan_mnist"]["presets"]["short"]["minutes"] <= 5


def test_a_dataset_that_is_not_there_is_asked_for_and_leaves_no_attempt(say: Say) -> None:
    said = say("experiment", "infogan_mnist")
    assert (said.status, said.out) == (1, "")
    assert "--data PATH" in said.line
    assert attempts.listed() == []


def test_interrupted_it_goes_on_with_the_same_attempt(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    two = {name: mode_collapse.SYSTEMS[name] for name in ("gan", "sngan")}
    monkeypatch.setattr(mode_collapse, "SYSTEMS", two)
    monkeypatch.setattr(mode_collapse, "QUICK", {name: {**TINY, "steps": 120} for name in two})

    def interrupt_soon() -> None:
        while not attempts.listed() or len(attempts.left(attempts.listed()[0])) > 3:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=interrupt_soon)
    helper.start()
    said = say("experiment", "mode_collapse", "--device", "cpu")
    helper.join()
    assert said.status == 130
    assert "go on with:  gen-studio experiment mode_collapse --preset short" in said.line
    (attempt,) = attempts.unfinished()
    again = say("experiment", "mode_collapse", "--device", "cpu")
    assert again.status == 0
    assert f"going on     {attempt.path}" in again.err
    assert [a.status for a in attempts.listed()] == ["finished"]


def test_new_begins_another_attempt_and_both_are_kept(say: Say) -> None:
    assert say("experiment", "mode_collapse", "--device", "cpu").status == 0
    assert say("experiment", "mode_collapse", "--device", "cpu", "--new").status == 0
    assert len(attempts.listed("mode_collapse")) == 2
