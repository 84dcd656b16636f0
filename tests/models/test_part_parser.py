"""The part parser learns which pixel shows what, from masks or from joints alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from studio.data.skeleton import UNKNOWN
from studio.models.core.body import true_parts
from studio.models.part_parser import PartParser, PartParserRecipe
from studio.nn.parts import right, wanted
from studio.training.cycle import Cycle
from tests.models.every import PICTURES, POSED, batch
from tests.models.test_pg2 import people


@pytest.mark.parametrize("masks", [True, False])
def test_it_learns_the_parts_from_masks_and_without_them_from_joints(masks: bool) -> None:
    data = people()
    if not masks:
        columns = {name: data.columns[name] for name in ("joints", "person")}
        data = replace(data, spec=replace(data.spec, carries=("joints", "person")), columns=columns)
    recipe = PartParserRecipe(batch=8, width=8, rate=5e-3, average=0.5)
    cycle = Cycle(PartParser, recipe, data, torch.device("cpu"))
    moves = [cycle.move() for _ in range(60)]
    first, last = (float(moves[i].values["pixels right/training examples"]) for i in (0, -1))
    assert last > max(first, 0.9)


def test_the_truth_is_the_masks_where_there_are_some_else_what_the_joints_say() -> None:
    given = batch(POSED)
    assert torch.equal(true_parts(given), given.columns["parts"])
    alone = replace(given, columns={"joints": given.columns["joints"]})
    assert torch.equal(true_parts(alone), wanted(given.columns["joints"], POSED.size))
    assert (true_parts(alone) == UNKNOWN).any()


def test_the_share_of_right_pixels_counts_known_ones_alone() -> None:
    parts = torch.full((1, 4, 4), UNKNOWN, dtype=torch.uint8)
    parts[0, 0] = torch.tensor([0, 1, 2, 3])
    parsed = torch.zeros(1, 11, 4, 4)
    parsed[:, 2] = 1
    assert right(parsed, parts) == 0.25


def test_pictures_without_joints_are_refused_in_words() -> None:
    (problem,) = PartParser.problems(PartParserRecipe(), PICTURES)
    assert "joints" in str(problem)
