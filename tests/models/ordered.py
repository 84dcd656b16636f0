"""What every system that draws in order is held to: helpers for tests of its own, exact to rounding."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.models.core.ordered import Ordered


def some(model: Ordered, n: int = 3, seed: int = 1) -> Tensor:
    """Values int64 n×D in order, any of them."""
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, model.value_count, (n, model.dimensions), generator=random)


def stirred(model: Ordered, by: float = 0.3) -> Ordered:
    """Weights that are far from where they begin, many of them at zero; in evaluation mode."""
    random = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(by * torch.randn(parameter.shape, generator=random))
    return model.eval()


def a_class(model: Ordered, n: int) -> Tensor | None:
    return model.every_class(n, torch.zeros(1))[0] if model.class_conditional else None


@torch.no_grad()
def total(model: Ordered, last: int = 10) -> float:
    """Σ exp log p over all that the last values can be, behind one beginning: 1. Of all examples there are, where they
    have no more values."""
    free = min(last, model.dimensions)
    ways = torch.cartesian_prod(*[torch.arange(model.value_count)] * free).view(-1, free)
    values = some(model, 1).repeat(len(ways), 1)
    values[:, -free:] = ways
    found = 0.0
    for part in torch.split(values, 1024):
        logs = model.log_conditionals(model.as_examples(part), a_class(model, len(part)))
        found += float(logs[:, -free:].double().sum(1).exp().sum())
    return found


def influence(model: Ordered, seed: int = 1) -> Tensor:
    """How strongly the distribution of value i depends on value j, D×D in order, by autograd: zero unless j < i."""
    x = model.as_examples(some(model, 1, seed)).requires_grad_()
    logs = model.log_probabilities(x, a_class(model, 1))
    mixed = (logs * torch.linspace(0.5, 1.5, model.value_count)).sum(2)[0]
    rows = [torch.autograd.grad(one, x, retain_graph=True)[0].flatten()[model.order] for one in mixed]
    return torch.stack(rows).abs()


@torch.no_grad()
def reach(model: Ordered, seed: int = 1) -> Tensor:
    """As :func:`influence`, by putting another value in place of each, D×D; 0 is up to rounding, 1e-5 of what is said:
    all at once are as quick as one, and it sees what autograd does not."""
    values = some(model, 1, seed)
    size = model.dimensions
    changed = values.repeat(size + 1, 1)
    changed[range(size), range(size)] = (values[0] + 1) % model.value_count
    logs = model.log_probabilities(model.as_examples(changed), a_class(model, size + 1))
    found = ((logs[:-1] - logs[-1]).abs() / (1 + logs[-1].abs())).amax(2).T
    return torch.where(found > 1e-5, found, 0.0)
