"""One player's move: hold the others still, descend its loss, keep what must hold."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from studio.models.core.model import Batch, Loss, Optimiser, Scheduled, Update
from studio.training.device import Precision, arithmetic


class NotFinite(Exception):
    """The loss of a player is infinite or undefined, or some of its weights are; nothing has moved since."""

    def __init__(self, player: str, value: float, what: str = "loss") -> None:
        super().__init__(f"the {what} of the {player} became {value}")
        self.player = player


class Player:
    """An update with its optimiser."""

    def __init__(self, update: Update, device: torch.device, precision: Precision) -> None:
        self.update = update
        self.name = update.player
        self.rate = update.optimiser.rate
        """As the paper or the person has set it; a schedule multiplies it move by move."""
        self.parameters = list(update.module.parameters())
        self.optimiser = make(update.optimiser, self.parameters, device)
        self._device = device
        self._precision: Precision = "float32" if update.full_precision else precision

    def gradients(self, batch: Batch) -> Loss:
        """The first half of a move: what its parameters should do. The gradients of other players must be off.

        Returns:
            Its loss, detached, and what to show with it.

        Raises:
            NotFinite: before anything has moved.
        """
        self.optimiser.zero_grad(set_to_none=True)
        with arithmetic(self._precision, self._device):
            loss = self.update.loss(batch)
        value = float(loss.value.detach())
        if not math.isfinite(value):
            raise NotFinite(self.name, value)
        loss.value.backward()  # type: ignore[no-untyped-call]
        return replace(loss, value=loss.value.detach())

    def descend(self, step: int) -> None:
        """The second half: they do it, in cycle ``step``."""
        now = self.update.schedule(step) if self.update.schedule is not None else Scheduled()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * now.rate
            if now.momentum is not None:
                group["momentum"] = now.momentum
        if self.update.optimiser.clip:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.update.optimiser.clip)
        self.optimiser.step()
        if self.update.after is not None:
            with torch.no_grad():
                self.update.after()

    def tensors(self) -> dict[str, Tensor]:
        """The optimiser's memory, by "<player>/<parameter>/<what>"."""
        state = self.optimiser.state_dict()["state"]
        return {
            f"{self.name}/{i}/{what}": value
            for i, of in state.items()
            for what, value in of.items()
            if isinstance(value, Tensor)
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of :meth:`tensors`, laid out in memory as the parameters are: fused steps rely on it."""
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            player, i, what = key.rsplit("/", 2)
            if player == self.name:
                like = self.parameters[int(i)]
                laid = (
                    torch.empty_like(like).copy_(value) if value.shape == like.shape and value.dim() else value.clone()
                )
                state.setdefault(int(i), {})[what] = laid.detach()
        self.optimiser.load_state_dict({"state": state, "param_groups": self.optimiser.state_dict()["param_groups"]})


def make(asked: Optimiser, parameters: list[torch.nn.Parameter], device: torch.device) -> torch.optim.Optimizer:
    """The optimiser that an update asks for, in its fastest form."""
    fused = device.type in ("cpu", "cuda", "mps")
    match asked.name:
        case "adam":
            return torch.optim.Adam(
                parameters,
                asked.rate,
                betas=(asked.beta1, asked.beta2),
                weight_decay=asked.weight_decay,
                fused=fused,
            )
        case "adamax":
            betas = (asked.beta1, asked.beta2)
            return torch.optim.Adamax(parameters, asked.rate, betas=betas, weight_decay=asked.weight_decay)
        case "adadelta":
            return torch.optim.Adadelta(parameters, asked.rate, rho=asked.rho, weight_decay=asked.weight_decay)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, asked.rate, momentum=asked.momentum, weight_decay=asked.weight_decay)
        case "sgd":
            return torch.optim.SGD(
                parameters, asked.rate, momentum=asked.momentum, weight_decay=asked.weight_decay, fused=fused
            )
