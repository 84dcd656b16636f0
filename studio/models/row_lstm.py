"""PixelRNN with Row LSTMs: pixels one by one, each given what an LSTM remembers of the rows above. Van den Oord et al.
2016, arXiv:1601.06759, section 3.1.

A layer takes a whole row in one step, its state the row above, of which a pixel reads three places: so a pixel knows a
triangle above itself, and what its first layers see of its own row; corners to both sides escape it.
"""

from __future__ import annotations

from studio.models.core.pixel_rnn import Recurrent


class RowLSTM(Recurrent):
    """See the top of this file."""

    title = "PixelRNN, Row LSTM"
    about = "Draws an image pixel by pixel from what LSTMs remember of the rows above; fast for a recurrent network."
    direction = "row"
