"""The latent panel: for every model that decodes a latent. Puts the parts together; each part is a file of its own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from studio.explore.questions import Decoded, ModelView, NearestFound, Through, Where
from studio.export.provenance import Provenance, number
from studio.gui import theme
from studio.gui.explore.arithmetic import Arithmetic
from studio.gui.explore.around import Around
from studio.gui.explore.beside import Beside
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.lattice import TILES, Lattice
from studio.gui.explore.panel import Panel
from studio.gui.explore.stage import Stage
from studio.gui.explore.state import HOTTEST, MOST_SAMPLES
from studio.gui.explore.steer import Steer
from studio.gui.explore.walk import WalkTab
from studio.gui.export.offer import Offer, name_of
from studio.gui.session import Session


class LatentPanel(Panel):
    """See the module."""

    title = "Latent"
    needs = "decode latent"
    unless = "draw in order"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.explorer = Explorer(session, self)
        self.stage = Stage(self.explorer)
        self.beside = Beside(self.explorer)
        self.steer = Steer(self.explorer)
        self.lattice = Lattice(self.explorer)
        self.walk = WalkTab(self.explorer)
        self.arithmetic = Arithmetic(self.explorer)
        self.around = Around(self.explorer, self.walk)

        self.pictures = QWidget()
        box = QVBoxLayout(self.pictures)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE)
        box.addWidget(self.stage, 1)
        box.addWidget(self.beside)
        box.addWidget(self.around)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for part, title, tip in (
            (self.steer, "Steer", "Sliders for directions and dimensions"),
            (self.lattice, "Lattice", "Drag between four or nine seeds"),
            (self.walk, "Walk", "A path through picks, played and scrubbed"),
            (self.arithmetic, "A − B + C", "Arithmetic on averages of picks"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(part, title), tip)
        self.tabs.currentChanged.connect(self._tab_changed)
        self.controls = self.tabs

        self.around.checkpoint_wanted.connect(self.checkpoint_wanted.emit)
        self.around.near_came.connect(self._near)
        self.around.through_came.connect(self._through)
        self.walk.frames_came.connect(self._walked)
        self.lattice.tiles_came.connect(self._mesh)
        self.stage.step_shown.connect(self.step_shown)
        self.pictures.installEventFilter(self)
        self.explorer.awake = False

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.explorer.show_run(where, view)

    def forget(self) -> None:
        self.walk.stop()
        self.explorer.forget()

    def refresh(self) -> None:
        self.explorer.refresh()

    def offer(self) -> Offer | None:
        explorer = self.explorer
        if explorer.view is None:
            return None
        state, walk = explorer.state, explorer.state.walk
        return Offer(
            where=explorer.where,
            name=name_of(explorer.where.run),
            seed=state.seed,
            count=state.count,
            truncation=state.truncation,
            temperature=state.temperature if explorer.tempered else None,
            uniform=not state.in_sigma,
            current=state.z[None],
            chosen=explorer.selected(),
            walk=walk.keys,
            path=walk.kind,
            frames=walk.frames,
            fps=walk.fps,
            loop=walk.loop,
        )

    def restore(self, made: Provenance) -> None:
        """Samples by seed are drawn again; latents that stand in the file become current, or the keys of the walk."""
        explorer, settings = self.explorer, made.settings
        state = explorer.state
        latents = made.latents
        if latents is not None and latents.shape[1] != state.size:
            latents = None
        if "seed" in settings:
            bound = number(made, "truncation", math.inf)
            state = replace(
                state,
                seed=int(min(max(number(made, "seed", 0), 0), 2**31 - 1)),
                count=int(min(max(number(made, "count", state.count), 1), MOST_SAMPLES)),
                truncation=bound if 0 < bound < explorer.bound else None,
                temperature=min(max(number(made, "temperature", 1.0), 0.0), HOTTEST),
            ).picked(0)
        elif latents is not None:
            state = state.taken(latents[0], "latent of a file")
        if made.kind == "walk" and latents is not None and len(latents) > 1:
            way = settings.get("path")
            walk = replace(
                state.walk,
                keys=latents,
                kind=way if way in ("linear", "spherical") else state.walk.kind,
                frames=int(min(max(number(made, "frames", state.walk.frames), 1), 200)),
                fps=int(min(max(number(made, "fps", state.walk.fps), 1), 60)),
                loop=bool(settings.get("loop", state.walk.loop)),
            )
            state = replace(state, walk=walk)
            self.tabs.setCurrentWidget(self.walk)
        explorer.edit("Restore from a file", state)

    def save_state(self) -> dict[str, Any]:
        return {
            "tab": self.tabs.currentIndex(),
            "around": self.around.showing,
            "split": self.stage.split.sizes(),
            "runs": self.explorer.keeper.save(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        tab, split = state.get("tab"), state.get("split")
        self.explorer.keeper.restore(state.get("runs"))
        if isinstance(tab, int) and 0 <= tab < self.tabs.count():
            self.tabs.setCurrentIndex(tab)
        if state.get("around") in self.around.buttons:
            self.around.show_view(state["around"])
        if isinstance(split, list) and len(split) == 2 and all(isinstance(s, int) and s > 0 for s in split):
            self.stage.split.setSizes(split)

    def take_latent(self, z: npt.NDArray[np.float32], what: str) -> bool:
        if self.explorer.view is None or z.shape != self.explorer.state.z.shape:
            return False
        self.explorer.edit(f"Edit {what}", self.explorer.state.taken(z, what))
        return True

    def show_beside(self, picture: npt.NDArray[np.uint8], what: str) -> None:
        if self.explorer.view is not None:
            self.beside.keep(picture, what)

    # --- between the parts

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show:
            self.explorer.wake()
        elif watched is self.pictures and event.type() == QEvent.Type.Hide:
            self.explorer.awake = False
        return super().eventFilter(watched, event)

    def _tab_changed(self, index: int) -> None:
        if self.tabs.widget(index) is self.walk:
            self.around.show_view("walk")
        elif self.around.showing == "walk":
            self.around.show_view("nearest")
        self._mesh()

    def _near(self, found: NearestFound | None) -> None:
        self.stage.show_near(found)

    def _through(self, found: Through | None) -> None:
        self.stage.show_trail("through", found)

    def _walked(self, found: Decoded | None) -> None:
        self.stage.show_trail("walk", found)

    def _mesh(self) -> None:
        on = self.tabs.currentWidget() is self.lattice
        self.stage.show_mesh(self.lattice.found if on else None, TILES)
