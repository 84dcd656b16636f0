"""What the parts of the inversion panel share: which examples, their latents, the edited one, and what it decodes to.

Parts take it in their constructor, ask it for edits (undone together) and listen; none of them knows another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Signal

from studio.data.dataset import DataSpec
from studio.explore.questions import (
    Browsed,
    Decoded,
    DecodeScored,
    ModelView,
    Pictures,
    Real,
    Scored,
    Unfold,
    Unfolded,
    Where,
)
from studio.explore.questions.encoding import Look
from studio.gui.explore.asking import Batches, Latest
from studio.gui.explore.explorer import CALM
from studio.gui.explore.invert.moves import Floats, edited, strip
from studio.gui.explore.invert.state import By, Inversion, as_plain, from_plain
from studio.gui.explore.keeper import Keeper
from studio.gui.session import Session

DRAWS = 4
"""Of the noise inside the grey levels, for the likelihood of an example."""


class Inverter(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    looked = Signal(object)
    """Browsed: the examples themselves, while their latents are not known yet."""
    found = Signal(object)
    """Unfolded of ``state.real``, with every refresh while the run trains on; None: there is none."""
    edited_came = Signal(object)
    """Scored of the edited latent of the current example, N = 1; what the example itself is where nothing is edited."""
    strip_came = Signal(object)
    """Decoded of :func:`.moves.strip`."""
    failed = Signal(str)
    """Why the examples could not be inverted."""
    edit_failed = Signal(str)
    """Why the edited latent could not be decoded."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.result: Unfolded | None = None
        self.scored: Scored | None = None
        """Of the edited latent."""
        self.vectors: Mapping[By, Floats] = {}
        """Of the attributes that were found with these weights; see :meth:`know`."""
        self.awake = True
        self.keeper = Keeper[Inversion](session, self, self._put, as_plain, from_plain)
        self._look = Latest(session, self, "invert look")
        self._unfold = Latest(session, self, "invert")
        self._edit = Latest(session, self, "invert edited")
        self._strip = Batches(session, self, "invert strip")
        self._strip_seen = False
        self._stale = False
        self._since_edit = QElapsedTimer()

    # --- what is set

    @property
    def state(self) -> Inversion:
        return self.keeper.state

    @property
    def data(self) -> DataSpec:
        if self.view is None:
            raise LookupError("no run is shown")
        return self.view.data

    def edit(self, text: str, new: Inversion, merge: object = None) -> None:
        """Go over to a new state, undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        if self.view is not None and new != self.state:
            self.keeper.edit(text, new, merge)

    def choose(self, real: Real) -> None:
        """These examples, in place of those before."""
        many = len(real)
        self.edit("Choose an example" if many == 1 else f"Choose {many} examples", self.state.chosen(real))

    def pick(self, index: int) -> None:
        """Look at one of the examples, and edit it."""
        if 0 <= index < len(self.state.real):
            self.edit("Look at another example", replace(self.state, current=index), "invert pick")

    def know(self, vectors: Mapping[By, Floats]) -> None:
        """The attributes' vectors (size,) with these weights."""
        self.vectors = dict(vectors)
        self.ask_edited()

    # --- which run

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        self.where, self.view = where, view
        fits = range(view.data.count)
        self.keeper.show(where.run, Inversion(), lambda s: all(i in fits for i in s.indices()))
        self.run_shown.emit()
        self.ask()

    def forget(self) -> None:
        for lane in (self._look, self._unfold, self._edit, self._strip):
            lane.forget()
        self.view = self.result = self.scored = None
        self.vectors = {}
        self.keeper.hide()

    def refresh(self) -> None:
        """The run trains on: the same pictures by the newer weights, unless hands are on them."""
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        busy = self._unfold.busy or self._edit.busy or self._strip.busy
        if self.view is not None and not busy and not hands:
            self.ask()

    def wake(self) -> None:
        """The panel can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self.ask()

    def _put(self, before: Inversion, state: Inversion) -> None:
        self._since_edit.start()
        if before.real != state.real:
            self._unfold.forget()
            self.result = self.scored = None
            self.changed.emit(before)
            self.ask()
            return
        if before.current != state.current:
            self.scored = None
        self.changed.emit(before)
        self.ask_edited()

    # --- asking

    def ask(self) -> None:
        """The examples' latents, and then what is made of them."""
        if self.view is None:
            return
        self._stale = not self.awake
        if self._stale:
            return
        for lane in (self._look, self._edit, self._strip):
            lane.forget()
        real = self.state.real
        if not len(real):
            self.result = self.scored = None
            self.found.emit(None)
            return
        if self.result is None:
            self._look.ask(Look(self.where.run, real), self._looked)
        self._unfold.ask(Unfold(self.where, real, DRAWS), self._unfolded, self._failed)

    def _looked(self, found: Browsed) -> None:
        if self.view is not None and self.result is None:
            self.looked.emit(found)

    def _unfolded(self, found: Unfolded) -> None:
        if self.view is not None and len(found) == len(self.state.real):
            self._look.forget()
            self.result = found
            self.found.emit(found)
            self.ask_edited()

    def _failed(self, message: str) -> None:
        self._look.forget()
        self.result = self.scored = None
        self.failed.emit(message)

    def ask_edited(self) -> None:
        """What the edited latent decodes to, and how likely that is."""
        z = self.edited_latent()
        if z is None or not self.awake:
            return
        if self.differs:
            self._edit.ask(DecodeScored(self.where, z[None], DRAWS), self._edited_came, self.edit_failed.emit)
        else:
            self._edit.forget()
            self._edited_came(self._unedited())
        self.ask_strip()

    def _unedited(self) -> Scored:
        found, at = self.result, self.state.current
        assert found is not None
        log_p, bits = found.log_likelihood[at : at + 1], found.bits[at : at + 1]
        return Scored(found.step, found.images[at : at + 1], log_likelihood=log_p, bits=bits)

    def _edited_came(self, found: Scored) -> None:
        if self.view is None or self.result is None:
            return
        if found.step > self.result.step and self.session.training != self.where.run:
            self.ask()  # trained on by somebody else: the latent is to be of the weights that decode it
            return
        self.scored = found
        self.edited_came.emit(found)

    def see_strip(self, *, seen: bool) -> None:
        """Whether anybody looks at what lives at each level: it is asked for only then."""
        self._strip_seen = seen
        self.ask_strip()

    def ask_strip(self) -> None:
        own = self.own()
        if self.view is None or own is None or not self._strip_seen or not self.awake:
            return
        z = strip(own, self.view.prior, self.state, self.vectors)
        height, width = self.data.size
        if len(z):
            self._strip.ask(self.where, z, height * width, self._strip_arrived)

    def _strip_arrived(self, found: Decoded) -> None:
        if self.view is not None and self.result is not None:
            self.strip_came.emit(found)

    # --- the one that is looked at

    def own(self) -> Floats | None:
        """Its own latent, (size,); None while that is not known."""
        found, at = self.result, self.state.current if self.view is not None else 0
        return found.z[at] if found is not None and at < len(found) else None

    def edited_latent(self) -> Floats | None:
        """With all that is set, (size,)."""
        own = self.own()
        if own is None or self.view is None:
            return None
        return edited(own, self.view.prior, self.state, self.vectors)

    @property
    def differs(self) -> bool:
        """Whether the edited latent is another one than the picture's own."""
        z, own = self.edited_latent(), self.own()
        return z is not None and own is not None and not np.array_equal(z, own)

    @property
    def waits(self) -> bool:
        """Whether an attribute is set whose direction is not known yet."""
        return self.view is not None and any(t.amount and t.by not in self.vectors for t in self.state.traits)

    def original(self) -> Pictures | None:
        """Its picture, uint8 H×W×3."""
        found, at = self.result, self.state.current if self.view is not None else 0
        return found.originals[at] if found is not None and at < len(found.originals) else None

    def in_the_middle(self, index: int) -> float:
        """log p of an example, in nats, with each value in the middle of its grey level."""
        found = self.result
        assert found is not None
        return float(found.log_prior[index] + found.log_dets[index].sum())
