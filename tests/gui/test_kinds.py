"""What sentences and posed people are called, everywhere the window speaks of a dataset."""

from __future__ import annotations

from dataclasses import replace

from studio.data.dataset import DataSpec
from studio.gui import kinds
from studio.gui.datasets import line_of
from studio.gui.library.dataset_model import _text
from studio.gui.library.dataset_panel import _facts
from studio.gui.library.facts import data_line
from studio.gui.library.shelved import Shelved

SENTENCES = DataSpec(
    "sst2", "sentences", (56,), 9613, 2693, ("negative", "positive"), "f", "/x", ("but", "part"), 17573
)
PEOPLE = DataSpec("market", "images", (3, 128, 64), 12000, 900, (), "g", "/y", ("joints", "parts", "person"))
POINTS = DataSpec("two moons", "points", (2,), 20000, 2000, ("a", "b"), "h", "builtin:two-moons")


def test_sentences_are_counted_as_sentences() -> None:
    assert kinds.examples("sentences", 1) == "1 sentence"
    assert line_of(SENTENCES) == "9,613 sentences · 2 classes"
    assert line_of(replace(SENTENCES, vectors=300)) == "9,613 sentences · 300-d vectors"
    assert data_line(SENTENCES) == (
        "9,613 sentences, up to 56 words, 17,573 different words, 2 classes, 2,693 held out"
    )
    assert "word vectors of 300 dimensions" in data_line(replace(SENTENCES, vectors=300))
    assert _text(Shelved(SENTENCES, "", 1), 2) == "≤ 56 words"
    facts = {name: said for name, said, _ in _facts(Shelved(SENTENCES, "", 1))}
    assert (facts["length"], facts["words"], facts["word vectors"]) == ("up to 56 words", "17,573", "none")


def test_posed_people_say_how_many_and_what_is_known_of_them() -> None:
    assert line_of(PEOPLE, 1500) == "12,000 of 1,500 people · 64×128"
    assert data_line(PEOPLE) == "12,000 images, 64×128 colour, people, 18 joints, parts, 900 held out"
    facts = {name: said for name, said, _ in _facts(Shelved(PEOPLE, "", 1, people=1500))}
    assert (facts["size"], facts["people"], facts["with each"]) == ("64×128 px, colour", "1,500", "18 joints, parts")
    assert not kinds.is_posed(replace(PEOPLE, carries=()))
    assert line_of(replace(PEOPLE, carries=())) == "12,000 · 64×128 colour"


def test_points_are_said_as_before() -> None:
    assert line_of(POINTS) == "20,000 points"
    assert data_line(POINTS) == "20,000 points, 2 classes, 2,000 held out"
