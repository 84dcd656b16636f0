"""A person in poses to take away: the pose on screen or all keyframes as a sheet, the film between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.explore.questions import Question
from studio.export.jobs import ExportPoses, Written
from studio.gui.export.films import ABOUT_FILMS, FILMS
from studio.gui.export.form import Form
from studio.gui.export.offer import Offer, OfferedPoses
from studio.gui.export.pictures import PICTURES

SIDES = (("64", 64), ("128", 128), ("192", 192), ("256", 256), ("512", 512))
SHOWS = (("The picture alone", "result"), ("Source, pose, picture", "pose"), ("All stages", "stages"))
ABOUT_SHOWS = "What stands beside each other in a row; another run that is shown beside comes along"


class _Poses(Form):
    """What both have: what a row shows, and how large."""

    def _common(self) -> None:
        self.shows = self._choice("Row", SHOWS, ABOUT_SHOWS)
        self.shows.setCurrentIndex(1)
        self.side = self._choice("Size", SIDES, "About so many pixels is each picture enlarged to, by a whole factor")
        self.side.setCurrentIndex(2)

    @classmethod
    def suits(cls, offer: Offer) -> bool:
        return offer.poses is not None

    def missing(self, offer: Offer) -> str:
        return ""

    @property
    def _poses(self) -> OfferedPoses:
        poses = self._given().poses
        if poses is None:
            raise LookupError("no pose was offered")
        return poses

    def _job(self, out: str, joints: Any, **more: Any) -> Question[Written]:
        poses = self._poses
        return ExportPoses(
            self._given().where,
            out,
            poses.source,
            poses.source_joints,
            np.asarray(joints, np.float32),
            shows=self.shows.currentData(),
            beside=poses.beside,
            name=poses.name,
            side=self.side.currentData(),
            panel=poses.panel,
            **more,
        )


class PosePicture(_Poses):
    title = "Pose"
    about = "The person in the pose on screen, or in all keyframes, a row for each."

    def __init__(self) -> None:
        super().__init__()
        self.what = self._choice(
            "Poses", (("The one on screen", "one"), ("All keyframes", "keys")), "One row, or a row for each keyframe"
        )
        self._common()
        self.format_box = self._choice("Format", PICTURES[:2], "Both keep every pixel")

    def missing(self, offer: Offer) -> str:
        keys = self.what.currentData() == "keys" and offer.poses is not None and not len(offer.poses.keys)
        return "There is no keyframe yet: add some below the pictures." if keys else ""

    def file_name(self) -> str:
        return f"{self._given().name}-{'poses' if self.what.currentData() == 'keys' else 'pose'}." + str(
            self.format_box.currentData()
        )

    def job(self, out: str) -> Question[Written]:
        poses = self._poses
        joints = poses.keys if self.what.currentData() == "keys" else poses.joints[None]
        return self._job(out, joints, format=self.format_box.currentData())


class PoseFilm(_Poses):
    title = "Pose, film"
    about = "The person moving from keyframe to keyframe."

    def __init__(self) -> None:
        super().__init__()
        self.fps = self._number("Speed", 5, 50, "Frames a second", " frames/s")
        self.fps.setValue(25)
        self._common()
        self.format_box = self._choice("Format", FILMS, ABOUT_FILMS)

    def missing(self, offer: Offer) -> str:
        still = offer.poses is None or offer.poses.seconds <= 0
        return "A film needs two keyframes or more: add them below the pictures." if still else ""

    def file_name(self) -> str:
        return f"{self._given().name}-poses.{self.format_box.currentData()}"

    def job(self, out: str) -> Question[Written]:
        fps = self.fps.value()
        return self._job(out, self._poses.film(fps), fps=fps, format=self.format_box.currentData(), film=True)
