"""PixelRNN with Diagonal BiLSTMs: pixels one by one, each given all that comes before it. Van den Oord et al. 2016,
arXiv:1601.06759, section 3.2.

The rows of the image are skewed, so that a step of a layer takes a diagonal, its state the pixel to the left and the
one above; another LSTM comes from the right, and what it finds goes one row down. No pixel of the past escapes it, in
any layer.
"""

from __future__ import annotations

from studio.models.core.pixel_rnn import Recurrent


class DiagonalBiLSTM(Recurrent):
    """See the top of this file."""

    title = "PixelRNN, Diagonal BiLSTM"
    about = "Draws an image pixel by pixel from all that comes before, by LSTMs along both diagonals; exact, and slow."
    direction = "diagonal"
