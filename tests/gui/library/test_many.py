"""A thousand runs stay fluid: no picture is decoded on the window's thread, and only what is seen is decoded at all."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from studio.data.dataset import DataSpec
from studio.gui.library import row, thumbnails
from studio.gui.library.model import COLUMNS, RunsFilter, RunsModel
from studio.gui.library.row import Row
from studio.gui.library.thumbnails import Thumbnails, Wanted
from studio.gui.library.views import RunsViews
from studio.runs.folder import RunState
from studio.runs.library import Entry


def made_up(count: int, picture: Path | None = None) -> list[Row]:
    data = DataSpec("digits", "images", (1, 8, 8), 100)
    entries = [
        Entry(
            Path(f"/runs/{n}"), f"Run {n:04d}", "wgan_gp", data, RunState("stopped", n, 1000, float(n)),
            tags=("even",) if n % 2 == 0 else (), size=n * 1000, created=float(n + 1),
            thumbnail=picture.with_stem(f"{picture.stem}{n}") if picture is not None else None,
        )
        for n in range(count)
    ]  # fmt: skip
    return [row.of(entry, {"wgan_gp": "WGAN-GP"}) for entry in entries]


def test_model_keeps_qts_rules_through_scans_edits_and_filters(qtbot: QtBot) -> None:
    source = RunsModel()
    shown = RunsFilter(source)
    testers = [
        QAbstractItemModelTester(m, QAbstractItemModelTester.FailureReportingMode.Fatal) for m in (source, shown)
    ]
    rows = made_up(50)
    source.put(rows)
    shown.sort(5, Qt.SortOrder.DescendingOrder)
    source.put([rows[0].edited(title="Other"), *rows[10:], *made_up(60)[50:]])
    shown.narrow(search="run", tag="even")
    source.update(rows[12].edited(tags=()))
    source.put([])
    assert (source.rowCount(), len(testers)) == (0, 2)


def test_new_scan_touches_only_rows_that_differ(qtbot: QtBot) -> None:
    source = RunsModel()
    rows = made_up(1000)
    source.put(rows)
    changed: list[int] = []
    source.dataChanged.connect(lambda first, last: changed.append(first.row()))
    source.modelReset.connect(lambda: changed.append(-1))
    source.put([r.edited(title="Other") if r.path == "/runs/7" else r for r in made_up(1000)])
    assert changed == [7]


def test_thousand_runs_are_drawn_without_decoding_on_the_windows_thread(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "s.png"
    rows = made_up(1000, picture)
    for r in rows[:1000:1]:
        if int(Path(r.path).name) >= 980:
            Image.new("RGB", (64, 64), (200, 10, 10)).save(r.thumbnail)
    threads: list[Any] = []
    decode = thumbnails.decode

    def watched(wanted: Wanted) -> Any:
        threads.append(threading.current_thread())
        return decode(wanted)

    monkeypatch.setattr(thumbnails, "decode", watched)
    source, kept = RunsModel(), Thumbnails()
    shown = RunsFilter(source)
    views = RunsViews(shown, kept)
    qtbot.addWidget(views)
    kept.ready.connect(source.thumbnail_came)
    views.resize(800, 600)
    views.show()
    source.put(rows)
    views.list.sortByColumn(COLUMNS.index("Date"), Qt.SortOrder.DescendingOrder)
    views.grab()
    wanted = Wanted(rows[999].thumbnail, 40, 40, 19)
    qtbot.waitUntil(lambda: kept.get(wanted) is not None)
    assert threading.main_thread() not in threads
    assert len(threads) < 100  # the dozen lines that are seen, not the thousand that there are


def test_flinging_through_the_list_leaves_no_backlog(qtbot: QtBot, tmp_path: Path) -> None:
    kept = Thumbnails()
    for n in range(5000):
        kept.get(Wanted(str(tmp_path / f"{n}.png"), 40, 40))
    assert len(kept._waiting) <= Thumbnails.WAITING
    qtbot.waitUntil(lambda: not kept._waiting and not kept._busy)


def test_small_pictures_are_enlarged_crisply_and_large_ones_reduced(tmp_path: Path) -> None:
    small = Image.new("RGB", (2, 1), (255, 255, 255))
    small.putpixel((0, 0), (0, 0, 0))
    small.save(tmp_path / "s.png")
    grown = thumbnails.decode(Wanted(str(tmp_path / "s.png"), 8, 8))
    assert grown is not None
    assert (grown.width(), grown.height()) == (8, 4)
    assert {grown.pixelColor(x, 0).red() for x in range(4)} == {0}
    assert {grown.pixelColor(x, 0).red() for x in range(4, 8)} == {255}
    Image.new("RGB", (400, 200)).save(tmp_path / "l.png")
    reduced = thumbnails.decode(Wanted(str(tmp_path / "l.png"), 40, 40))
    assert reduced is not None
    assert (reduced.width(), reduced.height()) == (40, 20)


def test_picture_that_is_none_gives_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"not a picture")
    assert thumbnails.decode(Wanted(str(tmp_path / "no.png"), 40, 40)) is None


def test_row_is_spoken_in_one_sentence() -> None:
    one = replace(made_up(5)[4], tags=("even",)).indexed()
    assert one.spoken == "Run 0004, Stopped, 0%, WGAN-GP, on digits, 4 s, 4 KiB, tags even"
