"""Which examples in which plane, the classes, and the example that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from studio.explore.questions import Encoded, Pictures
from studio.gui import theme
from studio.gui.explore import dimensions
from studio.gui.explore.encode.controls import unit_of
from studio.gui.explore.encode.state import class_of
from studio.gui.explore.film import Picture
from studio.gui.explore.parts import button, choose, quiet, row, tool
from studio.gui.explore.scatter.finder import Finder
from studio.gui.explore.scatter.state import COUNTS, Scattering, prior_in_plane, way_of
from studio.gui.glossary import hover_card
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.legend import Entry, Legend
from studio.gui.widgets.marks import marks
from studio.gui.widgets.plane_plot import Points
from studio.gui.widgets.plot import plain
from studio.gui.words import plural

PARTS = (("All", "all"), ("Held out", "held out"), ("Training", "train"))
PRIOR = {
    "normal": "Where the prior puts latents: N(0, I) at 1, 2 and 3 σ, which in any plane is a circle",
    "uniform": "Where the prior puts latents: evenly over this square",
}
SIDE = 112


class Controls(QWidget):
    """See the module.

    Args:
        drawn: pictures of examples, or of points where these are given.
    """

    edit_wanted = Signal()
    """The latent of the example that is looked at is to be edited by hand."""

    def __init__(self, finder: Finder, drawn: Callable[[Pictures, Points | None], Pictures]) -> None:
        super().__init__()
        self.finder, self.drawn = finder, drawn
        self.part, self.count, self.way = QComboBox(), QComboBox(), QComboBox()
        for text, value in PARTS:
            self.part.addItem(text, value)
        _name(self.part, "which examples", "Held-out examples were kept from training; those of training it has seen")
        _name(self.count, "how many examples", "How many are encoded; fewer answer sooner")
        self.way.addItem("Principal components", "pca")
        self.way.addItem("Two dimensions", "latent")
        _name(self.way, "plane", "The plane in which the latents vary most, or two of their dimensions as they are")
        self.latents = QComboBox()
        self.latents.addItem("Means of the posteriors", False)
        self.latents.addItem("A sample of each", True)
        _name(self.latents, "latents", "Where an example lies: at the mean of its posterior, or at a sample of it")
        self.latents.activated.connect(lambda i: self._edit("Means or samples", sampled=self.latents.itemData(i)))
        self.first, self.second = QComboBox(), QComboBox()
        for box, axis in ((self.first, "across"), (self.second, "up")):
            _name(box, f"dimension {axis}", f"Which dimension of the latent goes {axis}")
        self.part.activated.connect(lambda i: self._edit("Which examples", part=self.part.itemData(i)))
        self.count.activated.connect(lambda i: self._edit("Number of examples", count=self.count.itemData(i)))
        self.way.activated.connect(lambda i: self._edit("Plane", way=self.way.itemData(i)))
        self.first.activated.connect(lambda i: self._axis(first=i))
        self.second.activated.connect(lambda i: self._axis(second=i))
        self.prior = QCheckBox("Prior")
        self.prior.clicked.connect(lambda on: self._edit("Prior in the plane", prior=on))
        self.again = tool("arrows-clockwise", "Encode again, with the newest weights", finder.ask)
        self.stop_button = button("Stop", "", "Encode no further; what was found stays", finder.stop)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("progress of the encoding")
        self.about = quiet(wrap=True)
        form = QGridLayout()
        form.setHorizontalSpacing(theme.SPACE)
        form.setVerticalSpacing(theme.SPACE // 2)
        lines: tuple[tuple[str, QWidget, QWidget | int], ...] = (
            ("Examples", self.part, self.count),
            ("Latents", self.latents, 0),
            ("Plane", self.way, self.prior),
            ("Axes", self.first, self.second),
        )
        named = {}
        for at, (words, one, other) in enumerate(lines):
            named[words] = label = QLabel(words)
            label.setBuddy(one)
            both = row(one, other)
            both.setStretch(0, 1)
            both.setStretch(1, 1 if isinstance(other, QComboBox) else 0)
            form.addWidget(label, at, 0)
            form.addLayout(both, at, 1)
        self._axes, self._latents = named["Axes"], named["Latents"]
        hover_card(named["Plane"], "principal component")
        form.setColumnStretch(1, 1)
        self.busy = QWidget()
        bar = row(self.bar, self.stop_button)
        bar.setStretch(0, 1)
        self.busy.setLayout(bar)

        self.classes = QLabel("Classes")
        theme.role(self.classes, "heading")
        self.all = button("All", "", "See every class again", lambda: self._edit("All classes", hidden=frozenset()))
        theme.role(self.all, "quiet")
        self.legend = Legend(name="classes", alone=True)
        self.legend.toggled.connect(self._toggle)
        self.legend.only.connect(self._only)

        self.name = ElidedLabel()
        theme.role(self.name, "heading")
        self.edit_button = button(
            "Edit latent", "sliders", "Steer its latent with the latent panel's tools (E)", self.edit
        )
        self.original, self.made = Picture("the example", SIDE), Picture("what its latent decodes to", SIDE)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        line = QFrame()
        line.setFixedHeight(1)
        theme.role(line, "line")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(form)
        whole.addWidget(self.busy)
        about = row(self.about, self.again)
        about.setStretch(0, 1)
        whole.addLayout(about)
        self.head = QWidget()
        head = row(self.classes, 1, self.all)
        self.head.setLayout(head)
        whole.addWidget(self.head)
        whole.addWidget(self.legend)
        whole.addWidget(line)
        above = row(self.name, self.edit_button)
        above.setStretch(0, 1)
        whole.addLayout(above)
        self.pair = QWidget()
        pair = row(self.original, self.made, 1)
        self.pair.setLayout(pair)
        whole.addWidget(self.pair)
        whole.addWidget(self.facts)
        whole.addStretch(1)

        finder.run_shown.connect(self._show_anew)
        finder.changed.connect(lambda before: self._show())
        finder.found.connect(lambda kept: self._found())
        finder.advanced.connect(self._progress)
        finder.looked.connect(self._one)
        finder.failed.connect(self._failed)
        theme.theme.changed.connect(self._list)
        self._progress(0, 0)

    # --- hands

    def edit(self) -> None:
        if self.edit_button.isEnabled():
            self.edit_wanted.emit()

    def _edit(self, what: str, **changed: object) -> None:
        if self.finder.view is not None:
            self.finder.edit(what, replace(self.finder.state, **changed))  # type: ignore[arg-type]

    def _axis(self, first: int | None = None, second: int | None = None) -> None:
        """Another dimension; one that is the other axis already changes places with it."""
        state = self.finder.state
        a, b = (state.first if first is None else first), (state.second if second is None else second)
        if a == b:
            a, b = state.second, state.first
        self._edit("Axes", first=a, second=b)

    def _toggle(self, number: int) -> None:
        self.finder.edit("Hide or show a class", self.finder.state.toggled(number))

    def _only(self, number: int) -> None:
        view = self.finder.view
        if view is not None:
            self.finder.edit("One class alone", self.finder.state.alone(number, len(view.data.classes)))

    # --- what is shown

    def _show_anew(self) -> None:
        view = self.finder.view
        if view is None:
            return
        self.count.clear()
        most = next((c for c in COUNTS if c >= view.data.count), COUNTS[-1])
        for count in [c for c in COUNTS if c <= most]:
            many = min(count, view.data.count)
            self.count.addItem(f"{'all ' if many == view.data.count else ''}{many:,}", count)
        names = [dimensions.name(view.prior, d) for d in range(view.prior.size)]
        for box in (self.first, self.second):
            box.clear()
            box.addItems(names)
        self.about.clear()
        self._show()
        self._one()

    def _show(self) -> None:
        view = self.finder.view
        if view is None:
            return
        state: Scattering = self.finder.state
        way = way_of(state, view.prior)
        choose(self.part, state.part)
        choose(self.count, state.count)
        if self.count.currentData() != state.count:
            self.count.setCurrentIndex(self.count.count() - 1)
        choose(self.way, way)
        choose(self.latents, state.sampled)
        for part in (self._latents, self.latents):
            part.setVisible("infer latents" in view.capabilities)
        for box, value in ((self.first, state.first), (self.second, state.second)):
            box.setCurrentIndex(value)
            box.setVisible(way == "latent")
        self._axes.setVisible(way == "latent")
        kind = prior_in_plane(state, view.prior)
        self.prior.setEnabled(bool(kind))
        self.prior.setChecked(state.prior and bool(kind))
        self.prior.setToolTip(PRIOR.get(kind, "In this plane the prior has no simple outline"))
        self._list()

    def _found(self) -> None:
        finder = self.finder
        found, view = finder.result, finder.view
        if found is None or view is None:
            return
        across, up = found.explained
        step = f" · step {found.step:,}"
        self.about.setText(
            f"{plural(len(found.indices), 'example')} · {across:.0%} and {up:.0%} of the latents' variance{step}"
        )
        self.about.setToolTip("How much of the variance of all dimensions lies along the axes, of these examples")
        self._list()
        self._one()

    def _failed(self, message: str) -> None:
        self.about.setText("Stopped." if message == "cancelled" else message)

    def _progress(self, done: int, total: int) -> None:
        self.busy.setVisible(total > 0)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(done)

    def _list(self) -> None:
        """The classes, and how many examples of each there are."""
        finder = self.finder
        view = finder.view
        if view is None:
            return
        names, hidden = view.data.classes, finder.state.hidden
        labels = finder.result.labels if finder.result is not None else np.zeros(0, np.int64)
        many = np.bincount(labels[labels >= 0], minlength=len(names)) if len(names) else np.zeros(0, np.int64)
        self.legend.set_entries(
            [
                Entry(name, mark.colour, [], f"{many[i]:,}" if len(labels) else "", i in hidden, shape=mark.shape)
                for i, (name, mark) in enumerate(zip(names, marks(len(names)), strict=True))
            ]
        )
        self.legend.setVisible(bool(names))
        self.head.setVisible(bool(names))
        self.all.setEnabled(bool(hidden))

    def _one(self) -> None:
        """The example that is looked at."""
        finder = self.finder
        view, seen = finder.view, finder.seen
        there = view is not None and finder.index >= 0
        self.name.setText(f"example {finder.index:,}" if there else "")
        self.edit_button.setVisible(there)
        self.edit_button.setEnabled(seen is not None)
        self.pair.setVisible(there)
        if view is None or not there:
            self.facts.setText("Click a point, or reach one with the arrow keys: here it is seen.")
            theme.role(self.facts, "quiet")
            return
        theme.role(self.facts, "")
        if seen is None:
            self.facts.setText("…")
            return
        self.facts.setText("\n".join(self._words(seen)))
        originals, made = self.drawn(seen.originals, seen.original_points), self.drawn(seen.images, seen.points)
        self.original.show_picture(originals[0])
        self.made.show_picture(made[0])

    def _words(self, seen: Encoded) -> list[str]:
        view = self.finder.view
        if view is None:
            return []
        label = class_of(0, seen.labels, view.data)
        measure = "distance" if view.data.kind == "points" else "RMSE"
        lines = [f"Class {label}"] if label else []
        lines.append("The example, and what its latent decodes to")
        lines.append(f"{measure} {plain(float(seen.errors[0]))} {unit_of(view.data.kind)}")
        place = self.finder.in_plane(seen.z)
        if len(place):
            x, y = place[0]
            lines.append(f"At {x:.3f}, {y:.3f}".replace("-", "−"))
        return lines


def _name(box: QComboBox, name: str, tip: str) -> None:
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
