"""The rules panel as a person uses it: typing, walking through sentences, moving C and λ, undo, and coming back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Failed
from studio.explore.questions import ReadSentences, ReadTyped
from studio.explore.rules import teacher
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.rules.panel import RulesPanel
from studio.gui.explore.rules.state import FIRST, PAGE, TYPED, Read, Rules, as_html, as_plain, from_plain, in_words
from studio.gui.explore.rules.table import LABEL, MOVED, RIGHT, SENTENCE, STUDENT, TEACHER, WRONG
from studio.gui.session import Session
from tests.gui.explore.conftest import RUN
from tests.gui.explore.ruled import RulesToy
from tests.gui.explore.toy import Toy, ToyEngine


@pytest.fixture
def toy() -> Toy:
    return RulesToy()


@pytest.fixture
def rules(page: ExplorePage, session: Session, engine: ToyEngine) -> RulesPanel:
    """The panel with a run of the toy shown and everything answered."""
    session.choose_run(RUN)
    engine.pump()
    (found,) = page.open
    assert isinstance(found, RulesPanel)
    engine.pump()
    return found


def cell(panel: RulesPanel, row: int, column: int) -> str:
    model = panel.table.sentences
    return str(model.data(model.index(row, column)))


def type_in(panel: RulesPanel, text: str, engine: ToyEngine) -> None:
    panel.tools.text.setFocus()
    QTest.keyClicks(panel.tools.text, text)
    engine.pump()


# --- sentences of the dataset


def test_a_model_that_follows_rules_opens_with_the_sentence_that_is_moved_most(
    rules: RulesPanel, page: ExplorePage
) -> None:
    assert page.controls.count() == 1
    assert page.export_button.isEnabled()
    assert rules.table.sentences.rowCount() == PAGE
    assert rules.place.text() == "1–40 of 100 · p and q of positive"
    assert rules.table.currentIndex().row() == 0
    read = rules.listed
    assert read is not None
    moved = read.moved
    assert moved[0] == moved.max() > 0
    assert rules.look.head.text().startswith("Sentence ")
    assert rules.look.head.text().endswith(tuple(", labelled " + name for name in read.found.classes))
    assert "text-decoration:underline" in rules.look.words.text()
    assert page.live.text() == "step 300"


def test_a_row_says_label_p_q_how_far_apart_and_the_words(rules: RulesPanel) -> None:
    read = rules.listed
    assert read is not None
    found = read.found
    for row in (0, 7):
        label = int(found.labels[row])
        assert cell(rules, row, LABEL) == found.classes[label]
        for column, said in ((STUDENT, found.student[row]), (TEACHER, read.teacher[row])):
            mark = RIGHT if said.argmax() == label else WRONG
            assert cell(rules, row, column) == f"{said[1]:.2f} {mark}"
        assert cell(rules, row, MOVED) == f"{np.abs(read.teacher[row] - found.student[row]).max():.2f}"
        assert cell(rules, row, SENTENCE) == " ".join(found.words[row])
    tip = rules.table.sentences.data(rules.table.sentences.index(0, SENTENCE), Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith(" ".join(found.words[0]))
    assert "label" in tip


def test_arrows_walk_through_the_list_and_undo_goes_back(rules: RulesPanel, session: Session, qtbot: QtBot) -> None:
    rules.table.setFocus()
    QTest.keyClick(rules.table, Qt.Key.Key_Down)
    QTest.keyClick(rules.table, Qt.Key.Key_Down)
    assert rules.listed is not None
    assert rules.state.looked == rules.listed.found.indices[2]
    assert f"Sentence {rules.state.looked:,}" in rules.look.head.text()
    rows = [row.name for row in rules.look.bars.rows]
    assert rows == ["positive", "negative"]
    assert rules.look.bars.rows[0].values[0] == pytest.approx(rules.listed.found.student[2][1])
    session.undo.undo()
    assert rules.state.looked == FIRST
    assert rules.table.currentIndex().row() == 0


def test_the_bars_are_p_r_the_factor_and_their_product_made_to_sum_to_one(rules: RulesPanel) -> None:
    columns = np.array([row.values for row in rules.look.bars.rows])
    p, r, factor, q = columns.T
    assert factor == pytest.approx(np.exp(-6 * (r.max() - r)))
    assert q == pytest.approx(p * factor / (p * factor).sum())
    assert "truth of the rule" in rules.look.bars.accessibleDescription()


def test_filters_ask_for_another_kind_and_pages_turn(rules: RulesPanel, engine: ToyEngine, session: Session) -> None:
    rules.further.click()
    engine.pump()
    assert rules.place.text().startswith("41–80 of 100")
    rules.which.setCurrentIndex(rules.which.findData("disagree"))
    rules.which.activated.emit(rules.which.currentIndex())
    asked = engine.waiting(ReadSentences)[-1].question
    assert isinstance(asked, ReadSentences)
    assert (asked.which, asked.offset) == ("disagree", 0)
    engine.pump()
    read = rules.listed
    assert read is not None
    assert (read.found.student.argmax(1) != read.teacher.argmax(1)).all()
    rules.part.setCurrentIndex(rules.part.findData("train"))
    rules.part.activated.emit(rules.part.currentIndex())
    engine.pump()
    assert rules.listed is not None
    assert max(rules.listed.found.indices) < 200
    for _ in range(3):
        session.undo.undo()
    engine.pump()
    assert (rules.state, rules.which.currentData()) == (Rules(), "ruled")
    assert rules.place.text().startswith("1–40 of 100")


def test_all_sentences_have_no_count_for_what_was_not_read(rules: RulesPanel, engine: ToyEngine) -> None:
    texts = {place: label.text() for place, label in rules.tools.cells.items()}
    assert texts[2, 0] == "of all 100, as trained"
    assert texts[2, 1].endswith(" %")
    rules.which.setCurrentIndex(rules.which.findData("all"))
    rules.which.activated.emit(rules.which.currentIndex())
    engine.pump()
    assert rules.tools.cells[2, 1].text() == "–"
    assert rules.tools.cells[1, 1].text().endswith(" %")


def test_sentences_without_the_rule_say_so(rules: RulesPanel, engine: ToyEngine) -> None:
    type_in(rules, "it is so good .", engine)
    assert rules.typed is not None
    assert "not about this sentence" in rules.look.why.text()
    assert "underline" not in rules.look.words.text()
    assert [row.values[1:3] for row in rules.look.bars.rows] == [(1, 1), (1, 1)]


# --- a sentence of one's own


def test_what_is_typed_is_read_at_once_with_the_unknown_words_marked(
    rules: RulesPanel, engine: ToyEngine, session: Session
) -> None:
    type_in(rules, "it is bad , but the wombat is good .", engine)
    assert rules.look.head.text() == "Your sentence"
    assert not rules.table.selectionModel().hasSelection()
    assert "<i>wombat</i><sup>?</sup>" in rules.look.words.text()
    assert rules.tools.note.text() == "Not among the model's words, so says nothing: “wombat”."
    assert rules.look.why.text().startswith("The clause alone is positive to the student")
    assert rules.look.verdict.text().startswith("student: ")
    rules.tools.clear_button.click()
    engine.pump()
    assert rules.tools.text.toPlainText() == ""
    assert rules.typed is None
    session.undo.undo()
    engine.pump()
    assert rules.tools.text.toPlainText() == "it is bad , but the wombat is good ."
    session.undo.undo()
    assert rules.state.typed == "", "letters in a row are one edit"


def test_return_makes_no_second_line_and_tab_goes_on(rules: RulesPanel, engine: ToyEngine, qtbot: QtBot) -> None:
    type_in(rules, "good", engine)
    QTest.keyClick(rules.tools.text, Qt.Key.Key_Return)
    assert rules.tools.text.toPlainText() == "good"
    rules.tools.window().activateWindow()
    QTest.keyClick(rules.tools.text, Qt.Key.Key_Tab)
    assert not rules.tools.text.hasFocus()


def test_markup_in_a_sentence_is_text(rules: RulesPanel, engine: ToyEngine) -> None:
    type_in(rules, "<b>good</b> & bad", engine)
    assert "&lt;b&gt;good&lt;/b&gt;" in rules.look.words.text()


def test_choosing_a_row_and_then_the_text_goes_from_one_to_the_other(
    rules: RulesPanel, engine: ToyEngine, qtbot: QtBot
) -> None:
    type_in(rules, "it is bad , but good", engine)
    rules.table.selectRow(3)
    assert rules.look.head.text().startswith("Sentence ")
    rules.tools.text.clearFocus()
    rules.tools.window().activateWindow()
    rules.tools.text.setFocus()
    qtbot.waitUntil(lambda: rules.state.looked == TYPED)
    assert rules.look.head.text() == "Your sentence"


# --- C and λ


def test_moving_c_works_the_teacher_out_without_a_question(
    rules: RulesPanel, engine: ToyEngine, session: Session
) -> None:
    sent = len(engine.sent)
    rules.tools.strength.track.setFocus()
    QTest.keyClick(rules.tools.strength.track, Qt.Key.Key_Home)
    assert len(engine.sent) == sent
    read = rules.listed
    assert read is not None
    assert rules.state.strength == 0
    assert read.teacher == pytest.approx(read.found.student, abs=1e-6)
    assert cell(rules, 0, MOVED) == "0.00"
    assert "C λ = 0, the model was trained with 6" in rules.tools.formula.text()
    assert rules.tools.cells[1, 1].text() == rules.tools.cells[1, 2].text()
    assert rules.tools.reset_button.isEnabled()
    QTest.keyClick(rules.tools.strength.track, Qt.Key.Key_End)
    assert rules.listed is not None
    hard = rules.listed.found.of_clause.argmax(1)
    assert (rules.listed.teacher.argmax(1) == hard).all()
    assert rules.table.currentIndex().row() == 0, "what is looked at stays so"
    rules.tools.reset_button.click()
    assert rules.state.strength is None
    assert rules.tools.strength.value() == 6
    assert not rules.tools.reset_button.isEnabled()
    session.undo.undo()
    assert rules.state.strength == 400


def test_c_and_lambda_count_as_their_product(rules: RulesPanel) -> None:
    rules._moved("strength", 3.0, 1)
    rules._moved("confidence", 2.0, 2)
    read = rules.listed
    assert read is not None
    assert read.teacher == pytest.approx(teacher(read.found.student, read.found.truth, 6))


def test_the_teacher_of_the_window_is_that_of_the_model_where_nothing_was_moved(rules: RulesPanel) -> None:
    read = rules.listed
    assert read is not None
    assert read.teacher == pytest.approx(read.found.teacher, abs=1e-6)


# --- while it trains, and coming back


def test_newer_weights_are_read_again_and_the_row_stays(
    rules: RulesPanel, engine: ToyEngine, page: ExplorePage
) -> None:
    type_in(rules, "it is bad , but good", engine)
    rules.table.selectRow(4)
    looked = rules.state.looked
    engine.toy.step = 450
    rules.refresh()
    assert {type(a.question) for a in engine.waiting()} == {ReadSentences, ReadTyped}
    engine.pump()
    assert rules.state.looked == looked
    assert page.live.text() == "step 450"
    assert rules.typed is not None
    assert rules.typed.found.step == 450


def test_a_failure_is_said_in_place(rules: RulesPanel, engine: ToyEngine) -> None:
    rules.further.click()
    ask = engine.waiting(ReadSentences)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "the dataset is gone"))
    assert rules.place.text() == "the dataset is gone"


def test_settings_come_back_with_the_next_session(
    rules: RulesPanel, engine: ToyEngine, session: Session, page: ExplorePage, qtbot: QtBot
) -> None:
    type_in(rules, "so good , but bad", engine)
    rules._moved("confidence", 0.5, 1)
    kept = page.save_state()
    other = ExplorePage(session)
    qtbot.addWidget(other)
    other.resize(1052, 620)
    other.restore_state(kept)
    other.show()
    engine.pump()
    (panel,) = other.open
    assert isinstance(panel, RulesPanel)
    engine.pump()
    assert panel.state == rules.state
    assert panel.tools.text.toPlainText() == "so good , but bad"
    assert panel.tools.confidence.value() == 0.5
    assert panel.look.head.text() == "Your sentence"
    other.hide()


def test_another_run_has_sentences_of_its_own(rules: RulesPanel, engine: ToyEngine, session: Session) -> None:
    type_in(rules, "so good", engine)
    session.choose_run(f"{RUN}-2")
    engine.pump()
    assert rules.state == Rules()
    assert rules.tools.text.toPlainText() == ""
    session.undo.undo()
    engine.pump()
    assert session.run == RUN


def test_what_can_be_taken_away_is_the_weights_and_the_run(rules: RulesPanel, page: ExplorePage) -> None:
    page.export()
    kinds = [page.sheet.kind.itemText(i) for i in range(page.sheet.kind.count())]
    assert kinds == ["Weights", "Whole run"]
    assert page.sheet.go.isEnabled()
    assert page.sheet.form.file_name().endswith(".safetensors")


# --- the state


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"which": "none"},
        {"offset": "many"},
        {"strength": float("nan")},
        {"confidence": "much"},
        {"part": 3},
    ],
)
def test_a_damaged_state_is_passed_over(wrong: dict[str, Any]) -> None:
    assert from_plain({**as_plain(Rules()), **wrong} if wrong else {}) is None


def test_a_state_survives_and_numbers_come_back_into_bounds() -> None:
    state = Rules("it is <b>", "wrong", "train", 40, 7, 3.5, None)
    assert from_plain(as_plain(state)) == state
    far = from_plain({**as_plain(state), "strength": 1e9, "offset": -5, "looked": -9})
    assert far is not None
    assert (far.strength, far.offset, far.looked) == (400, 0, FIRST)


def test_the_reason_names_what_the_clause_says_and_a_changed_answer() -> None:
    toy = RulesToy()
    found = toy.read([("so", "good", "good", ",", "but", "bad", ".")], [-1], 1)
    assert "It changes the answer" not in in_words(Read.of(found, 0.0), 0)
    hard = in_words(Read.of(found, 400.0), 0)
    assert hard.startswith("The clause alone is negative to the student")
    assert hard.endswith("It changes the answer to negative.")


def test_a_clause_is_marked_from_its_first_word_to_the_end() -> None:
    text = as_html(("a", "but", "b", "<c>"), 2, (3,), "#111111", "#222222")
    before, behind = text.split("<span", 1)
    assert before == "a but "
    assert "#111111" in behind
    assert "#222222" in behind
    assert "&lt;c&gt;" in behind


class Ruleless(RulesToy):
    """None of its sentences has a clause that a rule would be about."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences = [("it", "is", "good", ".")] * 400


def test_a_model_whose_rule_is_about_nothing_says_so_and_reads_what_is_typed(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    engine.toy = Ruleless()
    session.choose_run(RUN)
    engine.pump()
    (panel,) = page.open
    assert isinstance(panel, RulesPanel)
    engine.pump()
    assert panel.place.text() == "no sentence of this kind"
    assert panel.look.why.text() == "Choose a sentence below, or type one."
    assert panel.tools.cells[1, 1].text() == "–"
    assert not panel.back.isEnabled()
    assert not panel.further.isEnabled()
    type_in(panel, "bad , but good", engine)
    assert panel.look.head.text() == "Your sentence"
