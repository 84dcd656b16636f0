"""What finds the latents, the search's settings and progress, and what was found for the example looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from studio.explore.questions import Encoded, Inverted, Search
from studio.gui import theme
from studio.gui.explore.encode.coder import Coder
from studio.gui.explore.encode.state import BOUNDS, Encoding, length, name_of, parts_found, values_tried
from studio.gui.explore.parts import button, choose, quiet, row
from studio.gui.train.editors import NumberBox
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.curves import CurvePanel
from studio.gui.widgets.plot import plain
from studio.gui.words import duration, plural

FIELDS = (
    (
        "restarts",
        "Starts",
        "starting points that are followed to the end for each picture; four times as many go a fifth of the way",
    ),
    ("iterations", "Iterations", "of Adam, from each starting point"),
    ("rate", "Rate", "learning rate of Adam at the start, in σ of the prior; it falls to 0 along a half cosine"),
    (
        "pull",
        "Pull",
        "weight of |z|² beside the mean squared difference; 0: none. It keeps normal parts near the prior",
    ),
    ("seed", "Seed", "of the starting points: the same seed finds the same latents again"),
)
MOST_TRIED = 3
MOST_ERRORS = 5
LOW = 168
"""Pixels that the curve has at least."""


class ErrorCurve(CurvePanel):
    """The error at each iteration, in the room that is left."""

    def __init__(self) -> None:
        super().__init__("Error", log=True, x_label="iteration")
        self.setMinimumHeight(LOW)

    def sizeHint(self) -> QSize:
        return QSize(300, LOW)

    def hasHeightForWidth(self) -> bool:
        return False  # its legend has, and would claim the plot's whole wish with it

    def show_history(self, history: npt.NDArray[np.float32], unit: str) -> None:
        self.unit = unit
        self.tools.unit.setText(unit)
        self.set_curve("error", "best candidate", np.arange(len(history)), history)


class Controls(QWidget):
    """See the module.

    Args:
        more: what else is said of the example looked at.
    """

    edit_wanted = Signal()
    """The latent of the example looked at is to be edited by hand."""

    def __init__(self, coder: Coder, more: QWidget) -> None:
        super().__init__()
        self.coder = coder
        self.by = QComboBox()
        self.by.addItem("The model's encoder", "encoder")
        self.by.addItem("Search by descent", "search")
        self.by.setAccessibleName("what finds the latents")
        self.by.setToolTip("The encoder answers at once; a search looks for the latent that draws the picture best")
        self.by.activated.connect(lambda index: coder.set_by(self.by.itemData(index)))
        self.boxes: dict[str, NumberBox] = {}
        form = QGridLayout()
        form.setHorizontalSpacing(theme.SPACE)
        form.setVerticalSpacing(theme.SPACE // 2)
        for place, (name, label, tip) in enumerate(FIELDS):
            whole = isinstance(getattr(Search(), name), int)
            low, high = BOUNDS[name]
            box = NumberBox(whole=whole, low=low, high=high, log=name in ("iterations", "rate", "pull"))
            box.setToolTip(f"{label}: {tip}")
            box.setAccessibleName(label)
            box.edited.connect(lambda value, n=name: self._edited(n, value))
            self.boxes[name] = box
            words = QLabel(label)
            words.setToolTip(box.toolTip())
            words.setBuddy(box)
            form.addWidget(words, place // 2, 2 * (place % 2))
            form.addWidget(box, place // 2, 2 * (place % 2) + 1)
        form.setColumnStretch(1, 1)
        form.setColumnStretch(3, 1)
        self.refine = QCheckBox("Begin with the encoder's latent")
        self.refine.setToolTip("Refine what the encoder says, from there alone, in place of starting points by seed")
        self.refine.clicked.connect(self._refine)
        form.addWidget(self.refine, len(FIELDS), 0, 1, 4)
        self.reset_button = button(
            "Reset", "arrow-counter-clockwise", "The search's settings as they come", self._reset
        )
        form.addWidget(self.reset_button, len(FIELDS) // 2, 2, 1, 2, Qt.AlignmentFlag.AlignRight)
        self.settings = QWidget()
        inside = QVBoxLayout(self.settings)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.SPACE // 2)
        inside.addLayout(form)
        self.search_button = button("Search", "", "", self.toggle)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("progress of the search")
        self.bar.setFixedHeight(6)
        self.far = quiet()
        bar = row(self.search_button, self.bar)
        bar.setStretch(1, 1)
        inside.addLayout(bar)
        inside.addWidget(self.far)

        self.name = ElidedLabel()
        theme.role(self.name, "heading")
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.edit_button = button(
            "Edit latent",
            "sliders",
            "Steer it with the latent panel's tools; the original stays beside it (E)",
            self.edit,
        )
        self.curve = ErrorCurve()
        line = QFrame()
        line.setFixedHeight(1)
        theme.role(line, "line")
        whole_box = QVBoxLayout(self)
        whole_box.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole_box.setSpacing(theme.SPACE)
        whole_box.addWidget(self.by)
        whole_box.addWidget(self.settings)
        whole_box.addWidget(line)
        head = row(self.name, self.edit_button)
        head.setStretch(0, 1)
        whole_box.addLayout(head)
        whole_box.addWidget(self.facts)
        whole_box.addWidget(more)
        whole_box.addWidget(self.curve, 1)
        whole_box.addStretch(0)

        coder.run_shown.connect(self._show)
        coder.changed.connect(lambda before: self._show())
        coder.found.connect(self._found)
        coder.looked.connect(lambda looked: self._found(None))
        coder.searched.connect(self._progress)
        coder.picked.connect(lambda index: self._one())
        coder.failed.connect(self._failed)

    # --- hands

    def toggle(self) -> None:
        """Search, stop, or go on."""
        if self.coder.searching:
            self.coder.stop()
        else:
            self.coder.start()

    def edit(self) -> None:
        if self.edit_button.isEnabled():
            self.edit_wanted.emit()

    def _edited(self, name: str, value: float) -> None:
        low, high = BOUNDS[name]
        if low <= value <= high:
            label = next(label for n, label, _ in FIELDS if n == name)
            changed: dict[str, Any] = {name: value}
            new = replace(self.coder.state.search, **changed)
            self.coder.set_search(label, new, ("encode search", name))

    def _refine(self, on: bool) -> None:
        what = "Begin with the encoder's latent" if on else "Begin with starting points by seed"
        self.coder.set_search(what, replace(self.coder.state.search, refine=on))

    def _reset(self) -> None:
        self.coder.set_search("Reset the search", Search())

    # --- what is shown

    def _show(self) -> None:
        coder = self.coder
        if coder.view is None:
            return
        state: Encoding = coder.state
        self.by.setVisible(coder.can_encode)
        choose(self.by, coder.by)
        searches = coder.by == "search"
        self.settings.setVisible(searches)
        self.curve.setVisible(searches)
        self.refine.setVisible(coder.can_encode)
        self.refine.setChecked(coder.search.refine)
        for name, box in self.boxes.items():
            box.set_value(getattr(state.search, name))
        for name in ("restarts", "seed"):
            self.boxes[name].setEnabled(not coder.search.refine)
        self.reset_button.setEnabled(state.search != Search())
        self._progress()
        self._found(coder.result)

    def _progress(self) -> None:
        coder = self.coder
        if coder.view is None:
            return
        many = len(coder.state.real)
        what = plural(many, "point" if coder.view.data.kind == "points" else "picture")
        total = coder.search.iterations
        if coder.searching:
            text, tip = "Stop", "Stop the search; what it has found stays, and it can go on"
            left = coder.seconds_left()
            more = f" · {duration(left)} left" if left is not None else ""
            said = f"iteration {coder.done:,} of {total:,}{more}"
        elif coder.unfinished:
            text, tip = "Go on", "Search on where it was stopped"
            said = f"stopped after {coder.done:,} of {total:,} iterations"
        else:
            text = f"Search {what}" if many else "Search"
            tip = f"Look for the latents that draw the {what} best" if many else "Choose pictures first"
            said = ""
        self.search_button.setText(text)
        self.search_button.setToolTip(f"{tip} (S)")
        self.search_button.setAccessibleName(text)
        self.search_button.setEnabled(bool(many))
        self.bar.setVisible(coder.searching or coder.unfinished)
        self.far.setVisible(bool(said))
        self.far.setText(said)
        self.bar.setRange(0, total)
        self.bar.setValue(coder.done)

    def _failed(self, message: str) -> None:
        self._progress()
        self.far.setText(message)
        self.far.show()
        self.facts.setText(message)

    def _found(self, found: Encoded | None) -> None:
        view = self.coder.view
        if view is None:
            return
        self._one()

    def _one(self) -> None:
        """The example that is looked at."""
        coder = self.coder
        view, found, at = coder.view, coder.result, coder.current
        there = view is not None and found is not None and at < len(found)
        self.edit_button.setEnabled(there)
        self.edit_button.setVisible(there)
        self.curve.clear()
        if view is None or found is None or not there:
            self.name.clear()
            many = 0 if view is None else len(coder.state.real)
            none = "Choose examples below, or drop picture files here."
            wait = "" if coder.by == "encoder" else "Search for the latents that draw them."
            self.facts.setText(wait if many else none)
            theme.role(self.facts, "quiet")
            return
        theme.role(self.facts, "")
        self.name.setText(name_of(at, coder.state.real, found.labels, view.data))
        self.facts.setText("\n".join(facts(coder, found, at)))
        if isinstance(found, Inverted):
            unit = unit_of(view.data.kind).partition(" (")[0]
            self.curve.show_history(found.sought.curve[:, at], unit)


def unit_of(kind: str) -> str:
    """Of the errors."""
    return "data units" if kind == "points" else "grey levels (0–255)"


def facts(coder: Coder, found: Encoded, at: int) -> list[str]:
    """What was found for one example, a line each."""
    view = coder.view
    if view is None:
        return []
    measure = "Distance" if view.data.kind == "points" else "RMSE"
    lines = [f"{measure} {plain(float(found.errors[at]))} {unit_of(view.data.kind)}"]
    parts = parts_found(view.prior, found.z[at])
    if parts:
        lines.append("Found: " + ", ".join(parts))
    size = length(view.prior, found.z[at])
    if size:
        lines.append(f"Noise {size:.2f} σ (RMS); that of samples is about 1")
    if isinstance(found, Inverted):
        lines += _restarts(found, at)
        tried = values_tried(view.prior, found.sought.tried.shape[1])
        if tried:
            order = np.argsort(found.sought.tried[at])[:MOST_TRIED]
            best = ", ".join(f"{tried[i]} ({found.sought.tried[at, i]:.3g})" for i in order)
            lines.append(f"Tried a fifth of the way: {best}")
    return lines


def _restarts(found: Inverted, at: int) -> list[str]:
    errors, apart = found.restarts[at], found.apart[at]
    if len(errors) < 2:
        return []
    several = ", ".join(f"{e:.3g}" for e in errors[:MOST_ERRORS]) + (" …" if len(errors) > MOST_ERRORS else "")
    return [f"{len(errors)} candidates: {several}; {apart[1:].mean():.2f} σ apart"]
