"""Who is to blame when values are no numbers any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from studio.data.dataset import Dataset
from studio.models.core.model import Batch, Loss
from studio.models.core.recipe import make
from studio.models.wgan_gp import WGANGP, WGANGPRecipe
from studio.runs.folder import RunFolder
from studio.training.control import Stop
from studio.training.cycle import Cycle
from studio.training.events import Paused
from tests.training.conftest import SMALL, Listener, at, train

MakeRun = Callable[..., RunFolder]


def test_the_player_whose_weights_broke_is_blamed_not_the_one_whose_loss_shows_it(
    images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = WGANGP.generator_loss

    def poisoned(self: WGANGP, batch: Batch) -> Loss:
        """Finite, while its gradient is not: the generator's weights break, and the critic's next loss with them."""
        found = right(self, batch)
        return Loss(found.value + (found.value - found.value.detach()).abs().sqrt() * 0, found.shows)

    monkeypatch.setattr(WGANGP, "generator_loss", poisoned)
    heard = train(new_run("wgan_gp", images), images, Listener((at(Paused), [Stop()])))
    said = heard.of(Paused)[0].message
    assert "the loss of the critic became nan, for the weights of the generator are no numbers any more" in said
    assert "Lower the learning rate of the generator (now 0.0001)" in said


def test_statistics_that_others_broke_blame_nobody_whose_weights_are_sound(images: Dataset) -> None:
    cycle = Cycle(WGANGP, make(WGANGPRecipe, SMALL), images, torch.device("cpu"))
    assert cycle.not_finite() == ""
    assert isinstance(cycle.model, WGANGP)
    statistics = next(name for name, _ in cycle.model.named_buffers() if name.endswith("running_mean"))
    cycle.model.get_buffer(statistics)[0] = float("nan")
    assert cycle.not_finite() == statistics
    with torch.no_grad():
        next(cycle.model.critic.parameters()).view(-1)[0] = float("inf")
    assert cycle.not_finite() == "critic"
