"""The hands of the panel: what is done, of which class and seed, what of an example is drawn anew, which examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QSizePolicy, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.explore.browser import Browser
from studio.gui.explore.choices import Choices
from studio.gui.explore.parts import button, choose, heading, quiet, row
from studio.gui.explore.pixels.brush import WIDEST
from studio.gui.explore.pixels.easel import Easel
from studio.gui.explore.pixels.look import SEEN
from studio.gui.explore.pixels.state import MOST_COUNT, MOST_SEED, QUICK, Drawing, Mode
from studio.gui.glossary import hover_card
from studio.gui.session import Session
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

MODES: tuple[tuple[str, Mode, str], ...] = (
    ("Draw", "draw", "Watch samples being drawn, value by value"),
    ("Complete", "complete", "Keep a part of a real example and have the rest drawn, in several ways"),
    ("Surprise", "surprise", "How surprising each pixel of a real example is"),
)


class Controls(QWidget):
    """See the module."""

    width_changed = Signal(int)
    keep_changed = Signal(bool)

    def __init__(self, session: Session, easel: Easel) -> None:
        super().__init__()
        self.easel = easel
        self.modes = Choices("what is done", [title for title, _, _ in MODES])
        for made, (title, _, tip) in zip(self.modes.buttons, MODES, strict=True):
            made.setToolTip(tip)
            made.setAccessibleName(title)
            made.setAccessibleDescription(tip)
        self.modes.chosen.connect(lambda index: self._set("Pixel by pixel", mode=MODES[index][1]))
        self.reset_button = button(
            "Reset", "arrow-counter-clockwise", "Class, seed, count and mask as at the beginning", self.reset
        )
        self.classes: Choices | None = None
        self.class_box = QWidget()
        box = QVBoxLayout(self.class_box)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE // 2)
        of_class = heading("Class")
        hover_card(of_class, "classes")
        box.addWidget(of_class)
        self._class_place = QVBoxLayout()
        box.addLayout(self._class_place)

        self.seed = self._spin(0, MOST_SEED, "Seed ", "Start of the uniform numbers: the same seed, the same pictures")
        self.seed.valueChanged.connect(lambda value: self._set("Seed", ("pixels seed",), seed=value))
        self.new = button("", "dice-five", "Another seed (R)", self.new_seed)
        self.new.setAccessibleName("Another seed")
        self.count = self._spin(1, MOST_COUNT, "", "How many are drawn, side by side")
        self.count.setAccessibleName("how many are drawn")
        self.count.valueChanged.connect(lambda value: self._set("Count", ("pixels count",), count=value))
        self.numbers = QWidget()
        numbers = row(self.seed, self.new, self.count, 1)
        self.numbers.setLayout(numbers)

        self.mask_box = QWidget()
        mask = QVBoxLayout(self.mask_box)
        mask.setContentsMargins(0, 0, 0, 0)
        mask.setSpacing(theme.SPACE // 2)
        self.quick = [button(name.capitalize(), "", f"Draw anew: {name}", self._quick(name)) for name in QUICK]
        for made in self.quick:
            made.setStyleSheet("padding: 4px 6px;")
        self.width_ = Slider(
            "Brush", 1, WIDEST, value=3, step=1, decimals=0, unit="px", tooltip="Width of the brush, in pixels (+ −)"
        )
        self.width_.value_changed.connect(lambda value: self.width_changed.emit(round(value)))
        self.keep = QCheckBox("Keep")
        self.keep.setToolTip("The brush says what is to stay, not what is drawn anew (X, or the right button)")
        self.keep.clicked.connect(self.keep_changed)
        of_mask = heading("Drawn anew")
        hover_card(of_mask, "completion")
        mask.addWidget(of_mask)
        mask.addLayout(row(*self.quick[:3], 1))
        mask.addLayout(row(*self.quick[3:], 1, self.keep))
        mask.addWidget(self.width_)

        self.seen = QComboBox()
        for title, value, tip in SEEN:
            self.seen.addItem(title, value)
            self.seen.setItemData(self.seen.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.seen.setAccessibleName("how the surprise is shown")
        self.seen.setToolTip("What is shown (M): " + "; ".join(f"{t}: {tip}" for t, _, tip in SEEN))
        self.seen.activated.connect(lambda index: self._set("What is shown", seen=SEEN[index][1]))
        self.seen_box = QWidget()
        self.seen_box.setLayout(row(quiet("Show"), self.seen, 1))

        self.browser = Browser(session, "pixels browse", "Look at")
        self.browser.bar.layout().setSpacing(theme.SPACE // 2)  # type: ignore[union-attr]
        self.files = QWidget()
        of_real = row(heading("Real examples"), self.browser.place, self.browser.negative, self.browser.files)
        of_real.setStretch(1, 1)
        self.files.setLayout(of_real)
        self.explained = quiet(
            "Values are drawn one after the other, each from its distribution under those before it. Play with P, drag "
            "the slider, rest on a pixel.",
            wrap=True,
        )
        hover_card(self.explained, "autoregression")
        self.line = QFrame()
        self.line.setFixedHeight(1)
        theme.role(self.line, "line")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(self.modes, 1, self.reset_button))
        whole.addWidget(self.class_box)
        for part in (self.numbers, self.mask_box, self.seen_box, self.explained, self.line, self.files):
            whole.addWidget(part)
        whole.addWidget(self.browser, 1)
        self._filler = QWidget()
        self._filler.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        whole.addWidget(self._filler, 1)

        self.browser.chosen.connect(easel.choose)
        easel.run_shown.connect(self._show_anew)
        easel.changed.connect(lambda before: self.show_state())

    @staticmethod
    def _spin(low: int, high: int, prefix: str, tip: str) -> SpinBox:
        made = SpinBox()
        made.setRange(low, high)
        made.setPrefix(prefix)
        made.setKeyboardTracking(False)
        made.setToolTip(tip)
        made.setAccessibleName(prefix.strip().lower() or tip)
        return made

    # --- what is shown

    def _show_anew(self) -> None:
        """The classes of another model, the examples of another dataset."""
        while (item := self._class_place.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()
        names = self.easel.classes
        self.class_box.setVisible(bool(names))
        self.classes = None
        if names:
            self.classes = Choices("class", ["any", *names])
            self.classes.chosen.connect(lambda index: self._set("Class", label=index - 1 if index else None))
            self._class_place.addWidget(self.classes)
        self.browser.show_run(self.easel.where.run, self.easel.data)
        self.files.setVisible(False)
        self.browser.files.setVisible(self.easel.data.kind == "images")
        self.show_state()

    def show_state(self) -> None:
        if self.easel.view is None:
            return
        state = self.easel.state
        mode = state.mode
        self.modes.show_choice([m for _, m, _ in MODES].index(mode))
        if self.classes is not None:
            self.classes.show_choice(0 if state.label is None else state.label + 1)
            first = self.classes.buttons[0] if self.classes.buttons else None
            if first is not None:
                first.setToolTip(
                    "Its own, where it has one; else all, each as likely"
                    if mode == "surprise"
                    else "Each of the class that comes with its seed"
                )
        for box, value in ((self.seed, state.seed), (self.count, state.count)):
            with QSignalBlocker(box):
                box.setValue(value)
        self.count.setSuffix(" completions" if mode == "complete" else " samples")
        self.count.setVisible(mode != "surprise")
        self.seed.setToolTip(
            "Start of the random bits that grey levels become, where the model holds bits"
            if mode == "surprise"
            else "Start of the uniform numbers: the same seed, the same pictures"
        )
        choose(self.seen, state.seen)
        real = mode != "draw"
        self.mask_box.setVisible(mode == "complete")
        self.seen_box.setVisible(mode == "surprise")
        self.explained.setVisible(mode == "draw")
        for part in (self.line, self.files, self.browser):
            part.setVisible(real)
        self._filler.setVisible(not real)
        self.browser.show_real(state.real)
        self.reset_button.setEnabled(self._reset(state) is not None)

    def show_brush(self, width: int, *, keep: bool) -> None:
        self.width_.set_value(width)
        self.keep.setChecked(keep)

    # --- hands

    def _set(self, text: str, merge: object = None, **changed: object) -> None:
        if self.easel.view is not None:
            self.easel.edit(text, replace(self.easel.state, **changed), merge)  # type: ignore[arg-type]

    def new_seed(self) -> None:
        """Other samples; the same seeds in the same order each time."""
        self._set("Another seed", seed=(self.easel.state.seed + 1) % (MOST_SEED + 1))

    def _quick(self, name: str) -> Callable[[], None]:
        def put() -> None:
            if self.easel.view is not None:
                self._set(f"Draw anew: {name}", known=QUICK[name](self.easel.data.size))

        return put

    @staticmethod
    def _reset(state: Drawing) -> Drawing | None:
        """As at the beginning, the mode and the examples kept; None: it is so already."""
        first = Drawing(mode=state.mode, real=state.real, current=state.current, seen=state.seen)
        same = (state.seed, state.count, state.label) == (first.seed, first.count, first.label)
        return None if same and state.known is None else first

    def reset(self) -> None:
        if self.easel.view is not None and (first := self._reset(self.easel.state)) is not None:
            self.easel.edit("Reset", first)

    def next_view(self) -> None:
        """The next way to show a surprise."""
        state = self.easel.state
        if self.easel.view is not None and state.mode == "surprise":
            names = [value for _, value, _ in SEEN]
            self._set("What is shown", seen=names[(names.index(state.seen) + 1) % len(names)])
