"""What a person has set on the pose panel, as one immutable value. No Qt here."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.data.skeleton import JOINTS, Joints
from studio.explore.pose import same
from studio.explore.pose_films import frames, seconds_of
from studio.explore.questions.pose import Person
from studio.explore.questions.real import Real

MOST_KEYFRAMES = 32
SECONDS = (0.1, 10.0)
"""From one keyframe to the next."""
FAR = 1e5
"""No joint lies farther out than so many pixels."""
MOST_PIXELS = 1 << 18
"""A source that was made is kept for the next session up to so many."""
Under = Literal["source", "target", "made", "nothing"]
Parser = Literal["own", "judge", "none"]
UNDER: tuple[Under, ...] = ("source", "target", "made", "nothing")
PARSERS: tuple[Parser, ...] = ("own", "judge", "none")
EMPTY: Joints = np.zeros((len(JOINTS), 3), np.float32)


@dataclass(frozen=True, eq=False)
class Keyframe:
    """A pose of a film, 18×3. ``seconds``: to the next one; of the last back to the first, where the film is closed."""

    joints: Joints
    seconds: float = 1.0


@dataclass(frozen=True)
class Views:
    """What is shown.

    Attributes:
        under: the picture that lies, dimmed, under the skeleton.
        stages, parts, scores: shown at all.
        parser: whose eyes the parts are.
    """

    under: Under = "source"
    stages: bool = True
    parts: bool = True
    scores: bool = True
    parser: Parser = "judge"


@dataclass(frozen=True, eq=False)
class Posing:
    """See the module.

    Attributes:
        source: whose picture is posed; None: nobody is chosen yet.
        person: who that is in the dataset, −1 where nobody knows.
        joints: the pose that is asked for, 18×3; all missing while there is none.
        taken: the pose that the editing began from: what Reset goes back to.
        target: index of the dataset's example whose pose ``taken`` is.
        chosen: the joint that keys move.
        keep: limb lengths are kept when joints are dragged.
        keyframes, keyframe: of the film, and which of them is chosen (−1: none).
        loop: the film is closed.
        compare: beside it is what ``other`` (a run's folder; empty: the one that the panel proposes) makes of the pose.
    """

    source: Person | None = None
    person: int = -1
    joints: Joints = field(default_factory=EMPTY.copy)
    taken: Joints = field(default_factory=EMPTY.copy)
    target: int | None = None
    chosen: int = 4
    keep: bool = True
    keyframes: tuple[Keyframe, ...] = ()
    keyframe: int = -1
    loop: bool = True
    compare: bool = False
    other: str = ""
    views: Views = field(default_factory=Views)

    @property
    def posed(self) -> bool:
        """There is a pose to ask for."""
        return bool((self.joints[:, 2] > 0).any())

    @property
    def edited(self) -> bool:
        """The pose is not that which was taken."""
        return not same(self.joints, self.taken)

    @property
    def truth(self) -> int | None:
        """Index of the example whose pose this is, unedited; None otherwise. For TakePose.target."""
        return None if self.edited else self.target

    # --- edits

    def with_source(self, source: Person | None, person: int = -1) -> Posing:
        """Somebody else is posed; the pose stays."""
        return replace(self, source=source, person=person)

    def with_pose(self, joints: Joints, target: int | None = None) -> Posing:
        """Another pose to begin from: an example's, one by name. Reset comes back to it."""
        given = np.array(joints, np.float32)
        return replace(self, joints=given, taken=given, target=target, keyframe=-1)

    def moved(self, joints: Joints) -> Posing:
        """The pose was edited. A keyframe that was chosen keeps its own until it is replaced."""
        return replace(self, joints=np.array(joints, np.float32))

    def reset(self) -> Posing:
        return replace(self, joints=self.taken)

    # --- the film

    @property
    def seconds(self) -> tuple[float, ...]:
        return tuple(k.seconds for k in self.keyframes)

    @property
    def duration(self) -> float:
        """Of the film, in seconds; 0 with fewer than two keyframes."""
        return seconds_of(self.seconds, loop=self.loop)

    def film(self, rate: float) -> Joints:
        """The poses of the film at so many a second, K×18×3; none without keyframes."""
        if not self.keyframes:
            return np.zeros((0, len(JOINTS), 3), np.float32)
        return frames([k.joints for k in self.keyframes], self.seconds, rate, loop=self.loop)

    def with_keyframes(self, keyframes: tuple[Keyframe, ...], chosen: int = -1) -> Posing:
        most = keyframes[:MOST_KEYFRAMES]
        return replace(self, keyframes=most, keyframe=chosen if -1 <= chosen < len(most) else len(most) - 1)

    def at_keyframe(self, index: int) -> Posing:
        """A keyframe is chosen, and its pose is the current one; the pose that it was taken from stays."""
        if not 0 <= index < len(self.keyframes):
            return replace(self, keyframe=-1)
        return replace(self, joints=self.keyframes[index].joints, keyframe=index)


# --- out, and back


def as_plain(state: Posing) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return {
        "source": None if state.source is None else person_as_plain(state.source),
        "person": state.person,
        "joints": joints_as_plain(state.joints),
        "taken": joints_as_plain(state.taken),
        "target": state.target,
        "chosen": state.chosen,
        "keep": state.keep,
        "keyframes": [{"joints": joints_as_plain(k.joints), "seconds": k.seconds} for k in state.keyframes],
        "keyframe": state.keyframe,
        "loop": state.loop,
        "compare": state.compare,
        "other": state.other,
        "views": asdict(state.views),
    }


def from_plain(plain: Mapping[str, Any]) -> Posing | None:
    """The state of :func:`as_plain`, or None when it is damaged; numbers out of bounds are brought back."""
    try:
        keyframes = tuple(
            Keyframe(joints_from_plain(k["joints"]), _bounded(k["seconds"], *SECONDS))
            for k in plain["keyframes"][:MOST_KEYFRAMES]
        )
        target, source, other = plain["target"], plain["source"], plain["other"]
        return Posing(
            source=None if source is None else person_from_plain(source),
            person=max(int(plain["person"]), -1),
            joints=joints_from_plain(plain["joints"]),
            taken=joints_from_plain(plain["taken"]),
            target=None if target is None else max(int(target), 0),
            chosen=min(max(int(plain["chosen"]), 0), len(JOINTS) - 1),
            keep=plain["keep"] is True,
            keyframes=keyframes,
            keyframe=min(max(int(plain["keyframe"]), -1), len(keyframes) - 1),
            loop=plain["loop"] is True,
            compare=plain["compare"] is True,
            other=other if isinstance(other, str) and "\0" not in other else "",
            views=_views(plain["views"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, zlib.error):
        return None


def joints_as_plain(joints: Joints) -> list[list[float]]:
    """18 times x, y, known; to a thousandth of a pixel."""
    return [[round(float(v), 3) for v in row] for row in joints]


def joints_from_plain(plain: Any) -> Joints:
    """The joints of :func:`joints_as_plain`.

    Raises:
        ValueError: they are not 18 times three finite numbers of places that a picture can have.
    """
    found = np.asarray(plain, np.float32)
    if found.shape != EMPTY.shape or not np.isfinite(found).all() or np.abs(found).max() > FAR:
        raise ValueError("not the joints of a pose")
    there = found[:, 2:] > 0
    joints: Joints = np.where(there, found, 0).astype(np.float32)
    joints[:, 2:] = there
    return joints


def person_as_plain(person: Person) -> dict[str, Any]:
    """For JSON, with the picture where one was made; :func:`person_from_plain` reads it."""
    joints = None if person.joints is None else joints_as_plain(person.joints)
    return {
        "indices": list(person.real.indices),
        "paths": list(person.real.paths),
        "picture": None if person.picture is None else _packed(person.picture),
        "joints": joints,
    }


def person_from_plain(plain: Mapping[str, Any]) -> Person | None:
    """The person of :func:`person_as_plain`; None where a picture that was made is not there any more.

    Raises:
        KeyError, TypeError, ValueError, zlib.error: it is damaged.
    """
    indices = tuple(max(int(i), 0) for i in plain["indices"][:1])
    paths = tuple(p for p in plain["paths"][: 1 - len(indices)] if isinstance(p, str) and "\0" not in p)
    joints = None if plain["joints"] is None else joints_from_plain(plain["joints"])
    picture = None if plain["picture"] is None else _unpacked(plain["picture"])
    if not indices and not paths and picture is None:
        return None
    return Person(Real(indices, paths), picture, joints)


def _packed(picture: npt.NDArray[np.uint8]) -> dict[str, Any] | None:
    if picture.shape[0] * picture.shape[1] > MOST_PIXELS:
        return None
    return {"shape": list(picture.shape), "zlib": base64.b64encode(zlib.compress(picture.tobytes(), 6)).decode()}


def _unpacked(plain: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
    height, width, colours = (int(n) for n in plain["shape"])
    if min(height, width) < 1 or colours != 3 or height * width > MOST_PIXELS:
        raise ValueError("not a picture")
    size = height * width * 3
    raw = zlib.decompressobj().decompress(base64.b64decode(plain["zlib"], validate=True), size)
    if len(raw) != size:
        raise ValueError("a picture cut short")
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).copy()


def _views(plain: Mapping[str, Any]) -> Views:
    default = Views()
    shown = {f.name: plain[f.name] is True for f in fields(Views) if isinstance(getattr(default, f.name), bool)}
    under: Under = plain["under"] if plain["under"] in UNDER else default.under
    parser: Parser = plain["parser"] if plain["parser"] in PARSERS else default.parser
    return Views(under=under, parser=parser, **shown)


def _bounded(value: Any, low: float, high: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not a number")
    return float(min(max(value, low), high))
