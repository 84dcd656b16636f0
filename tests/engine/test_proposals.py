"""Recipes that are suggested and checked, and what is said of how long they take."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.data import places
from studio.data.dataset import DataSpec
from studio.engine import proposals
from studio.engine.answers import Context, answer
from studio.engine.messages import Proposal, Propose
from studio.models.core import catalog
from studio.models.core.recipe import Problem
from studio.runs.folder import RunFolder, RunState

TINY = {"width": 4, "latent": 4, "batch": 4, "critic_steps": 1}


def ask(question: Propose, context: Context | None = None) -> Proposal:
    found = answer(question, context or Context())
    assert isinstance(found, Proposal)
    return found


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "_of_a_trial", lambda *a: None)


@pytest.mark.usefixtures("no_trial")
def test_without_a_name_the_steadiest_model_that_fits_is_chosen_with_its_whole_recipe(data: DataSpec) -> None:
    found = ask(Propose(data))
    assert found.model == "wgan_gp"
    assert set(found.values) == set(catalog.card("wgan_gp").defaults)
    assert found.values["width"] == catalog.load("wgan_gp").suits(data)["width"]
    assert found.problems == ()
    assert found.expect == "8×8 squares, WGAN-GP"


@pytest.mark.usefixtures("no_trial")
def test_a_model_that_is_made_for_a_dataset_comes_first(data: DataSpec) -> None:
    potential = DataSpec("U1", "points", (2,), 20_000, 2000, ("left", "right"), source="builtin:u1")
    assert ask(Propose(potential)).model == "planar_flow"
    assert ask(Propose(replace(potential, source="points.csv"))).model == "wgan_gp"


@pytest.mark.usefixtures("no_trial")
@pytest.mark.parametrize("name", catalog.names())
def test_every_model_reads_sentences_or_says_in_words_that_it_does_not(name: str) -> None:
    said = DataSpec("reviews", "sentences", (30,), 900, 90, ("bad", "good"), carries=("but", "part"), vocabulary=500)
    found = ask(Propose(said, name))
    if found.problems:
        assert "reviews" in found.problems[0].message
        assert "sentences" in found.problems[0].message
    else:
        assert ask(Propose(said)).model == name
        assert found.expect.startswith("reviews, ")


@pytest.mark.usefixtures("no_trial")
@pytest.mark.parametrize("name", catalog.names())
def test_every_model_of_images_takes_images_of_people(name: str) -> None:
    plain = DataSpec("crowd", "images", (3, 64, 64), 900, 90)
    posed = replace(plain, carries=("joints", "person"))
    if not ask(Propose(plain, name)).problems:
        assert ask(Propose(posed, name)).problems == ()


@pytest.mark.usefixtures("no_trial")
def test_what_no_model_can_do_is_proposed_with_its_problems() -> None:
    huge = DataSpec("murals", "images", (3, 4000, 4000), 50)
    found = ask(Propose(huge))
    assert found.model == "wgan_gp"
    assert "4000×4000" in found.problems[0].message
    assert found.expect == ""


@pytest.mark.usefixtures("no_trial")
def test_given_values_are_checked_as_they_are_and_all_problems_come_at_once(data: DataSpec) -> None:
    values = catalog.card("wgan_gp").defaults | {"penalty": -1, "batch": 0}
    found = ask(Propose(data, "wgan_gp", values))
    assert found.values == values
    assert [p.field for p in found.problems] == ["batch", "penalty"]
    clash = ask(
        Propose(
            replace(data, kind="points", shape=(2,)), "wgan_gp", catalog.card("wgan_gp").defaults | {"mirror": True}
        )
    )
    assert clash.problems == (Problem("mirror", "only images can be mirrored; switch it off"),)


def test_an_unknown_model_is_refused_with_those_there_are(data: DataSpec) -> None:
    with pytest.raises(KeyError, match="wgan_gp"):
        ask(Propose(data, "wgan_qp"))


def test_a_trial_tells_the_time_and_leaves_the_random_numbers_alone(data: DataSpec) -> None:
    context = Context()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    values = catalog.card("wgan_gp").defaults | TINY | {"steps": 1_000_000}
    found = ask(Propose(data, "wgan_gp", values), context)
    assert torch.equal(before, torch.get_rng_state())
    assert found.expect.startswith("8×8 squares, WGAN-GP, at least ")
    assert found.expect.endswith("on this CPU") or torch.cuda.is_available()
    assert not context.alone.locked()


def test_a_trial_is_made_once_for_all_that_has_the_same_speed(data: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    trials = []
    monkeypatch.setattr(proposals, "_of_a_trial", lambda *a: trials.append(a) or 0.06)
    context = Context()
    values = catalog.card("wgan_gp").defaults | TINY
    first = ask(Propose(data, "wgan_gp", values | {"steps": 1000}), context)
    second = ask(Propose(data, "wgan_gp", values | {"steps": 3000, "penalty": 3.0, "seed": 5}), context)
    assert first.expect.split(", ")[-1].startswith("at least 60 seconds")
    assert second.expect.split(", ")[-1].startswith("at least 3 minutes")
    assert len(trials) == 1
    ask(Propose(data, "wgan_gp", values | {"width": 8}), context)
    assert len(trials) == 2


def test_there_is_no_trial_while_a_run_trains(data: DataSpec) -> None:
    context = Context()
    with context.alone:
        asked = threading.Thread(target=lambda: found.append(ask(Propose(data), context)))
        found: list[Proposal] = []
        asked.start()
        asked.join(20)
    assert found[0].expect == "8×8 squares, WGAN-GP"


def test_a_trial_ends_when_a_training_wants_to_begin(data: DataSpec) -> None:
    looks: list[int] = []
    context = Context(free=lambda: looks.append(1) or len(looks) < 3)
    assert ask(Propose(data), context).expect == "8×8 squares, WGAN-GP"
    assert len(looks) == 3


@pytest.mark.usefixtures("no_trial")
def test_an_earlier_run_of_the_same_networks_on_this_machine_tells_the_time(data: DataSpec) -> None:
    values = catalog.card("wgan_gp").defaults | TINY
    run = RunFolder.create(places.runs() / "earlier", "wgan_gp", values, data)
    run.write_state(RunState("stopped", step=1000, steps=20_000, seconds=60))
    said = ask(Propose(data, "wgan_gp", values | {"steps": 5000})).expect
    assert "about 5 minutes" in said
    elsewhere = run.info()
    run.write_info(replace(elsewhere, versions={**elsewhere.versions, "system": "another machine"}))
    assert ask(Propose(data, "wgan_gp", values | {"steps": 5000})).expect == "8×8 squares, WGAN-GP"
    (run.path / "run.json").write_text("{")  # a damaged one harms nothing
    assert ask(Propose(data, "wgan_gp", values)).expect == "8×8 squares, WGAN-GP"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "10 seconds"),
        (44, "40 seconds"),
        (89, "90 seconds"),
        (91, "1½ minutes"),
        (180, "3 minutes"),
        (60 * 61, "61 minutes"),
        (60 * 95, "1½ hours"),
        (60 * 140, "2½ hours"),
        (3600 * 26, "26 hours"),
        (86400 * 2, "2 days"),
        (86400 * 9.4, "9 days"),
    ],
)
def test_lengths_of_time_are_told_as_roughly_as_they_are_known(seconds: float, words: str) -> None:
    assert proposals.in_words(seconds) == words


def test_made_up_people_and_sentences_have_what_they_carry() -> None:
    people = DataSpec("people", "images", (3, 16, 12), 50, carries=("joints", "parts", "person"))
    made = proposals.made_up(people, 10)
    assert set(made.columns) == set(people.carries)
    assert made.columns["joints"].shape == (10, 18, 3)
    assert made.columns["joints"].dtype == np.float32
    assert (made.columns["joints"][..., 0] <= 12).all()
    assert made.columns["parts"].shape == (10, 16, 12)
    said = proposals.made_up(DataSpec("said", "sentences", (9,), 50, classes=("no", "yes"), vocabulary=7), 10)
    assert said.values.shape == (10, 9)
    assert (said.values.min(), said.values.max()) == (1, 7)


def test_made_up_data_has_the_form_of_the_real() -> None:
    spec = DataSpec("x", "images", (3, 9, 10), 5000, classes=("a", "b"))
    made = proposals.made_up(spec)
    assert made.values.shape[1:] == (3, 9, 10)
    assert made.values.dtype == np.uint8
    assert made.labels is not None
    assert set(made.labels) == {0, 1}
