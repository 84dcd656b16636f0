"""Every page of the real window with a real run in it: painted, in both themes, and no text cut off at 1280×720.

With GEN_STUDIO_SCREENSHOTS naming a folder the run is trained for long enough to be worth looking at, and the pictures
are kept there (``make screenshots``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget
from pytestqt.qtbot import QtBot

from studio.data import builtin, store
from studio.engine.answers import Context, answer
from studio.engine.messages import Propose
from studio.explore.questions import Real
from studio.gui import app, theme, work
from studio.gui.explore.invert.panel import InvertPanel
from studio.gui.explore.invert.state import Level
from studio.gui.explore.pose.panel import PosePanel
from studio.gui.session import Session
from studio.gui.trainer import Trainer
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.window import MainWindow
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training.control import SaveNow

KEPT = os.environ.get("GEN_STUDIO_SCREENSHOTS", "")
STEPS = 700 if KEPT else 12
pytestmark = pytest.mark.timeout(1800 if KEPT else 480)
SIZE = 1280, 720
PANELS_IN = ("light", "dark") if KEPT else ("light",)
"""Themes in which panels are seen; pages, and what they share with panels, are seen in both."""
POSE = {"batch": 8, "average": 0.9, "generator_rate": 1e-3}
POSE |= {"width": 16, "steps": 1000, "first": 800} if KEPT else {"width": 8, "steps": 2, "first": 1}
FLOW = {"levels": 2, "depth": 4, "width": 32, "batch": 32, "warm_up": 10, "average": 0.9, "steps": 200 if KEPT else 3}
LIKELY = {
    "nade": {"hidden": 50, "rate": 1e-2, "steps": 1500 if KEPT else 3},
    "vae": {"latent": 2, "width": 100, "steps": 3000 if KEPT else 3},
}


@dataclass
class Scene:
    window: MainWindow
    session: Session
    run: str
    flow: str
    """A run of a flow, trained for a moment."""
    likely: dict[str, str]
    """Runs of what scores a likelihood, by model, trained for a moment."""
    posed: list[str]
    """Two runs that take a pose, the second with a constraint."""
    qtbot: QtBot

    def until(self, holds: Callable[[], object], seconds: float = 60) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=int(seconds * 1000))

    def shot(self, name: str, folder: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The window as it is now, H×W×3, kept when a folder for pictures was named."""
        self.qtbot.wait(400 if KEPT else 150)
        image = self.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        scale = "" if image.width() == SIZE[0] else f"@{image.width() // SIZE[0]}x"
        folder.mkdir(parents=True, exist_ok=True)
        assert image.save(str(folder / f"{name}{scale}.png"))
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Scene]:
    """The window with the built-in digits and a run on them in training, some steps along."""
    data = store.prepare(builtin.source("digits")).spec
    proposal = answer(Propose(data), Context())
    trainer = Trainer("process")
    session = Session(trainer)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(*SIZE)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    trainer.start()
    app.begin(session)
    window.fill()
    made = Scene(window, session, "", "", {}, [], qtbot)
    made.until(lambda: session.models)
    session.choose_dataset(data)
    other = session.new_run(
        proposal.model, proposal.values | {"steps": 5, "seed": 1, "average": 0.9}, data, "a first try"
    )
    with qtbot.waitSignal(session.ended, timeout=120_000):
        session.train(other)
    flow = recipes.values_of(recipes.make(catalog.load("glow").recipe_type, FLOW))
    made.flow = session.new_run("glow", flow, data, "a flow")
    with qtbot.waitSignal(session.ended, timeout=300_000):
        session.train(made.flow)
    for name, values in LIKELY.items():
        likely = recipes.values_of(recipes.make(catalog.load(name).recipe_type, values))
        made.likely[name] = session.new_run(name, likely, data, name)
        with qtbot.waitSignal(session.ended, timeout=300_000):
            session.train(made.likely[name])
    figures = builtin.source("figures")
    figures.count = figures.count if KEPT else 160  # type: ignore[attr-defined]
    people = store.prepare(figures, store.suggested(figures)).spec
    lessons = 400 if KEPT else 1
    for title, more in (("people", {}), ("people constrained", {"constraint": "learned", "lessons": lessons})):
        pose = recipes.values_of(recipes.make(catalog.load("pg2").recipe_type, POSE | more))
        made.posed.append(session.new_run("pg2", pose, people, title))
        with qtbot.waitSignal(session.ended, timeout=600_000):
            session.train(made.posed[-1])
    made.run = session.new_run(proposal.model, proposal.values | {"steps": 100_000}, data, "digits")
    session.choose_run(made.run)
    steps: list[int] = []
    session.progressed.connect(lambda e: steps.append(e.step))
    session.train(made.run)
    made.until(lambda: steps and steps[-1] >= STEPS, 600)
    session.steer(SaveNow())
    made.until(lambda: RunFolder(made.run).checkpoints())
    try:
        yield made
    finally:
        theme.theme.apply("light")
        window.close()
        trainer.close()
        work.close()
        session.deleteLater()


def test_every_page_is_painted_in_both_themes_and_cuts_no_text(scene: Scene, tmp_path: Path) -> None:
    folder = Path(KEPT) if KEPT else tmp_path
    window, session = scene.window, scene.session
    pictures: dict[tuple[str, str], np.ndarray[Any, np.dtype[np.uint8]]] = {}
    cut: list[str] = []
    for page in ("train", "explore", "compare", "library", "experiments", "experiment"):
        window.show_page("experiments" if page == "experiment" else page)
        if page == "explore":
            shown: Any = window.pages[page]
            scene.until(lambda: shown.open and shown.open[0].explorer.samples is not None)  # noqa: B023
            scene.qtbot.wait(1500)
        if page == "compare":
            runs = map(str, sorted(Path(scene.run).parent.glob("[!.]*")))
            session.compare_wanted.emit([run for run in runs if run not in scene.posed])
            scene.qtbot.wait(1500)
        if page == "library":
            scene.qtbot.wait(1000)
        if page == "experiments":
            gallery: Any = window.pages[page]
            scene.until(lambda: gallery.seen)  # noqa: B023
        if page == "experiment":
            gallery.show_experiment("mode_collapse")
        for colours in ("light", "dark"):
            theme.theme.apply(colours)
            pictures[page, colours] = scene.shot(f"{page}-{colours}", folder)
            cut += [f"{page}: {text}" for text in clipped(window)]
    window.show_page("explore")
    shown = window.pages["explore"]
    shown.controls.setCurrentIndex([panel.title for panel in shown.open].index("Constraints"))
    asking: Any = shown.panel
    scene.until(lambda: asking.weighed is not None)
    asking.hands.add.activated.emit(asking.hands.add.findData("symmetry"))
    scene.until(lambda: asking.weighed is not None and asking.found.scores.shape[1] == 2)
    assert window.size() == QSize(*SIZE)
    for colours in PANELS_IN:
        theme.theme.apply(colours)
        pictures["constraints", colours] = scene.shot(f"constraints-{colours}", folder)
        cut += [f"constraints: {text}" for text in clipped(window)]
    session.choose_run(scene.flow)
    scene.until(lambda: isinstance(shown.open[0], InvertPanel))
    shown.controls.setCurrentIndex(0)
    scene.until(lambda: isinstance(shown.panel, InvertPanel) and shown.panel.browser.page is not None)
    panel: Any = shown.panel
    panel.inverter.choose(Real(tuple(panel.browser.page.indices[:2].tolist())))
    panel.inverter.edit("noise", panel.inverter.state.with_level("level 1", Level("noise")))
    panel.lower.setCurrentWidget(panel.strip)
    scene.until(lambda: panel.inverter.scored is not None and len(panel.strip.grid.images))
    assert window.size() == QSize(*SIZE), "no panel is wider than there is room"
    for colours in PANELS_IN:
        theme.theme.apply(colours)
        for index in range(panel.tabs.count()):
            panel.tabs.setCurrentIndex(index)
            panel.lower.setCurrentIndex(index % panel.lower.count())
            name = f"invert-{panel.tabs.tabText(index).lower()}"
            pictures[name, colours] = scene.shot(f"{name}-{colours}", folder)
            cut += [f"{name}: {text}" for text in clipped(window)]
    for name, own in (("nade", "Pixel by pixel"), ("vae", "Scatter")):
        session.choose_run(scene.likely[name])
        scene.until(lambda: own in [panel.title for panel in shown.open])  # noqa: B023
        theme.theme.apply("light")
        for index, open_panel in enumerate(shown.open):
            shown.controls.setCurrentIndex(index)
            scene.qtbot.wait(2500 if KEPT else 400)
            assert window.size() == QSize(*SIZE), f"{open_panel.title} is not wider than there is room"
            title = f"{name}-{open_panel.title.lower().replace(' ', '-')}"
            pictures[title, "light"] = scene.shot(f"{title}-light", folder)
            cut += [f"{title}: {text}" for text in clipped(window)]
    session.choose_run(scene.posed[0])
    scene.until(lambda: isinstance(shown.panel, PosePanel) and shown.panel.poser.result is not None)
    posing: Any = shown.panel
    if KEPT:
        posing.verdict.train.click()
        scene.until(lambda: posing.poser.result is not None and posing.poser.result.parser, 600)
    for name in ("pose", "pose-film", "pose-beside"):
        if name == "pose-film":
            for preset in ("Standing", "Arms up", "Star"):
                posing.board.editor.take_preset(preset)
                posing.board.keyframes.add_pose()
            posing.board.tabs.setCurrentWidget(posing.board.keyframes)
        if name == "pose-beside":
            posing.board.tabs.setCurrentIndex(0)
            scene.until(posing.verdict.beside.isEnabled)
            posing.verdict.set_beside(on=True)
            scene.until(lambda: posing.poser.other_result is not None)
        assert window.size() == QSize(*SIZE)
        for colours in PANELS_IN:
            theme.theme.apply(colours)
            pictures[name, colours] = scene.shot(f"{name}-{colours}", folder)
            cut += [f"{name}: {text}" for text in clipped(window)]
    session.choose_run(scene.run)
    window.show_bench()
    for colours in ("light", "dark"):
        theme.theme.apply(colours)
        pictures["bench", colours] = scene.shot(f"bench-{colours}", folder)
        cut += [f"bench: {text}" for text in clipped(window)]

    for (page, colours), picture in pictures.items():
        assert len(np.unique(picture.reshape(-1, 3)[::97], axis=0)) > 30, f"{page} in {colours} is not blank"
        bright = picture.mean() > 128
        assert bright == (colours == "light"), f"{page} follows the theme {colours}"
    assert not cut


def clipped(window: QWidget) -> list[str]:
    """Texts of visible labels and buttons that are wider than their place and neither wrap nor end in an ellipsis."""
    found = []
    for widget in (*window.findChildren(QLabel), *window.findChildren(QAbstractButton)):
        text = widget.text().replace("&", "")
        # Ignored: the label was told to take what is left, and shows the whole text on hover
        gives_way = widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored or isinstance(
            widget, ElidedLabel
        )
        rich = isinstance(widget, QLabel) and (widget.wordWrap() or "<" in text or gives_way)
        if not text or rich or not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        wide = max(widget.fontMetrics().horizontalAdvance(line) for line in text.splitlines() or [""])
        if wide > widget.width() + 1 and "…" not in text:
            found.append(f"{type(widget).__name__} {text!r} needs {wide} px and has {widget.width()}")
    return found
