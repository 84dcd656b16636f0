"""The export sheet: what, how, where to; progress and Cancel in place; then the way to the file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
)

from studio.export.jobs import Written
from studio.gui import theme
from studio.gui.explore.parts import button, row, tool
from studio.gui.export.form import Form
from studio.gui.export.forms import FORMS
from studio.gui.export.offer import Offer
from studio.gui.session import Session

REMEMBERED = "export/folder"


class ExportSheet(QFrame):
    """Shown inside a page, beside the pictures; nothing waits for it, and the job goes on when it is closed."""

    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.offer: Offer | None = None
        self._stamp: int | None = None
        self._written: tuple[str, ...] = ()
        self._named = ""
        """The destination that this sheet proposed; another one was typed."""
        theme.role(self, "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("export")

        heading = QLabel("Export")
        theme.role(heading, "heading")
        close = tool("x", "Close (Esc)", self.closed.emit)
        self.kind = QComboBox()
        self.kind.setAccessibleName("what to export")
        self.kind.setToolTip("What to take away")
        self.forms: dict[str, Form] = {}
        self.stack = QStackedWidget()
        self.stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        for kind in FORMS:
            form = self.forms[kind.title] = kind()
            self.kind.addItem(kind.title)
            self.stack.addWidget(form)
            form.changed.connect(self._propose)
        self.kind.currentTextChanged.connect(self._choose)
        self.missing = QLabel()
        self.missing.setWordWrap(True)
        theme.role(self.missing, "warn")

        self.to = QLineEdit()
        self.to.setAccessibleName("destination")
        self.to.setToolTip("Where the file goes")
        self.to.textChanged.connect(self._destination_changed)
        self.choose_button = tool("folder-open", "Choose the folder and the name", self.choose)
        self.note = QLabel()
        self.note.setWordWrap(True)
        theme.role(self.note, "quiet")
        self.go = button("Export", "", "Write the file", self.export)
        theme.role(self.go, "primary")
        self.cancel_button = button("Cancel", "", "Stop writing; what was begun is taken away again", self.cancel)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("progress of the export")
        self.bar.setTextVisible(False)
        self.count = QLabel()
        theme.role(self.count, "quiet")
        self.result = QLabel()
        self.result.setWordWrap(True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.reveal_button: QPushButton = button(
            "Show in folder", "folder-open", "Open the folder in the file manager", self.reveal
        )

        first = QFormLayout()
        first.setSpacing(theme.SPACE)
        first.addRow("What", self.kind)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(heading, 1, close))
        whole.addLayout(first)
        whole.addWidget(self.stack)
        whole.addWidget(self.missing)
        whole.addSpacing(theme.SPACE)
        whole.addLayout(row(QLabel("To"), self.to, self.choose_button))
        whole.addWidget(self.note)
        whole.addLayout(row(1, self.cancel_button, self.go))
        whole.addWidget(self.bar)
        whole.addWidget(self.count)
        whole.addWidget(self.result)
        whole.addLayout(row(self.reveal_button, 1))
        whole.addStretch(1)
        self._idle()

    # --- what is offered

    @property
    def form(self) -> Form:
        return self.forms[self.kind.currentText()]

    def show_offer(self, offer: Offer) -> None:
        """Fill the forms from what is on screen; the kind last used stays chosen where the panel has it."""
        self.offer = offer
        chosen = self.kind.currentText()
        self.kind.blockSignals(True)
        self.kind.clear()
        self.kind.addItems([title for title, form in self.forms.items() if form.suits(offer)])
        self.kind.setCurrentIndex(max(self.kind.findText(chosen), 0))
        self.kind.blockSignals(False)
        for form in self.forms.values():
            form.offer = offer  # a field that another form fills may ask this one for its file's name
        for form in self.forms.values():
            form.load(offer)
        if self._stamp is None:
            self._idle()
            self.result.clear()
        self._choose()

    def show_kind(self, title: str) -> None:
        self.kind.setCurrentText(title)

    def _choose(self, title: str = "") -> None:
        self.stack.setCurrentWidget(self.form)
        for form in self.forms.values():  # the stack is as high as what it shows
            vertical = QSizePolicy.Policy.Preferred if form is self.form else QSizePolicy.Policy.Ignored
            form.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)
        self._propose()

    def _propose(self) -> None:
        """A name that is not taken, in the folder of last time, unless the person wrote another one."""
        if self.offer is None:
            return
        why = self.form.missing(self.offer)
        self.missing.setText(why)
        self.missing.setVisible(bool(why))
        if not self.to.text() or self.to.text() == self._named:
            self._named = str(_free(self._folder() / self.form.file_name()))
            self.to.setText(self._named)
        self._destination_changed()

    def _folder(self) -> Path:
        """Of last time, else that of the person's pictures."""
        kept = self.session.settings.get(REMEMBERED)
        if isinstance(kept, str) and kept and Path(kept).is_dir():
            return Path(kept)
        return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or Path.home())

    def _destination_changed(self) -> None:
        out = Path(self.to.text().strip())
        words = ""
        if self.offer is None or not self.to.text().strip():
            words = "Say where the file goes."
        elif not out.is_absolute():
            words = "Write the whole path, from the root on, or choose a place."
        elif out.is_dir() and not self.form.folder:
            words = "That is a folder: add a name for the file."
        bad = bool(words) or bool(self.offer and self.form.missing(self.offer))
        if not words and out.exists():
            words = "There is something of that name; it will be replaced."
        elif not words and self.form.folder:
            words = "A folder is made, with one file for each."
        self.note.setText(words)
        self.to.setCursorPosition(len(self.to.text()))  # the name is at the end
        self.go.setEnabled(not bad and self._stamp is None)

    def choose(self) -> None:
        """Ask the system for a place."""
        ending = Path(self.form.file_name()).suffix
        if self.form.folder:
            found = QFileDialog.getExistingDirectory(self, "Folder for the files", str(self._folder()))
            found = str(_free(Path(found) / self.form.file_name())) if found else ""
        else:
            found, _ = QFileDialog.getSaveFileName(self, "Export to", self.to.text(), f"*{ending}")
            if found and not Path(found).suffix:
                found += ending
        if found:
            self._keep(Path(found).parent)
            self.to.setText(found)

    def _keep(self, folder: Path) -> None:
        self.session.settings.set(REMEMBERED, str(folder))

    # --- the job

    def export(self) -> None:
        """Ask the engine for it. What is written is what is offered now, whatever is moved meanwhile."""
        if not self.go.isEnabled():
            return
        out = Path(self.to.text().strip())
        self._keep(out.parent)
        self._written = ()
        self.result.clear()
        self.reveal_button.hide()
        self.bar.setRange(0, 0)
        self.count.setText("Waiting for the engine …")
        for part in (self.bar, self.count):
            part.show()
        self.cancel_button.setEnabled(True)
        self.cancel_button.show()
        self.go.setEnabled(False)
        job = self.form.job(str(out))
        self._stamp = self.session.ask(
            job,
            self,
            self._done,
            failed=self._failed,
            advanced=self._advanced,
            slow=True,
            title=f"Exporting {out.name}",
        )

    def cancel(self) -> None:
        if self._stamp is not None:
            self.cancel_button.setEnabled(False)
            self.session.cancel(self._stamp)

    def _advanced(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.count.setText(f"{done:,} of {total:,}" if total else f"{done:,}")

    def _done(self, found: Written) -> None:
        self._written = found.paths
        self._idle()
        count = len(found.paths)
        first = Path(found.paths[0]) if count else Path()
        self.result.setText(f"Wrote {first.name}" if count == 1 else f"Wrote {count:,} files to {first.parent.name}")
        theme.role(self.result, "good")
        self.reveal_button.setVisible(count > 0)
        self._propose()

    def _failed(self, message: str) -> None:
        self._idle()
        cancelled = message == "cancelled"
        self.result.setText("Cancelled; nothing was kept." if cancelled else f"Not exported: {message}")
        theme.role(self.result, "quiet" if cancelled else "bad")
        self._destination_changed()

    def _idle(self) -> None:
        self._stamp = None
        for part in (self.bar, self.count, self.cancel_button, self.reveal_button):
            part.hide()

    def reveal(self) -> None:
        """Open the folder in the system's file manager."""
        if self._written:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._written[0]).parent)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def _free(path: Path) -> Path:
    """The path, or with a number before its ending when there is something already."""
    number, found = 2, path
    while found.exists():
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return found
