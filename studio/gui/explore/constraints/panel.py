"""The constraints panel: for every model that draws samples. What q* ∝ p exp(λ f) would prefer, before any training.

The engine draws samples once and scores them; all that follows from λ and the weights is worked out here, at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from studio.explore.constraining import Weighed, strength_for, total
from studio.explore.questions import ModelView, OfferConstraints, Offered, SamplesScored, ScoreSamples, Where
from studio.export.provenance import Provenance
from studio.gui import theme, work
from studio.gui.explore.asking import Latest, brief
from studio.gui.explore.constraints.controls import Controls
from studio.gui.explore.constraints.show import Show, told
from studio.gui.explore.constraints.state import STRONGEST, Chosen, Constrained, aim, as_plain, from_plain, in_words
from studio.gui.explore.explorer import CALM
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.panel import Panel
from studio.gui.export.offer import Offer, OfferedSheet, name_of
from studio.gui.session import Session, Trouble
from studio.runs.folder import RunFolder

FIRST = 0.5
"""Share of the samples that they are worth at the λ which a run is first shown with: enough is seen of both."""


class ConstraintsPanel(Panel):
    """See the module. The hands are in ``controls``, the pictures in ``show_``."""

    title = "Constraints"
    needs = "decode latent"

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.where = Where("")
        self.view: ModelView | None = None
        self.offered: dict[str, Offered] = {}
        self.found: SamplesScored | None = None
        """The newest answer, and what was asked: see :attr:`fits`."""
        self.weighed: Weighed | None = None
        self._asked: ScoreSamples | None = None
        """What ``found`` answers."""
        self._under_way: int | None = None
        """Stamp of a question before which a classifier is trained."""
        self.keeper: Keeper[Constrained] = Keeper(session, self, self._put, as_plain, from_plain)
        self._offers = Latest(session, self, "constraints offered")
        self._scores = Latest(session, self, "constraints scored")
        self._restored: Constrained | None = None
        """Of a file that was dropped, until it is known what there is to ask for."""
        self._since_edit = QElapsedTimer()
        self.hands = Controls(self.edit)
        self.controls = self.hands
        self.show_ = Show()
        self.pictures = QWidget()
        box = QVBoxLayout(self.pictures)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE)
        box.addLayout(self.hands.bar)
        box.addWidget(self.show_, 1)
        self.show_.picked.connect(self._pick)
        self.show_.opened.connect(self._open)
        self.show_.seen.connect(self._seen)
        self.hands.hand_over.connect(lambda: self._open(self.state.pick))
        self.hands.train_wanted.connect(self._train)

    @property
    def state(self) -> Constrained:
        return self.keeper.state

    @property
    def split(self) -> QSplitter:
        return self.show_.split

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        self.where, self.view = where, view
        self.show_.show_kind(points=view.data.kind == "points")
        self.keeper.show(where.run, Constrained(), lambda state: True)
        self.show_.clear("Drawing samples …")
        self.hands.show_offered(())
        self._seen()

    def forget(self) -> None:
        for lane in (self._offers, self._scores):
            lane.forget()
        if self._under_way is not None:
            self.session.cancel(self._under_way)
            self._under_way = None
        self.view = self.found = self.weighed = self._asked = None
        self.offered, self._restored = {}, None
        self.keeper.hide()

    def refresh(self) -> None:
        hands = self._since_edit.isValid() and self._since_edit.elapsed() < CALM
        if self.view is not None and self.show_.isVisible() and not self._scores.busy and not hands:
            if self.offered:
                self._ask()
            else:
                self._seen()

    def offer(self) -> Offer | None:
        if self.view is None or self.found is None or self.weighed is None:
            return None
        state = self.state
        sheet = OfferedSheet(
            "Samples of q",
            f"As many samples of q* ∝ p exp(λ f) as were drawn of p, λ = {state.lam:.4g}, in the places of those of p.",
            self.found.z[self.weighed.places],
            None,
            {"name": self.title, "state": as_plain(state)},
        )
        return Offer(
            where=self.where,
            name=name_of(self.where.run),
            seed=state.seed,
            count=state.count,
            temperature=self.view.temperature if self.view.tempered else None,
            uniform=not self.view.prior.has("normal"),
            current=self.found.z[state.pick][None],
            panel=dict(sheet.panel),
            sheet=sheet,
        )

    def restore(self, made: Provenance) -> None:
        own = made.settings.get("panel")
        if isinstance(own, Mapping) and own.get("name") == self.title:
            plain = own.get("state")
            found = from_plain(plain) if isinstance(plain, Mapping) else None
            if found is not None and self.offered:
                self.edit("Restore from a file", found)
            else:
                self._restored = found

    def save_state(self) -> dict[str, Any]:
        return {"split": self.split.sizes(), "runs": self.keeper.save()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.keeper.restore(state.get("runs"))
        sizes = state.get("split")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(s, int) and s > 0 for s in sizes):
            self.split.setSizes(sizes)

    # --- asking

    def _seen(self) -> None:
        """It is on screen: ask what was not asked meanwhile."""
        if self.view is None or not self.show_.isVisible():
            return
        if not self.offered:
            self._offers.ask(OfferConstraints(self.where.run), self._offers_came, self._failed)
        elif self._asked != self._wanted():
            self._ask()

    def _offers_came(self, offered: tuple[Offered, ...]) -> None:
        self.offered = {one.name: one for one in offered}
        if not offered:
            self.show_.fail("There is no constraint for examples of this kind.")
            return
        state = self.state
        if state.chosen is None:  # something to see at once, and nothing that must be trained first
            first = next((one for one in offered if one.ready), None)
            state = replace(state, chosen=() if first is None else (Chosen(first.name, aim(first)),))
        self.keeper.states[self.where.run] = state = state.suited(offered)
        self.hands.show_offered(offered)
        self.hands.show_state(state)
        self.hands.show_weighed(state, None, None)
        restored, self._restored = self._restored, None
        if restored is not None:
            self.edit("Restore from a file", restored)
        self._ask()

    def _wanted(self) -> ScoreSamples:
        state = self.state
        return ScoreSamples(self.where, state.asked, state.count, state.seed)

    def _ask(self) -> None:
        if self.view is None or not self.offered or not self.show_.isVisible():
            return
        wanted = self._wanted()
        if all(self.offered[one.name].ready for one in self.state.rows):
            known = self._asked
            others = known is None or (known.where, known.count, known.seed) != (self.where, wanted.count, wanted.seed)

            def advanced(done: int, total: int) -> None:
                if others and total:  # not where the same ones are drawn by newer weights
                    self.hands.show_words(f"Drawing samples … {100 * done / total:.0f} %")

            self._scores.ask(wanted, lambda found: self._came(wanted, found), self._failed, advanced)
        elif self._under_way is None:
            self._train_classifier(wanted)

    def _train_classifier(self, wanted: ScoreSamples) -> None:
        """Ask for what must be taught first, once for each dataset; it stands in the status line, with Cancel."""

        def done(found: SamplesScored) -> None:
            self._under_way = None
            self._ready()
            if self.view is not None and wanted == self._wanted():
                self._came(wanted, found)
            else:
                self._ask()

        def failed(message: str) -> None:
            self._under_way = None
            if self.view is not None:
                self._give_up("" if message == "cancelled" else brief(message))

        def advanced(done: int, total: int) -> None:
            self.hands.show_words(
                f"Training a classifier … {100 * done / total:.0f} %" if total else "Training a classifier …"
            )

        self.hands.show_words("Training a classifier …")
        self._under_way = self.session.ask(
            wanted,
            self,
            done,
            failed=failed,
            advanced=advanced,
            slow=True,
            title=f"Training a classifier of {self.view.data.name}" if self.view is not None else "",
        )

    def _ready(self) -> None:
        """Whatever had to be taught was."""
        self.offered = {name: replace(one, ready=True) for name, one in self.offered.items()}
        self.hands.show_offered(tuple(self.offered.values()))

    def _give_up(self, message: str) -> None:
        """The classifier is not there: what needs it is taken off again, which undo brings back."""
        rows = tuple(one for one in self.state.rows if self.offered[one.name].ready)
        self.edit("Do without what must be taught first", replace(self.state, chosen=rows))
        self.hands.show_trouble(message or "Called off: the classifier was not trained.")

    def _failed(self, message: str) -> None:
        self.show_.fail(message)
        self.hands.show_trouble(message)

    def _came(self, asked: ScoreSamples, found: SamplesScored) -> None:
        state = self.state
        if found.scores.shape[1] != len(state.rows):
            return  # another sum is asked for by now; its answer is on the way
        self.found, self._asked = found, asked
        if state.strength is None and state.rows:  # what nobody has set yet
            half = strength_for(total(found.scores, state.weights), FIRST, STRONGEST)
            state = replace(state, strength=_round(half) if half < STRONGEST else 1.0)
            self.keeper.states[self.where.run] = state
        self.hands.show_state(state)
        self.weighed = None
        self._weigh()
        self.step_shown.emit(found.step)

    def _weigh(self) -> None:
        """Show what follows from the scores."""
        found, state = self.found, self.state
        if found is None or found.scores.shape[1] != len(state.rows):
            return
        f = total(found.scores, state.weights)
        before = self.weighed
        if before is not None and np.array_equal(before.scores, f):
            f = before.scores  # the very same: what hangs on them alone is not drawn again
        self.weighed = Weighed(f, state.lam)
        unit = next((self.offered[one.name].unit for one in state.rows), "")
        self.show_.show_found(found, self.weighed, total(found.real, state.weights), state.view, unit)
        self.show_.show_pick(min(state.pick, len(f) - 1))
        self.hands.show_weighed(state, found, self.weighed)

    # --- editing

    def edit(self, text: str, new: Constrained, merge: object = None) -> None:
        """Undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        if self.view is not None and self.offered:
            self.keeper.edit(text, new.suited(tuple(self.offered.values())), merge)

    def _put(self, before: Constrained, state: Constrained) -> None:
        self._since_edit.start()
        if not self.offered:
            return
        self.hands.show_state(state)
        if (before.asked, before.count, before.seed) != (state.asked, state.count, state.seed):
            self._ask()
        self._weigh()

    def _pick(self, sample: int) -> None:
        if self.found is not None and sample != self.state.pick:
            self.edit("Pick a sample", replace(self.state, pick=sample))

    def _open(self, sample: int) -> None:
        """Its latent goes to the panel that steers latents, with the picture to compare with."""
        if self.found is None or self.weighed is None or sample >= len(self.found.z):
            return
        what = f"{told(self.weighed, sample).partition(':')[0]} of seed {self.state.seed}, constraints"
        self.latent_wanted.emit(self.found.z[sample].copy(), what)
        if len(self.found.images):
            self.beside_wanted.emit(self.found.images[sample], what)

    # --- training under them

    def _train(self) -> None:
        """The Train page, with this run's recipe and the constraints in it; nothing trains yet."""
        if self.view is None:
            return
        run, data = self.where.run, self.view.data
        asked, strength = in_words(self.state, self.offered), self.state.lam
        unable = next((self.offered[one.name].title for one in self.state.rows if one.name == "own"), "")
        if unable or not asked:
            what = f"“{unable}” is learned with its run" if unable else "Every weight is 0"
            self.hands.show_trouble(f"{what}: a recipe cannot ask for that.")
            return

        def read(watch: object) -> tuple[str, dict[str, Any]]:
            model, values = RunFolder(run).recipe()
            return model, dict(values)

        def go(found: tuple[str, dict[str, Any]]) -> None:
            model, values = found
            card = self.session.card(model)
            if card is not None and all(field.name != "constraint" for field in card.fields):
                self.hands.show_trouble(f"{card.title} cannot be trained under a constraint.")
                return
            values |= {"constraint": "fixed", "asked": asked, "strength": strength}
            self.session.choose_dataset(data)
            self.session.values_proposed.emit(model, values)
            self.session.page_wanted.emit("train")
            self.session.field_wanted.emit("constraint")

        def failed(wrong: Exception) -> None:
            self.session.trouble.emit(Trouble("The recipe of this run cannot be read", str(wrong), about=run))

        work.run(self, read, go, failed)


def _round(strength: float) -> float:
    """To two digits."""
    return float(f"{strength:.2g}")
