"""Curves: every number that was measured, the later one where a step stands twice, and at once the second time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest

from studio.data import places
from studio.data.watch import Cancelled, Watch
from studio.runs import curves
from studio.runs.folder import Record, RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def append(run: RunFolder, *steps: int, value: float = 0.0, name: str = "loss/critic", mark: str = "") -> None:
    run.append([Record(s, s / 10, {name: s + value}, mark) for s in steps])


def test_no_metrics_are_no_curves(run: RunFolder) -> None:
    assert len(curves.read(run.path)) == 0


def test_every_number_is_there(run: RunFolder) -> None:
    run.append(
        [
            Record(1, 0.1, {"loss/critic": 1.5, "loss/generator": -2}),
            Record(1, 0.1, {"wasserstein/sliced": 3.0}),
            Record(2, 0.2, {"loss/critic": float("nan"), "loss/generator": 4.0}),
            Record(2, 0.2, {}, "checkpoint"),
        ]
    )
    found = curves.read(run.path)
    assert list(found) == ["loss/critic", "loss/generator", "wasserstein/sliced"]
    assert found["loss/generator"].step.tolist() == [1, 2]
    assert found["loss/generator"].y.tolist() == [-2, 4]
    assert found["loss/generator"].seconds.tolist() == [0.1, 0.2]
    assert found["loss/critic"].y[0] == 1.5
    assert np.isnan(found["loss/critic"].y[1])
    assert found.marks == ((2, "checkpoint"),)


def test_the_later_line_wins_after_a_resume(run: RunFolder) -> None:
    append(run, 1, 2, 3, 4, 5)
    append(run, 3, 4, value=0.5)
    found = curves.read(run.path)["loss/critic"]
    assert found.step.tolist() == [1, 2, 3, 4]
    assert found.y.tolist() == [1, 2, 3.5, 4.5]
    append(run, 5, 6, value=0.5)
    assert curves.read(run.path)["loss/critic"].y.tolist() == [1, 2, 3.5, 4.5, 5.5, 6.5]


def test_a_curve_that_appears_in_several_kinds_of_line_is_one(run: RunFolder) -> None:
    run.append([Record(1, 0, {"a": 1, "b": 1}), Record(2, 0, {"a": 2}), Record(3, 0, {"b": 3, "a": 3})])
    append(run, 2, value=0.5, name="a")
    found = curves.read(run.path)
    assert found["a"].y.tolist() == [1, 2.5]
    assert found["b"].y.tolist() == [1, 3]


def test_damaged_lines_are_passed_over_and_a_half_one_waits(run: RunFolder) -> None:
    append(run, 1)
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 2, "seconds"\n\xff\xfe\n[]\n{"step": 2, "seconds": 0, "values": {"loss/critic": "x"}}\n')
        file.write(b'{"step": 2.5, "seconds": 0, "values": {"loss/critic": 1}}\n\n')
        file.write(b'{"step": 3, "seconds": 0.3, "values": {"loss/cri')
    first = curves.read(run.path)
    assert first["loss/critic"].step.tolist() == [1]
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'tic": 3.0}}\n')
    assert curves.read(run.path, first)["loss/critic"].step.tolist() == [1, 3]
    append(run, 4)
    assert curves.read(run.path)["loss/critic"].step.tolist() == [1, 3, 4]


def test_reading_on_equals_reading_again(run: RunFolder) -> None:
    after = None
    for start in (1, 50, 40, 120):
        append(run, *range(start, start + 60), value=start / 1000)
        append(run, start, name="other", mark="checkpoint")
        after = curves.read(run.path, after)
        fresh = curves.read(run.path)
        assert list(after) == list(fresh)
        assert all(np.array_equal(after[k].y, fresh[k].y) for k in fresh)
        assert after.marks == fresh.marks
    assert curves.read(run.path, after) is after


def test_a_file_that_was_replaced_is_read_anew(run: RunFolder) -> None:
    append(run, *range(100))
    before = curves.read(run.path)
    (run.path / "metrics.jsonl").unlink()
    append(run, *range(1000, 1200))
    assert curves.read(run.path, before)["loss/critic"].step[0] == 1000


def test_the_cache_gives_the_same_and_can_be_deleted(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "WORTH_KEEPING", 1)
    append(run, *range(500), mark="checkpoint")
    first = curves.read(run.path)
    (kept,) = (places.cache() / "curves").iterdir()
    monkeypatch.setattr(curves._Gathered, "take", lambda *_: pytest.fail("the file was read again"))
    second = curves.read(run.path)
    assert np.array_equal(first["loss/critic"].y, second["loss/critic"].y)
    assert second.marks == first.marks
    monkeypatch.undo()
    for content in (b"", b"PK\x03\x04junk", kept.read_bytes()[:300]):
        kept.write_bytes(content)
        assert len(curves.read(run.path)["loss/critic"]) == 500


def test_reading_can_be_called_off(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "BLOCK", 256)
    append(run, *range(200))
    watch = Watch(lambda done, total, what: watch.cancel() if done > 1000 else None)
    with pytest.raises(Cancelled):
        curves.read(run.path, watch=watch)


def test_many_points_come_back_as_written(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "BLOCK", 10_000)
    values = np.random.default_rng(0).normal(size=(20_000, 2))
    lines = [
        orjson.dumps({"step": n, "seconds": n, "values": {"a": float(a), "b": float(b)}})
        for n, (a, b) in enumerate(values)
    ]
    (run.path / "metrics.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    found = curves.read(run.path)
    assert np.array_equal(found["a"].y, values[:, 0])
    assert np.array_equal(found["b"].y, values[:, 1])
    assert np.array_equal(found["a"].step, np.arange(20_000))
