"""Poses taken away: what is seen, that it comes back, films frame by frame, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from torch import Tensor

from studio.data.body_pictures import limb_colour
from studio.data.skeleton import JOINTS, J
from studio.data.watch import Cancelled, Watch
from studio.engine.answers.taking import WRITERS
from studio.explore.questions import Where
from studio.export import provenance
from studio.export.decoding import ExportError
from studio.export.jobs import ExportPoses
from studio.export.poses import export_poses
from studio.runs.folder import RunFolder
from tests.export.conftest import COLOUR, GREY, Asking

PANEL = {"name": "Pose", "state": {"joints": []}}
Trained = Callable[..., RunFolder]
HIGH, WIDE = COLOUR.size


class Painter(torch.nn.Module):
    """The source darkened, then all of one grey: x of the right wrist over the width."""

    title = "a painter"
    data = COLOUR

    def __init__(self, sign: float = 1.0) -> None:
        super().__init__()
        self.sign = torch.nn.Parameter(torch.tensor(sign))

    def pose(self, source: Tensor, joints: Tensor, source_joints: Tensor) -> dict[str, Tensor]:
        assert len(source) == len(joints) == len(source_joints)
        level = self.sign * (joints[:, J["right wrist"], 0] / WIDE * 2 - 1)
        finished = level[:, None, None, None].expand_as(source)
        return {"stage 1": source / 2 - 0.5, "difference": torch.zeros_like(source), "stage 2": finished}


@dataclass
class Posing(Asking):
    """Answers with the negative for a run of that name."""

    def model(self, where: Where) -> tuple[Any, int]:
        return Painter(-1.0 if where.run == "/runs/other" else 1.0), 20


@pytest.fixture
def posing() -> Posing:
    return Posing()


@pytest.fixture
def job(trained: Trained, tmp_path: Path) -> ExportPoses:
    run = trained("wgan_gp", COLOUR)
    joints = np.zeros((3, len(JOINTS), 3), np.float32)
    joints[:, J["right elbow"]] = 4, 6, 1
    joints[:, J["right wrist"]] = [(0, 2, 1), (WIDE / 2, 2, 1), (WIDE, 2, 1)]
    source = np.full((HIGH, WIDE, 3), 200, np.uint8)
    where = Where(str(run.path))
    return ExportPoses(where, str(tmp_path / "p.png"), source, np.zeros_like(joints[0]), joints, side=44, panel=PANEL)


def read(path: str) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("RGB"))


def test_it_is_known_to_the_engine() -> None:
    assert WRITERS[ExportPoses] == "poses.export_poses"


@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_sheet_has_a_row_for_each_pose_and_brings_the_panel_back(
    job: ExportPoses, posing: Posing, tmp_path: Path, format: Any
) -> None:
    out = tmp_path / f"poses.{format}"
    assert export_poses(replace(job, out=str(out), format=format), posing).paths == (str(out),)
    seen = read(str(out))
    tile, wide = 4 * HIGH, 4 * WIDE
    gap = (seen.shape[1] - 3 * wide) // 2
    head = seen.shape[0] - 3 * (tile + gap)
    assert 10 <= head <= 40, "titles stand over it"
    assert (seen[head : head + tile, :wide] == 200).all(), "the source, as it is"
    pose = seen[head : head + tile, wide + gap : 2 * wide + gap]
    assert (np.abs(pose.astype(int) - limb_colour(J["right wrist"])).sum(-1) < 60).any(), "the arm, in its colour"
    for number, level in enumerate((0, 128, 255)):
        top = head + number * (tile + gap)
        assert (seen[top : top + tile, 2 * (wide + gap) :] == level).all(), f"row {number}"
    made = provenance.read(out)
    assert made is not None
    assert (made.checkpoint, made.kind, made.settings["poses"]) == (20, "samples", 3)
    assert made.settings["panel"] == PANEL


def test_stages_and_another_run_stand_beside(job: ExportPoses, posing: Posing) -> None:
    plain = read(export_poses(replace(job, shows="result", joints=job.joints[:1]), posing).paths[0])
    assert plain.shape == (4 * HIGH, 4 * WIDE, 3)
    beside = (("other", Where("/runs/other")),)
    both = read(export_poses(replace(job, shows="result", joints=job.joints[:1], beside=beside), posing).paths[0])
    wide = 4 * WIDE
    assert (both[-10, :wide] == 0).all()
    assert (both[-10, -wide:] == 255).all()
    stages = read(export_poses(replace(job, shows="stages", beside=beside), posing).paths[0])
    assert stages.shape[1] == 6 * wide + 5 * 4


@pytest.mark.parametrize("format", ["gif", "webp", "mp4"])
def test_a_film_has_a_frame_for_each_pose(job: ExportPoses, posing: Posing, tmp_path: Path, format: Any) -> None:
    out = tmp_path / f"film.{format}"
    export_poses(replace(job, out=str(out), film=True, format=format, fps=10, shows="result"), posing)
    made = provenance.read(out)
    assert made is not None
    assert made.kind == "film"
    assert (made.settings["poses"], made.settings["fps"], made.settings["panel"]) == (3, 10, PANEL)
    if format == "gif":
        with Image.open(out) as film:
            levels = []
            for n in range(3):
                film.seek(n)
                levels.append(int(np.asarray(film.convert("L")).mean()))
        assert np.abs(np.subtract(levels, (0, 128, 255))).max() < 4


def test_what_cannot_be_is_refused_in_words(job: ExportPoses, posing: Posing, asking: Asking, trained: Trained) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"joints": job.joints[:0]}, "no pose"),
        ({"joints": job.joints * np.nan}, "no numbers"),
        ({"joints": job.joints[:, :5]}, "18 joints"),
        ({"source": job.source[1:]}, "9×11"),
        ({"film": True}, "MP4"),
        ({"format": "mp4"}, "PNG"),
        ({"side": 5000}, "1,024"),
        ({"film": True, "format": "gif", "fps": 0}, "frames a second"),
        ({"joints": job.joints[:1].repeat(65, 0)}, "too many"),
    ]
    for change, word in wrong:
        with pytest.raises(ExportError, match=word):
            export_poses(replace(job, **change), posing)
    with pytest.raises(ExportError, match="takes no pose"):
        export_poses(replace(job, where=Where(str(trained("wgan_gp", GREY).path))), asking)
    assert not Path(job.out).exists()


def test_a_cancelled_export_leaves_nothing(job: ExportPoses, posing: Posing) -> None:
    def stop(*_: object) -> None:
        raise Cancelled

    posing.watch = Watch(stop)
    with pytest.raises(Cancelled):
        export_poses(job, posing)
    assert not Path(job.out).exists()
