"""The fixed-seed sample sheet: the same latents at every step, drawn with the averaged weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from studio.data import files, pictures
from studio.data.dataset import Dataset, DataSpec
from studio.models.core import latents
from studio.models.core.model import DecodesLatent, Model
from studio.runs.folder import RunFolder
from studio.training.device import random_numbers_kept

IMAGES = 64
POINTS = 2048


class Sheet:
    """The sheet of one run.

    Args:
        model: what samples are drawn with; must decode a latent.
        seed: of the latents.
    """

    def __init__(self, model: Model, data: Dataset, seed: int, device: torch.device) -> None:
        if not isinstance(model, DecodesLatent):
            raise TypeError(f"{model.title} decodes no latent")
        self._model: DecodesLatent = model
        self._data = data
        self._device = device
        count = IMAGES if data.spec.kind == "images" else POINTS
        self._z = torch.from_numpy(latents.draw(model.prior, count, seed)).to(device)

    def draw(self) -> npt.NDArray[np.uint8]:
        """uint8 N×H×W×3; for points one picture of them all over real ones. Training's random numbers are kept."""
        with torch.no_grad(), random_numbers_kept(self._device):
            made = torch.cat([self._model.decode(z) for z in torch.split(self._z, IMAGES if self._images else POINTS)])
        if self._images:
            return pictures.to_pictures(to_bytes(made), self._data.spec)
        real = np.asarray(self._data.values[self._data.train[:POINTS]])
        return pictures.points_picture(made.float().cpu().numpy(), real)[None]

    @property
    def _images(self) -> bool:
        return self._data.spec.kind == "images"


def to_bytes(x: Tensor) -> npt.NDArray[np.uint8]:
    """Images in −1..1 as uint8, on the CPU; what lies outside is clipped."""
    grey: npt.NDArray[np.uint8] = x.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    return np.ascontiguousarray(grey)


def save(run: RunFolder, step: int, images: npt.NDArray[np.uint8], spec: DataSpec) -> None:
    """As sheets/<step>.png, whole or not at all."""
    whole: Any = images[0] if spec.kind == "points" else pictures.sheet(images)
    with files.replacing(run.sheet(step)) as fresh:
        Image.fromarray(whole).save(fresh, format="PNG", compress_level=3)
