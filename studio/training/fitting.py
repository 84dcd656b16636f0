"""Weights into a model, and words for those that do not fit it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

ADVICE = "Take the recipe that they were trained with"


class Misfit(RuntimeError):
    """Weights of another recipe, or of other networks; the message is one line for a person."""


def fill(model: nn.Module, weights: Mapping[str, Tensor], *, assign: bool = False) -> None:
    """Every weight and buffer of the model from ``weights``; with ``assign`` it holds those tensors themselves.

    Raises:
        Misfit: before anything has changed.
    """
    own: dict[str, Tensor] = model.state_dict()
    missing, strange = own.keys() - weights.keys(), weights.keys() - own.keys()
    if missing or strange:
        parts = [f"{_some(missing)} {_is(missing)} missing"] if missing else []
        parts += [f"{_some(strange)} {_is(strange)} of no use"] if strange else []
        raise Misfit(f"{', '.join(parts)}. {ADVICE}")
    other = [name for name, tensor in own.items() if weights[name].shape != tensor.shape]
    if other:
        first = other[0]
        more = f", and {len(other) - 1} more differ" if len(other) > 1 else ""
        raise Misfit(
            f"{first} is {_size(weights[first])}, where the recipe makes it {_size(own[first])}{more}. {ADVICE}"
        )
    model.load_state_dict(weights, assign=assign)


def _size(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"


def _some(names: set[str]) -> str:
    first = min(names)
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"


def _is(names: set[str]) -> str:
    return "is" if len(names) == 1 else "are"
