"""PixelRNN's layers: LSTMs that run over an image so that each pixel knows those before it.

Van den Oord, Kalchbrenner and Kavukcuoglu 2016, Pixel Recurrent Neural Networks, arXiv:1601.06759, sections 3.1 to 3.3
and 3.6. Features are shared out among the colour channels as in :mod:`studio.nn.pixel_masks`. One pixel at a time, from
the states that were come to: :mod:`studio.nn.pixel_rnn_steps`.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad, relu

from studio.nn.pixel_masks import MaskedConv, shifted_down

FIRST = 7
"""Side of the first layer's kernel, in pixels."""
GATES = 4
Direction = Literal["row", "diagonal"]


def lstm(gates: Tensor, cell: Tensor, along: int = 1) -> tuple[Tensor, Tensor]:
    """One step: hidden state and cell from the cell before and the gates: into, forget, out, and what is new, one
    behind the other along that dimension (equation 3)."""
    into, forget, out, new = gates.chunk(GATES, along)
    cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
    return out.sigmoid() * cell.tanh(), cell


def remembered(gates: Tensor) -> Tensor:
    """The same in float32 at least: a memory that is written at each step is rounded at each step."""
    return gates.to(torch.promote_types(gates.dtype, torch.float32))


class RowLSTM(nn.Module):
    """Runs down the image a whole row at a time (section 3.1). The state above comes in by a convolution of three
    pixels, so that what a pixel knows is a triangle above it.

    Args:
        width: units h.
    """

    reach = 3
    """Pixels of a row that the input-to-state map looks at, the pixel's own in the middle; those behind are masked."""
    directions = 1

    def __init__(self, width: int) -> None:
        super().__init__()
        self.state = nn.Conv1d(width, GATES * width, 3, padding=1, bias=False)

    def forward(self, gates: Tensor) -> Tensor:
        """Hidden states B×h×H×W from the input-to-state map B×4h×H×W."""
        gates = remembered(gates)
        hidden = cell = torch.zeros_like(gates[:, : gates.shape[1] // GATES, 0])
        rows = []
        for row in gates.unbind(2):
            hidden, cell = lstm(row + self.state(hidden), cell)
            rows.append(hidden)
        return torch.stack(rows, 2)


class DiagonalBiLSTM(nn.Module):
    """Runs along both diagonals of the image, whose rows are skewed for that (section 3.2): what a pixel knows is all
    that comes before it. Coming from the right it would know pixels of its own row that come after it: what is found
    there goes one row down.

    Args:
        width: units h of each direction.
    """

    reach = 1
    directions = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        # The state of the pixel above and of the one before, of either direction.
        self.state = nn.Conv1d(2 * width, 2 * GATES * width, 2, groups=2, bias=False)

    def forward(self, gates: Tensor) -> Tensor:
        """Hidden states B×h×H×W from the input-to-state map B×8h×H×W: four gates from the left, four from the right."""
        left, right = remembered(gates).chunk(2, 1)
        skewed = torch.stack([skew(left), skew(right.flip(3))], 1)
        hidden = cell = torch.zeros_like(skewed[:, :, : skewed.shape[2] // GATES, :, 0])
        columns = []
        for column in skewed.unbind(4):
            told = conv1d(pad(hidden.flatten(1, 2), (1, 0)), self.state.weight, groups=2)
            hidden, cell = lstm(column + told.view_as(column), cell, 2)
            columns.append(hidden)
        left, right = unskew(torch.stack(columns, 4).flatten(1, 2), gates.shape[3]).chunk(2, 1)
        return left + shifted_down(right.flip(3))


def skew(x: Tensor) -> Tensor:
    """B×C×H×W to B×C×H×(H + W − 1): row i moves i places to the right; 0 where nothing is (figure 3)."""
    height, width = x.shape[2:]
    flat = pad(x, (0, height)).flatten(2)[:, :, : height * (height + width - 1)]
    return flat.view(*x.shape[:3], height + width - 1)


def unskew(x: Tensor, width: int) -> Tensor:
    """The other way, to rows of ``width``."""
    height = x.shape[2]
    return pad(x.flatten(2), (0, height)).view(*x.shape[:3], height + width)[..., :width]


LAYERS: dict[Direction, type[RowLSTM] | type[DiagonalBiLSTM]] = {"row": RowLSTM, "diagonal": DiagonalBiLSTM}


class Residual(nn.Module):
    """An LSTM of h units beside 2h features that go past it (section 3.3 and figure 5, right).

    Args:
        width: h.
        channels: of a pixel.
        told: features of a map that is told at every pixel (section 3.6); 0: none is.
    """

    def __init__(self, direction: Direction, width: int, channels: int, told: int = 0) -> None:
        super().__init__()
        self.lstm = LAYERS[direction](width)
        repeats, reach = GATES * self.lstm.directions, self.lstm.reach
        self.into = MaskedConv(2 * width, width, reach, "B", channels, repeats, flat=True)
        self.out = MaskedConv(width, 2 * width, 1, "B", channels)
        self.told = nn.Conv2d(told, repeats * width, 1, bias=False) if told else None

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        gates = self.into(x)
        if (besides := self.besides(told)) is not None:
            gates = gates + besides
        return x + self.out(self.lstm(gates))  # type: ignore[no-any-return]

    def besides(self, told: Tensor | None) -> Tensor | None:
        """What the map that is told adds to the input-to-state map, of its shape."""
        return None if self.told is None or told is None else self.told(told)


class PixelRNN(nn.Module):
    """Logits B×(channels · values)×H×W of images B×channels×H×W: a 7×7 convolution with mask A, LSTM layers, and two
    1×1 convolutions behind a ReLU each (the paper's table 1).

    Args:
        width: units h of an LSTM; 2h features go past it.
        layers: how many LSTMs.
        head: features between the last two convolutions.
        values: that one place can have.
        told: see :class:`Residual`.
    """

    def __init__(
        self, direction: Direction, channels: int, values: int, width: int, layers: int, head: int, told: int = 0
    ) -> None:
        super().__init__()
        self.first = MaskedConv(channels, 2 * width, FIRST, "A", channels)
        self.layers = nn.ModuleList(Residual(direction, width, channels, told) for _ in range(layers))
        self.head = MaskedConv(2 * width, head, 1, "B", channels)
        self.last = MaskedConv(head, channels * values, 1, "B", channels)

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        """``told``: B×told×H×W, all of which every pixel may know."""
        h = self.first(x)
        for layer in self.layers:
            h = layer(h, told)
        return self.last(relu(self.head(relu(h))))  # type: ignore[no-any-return]
