"""Which measures there are, what each needs, and what one measured number is. Plain data, no torch: the command line
and the window are made from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from studio.data.dataset import DataSpec

Need = Literal["images", "labels", "embed", "inception", "likelihood", "pose", "rules"]
"""Images; labels of the data; a model that makes features of examples; the file of Inception's weights; a model that
scores a likelihood, one that takes a pose, or one that follows rules: they need draw no samples."""

SMALLEST = 7
"""Pixels: the side of the patches of the sliced distance, so the smallest image that has one."""


class Diverged(ValueError):
    """There is no number, because what the model gives is none."""


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        key: "group/label"; the label names the estimator.
        error: of ``value``, in its unit; None when none is known.
        error_of: what ``error`` is ("standard error", "sd of 10 splits").
        unit: empty for numbers without one.
        how: of how many against how many, of which split, and what else it depends on.
    """

    key: str
    value: float
    error: float | None = None
    error_of: str = ""
    unit: str = ""
    how: str = ""

    @property
    def group(self) -> str:
        """What stands before the label: mostly the name of the measure."""
        return self.key.partition("/")[0]

    @property
    def label(self) -> str:
        return self.key.partition("/")[2]

    def as_plain(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if v not in ("", None)}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Figure:
        """Raises KeyError, TypeError, ValueError for what is none."""
        error = plain.get("error")
        return cls(
            str(plain["key"]),
            float(plain["value"]),
            None if error is None else float(error),
            *(str(plain.get(name, "")) for name in ("error_of", "unit", "how")),
        )


@dataclass(frozen=True)
class Measure:
    """What a person chooses.

    Attributes:
        name: as the command line takes it.
        title: with the estimator, as the window shows it.
        about: one line of help.
        better: whether "lower" or "higher" is better; "half": 50 % is best.
        needs: see :data:`Need`.
        quick: needs no network, and for the samples that are the default less than a minute or so.
        advised: how many samples its papers take, where that is more than a few thousand; 0: no matter.
        cost: what to expect, in words.
        term: key into the glossary.
    """

    name: str
    title: str
    about: str
    better: Literal["lower", "higher", "half"]
    needs: frozenset[Need] = frozenset()
    quick: bool = False
    advised: int = 0
    cost: str = "seconds"
    term: str = ""


def _measure(name: str, title: str, about: str, better: Any, *needs: Need, **rest: Any) -> Measure:
    return Measure(name, title, about, better, frozenset(needs), **rest)


DEFAULT = "wasserstein"
USUAL = (DEFAULT, "pose", "accuracy")
"""What is measured where nobody chose, as far as the model can: distances of its samples, and of one that draws none
what it has instead."""
MEASURES: tuple[Measure, ...] = (
    _measure(
        "wasserstein",
        "Wasserstein-1: exact, sliced, critic",
        "The distances that are drawn while it trains, in pixel or data units, each with its floor",
        "lower",
        quick=True,
        term="wasserstein",
    ),
    _measure(
        "likelihood",
        "Log-likelihood, bits/dim",
        "Of held-out examples, and of images in bits/dim too, which fall as it rises: the mean over draws of the "
        "dequantisation noise, and the importance-weighted bound",
        "higher",
        "likelihood",
        quick=True,
        cost="up to a minute for small images, seconds for points",
        term="likelihood",
    ),
    _measure(
        "pose",
        "SSIM, mask-SSIM, pose error",
        "Held-out people put into the pose of another picture of them, against that picture: how alike they are, and "
        "how far parts of the body lie from where they should",
        "higher",
        "pose",
        quick=True,
        cost="a minute at first: trains the parser that judges",
        term="ssim",
    ),
    _measure(
        "accuracy",
        "Accuracy of student and teacher",
        "How often the likeliest label of held-out sentences is the true one, to the student and to the teacher that "
        "follows its rules; and of those sentences that a rule is about",
        "higher",
        "rules",
        quick=True,
        term="rule distillation",
    ),
    _measure(
        "swd",
        "SWD ×10³ (ProGAN)",
        "Sliced Wasserstein distance of 7×7 patches, for each level of a Laplacian pyramid down to 16 pixels",
        "lower",
        "images",
        quick=True,
        cost="up to a minute",
        advised=16384,
        term="swd",
    ),
    _measure(
        "mmd",
        "MMD² (Gaussian kernels)",
        "Maximum mean discrepancy of the values themselves, biased and unbiased",
        "lower",
        quick=True,
        term="mmd",
    ),
    _measure(
        "two-sample",
        "1-NN two-sample accuracy",
        "How often the nearest other example tells a sample from a real one: 50 % when it cannot",
        "half",
        quick=True,
        term="two-sample",
    ),
    _measure(
        "classes",
        "Classes covered",
        "How many classes the samples cover, as a classifier sees it that is trained on this dataset",
        "higher",
        "labels",
        cost="half a minute at first: trains the classifier",
        term="classifier-features",
    ),
    _measure(
        "parzen",
        "Parzen log-likelihood (2014)",
        "Log-likelihood of held-out images under Gaussians around the samples; only to compare with old papers",
        "higher",
        "images",
        advised=10000,
        term="parzen",
    ),
    _measure(
        "nn",
        "1-NN class accuracy of features",
        "Classes of held-out examples told by the nearest training example, in the model's features and in raw pixels",
        "higher",
        "labels",
        "embed",
        cost="a minute",
        term="1-nn",
    ),
    _measure(
        "fid",
        "FID (Inception)",
        "Fréchet distance between Gaussians fitted to 2,048 Inception features",
        "lower",
        "images",
        "inception",
        advised=10000,
        cost="many minutes on a CPU",
        term="fid",
    ),
    _measure(
        "kid",
        "KID (Inception)",
        "Unbiased MMD² of Inception features with a cubic kernel",
        "lower",
        "images",
        "inception",
        cost="many minutes on a CPU",
        term="kid",
    ),
    _measure(
        "is",
        "Inception score",
        "How sure Inception is of each sample, and how different its answers are; it never looks at the data",
        "higher",
        "images",
        "inception",
        advised=50000,
        cost="many minutes on a CPU",
        term="inception-score",
    ),
    _measure(
        "pr",
        "Precision and recall (Inception)",
        "Share of samples near real images, and the reverse, in Inception features (the paper's are VGG-16's)",
        "higher",
        "images",
        "inception",
        advised=10000,
        cost="many minutes on a CPU",
        term="precision-recall",
    ),
    _measure(
        "fd-classifier",
        "Fréchet distance of classifier features",
        "As FID, but on features of a small classifier trained on this dataset: not comparable with any FID",
        "lower",
        "images",
        "labels",
        cost="half a minute at first: trains the classifier",
        term="classifier-features",
    ),
    _measure(
        "kd-classifier",
        "Kernel distance of classifier features",
        "As KID, on features of a classifier trained on this dataset",
        "lower",
        "images",
        "labels",
        cost="half a minute at first: trains the classifier",
        term="classifier-features",
    ),
    _measure(
        "score-classifier",
        "Classifier score",
        "As the Inception score, by a classifier trained on this dataset: at most the number of classes",
        "higher",
        "images",
        "labels",
        cost="half a minute at first: trains the classifier",
        term="inception-score",
    ),
    _measure(
        "pr-classifier",
        "Precision and recall of classifier features",
        "As precision and recall, on features of a classifier trained on this dataset",
        "higher",
        "images",
        "labels",
        cost="half a minute at first: trains the classifier",
        term="precision-recall",
    ),
)
BY_NAME = {m.name: m for m in MEASURES}


def lacking(measure: Measure, data: DataSpec, capabilities: Iterable[str], *, inception: bool) -> str:
    """Why this measure can't be taken of a model with these capabilities on this data; empty: it can.

    Args:
        inception: whether the weights of the Inception network are at hand, or may be fetched.
    """
    can = set(capabilities)
    if "likelihood" in measure.needs:
        return "" if "score likelihood" in can else "the model gives examples no likelihood"
    if "pose" in measure.needs:
        if "take a pose" not in can:
            return "the model takes no pose"
        lost = [column for column in ("joints", "person") if column not in data.carries]
        return f"{data.name} does not say {' and '.join(lost)} of its pictures" if lost else ""
    if "rules" in measure.needs:
        return "" if "follow rules" in can else "the model follows no rules"
    if "decode latent" not in can:
        return "the model draws no samples from a latent"
    if "images" in measure.needs and data.kind != "images":
        return f"{data.name} holds {data.kind}, and this is a measure of images"
    if "labels" in measure.needs and len(data.classes) < 2:
        return f"{data.name} has no labels"
    if "embed" in measure.needs and not can & {"embed", "encode"}:
        return "the model has no encoder"
    if measure.name == "swd" and min(data.size) < SMALLEST:
        return f"its patches are {SMALLEST}×{SMALLEST} pixels, the images only {data.size[1]}×{data.size[0]}"
    if "inception" in measure.needs and not inception:
        return "the weights of the Inception network are not here: name their file or have them downloaded"
    return ""


def named(words: Sequence[str]) -> list[str]:
    """Names of measures for what a person typed: names, ``quick``, ``all``; each once, in the registry's order.

    Raises:
        ValueError: naming the word that is none, and what there is.
    """
    wanted: set[str] = set()
    for word in words:
        if word in ("all", "quick"):
            wanted |= {m.name for m in MEASURES if word == "all" or m.quick}
        elif word in BY_NAME:
            wanted.add(word)
        else:
            raise ValueError(f"no measure {word!r}; there are: {', '.join(BY_NAME)}, and quick, all")
    return [m.name for m in MEASURES if m.name in wanted]
