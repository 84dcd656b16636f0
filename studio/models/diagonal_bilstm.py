"""PixelRNN with Diagonal BiLSTMs: pixels one by one, each given all that comes before it. Van den Oord et al. 2016,
arXiv:1601.06759, section 3.2.

The rows of the image are skewed, so that a step of a layer takes a diagonal, its state the pixel to the left and the
one above; another LSTM comes from the right, and what it finds goes one row down. So a layer knows all features that
come before, and the network all pixels but one: the last of the row above is in no feature of that row (mask A), and is
seen from the three columns next to it alone, by the first kernel.
"""

from __future__ import annotations

from studio.models.core.pixel_rnn import Recurrent


class DiagonalBiLSTM(Recurrent):
    """See the top of this file."""

    title = "PixelRNN, Diagonal BiLSTM"
    about = "Draws an image pixel by pixel from all that comes before, by LSTMs along both diagonals; exact, and slow."
    direction = "diagonal"
