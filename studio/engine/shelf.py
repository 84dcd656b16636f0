"""What answers share: loaded models, opened datasets, prepared neighbours. Bounded; the least used goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """A cache that forgets what was not used for longest, by size or by number. May be used from any thread.

    Args:
        room: how much fits, in the unit of ``size``. One thing always does, however large.
        size: of a thing.
    """

    def __init__(self, room: float, size: Callable[[T], float] = lambda _: 1) -> None:
        self._room = room
        self._size = size
        self._things: OrderedDict[Hashable, tuple[T, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing of that key; made now when it is not here.

        Two threads that miss at once both make it: that is rarer, and cheaper, than one waiting for another's load.
        """
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key][0]
        thing = make()
        with self._lock:
            self._things[key] = (thing, self._size(thing))
            while len(self._things) > 1 and sum(size for _, size in self._things.values()) > self._room:
                self._things.popitem(last=False)
        return thing

    def __len__(self) -> int:
        return len(self._things)
