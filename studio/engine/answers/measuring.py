"""Measures of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from studio.data.watch import Watch
from studio.engine.answers.base import PIXELS, answer, decoder
from studio.engine.context import Context
from studio.explore import attempts
from studio.explore.attempts import Attempt
from studio.explore.questions import FetchInception, Measure
from studio.metrics import inception, likelihood, posed, rules, weights
from studio.metrics.classifier import classifier
from studio.metrics.compared import Compared, Embedding, Values
from studio.metrics.figures import BY_NAME, Diverged, Figure, lacking, named
from studio.models.core.latents import draw
from studio.models.core.model import Batch, Embeds, Encodes, Model, TakesPose, capabilities
from studio.runs.folder import versions
from studio.training import feed
from studio.training.sheets import to_bytes

NETWORKS = {"fid": "inception", "kid": "inception", "is": "inception", "pr": "inception"} | {
    f"{name}-classifier": "classifier" for name in ("fd", "kd", "score", "pr")
}
"""Measures of features → whose."""
WITHOUT_SAMPLES = ("wasserstein", "likelihood", "pose", "accuracy")
"""Measures that need no samples, or draw their own."""


@answer.register
def _(question: Measure, context: Context) -> Attempt:
    if question.samples < 2:
        raise ValueError(f"at least 2 samples are needed, not {question.samples}")
    begun = time.monotonic()
    names = named(question.names)
    model, step = context.model(question.where)
    if question.download and any("inception" in BY_NAME[n].needs for n in names):
        inception.download(context.watch)
    there = weights.available(question.inception)
    can = capabilities(model)
    reasons = {n: lacking(BY_NAME[n], model.data, can, inception=there) for n in names}
    left_out = {n: why for n, why in reasons.items() if why}
    wanted = [n for n in names if n not in left_out]
    if not wanted:
        raise ValueError("; ".join(f"{BY_NAME[n].title}: {why}" for n, why in left_out.items()))
    drawn = any(n not in WITHOUT_SAMPLES for n in wanted)
    work = _Work(model, question, context, len(wanted) + drawn)
    found = [figure for name in wanted for figure in work.measure(name)]
    context.watch.advance(1, 1, "done")
    made = Attempt(
        step,
        tuple(found),
        left_out,
        question.samples,
        question.seed,
        question.where.averaged,
        time.time(),
        round(time.monotonic() - begun, 1),
        versions(),
    )
    if question.keep:
        try:
            attempts.keep(context.run(question.where.run), made)
        except OSError as wrong:  # a full disk, or a run that one may only read: the numbers are there all the same
            made = replace(made, not_kept=f"{wrong.filename}: {(wrong.strerror or str(wrong)).lower()}")
    return made


@answer.register
def _(question: FetchInception, context: Context) -> str:
    return str(inception.download(context.watch))


class _Work:
    """One question: its samples, drawn when the first measure wants them, and its progress in parts of equal width."""

    def __init__(self, model: Model, question: Measure, context: Context, parts: int) -> None:
        self.model = model
        self.question = question
        self.context = context
        self.data = context.data(model.data)
        self._parts, self._part = parts, 0
        self._compared: Compared | None = None
        self._networks: dict[str, Any] = {}

    def measure(self, name: str) -> list[Figure]:
        if name == "wasserstein":
            made = self._distances()
        elif name == "likelihood":
            asked = self.question
            made = likelihood.figures(self.model, self.data, asked.samples, asked.seed, self._next(), asked.draws)
        elif name == "pose":
            made = self._posed()
        elif name == "accuracy":
            made = rules.figures(self.model, self.data, self._next())
        elif name == "classes":
            made = self._classes()
        elif name in NETWORKS:
            made = self._of_features(name)
        else:
            compared = self._samples()
            watch = self._next()
            if name == "nn":
                made = compared.nn(_embeddings(self.model), watch)
            else:
                ways: dict[str, Callable[[Watch], list[Figure]]] = {
                    "swd": compared.swd,
                    "mmd": compared.mmd,
                    "two-sample": compared.two_sample,
                    "parzen": compared.parzen,
                }
                made = ways[name](watch)
        return [_finite(figure) for figure in made]

    def _next(self) -> Watch:
        """For the next part of the work."""
        self._part += 1
        return self.context.watch.part(self._part - 1, self._parts)

    def _samples(self) -> Compared:
        if self._compared is None:
            model, question = self.model, self.question
            watch = self._next()
            z = torch.from_numpy(draw(decoder(model).prior, question.samples, question.seed))
            rows = max(1, PIXELS // int(np.prod(model.data.shape)))
            made: list[Values] = []
            device = next(model.parameters()).device
            with torch.inference_mode():
                for start in range(0, len(z), rows):
                    watch.advance(start, len(z), "drawing samples")
                    x = decoder(model).decode(z[start : start + rows].to(device)).float().cpu()
                    if not torch.isfinite(x).all():
                        raise Diverged("the model's samples are not finite numbers; it has diverged")
                    # as bytes they are what a person sees, and take a quarter of the memory
                    made.append(to_bytes(x) if model.data.pictured else x.numpy())
            self._compared = Compared(np.concatenate(made), self.data, question.seed, self.context.features, self.model)
        return self._compared

    def _distances(self) -> list[Figure]:
        question = self.question
        reference = self.context.reference(self.model, question.samples, question.seed)
        found = reference.find(self.model, watch=self._next()).values
        images = self.model.data.kind == "images"
        unit = "pixel units" if images else "data units"
        split = "training" if reference.suffix else "held-out"
        how = f"{reference.count:,} samples v {reference.count:,} {split} examples"
        how += "; Euclidean distance of all pixels on −1..1" if images else "; Euclidean distance"
        distance = ("wasserstein/", "critic gap/")
        return [
            Figure(
                key,
                value,
                unit=unit if key.startswith("wasserstein/") else "",
                how=how if key.startswith(distance) else "",
            )
            for key, value in found.items()
        ]

    def _posed(self) -> list[Figure]:
        model, question, watch = self.model, self.question, self._next()
        if not isinstance(model, TakesPose):
            raise ValueError(f"{model.title} takes no pose")
        judge = self.context.judge(model.data)
        assert judge is not None
        wants = ("joints", "parts")
        pairs = feed.chosen(self.data, question.samples, question.seed, torch.device("cpu"), wants, pairs=True)
        rows = max(1, PIXELS // int(np.prod(model.data.shape)))

        def batches() -> Iterator[Batch]:
            for start in range(0, len(pairs.x), rows):
                watch.advance(start, len(pairs.x), "posing held-out people")
                yield feed.rows(pairs, slice(start, start + rows))

        return posed.figures(model, batches(), judge)

    def _classes(self) -> list[Figure]:
        compared = self._samples()
        watch = self._next()
        reference = self.context.reference(self.model, self.question.samples, self.question.seed)
        seen = classifier(self.data, watch)
        values = np.concatenate([part.flatten(1).numpy() for part in compared.scaled(compared.samples)])
        _, found = reference.classes(values, seen)
        how = f"{len(values):,} samples; a classifier trained on this dataset, {100 * seen.accuracy:.1f} % right"
        return [
            Figure(key, value, unit="nats" if key.startswith("class divergence/") else "", how=how)
            for key, value in found.items()
        ]

    def _of_features(self, name: str) -> list[Figure]:
        compared = self._samples()
        watch = self._next()
        if NETWORKS[name] == "inception":
            network = self._network("inception", lambda: inception.load(self.question.inception, watch))
            looked = compared.seen_by_inception(network, watch)
            titles = {"fid": "FID", "kid": "KID", "is": "Inception score", "pr": f"({looked.title})"}
        else:
            looked = compared.seen_by_classifier(
                self._network("classifier", lambda: classifier(self.data, watch)), watch
            )
            titles = {
                "fd-classifier": f"Fréchet distance of {looked.title}",
                "kd-classifier": f"kernel distance of {looked.title}",
                "score-classifier": "classifier score",
                "pr-classifier": f"of {looked.title}",
            }
        title = titles[name]
        match name.partition("-")[0]:
            case "fid" | "fd":
                return compared.frechet(looked, name, title)
            case "kid" | "kd":
                return compared.kernel(looked, name, title, watch)
            case "is" | "score":
                return compared.score(looked, name, title)
            case _:
                return compared.covered(looked, name, title)

    def _network(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._networks:
            self._networks[name] = make()
        return self._networks[name]


def _embeddings(model: Model) -> list[Embedding]:
    """What the model makes of examples: its features where it names some, and its code."""
    found = []
    if isinstance(model, Embeds):
        found.append(Embedding(model.embed, "features of the encoder"))
    if isinstance(model, Encodes):
        found.append(Embedding(model.encode, "the code itself"))
    return found


def _finite(figure: Figure) -> Figure:
    """JSON has no infinite numbers, and a person no use for them."""
    if not np.isfinite(figure.value):
        raise ValueError(f"{figure.label}: the result is not a finite number")
    return figure if figure.error is None or np.isfinite(figure.error) else replace(figure, error=None)
