"""People in other poses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data import builtin
from studio.data.dataset import Dataset, DataSpec
from studio.data.pictures import to_pictures
from studio.data.skeleton import JOINTS, PARTS, Joints
from studio.engine.answers.base import PIXELS, Floats, answer, no_pictures
from studio.engine.answers.real import real_examples
from studio.engine.context import Context
from studio.explore.questions.base import Pictures
from studio.explore.questions.pose import BrowsePoses, Person, PosesBrowsed, PoseTaken, TakePose
from studio.metrics.ssim import WINDOW, mask_ssim, ssim
from studio.models.core.model import Model, ParsesParts, TakesPose, capabilities
from studio.nn.parts import agreement, wanted
from studio.nn.pose import mask
from studio.training.sheets import to_bytes

NOBODY = -1
"""The number of a person whom nobody knows."""


@answer.register
def _(question: BrowsePoses, context: Context) -> PosesBrowsed:
    spec = context.run(question.run).info().data
    data = _posed(spec, context)
    people = data.columns.get("person")
    if question.person is not None:
        order = np.flatnonzero(people == question.person) if people is not None else np.empty(0, np.int64)
    else:
        order = data.held_out if question.part == "held out" and len(data.held_out) else data.train
        order = np.random.default_rng(question.seed).permutation(order)
    chosen = order[question.offset : question.offset + question.count]
    return PosesBrowsed(
        len(order),
        chosen.astype(np.int64),
        np.full(len(chosen), NOBODY, np.int64) if people is None else np.asarray(people[chosen], np.int64),
        to_pictures(np.asarray(data.values[chosen]), spec),
        np.array(data.columns["joints"][chosen], np.float32),
    )


@answer.register
def _(question: TakePose, context: Context) -> PoseTaken:
    model, step = context.model(question.where)
    if not isinstance(model, TakesPose):
        raise ValueError(f"{model.title} takes no pose")
    spec = model.data
    joints = np.asarray(question.joints, np.float32)
    if joints.ndim != 3 or joints.shape[1:] != (len(JOINTS), 3) or not len(joints):
        raise ValueError(f"poses are {len(JOINTS)} joints of x, y and known or not, K×18×3; given were {joints.shape}")
    if not np.isfinite(joints).all():
        raise ValueError("a joint of the pose is at no finite place")
    source, source_joints, person = _source(question.source, spec, context)
    poses = torch.from_numpy(joints)
    stages = _stages(model, source, poses, torch.from_numpy(source_joints), context)
    made = next(reversed(stages.values()))
    truth = _truth(question, person, spec, context)
    alike = _alike(made, truth, poses, spec)
    asked = wanted(poses, spec.size)
    parsed, whose = _parsed(question, model, step, made, context)
    scores: dict[str, npt.NDArray[np.float32]] = {}
    total = np.empty(0, np.float32)
    if parsed is not None:
        by_part, sums = agreement(parsed, asked)
        scores = {name: by_part[:, number].numpy() for number, name in enumerate(PARTS)}
        total = sums.numpy()
    return PoseTaken(
        step=step,
        source=to_pictures(to_bytes(source), spec),
        source_joints=source_joints,
        person=person,
        stages={name: to_pictures(to_bytes(x), spec) for name, x in stages.items()},
        truth=no_pictures() if truth is None else to_pictures(truth, spec),
        ssim=alike[0],
        mask_ssim=alike[1],
        parts=None if parsed is None else parsed.argmax(1).to(torch.uint8).numpy(),
        wanted=asked.numpy(),
        scores=scores,
        total=total,
        parser=whose,
    )


def _posed(spec: DataSpec, context: Context) -> Dataset:
    if "joints" not in spec.carries:
        raise ValueError(f"{spec.name} holds no people with joints")
    return context.data(spec)


def _source(who: Person, spec: DataSpec, context: Context) -> tuple[Tensor, Joints, int]:
    """The picture 1×C×H×W in −1..1, its joints, and the number of the person."""
    joints = np.zeros((len(JOINTS), 3), np.float32)
    person = NOBODY
    if who.picture is not None:
        x = torch.from_numpy(_fitting(who.picture, spec))
    else:
        if len(who.real) != 1:
            raise ValueError(f"one picture of a person is posed at a time, not {len(who.real)}")
        x = torch.from_numpy(real_examples(who.real, spec, context)[0])
        if who.real.indices:
            data = _posed(spec, context)
            joints = np.array(data.columns["joints"][who.real.indices[0]], np.float32)
            if "person" in data.columns:
                person = int(data.columns["person"][who.real.indices[0]])
    return x, joints if who.joints is None else np.asarray(who.joints, np.float32), person


def _fitting(picture: Pictures, spec: DataSpec) -> Floats:
    """A made picture H×W×3 on the model's scale, 1×C×H×W."""
    if picture.shape != (*spec.size, 3):
        high, wide = spec.size
        raise ValueError(f"the picture is to have the dataset's size, {wide}×{high} px in colour, not {picture.shape}")
    planes = picture.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - 1
    return np.ascontiguousarray(planes if spec.channels == 3 else planes.mean(1, keepdims=True))


def _stages(
    model: TakesPose, source: Tensor, joints: Tensor, source_joints: Tensor, context: Context
) -> dict[str, Tensor]:
    rows = max(1, PIXELS // source.numel())
    found: dict[str, list[Tensor]] = {}
    with torch.inference_mode():
        for start in range(0, len(joints), rows):
            if len(joints) > rows:
                context.watch.advance(start, len(joints), "posing")
            some = joints[start : start + rows]
            pictures = source.expand(len(some), -1, -1, -1).contiguous(memory_format=torch.channels_last)
            made = model.pose(pictures, some, source_joints.expand(len(some), -1, -1))
            for name, x in made.items():
                found.setdefault(name, []).append(x.float().cpu())
    return {name: torch.cat(parts) for name, parts in found.items()}


def _truth(question: TakePose, person: int, spec: DataSpec, context: Context) -> npt.NDArray[np.uint8] | None:
    """The true pictures K×C×H×W: the dataset's own, or drawn by whoever drew the dataset."""
    if person == NOBODY:
        return None
    if question.target is not None and len(question.joints) == 1:
        data = context.data(spec)
        if 0 <= question.target < len(data) and data.columns["person"][question.target] == person:
            return np.array(data.values[[question.target]])
    return builtin.redrawn(spec, person, np.asarray(question.joints, np.float32))


def _alike(
    made: Tensor, truth: npt.NDArray[np.uint8] | None, joints: Tensor, spec: DataSpec
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """SSIM and mask-SSIM; empty without a truth, and for pictures that are too small for them."""
    if truth is None or min(spec.size) < WINDOW:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    true = torch.from_numpy(truth).float() / 127.5 - 1
    return ssim(made, true).numpy(), mask_ssim(made, true, mask(joints, spec.size)).numpy()


def _parsed(question: TakePose, model: Model, step: int, made: Tensor, context: Context) -> tuple[Tensor | None, str]:
    """Log-probabilities of the parts K×P×H×W, and whose they are; None where there is no parser."""
    if question.parser == "own":
        if "parse parts" not in capabilities(model) or not isinstance(model, ParsesParts):
            return None, ""  # the class can, and this one was trained without a parser
        rows = max(1, PIXELS // max(1, made[0].numel()))
        with torch.inference_mode():
            parsed = torch.cat([model.parse(some).float().cpu() for some in torch.split(made, rows)])
        return parsed, f"the run's own, step {step:,}"
    if question.parser == "judge":
        judge = context.judge(model.data, train=question.train)
        if judge is not None:
            return judge.parse(made), judge.about
    return None, ""
