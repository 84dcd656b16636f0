"""An example on its way, large; beside it the distribution of a value; below it the player and the other samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import DrawnInOrder
from studio.gui import theme
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.parts import button, quiet, row
from studio.gui.explore.pixels.brush import Brush
from studio.gui.explore.pixels.cells import Cell
from studio.gui.explore.pixels.chances import Chance, Chances
from studio.gui.explore.pixels.easel import Easel
from studio.gui.explore.pixels.heat import short
from studio.gui.explore.pixels.state import ORIGINAL
from studio.gui.explore.scrubber import Scrubber
from studio.gui.glossary import hover_card

PACES = (1.0, 20_000.0)
SECONDS = 8
"""That the player takes for a drawing, unless a person says otherwise."""
SIDE = 236
CHANNELS = ("red", "green", "blue")


class Stage(QWidget):
    """See the module. Where it stands is no edit: it is looking, not changing."""

    followed = Signal(int)
    """A sample, or ORIGINAL, is to be watched."""

    def __init__(self, easel: Easel) -> None:
        super().__init__()
        self.easel = easel
        self.at = 0
        """How many values are drawn, of what is shown."""
        self.pace: float | None = None
        self._pointed: Cell | None = None
        self.canvas = Brush()
        self.canvas.say("Drawing …")
        self.place = QLabel()
        self.place.setWordWrap(True)
        theme.role(self.place, "heading")
        self.became = QLabel()
        self.became.setWordWrap(True)
        hover_card(self.became, "surprise")
        self.chances = Chances()
        self.about = quiet(wrap=True)
        self.beside = QWidget()
        self.beside.setFixedWidth(SIDE)
        side = QVBoxLayout(self.beside)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(theme.SPACE // 2)
        for part in (self.place, self.became):
            side.addWidget(part)
        side.addWidget(self.chances, 1)
        side.addWidget(self.about)

        self.scrubber = Scrubber(
            "Drawn",
            "How many values are drawn. Arrows: one value, Page keys: ten",
            "watch it being drawn",
            "values/s",
            PACES,
            decimals=0,
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("progress of the drawing")
        self.done = quiet()
        self.cancel = button("Cancel", "", "Call the drawing off; what is shown stays", easel.cancel)
        self.working = QWidget()
        line = row(self.bar, self.done, self.cancel)
        line.setStretch(0, 1)
        self.working.setLayout(line)
        self.working.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        keep = self.working.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # pictures that jump with every drawing are no pictures to look at
        self.working.setSizePolicy(keep)
        self.working.hide()
        self.film = Film("samples; choose one to watch it being drawn", 72)
        self.score = quiet()
        hover_card(self.score, "likelihood")
        below = row(self.score, self.working)
        below.setStretch(1, 1)

        top = row(self.canvas, self.beside)
        top.setStretch(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(top, 1)
        whole.addWidget(self.scrubber)
        whole.addLayout(below)
        whole.addWidget(self.film)

        self.canvas.pointed.connect(self._point)
        self.scrubber.moved.connect(lambda at, merge: self.go_to(int(at)))
        self.scrubber.paced.connect(self._set_pace)
        self.film.picked.connect(lambda index: self.followed.emit(self.sample(index)))
        easel.drawn.connect(self._drawn)
        easel.advanced.connect(self._advanced)

    # --- which sample

    def sample(self, index: int) -> int:
        """Of a picture of the film: where something is completed the original comes first."""
        found = self.easel.result
        return index + ORIGINAL if found is not None and len(found.original) else index

    def _index(self, sample: int) -> int:
        found = self.easel.result
        return sample - ORIGINAL if found is not None and len(found.original) else max(sample, 0)

    @property
    def follow(self) -> int:
        """The sample that is watched, of those that there are; ORIGINAL."""
        found = self.easel.result
        if found is None:
            return 0
        least = ORIGINAL if len(found.original) else 0
        return min(max(self.easel.state.follow, least), len(found.values) - 1)

    # --- what is shown

    def _drawn(self, found: DrawnInOrder | None) -> None:
        """A new answer: finished at once, unless it is being watched."""
        if found is None:
            self.scrubber.stop()
            self._clear()
            return
        total = len(found.order)
        drawn = np.flatnonzero(~found.known)
        self.scrubber.begin = float(drawn[0]) if len(drawn) else float(total)
        if not self.scrubber.playing or self.at > total:
            self.at = total
        self._show_film(found)
        self.show_place()

    def _show_film(self, found: DrawnInOrder) -> None:
        totals = found.nats.sum(1, dtype=np.float64)
        names = [f"sample {k + 1}" for k in range(len(found.values))]
        captions = [f"{short(t)} nats" for t in totals]
        tips = [f"{n}: −log p = {t:,.2f} nats" for n, t in zip(names, totals, strict=True)]
        images = found.images
        if len(found.original):
            images = np.concatenate([found.original, images])
            captions = ["original", *captions]
            tips = ["the example as the model holds it", *(t.replace("sample", "completion") for t in tips)]
        self.film.show_items(images, captions, tips)

    def show_place(self) -> None:
        """Everything again: another place, another sample, another mask."""
        found, plan, state = self.easel.result, self.easel.plan, self.easel.state
        if found is None or plan is None:
            return
        total = len(found.order)
        self.at = min(self.at, total)
        pace = self.pace or max(total / SECONDS, 1.0)
        self.scrubber.show_place(float(self.at), total, pace)
        self.film.set_current(self._index(self.follow))
        picture, missing = self.easel.frame(self.at)
        next_ = None
        if self.follow >= 0 and self.at < total:
            turn = plan.turn(self.at)
            next_ = turn.row, turn.column
        if state.mode == "complete":
            known = state.mask(plan.size)
            self.canvas.show_mask(known)
            if self.follow >= 0:
                standing = self._standing(found)
                missing = missing | (~known & standing)  # painted over, and not drawn yet
                fresh = known & ~standing
                if fresh.any() and len(found.original):
                    picture = np.where(fresh[..., None], found.original[0], picture)
                    missing = missing & ~fresh
        else:
            self.canvas.show_mask(None)
        self.canvas.show_picture(picture, missing, next_)
        drawn = total if self.follow < 0 else self.at
        self.canvas.setAccessibleDescription(f"{drawn:,} of {total:,} values drawn")
        self._show_chances()
        self._show_score(found)

    def _standing(self, found: DrawnInOrder) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """What was given when this was drawn, H×W."""
        plan = self.easel.plan
        assert plan is not None
        turns = plan.turns[..., 0]
        return (turns >= 0) & found.known[turns]

    def _show_score(self, found: DrawnInOrder) -> None:
        if self.follow < 0:
            self.score.setText("")
            return
        so_far, whole = (float(found.nats[self.follow, :n].sum()) for n in (self.at, len(found.order)))
        going = self.at < len(found.order)
        self.score.setText(
            f"−log p so far {short(so_far)} of {short(whole)} nats" if going else f"−log p {short(whole)} nats"
        )

    def _show_chances(self) -> None:
        found, plan = self.easel.result, self.easel.plan
        if found is None or plan is None:
            return
        turns: tuple[int, ...]
        if self.follow < 0:
            self._words("The original", "It was not drawn. Choose a completion below to watch it.")
            return
        if self._pointed is not None:
            turns = plan.at_pixel(*self._pointed)
            if not turns:
                self._words("No value", "This cell of the grid holds none.")
                return
            where = self._pointed
        elif self.at < len(found.order):
            turn = plan.turn(self.at)
            turns, where = (self.at,), (turn.row, turn.column)
        else:
            self._words("Finished", "Rest on a pixel for its distribution when its turn came, or play.")
            return
        names = [CHANNELS[plan.turn(t).channel] if plan.channels == len(CHANNELS) else "" for t in turns]
        many = f"{turns[0] + 1:,}" if len(turns) == 1 else f"{turns[0] + 1:,}–{turns[-1] + 1:,}"
        self.place.setText(f"Row {where[0] + 1}, column {where[1] + 1}")
        sample = self.follow
        nats = [float(found.nats[sample, t]) for t in turns]
        given = all(found.known[t] for t in turns)
        became = ", ".join(str(int(found.values[sample, t])) for t in turns)
        coming = self._pointed is None
        words = f"value {many} of {len(found.order):,}"
        if not coming:
            words += f"\n{'given' if given else 'became'} {became}: {sum(nats):.2f} nats"
        else:
            words += " comes next" + (f"\nis given: {became}" if given else f"\nbecomes {became}: {sum(nats):.2f} nats")
        self.became.setText(words)
        if sample >= len(found.chances):
            self.chances.show_chances(())
            self.about.setText(f"Distributions were kept of the first {len(found.chances)} samples alone.")
            return
        self.about.setText("What is known behind a place has no say in it." if found.known.any() else "")
        self.chances.show_chances(
            tuple(
                Chance(found.chances[sample, t], int(found.values[sample, t]), name, bool(found.known[t]))
                for t, name in zip(turns, names, strict=True)
            )
        )

    def _words(self, heading: str, more: str) -> None:
        self.place.setText(heading)
        self.became.setText(more)
        self.about.setText("")
        self.chances.show_chances(())

    def say(self, words: str) -> None:
        """In the picture's place."""
        self._clear()
        self.canvas.say(words)

    def _clear(self) -> None:
        self.canvas.show_mask(None)
        self.canvas.show_picture(None)
        self.film.show_items(NOTHING)
        self.scrubber.show_place(0.0, 0, 1.0)
        self._words("", "")
        self.score.setText("")

    def _advanced(self, done: int, total: int) -> None:
        busy = self.easel.busy
        self.working.setVisible(busy)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.done.setText(f"drawing: {done:,} of {total:,}" if total else "drawing …")

    # --- hands

    def go_to(self, at: int) -> None:
        """After so many values."""
        self.at = at
        self.show_place()

    def _point(self, cell: Cell | None) -> None:
        self._pointed = cell
        self._show_chances()

    def _set_pace(self, pace: float) -> None:
        self.pace = pace
        self.show_place()

    def save_state(self) -> dict[str, Any]:
        return {"pace": self.pace, "brush": self.canvas.width_}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Of the last session; may be damaged."""
        pace = state.get("pace")
        if isinstance(pace, int | float) and not isinstance(pace, bool) and PACES[0] <= pace <= PACES[1]:
            self.pace = float(pace)
