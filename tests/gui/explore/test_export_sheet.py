"""The export sheet: the job is exactly what the form says; progress, cancel, and the way to the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from studio.explore.questions import Where
from studio.export.jobs import ExportBundle, ExportLatents, ExportSamples, ExportWalk, ExportWeights, no_onnx
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.export.forms import Weights
from studio.gui.export.offer import Offer
from studio.gui.export.sheet import REMEMBERED, ExportSheet
from studio.gui.session import Session
from tests.gui.explore.conftest import RUN
from tests.gui.explore.toy import DenseToy, ToyEngine


@pytest.fixture
def sheet(page: ExplorePage, panel: LatentPanel, session: Session, tmp_path: Path) -> ExportSheet:
    """Open, with a folder remembered, four samples selected and a walk of two keys."""
    session.settings.set(REMEMBERED, str(tmp_path))
    panel.stage.grid.select({2, 5})
    panel.walk.add_picks.click()
    panel.stage.grid.select({1, 2, 3, 4})
    page.export()
    return page.sheet


def test_samples_are_exported_as_they_are_on_screen(
    sheet: ExportSheet, page: ExplorePage, panel: LatentPanel, engine: ToyEngine, tmp_path: Path
) -> None:
    page.export()
    panel.stage.seed.setValue(11)
    panel.stage.count.setValue(25)
    panel.stage.truncation.number.setText("1.5")
    QTest.keyClick(panel.stage.truncation.number, Qt.Key.Key_Return)
    page.export()
    sheet.go.click()
    out = str(tmp_path / "toys-wgan_gp-1-seed11-25.png")
    assert engine.exported().question == ExportSamples(Where(RUN), out, 25, 11, 1.5, "sheet", "png")
    assert engine.exported().slow
    assert engine.exported().topic == ""


@pytest.mark.parametrize("toy", [DenseToy()])
def test_samples_of_a_density_are_exported_at_their_temperature(sheet: ExportSheet, engine: ToyEngine) -> None:
    form = sheet.form
    assert form.temperature.isVisible()  # type: ignore[attr-defined]
    assert form.temperature.value() == pytest.approx(0.7)  # type: ignore[attr-defined]
    form.temperature.number.setText("0.25")  # type: ignore[attr-defined]
    QTest.keyClick(form.temperature.number, Qt.Key.Key_Return)  # type: ignore[attr-defined]
    sheet.go.click()
    assert engine.exported().question.temperature == pytest.approx(0.25)


def test_samples_of_others_have_no_temperature_to_set(sheet: ExportSheet, engine: ToyEngine) -> None:
    assert not sheet.form.temperature.isVisible()  # type: ignore[attr-defined]
    sheet.go.click()
    assert engine.exported().question.temperature is None


def test_fields_of_the_form_are_in_the_job(sheet: ExportSheet, engine: ToyEngine, tmp_path: Path) -> None:
    form = sheet.form
    form.count.setValue(1000)  # type: ignore[attr-defined]
    form.layout_box.setCurrentIndex(1)  # type: ignore[attr-defined]
    form.format_box.setCurrentIndex(1)  # type: ignore[attr-defined]
    assert sheet.to.text() == str(tmp_path / "toys-wgan_gp-1-seed0-1000")
    sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportSamples)
    assert (job.count, job.layout, job.format, job.truncation) == (1000, "files", "webp", None)


def test_this_picture_and_selected_samples_carry_their_latents(
    sheet: ExportSheet, panel: LatentPanel, engine: ToyEngine
) -> None:
    sheet.show_kind("This picture")
    sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportLatents)
    assert np.array_equal(job.z, panel.explorer.state.z[None])
    engine.write(job.out)
    sheet.show_kind("Selected samples")
    sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportLatents)
    assert np.array_equal(job.z, panel.explorer.state.samples()[[1, 2, 3, 4]])


def test_a_walk_is_exported_with_its_keys_and_way(sheet: ExportSheet, panel: LatentPanel, engine: ToyEngine) -> None:
    sheet.show_kind("Walk")
    sheet.form.format_box.setCurrentIndex(1)  # type: ignore[attr-defined]
    sheet.form.frames.setValue(12)  # type: ignore[attr-defined]
    sheet.form.loop.setChecked(False)  # type: ignore[attr-defined]
    assert sheet.to.text().endswith("-walk.gif")
    sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportWalk)
    assert np.array_equal(job.keys, panel.explorer.state.walk.keys)
    assert (job.path, job.frames, job.fps, job.loop, job.format) == ("spherical", 12, 25, False, "gif")


def test_weights_and_bundle(sheet: ExportSheet, engine: ToyEngine, tmp_path: Path) -> None:
    sheet.show_kind("Weights")
    sheet.form.format_box.setCurrentIndex(1)  # type: ignore[attr-defined]
    sheet.go.click()
    out = str(tmp_path / "toys-wgan_gp-1.onnx")
    assert engine.exported().question == ExportWeights(Where(RUN), out, "onnx")
    engine.write(out)
    sheet.show_kind("Whole run")
    sheet.form.history.setChecked(False)  # type: ignore[attr-defined]
    sheet.go.click()
    assert engine.exported().question == ExportBundle(RUN, str(tmp_path / "toys-wgan_gp-1.zip"), False)


def test_an_older_checkpoint_is_exported_when_it_is_shown(
    sheet: ExportSheet, page: ExplorePage, engine: ToyEngine
) -> None:
    page.export()
    page.show_checkpoint(100)
    engine.pump()
    page.export()
    sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportSamples)
    assert job.where == Where(RUN, 100)


def test_progress_stands_in_place_and_ends_with_the_way_to_the_file(
    sheet: ExportSheet, engine: ToyEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet.go.click()
    assert not sheet.go.isEnabled()
    assert sheet.cancel_button.isVisible()
    engine.advance(40, 64)
    assert (sheet.bar.value(), sheet.bar.maximum(), sheet.count.text()) == (40, 64, "40 of 64")
    engine.write(str(tmp_path / "a.png"))
    assert sheet.result.text() == "Wrote a.png"
    assert not sheet.bar.isVisible()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    sheet.reveal_button.click()
    assert opened == [str(tmp_path)]
    assert sheet.go.isEnabled()


def test_cancel_asks_the_engine_and_says_so(sheet: ExportSheet, engine: ToyEngine) -> None:
    sheet.go.click()
    stamp = engine.exported().stamp
    sheet.cancel_button.click()
    assert engine.cancelled() == [stamp]
    assert not sheet.cancel_button.isEnabled()
    engine.fail("cancelled")
    assert sheet.result.text().startswith("Cancelled")
    assert sheet.go.isEnabled()


def test_a_failure_says_why_and_can_be_tried_again(sheet: ExportSheet, engine: ToyEngine) -> None:
    sheet.go.click()
    engine.fail("/full: no space left; free some and export again")
    assert "no space left" in sheet.result.text()
    sheet.go.click()
    assert engine.waiting(ExportSamples)


def test_what_is_missing_is_said_and_cannot_be_exported(
    page: ExplorePage, panel: LatentPanel, engine: ToyEngine
) -> None:
    page.export()
    page.sheet.show_kind("Walk")
    assert "two keys" in page.sheet.missing.text()
    assert not page.sheet.go.isEnabled()
    page.sheet.show_kind("Samples")
    assert not page.sheet.missing.isVisible()


def test_a_taken_name_is_counted_up_and_a_typed_one_warned_of(sheet: ExportSheet, tmp_path: Path) -> None:
    taken = tmp_path / "toys-wgan_gp-1-seed0-64.png"
    taken.touch()
    sheet.form.changed.emit()
    assert sheet.to.text() == str(tmp_path / "toys-wgan_gp-1-seed0-64-2.png")
    sheet.to.setText(str(taken))
    assert "replaced" in sheet.note.text()
    sheet.to.setText("relative.png")
    assert not sheet.go.isEnabled()
    sheet.to.setText("")
    assert not sheet.go.isEnabled()


def test_a_chosen_folder_is_remembered(
    sheet: ExportSheet, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(other / "mine"), ""))
    sheet.choose_button.click()
    assert sheet.to.text() == str(other / "mine.png")
    assert session.settings.get(REMEMBERED) == str(other)


def test_a_name_that_was_typed_stays_when_fields_change(sheet: ExportSheet, tmp_path: Path) -> None:
    sheet.to.setText(str(tmp_path / "mine.png"))
    sheet.form.seed.setValue(3)  # type: ignore[attr-defined]
    assert sheet.to.text() == str(tmp_path / "mine.png")


def test_escape_closes_and_the_job_goes_on(sheet: ExportSheet, page: ExplorePage, engine: ToyEngine) -> None:
    sheet.go.click()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert page.side.currentWidget() is page.controls
    assert not engine.cancelled()
    page.export()
    assert sheet.bar.isVisible(), "and it is still there when one comes back"


def test_a_model_that_decodes_nothing_offers_its_weights_and_the_run_only(session: Session, sheet: ExportSheet) -> None:
    sheet.show_offer(Offer(Where(RUN), "run", decodes=False))
    assert [sheet.kind.itemText(i) for i in range(sheet.kind.count())] == ["Weights", "Whole run"]
    assert sheet.go.isEnabled()
    form = sheet.forms["Weights"]
    assert isinstance(form, Weights)
    assert not form.fields.isRowVisible(form.format_box), "ONNX holds a decoder"
    assert form.file_name() == "run.safetensors"


def test_what_is_drawn_value_by_value_is_not_offered_as_onnx_and_it_says_why(sheet: ExportSheet) -> None:
    form = sheet.forms["Weights"]
    assert isinstance(form, Weights)
    form.format_box.setCurrentIndex(1)
    sheet.show_offer(Offer(Where(RUN), "run", no_onnx=no_onnx(["decode latent", "draw in order"])))
    sheet.show_kind("Weights")
    assert not form.fields.isRowVisible(form.format_box)
    assert form.file_name() == "run.safetensors"
    assert "value by value" in form.words.text()
    sheet.show_offer(Offer(Where(RUN), "run", no_onnx=no_onnx(["decode latent"])))
    assert form.fields.isRowVisible(form.format_box), "and the next model has the choice again"
