"""Codes and classes: dials, traversals, and codes against labels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.explore.codes import (
    Match,
    blend,
    confusion,
    dials,
    grid,
    match,
    readings,
    recoded,
    sweep,
    unsupervised_accuracy,
)
from studio.models.core.latents import Part, Prior, draw

PRIOR = Prior(
    (
        Part("noise", "uniform", 4),
        Part("c1", "categorical", 3, "code"),
        Part("c2", "uniform", 1, "code"),
        Part("c3", "uniform", 2, "code"),
        Part("class", "categorical", 2, "class", ("cat", "dog")),
    )
)
NAMES = {d.name: d for d in dials(PRIOR)}


def _z(seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return draw(PRIOR, 1, seed)[0]


def test_a_dial_is_a_category_or_one_number_of_a_part() -> None:
    assert [d.name for d in dials(PRIOR, "code")] == ["c1", "c2", "c3.1", "c3.2"]
    assert [d.name for d in dials(PRIOR, "class")] == ["class"]
    assert NAMES["class"].label(1) == "dog"
    assert NAMES["c2"].label(-1.5) == "−1.50"


def test_turning_a_dial_holds_everything_else() -> None:
    z = _z()
    for name, value in (("c1", 2), ("c2", -1.75), ("c3.2", 0.5), ("class", 0)):
        made = NAMES[name].put(z, value)
        assert NAMES[name].value(made) == value
        rest = np.ones(PRIOR.size, bool)
        rest[NAMES[name].where] = False
        assert np.array_equal(made[rest], z[rest])
    assert NAMES["c1"].put(z, 1)[NAMES["c1"].where].tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match="c1 has values 0 to 2"):
        NAMES["c1"].put(z, 3)


def test_a_traversal_goes_from_minus_two_to_two_and_through_every_category() -> None:
    assert NAMES["c2"].stops(5).tolist() == [-2, -1, 0, 1, 2]
    assert NAMES["c1"].stops(5).tolist() == [0, 1, 2]
    assert NAMES["c2"].stops(1).tolist() == [0]


def test_a_tour_comes_back_to_where_it_began_without_standing_still() -> None:
    values = NAMES["c2"].tour(8)
    assert values.tolist() == [-2, -1, 0, 1, 2, 1, 0, -1]
    assert np.allclose(np.abs(np.diff([*values, values[0]])), 1)


def test_a_grid_has_a_row_for_each_value_of_one_dial_and_a_column_for_each_of_the_other() -> None:
    z, rows, columns = _z(), NAMES["c1"], NAMES["c3.1"]
    made = grid(z, (rows, rows.stops(0)), (columns, columns.stops(4)))
    assert made.shape == (12, PRIOR.size)
    for index, one in enumerate(made):
        assert rows.value(one) == index // 4
        assert columns.value(one) == pytest.approx(columns.stops(4)[index % 4])
        assert np.array_equal(one[:4], z[:4]), "the noise is held"
    assert np.array_equal(grid(z, None, None), z[None])
    assert len(grid(z, None, (columns, [0, 1]))) == 2


def test_a_sweep_has_a_row_for_each_latent() -> None:
    z = draw(PRIOR, 3, 1)
    made = sweep(z, NAMES["class"], [0, 1])
    assert [int(NAMES["class"].value(one)) for one in made] == [0, 1] * 3
    assert np.array_equal(made[::2, :9], z[:, :9])


def test_between_two_classes_is_a_mixture_that_ends_at_both() -> None:
    z, label = draw(PRIOR, 2, 3), NAMES["class"]
    assert np.array_equal(blend(z, label, 0, 1, 0.0), label.put(z, 0))
    assert np.array_equal(blend(z, label, 0, 1, 1.0), label.put(z, 1))
    assert blend(z, label, 0, 1, 0.25)[0, label.where].tolist() == [0.75, 0.25]


def test_what_was_read_becomes_a_latent_with_the_noise_held() -> None:
    read = np.array([[0.1, 0.2, 0.7, -0.4, 1.5, 0.2], [0.5, 0.3, 0.2, 0.1, 0, -3]], np.float32)
    z = _z()
    made = recoded(PRIOR, read, z)
    assert [NAMES["c1"].value(one) for one in made] == [2, 0]
    np.testing.assert_array_equal(made[:, 7:10], read[:, 3:])
    assert np.array_equal(made[:, :4], np.stack([z, z])[:, :4])
    assert np.array_equal(made[:, 10:], np.stack([z, z])[:, 10:]), "a class is no code"
    by_name = readings(PRIOR, read)
    assert by_name["c1"].shape == (2, 3)
    assert by_name["c3.2"].ravel().tolist() == pytest.approx([0.2, -3])
    assert readings(PRIOR, read[0])["c2"].tolist() == pytest.approx([-0.4])


def test_the_assignment_is_the_best_of_all_there_are() -> None:
    random = np.random.default_rng(0)
    for shape in ((4, 4), (3, 5), (5, 3)):
        table = random.integers(0, 50, shape)
        small, large = min(shape), max(shape)
        square = table if shape[0] <= shape[1] else table.T
        best = max(sum(square[i, p[i]] for i in range(small)) for p in itertools.permutations(range(large), small))
        found = match(table)
        assert found.accuracy == pytest.approx(best / table.sum())
        assert found.majority >= found.accuracy
        assert sorted(x for x in found.to if x >= 0) == sorted(set(found.to) - {-1})


def test_a_code_that_is_the_label_under_other_names_is_right_everywhere() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 500)
    shuffled = np.random.default_rng(1).permutation(10)
    assert unsupervised_accuracy(shuffled[labels], labels) == 1.0
    found = match(confusion(shuffled[labels], labels, (10, 10)))
    assert found == Match(1.0, 1.0, tuple(int(i) for i in np.argsort(shuffled)))


def test_one_to_one_and_majority_differ_where_two_values_share_a_label() -> None:
    table = np.array([[30, 0, 0], [30, 0, 0], [0, 20, 20]])
    found = match(table)
    assert found.accuracy == pytest.approx(50 / 100)
    assert found.majority == pytest.approx(80 / 100)


def test_a_code_that_says_nothing_is_right_by_chance_alone() -> None:
    random = np.random.default_rng(0)
    values, labels = random.integers(0, 10, 20_000), random.integers(0, 10, 20_000)
    assert 0.1 <= unsupervised_accuracy(values, labels) < 0.12
    assert unsupervised_accuracy([], []) == 0.0
