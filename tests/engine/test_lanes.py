"""Lanes: latest wins by topic, cancel, progress, and words for what goes wrong."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studio.data.errors import Refused
from studio.data.watch import Watch
from studio.engine.lanes import Lane, in_words
from studio.engine.messages import Advanced, Answer, Ask, Failed


class Desk:
    """A lane whose questions are functions, and everything it said."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.gate = threading.Event()
        self.lane = Lane("test", lambda question, watch: question(watch), self.said.append)

    def ask(self, stamp: int, question: Callable[[Watch], Any], topic: str = "") -> None:
        self.lane.put(Ask(stamp, question, topic))  # type: ignore[arg-type]

    def hold(self) -> None:
        """Keeps the lane busy until the gate opens, so that what follows has to wait."""
        begun = threading.Event()

        def wait(watch: Watch) -> str:
            begun.set()
            self.gate.wait(10)
            return "held"

        self.ask(0, wait)
        assert begun.wait(10)

    def answered(self, count: int) -> list[Any]:
        until = time.monotonic() + 10
        while len([m for m in self.said if not isinstance(m, Advanced)]) < count and time.monotonic() < until:
            time.sleep(0.002)
        return self.said


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.gate.set()
    assert made.lane.close(10)


def stamps(said: list[Any]) -> list[int]:
    return [m.stamp for m in said]


def test_of_one_topic_only_the_newest_that_waits_is_answered_and_the_others_get_no_answer(desk: Desk) -> None:
    desk.hold()
    for stamp in range(1, 6):
        desk.ask(stamp, lambda watch: "picture", "slider")
    desk.ask(6, lambda watch: "other", "grid")
    desk.gate.set()
    desk.answered(3)
    time.sleep(0.05)
    assert stamps(desk.said) == [0, 5, 6]


def test_an_empty_topic_is_never_superseded(desk: Desk) -> None:
    desk.hold()
    for stamp in (1, 2, 3):
        desk.ask(stamp, lambda watch: None)
    desk.gate.set()
    assert stamps(desk.answered(4)) == [0, 1, 2, 3]


def test_the_one_under_way_is_finished_when_a_newer_one_comes(desk: Desk) -> None:
    desk.hold()
    desk.ask(1, lambda watch: "newer", "")
    desk.gate.set()
    said = desk.answered(2)
    assert [m.value for m in said] == ["held", "newer"]


def test_cancel_gives_up_one_that_waits_and_one_that_runs(desk: Desk) -> None:
    begun = threading.Event()

    def long(watch: Watch) -> None:
        begun.set()
        for step in range(10_000):
            watch.advance(step, 10_000)
            time.sleep(0.001)

    desk.ask(1, long)
    desk.ask(2, lambda watch: "waits")
    assert begun.wait(10)
    assert desk.lane.cancel(2)
    assert desk.lane.cancel(1)
    assert not desk.lane.cancel(3)
    desk.answered(2)
    assert [m for m in desk.said if isinstance(m, Failed)] == [Failed(2, "cancelled"), Failed(1, "cancelled")]


def test_progress_is_told_now_and_then_and_the_end_of_it_always(desk: Desk) -> None:
    def work(watch: Watch) -> str:
        for step in range(1001):
            watch.advance(step, 1000)
        return "done"

    desk.ask(7, work)
    said = desk.answered(1)
    told = [m for m in said if isinstance(m, Advanced)]
    assert told[-1] == Advanced(7, 1000, 1000)
    assert 1 < len(told) < 50
    assert isinstance(said[-1], Answer)


def test_an_error_becomes_failed_in_words_and_the_lane_lives_on(desk: Desk) -> None:
    def broken(watch: Watch) -> None:
        raise ValueError("no such thing; take another")

    desk.ask(1, broken)
    desk.ask(2, lambda watch: 42)
    said = desk.answered(2)
    assert said == [Failed(1, "no such thing; take another"), said[1]]
    assert (said[1].stamp, said[1].value) == (2, 42)


def test_close_ends_a_lane_at_its_next_look_and_drops_what_waits(desk: Desk) -> None:
    begun = threading.Event()

    def endless(watch: Watch) -> None:
        begun.set()
        while True:
            watch.advance(0, 0)
            time.sleep(0.001)

    desk.ask(1, endless)
    desk.ask(2, lambda watch: None)
    assert begun.wait(10)
    assert desk.lane.close(10)
    assert 2 not in stamps(desk.said)


def test_words_name_the_file_the_field_and_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    assert in_words(Refused("bad.zip climbs out of its folder")) == "bad.zip climbs out of its folder"
    assert in_words(KeyError("no model 'x'; there are: y")) == "no model 'x'; there are: y"
    assert in_words(FileNotFoundError(2, "No such file or directory", "/tmp/x.png")) == (
        "/tmp/x.png: no such file or directory"
    )
    assert "not enough memory" in in_words(MemoryError())
    assert not caplog.records
    assert in_words(TypeError("odd")) == "unexpected TypeError: odd"
    assert "odd" in caplog.text
