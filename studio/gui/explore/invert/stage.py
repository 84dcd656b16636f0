"""The picture, its latent by level, what comes back, the difference, and the edited picture, side by side."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Browsed, Pictures, Scored, Unfolded
from studio.gui import theme
from studio.gui.explore.encode.pairs import GAINS
from studio.gui.explore.encode.state import name_of
from studio.gui.explore.film import Film, Picture
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.levels_view import LevelsView
from studio.gui.explore.invert.numbers import verdict
from studio.gui.explore.parts import choose, quiet, row
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.plot import plain
from studio.gui.widgets.tiles import stacked

SMALL = 40
"""Pixels of each example in the row of those that are chosen."""


class Stage(QWidget):
    """See the module. Of several examples a row stands above, with what came of each."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.name = ElidedLabel()
        theme.role(self.name, "heading")
        self.verdict = QLabel()
        self.verdict.setAccessibleName("whether the picture comes back")
        self.gain = QComboBox()
        for times in GAINS:
            self.gain.addItem(f"difference ×{times}", times)
        self.gain.setAccessibleName("gain of the difference")
        self.gain.setToolTip("The difference is |reconstruction − original|, black where they agree; brighten it")
        self.gain.activated.connect(lambda index: self._show_difference())
        self.film = Film("chosen examples", SMALL)
        self.film.hide()
        self._of: tuple[Unfolded, int] | None = None
        """What came of the examples, and which of them is shown."""
        self.original = Picture("the original", 96)
        self.levels = LevelsView()
        self.again, self.difference = Picture("the reconstruction", 48), Picture("the difference", 48)
        self.edited = Picture("the edited picture", 96)
        self.captions = {
            part: _caption(text)
            for part, text in (
                (self.original, "original"),
                (self.levels, "z by level"),
                (self.again, "back from z"),
                (self.difference, "difference"),
                (self.edited, "edited"),
            )
        }
        pair = QWidget()
        box = QVBoxLayout(pair)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE // 2)
        for part in (self.again, self.difference):
            box.addWidget(stacked(part, self.captions[part]), 1)
        pictures = QHBoxLayout()
        pictures.setSpacing(theme.SPACE)
        pictures.addWidget(stacked(self.original, self.captions[self.original]), 5)
        pictures.addWidget(stacked(self.levels, self.captions[self.levels]), 7)
        pictures.addWidget(pair, 3)
        pictures.addWidget(stacked(self.edited, self.captions[self.edited]), 5)
        bar = row(self.name, self.verdict, 1, self.gain)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(bar)
        whole.addWidget(self.film)
        whole.addLayout(pictures, 1)
        self.film.picked.connect(inverter.pick)
        inverter.run_shown.connect(self._show_anew)
        inverter.looked.connect(self._looked)
        inverter.found.connect(self._found)
        inverter.edited_came.connect(self._edited_came)
        inverter.changed.connect(lambda before: self._changed())
        inverter.failed.connect(self._failed)
        inverter.edit_failed.connect(self._edit_failed)

    @property
    def times(self) -> int:
        """The gain of the difference."""
        gain: int = self.gain.currentData()
        return gain

    def set_times(self, gain: int) -> None:
        choose(self.gain, gain)
        self._show_difference()

    # --- what is shown

    def _show_anew(self) -> None:
        self._clear()
        self._changed()

    def _clear(self) -> None:
        self._of = None
        for part in (self.original, self.again, self.difference, self.edited):
            part.show_picture(None)
        self.gain.hide()
        self.verdict.clear()
        self.film.hide()
        self.captions[self.levels].setText("z by level")
        self.captions[self.difference].setText("difference")
        self._caption_edited(None)
        if self.inverter.view is not None:
            self.levels.show_latent(self.inverter.view.prior, None)

    def _changed(self) -> None:
        inverter = self.inverter
        if inverter.view is None:
            return
        if not len(inverter.state.real):
            self._clear()
            self.name.setText("")
            self.original.show_message("Pick a picture below, or drop one here.")
            self._caption_edited(None)
            return
        if inverter.result is None:
            self._name(np.full(len(inverter.state.real), -1, np.int64))
            if self.original.image.isNull():
                self.original.show_message("Reading …")
        elif self._of is not None and self._of[0] is inverter.result and self._of[1] == inverter.state.current:
            self._show_latent()
        else:
            self._found(inverter.result)

    def _name(self, labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        inverter = self.inverter
        state = inverter.state
        self.name.setText(name_of(state.current, state.real, labels, inverter.data))
        height, width = inverter.data.size
        file = state.current >= len(state.real.indices)  # which may have been larger, and of another shape
        self.captions[self.original].setText(f"original, as {width}×{height} pixels" if file else "original")

    def _looked(self, found: Browsed) -> None:
        """The examples before anything is known of them."""
        self._clear()
        at = self.inverter.state.current
        if at < len(found.images):
            self.original.show_picture(found.images[at])
            self._name(found.labels)
        self._show_film(found.images, [""] * len(found.images))

    def _found(self, found: Unfolded | None) -> None:
        inverter = self.inverter
        if found is None or inverter.view is None:
            self._changed()
            return
        at = inverter.state.current
        self._of = found, at
        self._name(found.labels)
        self.original.show_picture(found.originals[at])
        self.again.show_picture(found.images[at])
        self.verdict.setText(("✓ " if found.same[at] else "✗ ") + verdict(found, at))
        theme.role(self.verdict, "good" if found.same[at] else "bad")
        self.again.setAccessibleDescription(verdict(found, at))
        marks = ["✓" if same else f"✗ {plain(float(off))}" for same, off in zip(found.same, found.worst, strict=True)]
        self._show_film(found.originals, marks, [verdict(found, i) for i in range(len(found))])
        self._show_difference()
        self._show_latent()
        if inverter.scored is not None:
            self._edited_came(inverter.scored)

    def _show_film(self, images: Pictures, captions: list[str], tips: list[str] | None = None) -> None:
        several = len(images) > 1
        self.film.setVisible(several)
        if several:
            self.film.show_items(images, captions, tips or captions)
            self.film.set_current(self.inverter.state.current)

    def _show_latent(self) -> None:
        view = self.inverter.view
        if view is not None:
            self.levels.show_latent(view.prior, self.inverter.edited_latent())
            self.captions[self.levels].setText("z by level, edited" if self.inverter.differs else "z by level")

    def _show_difference(self) -> None:
        found, at = self.inverter.result, self.inverter.state.current if self.inverter.view is not None else 0
        if found is None or at >= len(found):
            return
        self.gain.show()
        apart = np.abs(found.images[at].astype(np.int16) - found.originals[at])
        self.difference.show_picture(np.minimum(apart * self.times, 255).astype(np.uint8))
        most = int(apart.max(initial=0))
        self.captions[self.difference].setText(f"difference ≤ {most}" if most else "no difference")
        self.difference.setAccessibleDescription(f"at most {most} of 255 grey levels, brightened {self.times} times")

    def _edited_came(self, found: Scored) -> None:
        inverter = self.inverter
        if inverter.result is None or not len(found.images):
            return
        self.edited.show_picture(found.images[0])
        self._caption_edited(found)
        self._show_latent()

    def _caption_edited(self, found: Scored | None) -> None:
        inverter, caption = self.inverter, self.captions[self.edited]
        if found is None or not inverter.differs:
            caption.setText("edited: a direction is looked for" if inverter.waits else "edited: nothing yet")
            return
        caption.setText(f"edited · {float(found.bits[0]):.2f} bits/dim")
        self.edited.setAccessibleDescription(caption.text())

    def _failed(self, why: str) -> None:
        self._clear()
        self.original.show_message(why)

    def _edit_failed(self, why: str) -> None:
        self.edited.show_message(why)


def _caption(text: str) -> QLabel:
    made = quiet(text)
    made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return made
