"""People in other poses. Joints are those of :mod:`studio.data.skeleton`, in pixels of the dataset's images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.data.skeleton import Joints
from studio.explore.questions.base import Pictures, Question, Where
from studio.explore.questions.real import Real


@dataclass(frozen=True, eq=False)
class PosesBrowsed:
    """A page of posed people.

    Attributes:
        total: how many there are of the kind that was asked for.
        indices: of the examples in the dataset, N.
        people: who it is, N.
        images: N.
        joints: N×18×3.
    """

    total: int
    indices: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    images: Pictures
    joints: Joints


@dataclass(frozen=True)
class BrowsePoses(Question[PosesBrowsed]):
    """The pose library: posed people of a run's dataset, in an order that a seed shuffles, the same each time.
    ``person``: those of one person alone, the pictures in the dataset's order; of both parts."""

    run: str
    offset: int = 0
    count: int = 48
    part: Literal["held out", "train"] = "held out"
    person: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Person:
    """Whose picture is to be posed: an example of the dataset or a picture file (one of ``real``), else a picture that
    was made (``picture`` uint8 H×W×3, of the dataset's size), with its joints where they are known (18×3)."""

    real: Real = field(default_factory=Real)
    picture: npt.NDArray[np.uint8] | None = None
    joints: Joints | None = None


@dataclass(frozen=True, eq=False)
class PoseTaken:
    """One person in K poses.

    Attributes:
        step: of the weights.
        source: the picture as the model sees it, 1×H×W×3.
        source_joints: 18×3; all missing where nobody knows them.
        person: who it is, −1 where nobody knows.
        stages: K pictures each, by name, in order; the last is the finished one. "difference" is mid-grey where nothing
            was added.
        truth: what it should be, K pictures, for the poses whose true picture exists or can be drawn; none (N = 0)
            otherwise.
        ssim, mask_ssim: of the finished pictures against the true ones, K; empty without.
        parts: which part each pixel of the finished pictures shows, uint8 K×H×W, as ``parser`` sees them; None where
            there is no parser yet.
        wanted: the parts that the poses ask for, uint8 K×H×W; :data:`~studio.data.skeleton.UNKNOWN` where a pose does
            not say.
        scores: how well the parsed parts agree with the pose, by part, K each: mean log-probability, in nats per pixel,
            of the part where the pose asks for it; NaN for parts that the pose lacks. The background counts as one.
        total: the constraint f: the mean over the parts that are there, K, in nats per pixel.
        parser: whose eyes: "the run's own, step 1,200" or "trained on the dataset, 94 % of pixels right"; empty: none.
    """

    step: int
    source: Pictures
    source_joints: Joints
    person: int
    stages: dict[str, Pictures]
    truth: Pictures
    ssim: npt.NDArray[np.float32]
    mask_ssim: npt.NDArray[np.float32]
    parts: npt.NDArray[np.uint8] | None
    wanted: npt.NDArray[np.uint8]
    scores: dict[str, npt.NDArray[np.float32]]
    total: npt.NDArray[np.float32]
    parser: str

    @property
    def images(self) -> Pictures:
        """The finished pictures, K."""
        return next(reversed(self.stages.values()))


@dataclass(frozen=True, eq=False)
class TakePose(Question[PoseTaken]):
    """A person in other poses.

    Attributes:
        joints: of the poses, K×18×3.
        target: index of the dataset's example whose pose ``joints`` is, unedited, where it is one: its picture is the
            truth if it shows the same person. Of people that the studio draws itself, any pose has its true picture.
        parser: "own" asks the model's own parser where it has one, "judge" the one that is trained on the dataset's
            parts apart from every run, "none" saves the time.
        train: train the judge now if it is not there yet (a minute of one core); False goes without.
    """

    where: Where
    source: Person
    joints: Joints
    target: int | None = None
    parser: Literal["own", "judge", "none"] = "judge"
    train: bool = False
