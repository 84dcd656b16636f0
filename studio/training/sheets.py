"""The fixed-seed sample sheet: the same latents at every step, drawn with the averaged weights.

Where a latent has a class, or a categorical code, of up to ``VALUES`` values, the sheet has a column for each of them,
and the same noise all along a row: so one sees what a value means, and which are not learned yet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from studio.data import files, pictures
from studio.data.dataset import Dataset, DataSpec
from studio.models.core import latents
from studio.models.core.latents import Part, Prior
from studio.models.core.model import DecodesLatent, Illustrates, Model
from studio.runs.folder import RunFolder
from studio.training import feed
from studio.training.device import random_numbers_kept

IMAGES = 64
POINTS = 2048
VALUES = 16
ROWS = 8
"""Examples on a sheet that shows what a model makes of them."""


class Sheet(ABC):
    """The sheet of one run.

    Attributes:
        columns: how many images belong in a row; 0: as many as fit.
        titles: of the columns, where each has one.
    """

    columns: int = 0
    titles: tuple[str, ...] = ()

    @abstractmethod
    def draw(self) -> npt.NDArray[np.uint8]:
        """uint8 N×H×W×3; for points one picture of them all over real ones. Training's random numbers are kept."""


def sheet_of(model: Model, data: Dataset, device: torch.device) -> Sheet | None:
    """What there is to see of a model while it trains: what it makes of examples, where it shows that, else its
    samples; None for neither.

    Args:
        model: what is drawn with, with the weights that samples are drawn with. The recipe's seed is the sheet's.
    """
    if isinstance(model, Illustrates) and len(data):
        return Rows(model, data, model.recipe.seed, device)
    if isinstance(model, DecodesLatent):
        return Samples(model, data, model.recipe.seed, device)
    return None


class Samples(Sheet):
    """Samples of fixed latents."""

    def __init__(self, model: Model, data: Dataset, seed: int, device: torch.device) -> None:
        if not isinstance(model, DecodesLatent):
            raise TypeError(f"{model.title} decodes no latent")
        self._model: DecodesLatent = model
        self._data = data
        self._device = device
        part = across(model.prior) if self._images else None
        self.columns = 0 if part is None else part.size
        if part is not None:
            z = varied(model.prior, part, max(1, round(IMAGES / part.size)), seed, model.temperature)
        else:
            z = latents.draw(model.prior, IMAGES if self._images else POINTS, seed, temperature=model.temperature)
        self._z = torch.from_numpy(z).to(device)

    def draw(self) -> npt.NDArray[np.uint8]:
        with torch.no_grad(), random_numbers_kept(self._device):
            made = torch.cat([self._model.decode(z) for z in torch.split(self._z, IMAGES if self._images else POINTS)])
        if self._images:
            return pictures.to_pictures(to_bytes(made), self._data.spec)
        real = np.asarray(self._data.values[self._data.train[:POINTS]])
        return pictures.points_picture(made.float().cpu().numpy(), real)[None]

    @property
    def _images(self) -> bool:
        return self._data.spec.pictured


class Rows(Sheet):
    """Held-out examples (training ones where nothing is held out), and what the model makes of each, side by side."""

    def __init__(self, model: Model, data: Dataset, seed: int, device: torch.device) -> None:
        if not isinstance(model, Illustrates):
            raise TypeError(f"{model.title} illustrates nothing")
        self._model: Illustrates = model
        self._device = device
        self._batch = feed.chosen(data, ROWS, seed, device, model.wants, model.pairs)
        with torch.no_grad(), random_numbers_kept(device):
            self.titles = tuple(model.illustrate(self._batch))
        self.columns = len(self.titles)

    def draw(self) -> npt.NDArray[np.uint8]:
        with torch.no_grad(), random_numbers_kept(self._device):
            made = list(self._model.illustrate(self._batch).values())
        rows = torch.stack([x.expand(-1, 3, -1, -1) for x in made], 1).flatten(0, 1)
        return np.ascontiguousarray(to_bytes(rows).transpose(0, 2, 3, 1))


def across(prior: Prior) -> Part | None:
    """The part of a latent whose values stand side by side: the class, else the first categorical code; None when
    there is none of up to ``VALUES`` values."""
    able = [p for role in ("class", "code") for p, _ in prior.placed(role) if p.kind == "categorical"]
    return next((p for p in able if 2 <= p.size <= VALUES), None)


def varied(prior: Prior, part: Part, rows: int, seed: int, temperature: float = 1.0) -> npt.NDArray[np.float32]:
    """Latents (rows · values)×size in reading order: each value of ``part`` along a row, all else held."""
    z = latents.draw(prior, rows, seed, temperature=temperature).repeat(part.size, axis=0)
    z[:, prior.place(part.name)] = np.tile(latents.one_hot(np.arange(part.size), part.size), (rows, 1))
    return z


def to_bytes(x: Tensor) -> npt.NDArray[np.uint8]:
    """Images in −1..1 as uint8, on the CPU; what lies outside is clipped."""
    grey: npt.NDArray[np.uint8] = x.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    return np.ascontiguousarray(grey)


def save(
    run: RunFolder,
    step: int,
    images: npt.NDArray[np.uint8],
    spec: DataSpec,
    columns: int = 0,
    titles: tuple[str, ...] = (),
) -> None:
    """As sheets/<step>.png, whole or not at all. ``columns`` 0: about square; any other stands in the file too, and so
    do their titles, a line each."""
    whole: Any = images[0] if spec.kind == "points" else pictures.sheet(images, columns or None)
    said = PngInfo()
    if columns:
        said.add_text("columns", str(columns))
    if titles:
        said.add_itxt("titles", "\n".join(titles))
    with files.replacing(run.sheet(step)) as fresh:
        Image.fromarray(whole).save(fresh, format="PNG", compress_level=3, pnginfo=said)
