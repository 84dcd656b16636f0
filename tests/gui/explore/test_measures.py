"""The measures panel: what can be chosen, progress and cancel, the table that keeps every attempt."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.engine.messages import Advanced, Answer, Ask, Failed
from studio.explore import attempts
from studio.explore.attempts import Attempt
from studio.explore.questions import FetchInception, Measure, ModelView, Where
from studio.gui import work
from studio.gui.explore.measures.panel import MeasuresPanel
from studio.gui.explore.measures.results import attempt_text, value_text
from studio.gui.session import Session
from studio.metrics import weights
from studio.metrics.figures import BY_NAME, Figure
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from tests.gui.conftest import FakeEngine
from tests.gui.explore.toy import IMAGES, POINTS

LABELLED = IMAGES.__class__(**{**vars(IMAGES), "classes": ("a", "b")})
FOUND = Attempt(
    300,
    (
        Figure("wasserstein/sliced", 1.5, unit="pixel units", how="64 samples v 64 held-out examples"),
        Figure("parzen/Parzen-window log-likelihood", -139.87, 1.66, "standard error", "nats", "on 9 images | σ = 0.2"),
    ),
    samples=64,
    at=1_700_000_000.0,
    seconds=12,
)


def view(data: object = LABELLED, *capabilities: str) -> ModelView:
    can = ("decode latent", *capabilities)
    return ModelView(300, data, can, Prior.of("normal", 4), (300,))  # type: ignore[arg-type]


@pytest.fixture
def run(home: Path) -> str:
    path = home / "runs" / "toys-1"
    path.mkdir(parents=True)
    return str(path)


@pytest.fixture
def panel(session: Session, run: str, qtbot: QtBot) -> Iterator[MeasuresPanel]:
    made = MeasuresPanel(session, session)
    for part in (made.controls, made.pictures):
        qtbot.addWidget(part)
        part.show()
    made.show_run(Where(run), view())
    qtbot.waitUntil(lambda: bool(made.choose.reasons))
    yield made
    work.close()


def asked(engine: FakeEngine, kind: type[object] = Measure) -> Ask:
    return [m for m in engine.sent if isinstance(m, Ask) and isinstance(m.question, kind)][-1]


def test_what_cannot_be_taken_is_grey_and_says_why(panel: MeasuresPanel, run: str, qtbot: QtBot) -> None:
    choose = panel.choose
    assert choose.boxes["swd"].isEnabled()
    assert choose.boxes["fd-classifier"].isEnabled()
    assert not choose.boxes["fid"].isEnabled()
    assert "have them downloaded" in choose.lines["fid"].text()
    assert "no encoder" in choose.lines["nn"].text()
    panel.show_run(Where(run), view(LABELLED, "encode"))
    qtbot.waitUntil(choose.boxes["nn"].isEnabled)
    panel.show_run(Where(run), view(POINTS))
    qtbot.waitUntil(lambda: not choose.boxes["swd"].isEnabled())
    assert "holds points" in choose.lines["swd"].text()
    assert "no labels" in choose.lines["classes"].text()
    choose.all.click()
    assert choose.chosen() == ("wasserstein", "mmd", "two-sample")


def test_every_box_has_help_and_a_name(panel: MeasuresPanel) -> None:
    assert set(panel.choose.boxes) == set(BY_NAME)
    for name, box in panel.choose.boxes.items():
        assert BY_NAME[name].about in box.accessibleDescription()
        assert panel.choose.lines[name].text()
    panel.choose.none.click()
    assert not panel.go.isEnabled()
    panel.choose.quick.click()
    assert panel.choose.chosen() == ("wasserstein", "swd", "mmd", "two-sample")
    assert "16,384 for SWD" in panel.advice.text()


def test_measuring_asks_for_what_is_chosen_and_shows_how_far_it_is(
    panel: MeasuresPanel, engine: FakeEngine, run: str, qtbot: QtBot
) -> None:
    panel.choose.show_chosen(["wasserstein", "parzen"])
    panel.samples.setValue(64)
    panel.seed.setValue(5)
    panel.go.click()
    ask = asked(engine)
    assert ask.question == Measure(Where(run), ("wasserstein", "parzen"), 64, 5)
    assert ask.slow
    assert not panel.go.isEnabled()  # one at a time
    engine.tell(Advanced(ask.stamp, 300, 2000))
    assert (panel.bar.value(), panel.bar.maximum()) == (300, 2000)
    attempts.keep(RunFolder(run), FOUND)  # as the engine does
    engine.tell(Answer(ask.stamp, FOUND))
    qtbot.waitUntil(lambda: len(panel.results.attempts) == 1)
    assert panel.go.isEnabled()
    assert not panel.bar.isVisible()
    assert "step 300" in panel.said.text()


def test_cancel_gives_up_and_trouble_is_told(panel: MeasuresPanel, engine: FakeEngine) -> None:
    panel.go.click()
    panel.stop.click()
    assert engine.sent[-1].stamp == asked(engine).stamp
    engine.tell(Failed(asked(engine).stamp, "cancelled"))
    assert panel.said.text() == "Cancelled."
    panel.go.click()
    engine.tell(Failed(asked(engine).stamp, "the model's samples are not finite numbers; it has diverged"))
    assert "diverged" in panel.said.text()
    assert panel.go.isEnabled()


def test_numbers_that_could_not_be_kept_are_shown_all_the_same(panel: MeasuresPanel, engine: FakeEngine) -> None:
    panel.go.click()
    engine.tell(Answer(asked(engine).stamp, replace(FOUND, not_kept="/a/measures.jsonl: no space left on device")))
    assert "no space left" in panel.said.text()
    assert len(panel.results.attempts) == 1


def test_numbers_of_a_run_that_is_no_longer_looked_at_stay_with_it(
    panel: MeasuresPanel, engine: FakeEngine, home: Path, run: str, qtbot: QtBot
) -> None:
    panel.go.click()
    other = home / "runs" / "other-1"
    other.mkdir()
    panel.forget()
    panel.show_run(Where(str(other)), view())
    engine.tell(Answer(asked(engine).stamp, FOUND))
    assert "toys-1" in panel.said.text()
    qtbot.wait(50)
    assert not panel.results.attempts


def test_the_table_keeps_every_attempt_the_newest_first(panel: MeasuresPanel, run: str, qtbot: QtBot) -> None:
    folder = RunFolder(run)
    attempts.keep(folder, FOUND)
    attempts.keep(folder, Attempt(600, FOUND.figures[:1], samples=128, seed=1))
    with (folder.path / "measures.jsonl").open("a") as file:
        file.write('{"step": 7, "figu')  # a kill cut the last line short
    panel.show_run(Where(run), view())
    qtbot.waitUntil(lambda: len(panel.results.attempts) == 2)
    model = panel.results.model
    assert [model.item(i).text().split(" · ")[0] for i in range(2)] == ["step 600", "step 300"]
    assert model.item(1).child(1, 1).text() == "−139.9 ± 1.7 nats"
    assert "± is the standard error" in model.item(1).child(1, 2).text()
    panel.results.view.setCurrentIndex(model.item(1).child(0).index())
    assert "64 samples v 64 held-out" in panel.results.detail.text()


def test_rows_are_copied_for_a_spreadsheet_and_for_a_text(panel: MeasuresPanel, run: str, qtbot: QtBot) -> None:
    assert not panel.results.csv.isEnabled()
    attempts.keep(RunFolder(run), FOUND)
    panel.show_run(Where(run), view())
    qtbot.waitUntil(panel.results.csv.isEnabled)
    panel.results.csv.click()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [(r["step"], r["value"], r["unit"]) for r in rows] == [
        ("300", "1.5", "pixel units"),
        ("300", "-139.87", "nats"),
    ]
    view_ = panel.results.view
    view_.setCurrentIndex(panel.results.model.item(0).child(1).index())
    view_.setFocus()
    QTest.keyClick(view_, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    panel.results.markdown.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 3
    assert "σ = 0.2" in lines[2]
    assert "9 images \\| σ" in lines[2]
    assert panel.results.told.text() == "1 row copied"


def test_a_named_file_of_weights_makes_fid_possible(
    panel: MeasuresPanel, engine: FakeEngine, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.file.setText(str(tmp_path / "none.pth"))
    panel.file.editingFinished.emit()
    qtbot.waitUntil(lambda: "There is no file" in panel.inception.text())
    file = tmp_path / "w.safetensors"
    file.touch()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(file), ""))
    panel.browse.click()
    qtbot.waitUntil(panel.choose.boxes["fid"].isEnabled)
    panel.choose.show_chosen(["fid"])
    panel.go.click()
    assert asked(engine).question == Measure(panel.where, ("fid",), inception=str(file))


def test_a_download_is_asked_for_only_by_its_button(panel: MeasuresPanel, engine: FakeEngine, qtbot: QtBot) -> None:
    assert not engine.all(FetchInception)
    assert "96 MB" in panel.fetch.text()
    panel.fetch.click()
    assert not panel.fetch.isEnabled()
    engine.tell(Failed(asked(engine, FetchInception).stamp, "no connection"))
    assert panel.inception.text() == "no connection"
    panel.fetch.click()
    weights.kept().parent.mkdir(parents=True)
    weights.kept().touch()
    engine.tell(Answer(asked(engine, FetchInception).stamp, str(weights.kept())))
    qtbot.waitUntil(panel.choose.boxes["fid"].isEnabled)
    assert not panel.fetch.isEnabled()


def test_what_was_set_comes_back(panel: MeasuresPanel, session: Session, qtbot: QtBot) -> None:
    panel.choose.show_chosen(["mmd", "fid"])  # one that this run does not have is kept for another that does
    panel.samples.setValue(777)
    panel.seed.setValue(3)
    panel.file.setText("/some/file")
    panel.results.view.setColumnWidth(0, 222)
    panel.results.show_attempts([FOUND])  # new numbers leave the columns as they are
    state = panel.save_state()
    assert state["columns"][0] == 222
    other = MeasuresPanel(session, session)
    qtbot.addWidget(other.controls)
    qtbot.addWidget(other.pictures)
    other.restore_state(state)
    assert other.save_state() == state
    other.restore_state({"chosen": 3, "samples": "x", "seed": None, "inception": 5, "columns": [-3]})
    assert other.save_state() == state


@pytest.mark.parametrize(
    ("value", "error", "unit", "text"),
    [
        (62.949, 1.08, "%", "62.9 ± 1.1 %"),
        (0.0079935, 0.00041, "", "0.00799 ± 0.00041"),
        (1234.5, 24.0, "nats", "1234 ± 24 nats"),
        (-0.00224681, None, "", "−0.0022468"),
        (5.0, 0.0, "", "5"),
    ],
)
def test_numbers_have_as_many_digits_as_their_error_allows(
    value: float, error: float | None, unit: str, text: str
) -> None:
    assert value_text(Figure("a/b", value, error, unit=unit)) == text


def test_an_attempt_says_of_what_it_is() -> None:
    assert attempt_text(Attempt(12400, samples=2048, seconds=3, averaged=False)) == (
        "step 12,400 · 2,048 samples · seed 0 · weights not averaged · took 3 s"
    )
