"""A toy that takes poses: people are rectangles of their own colour, as large as the pose, where its neck is."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.data.body_pictures import with_skeleton
from studio.data.dataset import DataSpec
from studio.data.skeleton import JOINTS, PARTS, UNKNOWN, J, Joints
from studio.explore.pose_bodies import preset
from studio.explore.questions import BrowsePoses, Person, PosesBrowsed, PoseTaken, TakePose
from studio.export.jobs import ExportPoses
from tests.gui.explore import toy
from tests.gui.explore.toy import Toy

SIDE = 32
EACH = 4
"""Pictures of each person."""
PEOPLE = DataSpec(
    "toy people", "images", (3, SIDE, SIDE), 40, 20, fingerprint="toy people", carries=("joints", "person", "parts")
)
NAMES = ("Standing", "T-pose", "Arms up", "Star")
if ExportPoses not in toy.EXPORTS:
    toy.EXPORTS = (*toy.EXPORTS, ExportPoses)


def joints_of(index: int) -> Joints:
    """Of example ``index``: one of four poses by name."""
    seed = np.zeros((len(JOINTS), 3), np.float32)
    seed[J["neck"]] = SIDE / 2, SIDE / 4, 1
    seed[J["right ankle"]] = SIDE / 2 - 3, SIDE * 0.9, 1
    return preset(NAMES[index % EACH], seed)


def colour_of(person: int) -> Any:
    return np.random.default_rng(person + 1).integers(60, 255, 3).astype(np.uint8)


class PoseToy(Toy):
    """``sign``: of a run that paints the negative of colours; ``judge``: whether somebody parses the parts."""

    def __init__(self, *, judge: bool = True) -> None:
        super().__init__(PEOPLE)
        self.capabilities = ("take a pose", "parse parts", "illustrate")
        self.prior = type(self.prior)()
        self.judge = judge
        self.negative: set[str] = set()
        """Runs that paint negatives."""

    def parts(self, joints: Joints) -> Any:
        """A head above the neck, a torso below it."""
        parts = np.zeros((SIDE, SIDE), np.uint8)
        x, y, there = joints[J["neck"]]
        if there:
            parts[max(int(y) - 6, 0) : max(int(y), 0), max(int(x) - 3, 0) : int(x) + 3] = PARTS.index("head")
            parts[max(int(y), 0) : int(y) + 12, max(int(x) - 4, 0) : int(x) + 4] = PARTS.index("torso")
        x, y, there = joints[J["right wrist"]]
        if there:
            parts[max(int(y) - 1, 0) : int(y) + 2, max(int(x) - 1, 0) : int(x) + 2] = PARTS.index("right forearm")
        return parts

    def paint(self, person: int, joints: Joints) -> Any:
        parts = self.parts(joints)
        shown = np.full((SIDE, SIDE, 3), 90, np.uint8)
        shown[parts > 0] = colour_of(person)
        return shown

    def source(self, who: Person) -> tuple[Any, int, Joints]:
        none = np.zeros((len(JOINTS), 3), np.float32)
        if who.picture is not None:
            return who.picture, -1, none if who.joints is None else who.joints
        if who.real.paths:
            return np.full((SIDE, SIDE, 3), 150, np.uint8), -1, none
        index = who.real.indices[0]
        return self.paint(index // EACH, joints_of(index)), index // EACH, joints_of(index)

    def answer(self, question: Any) -> Any:
        match question:
            case BrowsePoses(offset=offset, count=count, person=person):
                whole = np.arange(20) if person is None else np.arange(person * EACH, (person + 1) * EACH)
                here = whole[offset : offset + count]
                joints = np.stack([joints_of(int(i)) for i in here]) if len(here) else np.zeros((0, 18, 3), np.float32)
                images = [self.paint(int(i) // EACH, j) for i, j in zip(here, joints, strict=True)]
                seen = np.stack(images) if images else np.zeros((0, SIDE, SIDE, 3), np.uint8)
                return PosesBrowsed(len(whole), here, here // EACH, seen, joints)
            case TakePose():
                return self.pose(question)
            case _:
                return super().answer(question)

    def pose(self, question: TakePose) -> PoseTaken:
        if question.train:
            self.judge = True
        picture, person, own = self.source(question.source)
        joints = question.joints
        wanted = np.stack([self.parts(j) for j in joints])
        stage = np.stack([with_skeleton(picture, j, dimmed=0.6) for j in joints])
        made = np.stack([self.paint(max(person, 0), j) for j in joints])
        made = made - np.uint8(self.step % 50)
        if question.where.run in self.negative:
            made = 255 - made
        truth = np.stack([self.paint(person, j) for j in joints]) if person >= 0 else np.zeros((0, 1, 1, 3), np.uint8)
        sees = question.parser == "own" or (question.parser == "judge" and self.judge)
        off = np.float32(0.5 if question.where.run in self.negative else 0.25)
        scores = {name: np.full(len(joints), -off * n, np.float32) for n, name in enumerate(PARTS[:4])}
        scores |= {name: np.full(len(joints), np.nan, np.float32) for name in PARTS[4:]}
        known = np.full(len(truth), 0.75, np.float32)
        eyes = {"own": "the run's own, step 300", "judge": "the judge, 94 % of pixels right"}
        unsure = wanted.copy()
        unsure[:, ::5] = UNKNOWN
        return PoseTaken(
            step=question.where.checkpoint or self.step,
            source=picture[None],
            source_joints=own,
            person=person,
            stages={"stage 1": stage, "difference": np.full_like(stage, 128), "stage 2": made},
            truth=truth,
            ssim=known,
            mask_ssim=known + np.float32(0.1),
            parts=wanted if sees else None,
            wanted=unsure,
            scores=scores if sees else {},
            total=np.full(len(joints), -1.5 * off, np.float32) if sees else np.full(len(joints), np.nan, np.float32),
            parser=eyes.get(question.parser, "") if sees else "",
        )
