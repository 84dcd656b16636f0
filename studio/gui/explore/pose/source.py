"""Whose picture is posed, where else one can come from, and what lies under the skeleton."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from PySide6.QtWidgets import QComboBox, QFileDialog, QSizePolicy, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.drop import PICTURES
from studio.gui.explore.parts import button, choose, heading, quiet, row
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.state import Under
from studio.gui.widgets.curve_tools import ElidedLabel

UNDERS: tuple[tuple[str, Under, str], ...] = (
    ("Source", "source", "the person as they are"),
    ("True picture", "target", "what it should be, where that is known"),
    ("What was made", "made", "the picture in this pose, so that the skeleton lies over it"),
    ("Nothing", "nothing", "the skeleton alone"),
)


class SourceBox(QWidget):
    """See the module. People of the dataset are chosen in the library of poses."""

    def __init__(self, poser: Poser) -> None:
        super().__init__()
        self.poser = poser
        self.who = ElidedLabel()
        self.who.setAccessibleName("whose picture it is")
        self.who.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.files = button(
            "File …", "folder-open", "A picture file of a person as the source; or drop one on the pictures", self.open
        )
        self.made = button(
            "Use what was made", "", "The picture that was made becomes the source, in its pose (U)", poser.take_made
        )
        self.under = QComboBox()
        for at, (title, value, tip) in enumerate(UNDERS):
            self.under.addItem(title, value)
            self.under.setItemData(at, tip, 3)  # Qt.ToolTipRole
        self.under.setAccessibleName("picture under the skeleton")
        self.under.setToolTip("Under the skeleton: " + "; ".join(f"{t}: {tip}" for t, _, tip in UNDERS))
        self.under.activated.connect(lambda index: self._lay(UNDERS[index][1]))
        first = row(heading("Person"), self.who)
        first.setStretch(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(first)
        whole.addLayout(row(self.files, self.made, 1))
        whole.addLayout(row(quiet("Under the skeleton"), self.under, 1))
        poser.run_shown.connect(self._show)
        poser.changed.connect(lambda before: self._show())
        poser.came.connect(lambda found: self._show())

    # --- hands

    def open(self) -> None:
        """Ask the system for a picture."""
        kinds = " ".join(f"*.{ending}" for ending in sorted(PICTURES))
        name, _ = QFileDialog.getOpenFileName(self, "Picture of a person", "", f"Pictures ({kinds})")
        if name:
            self.poser.take_file(str(PurePath(name)))

    def _lay(self, under: Under) -> None:
        state = self.poser.state
        if self.poser.view is not None and under != state.views.under:
            self.poser.edit("Picture under the skeleton", replace(state, views=replace(state.views, under=under)))

    # --- what is shown

    def _show(self) -> None:
        if self.poser.view is not None:
            self.who.setText(named(self.poser))
            choose(self.under, self.poser.state.views.under)
            self.made.setEnabled(self.poser.result is not None)


def named(poser: Poser) -> str:
    """Whose picture is posed, in words."""
    source, person = poser.state.source, poser.state.person
    if source is None:
        return "nobody yet"
    if source.picture is not None:
        return "a picture that was made"
    if source.real.paths:
        return PurePath(source.real.paths[0]).name
    known = f"person {person:,} · " if person >= 0 else ""
    return f"{known}example {source.real.indices[0]:,}"
