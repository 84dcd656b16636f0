"""The gallery and one experiment: what the paper reports beside what this machine got, with every attempt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from studio.experiments.core import attempts, material
from studio.gui.experiments.card import wrapped
from studio.gui.experiments.page import ExperimentsPage
from studio.gui.session import Session
from studio.training.events import Progress, Started
from tests.gui.conftest import FakeEngine
from tests.gui.experiments.conftest import TOY, attempt, finished, paths, settled
from tests.gui.train.conftest import card


def look(page: ExperimentsPage, qtbot: QtBot) -> None:
    page.look()
    settled(page, qtbot)


def shown(page: ExperimentsPage) -> list[str]:
    """All words of the findings that are to be seen."""
    return [w.text() for w in page.detail.findings.findChildren(QLabel) if not w.isHidden() and w.text()]


# --- the gallery


def test_every_experiment_has_a_card_that_says_how_it_went(page: ExperimentsPage, qtbot: QtBot) -> None:
    toy, needy = page.gallery.cards
    assert toy.accessibleName() == "Toys come to an end, Doe et al. 2020, table 1: not tried yet"
    assert needy.accessibleName().startswith("Needs digits of one's own")
    assert toy.line == "not tried yet"
    finished(9.5, "partly")
    look(page, qtbot)
    assert toy.line == "partly shown · 9.5 ± 0.5 moves (paper: 10)"
    attempts.fail(attempt(), "out of memory")
    look(page, qtbot)
    assert toy.line == "failed · 9.5 ± 0.5 moves (paper: 10)"
    assert toy.seen is not None
    assert toy.seen.picture.endswith("one.svg")
    toy.grab()


def test_a_short_try_does_not_hide_what_a_longer_one_showed(page: ExperimentsPage, qtbot: QtBot) -> None:
    toy, _ = page.gallery.cards
    finished(10.0, "shown")
    finished(3.0, "not shown")
    look(page, qtbot)
    assert toy.line == "shown · 10 ± 0.5 moves (paper: 10)"


def test_arrows_go_from_card_to_card_and_enter_opens(page: ExperimentsPage, qtbot: QtBot) -> None:
    first, second = page.gallery.cards
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    assert second.hasFocus()
    qtbot.keyClick(second, Qt.Key.Key_Return)
    assert page.open == "needy"
    assert page.stack.currentWidget() is page.detail
    qtbot.keyClick(page.detail, Qt.Key.Key_Escape)
    assert page.stack.currentWidget() is page.gallery
    assert second.hasFocus()


def test_long_words_are_wrapped_and_end_in_an_ellipsis(page: ExperimentsPage) -> None:
    metrics = page.fontMetrics()
    text = "a claim of many words that goes on and on until there is no more room for it"
    lines = wrapped(metrics, text, 120, 2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(metrics.horizontalAdvance(line) <= 120 for line in lines)
    assert " ".join(wrapped(metrics, text, 120, 20)) == text


# --- one experiment


def test_figures_stand_beside_the_papers_and_every_attempt_is_kept(page: ExperimentsPage, qtbot: QtBot) -> None:
    finished(8.0, "not shown")
    attempts.cancel(attempt())
    attempts.fail(attempt(), "out of memory")
    finished(10.0)
    broken = attempt()
    (broken.path / "attempt.json").write_text("{")
    look(page, qtbot)
    page.show_experiment("toy_game")
    table = page.detail.table
    outcomes = [table.item(row, 2).text() for row in range(table.rowCount())]
    assert sorted(outcomes) == ["called off", "cannot be read", "failed", "not shown", "shown"]
    row = outcomes.index("shown")
    table.setCurrentCell(row, 0)
    words = shown(page)
    for text in ("Shown: Toys end as reported.", "moves to the end", "10", "10 ± 0.5 moves", "mean of 2 toys"):
        assert text in words
    table.setCurrentCell(outcomes.index("failed"), 0)
    assert page.detail.findings.verdict.text() == "Failed: out of memory"
    assert page.detail.findings.go_on.isVisibleTo(page)
    assert page.detail.findings.figures.isHidden()
    table.setCurrentCell(outcomes.index("cannot be read"), 0)
    assert "attempt.json" in page.detail.findings.verdict.text()


def test_pictures_are_read_elsewhere_one_at_a_time_and_enlarged(page: ExperimentsPage, qtbot: QtBot) -> None:
    finished()
    look(page, qtbot)
    page.show_experiment("toy_game")
    pictures = page.detail.findings.pictures
    assert pictures.title.text() == "The first picture"
    qtbot.waitUntil(lambda: pictures.picture._last is not None)
    assert not pictures.back.isEnabled()
    pictures.next.click()
    assert (pictures.title.text(), pictures.count.text()) == ("The second picture", "2 of 2")
    qtbot.keyClick(pictures, Qt.Key.Key_Left)
    qtbot.keyClick(pictures, Qt.Key.Key_Return)
    assert page.detail.enlarged.isVisible()
    qtbot.keyClick(page.detail.enlarged, Qt.Key.Key_Escape)
    assert not page.detail.enlarged.isVisible()
    assert page.stack.currentWidget() is page.detail


def test_run_is_the_one_primary_button_and_begins_an_attempt(
    page: ExperimentsPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    page.show_experiment("toy_game")
    ask = page.detail.ask
    primary = [b for b in page.findChildren(QPushButton) if b.property("role") == "primary"]
    assert primary == [ask.run]
    assert ask.buttons["short"].text() == "Short: about 3 min"
    assert ask.takes.text() == "2 runs, about 3 min on 2 cores"
    ask.run.click()
    qtbot.waitUntil(lambda: page.conductor.at("toy_game") is not None)
    settled(page, qtbot)
    assert not ask.run.isEnabled()
    assert ask.cancel.isVisibleTo(page)
    assert page.detail.table.rowCount() == 1
    run = session.training
    engine.tell(Started(run, 0, 10, {}, "CPU", "float32"), Progress(run, 5, 10, 1.0, 1.0, None, 0))
    assert ask.said.text() == "run 1 of 2 · step 5 of 10"
    assert page.detail.findings.verdict.text() == "Run 1 of 2 · step 5 of 10"
    assert page.detail.table.item(0, 2).text() == "run 1 of 2"
    assert page.gallery.cards[0].share == pytest.approx(0.5 / 3)
    ask.cancel.click()
    settled(page, qtbot)
    qtbot.waitUntil(lambda: ask.run.isEnabled())


def test_the_full_preset_tells_its_time_by_the_seeds(page: ExperimentsPage) -> None:
    page.show_experiment("toy_game")
    ask = page.detail.ask
    ask.buttons["full"].click()
    assert (ask.seeds.value(), ask.takes.text()) == (3, "6 runs, about 5 h on 2 cores")
    ask.seeds.setValue(6)
    assert ask.takes.text() == "12 runs, about 10 h on 2 cores"
    ask.buttons["short"].click()
    assert ask.seeds.value() == 1
    ask.buttons["full"].click()
    assert ask.seeds.value() == 6


def test_without_its_data_it_says_how_to_bring_them_and_fetches_nothing(
    page: ExperimentsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[Path | None, bool]] = []
    there: list[str] = []

    def prepare(experiment: object, path: Path | None = None, *, download: bool = False, **_: Any) -> None:
        asked.append((path, download))
        there.append(str(path))

    monkeypatch.setattr(material, "prepare", prepare)
    monkeypatch.setattr(material, "at_hand", lambda e: there[0] if there else "")
    look(page, qtbot)
    page.show_experiment("needy")
    ask = page.detail.ask
    assert "MNIST is not on this machine yet" in ask.data.text()
    assert not ask.run.isEnabled()
    assert ask.run.toolTip() == "MNIST is needed first"
    assert ask.fetch.text() == "Download MNIST (12 MB)"
    assert not asked
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    ask._ask_folder()
    qtbot.waitUntil(lambda: ask.data.text() == "Data: MNIST, at hand")
    assert asked == [(tmp_path, False)]
    assert ask.run.isEnabled()
    assert not ask.fetch.isEnabled()


def test_a_download_happens_when_it_is_asked_for(
    page: ExperimentsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(material, "prepare", lambda e, path=None, *, download=False, watch=None: asked.append(download))
    page.show_experiment("needy")
    page.detail.ask.fetch.trigger()
    qtbot.waitUntil(lambda: asked == [True])
    settled(page, qtbot)


def test_an_experiment_whose_model_is_missing_says_so(page: ExperimentsPage, session: Session) -> None:
    session.set_models([card("other")])
    page.show_experiment("toy_game")
    assert not page.detail.ask.run.isEnabled()
    assert page.detail.ask.run.toolTip() == "It needs toy"


def test_its_runs_open_on_their_pages_and_side_by_side(page: ExperimentsPage, session: Session, qtbot: QtBot) -> None:
    made = finished()
    look(page, qtbot)
    page.show_experiment("toy_game")
    pages: list[str] = []
    compared: list[list[str]] = []
    session.page_wanted.connect(pages.append)
    session.compare_wanted.connect(compared.append)
    findings = page.detail.findings
    findings._fill_menu()
    first = findings.menu.actions()[0].menu()
    for action in first.actions():  # type: ignore[attr-defined]
        action.trigger()
    assert session.run == paths(made)[0]
    assert pages == ["train", "explore"]
    findings.menu.actions()[-1].trigger()
    assert compared == [paths(made)]


def test_the_paper_is_a_click_away(page: ExperimentsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    page.show_experiment("toy_game")
    page.detail.paper.go.click()
    assert opened == ["https://arxiv.org/abs/2001.00001"]
    assert page.detail.paper.claim.text() == TOY.claim


def test_a_new_attempt_is_gone_to_and_an_older_one_stays_chosen_otherwise(page: ExperimentsPage, qtbot: QtBot) -> None:
    old, new = finished(1.0), finished(2.0)
    look(page, qtbot)
    page.show_experiment("toy_game")
    table = page.detail.table
    assert table.current is not None
    assert table.current.path == new.path
    table.setCurrentCell(1, 0)
    look(page, qtbot)
    assert table.current.path == old.path
    newest = finished(3.0)
    look(page, qtbot)
    assert table.current.path == newest.path


def test_what_was_open_and_chosen_comes_back(page: ExperimentsPage, session: Session, qtbot: QtBot) -> None:
    page.show_experiment("toy_game")
    page.detail.ask.buttons["full"].click()
    page.detail.ask.seeds.setValue(5)
    state = page.save_state()
    other = ExperimentsPage(session)
    qtbot.addWidget(other)
    other.resize(page.size())
    other.restore_state(state)
    other.show()
    settled(other, qtbot)
    assert other.stack.currentWidget() is other.detail
    assert (other.detail.ask.preset, other.detail.ask.seeds.value()) == ("full", 5)
    assert other.save_state() == page.save_state()
    other.restore_state({"open": 3, "presets": {"toy_game": "huge"}, "seeds": {"a": 0}, "split": "x", "bench": None})
    assert other.detail.ask.preset == "short"
    other.close()
