"""The application: on screen first, then everything else; and nothing left running when it goes, however it goes."""

from __future__ import annotations

import faulthandler
import importlib
import locale
import logging
import logging.handlers
import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Literal

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from studio.data import places
from studio.engine.messages import Catalogue, Ready
from studio.gui import icons, theme, work
from studio.gui.preferences import Preferences
from studio.gui.session import Session, Trouble
from studio.gui.trainer import Trainer
from studio.gui.window import MainWindow
from studio.models.core import catalog
from studio.models.core.catalog import ModelCard

log = logging.getLogger("studio")


def main(
    argv: Sequence[str] | None = None,
    *,
    painted: Callable[[], None] | None = None,
    quit_after_paint: bool = False,
) -> int:
    """Open the window and stay until it is closed.

    Args:
        argv: paths to drop on the window; None: those of the command line.
        painted: called after the first paint, before anything heavy is loaded.
        quit_after_paint: close again right then; how the start is measured.

    Returns:
        The exit status.
    """
    multiprocessing.freeze_support()
    paths = [Path(a).expanduser() for a in (sys.argv[1:] if argv is None else argv)]
    settings = Preferences()
    mode = engine_mode(settings)
    if mode == "thread" and sys.platform == "win32":
        importlib.import_module("torch")  # there it fails to load when Qt was first (WinError 1114)
    app = application()
    theme.theme.apply(settings.theme)
    trainer = Trainer(mode)
    session = Session(trainer)
    window = MainWindow(session)
    boundary = _Boundary(session)
    stop_listening = _end_on_signals(window)

    def after_paint() -> None:
        if painted is not None:
            painted()
        if quit_after_paint:
            window.close()
            return
        trainer.start()
        begin(session)
        window.fill(paths)

    window.painted.connect(after_paint)
    window.show()
    try:
        status = app.exec()
    finally:
        stop_listening()
        trainer.close()
        clean = work.close()
        boundary.close()
        logging.shutdown()
    if not clean or any(t.name == "engine" for t in threading.enumerate()):
        # Something sits in a call that cannot be cancelled (a dead network drive, torch half loaded in this process);
        # the person has closed the window.
        os._exit(status)
    return status


def application() -> QApplication:
    """The QApplication, set up the one right way; the one that is there already, if so."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    locale.setlocale(locale.LC_NUMERIC, "C")  # Qt sets the system's; float() of C libraries must not depend on it
    app.setApplicationName("gen-studio")
    app.setApplicationDisplayName("Gen Studio")
    app.setDesktopFileName("gen-studio")
    app.setWindowIcon(icons.window_icon())
    return app


def engine_mode(settings: Preferences) -> Literal["process", "thread"]:
    """``GEN_STUDIO_ENGINE`` decides, else the setting."""
    asked = os.environ.get("GEN_STUDIO_ENGINE", "") or settings.engine_mode
    return "thread" if asked == "thread" else "process"


def begin(session: Session) -> None:
    """The models: from the cache of the last start at once, from the engine when it is there."""

    def fresh(models: Sequence[ModelCard]) -> None:
        session.set_models(list(models))

    def cached(models: list[ModelCard] | None) -> None:
        if models and not session.models:
            session.set_models(models)

    def ready(message: Ready) -> None:
        session.ask(Catalogue(), session, fresh, topic="catalogue")

    session.ready.connect(ready)
    work.run(session, lambda watch: catalog.cards(places.cache() / "models.json"), cached)
    waiting = session.settings.get("queue", [])
    if isinstance(waiting, list) and waiting:
        work.run(session, lambda watch: [r for r in waiting if Path(str(r)).is_dir()], session.restore_queue)


class _Boundary(QObject):
    """What nobody caught: into the log, and onto a banner. Never silence."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        at = places.home() / "gen-studio.log"
        self._handler = logging.handlers.RotatingFileHandler(at, maxBytes=1_000_000, backupCount=2, delay=True)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(self._handler)
        self._at = at
        self._crash = (places.home() / "crash.log").open("a", encoding="utf-8")
        faulthandler.enable(self._crash)
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self.caught
        threading.excepthook = lambda args: self._elsewhere(args)

    def caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Of the window's thread."""
        if issubclass(kind, KeyboardInterrupt):
            self._before[0](kind, error, trace)
            return
        log.error("unexpected\n%s", "".join(traceback.format_exception(kind, error, trace)))
        sys.stderr.write("".join(traceback.format_exception(kind, error, trace)))
        self._session.trouble.emit(
            Trouble(
                "Something went wrong that should not have",
                f"{kind.__name__}: {error}. Your runs are safe. The details are in {self._at}",
                about="bug",
            )
        )

    def _elsewhere(self, args: threading.ExceptHookArgs) -> None:
        error = args.exc_value
        if error is not None and not isinstance(error, SystemExit):
            work.desk.mail.emit(lambda: self.caught(args.exc_type, error, args.exc_traceback))

    def close(self) -> None:
        sys.excepthook, threading.excepthook = self._before
        faulthandler.disable()
        self._crash.close()
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()


def _end_on_signals(window: MainWindow) -> Callable[[], None]:
    """SIGTERM and a closed terminal close the window as a person would; Ctrl+C ends it at once, as it always does.

    Even then the engine notices its closed pipe, writes a checkpoint, and ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "win32":
        return lambda: None
    # Python's handlers run between byte codes, of which a waiting event loop executes none: the wake-up byte is
    # what lets Qt notice.
    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(here.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: here.recv(64))

    def end(number: int, frame: FrameType | None) -> None:
        # This may interrupt any line of Python, an import or a paint even: only the event loop may close a window.
        QTimer.singleShot(0, window, window.close)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)

    def stop() -> None:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        here.close()
        there.close()

    return stop


if __name__ == "__main__":
    sys.exit(main())
