"""InfoGAN's codes on MNIST: c1 becomes the digit, c2 and c3 rotation and width. Chen et al. 2016, arXiv:1606.03657."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.watch import Watch
from studio.experiments.core import drawing
from studio.experiments.core.experiment import (
    Evidence,
    Experiment,
    Figure,
    Findings,
    Outcome,
    Picture,
    Planned,
    Preset,
    PresetName,
    Ran,
    Table,
)
from studio.models.core.recipe import Value

Floats = npt.NDArray[np.float32]

SIZES: dict[PresetName, dict[str, Value]] = {
    "short": {"steps": 4000, "batch": 64, "width": 16, "dense": 128},
    "full": {"steps": 15_000, "batch": 64, "width": 32, "dense": 256},
}
HEADLINE = "unsupervised accuracy of c1, best one-to-one assignment"
FACTORS = ("slant", "width", "stroke")
SWEEP = np.linspace(-1, 1, 7)
QUICKLY, CHECKPOINTS = 2000, 10
"""Held-out images and checkpoints of the curve of the accuracy."""
HELD = 8
"""Draws of the noise for each digit, in the sweeps that correlations are taken over."""


def planned(preset: PresetName, seeds: Sequence[int]) -> tuple[Planned, ...]:
    return tuple(
        Planned(
            f"{seed}",
            "infogan",
            "mnist",
            {**SIZES[preset], "codes": "10, u, u", "seed": seed},
            f"InfoGAN codes, seed {seed}",
        )
        for seed in seeds
    )


def conclude(evidence: Evidence) -> Findings:
    from studio.experiments.core.looking import Several, over

    seen = [_look(ran, evidence) for ran in evidence.runs]
    accuracy = Several.of([100 * s["accuracy"] for s in seen])
    told = Several.of([s["information"] for s in seen])
    best = sorted(seen, key=lambda s: s["accuracy"])[len(seen) // 2]
    slant, width, which = _named(best["related"])
    how = f"{best['n']:,} held-out images, {over(seen)}"
    figures = (
        Figure(HEADLINE, accuracy.middle, accuracy.reach, "%", "≈ 95 %", how),
        Figure("L_I of c1", told.middle, told.reach, "nats", "≈ ln 10 = 2.30", "mean of the training's last tenth"),
        Figure(
            f"correlation of {which[0]} with slant", slant, reported="rotation (figure)",
            how="within sweeps −1..1 that hold c1 and the noise; slant by moments of the ink",
        ),
        Figure(
            f"correlation of {which[1]} with {which[2]}", width, reported="width (figure)",
            how="the same; standard deviation of the upright digit across, or thickness of the stroke",
        ),
    )  # fmt: skip
    digits, turned, wide = accuracy.middle >= 90, abs(slant) >= 0.5, abs(width) >= 0.5
    outcome: Outcome = "shown" if digits and turned and wide else "partly" if accuracy.middle >= 50 else "not shown"
    verdict = (
        f"c1 tells {accuracy.middle:.1f} % of the digits without having seen a label (the paper: about 95 %); "
        f"{which[0]} goes with slant (r = {slant:+.2f}), {which[1]} with {which[2]} (r = {width:+.2f})."
    )
    rows = tuple((code, *(f"{r:+.2f}" for r in row)) for code, row in best["related"].items())
    pictures = (best["picture"], *best["sweeps"], _curves(evidence))
    return Findings(figures, outcome, verdict, pictures, Table(("code", *(f"r with {f}" for f in FACTORS)), rows))


def _look(ran: Ran, evidence: Evidence) -> dict[str, Any]:
    """Everything that is to be seen in one run."""
    from studio.experiments.core.looking import data_of, model_of, scaled, through
    from studio.explore.codes import confusion, dials, match, sweep
    from studio.models.core.latents import draw
    from studio.runs import curves

    model, data, watch = model_of(ran.run), data_of(ran.run), evidence.watch
    if data.labels is None:
        raise ValueError(f"{data.spec.name} has no labels that codes could be compared with")
    chosen = data.held_out if len(data.held_out) else data.train
    chosen = chosen[: 10_000 if evidence.preset == "full" else 4000]
    read = through(model.read_codes, scaled(data, chosen), watch, "reading codes")
    values, labels = read[:, :10].argmax(axis=1), np.asarray(data.labels[chosen])
    matched = match(confusion(values, labels, (10, len(data.spec.classes))))
    order = sorted(range(10), key=lambda v: (matched.to[v] < 0, matched.to[v]))
    c1, *numbers = dials(model.prior, "code")

    z = draw(model.prior, 10, 1)
    key = ran.planned.key
    sheet = through(model.decode, sweep(z, c1, order), watch, "drawing")
    spec, folder = data.spec, evidence.folder
    assigned = ", ".join(spec.classes[matched.to[v]] if matched.to[v] >= 0 else "–" for v in order)
    picture = drawing.save_sheet(
        sheet, spec, folder, f"c1-{key}", f"A column for each value of c1, read as {assigned}", 10
    )
    steady = c1.put(np.repeat(z[:1], 10, axis=0), 0)
    for row, value in enumerate(order):
        steady[row] = c1.put(z[0], value)
    sweeps, related = [], {}
    for dial in numbers:
        shown = through(model.decode, sweep(steady, dial, np.linspace(-2, 2, 9).tolist()), watch, "drawing")
        sweeps.append(
            drawing.save_sheet(
                shown, spec, folder, f"{dial.name}-{key}", f"{dial.name} from −2 to 2, c1 held along a row", 9
            )
        )
        related[dial.name] = _related(model, c1, dial, watch)
    return {
        "accuracy": matched.accuracy,
        "n": len(chosen),
        "information": _last(curves.read(ran.run.path), "information/L_I of c1 (10 values)"),
        "related": related,
        "picture": picture,
        "sweeps": sweeps,
    }


def _related(model: Any, c1: Any, dial: Any, watch: Watch) -> tuple[float, ...]:
    """Correlation of a code with each of ``FACTORS``, c1 and the noise held along each sweep."""
    from studio.experiments.core.looking import through
    from studio.explore.codes import sweep
    from studio.models.core.latents import draw

    z = np.concatenate([c1.put(draw(model.prior, HELD, 2), value) for value in range(c1.part.size)])
    made = through(model.decode, sweep(z, dial, SWEEP.tolist()), watch, f"sweeping {dial.name}")
    found = factors(made).reshape(len(z), len(SWEEP), len(FACTORS))
    return tuple(within(SWEEP, found[:, :, i]) for i in range(len(FACTORS)))


def factors(images: Floats) -> npt.NDArray[np.float64]:
    """Slant, width and stroke of digits N×1×H×W in −1..1, white on black: N×3.

    Slant is cov(x, y)/var(y) of the ink, the tangent of the angle that it leans by (x to the right, y upwards): 0 for
    an upright stroke. Width, in pixels, is the standard deviation of x once that slant is taken out. Stroke, in
    pixels, is twice the ink over the total variation: for a stroke that is long against its thickness, its thickness.
    """
    ink = np.clip((images[:, 0].astype(np.float64) + 1) / 2, 0, 1)
    ink = np.where(ink > 0.1, ink, 0.0)
    total = np.maximum(ink.sum((1, 2)), 1e-9)
    height, width = ink.shape[1:]
    x, y = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[::-1]
    mx = (ink.sum(1) @ x) / total
    my = (ink.sum(2) @ y) / total
    dx, dy = x[None, None, :] - mx[:, None, None], y[None, :, None] - my[:, None, None]
    xx, yy, xy = ((ink * a).sum((1, 2)) / total for a in (dx * dx, dy * dy, dx * dy))
    slant = xy / np.maximum(yy, 1e-9)
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    down, across = np.diff(padded, axis=1)[:, :, :-1], np.diff(padded, axis=2)[:, :-1, :]
    edge = np.hypot(down, across).sum((1, 2))
    return np.stack([slant, np.sqrt(np.maximum(xx - slant * xy, 0)), 2 * total / np.maximum(edge, 1e-9)], axis=1)


def within(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """Pearson's correlation of x (K) with each row of y (G×K), the mean of each row taken off: −1..1."""
    a = np.broadcast_to(x - x.mean(), y.shape).ravel()
    b = (y - y.mean(axis=1, keepdims=True)).ravel()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else 0.0


def _named(related: dict[str, tuple[float, ...]]) -> tuple[float, float, tuple[str, str, str]]:
    """Which code goes with slant and which with width or stroke: the assignment with the largest |r| in sum."""
    best: tuple[float, float, float, tuple[str, str, str]] = (-1.0, 0.0, 0.0, ("c2", "c3", "width"))
    for a, row in related.items():
        for b, other in related.items():
            if a == b:
                continue
            r, name = max((other[1], "width"), (other[2], "stroke"), key=lambda pair: abs(pair[0]))
            if abs(row[0]) + abs(r) > best[0]:
                best = (abs(row[0]) + abs(r), row[0], r, (a, b, name))
    return best[1:]


def _last(found: Any, name: str) -> float:
    y = found[name].y if name in found else np.full(1, np.nan)
    return float(y[-max(1, len(y) // 10) :].mean())


def _curves(evidence: Evidence) -> Picture:
    """Of the first run: L_I of each code over the training, and how well c1 told the digits at its checkpoints."""
    from studio.runs import curves

    figure, (left, right) = drawing.figure(2)
    ran = evidence.runs[0]
    found = curves.read(ran.run.path).curves
    for number, name in enumerate(n for n in found if n.startswith("information/") and "all" not in n):
        x, y = drawing.smooth(found[name].step, found[name].y)
        left.plot(x, y, color=drawing.COLOURS[number], lw=1.2, label=name.removeprefix("information/"))
    left.axhline(np.log(10), color="black", lw=0.6, ls=":", label="H(c1) = ln 10")
    drawing.dressed(left, "what the pictures tell of the codes", "step", "nats")
    steps = ran.run.checkpoints()
    steps = [steps[i] for i in sorted({round(i) for i in np.linspace(0, len(steps) - 1, CHECKPOINTS)})]
    told = [100 * _accuracy(ran, step, evidence.watch) for step in steps]
    right.plot(steps, told, "o-", color=drawing.COLOURS[0], ms=3, lw=1.2)
    right.axhline(95, color="black", lw=0.6, ls=":", label="the paper, about 95 %")
    right.set_ylim(0, 100)
    drawing.dressed(right, f"digits that c1 tells, of {QUICKLY:,}", "step", "%")
    return drawing.save(figure, evidence.folder, "information", "L_I and unsupervised accuracy through the training")


def _accuracy(ran: Ran, step: int, watch: Watch) -> float:
    """Of c1 at a checkpoint, on a part of the held-out images."""
    from studio.experiments.core.looking import data_of, model_of, scaled, through
    from studio.explore.codes import unsupervised_accuracy

    data = data_of(ran.run)
    chosen = (data.held_out if len(data.held_out) else data.train)[:QUICKLY]
    read = through(model_of(ran.run, step).read_codes, scaled(data, chosen), watch, f"step {step:,}")
    return unsupervised_accuracy(read[:, :10].argmax(axis=1), np.asarray(data.labels)[chosen])


experiment = Experiment(
    name="infogan_mnist",
    title="InfoGAN finds the digits, their slant and their width by itself",
    authors="Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel",
    year=2016,
    paper="InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
    arxiv="1606.03657",
    where="section 7.2 and figure 2",
    claim=(
        "A code of ten values comes to mean the type of digit (5 % error when each value is matched to one), two "
        "continuous ones rotation and width, without any label. L_I of the first rises quickly to H(c) = 2.30 nats."
    ),
    about=(
        "The paper's networks, narrower, and batches of 64. What c1 means is scored on held-out images by Q and the "
        "best one-to-one assignment of values to digits. What the others mean is seen in sweeps from −2 to 2, and "
        "measured by correlations with slant, width and stroke of the drawn digits. Success depends on the seed: take "
        "several with --seeds and read the median."
    ),
    datasets=("mnist",),
    short=Preset(
        "short",
        "one run of 4,000 steps, batch 64, an eighth to a quarter of the paper's width",
        4.5,
        "That L_I of c1 rises to its bound at once and that codes take on a meaning. Too short for the digits to "
        "come apart: expect half of them, not 95 %.",
    ),
    full=Preset(
        "full",
        "one run of 15,000 steps, batch 64, a quarter to a half of the paper's width",
        30.0,
        "The paper's claim. More seeds (--seeds 5) tell how much of it is luck.",
    ),
    planned=planned,
    conclude=conclude,
    headline=HEADLINE,
)
