"""A run that begins where another one ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from studio.data.dataset import Dataset
from studio.runs.folder import RunFolder
from studio.runs.library import Library
from studio.training import checkpoint
from studio.training.events import Ended
from tests.training.conftest import train
from tests.training.test_exactness import same

MakeRun = Callable[..., RunFolder]


def after(run: RunFolder, other: RunFolder, step: int) -> RunFolder:
    run.write_info(replace(run.info(), begins_from=f"{other.info().id}@{step}"))
    return run


def test_it_goes_on_exactly_as_the_other_would_have(images: Dataset, new_run: MakeRun) -> None:
    whole = new_run("dcgan", images, "whole", mirror=True)
    train(whole, images)
    first = new_run("dcgan", images, "first", mirror=True, steps=4)
    train(first, images)
    second = after(new_run("dcgan", images, "second", mirror=True), first, 4)
    train(second, images)
    same(whole, second)
    assert first.state().step == 4
    assert second.state().seconds < whole.state().seconds + first.state().seconds


def test_weights_that_it_has_no_use_for_stay_behind(images: Dataset, new_run: MakeRun) -> None:
    first = new_run("dcgan", images, "first", steps=2, constraint="learned", asked="network")
    train(first, images)
    taught = checkpoint.load(first, 2).weights
    assert any(name.startswith("constraint.") for name in taught)
    plain = after(new_run("dcgan", images, "plain", steps=3, generator_rate=0.0001), first, 2)
    events = train(plain, images)
    assert isinstance(events.heard[-1], Ended)
    assert events.heard[-1].reason == "finished"
    mine = checkpoint.load(plain, 3).weights
    assert not any(name.startswith("constraint.") for name in mine)
    assert not torch.equal(mine["generator.project.weight"], taught["generator.project.weight"])


def test_a_run_that_begins_from_one_that_is_not_there_or_not_so_far_says_which(
    images: Dataset, new_run: MakeRun
) -> None:
    first = new_run("dcgan", images, "first", steps=2)
    second = after(new_run("dcgan", images, "second"), first, 2)
    ended = train(second, images).heard[-1]
    assert isinstance(ended, Ended)
    assert ended.reason == "failed"
    assert first.info().title in ended.message
    assert "step 2" in ended.message
    second.write_info(replace(second.info(), begins_from="gone@2"))
    ended = train(second, images).heard[-1]
    assert isinstance(ended, Ended)
    assert "not in the library" in ended.message


def test_a_copy_of_it_begins_there_too(images: Dataset, new_run: MakeRun) -> None:
    first = new_run("dcgan", images, "first", steps=2)
    second = after(new_run("dcgan", images, "second"), first, 2)
    copy = Library(second.path.parent).duplicate(second.path)
    assert RunFolder(copy).info().begins_from == second.info().begins_from


def test_networks_of_another_shape_are_refused_in_words(images: Dataset, new_run: MakeRun) -> None:
    first = new_run("dcgan", images, "first", steps=2)
    train(first, images)
    wider = after(new_run("dcgan", images, "wider", width=6), first, 2)
    ended = train(wider, images).heard[-1]
    assert isinstance(ended, Ended)
    assert "does not fit the recipe" in ended.message
