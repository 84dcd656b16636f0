"""The fixed-seed sheet: a column for each value of a code or class, the noise held along a row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from studio.data.dataset import Dataset
from studio.models.core.latents import Part, Prior, draw
from studio.runs.folder import RunFolder
from studio.training.events import SheetDrawn
from studio.training.sheets import IMAGES, across, varied
from tests.training.conftest import train

MakeRun = Callable[..., RunFolder]
NOISE = Part("noise", "normal", 3)


def code(name: str, size: int) -> Part:
    return Part(name, "categorical", size, "code")


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ((NOISE,), None),
        ((NOISE, Part("u", "uniform", 1, "code")), None),
        ((NOISE, code("c1", 17)), None),
        ((NOISE, code("c1", 17), code("c2", 16)), "c2"),
        ((NOISE, code("c1", 4), code("c2", 3)), "c1"),
        ((NOISE, code("c1", 4), Part("class", "categorical", 5, "class")), "class"),
    ],
)
def test_the_class_goes_across_or_else_the_first_code_with_few_values(parts: tuple[Part, ...], name: str) -> None:
    found = across(Prior(parts))
    assert (found.name if found else None) == name


def test_along_a_row_the_value_alone_changes() -> None:
    prior = Prior((NOISE, code("c1", 4), Part("c2", "uniform", 2, "code")))
    z = varied(prior, prior.parts[1], 5, seed=3).reshape(5, 4, prior.size)
    assert np.array_equal(z[:, :, prior.place("c1")], np.broadcast_to(np.eye(4), (5, 4, 4)))
    for name in ("noise", "c2"):
        held = z[:, :, prior.place(name)]
        assert np.array_equal(held, np.broadcast_to(held[:, :1], held.shape))
        assert len(np.unique(held[:, 0], axis=0)) == 5
    assert np.array_equal(z[:, 0, prior.place("noise")], draw(prior, 5, 3)[:, prior.place("noise")])


def test_the_sheet_of_codes_has_a_column_for_each_value(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("infogan", images, codes="10, u", dense=8, head=4, steps=1)
    drawn = train(run, images).of(SheetDrawn)[-1]
    assert (drawn.columns, len(drawn.images)) == (10, 60)
    with Image.open(run.sheets()[-1][1]) as picture:
        assert picture.size == (10 * 9 + 1, 6 * 9 + 1)
        assert picture.info["columns"] == "10"


def test_a_sheet_without_values_stays_as_it_was(images: Dataset, new_run: MakeRun) -> None:
    drawn = train(new_run("dcgan", images, steps=1), images).of(SheetDrawn)[-1]
    assert (drawn.columns, len(drawn.images)) == (0, IMAGES)


def test_what_is_made_of_examples_is_shown_in_place_of_samples(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("autoencoder", images, width=8, layers=1, latent=2, steps=1)
    drawn = train(run, images).of(SheetDrawn)[-1]
    assert drawn.columns == 2
    assert len(drawn.images) == 2 * len(images.held_out)
    with Image.open(run.sheets()[-1][1]) as picture:
        assert picture.info["titles"].split("\n") == ["example", "made again"]
