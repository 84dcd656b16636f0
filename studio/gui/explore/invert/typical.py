"""Where a picture stands among the likelihoods of the dataset on the inversion panel, and where strangers do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QMenu, QProgressBar, QVBoxLayout, QWidget

from studio.data.dataset import DataSpec
from studio.explore.questions.flows import STRANGERS
from studio.gui import theme, work
from studio.gui.explore.invert.inverter import DRAWS, Inverter
from studio.gui.explore.invert.state import Inversion, Typical
from studio.gui.explore.invert.typical_score import Scorer
from studio.gui.explore.invert.typical_state import (
    CHOICES,
    MOST_OTHERS,
    Crowd,
    detected,
    standing,
)
from studio.gui.explore.invert.typical_table import Detection
from studio.gui.explore.parts import button, choose, heading, quiet, row
from studio.gui.glossary import hover_card
from studio.gui.widgets.plot import plain
from studio.gui.widgets.ridges import Mark, Ridges, Row

LESSON = (
    "Flows have been found to give simpler images, such as flat ones, a higher likelihood than the data they were "
    "trained on (Nalisnick et al. 2019, arXiv:1810.09136): likelihood alone does not tell a stranger. Typicality asks "
    "how far an image is from the mean, on either side."
)


class TypicalBox(QWidget):
    """See the module. Computes when asked to; from then on, what is added to compare with is computed at once."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.scorer = Scorer(inverter, self)
        self.others: dict[str, str] = {}
        """Names of the other prepared datasets of images, by fingerprint."""

        title = heading("Typicality")
        hover_card(title, "typicality")
        self.compute = button(
            "Compute", "", "Score examples of the dataset, and the strangers, by the weights of now", self.scorer.ask
        )
        self.count = QComboBox()
        for number in CHOICES:
            self.count.addItem(f"{number:,} of each", number)
        self.count.setAccessibleName("how many examples of each kind")
        self.count.setToolTip("How many images of each kind are scored; more take longer and are more exact")
        self.count.activated.connect(lambda index: self._change("Number of examples", count=self.count.itemData(index)))
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.strangers = button(
            "Strangers", "", "Images that are none of the dataset's, to hold its likelihoods against", lambda: None
        )
        self.strangers.setMenu(self.menu)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("images that were scored")
        self.cancel_button = button("Cancel", "", "Stop scoring; what was found before stays", self.scorer.stop)
        self.progress = QWidget()
        line = row(self.bar, self.cancel_button)
        line.setStretch(0, 1)
        self.progress.setLayout(line)
        self.progress.hide()
        self.plot = Ridges("histograms of likelihoods")
        self.plot.empty_text = (
            "How likely are the dataset's images? Compute shows where this picture stands among them."
        )
        self.near = QCheckBox("Only near the data")
        self.near.setToolTip("Stretch the axis over the dataset's own likelihoods; strangers may lie beyond it")
        self.near.clicked.connect(lambda on: self._show())
        self.about = quiet()
        theme.role(self.about, "small")
        hover_card(self.about, "dequantisation")
        self.said = {name: QLabel() for name in ("this", "edited")}
        for label in self.said.values():
            label.setWordWrap(True)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        theme.role(self.trouble, "bad")
        self.table = Detection()
        self.lesson = quiet(LESSON, wrap=True)
        theme.role(self.lesson, "small")

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(title, 1, self.compute))
        whole.addLayout(row(self.count, self.strangers, 1))
        whole.addWidget(self.progress)
        whole.addWidget(self.trouble)
        for label in self.said.values():
            whole.addWidget(label)
        whole.addWidget(self.plot)
        whole.addLayout(row(self.near, 1, self.about))
        whole.addWidget(self.table)
        whole.addWidget(self.lesson)
        whole.addStretch(1)

        self.scorer.changed.connect(self._progress)
        self.scorer.failed.connect(self._failed)
        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(self._changed)
        inverter.found.connect(lambda found: self._show_standing())
        inverter.edited_came.connect(lambda scored: self._show_standing())

    def forget(self) -> None:
        """No run is shown; nothing that is under way is wanted any more."""
        self.scorer.stop()

    # --- what is set

    @property
    def state(self) -> Typical:
        return self.inverter.state.typical

    def _change(self, text: str, **parts: Any) -> None:
        state = self.inverter.state
        self.inverter.edit(text, replace(state, typical=replace(state.typical, **parts)))

    def _fill_menu(self) -> None:
        """The kinds of strangers, and the other datasets as they are now."""
        self.menu.clear()
        for key, name in STRANGERS.items():
            self._add_action(
                name[:1].upper() + name[1:], key in self.state.strangers, lambda on, k=key: self._toggle(k, on)
            )
        if self.others:
            self.menu.addSection("Other datasets")
        for fingerprint, name in self.others.items():
            chosen = fingerprint in self.state.others
            action = self._add_action(name, chosen, lambda on, f=fingerprint: self._toggle_other(f, on))
            action.setEnabled(chosen or len(self.state.others) < MOST_OTHERS)
        self._list_others()

    def _add_action(self, text: str, chosen: bool, toggled: Any) -> Any:
        action = self.menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(chosen)
        action.triggered.connect(toggled)
        return action

    def _toggle(self, key: str, on: bool) -> None:
        chosen = {*self.state.strangers, key} if on else set(self.state.strangers) - {key}
        self._change(
            f"Compare {'with' if on else 'without'} {STRANGERS[key]}",
            strangers=tuple(s for s in STRANGERS if s in chosen),
        )

    def _toggle_other(self, fingerprint: str, on: bool) -> None:
        name = self.others.get(fingerprint, "another dataset")
        kept = tuple(o for o in self.state.others if o != fingerprint)
        self._change(f"Compare {'with' if on else 'without'} {name}", others=(*kept, fingerprint) if on else kept)

    def _list_others(self) -> None:
        data = self.inverter.data

        def came(found: dict[str, str]) -> None:
            if self.inverter.view is not None and self.inverter.data.fingerprint == data.fingerprint:
                self.others = found

        work.run(self, lambda watch: other_datasets(data), came, lambda error: None)

    # --- what is shown

    def _show_anew(self) -> None:
        self.scorer.stop()
        self._list_others()
        self._show()

    def _changed(self, before: Inversion) -> None:
        if before.typical != self.state:
            scores = self.scorer.current
            self._show()
            if scores is not None and scores.lacks(self.state):
                self.scorer.ask()
        else:
            self._show_standing()

    def _progress(self) -> None:
        scorer = self.scorer
        self.progress.setVisible(scorer.busy)
        self.trouble.hide()
        self.compute.setEnabled(not scorer.busy)
        self.bar.setRange(0, scorer.total)
        self.bar.setValue(scorer.done)
        if not scorer.busy:
            self._show()
            scores, result = scorer.current, self.inverter.result
            if scores is not None and result is not None and result.step < scores.found.step:
                self.inverter.refresh()  # the picture by the same weights as those that it stands among

    def _failed(self, message: str) -> None:
        self.trouble.setText(f"The images could not be scored: {message}")
        self.trouble.show()

    def _show(self) -> None:
        if self.inverter.view is None:
            return
        state, scores = self.state, self.scorer.current
        choose(self.count, state.count)
        many = len(state.strangers) + len(state.others)
        self.strangers.setText(f"Strangers: {many}" if many else "Strangers")
        self.near.setVisible(scores is not None)
        self.lesson.setVisible(scores is not None)
        self.compute.setText("Compute" if scores is None else "Compute again")
        self.about.setText("")
        if scores is None:
            self.plot.show_rows((), "")
            self.table.show_detected(())
        else:
            found, chosen = scores.found, scores.chosen(state)
            held = [Row("held out", found.held_out, own=True)] if len(found.held_out) else []
            rows = [*held, Row("training", found.train, own=True), *(Row(n, v) for n, v in chosen.items())]
            self.plot.show_rows(rows, found.unit, near=self.near.isChecked())
            crowd = Crowd.of(found)
            self.table.show_detected([(name, *detected(crowd, values)) for name, values in chosen.items()])
        self._show_standing()

    def _show_standing(self) -> None:
        inverter, scores = self.inverter, self.scorer.current if self.inverter.view is not None else None
        marks = []
        if scores is not None:
            found = scores.found
            crowd = Crowd.of(found)
            for name, value in self._values().items():
                marks.append(Mark(name, value, dashed=name == "edited"))
                told = f"{'This picture' if name == 'this' else 'Edited'}: {plain(value)} {found.unit}"
                self.said[name].setText(f"{told}. {standing(crowd, value)}")
                self.said[name].setToolTip(f"Mean over {DRAWS} draws of the noise; of the others one draw each")
            here = inverter.result.step if inverter.result is not None else found.step
            apart = here != found.step
            theme.role(self.about, "warn" if apart else "small")
            self.about.setText(
                f"n = {len(found.train):,} · step {found.step:,}{f', picture {here:,}' if apart else ''}"
            )
        shown = {m.name for m in marks}
        for name, label in self.said.items():
            label.setVisible(name in shown)
        self.plot.show_marks(marks)

    def _values(self) -> Mapping[str, float]:
        """Of the picture that is looked at and of the edited one, in the unit of the answer."""
        inverter = self.inverter
        result, at = inverter.result, inverter.state.current
        if result is None or at >= len(result):
            return {}
        values = {"this": float(result.bits[at])}
        scored = inverter.scored
        if inverter.differs and scored is not None and len(scored.bits):
            values["edited"] = float(scored.bits[0])
        return {name: value for name, value in values.items() if not math.isnan(value)}

    # --- kept

    def save_state(self) -> dict[str, Any]:
        return {"near": self.near.isChecked(), "scores": self.scorer.save_state()}

    def restore_state(self, state: Any) -> None:
        """Of the last session; may be damaged."""
        if isinstance(state, dict):
            self.near.setChecked(state.get("near") is True)
            self.scorer.restore_state(state.get("scores"))


def other_datasets(data: DataSpec) -> dict[str, str]:
    """Names of the prepared datasets of images but this one, by fingerprint. Opens files: for a worker thread."""
    from studio.data import store  # here: the window is on screen before it

    return {s.fingerprint: s.name for s in store.listed() if s.kind == "images" and s.fingerprint != data.fingerprint}
