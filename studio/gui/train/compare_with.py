"""A small control beside the plots: other runs of the same dataset, their curves laid over those of the run shown."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from studio.gui import theme, work
from studio.gui.icons import icon
from studio.gui.session import Session, Trouble
from studio.gui.train.run_curves import RunCurves, from_disk

MOST = 3
"""Runs laid over one: with more, nobody can tell the dashes apart."""


@dataclass(frozen=True)
class Other:
    """A run that could be laid over."""

    path: str
    title: str


class CompareWith(QToolButton):
    """A button with a menu of the runs of one dataset, looked up by a worker when it is pressed.

    Args:
        live: gives the numbers of the run in training, None when there is none.
    """

    changed = Signal()
    """There are other numbers to lay over: see :attr:`laid`."""

    def __init__(self, session: Session, live: Callable[[], RunCurves | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._live = live
        self._read: dict[str, RunCurves] = {}
        self.run = self.fingerprint = ""
        self.chosen: list[Other] = []
        self.menu_of_runs = QMenu(self)
        self.setIcon(icon("stack"))
        self.setIconSize(QSize(16, 16))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setAutoRaise(True)
        self.setStyleSheet("padding: 2px 8px")  # as high as the tabs beside it
        self.clicked.connect(self._look)
        self._show()

    @property
    def laid(self) -> dict[str, RunCurves]:
        """Numbers of the runs laid over, by title, in the order of their choice; those that are read by now."""
        return {o.title: self._read[o.path] for o in self.chosen if o.path in self._read}

    def show_run(self, run: str, fingerprint: str) -> None:
        """The run whose curves are shown, and its dataset; another run begins without others over it."""
        if run != self.run:
            self.chosen, self._read = [], {}
        self.run, self.fingerprint = run, fingerprint
        self._show()

    def _look(self) -> None:
        library, run, fingerprint = self.session.library, self.run, self.fingerprint

        def task(watch: object) -> list[Other]:
            found = [e for e in library.scan() if not e.damaged and str(e.path) != run]
            return [
                Other(str(e.path), e.title) for e in found if e.data is not None and e.data.fingerprint == fingerprint
            ]

        def offer(found: list[Other]) -> None:
            if run == self.run:
                self._offer(found)

        work.run(self, task, offer)

    def _offer(self, found: list[Other]) -> None:
        self.menu_of_runs.clear()
        if not found:
            self.menu_of_runs.addAction("No other run of this dataset yet").setEnabled(False)
        for other in found:
            action = self.menu_of_runs.addAction(other.title)
            action.setCheckable(True)
            action.setChecked(other in self.chosen)
            action.setEnabled(other in self.chosen or len(self.chosen) < MOST)
            action.toggled.connect(partial(self._toggle, other))
        if self.chosen:
            self.menu_of_runs.addSeparator()
            self.menu_of_runs.addAction("Only this run", partial(self._take, []))
        self.menu_of_runs.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _toggle(self, other: Other, on: bool) -> None:
        self._take([*self.chosen, other] if on else [o for o in self.chosen if o != other])

    def _take(self, chosen: list[Other]) -> None:
        self.chosen = chosen
        self._read = {o.path: self._read[o.path] for o in chosen if o.path in self._read}
        live = self._live()
        for other in chosen:
            if live is not None and live.run == other.path:
                self._read[other.path] = live
            elif other.path not in self._read:
                self._read_one(other)
        self._show()
        self.changed.emit()

    def _read_one(self, other: Other) -> None:
        library = self.session.library

        def done(curves: RunCurves) -> None:
            if other in self.chosen:
                self._read[other.path] = curves
                self.changed.emit()

        def failed(wrong: Exception) -> None:
            self._take([o for o in self.chosen if o != other])
            self.session.trouble.emit(Trouble(f"The curves of {other.title} cannot be read", str(wrong)))

        work.run(
            self,
            lambda watch: from_disk(other.path, library.curves(Path(other.path), watch=watch)),
            done,
            failed,
            title=f"Reading curves of {other.title}",
        )

    def _show(self) -> None:
        self.setVisible(bool(self.run and self.fingerprint))
        self.setText(f"Compared with {len(self.chosen)}" if self.chosen else "Compare with …")
        theme.role(self, "tab")
        names = "\n".join(o.title for o in self.chosen)
        self.setToolTip(
            f"Compared with\n{names}" if names else "Lay the curves of other runs of this dataset over these"
        )
        self.setAccessibleName("Compare with other runs of this dataset")
        self.setAccessibleDescription(names)


def short_names(titles: Sequence[str]) -> list[str]:
    """What tells these runs apart, for a legend: titles without the beginning that they share.

    "digits-wgan_gp-1" and "digits-wgan_gp-2" are "1" and "2"; titles that share no beginning stay whole.
    """
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*titles, strict=False))
    shared = "".join(letters[0] for letters in alike) if len(titles) > 1 else ""
    cut = max((shared.rfind(c) for c in "-_ ·"), default=-1) + 1
    rest = [t[cut:] for t in titles]
    return rest if all(rest) and len(set(rest)) == len(set(titles)) else list(titles)
