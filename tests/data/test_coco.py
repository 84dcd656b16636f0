from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.data import store
from studio.data.errors import Unreadable, Unrecognised
from studio.data.readers.coco import ORDER
from studio.data.reading import Preparation
from studio.data.skeleton import JOINTS, J
from studio.data.sources import recognise
from tests.data.made import encoded, put
from tests.data.posed import Numbers, blob, body, coco, photo

BODY = body(120, 160)
IMAGE = {"id": 1, "file_name": "a.png", "width": 120, "height": 160}
CATEGORY = {"id": 1, "name": "person", "keypoints": list(ORDER)}


def keypoints(joints: Numbers, visible: int = 2) -> list[float]:
    rows = [joints[J[name.replace("_", " ")]] for name in ORDER]
    return [float(v) for x, y, known in rows for v in ((x, y, visible) if known else (0, 0, 0))]


def one(joints: Numbers = BODY, **more: Any) -> dict[str, Any]:
    at = joints[joints[:, 2] > 0, :2]
    (left, top), (right, bottom) = at.min(axis=0) - 5, at.max(axis=0) + 5
    box = [left, top, right - left, bottom - top]
    return {"id": 5, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": box, "keypoints": keypoints(joints)} | more


def folder(root: Path, *people: dict[str, Any], **more: Any) -> Path:
    content = coco(list(people), [IMAGE], **{"categories": [CATEGORY], **more})
    return put(root, {"images/a.png": photo(BODY, size=(120, 160)), "annotations/person_keypoints.json": content})


def test_the_seventeen_joints_become_eighteen_with_the_neck_between_the_shoulders(tmp_path: Path) -> None:
    source = recognise(folder(tmp_path, one()))
    assert source.kind_of == "posed people (COCO)"
    joints = source.people[0].joints  # type: ignore[attr-defined]
    for name in JOINTS:
        if name != "neck":
            assert np.allclose(joints[J[name]], BODY[J[name]])
    middle = (BODY[J["left shoulder"]] + BODY[J["right shoulder"]]) / 2
    assert np.allclose(joints[J["neck"]], middle)
    blind = body(120, 160, missing=("left shoulder",))
    assert recognise(folder(tmp_path / "b", one(blind))).people[0].joints[J["neck"], 2] == 0  # type: ignore[attr-defined]


def test_hidden_joints_are_known_and_unlabelled_ones_are_missing(tmp_path: Path) -> None:
    hidden = recognise(folder(tmp_path / "a", one(keypoints=keypoints(BODY, visible=1)))).people[0]  # type: ignore[attr-defined]
    assert (hidden.joints[:, 2] > 0).all()
    some = body(120, 160, missing=("left knee", "right ear"))
    joints = recognise(folder(tmp_path / "b", one(some))).people[0].joints  # type: ignore[attr-defined]
    assert (joints[[J["left knee"], J["right ear"]]] == 0).all()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(64, 64), (96, 64), (32, 80)])
def test_a_person_is_cut_out_whole_with_their_joints(tmp_path: Path, fit: str, size: tuple[int, int]) -> None:
    data = store.prepare(recognise(folder(tmp_path, one())), Preparation(size, fit, held_out=0))  # type: ignore[arg-type]
    joints = data.columns["joints"][0]
    assert (joints[:, 2] > 0).all()
    wrist = joints[J["left wrist"], :2]
    assert blob(data.values[0]) == pytest.approx(tuple(wrist), abs=0.4)
    if fit == "crop":  # nothing is distorted
        spans = np.ptp(joints[[J["nose"], J["left ankle"]], :2], axis=0)
        true = np.ptp(BODY[[J["nose"], J["left ankle"]], :2], axis=0)
        assert spans[0] * true[1] == pytest.approx(spans[1] * true[0], rel=0.05, abs=1)


def test_joints_are_taken_by_the_names_of_the_category(tmp_path: Path) -> None:
    turned = list(reversed(ORDER))
    numbers = np.array(keypoints(BODY)).reshape(17, 3)[::-1].ravel().tolist()
    category = {"id": 1, "keypoints": turned}
    source = recognise(folder(tmp_path, one(keypoints=numbers), categories=[category]))
    assert np.allclose(source.people[0].joints[J["left wrist"]], BODY[J["left wrist"]])  # type: ignore[attr-defined]


def test_an_image_that_was_made_smaller_takes_its_joints_along(tmp_path: Path) -> None:
    root = folder(tmp_path / "people", one())
    half = BODY.copy()
    half[:, :2] /= 2
    put(root, {"images/a.png": photo(half, size=(60, 80))})
    data = store.prepare(recognise(root), Preparation((64, 64), held_out=0))
    assert blob(data.values[0]) == pytest.approx(tuple(data.columns["joints"][0, J["left wrist"], :2]), abs=0.7)
    put(root, {"images/a.png": photo(half, size=(80, 80))})
    with pytest.raises(Unreadable, match="its annotation is of 120×160 px"):
        recognise(root).inspect()


def test_what_is_wrong_is_told_by_annotation_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    nobody = body(120, 160, missing=tuple(n for n in JOINTS if n not in ("nose", "left knee")))
    people = [
        one(),
        one(image_id=9),
        one(keypoints=[1, 2, 2]),
        one(bbox=[1, 2, 3]),
        one(iscrowd=1),
        one(nobody),
        one(image_id=2),
        one(image_id=[]),
        {"id": 4, "image_id": 1, "category_id": 2, "bbox": [0, 0, 9, 9]},
        one(keypoints=[None] * 51),
    ]
    root = folder(tmp_path, *people)
    content = coco(people, [IMAGE, {"id": 2, "file_name": "gone.png"}, {"id": 3}], categories=[CATEGORY])
    put(root, {"annotations/person_keypoints.json": content})
    found = recognise(root).inspect()
    told = {s.name.removeprefix("annotations/person_keypoints.json, "): s.reason for s in found.skipped}
    assert found.count == 1
    assert set(told) == {"image 3", *(f"annotation {n}" for n in (2, 3, 4, 7, 8, 10))}
    assert told["annotation 3"] == "has 3 numbers for its joints, not 51"
    assert told["annotation 7"] == "its image gone.png is not there"
    assert any("left out: 1 with fewer than 4" in note for note in found.notes)
    assert any("left out: 1 in crowds" in note for note in found.notes)


def test_tracks_say_who_is_who_and_val_is_held_out(tmp_path: Path) -> None:
    images = [{"id": i, "file_name": f"clip/{i}.png", "width": 120, "height": 160} for i in range(6)]
    people = [one(image_id=i, track_id=i % 2) for i in range(6)]
    put(tmp_path, {f"images/clip/{i}.png": photo(BODY, size=(120, 160)) for i in range(6)})
    put(
        tmp_path,
        {
            "person_keypoints_train2017.json": coco(people[:4], images[:4], categories=[CATEGORY]),
            "person_keypoints_val2017.json": coco(people[4:], images[4:], categories=[CATEGORY]),
            "captions_val2017.json": coco([{"id": 1, "image_id": 1, "caption": "a"}], images[4:]),
        },
    )
    source = recognise(tmp_path)
    found = source.inspect()
    assert (found.count, found.natural_held_out) == (6, 2)
    data = store.prepare(source)
    assert sorted(data.columns["person"].tolist()) == [0, 0, 0, 1, 1, 1]
    assert data.held_out.tolist() == [4, 5]


def test_images_that_nobody_annotated_do_not_make_it_an_image_folder(tmp_path: Path) -> None:
    root = folder(tmp_path, one())
    images = [IMAGE, *({"id": 10 + i, "file_name": f"{i}.png"} for i in range(5))]
    put(root, {"annotations/person_keypoints.json": coco([one()], images, categories=[CATEGORY])})
    put(root, {f"images/{i}.png": photo(BODY, size=(120, 160)) for i in range(5)})
    assert recognise(root).kind_of == "posed people (COCO)"


def test_joints_without_images_ask_for_the_folder(tmp_path: Path) -> None:
    put(tmp_path, {"k.json": coco([one()], [IMAGE])})
    for path in (tmp_path, tmp_path / "k.json"):
        with pytest.raises(Unrecognised, match="drop the folder"):
            recognise(path)


def test_a_box_that_reaches_out_of_the_image_is_black_there(tmp_path: Path) -> None:
    root = folder(tmp_path, one(bbox=[-40, -40, 240, 240]))
    put(root, {"images/a.png": encoded(np.full((160, 120, 3), 255, np.uint8))})
    data = store.prepare(recognise(root), Preparation((64, 64), held_out=0))
    assert data.values[0, :, 0, 0].max() == 0
    assert data.values[0, :, 30, 30].min() == 255
