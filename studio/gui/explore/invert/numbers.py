"""What the inversion of a picture says in numbers: whether it comes back, how likely it is, and the edited one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from studio.explore.questions import Scored, Unfolded
from studio.gui import theme
from studio.gui.explore.invert.inverter import DRAWS, Inverter
from studio.gui.explore.parts import quiet
from studio.gui.glossary import hover_card
from studio.gui.widgets.plot import plain

ROWS = (
    (
        "worst",
        "Largest error",
        "",
        "The largest difference of any value between the picture and what its latent decodes to, before rounding",
    ),
    (
        "log p",
        "log p(x)",
        "",
        "Log-likelihood of the whole picture: the mean over draws of uniform noise inside its grey levels, which is a "
        "lower bound on the log-probability of the picture itself",
    ),
    ("bits", "Bits/dim", "bits/dim", ""),
    ("middle", "Prior + log-det", "log-det", ""),
    (
        "edited",
        "Edited",
        "",
        "Bits/dim of the edited picture as it is shown, and how much more or less that is than the original has: over "
        "the same draws of the noise",
    ),
    (
        "class",
        "Class in z",
        "",
        "The label under which the model finds the picture likeliest; all the numbers are given it",
    ),
)


class Numbers(QWidget):
    """A line for each, with unit and estimator."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.values: dict[str, QLabel] = {}
        self.names: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(2)
        for at, (key, label, term, tip) in enumerate(ROWS):
            name, value = quiet(label), QLabel("–")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setWordWrap(True)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            value.setAccessibleName(label)
            for part in (name, value):
                part.setToolTip(tip)
                hover_card(part, term)
            self.names[key], self.values[key] = name, value
            grid.addWidget(name, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, at, 1)
        grid.setColumnStretch(1, 1)
        inverter.found.connect(lambda found: self._show())
        inverter.failed.connect(lambda why: self._show())
        inverter.changed.connect(lambda before: self._show())
        inverter.run_shown.connect(self._show)
        inverter.edited_came.connect(self._edited)
        self._show()

    def _show(self) -> None:
        inverter = self.inverter
        found = inverter.result if inverter.view is not None else None
        with_class = inverter.view is not None and any(True for _ in inverter.view.prior.placed("class"))
        for part in (self.names["class"], self.values["class"]):
            part.setVisible(with_class)
        if found is None or inverter.view is None or inverter.state.current >= len(found):
            for value in self.values.values():
                value.setText("–")
            return
        at = inverter.state.current
        self.values["worst"].setText(f"{plain(float(found.worst[at]))} grey levels, unrounded")
        self.values["log p"].setText(f"{nats(float(found.log_likelihood[at]))} nats, lower bound")
        bits, sd = float(found.bits[at]), float(found.bits_sd[at])
        self.values["bits"].setText(f"{bits:.3f} ± {sd:.3f} (sd, {DRAWS} draws)")
        prior, dets = float(found.log_prior[at]), float(found.log_dets[at].sum())
        sign = "−" if dets < 0 else "+"
        self.values["middle"].setText(f"{nats(prior)} {sign} {nats(abs(dets))} nats, mid-level")
        names = [part.labels[int(found.z[at, here].argmax())] for part, here in inverter.view.prior.placed("class")]
        self.values["class"].setText(", ".join(names) or "–")
        if (
            inverter.scored is None
        ):  # else what it says stays beside the picture that it is of, until the next one comes
            self.values["edited"].setText("–")

    def _edited(self, found: Scored) -> None:
        inverter = self.inverter
        if inverter.result is None or inverter.view is None or inverter.state.current >= len(inverter.result):
            return
        if not inverter.differs:
            self.values["edited"].setText("nothing yet")
            return
        own = float(inverter.result.bits[inverter.state.current])
        self.values["edited"].setText(f"{float(found.bits[0]):.3f} bits/dim ({signed(float(found.bits[0]) - own)})")


def verdict(found: Unfolded, at: int) -> str:
    """Whether an example comes back, in words."""
    if not found.same[at]:
        return f"Not the same picture: off by up to {plain(float(found.worst[at]))} grey levels"
    if np.array_equal(found.images[at], found.originals[at]):
        return "Same picture, bit for bit"
    return "Same in the bits that this model keeps"


def nats(value: float) -> str:
    return f"{value:,.1f}".replace("-", "−")


def signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
