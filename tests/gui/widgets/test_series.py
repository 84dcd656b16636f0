"""Series: any length, any stretch, no number lost."""

from __future__ import annotations

import numpy as np
import pytest

from studio.gui.widgets.series import Growing, Series, Smoothed

MILLION = 1_000_000


def test_appended_and_extended_points_are_all_there() -> None:
    series = Series([0, 1], [5.0, 6.0])
    for i in range(2, 1000):
        series.append(i, i / 2)
    assert len(series) == 1000
    assert series.y[999] == 499.5
    assert (np.diff(series.x) == 1).all()


def test_growing_copies_a_logarithmic_number_of_times() -> None:
    numbers = Growing()
    rooms = set()
    for i in range(100_000):
        numbers.extend(np.array([float(i)]))
        rooms.add(len(numbers._room))
    assert len(rooms) <= 10
    assert numbers.view[-1] == 99_999


def test_what_is_not_finite_is_left_out_and_counted() -> None:
    series = Series([0, 1, 2, 3], [1.0, np.nan, np.inf, 2.0])
    assert series.x.tolist() == [0, 3]
    assert series.dropped == 2


def test_points_out_of_order_are_put_in_order() -> None:
    assert Series([3, 1, 2], [30, 10, 20]).y.tolist() == [10, 20, 30]


def test_going_back_forgets_what_came_after() -> None:
    series = Series(np.arange(50_000), np.zeros(50_000))
    series.truncate(20_000)
    series.extend(np.arange(20_000, 30_000), np.ones(10_000))
    x, y = series.view(0, 30_000, 200)
    assert len(series) == 30_000
    assert (np.diff(x) >= 0).all()
    assert y[x >= 20_000].min() == 1
    assert y[x < 19_000].max() == 0


@pytest.mark.parametrize(("low", "high"), [(0, MILLION), (10, 900), (499_000, 507_001), (999_990, MILLION), (3, 7e5)])
def test_a_view_has_few_points_and_every_peak(low: float, high: float) -> None:
    rng = np.random.default_rng(1)
    x, y = np.arange(MILLION), rng.normal(size=MILLION)
    series = Series(x, y)
    seen_x, seen_y = series.view(low, high, 500)
    inside = (x >= low) & (x <= high)
    assert len(seen_x) <= 4 * 500 + 200
    assert (np.diff(seen_x) >= 0).all()
    assert seen_y.max() >= y[inside].max()
    assert seen_y.min() <= y[inside].min()
    assert seen_x[0] <= max(low, 0)
    assert seen_x[-1] >= min(high, MILLION - 1) - 4**6


def test_the_value_at_a_step_is_the_newest_at_or_before_it() -> None:
    series = Series([10, 20, 30], [1.0, 2.0, 3.0])
    assert series.at(9) is None
    assert series.at(20) == (20, 2.0)
    assert series.at(29.9) == (20, 2.0)
    assert series.at(1e9) == (30, 3.0)


def test_smoothing_is_the_debiased_moving_average() -> None:
    y = np.random.default_rng(0).normal(size=3000)
    series = Series(np.arange(2000), y[:2000])
    series.smoothed(0.98)
    series.extend(np.arange(2000, 3000), y[2000:])  # goes on where it was
    expected, carry = [], 0.0
    for t, value in enumerate(y, 1):
        carry = 0.98 * carry + 0.02 * value
        expected.append(carry / (1 - 0.98**t))
    np.testing.assert_allclose(series.smoothed(0.98).y, expected, rtol=1e-9)


def test_a_worker_smooths_as_the_series_itself_does() -> None:
    y = np.random.default_rng(0).normal(size=5000)
    series, other = Series(np.arange(5000), y), Series(np.arange(5000), y)
    series.adopt(Smoothed.of(0.9, series.x.copy(), series.y.copy()))
    np.testing.assert_allclose(series.smoothed(0.9).y, other.smoothed(0.9).y)


def test_smoothing_begins_anew_after_going_back() -> None:
    series = Series([0, 1, 2], [0.0, 0.0, 9.0])
    series.smoothed(0.5)
    series.truncate(2)
    assert series.smoothed(0.5).y.tolist() == [0.0, 0.0]
