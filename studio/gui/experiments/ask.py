"""What is to be run: the preset with its time, how many seeds, the data, and the page's one primary button."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.experiments.core import material
from studio.experiments.core.experiment import Preset, PresetName
from studio.gui.experiments.conductor import Conductor
from studio.gui.experiments.seen import Seen
from studio.gui.icons import icon
from studio.gui.theme import SPACE, role
from studio.gui.widgets.spin import SpinBox
from studio.gui.words import duration, plural

CORES = "on 2 cores"
MOST_SEEDS = 20


class AskPane(QWidget):
    """See the module. What was chosen for each experiment is remembered."""

    def __init__(self, conductor: Conductor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conductor = conductor
        self.session = conductor.session
        self.seen: Seen | None = None
        self.chosen: dict[str, PresetName] = {}
        """By the experiment's name."""
        self.counts: dict[str, int] = {}
        """How many seeds, by "experiment/preset"."""

        self.presets = QButtonGroup(self)
        self.buttons: dict[PresetName, QRadioButton] = {}
        heading = QLabel("What to run")
        role(heading, "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(heading)
        names: tuple[PresetName, ...] = ("short", "full")
        row = QHBoxLayout()
        row.setSpacing(2 * SPACE)
        for name in names:
            button = self.buttons[name] = QRadioButton()
            button.toggled.connect(lambda on, name=name: self._choose(name) if on else None)
            self.presets.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.budget = QLabel()
        role(self.budget, "quiet")
        self.budget.setWordWrap(True)
        column.addWidget(self.budget)

        self.seeds: QSpinBox = SpinBox()
        self.seeds.setRange(1, MOST_SEEDS)
        self.seeds.setAccessibleName("How many seeds")
        self.seeds.setToolTip("Each seed is a training of its own; the median tells how much of a result is luck")
        self.seeds.valueChanged.connect(self._count)
        self.takes = QLabel()
        role(self.takes, "quiet")
        self.takes.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        words = QLabel("Seeds")
        words.setBuddy(self.seeds)
        row.addWidget(words)
        row.addWidget(self.seeds)
        row.addWidget(self.takes, 1)
        column.addLayout(row)

        self.data = QLabel()
        self.data.setWordWrap(True)
        self.bring = QToolButton()
        self.bring.setText("Choose …")
        self.bring.setIcon(icon("folder-open"))
        self.bring.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.bring.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self)
        self.menu.addAction(icon("folder-open"), "A folder …", self._ask_folder)
        self.menu.addAction(icon("file-arrow-up"), "A file …", self._ask_file)
        self.menu.addSeparator()
        self.fetch = self.menu.addAction(icon("download-simple"), "Download", lambda: self._bring(None))
        self.bring.setMenu(self.menu)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(self.data, 1)
        row.addWidget(self.bring, 0, Qt.AlignmentFlag.AlignTop)
        column.addSpacing(SPACE // 2)
        column.addLayout(row)

        self.run = QPushButton("Run")
        role(self.run, "primary")
        self.run.clicked.connect(self._run)
        self.cancel = QPushButton("Cancel")
        role(self.cancel, "quiet")
        self.cancel.setToolTip("Call it off; its runs stay in the library, and one can go on with it")
        self.cancel.clicked.connect(self._cancel)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("State of the attempt")
        role(self.said, "quiet")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much of the attempt is done")
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(self.run)
        row.addWidget(self.cancel)
        row.addWidget(self.said, 1)
        column.addSpacing(SPACE // 2)
        column.addLayout(row)
        column.addWidget(self.bar)
        conductor.advanced.connect(lambda _: self._show_state())
        conductor.changed.connect(self._show_state)
        self.session.catalogue_changed.connect(self._show_state)

    # --- what is asked

    @property
    def preset(self) -> PresetName:
        return self.chosen.get(self.seen.experiment.name, "short") if self.seen is not None else "short"

    def show_seen(self, seen: Seen) -> None:
        self.seen = seen
        for preset in seen.experiment.presets:
            button = self.buttons[preset.name]
            button.setText(f"{preset.name.capitalize()}: {self._takes(preset, None)}")
            button.setToolTip(self._words(preset))
            button.setAccessibleDescription(self._words(preset))
        self.buttons[self.preset].setChecked(True)
        self._show_seeds()
        self._show_data(seen)
        self._show_state()

    def _choose(self, name: PresetName) -> None:
        if self.seen is not None:
            self.chosen[self.seen.experiment.name] = name
            self._show_seeds()

    def _default(self) -> int:
        assert self.seen is not None
        return len(self.seen.experiment.seeds(self.preset))

    def _show_seeds(self) -> None:
        assert self.seen is not None
        self.seeds.blockSignals(True)
        self.seeds.setValue(self.counts.get(f"{self.seen.experiment.name}/{self.preset}", self._default()))
        self.seeds.blockSignals(False)
        self._show_time()

    def _count(self, count: int) -> None:
        if self.seen is not None:
            self.counts[f"{self.seen.experiment.name}/{self.preset}"] = count
            self._show_time()

    @staticmethod
    def _words(preset: Preset) -> str:
        return f"{preset.budget[:1].upper()}{preset.budget[1:]}. {preset.shows}".strip()

    def _show_time(self) -> None:
        assert self.seen is not None
        experiment = self.seen.experiment
        self.budget.setText(self._words(experiment.preset(self.preset)))
        count = self.seeds.value()
        runs = len(experiment.planned(self.preset, experiment.seeds(self.preset, count)))
        what = plural(runs, "run") if runs else "no runs"
        self.takes.setText(f"{what}, {self._takes(experiment.preset(self.preset), count)} {CORES}")
        self.takes.setToolTip("As measured, with nothing else to do")

    def _takes(self, preset: Preset, count: int | None) -> str:
        """How long, for so many seeds (None: as many as the preset takes)."""
        assert self.seen is not None
        usual = len(self.seen.experiment.seeds(preset.name))
        minutes = preset.minutes * (1 if count is None else count / usual)
        if minutes < 90:
            return "under a minute" if minutes < 0.75 else f"about {max(1, round(minutes))} min"
        return f"about {duration(3600 * round(minutes / 60))}"

    # --- the data

    def _show_data(self, seen: Seen) -> None:
        self.bring.setVisible(bool(seen.brings))
        if not seen.brings:
            names = ", ".join(seen.experiment.datasets)
            self.data.setText(f"Data: {names}, built in" if names else "Data: drawn afresh, nothing to bring")
            role(self.data, "quiet")
            return
        title = seen.data_title
        megabytes = material.about(seen.brings).megabytes
        self.fetch.setVisible(bool(megabytes))
        self.fetch.setText(f"Download {title} ({megabytes} MB)")
        self.fetch.setEnabled(not seen.at_hand)
        fetch = ", or fetch it" if megabytes else ""
        self.bring.setToolTip(f"Where {title} lies on this machine{fetch}")
        self.bring.setAccessibleName(f"Choose where {title} is read from")
        if seen.at_hand:
            self.data.setText(f"Data: {title}, at hand")
            self.data.setToolTip(seen.at_hand)
            role(self.data, "quiet")
        else:
            fetch = ", or download it" if megabytes else ""
            self.data.setText(f"{title} is not on this machine yet: choose its files{fetch}.")
            self.data.setToolTip(material.about(seen.brings).line)
            role(self.data, "warn")

    def _ask_folder(self) -> None:
        if self.seen is not None:
            name = QFileDialog.getExistingDirectory(self, f"The folder of {self.seen.data_title}")
            if name:
                self._bring(Path(name))

    def _ask_file(self) -> None:
        if self.seen is not None:
            name, _ = QFileDialog.getOpenFileName(self, f"The file of {self.seen.data_title}")
            if name:
                self._bring(Path(name))

    def _bring(self, path: Path | None) -> None:
        if self.seen is not None:
            self.conductor.bring(self.seen.experiment, path)

    # --- running

    def _run(self) -> None:
        if self.seen is not None:
            self.conductor.begin(self.seen.experiment, self.preset, self.seeds.value())

    def _cancel(self) -> None:
        if self.seen is not None:
            self.conductor.cancel(self.seen.experiment.name)

    def _show_state(self) -> None:
        if self.seen is None:
            return
        name = self.seen.experiment.name
        under_way, preparing = self.conductor.at(name), name in self.conductor.preparing
        busy = under_way is not None or preparing
        self.cancel.setVisible(busy)
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0 if preparing else 1000)
        if under_way is not None:
            self.bar.setValue(round(1000 * under_way.done))
            self.said.setText(under_way.words(self.session))
        else:
            self.said.setText("reading the data" if preparing else "")
        self.bring.setEnabled(not preparing)
        planned = self.seen.experiment.planned(self.preset, (0,))
        missing = sorted({p.model for p in planned} - {m.name for m in self.session.models})
        self.run.setEnabled(not busy and self.seen.is_ready and not missing)
        if busy:
            tip = "An attempt is under way"
        elif not self.seen.is_ready:
            tip = f"{self.seen.data_title} is needed first"
        elif missing:
            loading = not self.session.models
            tip = "The models are still being looked up" if loading else f"It needs {', '.join(missing)}"
        else:
            tip = "Train the runs, one after the other, then draw the conclusion"
        self.run.setToolTip(tip)
