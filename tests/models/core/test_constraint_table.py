"""What is asked for in words, and what a person is told who asks for what there is not."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from studio.data.dataset import DataSpec
from studio.models.core.constraints.recipe import ConstrainedRecipe, constraint_problems
from studio.models.core.constraints.scores import MEASURED
from studio.models.core.constraints.table import ENTRIES, entries, parse
from studio.models.core.recipe import Recipe

BOOTS = DataSpec("boots", "images", (1, 8, 8), 100, classes=("T-shirt/top", "ankle boot", "7"))
PLAIN = DataSpec("plain", "images", (3, 8, 8), 100)
POINTS = DataSpec("points", "points", (2,), 100)
SENTENCES = DataSpec("said", "sentences", (9,), 100, classes=("a", "b"))


def said(text: str, data: DataSpec = BOOTS, *, learned: bool = False) -> list[tuple[str, float, float]]:
    return [(t.entry.name, t.target, t.weight) for t in parse(text, data, learned=learned)]


def test_terms_have_a_weight_a_name_and_a_target() -> None:
    assert said("brightness 0.3") == [("brightness", 0.3, 1)]
    assert said("Brightness") == [("brightness", 0.5, 1)], "its default"
    assert said(" 2 symmetry ,0.5×ink .2, 3x total variation") == [
        ("symmetry", 0, 2),
        ("ink", 0.2, 0.5),
        ("total variation", 0, 3),
    ]
    assert said("half plane -1.5, 2 circle 3", POINTS) == [("half plane", -1.5, 1), ("circle", 3, 2)]


def test_a_class_is_asked_for_by_its_name() -> None:
    assert said("class ankle boot") == [("class", 1, 1)]
    assert said("4 class t-shirt/TOP") == [("class", 0, 4)]
    assert said("class 7") == [("class", 2, 1)], "its name, no number"


def test_auto_is_what_fits_the_data() -> None:
    assert said("auto") == [("symmetry", 0, 1)]
    assert said("auto", POINTS) == [("half plane", 0, 1)]
    assert said("auto", PLAIN, learned=True) == said("network", PLAIN, learned=True) == [("network", 0, 1)]


@pytest.mark.parametrize(
    ("text", "data", "what"),
    [
        ("colour 3", BOOTS, "no constraint 'colour 3'; there are: brightness, ink"),
        ("inky", BOOTS, "no constraint 'inky'"),
        ("circle 1", BOOTS, "circle is for points; of images there are: brightness"),
        ("symmetry", POINTS, "symmetry is for images"),
        ("class 7", PLAIN, "class needs labels of at least two classes, and plain has none"),
        ("class sandal", BOOTS, "class wants one of T-shirt/top, ankle boot, 7, not 'sandal'"),
        ("class", BOOTS, "not 'nothing'"),
        ("brightness 1.2", BOOTS, "brightness wants a number from 0 to 1, not 1.2"),
        ("brightness nan", BOOTS, "brightness wants a number from 0 to 1, not nan"),
        ("ink much", BOOTS, "ink wants a number, not 'much'"),
        ("symmetry 3", BOOTS, "symmetry takes no target, and was given '3'"),
        ("0 symmetry", BOOTS, "weight of symmetry must be above 0, not 0"),
        ("-2 symmetry", BOOTS, "weight of symmetry must be above 0, not -2"),
        ("network", BOOTS, "says nothing until it is learned"),
        (" , ", BOOTS, "nothing is asked for; there are:"),
        ("class a", SENTENCES, "there is no constraint on sentences"),
    ],
)
def test_what_there_is_not_is_said_in_words(text: str, data: DataSpec, what: str) -> None:
    with pytest.raises(ValueError, match=re.escape(what)):
        parse(text, data)


def test_a_recipe_without_a_constraint_has_no_problem_with_it() -> None:
    assert constraint_problems(ConstrainedRecipe(asked="nonsense"), PLAIN) == []
    assert constraint_problems(Recipe(), PLAIN) == []
    (problem,) = constraint_problems(ConstrainedRecipe(constraint="fixed", asked="nonsense"), PLAIN)
    assert problem.field == "asked"
    (problem,) = constraint_problems(ConstrainedRecipe(constraint="fixed", asked="network"), PLAIN)
    assert "learned" in problem.message
    assert constraint_problems(ConstrainedRecipe(constraint="learned", asked="network"), PLAIN) == []


def test_the_table_and_what_is_computed_agree() -> None:
    assert {e.name for e in ENTRIES} == MEASURED.keys() | {"class", "network"}
    for entry in ENTRIES:
        assert entry.low <= entry.default <= entry.high
        assert entry.formula.startswith("f = ")
    assert "class" not in {e.name for e in entries(PLAIN)}
    assert {e.name for e in entries(POINTS)} == {"half plane", "circle", "network"}


def test_the_table_loads_no_torch() -> None:
    code = (
        "import sys, studio.models.core.constraints.table, studio.models.core.posterior; print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
