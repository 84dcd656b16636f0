"""The smallest real flow: each channel scaled and moved, at several scales. Of Gaussian data all is known of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset, DataSpec
from studio.engine.context import Context
from studio.explore.questions import Where
from studio.models.core.flow import Flow, FlowRecipe
from studio.models.core.model import Model, Paper
from studio.nn.flows.base import Bijection, Chain
from studio.nn.flows.scales import Scales, inner


class Affine(Bijection):
    """y = (x − shift) · exp(−log scale), by channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(channels))
        self.log_scale = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        size = x[0, 0].numel()
        y = (x - self._wide(self.shift, x)) * torch.exp(-self._wide(self.log_scale, x))
        return y, (-self.log_scale.sum() * size).expand(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y * torch.exp(self._wide(self.log_scale, y)) + self._wide(self.shift, y)

    def _wide(self, of: Tensor, x: Tensor) -> Tensor:
        return of.view(-1, *[1] * (x.dim() - 2))


class Linear(Flow):
    title = "Linear flow"
    paper = Paper("nobody", 2000, "", "")
    about = ""
    recipe_type = FlowRecipe

    def build(self, data: DataSpec) -> None:
        many = 2 if data.kind == "images" else 1
        chains = [Chain([("step 1", Chain([("affine", Affine(s[0]))]))]) for s in inner(data.shape, many)]
        self.put_together(Scales(data.shape, chains, learned=False), prior="learned")


class ByClass(Linear):
    class_conditional = True
    class_part = "class"


def linear(data: DataSpec, kind: type[Linear] = Linear, spread: float = 0.2, **recipe: int | float) -> Linear:
    """With weights that no training begins with."""
    made = kind(FlowRecipe(**recipe), data).eval()  # type: ignore[arg-type]
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0, spread, generator=random)
    return made


def gaussian(data: DataSpec, mean: float, sd: float) -> Linear:
    """Every value is N(mean, sd²), independent of the others: of images of their values 0..256 / 256 − ½."""
    made = linear(data, spread=0.0)
    first = made.scales.chain(0)
    step = next(first.single())[1]
    assert isinstance(step, Affine)
    with torch.no_grad():
        step.shift.fill_(mean)
        step.log_scale.fill_(math.log(sd))
    return made


@dataclass
class _Given:
    model: Model
    data: Dataset | None


class Given(Context):
    """Answers about a model in memory, in place of a run on disk."""

    def __init__(self, model: Model, data: Dataset | None = None, step: int = 7) -> None:
        super().__init__()
        self.given = _Given(model, data)
        self.step = step

    def model(self, where: Where) -> tuple[Model, int]:
        return self.given.model, self.step

    def data(self, spec: DataSpec) -> Dataset:
        if self.given.data is not None and spec.fingerprint == self.given.data.spec.fingerprint:
            return self.given.data
        return super().data(spec)
