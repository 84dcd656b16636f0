from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data import store
from studio.data.errors import Unrecognised
from studio.data.reading import Preparation
from studio.data.skeleton import JOINTS, J
from studio.data.sources import recognise
from tests.data.made import put
from tests.data.posed import Numbers, blob, body, openpose, photo

BODY = body(64, 128)


def body_25(joints: Numbers) -> Numbers:
    made = np.zeros((25, 3))
    made[[*range(8), *range(9, 19)]] = joints
    made[8] = (999, 999, 1)  # the middle of the hips, which COCO-18 has not
    return made


@pytest.mark.parametrize("key", ["pose_keypoints_2d", "pose_keypoints"])
@pytest.mark.parametrize("form", ["COCO-18", "BODY_25"])
def test_joints_of_both_forms_and_both_names_are_read(tmp_path: Path, key: str, form: str) -> None:
    joints = body(64, 128, missing=("left ear",))
    put(
        tmp_path,
        {
            "a.png": photo(joints),
            "a_keypoints.json": openpose(body_25(joints) if form == "BODY_25" else joints, key=key),
        },
    )
    source = recognise(tmp_path)
    assert source.kind_of == "posed people (OpenPose)"
    data = store.prepare(source, Preparation((128, 64), held_out=0))
    known = joints[:, 2] > 0
    assert np.allclose(data.columns["joints"][0, known, :2], joints[known, :2] + 0.5, atol=1e-4)
    assert (data.columns["joints"][0, J["left ear"]] == 0).all()
    assert blob(data.values[0]) == pytest.approx(tuple(data.columns["joints"][0, J["left wrist"], :2]), abs=0.1)


@pytest.mark.parametrize("low", [0, -1])
def test_shares_of_the_image_are_brought_to_pixels(tmp_path: Path, low: int) -> None:
    shares = BODY.copy()
    shares[:, :2] = (BODY[:, :2] + 0.5) / (64, 128) * (1 - low) + low
    put(tmp_path, {"a.png": photo(BODY), "json/a_keypoints.json": openpose(shares)})
    source = recognise(tmp_path)
    data = store.prepare(source, Preparation((128, 64), held_out=0))
    assert np.allclose(data.columns["joints"][0, :, :2], BODY[:, :2] + 0.5, atol=1e-3)
    assert any("shares of the images" in note for note in source.notes())


@pytest.mark.parametrize("turn", range(1, 9))
def test_joints_are_those_of_the_image_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    """OpenPose sees images turned upright, as OpenCV reads them."""
    sideways = turn >= 5
    stored = photo(BODY, turn=turn)  # the blob is where BODY has it in the stored image
    upright = _turned(BODY, turn)
    put(tmp_path, {"a.png": stored, "a_keypoints.json": openpose(upright)})
    size = (64, 128) if sideways else (128, 64)
    data = store.prepare(recognise(tmp_path), Preparation(size, held_out=0))
    assert data.spec.count == 1
    assert blob(data.values[0]) == pytest.approx(tuple(data.columns["joints"][0, J["left wrist"], :2]), abs=0.1)


def _turned(joints: Numbers, turn: int) -> Numbers:
    """Pixels of a 64×128 image in the one that is shown, by Pillow's own turning of a lone bright pixel."""
    import io

    from PIL import Image, ImageOps

    made = joints.copy()
    for joint in range(len(JOINTS)):
        x, y = (int(v) for v in joints[joint, :2])
        image = Image.new("L", (64, 128))
        image.putpixel((x, y), 255)
        exif = Image.Exif()
        exif[0x0112] = turn
        out = io.BytesIO()
        image.save(out, "PNG", exif=exif.tobytes())
        with Image.open(out) as stored:
            shown = np.asarray(ImageOps.exif_transpose(stored))
        row, column = np.argwhere(shown == 255)[0]
        made[joint, :2] = column, row
    return made


def test_every_person_of_an_image_is_an_example_cut_out(tmp_path: Path) -> None:
    left, right = BODY.copy(), BODY.copy()
    right[:, 0] += 150
    put(tmp_path, {"a.png": photo(right, size=(260, 128)), "a_keypoints.json": openpose(left, right)})
    source = recognise(tmp_path)
    data = store.prepare(source, Preparation((64, 64), held_out=0))
    assert data.spec.count == 2
    assert data.values[0].max() < data.values[1].max()  # the blob is the second one's
    assert blob(data.values[1]) == pytest.approx(tuple(data.columns["joints"][1, J["left wrist"], :2]), abs=0.4)
    assert len(set(data.columns["person"].tolist())) == 2
    assert any("cut out" in note for note in source.notes())


def test_a_lone_small_person_is_cut_out_and_a_large_one_taken_whole(tmp_path: Path) -> None:
    small = BODY.copy()
    small[:, 1] = small[:, 1] / 4 + 60
    put(tmp_path, {"a.png": photo(BODY), "a_keypoints.json": openpose(BODY)})
    put(tmp_path, {"b.png": photo(small, size=(500, 300)), "b_keypoints.json": openpose(small)})
    found = recognise(tmp_path).inspect()
    assert "64×128" in found.sizes
    assert "500×300" not in found.sizes


def test_frames_of_one_person_are_that_person(tmp_path: Path) -> None:
    for clip in ("dance", "walk"):
        for i in range(3):
            name = f"{clip}_{i:012d}"
            put(tmp_path, {f"{name}.png": photo(BODY), f"{name}_keypoints.json": openpose(BODY)})
    data = store.prepare(recognise(tmp_path), Preparation((64, 64), held_out=0.5))
    assert data.columns["person"].tolist() == [0, 0, 0, 1, 1, 1]
    assert len(data.train) == 3  # one of the two, whole


def test_what_is_wrong_is_told_by_file_and_person(tmp_path: Path) -> None:
    few = body(missing=JOINTS[:15])
    put(
        tmp_path,
        {
            "a.png": photo(BODY),
            "a_keypoints.json": openpose(BODY, BODY[:15], few),
            "gone_keypoints.json": openpose(BODY),
            "b.png": photo(BODY),
            "b_keypoints.json": b'{"people": [',
            "c.png": photo(BODY),
            "c_keypoints.json": b'{"people": []}',
        },
    )
    found = recognise(tmp_path).inspect()
    assert found.count == 1
    assert {s.name: s.reason for s in found.skipped} == {
        "a_keypoints.json, person 2": "has 45 numbers, not 54 (COCO-18) or 75 (BODY_25)",
        "gone_keypoints.json": "there is no image gone",
        "b_keypoints.json": "is no JSON of OpenPose",
    }
    assert any("left out: 1 with fewer than 4" in note for note in found.notes)


def test_joints_without_images_ask_for_the_folder(tmp_path: Path) -> None:
    put(tmp_path, {"a_keypoints.json": openpose(BODY)})
    for path in (tmp_path, tmp_path / "a_keypoints.json"):
        with pytest.raises(Unrecognised, match="drop the folder"):
            recognise(path)
