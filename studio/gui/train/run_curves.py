"""All that was measured of one run, as series that plots share: from disk, then every number as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.gui.glossary import terms
from studio.gui.widgets.series import Series
from studio.training.events import Measured

if TYPE_CHECKING:
    from studio.runs.curves import Curves

UNIT = "W₁, model's scale"
"""As :mod:`studio.metrics.measure` has it, and the critic that is held near slope 1 while it trains."""
UNIT_AT_LENGTH = (
    "Wasserstein-1 under the Euclidean distance between two examples on the model's scale:\n"
    "pixels in −1…1, all values of an image as one vector; points in their own units"
)
TITLES = {
    "loss": ("Losses", ""),
    "wasserstein": ("Wasserstein distance", UNIT),
    "likelihood": ("Likelihood", ""),
    "bits per dim": ("Bits per dimension", "bits/dim"),
    "log-likelihood": ("Log-likelihood", "nats"),
    "free energy": ("Free energy", "nats"),
    "elbo": ("Bound (ELBO) and its parts", "nats per example"),
    "active units": ("Active units", "share of the latents, 0–1"),
    "free bits": ("Free bits", "share of the latents, 0–1"),
    "kl": ("KL divergence", "nats"),
    "log-det": ("Log-determinant", "nats, mean of a batch"),
    "annealing": ("Annealing", "weight β"),
    "invertibility": ("Invertibility", "slope, 0: cannot be undone"),
    "mixing": ("Mixing of channels", "singular value, 0: cannot be undone"),
    "discriminator": ("Discriminator", "probability of being real"),
    "divergence": ("Divergence", "nats"),
    "value": ("Value of the game", "nats"),
    "score": ("Score of the discriminator", "margins at ±1"),
    "total variation": ("Total variation", "share told apart, 0–1"),
    "reconstruction": ("Reconstruction", "Euclidean distance, pixels 0–1"),
    "information": ("Information", "nats"),
    "critic gap": ("Critic's gap", "in the critic's own unit"),
    "clip": ("Clipping", "share of the weights"),
    "accuracy": ("Accuracy on sentences kept from training", "share, 0–1"),
    "accuracy under the rule": ("Accuracy where the rule applies", "share, 0–1"),
    "test accuracy": ("Accuracy on the test part", "share, 0–1"),
    "test accuracy under the rule": ("Test accuracy where the rule applies", "share, 0–1"),
    "agreement": ("Agreement of student and teacher", "share, 0–1"),
    "truth of the rule": ("Truth of the rule", "0–1, mean of a batch"),
    "cross entropy": ("Cross entropy", "nats"),
    "modes": ("Modes", ""),
    "classes": ("Classes", "shares"),
    "class divergence": ("Class divergence", "nats"),
    "oscillation": ("Oscillation", ""),
    "gradient norm": ("Gradient norm", ""),
    "gradient variance": ("Variance of the gradient of q", "nats², over draws, all units"),
    "baseline": ("Baseline", "share of the variance, 0–1"),
    "mmd": ("Maximum mean discrepancy", "MMD², all bandwidths"),
    "mmd of each σ": ("Discrepancy by bandwidth", "MMD², biased"),
    "speed": ("Speed", ""),
}
"""Titles and units of groups whose name alone says too little; any other group is shown under its own name."""
ON_TABS = {
    "wasserstein": "Wasserstein",
    "value": "Value",
    "score": "Score",
    "bits per dim": "Bits/dim",
    "log-likelihood": "Likelihood",
    "kl": "KL",
    "elbo": "ELBO",
    "log-det": "Log-det",
    "gradient variance": "Variance",
    "mmd": "MMD",
    "mmd of each σ": "MMD by σ",
    "accuracy": "Accuracy",
    "accuracy under the rule": "Under the rule",
    "test accuracy": "Test",
    "test accuracy under the rule": "Test, rule",
    "agreement": "Agreement",
    "truth of the rule": "Truth",
}
"""Where a tab says it shorter than the title."""
LOGARITHMIC = ("gradient variance",)
"""Groups whose curves are orders of magnitude apart: their plots begin with a logarithmic axis."""
FIRST = ("loss", "wasserstein")
"""Groups that have a plot of their own from the start; the others share the tabs."""
GAME = (
    "loss",
    "discriminator",
    "score",
    "divergence",
    "total variation",
    "value",
    "bits per dim",
    "log-likelihood",
    "free energy",
    "elbo",
    "kl",
    "mmd",
    "cross entropy",
    "imitation",
)
"""What is descended, and the players' game: tabs of the left plot. What tells how good the samples are, or of what the
loss is made up, is beside it."""
OTHERS = (
    "wasserstein",
    "accuracy",
    "accuracy under the rule",
    "test accuracy",
    "test accuracy under the rule",
    "truth of the rule",
    "agreement",
    "log-det",
    "gradient variance",
    "mmd of each σ",
    "active units",
    "critic gap",
    "information",
    "modes",
    "classes",
    "class divergence",
    "reconstruction",
    "gradient norm",
    "clip",
    "oscillation",
)
"""Tabs of the right plot, in this order; groups that nobody has heard of follow."""

GROUP_TERMS = {
    "divergence": "jsd",
    "clip": "clipping",
    "score": "hinge",
    "classes": "modes",
    "class-divergence": "modes",
    "effective-sample-size": "effective sample size",
    "mmd-of-each-σ": "bandwidth",
    "active-units": "active units",
    "free-bits": "free bits",
    "imitation": "rule distillation",
    "truth-of-the-rule": "logic rule",
    "rule": "logic rule",
}
"""Where the glossary's word for a group of curves is another than the group's name."""


class RunCurves:
    """Series by "panel/curve" and marks of one run, in rising steps."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.series: dict[str, Series] = {}
        self.marks: list[tuple[float, str]] = []
        self.last_step = -1

    def add(self, event: Measured) -> bool:
        """Every value of one step. True when a curve is new."""
        if event.step < self.last_step:
            self.back_to(event.step)
        self.last_step = event.step
        new = False
        for key, value in event.values.items():
            series = self.series.get(key)
            if series is None:
                series = self.series[key] = Series()
                new = True
            elif len(series) and series.x[-1] >= event.step:  # the step was done again: after a pause, or step by step
                series.truncate(event.step)
            series.append(event.step, value)
        return new

    def mark(self, step: float, label: str) -> None:
        if (step, label) not in self.marks[-4:]:
            self.marks.append((step, label))

    def back_to(self, step: float) -> None:
        """The run went back to a checkpoint: forget what was measured at this step and after it."""
        for series in self.series.values():
            series.truncate(step)
        self.marks = [m for m in self.marks if m[0] < step]
        self.last_step = int(step) - 1

    def groups(self) -> dict[str, list[str]]:
        """Keys by group, the first groups first; names without a group go under "other"."""
        found: dict[str, list[str]] = {g: [] for g in FIRST}
        for key in self.series:
            found.setdefault(group_of(key), []).append(key)
        return {g: keys for g, keys in found.items() if keys}


def from_disk(run: str, curves: Curves) -> RunCurves:
    """What the library read, as series; the work of it is done by whichever thread calls."""
    made = RunCurves(run)
    for key, curve in curves.curves.items():
        made.series[key] = Series(curve.step, curve.y)
        if len(curve.step):
            made.last_step = max(made.last_step, int(curve.step[-1]))
    made.marks = [(float(step), label) for step, label in curves.marks]
    return made


def joined(disk: RunCurves, live: RunCurves) -> RunCurves:
    """The history from disk with what arrived meanwhile: live numbers win where both know a step."""
    for key, series in live.series.items():
        known = disk.series.get(key)
        if known is None:
            disk.series[key] = series
        elif len(series):
            known.truncate(float(series.x[0]))
            known.extend(series.x, series.y)
    disk.marks = sorted({*disk.marks, *live.marks})
    disk.last_step = max(disk.last_step, live.last_step)
    return disk


def group_of(key: str) -> str:
    return key.partition("/")[0] if "/" in key else "other"


def title_of(group: str) -> tuple[str, str]:
    """Title and unit of a group's plot."""
    return TITLES.get(group, (group[:1].upper() + group[1:], ""))


def label_of(key: str) -> str:
    return key.partition("/")[2] or key


def term_of(key: str) -> str:
    """The glossary's term for what a curve is, "" for none."""
    group, name = group_of(key).replace(" ", "-"), label_of(key)
    if group == "wasserstein":
        found = next((t for t in ("floor", "critic", "sliced", "exact") if name.startswith(t)), "")
        return found if found in ("", "floor") else f"wasserstein-{found}"
    return next((t for t in (GROUP_TERMS.get(group, group), name) if t in terms()), "")


def is_reference(key: str) -> bool:
    """Whether a curve is a level to compare others with: a floor."""
    return label_of(key).startswith("floor")
