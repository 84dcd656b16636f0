"""When the window closes: undo is over, and what was thrown away goes to the system's trash."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from studio.data import places
from studio.data.watch import Watch

log = logging.getLogger(__name__)


def empty_trash(seconds: float = 5.0) -> bool:
    """Hand deleted runs and forgotten datasets to the system's trash, off this thread and no longer than that.

    What is not done by then, or what the system would not take, stays where it is until the next window closes;
    nothing is ever deleted for good.

    Returns:
        Whether it came to its end in time.
    """
    from studio.gui.library import shelved
    from studio.runs import library

    runs = places.runs()
    if not any(_holds_something(at) for at in (runs / library.TRASH, shelved.set_aside_folder())):
        return True

    def work() -> None:
        try:
            left = library.Library(runs).empty_trash()
            if left:
                log.warning("the system's trash did not take %s", ", ".join(str(at) for at in left))
            shelved.let_go(Watch())
        except OSError as wrong:  # a second window throws away at the same time; what is left goes next time
            log.warning("the trash was not emptied: %s", wrong)

    # A daemon: a trash on a network drive that has gone must not keep the process alive.
    thread = threading.Thread(target=work, name="trash", daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
