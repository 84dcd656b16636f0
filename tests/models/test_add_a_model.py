"""The systems that docs/add-a-model.md shows are such: they can be copied from the page and work."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from studio.data.dataset import DataSpec
from studio.models.core import decoding, flow, model, ordered, raster, recipe, variational
from studio.models.core.model import Batch
from studio.nn import pixel_masks
from studio.nn.flows import base, glow, mixing, scales
from tests.models.ordered import influence, stirred, total

PAGE = Path(__file__).parents[2] / "docs" / "add-a-model.md"


def written(what: str, *modules: ModuleType) -> dict[str, Any]:
    """The names of the page's example in which this stands, and of the modules that it uses."""
    (code,) = (b for b in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if what in b)
    names: dict[str, Any] = {"torch": torch, "nn": nn}
    for module in modules:
        names |= vars(module)
    exec("from __future__ import annotations\n" + code, names)
    return names


def test_the_flow_of_the_page_inverts_exactly_and_scores_a_likelihood() -> None:
    names = written("(Flow)", flow, model, recipe, base, glow, mixing, scales)
    data = DataSpec("made up", "images", (1, 8, 8), 100)
    made = names["Small"](flow.FlowRecipe(), data)
    assert names["Small"].problems(flow.FlowRecipe(), data) == []
    x = torch.randint(0, 256, (4, 1, 8, 8), generator=torch.Generator().manual_seed(0)) / 127.5 - 1
    made.loss(Batch(x)).value.backward()
    made.eval()
    found = made.invert(x)
    assert (made.decode(found.z) - x).abs().max() < 1e-5
    assert found.log_likelihood.isfinite().all()
    assert {"score likelihood", "invert exactly"} <= set(model.capabilities(made))


def test_the_vae_of_the_page_has_a_bound_that_its_own_prior_makes() -> None:
    names = written("(Variational)", recipe, model, decoding, variational)
    data = DataSpec("made up", "images", (1, 4, 4), 100)
    values = variational.VariationalRecipe(latent=3, width=8)
    assert names["WideVAE"].problems(values, data) == []
    made = names["WideVAE"](values, data)
    torch.nn.init.constant_(made.log_width, 0.7)
    x = made.held(torch.rand(5, 1, 4, 4) * 2 - 1)
    made.loss(Batch(x)).value.backward()
    assert made.log_width.grad.abs().sum() > 0
    with torch.no_grad():
        found = made.infer(x, 3, torch.Generator().manual_seed(0))
        again = made.reconstructed(x, made.unravel(found.z))
    assert torch.allclose(again, found.reconstruction, atol=1e-4)
    whole = found.reconstruction.mean(0) - found.kl.sum(1)
    assert torch.allclose(whole, found.log_weights.mean(0), atol=1e-4)
    assert {"score likelihood", "infer latents"} <= set(model.capabilities(made))


def test_the_model_of_the_page_that_draws_value_by_value_sums_to_1_and_looks_at_nothing_to_come() -> None:
    names = written("(Ordered)", recipe, model, ordered, raster, pixel_masks)
    data = DataSpec("made up", "images", (1, 4, 4), 100)
    values = ordered.OrderedRecipe()
    assert names["Neighbours"].problems(values, data) == []
    made = names["Neighbours"](values, data)
    made.loss(Batch(torch.rand(5, 1, 4, 4) * 2 - 1)).value.backward()
    stirred(made)
    assert total(made) == pytest.approx(1, abs=1e-5)
    assert not influence(made).triu().any()
    with torch.no_grad():
        assert set(made.decode(torch.rand(3, 16) * 2 - 1).unique().tolist()) == {-1, 1}
    assert {"score likelihood", "draw in order", "decode latent"} <= set(model.capabilities(made))
