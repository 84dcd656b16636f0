"""The datasets that the window offers: those that were read, then the built-in ones, then those that can be fetched.

Looking at the cache and drawing small pictures happens in a worker; the sidebar and the empty bench show the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from studio.data import places
from studio.data.dataset import DataSpec
from studio.data.errors import DataError
from studio.data.watch import Cancelled, Watch
from studio.gui import kinds, pixels, work
from studio.gui.library.shelved import RenameDataset, forget, people
from studio.gui.session import Session, Trouble
from studio.gui.words import plural


@dataclass(frozen=True, eq=False)
class Offer:
    """One dataset, whether or not it was read yet.

    Attributes:
        name: of a built-in or standard one ("digits"); empty for what a person dropped in.
        spec: None until it was read.
        image: a few of its examples; None when nobody has seen them yet.
    """

    origin: Literal["read", "builtin", "standard"]
    name: str
    title: str
    line: str
    spec: DataSpec | None = None
    image: QImage | None = None


class Datasets(QObject):
    """Keeps the offers up to date. ``changed`` when there are new ones; empty until the first look is over."""

    changed = Signal()
    said = Signal(str, str, object)
    """For the toast: text, label of the way back, what it does."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.offers: list[Offer] = []
        self._tiles: dict[str, Offer] = {}
        self._again = False
        self._looking = False
        self._opening: set[str] = set()
        session.datasets_changed.connect(self._look_again)
        session.dataset_renamed.connect(self._renamed)

    def _look_again(self) -> None:
        """What is being forgotten goes at once, what else has changed is read."""
        self._show(self.offers)
        self.look()

    def _renamed(self, fingerprint: str, name: str) -> None:
        """The new name, before the disk has it."""

        def fresh(o: Offer) -> Offer:
            ours = o.spec is not None and o.spec.fingerprint == fingerprint
            return replace(o, title=name, spec=replace(o.spec, name=name)) if ours and o.spec is not None else o

        self.offers = [fresh(o) for o in self.offers]
        self.changed.emit()

    def _show(self, offers: list[Offer]) -> None:
        kept = [o for o in offers if o.spec is None or o.spec.fingerprint not in self.session.forgotten]
        if len(kept) != len(self.offers) or any(a is not b for a, b in zip(kept, self.offers, strict=True)):
            self.offers = kept
            self.changed.emit()

    def look(self) -> None:
        """Look again; several wishes at once make one more look."""
        if self._looking:
            self._again = True
            return
        self._looking, self._again = True, False
        tiles = dict(self._tiles)
        work.run(self, lambda watch: look(tiles, watch), self._take, self._failed)

    def _take(self, offers: list[Offer]) -> None:
        self._looking = False
        self._tiles |= {o.name: o for o in offers if o.origin == "builtin" and o.image is not None}
        if self._again:  # these may be older than the change
            self.look()
            return
        self._show(offers)

    def _failed(self, error: Exception) -> None:
        self._looking = False
        if not isinstance(error, Cancelled):
            self.session.trouble.emit(
                Trouble("The datasets could not be listed", str(error), "Try again", self.look, about="datasets")
            )

    def choose(self, offer: Offer) -> None:
        """Make it the chosen one; one that was not read yet is read (and fetched) first, as it suggests itself."""
        if offer.spec is not None:
            self._chosen(offer.spec)
            return
        if offer.name in self._opening:
            return
        self._opening.add(offer.name)

        def failed(error: Exception) -> None:
            self._opening.discard(offer.name)
            if isinstance(error, Cancelled):
                return
            if not isinstance(error, DataError | OSError | ValueError):
                raise error
            self.session.trouble.emit(
                Trouble(
                    f"{offer.title} could not be read", str(error), "Try again", lambda: self.choose(offer), offer.name
                )
            )

        def done(spec: DataSpec) -> None:
            self._opening.discard(offer.name)
            self.session.trouble_over.emit(offer.name)
            self.session.datasets_changed.emit()
            self._chosen(spec)

        verb = "Fetching" if offer.origin == "standard" else "Reading"
        work.run(self, lambda watch: read(offer, watch), done, failed, title=f"{verb} {offer.title}")

    def _chosen(self, spec: DataSpec) -> None:
        self.session.choose_dataset(spec)
        self.session.page_wanted.emit("train")

    def rename(self, offer: Offer, title: str) -> None:
        """Give a read dataset another name, with undo."""
        if offer.spec is not None and title.strip():
            self.session.undo.push(RenameDataset(self.session, offer.spec, title.strip()))

    def forget(self, offer: Offer) -> None:
        """Out of the cache, with undo. Its source stays, and can be read again."""
        if offer.spec is not None:
            self.said.emit(*forget(self.session, offer.spec))


def look(tiles: dict[str, Offer], watch: Watch) -> list[Offer]:
    """What there is; ``tiles`` are built-in ones that were drawn before."""
    from studio.data import builtin, standard, store

    offers: list[Offer] = []
    read_already: set[str] = set()
    for spec in store.listed():
        watch.advance(len(offers), 0, spec.name)
        image = pixels.load(store.thumbnail(spec.fingerprint))
        offers.append(Offer("read", "", spec.name, line_of(spec, people(spec)), spec, image))
        read_already.add(spec.source)
    for name in builtin.NAMES:
        watch.advance(len(offers), 0, name)
        offers.append(tiles.get(name) or _builtin(name, watch))
    for name in standard.NAMES:
        title = standard.source(name).title
        offers.append(Offer("standard", name, title, "fetched from the internet when you ask for it"))
    return offers


def _builtin(name: str, watch: Watch) -> Offer:
    """With a picture of it; kept in the cache, so that the next start need not draw it."""
    from studio import __version__
    from studio.data import builtin

    kept = places.cache() / "tiles" / f"{name}-{__version__}.png"
    image = pixels.load(kept) if kept.is_file() else None
    if image is not None and image.text("line"):
        return Offer("builtin", name, image.text("title"), image.text("line"), None, image)
    source = builtin.source(name)
    found = source.inspect(watch)
    size = next(iter(found.sizes), "")
    line = f"{found.count:,} · {size}" if size else kinds.examples(found.kind, found.count)
    shown = found.thumbnails[0] if len(found.thumbnails) == 1 else pixels.montage(found.thumbnails, 6, 4)
    image = pixels.image(shown)
    image.setText("title", source.title)
    image.setText("line", line)
    kept.parent.mkdir(parents=True, exist_ok=True)
    image.save(str(kept))
    return Offer("builtin", name, source.title, line, None, image)


def read(offer: Offer, watch: Watch) -> DataSpec:
    """Read a built-in or standard dataset the way it suggests; for a worker thread."""
    from studio.data import builtin, standard, store

    source = builtin.source(offer.name) if offer.origin == "builtin" else standard.source(offer.name)
    return store.prepare(source, None, watch).spec


def line_of(spec: DataSpec, who: int = 0) -> str:
    """ "70,000 · 28×28 grey · 10 classes"; ``who``: how many people it shows."""
    if spec.kind != "images":
        parts = [kinds.examples(spec.kind, spec.count)]
    else:
        height, width = spec.size
        posed = [f"{spec.count:,} of {p}" for p in kinds.more(spec, who)[:1]]
        parts = [*posed, f"{width}×{height}"] if posed else [f"{spec.count:,}", kinds.form(spec)]
    if spec.vectors:
        parts.append(f"{spec.vectors}-d vectors")
    elif spec.classes and spec.kind != "points":
        parts.append(plural(len(spec.classes), "class", "classes"))
    return " · ".join(parts)
