"""The flow that docs/add-a-model.md shows is one: it can be copied from the page and works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from studio.data.dataset import DataSpec
from studio.models.core import flow, model, recipe
from studio.models.core.model import Batch
from studio.nn.flows import base, glow, mixing, scales

PAGE = Path(__file__).parents[2] / "docs" / "add-a-model.md"


def test_the_flow_of_the_page_inverts_exactly_and_scores_a_likelihood() -> None:
    (code,) = (b for b in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if "(Flow)" in b)
    names: dict[str, Any] = {}
    for module in (flow, model, recipe, base, glow, mixing, scales):
        names |= vars(module)
    exec("from __future__ import annotations\n" + code, names)
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
