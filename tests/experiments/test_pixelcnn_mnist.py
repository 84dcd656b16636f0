"""PixelCNN on MNIST: the line to beat is the cross-entropy of pixels that are coded one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from studio.data.dataset import Dataset, DataSpec
from studio.experiments.pixelcnn_mnist import by_themselves, judged


def test_pixels_by_themselves_cost_what_all_their_draws_cost_on_average() -> None:
    """Against every image of bits that two grey pixels can become, with its probability."""
    values = np.array([[0, 255], [51, 255], [102, 204], [255, 51]], np.uint8).reshape(4, 1, 1, 2)
    data = Dataset(DataSpec("d", "images", (1, 1, 2), 4, 1), values, None, np.arange(3), np.array([3]))
    p = (np.array([153, 714]) / 255 + 0.5) / 4
    held = np.array([1.0, 0.2])
    wanted = 0.0
    for bits in itertools.product((0, 1), repeat=2):
        drawn = math.prod(h if b else 1 - h for b, h in zip(bits, held, strict=True))
        wanted -= drawn * sum(math.log(q if b else 1 - q) for b, q in zip(bits, p, strict=True))
    assert by_themselves(data) == pytest.approx(wanted)


def test_the_outcome_is_that_of_the_worse_of_the_two() -> None:
    assert judged({"pixelcnn": 81.4, "gated_pixelcnn": 81.9}) == "shown"
    assert judged({"pixelcnn": 81.4, "gated_pixelcnn": 90.0}) == "partly"
    assert judged({"pixelcnn": 96.9, "gated_pixelcnn": 90.0}) == "not shown"
