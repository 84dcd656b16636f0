"""Weights that do not fit a recipe are named in words, wherever they are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from studio.data.dataset import Dataset
from studio.models.core.recipe import make, to_toml
from studio.models.wgan_gp import WGANGP
from studio.runs.folder import DamagedRun, RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle
from studio.training.events import Ended
from studio.training.fitting import Misfit, fill
from tests.training.conftest import SMALL, train

MakeRun = Callable[..., RunFolder]


def net(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1))


def test_weights_of_the_same_networks_are_taken_over_or_held() -> None:
    one, other = net(4), net(4)
    fill(other, one.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    fill(other, dict(one.named_parameters()) | dict(one.named_buffers()), assign=True)
    assert other[0].weight is one[0].weight


def test_of_weights_of_another_size_the_first_is_named_and_the_rest_counted() -> None:
    made = net(4)
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    with pytest.raises(Misfit, match=r"^0\.weight is 5×3, where the recipe makes it 4×3, and 6 more differ\. Take the"):
        fill(made, net(5).state_dict())
    assert all(torch.equal(before[name], tensor) for name, tensor in made.state_dict().items())


def test_what_is_missing_and_what_is_of_no_use_is_named() -> None:
    weights = net(4).state_dict()
    del weights["2.bias"]
    weights |= {"x": torch.zeros(1), "y": torch.zeros(1)}
    with pytest.raises(Misfit, match=r"^2\.bias is missing, x and 1 more are of no use\."):
        fill(net(4), weights)


def test_a_run_whose_recipe_was_changed_says_in_one_line_what_does_not_fit(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    train(run, images, steps=2)
    (run.path / "recipe.toml").write_text(to_toml("wgan_gp", run.recipe()[1] | {"width": 5}))
    with pytest.raises(DamagedRun, match="where the recipe makes it") as told:
        checkpoint.load_model(run)
    assert "\n" not in str(told.value)
    assert "size mismatch" not in str(told.value)
    ended = train(run, images, steps=3).of(Ended)[0]
    assert ended.reason == "failed"
    assert "does not fit the recipe" in ended.message
    assert "\n" not in ended.message
    with pytest.raises(Misfit):
        Cycle(WGANGP, make(WGANGP.recipe_type, SMALL), images, torch.device("cpu")).start_from({}, 1)
