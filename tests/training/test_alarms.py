"""What the samples have lost is told once, by name, and taken back when it is over."""

from __future__ import annotations

from studio.training.alarms import Absent, Warned

ALL = (True, True, True)


def test_what_was_there_and_is_gone_twice_in_a_row_is_told_and_taken_back() -> None:
    absent = Absent("class", ("0", "1", "2"))
    gone = (True, False, True)
    said = [absent.look(covered, False) for covered in (ALL, ALL, gone, ALL, gone, gone, gone, ALL, gone, ALL, ALL)]
    assert said == [
        *[None] * 5,
        Warned("class 1 has vanished from the samples", "lost: 1"),
        *[None] * 4,
        Warned("", "all classes there"),
    ]


def test_what_was_never_there_is_missed_only_late() -> None:
    absent = Absent("mode", ("0", "1", "2"))
    assert [absent.look((True, False, False), False) for _ in range(5)] == [None] * 5
    said = absent.look((True, False, False), True)
    assert said == Warned("modes 1, 2 are missing from the samples", "missing: 1, 2")
    assert absent.look((True, True, False), True) is None
    assert absent.look((True, True, False), True) == Warned("mode 2 is missing from the samples", "modes back")
    assert absent.look((False, True, False), True) is None
    assert absent.look((False, True, False), True) == Warned(
        "mode 0 has vanished from the samples; mode 2 is missing from the samples", "lost: 0"
    )


def test_what_noise_is_taken_for_is_not_missed_when_it_changes() -> None:
    absent = Absent("class", ("0", "1", "2"))
    noise = [(True, False, False)] * 3 + [(False, False, True)] * 3
    assert [absent.look(covered, False) for covered in noise] == [None] * 6


def test_many_names_are_counted() -> None:
    absent = Absent("class", [f"n{i}" for i in range(9)])
    absent.look([False] * 9, True)
    said = absent.look([False] * 9, True)
    assert said is not None
    assert said.message == "9 classes (n0, n1, n2, n3, n4 …) are missing from the samples"


def test_a_name_that_says_what_it_is_is_not_said_twice() -> None:
    absent = Absent("mode", ("mode 0", "mode 1"))
    absent.look((False, True), True)
    said = absent.look((False, True), True)
    assert said == Warned("mode 0 is missing from the samples", "missing: mode 0")


def test_an_earlier_step_begins_anew() -> None:
    absent = Absent("class", ("0", "1", "2"))
    for covered in (ALL, ALL, (False, True, True), (False, True, True)):
        absent.look(covered, False)
    assert absent.gone == {0}
    absent.clear()
    assert [absent.look((False, True, True), False) for _ in range(3)] == [None] * 3
