"""Made-up posed people: black images with a bright blob at one joint, and the files of joints that go with them."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.data.skeleton import JOINTS, J

Numbers = npt.NDArray[np.float64]


def body(width: int = 64, height: int = 128, missing: tuple[str, ...] = ()) -> Numbers:
    """Joints 18×3 in pixels as annotations count, in the middle of an image; 0 for missing ones."""
    random = np.random.default_rng(width + 3 * height)
    made = np.ones((len(JOINTS), 3))
    made[:, 0] = np.round(width * (0.3 + 0.4 * random.random(len(JOINTS))))
    made[:, 1] = np.round(height * (0.15 + 0.7 * random.random(len(JOINTS))))
    made[[J[name] for name in missing]] = 0
    return made


def photo(joints: Numbers, at: str = "left wrist", size: tuple[int, int] = (64, 128), turn: int = 1) -> bytes:
    """A PNG, width × height, with a blob at one joint; stored so that EXIF's orientation turns it upright."""
    x, y = joints[J[at], :2]
    rows, columns = np.mgrid[: size[1], : size[0]]
    blob = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2))
    image = Image.fromarray(np.rint(255 * blob).astype(np.uint8)).convert("RGB")
    exif = Image.Exif()
    if turn != 1:
        exif[0x0112] = turn
    out = io.BytesIO()
    image.save(out, "PNG", exif=exif.tobytes())
    return out.getvalue()


def blob(image: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Where the blob lies, x and y, from the edges of an image C×H×W."""
    bright = image.astype(np.float64).mean(axis=0)
    rows, columns = np.mgrid[: bright.shape[0], : bright.shape[1]]
    return float((bright * (columns + 0.5)).sum() / bright.sum()), float((bright * (rows + 0.5)).sum() / bright.sum())


def patn_row(name: str, joints: Numbers) -> str:
    known = joints[:, 2] > 0
    x, y = (np.where(known, joints[:, axis], -1).astype(int).tolist() for axis in (0, 1))
    return f"{name}: {json.dumps(y)}: {json.dumps(x)}"


def patn(*rows: str) -> bytes:
    return "\n".join(["name:keypoints_y:keypoints_x", *rows, ""]).encode()


def coco(people: list[dict[str, Any]], images: list[dict[str, Any]], **more: Any) -> bytes:
    return json.dumps({"info": {}, "images": images, "annotations": people, **more}).encode()


def openpose(*people: Numbers, key: str = "pose_keypoints_2d", confidence: float = 0.7) -> bytes:
    rows = [[*joints[:, :2].T, joints[:, 2] * confidence] for joints in people]
    return json.dumps({"version": 1.1, "people": [{key: np.array(row).T.ravel().tolist()} for row in rows]}).encode()
