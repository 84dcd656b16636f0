"""The measures panel: for every model whose samples can be drawn. Choose, measure, and every attempt is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.data.watch import Watch
from studio.explore.attempts import Attempt, attempts
from studio.explore.questions import FetchInception, Measure, ModelView, Where
from studio.gui import theme, work
from studio.gui.explore.asking import brief
from studio.gui.explore.measures.choose import Choose
from studio.gui.explore.measures.results import Results
from studio.gui.explore.panel import Panel
from studio.gui.explore.parts import button, heading, quiet, row
from studio.gui.export.offer import Offer, name_of
from studio.gui.glossary import hover_card
from studio.gui.session import Session
from studio.gui.widgets.spin import SpinBox
from studio.metrics import weights
from studio.runs.folder import RunFolder

SAMPLES, MOST = 2048, 50_000
MEGABYTES = round(weights.SIZE / 1e6)


class MeasuresPanel(Panel):
    """See the module. The boxes are in ``choose``, the numbers in ``results``."""

    title = "Measures"
    needs = "decode latent"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.where = Where("")
        self.view: ModelView | None = None
        self._asked: tuple[int, str] | None = None
        """Stamp and run of what is being measured; the numbers come into that run, whichever is looked at."""
        self._fetching: int | None = None
        self._there = False
        self.results = Results()
        self.pictures = self.results

        self.choose = Choose()
        self.choose.changed.connect(self._show_buttons)
        self.samples = _spin(
            2, MOST, SAMPLES, 500, "How many are drawn; held-out examples are as many, or all there are"
        )
        self.samples.setGroupSeparatorShown(True)
        self.samples.valueChanged.connect(lambda _: self._show_buttons())
        self.samples.setAccessibleName("samples")
        self.seed = _spin(
            0, 2**31 - 1, 0, 1, "Of samples, real examples, projections and subsets: the same gives the same"
        )
        self.seed.setAccessibleName("seed of the measures")
        self.advice = quiet(wrap=True)
        theme.role(self.advice, "small")

        self.file = QLineEdit()
        self.file.setPlaceholderText("the downloaded one")
        self.file.setAccessibleName("file of Inception's weights")
        self.file.setToolTip(f"{weights.NAME}, the same as {weights.OTHER_NAME}, or a safetensors file of its tensors")
        self.file.editingFinished.connect(self._look)
        self.browse = button("Browse …", "", "Name the file of Inception's weights on this machine", self._browse)
        self.fetch = button(
            f"Download ({MEGABYTES} MB)",
            "",
            f"Fetch the weights of Inception, {MEGABYTES} MB, from where torch-fidelity publishes them, once. "
            "Nothing else is fetched, and nothing unasked",
            self._fetch,
        )
        self.inception = quiet(wrap=True)
        theme.role(self.inception, "small")

        self.go = button("Measure", "ruler", "Measure samples of the weights that are shown", self.measure)
        self.stop = button("Cancel", "", "Give up; nothing is kept of this attempt", self.cancel)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("how far the measuring is")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("how the measuring went")
        self.controls = self._laid_out()
        self._show_progress(False)

    def _laid_out(self) -> QWidget:
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("Samples", self.samples)
        form.addRow("Seed", self.seed)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.choose)
        title = heading("Inception's weights")
        hover_card(title, "fid")
        column.addWidget(title)
        column.addLayout(row(self.file, self.browse))
        column.addLayout(row(self.fetch, 1))
        column.addWidget(self.inception)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.SPACE, 0, theme.SPACE, theme.SPACE)
        foot.setSpacing(theme.SPACE)
        foot.addLayout(form)
        foot.addWidget(self.advice)
        foot.addLayout(row(self.go, self.stop, 1))
        foot.addWidget(self.bar)
        foot.addWidget(self.said)
        whole = QWidget()
        both = QVBoxLayout(whole)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(theme.SPACE)
        both.addWidget(scroll, 1)
        both.addLayout(foot)
        return whole

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        other = where.run != self.where.run
        self.where, self.view = where, view
        if other:
            self.results.show_attempts([])
            self._say("")
        self._look()
        self._read()

    def forget(self) -> None:
        """What is being measured goes on: its numbers come into its own run."""
        self.view = None
        self.where = Where("")
        self._show_buttons()

    def offer(self) -> Offer | None:
        if self.view is None:
            return None
        uniform = not self.view.prior.has("normal")
        return Offer(where=self.where, name=name_of(self.where.run), seed=self.seed.value(), uniform=uniform)

    def save_state(self) -> dict[str, Any]:
        return {
            "chosen": self.choose.ticked(),
            "samples": self.samples.value(),
            "seed": self.seed.value(),
            "inception": self.file.text(),
            "columns": self.results.widths(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        chosen, file = state.get("chosen"), state.get("inception")
        if isinstance(chosen, list):
            self.choose.show_chosen(name for name in chosen if isinstance(name, str))
        for box, name in ((self.samples, "samples"), (self.seed, "seed")):
            value = state.get(name)
            if isinstance(value, int):
                box.setValue(value)
        if isinstance(file, str):
            self.file.setText(file)
        widths = state.get("columns")
        if isinstance(widths, list) and all(isinstance(w, int) and 0 < w < 2000 for w in widths):
            self.results.set_widths(widths[: len(self.results.widths())])

    # --- the weights

    def _look(self) -> None:
        """Whether the file is there; found out elsewhere, as a disk may sleep."""
        named = self.file.text().strip()

        def came(there: bool) -> None:
            if named == self.file.text().strip():
                self._there = there
                self._show_weights()

        work.run(self, lambda watch: weights.available(named), came)

    def _show_weights(self) -> None:
        named = self.file.text().strip()
        if self._there:
            self.inception.setText(
                f"{Path(named).name if named else 'Downloaded; its checksum is looked at each time'}."
            )
        elif named:
            self.inception.setText(f"There is no file {named}.")
        else:
            self.inception.setText(
                "Not on this machine. FID, KID, the Inception score, precision and recall need them; without, the "
                "classifier's features say the same of this dataset."
            )
        theme.role(self.inception, "bad" if named and not self._there else "small")
        if self.view is not None:
            self.choose.show_run(self.view, inception=self._there)
        self._show_buttons()

    def _browse(self) -> None:
        found, _ = QFileDialog.getOpenFileName(
            self.controls, "Inception's weights", self.file.text(), "Weights (*.pth *.pt *.safetensors);;All files (*)"
        )
        if found:
            self.file.setText(found)
            self._look()

    def _fetch(self) -> None:
        if self._fetching is not None:
            return

        def done(path: str) -> None:
            self._fetching = None
            self.file.clear()
            self._look()

        def failed(message: str) -> None:
            self._fetching = None
            self._show_buttons()
            if message != "cancelled":
                self.inception.setText(message)
                theme.role(self.inception, "bad")

        self.inception.setText(f"Downloading {MEGABYTES} MB …")
        theme.role(self.inception, "small")
        title = f"Downloading Inception's weights ({MEGABYTES} MB)"
        self._fetching = self.session.ask(FetchInception(), self, done, failed=failed, slow=True, title=title)
        self._show_buttons()

    # --- measuring

    def measure(self) -> None:
        names = self.choose.chosen()
        if self.view is None or self._asked is not None or not names:
            return
        run = self.where.run
        question = Measure(
            self.where, names, self.samples.value(), self.seed.value(), inception=self.file.text().strip()
        )

        def done(found: Attempt) -> None:
            self._asked = None
            self._show_progress(False)
            if found.not_kept:
                if run == self.where.run:
                    self.results.show_attempts([*self.results.attempts, found])
                self._say(f"Measured, but it could not be kept with the run. {found.not_kept}.", bad=True)
            elif self.view is not None and run == self.where.run:
                self._say(f"{len(found.figures)} numbers of step {found.step:,}, kept with the run.")
                self.step_shown.emit(found.step)
                self._read()
            else:
                self._say(f"Measured {name_of(run)}; the numbers are kept with that run.")

        def failed(message: str) -> None:
            self._asked = None
            self._show_progress(False)
            self._say("Cancelled." if message == "cancelled" else brief(message), bad=message != "cancelled")

        def advanced(at: int, total: int) -> None:
            self.bar.setRange(0, max(total, 0))
            self.bar.setValue(at)

        self._say(f"Measuring {name_of(run)} …")
        self.bar.setRange(0, 0)
        title = f"Measuring {name_of(run)}"
        stamp = self.session.ask(question, self, done, failed=failed, advanced=advanced, slow=True, title=title)
        self._asked = (stamp, run)
        self._show_progress(True)

    def cancel(self) -> None:
        if self._asked is not None:
            self.session.cancel(self._asked[0])
            self._say("Cancelling …")

    def _read(self) -> None:
        """The attempts, off this thread."""
        run = self.where.run

        def read(watch: Watch) -> list[Attempt]:
            return attempts(RunFolder(run))

        def came(found: list[Attempt]) -> None:
            if run == self.where.run:
                self.results.show_attempts(found)

        def failed(wrong: Exception) -> None:
            if run == self.where.run:
                self._say(str(wrong), bad=True)

        work.run(self, read, came, failed)

    # --- what is shown

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))
        theme.role(self.said, "bad" if bad else "small")

    def _show_progress(self, on: bool) -> None:
        self.bar.setVisible(on)
        self.stop.setVisible(on)
        self._show_buttons()

    def _show_buttons(self) -> None:
        names = self.choose.chosen()
        self.go.setEnabled(self.view is not None and self._asked is None and bool(names))
        self.fetch.setEnabled(self._fetching is None and not (self._there and not self.file.text().strip()))
        few = [f"{n:,} for {title}" for title, n in self.choose.advised().items() if n > self.samples.value()]
        self.advice.setText(f"Papers take more samples: {'; '.join(few)}." if few else "")
        self.advice.setVisible(bool(few))


def _spin(low: int, high: int, value: int, step: int, tip: str) -> SpinBox:
    made = SpinBox()
    made.setRange(low, high)
    made.setValue(value)
    made.setSingleStep(step)
    made.setToolTip(tip)
    return made
