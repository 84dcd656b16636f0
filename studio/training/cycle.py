"""All that a training consists of between two moves: what a checkpoint holds. No clock, file, thread or listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset
from studio.models.core.model import Loss, Model
from studio.models.core.recipe import Recipe
from studio.training import device as devices
from studio.training.average import RunningAverage
from studio.training.device import Precision
from studio.training.feed import Feed
from studio.training.fitting import fill
from studio.training.players import Player


@dataclass(frozen=True)
class Moved:
    """``values`` by "panel/curve", scalars still on the device; ``spreads`` by "panel/what", one number per example;
    ``cycle`` whether this move ended one."""

    player: str
    values: dict[str, Tensor]
    spreads: dict[str, Tensor]
    cycle: bool


class Cycle:
    """Model, players, data and random numbers of one training, at step 0 of its recipe's seed.

    ``step`` counts finished cycles; ``position`` the moves made within the present one.
    """

    def __init__(self, model: type[Model], recipe: Recipe, data: Dataset, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.device = device
        built = model(recipe, data.spec)  # on the CPU, so that every device starts from the same weights
        if data.tables:
            built.meet(data.tables)
        if any(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in built.modules()):
            built = built.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model: Model = built.to(device).train()
        self.precision: Precision = devices.settle(recipe.precision, device, self.model)
        self.players = [Player(update, device, self.precision) for update in self.model.players()]
        self.feed = Feed(data, recipe.batch, recipe.seed, recipe.mirror, device, model.wants, model.pairs)
        averaged = [p.update.module for p in self.players if p.update.averaged]
        self.average = RunningAverage(self.model, averaged, recipe.average)
        self.step = 0
        self.position = 0
        self._moving: Player | None = None

    @property
    def examples(self) -> int:
        """Examples of the data that the present cycle is counted as: those that its most frequent player sees."""
        return self.feed.batch * max(p.update.moves(self.step) for p in self.players)

    @property
    def turns(self) -> list[Player]:
        """Who moves in the present cycle, in order."""
        return [player for player in self.players for _ in range(player.update.moves(self.step))]

    def move(self) -> Moved:
        """The move that is due.

        Raises:
            NotFinite: before anything has moved.
        """
        turns = self.turns
        moving = turns if self.model.simultaneous else [turns[self.position]]
        losses = self._move(moving)
        self.position += len(moving)
        ended = self.position == len(turns)
        if ended:
            self.step, self.position = self.step + 1, 0
        return _moved(losses, ended)

    def move_once(self, name: str) -> Moved:
        """One player out of turn; the turn stays where it is. Raises KeyError for an unknown player."""
        return _moved(self._move([self.player(name)]), False)

    def player(self, name: str) -> Player:
        found = next((p for p in self.players if p.name == name), None)
        if found is None:
            raise KeyError(f"no player {name!r}; there are: {', '.join(p.name for p in self.players)}")
        return found

    def _move(self, moving: list[Player]) -> dict[str, Loss]:
        """These players, all from the weights as they are and on one batch."""
        batch = self.feed.next()
        losses = {}
        for player in moving:
            if player is not self._moving:
                self.model.requires_grad_(False)
                for parameter in player.parameters:
                    parameter.requires_grad_()
                self._moving = player
            losses[player.name] = player.gradients(batch)
        for player in moving:
            player.descend(self.step)
            if player.update.averaged:
                self.average.update()
        return losses

    # --- to and from a checkpoint

    def rates(self) -> dict[str, float]:
        return {p.name: p.rate for p in self.players}

    def not_finite(self) -> str:
        """The player whose weights hold NaN or infinity; failing that, the name of a tensor of the model or its average
        that does; empty when none does. Weights first: statistics of a batch take over what another player's broke."""
        for player in self.players:
            if not all(bool(torch.isfinite(p).all()) for p in player.parameters):
                return player.name
        for state in (self.model.state_dict(), self.average.state()):
            for name, tensor in state.items():
                if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                    return str(name)
        return ""

    def tensors(self) -> dict[str, Tensor]:
        """What goes into engine.safetensors: the optimisers' memory and the state of the random numbers."""
        kept = {f"random/{name}": state for name, state in devices.random_state(self.device).items()}
        for player in self.players:
            kept |= {f"optimiser/{name}": tensor for name, tensor in player.tensors().items()}
        return kept

    def plain(self) -> dict[str, Any]:
        """What goes into the checkpoint's state.json."""
        return {
            "step": self.step,
            "position": self.position,
            "rates": self.rates(),
            "epoch": self.feed.order.epoch,
            "at": self.feed.order.at,
            "averaged_moves": self.average.moves,
            "precision": self.precision,
            "device": self.device.type,
        }

    def load(
        self,
        weights: dict[str, Tensor],
        average: dict[str, Tensor],
        engine: dict[str, Tensor],
        plain: dict[str, Any],
    ) -> None:
        """Go on exactly where :meth:`tensors` and :meth:`plain` were taken.

        Raises:
            KeyError, RuntimeError: when they are of another model.
        """
        fill(self.model, weights)
        self.average.load(average, int(plain["averaged_moves"]))
        memory = {k.removeprefix("optimiser/"): v for k, v in engine.items() if k.startswith("optimiser/")}
        for player in self.players:
            player.load({k: v.to(self.device) for k, v in memory.items()})
            player.rate = float(plain["rates"][player.name])
        self.feed.order.go_to(int(plain["epoch"]), int(plain["at"]))
        self.step, self.position = int(plain["step"]), int(plain["position"])
        random = {k.removeprefix("random/"): v for k, v in engine.items() if k.startswith("random/")}
        devices.set_random_state(random, self.device)

    def start_from(self, weights: dict[str, Tensor], step: int) -> None:
        """Go on from weights alone: a checkpoint that was thinned. Optimisers and average begin anew."""
        fill(self.model, weights)
        self.average.load(weights, 0)
        self.step = step


def _moved(losses: dict[str, Loss], cycle: bool) -> Moved:
    values: dict[str, Tensor] = {}
    spreads: dict[str, Tensor] = {}
    for player, loss in losses.items():
        values |= {f"loss/{player}": loss.value, **loss.shows}
        spreads |= loss.spreads
    return Moved(" and ".join(losses), values, spreads, cycle)
