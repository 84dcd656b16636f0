from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data import store
from studio.data.errors import Unrecognised
from studio.data.readers.patn import person
from studio.data.reading import Preparation
from studio.data.skeleton import J
from studio.data.sources import recognise
from tests.data.made import put
from tests.data.posed import blob, body, patn, patn_row, photo

JOINTS = body(missing=("nose",))
TRAIN = ["0002_c1_a.jpg", "0002_c2_b.jpg", "0007_c1_a.jpg", "0007_c3_b.jpg"]
TEST = ["0100_c1_a.jpg", "0100_c2_b.jpg", "-1_c1_a.jpg", "0000_c2_a.jpg"]


def market(root: Path) -> Path:
    """Four training and two test images of three people, two distractors, and pairs."""
    images = {f"train/{n}": photo(JOINTS) for n in TRAIN} | {f"test/{n}": photo(JOINTS) for n in TEST}
    return put(
        root,
        images
        | {
            "market-annotation-train.csv": patn(*(patn_row(n, JOINTS) for n in TRAIN)),
            "market-annotation-test.csv": patn(*(patn_row(n, JOINTS) for n in TEST)),
            "market-pairs-train.csv": f"from,to\n{TRAIN[0]},{TRAIN[1]}\n{TRAIN[3]},{TRAIN[2]}\n".encode(),
            "market-pairs-test.csv": f"from,to\n{TEST[1]},{TEST[0]}\n".encode(),
        },
    )


def test_images_joints_people_pairs_and_the_split_come_from_the_files(tmp_path: Path) -> None:
    source = recognise(market(tmp_path / "market"))
    found = source.inspect()
    assert (source.kind_of, found.kind, found.count, found.natural_held_out) == ("posed people (PATN)", "images", 6, 2)
    assert found.suggested.fit == "pad"
    assert any("2 distractors" in note for note in found.notes)
    data = store.prepare(source, Preparation((128, 64), held_out=found.suggested.held_out))
    assert data.spec.carries == ("joints", "person")
    assert len(data.train) == 4
    person = data.columns["person"]
    order = [Path(item.name).name for item in source.people]  # type: ignore[attr-defined]
    assert [order[i] for i in data.held_out] == TEST[:2]
    assert person[order.index(TRAIN[0])] == person[order.index(TRAIN[1])] != person[order.index(TRAIN[2])]
    assert [[order[a], order[b]] for a, b in data.tables["pairs"]] == [
        [TEST[1], TEST[0]],
        [TRAIN[0], TRAIN[1]],
        [TRAIN[3], TRAIN[2]],
    ]
    about = store.details(data.spec.fingerprint)
    assert (about.extra["people"], about.extra["pairs"]) == (3, 3)


def test_rows_come_before_columns_and_minus_one_is_missing(tmp_path: Path) -> None:
    data = store.prepare(recognise(market(tmp_path)), Preparation((128, 64)))
    joints = data.columns["joints"]
    assert joints.dtype == np.float32
    assert joints.shape == (6, 18, 3)
    known = JOINTS[:, 2] > 0
    assert np.allclose(joints[0, known, :2], JOINTS[known, :2] + 0.5)
    assert (joints[:, J["nose"]] == 0).all()
    assert blob(data.values[0]) == pytest.approx(tuple(joints[0, J["left wrist"], :2]), abs=0.1)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(64, 64), (32, 48), (128, 96), (300, 200)])
def test_joints_follow_the_fitting_of_their_image(tmp_path: Path, fit: str, size: tuple[int, int]) -> None:
    data = store.prepare(recognise(market(tmp_path)), Preparation(size, fit))  # type: ignore[arg-type]
    wrist = data.columns["joints"][0, J["left wrist"]]
    if wrist[2]:
        assert blob(data.values[0]) == pytest.approx(tuple(wrist[:2]), abs=0.35)
    else:
        assert fit == "crop"
        assert data.values[0].max() < 250  # cut off, or at the edge


def test_what_is_wrong_is_told_by_line(tmp_path: Path) -> None:
    root = market(tmp_path)
    good = patn_row("0009_c1_a.jpg", JOINTS)
    put(
        root,
        {
            "train/0009_c1_a.jpg": photo(JOINTS),
            "train/broken.jpg": b"\xff\xd8\xff damaged",
            "market-annotation-train.csv": patn(
                good,
                "no row at all",
                good,
                patn_row("0008_gone.jpg", JOINTS),
                "0010_a.jpg:[1, 2]:[1, 2]",
                f"0011_a.jpg:{[1] * 18}:{['x'] * 18}".replace("'", '"'),
                patn_row("broken.jpg", JOINTS),
            ),
            "market-pairs-train.csv": b"from,to\n0009_c1_a.jpg\n0009_c1_a.jpg,nobody.jpg\n"
            b"0009_c1_a.jpg,0009_c1_a.jpg\n",
        },
    )
    source = recognise(root)
    found = source.inspect()
    told = {s.name: s.reason for s in found.skipped}
    csv, pairs = "market-annotation-train.csv", "market-pairs-train.csv"
    assert told[f"{csv}, line 3"] == "is not name:[numbers]:[numbers]"
    assert told[f"{csv}, line 4"] == "0009_c1_a.jpg has a line already"
    assert told[f"{csv}, line 5"] == "its image 0008_gone.jpg is not there"
    assert told[f"{csv}, line 6"] == "has 2 and 2 numbers, not 18 each"
    assert told[f"{csv}, line 7"] == "keypoints_x is no list of numbers"
    assert f"train/broken.jpg ({csv}, line 8)" in told
    assert told[f"{pairs}, line 2"] == "should be two names, parted by a comma"
    assert told[f"{pairs}, line 3"] == "nobody.jpg has no joints"
    data = store.prepare(source)
    assert data.spec.count == 3
    assert len(data.tables["pairs"]) == 2  # of the test file, and of a picture with itself


def test_joints_outside_the_image_are_missing_and_counted(tmp_path: Path) -> None:
    far = JOINTS.copy()
    far[J["right ankle"], :2] = (70, 200)
    put(tmp_path, {"a_1.jpg": photo(far), "x-annotation.csv": patn(patn_row("a_1.jpg", far))})
    data = store.prepare(recognise(tmp_path), Preparation((128, 64), held_out=0))
    assert (data.columns["joints"][0, J["right ankle"]] == 0).all()
    assert any(
        n.startswith("outside their images, and so missing: 1 of") for n in store.details(data.spec.fingerprint).notes
    )


@pytest.mark.parametrize("turn", range(1, 9))
def test_joints_of_a_stored_image_are_turned_upright_with_it(tmp_path: Path, turn: int) -> None:
    """The annotation is of the pixels as they are stored; a mirror image has left and right change places."""
    put(tmp_path, {"a_1.png": photo(JOINTS, turn=turn), "x-annotation.csv": patn(patn_row("a_1.png", JOINTS))})
    data = store.prepare(recognise(tmp_path), Preparation((64, 128) if turn >= 5 else (128, 64), held_out=0))
    wrist = J["right wrist"] if turn in (2, 4, 5, 7) else J["left wrist"]
    assert blob(data.values[0]) == pytest.approx(tuple(data.columns["joints"][0, wrist, :2]), abs=0.1)


def test_only_a_test_annotation_holds_nobody_out_by_itself(tmp_path: Path) -> None:
    put(tmp_path, {f"{i}_a.jpg": photo(JOINTS) for i in range(4)})
    put(tmp_path, {"m-annotation-test.csv": patn(*(patn_row(f"{i}_a.jpg", JOINTS) for i in range(4)))})
    assert recognise(tmp_path).inspect().natural_held_out == 0


def test_joints_without_images_ask_for_the_folder(tmp_path: Path) -> None:
    root = put(tmp_path, {"market-annotation-train.csv": patn(patn_row("a.jpg", JOINTS))})
    for path in (root, root / "market-annotation-train.csv"):
        with pytest.raises(Unrecognised, match="drop the folder"):
            recognise(path)
    put(root, {"other.jpg": photo(JOINTS)})
    assert recognise(root).kind_of == "image folder"  # the table is a stray one


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("0002_c1s1_000451_03.jpg", "0002"),
        ("fashionWOMENBlouses_Shirtsid0000311501_7additional.jpg", "fashionWOMENBlouses_Shirtsid0000311501"),
        ("fashionMENTees_Tanksid0000595506_2side.jpg", "fashionMENTees_Tanksid0000595506"),
        ("WOMEN/Blouses_Shirts/id_00003115/01_7_additional.jpg", "WOMEN/Blouses_Shirts/id_00003115/01"),
    ],
)
def test_the_name_says_who_it_is(name: str, who: str) -> None:
    assert person(name) == who
