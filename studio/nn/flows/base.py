"""What a bijection is, and chains of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from studio.nn.flows.recompute import recomputed

LogDets = dict[str, Tensor]
"""log|det| by the name of the step, B each, in the order in which the steps are taken."""


class Bijection(nn.Module):
    """A differentiable map of examples B×… that can be undone, with the logarithm of its change of volume.

    ``forward`` is the direction towards the latent. Computes in float32 whatever the precision around it is, but for
    the networks inside.
    """

    rearranges: ClassVar[bool] = False
    """Only moves values to other places: its log-det is 0 always, and a chain does not list it."""

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """y, and log|det ∂y/∂x| of each example, B."""

    @abstractmethod
    def inverse(self, y: Tensor) -> Tensor:
        """The x of this y."""

    def inverse_and_log_det(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """The x of this y, and log|det ∂x/∂y| there, B."""
        x = self.inverse(y)
        return x, -self(x)[1]

    def hold(self) -> None:
        """Work out once and for all what both directions need of the weights alone, for weights that no longer change:
        every use is quicker, and what is left are operations that other programs know as well."""

    def again(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The x of this y as the beginning of a graph, and at its end y and the log-det once more: what is needed to
        take a gradient back through a step of which only y was kept."""
        with torch.no_grad():
            x = self.inverse(y)
        x = x.detach().requires_grad_()
        return x, *self(x)


class Reversed(Bijection):
    """Another bijection in its other direction."""

    def __init__(self, step: Bijection) -> None:
        super().__init__()
        self.step = step

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.step.inverse_and_log_det(x)

    def inverse(self, y: Tensor) -> Tensor:
        return self.step(y)[0]  # type: ignore[no-any-return]

    def inverse_and_log_det(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return self.step(y)  # type: ignore[no-any-return]


class Chain(nn.Module):
    """Named steps one after the other; chains may hold chains. Names are paths: "step 3/coupling".

    Args:
        recompute: keep nothing between the steps for the gradient, but work it out again from the last y
            (:mod:`studio.nn.flows.recompute`).
    """

    def __init__(self, steps: Iterable[tuple[str, Bijection | Chain]], recompute: bool = False) -> None:
        super().__init__()
        self.recompute = recompute
        named = list(steps)
        self.names = tuple(name for name, _ in named)
        self.steps = nn.ModuleList(step for _, step in named)

    def forward(self, x: Tensor, found: LogDets, at: str = "") -> Tensor:
        """The last y; the log-det of each step goes into ``found``, its name behind ``at``."""
        if self.recompute and torch.is_grad_enabled():
            return recomputed(self, x, found, at)
        return self.run(x, found, at)

    def run(self, x: Tensor, found: LogDets, at: str) -> Tensor:
        """What :meth:`forward` gives, step by step."""
        for name, step in zip(self.names, self.steps, strict=True):
            if isinstance(step, Chain):
                x = step(x, found, f"{at}{name}/")
            else:
                x, log_det = step(x)
                if not step.rearranges:
                    found[at + name] = log_det
        return x

    def inverse(self, y: Tensor) -> Tensor:
        for step in reversed(self.steps):
            y = step.inverse(y)  # type: ignore[operator]
        return y

    def single(self, at: str = "") -> Iterator[tuple[str, Bijection]]:
        """Every step with the whole of its name, those of inner chains one by one."""
        for name, step in zip(self.names, self.steps, strict=True):
            if isinstance(step, Chain):
                yield from step.single(f"{at}{name}/")
            elif isinstance(step, Bijection):
                yield at + name, step
