"""People who were put into other poses, against the true pictures of them: all numbers of held-out pairs.

``SSIM``, ``mask-SSIM``  made against true picture, see :mod:`~studio.metrics.ssim`; the mask is the pose's.
``pose error by the parser``  centroids of the parts that the judge (:mod:`~studio.metrics.parser`) sees in the made
    picture against those that it sees in the true one: its own mistakes are in both.
``pose error by the true masks``  the same against the exact masks that whoever drew the people gave along.
``parts missed``  share of the parts that the true picture shows and the made one does not; see
    :mod:`~studio.metrics.pose` for what that does to the errors.
``agreement``  the constraint f of the made picture with the pose, as the judge parses it (:mod:`studio.nn.parts`).

Beside them stand two lines to read them by: the true pictures themselves, which err as much as the judge does, and the
sources as they are, for who would make nothing of the pose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.metrics.figures import Diverged, Figure
from studio.metrics.parser import Judge
from studio.metrics.pose import centroids, iou, pose_error
from studio.metrics.ssim import WINDOW, mask_ssim, ssim
from studio.models.core.model import Batch, TakesPose
from studio.nn.parts import agreement, wanted
from studio.nn.pose import mask

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Of N pairs, one number each.

    Attributes:
        ssim, mask_ssim: NaN for pictures smaller than SSIM's window.
        parsed: pose error by the parser, px; NaN where no part is in both pictures.
        exact: pose error by the true masks, px; NaN without masks.
        missed: 0..1, of the parts of the true masks, or of the true picture as parsed.
        overlap: mean over the body's parts of the IoU of parsed with true parts; NaN without masks.
        agreement: nats per pixel.
    """

    ssim: Floats
    mask_ssim: Floats
    parsed: Floats
    exact: Floats
    missed: Floats
    overlap: Floats
    agreement: Floats


def scores(made: Tensor, pairs: Batch, judge: Judge) -> Scores:
    """Of made pictures N×C×H×W in −1..1 in the place of ``pairs.x``."""
    joints, masks = pairs.columns["joints"], pairs.columns.get("parts")
    size = (int(made.shape[2]), int(made.shape[3]))
    log_p = judge.parse(made)
    parts = log_p.argmax(1).numpy().astype(np.uint8)
    found, seen = centroids(parts), centroids(judge.parts(pairs.x))
    parsed, missed = pose_error(found, seen)
    none = np.full(len(made), np.nan)
    exact = overlap = none
    if masks is not None:
        true = masks.numpy()
        exact, missed = pose_error(found, centroids(true))
        each = iou(parts, true)[:, 1:]
        overlap = np.nansum(each, axis=1) / np.maximum(np.isfinite(each).sum(1), 1)
    alike = masked = none
    if min(size) >= WINDOW:
        alike = ssim(made, pairs.x).double().numpy()
        masked = mask_ssim(made, pairs.x, mask(joints, size)).double().numpy()
    agrees = agreement(log_p, wanted(joints, size))[1].double().numpy()
    return Scores(alike, masked, parsed, exact, missed, overlap, agrees)


LABELS: dict[str, tuple[str, str]] = {
    "ssim": ("SSIM", ""),
    "mask_ssim": ("mask-SSIM", ""),
    "parsed": ("pose error by the parser", "px"),
    "exact": ("pose error by the true masks", "px"),
    "missed": ("parts missed", "%"),
    "overlap": ("IoU of parts with the true masks", ""),
    "agreement": ("agreement with the pose (f)", "nats/px"),
}


def figures(model: TakesPose, batches: Iterable[Batch], judge: Judge) -> list[Figure]:
    """Of a model, over pairs in batches with "joints", and "parts" where there are some; :class:`Figure` by figure.

    Raises:
        Diverged: the model's pictures are not finite.
        ValueError: there are no pairs.
    """
    ways: dict[str, Callable[[Batch], Tensor]] = {
        "": lambda batch: finished(model, batch),
        ", true pictures": lambda batch: batch.x,
        ", sources as they are": _sources,
    }
    found: dict[str, list[Scores]] = {suffix: [] for suffix in ways}
    for batch in batches:
        for suffix, way in ways.items():
            found[suffix].append(scores(way(batch), batch, judge))
    many = sum(len(s.ssim) for s in found[""])
    if not many:
        raise ValueError("there are no pairs of pictures of the same person")
    how = f"{many:,} held-out pairs; the parser {judge.about}"
    made = []
    for suffix, all_of in found.items():
        for name, (label, unit) in LABELS.items():
            values = np.concatenate([getattr(one, name) for one in all_of])
            values = values[np.isfinite(values)] * (100 if unit == "%" else 1)
            trivial = suffix == ", true pictures" and name in ("ssim", "mask_ssim", "parsed")
            if len(values) and not trivial:
                error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
                kind = "standard error" if error is not None else ""
                made.append(Figure(f"pose/{label}{suffix}", float(values.mean()), error, kind, unit, how))
    return made


def finished(model: TakesPose, pairs: Batch) -> Tensor:
    """The finished pictures of the sources in the poses of ``pairs``, on the CPU.

    Raises:
        Diverged: they are not finite.
    """
    source = _sources(pairs)
    assert pairs.partner is not None
    with torch.inference_mode():
        stages = model.pose(source, pairs.columns["joints"], pairs.partner.columns["joints"])
    made = next(reversed(stages.values())).float().cpu()
    if not torch.isfinite(made).all():
        raise Diverged("the model's pictures are not finite numbers; it has diverged")
    return made.clamp(-1, 1)


def _sources(pairs: Batch) -> Tensor:
    if pairs.partner is None:
        raise ValueError("a pair has a source, another picture of the same person")
    return pairs.partner.x
