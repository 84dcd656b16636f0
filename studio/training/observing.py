"""What is looked at now and then while a model trains: the likelihood of held-out examples, where the model scores
one; distances, coverage and motion of its samples, and what is worth an alarm. The two have paces of their own: where
samples take half a minute to draw, the likelihood is there long before. How often a student and its teacher are right
is looked at when an epoch ends, whatever the machine: which epoch was the best may decide what is reported.

The classifier that coverage needs is trained once per dataset, on a thread beside the training, when the first measure
is due; until it is there, classes are not looked for. What is remembered from measure to measure (the way of the
samples, which classes were there) begins anew with each start: no weights depend on it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from studio.data.dataset import Dataset
from studio.data.watch import Cancelled, Watch
from studio.metrics import classifier as classifiers
from studio.metrics.classifier import Classifier
from studio.metrics.figures import Diverged
from studio.metrics.likelihood import Followed
from studio.metrics.measure import Found, Reference
from studio.metrics.oscillation import Path
from studio.metrics.rules import Reader
from studio.models.core.model import FollowsRules, Model, ScoresLikelihood
from studio.training import device
from studio.training.alarms import LATE, Absent, Warned
from studio.training.pace import Pace
from studio.training.snapshot import Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Observed:
    """What one measure gave.

    Attributes:
        values: by "panel/curve".
        alarms: by what they are about; only those that have changed.
    """

    values: dict[str, float]
    alarms: dict[str, Warned] = field(default_factory=dict)


Metrics = Callable[[Snapshot], Observed]
"""Looks at a snapshot, in the training's thread."""
EPOCHS = 0.0
"""In the place of a share of the time: at the end of each epoch, however long it takes."""


class Look:
    """One thing that looks, now and then, until it fails.

    Args:
        clock: seconds of training.
        share: of the time of this training that it may take, or :data:`EPOCHS`.
        epoch: how many cycles are one, which need not be a whole number.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float], share: float, epoch: float = 1.0) -> None:
        self._metrics: Metrics | None = metrics
        self._pace = Pace(clock, share, lambda seconds: 2.0, first=1.0)
        self._epoch = epoch if share == EPOCHS else 0.0
        self._step = -1
        self._before = False

    def due(self, step: int) -> bool:
        """Whether it wants to look after so many finished cycles."""
        if self._metrics is None:
            return False
        if self._epoch:
            return int(step / self._epoch) > int((step - 1) / self._epoch)
        return self._pace.due()

    def __call__(self, snapshot: Snapshot) -> Observed:
        """What there is to see: nothing of weights that have diverged, nor ever again after another failure."""
        if self._epoch and snapshot.step == self._step:  # the last epoch ended with the training
            return Observed({})
        self._step = snapshot.step
        first, self._before = not self._before, True  # the first one loads libraries
        with self._pace.working(counted=not first):
            try:
                return Observed({}) if self._metrics is None else self._metrics(snapshot)
            except Diverged as wrong:  # of the weights of this moment; the next ones may be better
                log.info("nothing was measured: %s", wrong)
                return Observed({})
            except Exception:  # the boundary: a measure that fails must not cost the training
                log.exception("a measurement failed, and is left out from now on")
                self._metrics = None
                return Observed({})


def looks(metrics: Observer | Metrics | None, clock: Callable[[], float], epoch: float = 1.0) -> list[Look]:
    """What looks at a training whose epochs are so many cycles: of an observer each part at a pace of its own."""
    if metrics is None:
        return []
    parts = metrics.looks() if isinstance(metrics, Observer) else {metrics: 0.05}
    return [Look(part, clock, share, epoch) for part, share in parts.items()]


class Observer:
    """The measures of one training; a context, at whose end its thread has ended.

    Args:
        data: opens the dataset; called at the first measure.
        steps: of the whole training; None: as the recipe says.
    """

    def __init__(self, data: Callable[[], Dataset], steps: int | None = None) -> None:
        self._data = data
        self._steps = steps
        self._followed: Followed | None = None
        self._reference: Reference | None = None
        self._reader: Reader | None = None
        self._beside: Beside | None = None
        self._path = Path()
        self._absent: Absent | None = None
        self._step = -1

    def __enter__(self) -> Observer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beside is not None:
            self._beside.close()

    def looks(self) -> dict[Metrics, float]:
        """Its parts, and which share of the time of a training each may take."""
        return {self.likelihood: 0.03, self.samples: 0.05, self.rules: EPOCHS}

    def likelihood(self, snapshot: Snapshot) -> Observed:
        """Raises as :func:`~studio.metrics.likelihood.log_likelihoods` does."""
        model = snapshot.model()
        if not isinstance(model, ScoresLikelihood):
            return Observed({})
        if self._followed is None:
            self._followed = Followed(self._data())
        return Observed(self._followed.values(model))

    def rules(self, snapshot: Snapshot) -> Observed:
        if not issubclass(snapshot.model_type, FollowsRules):
            return Observed({})
        if self._reader is None:
            self._reader = Reader(self._data())
        return Observed(self._reader.values(snapshot.model()))

    def samples(self, snapshot: Snapshot) -> Observed:
        """Raises as :meth:`~studio.metrics.measure.Reference.find` does."""
        if not hasattr(snapshot.model_type, "decode"):
            return Observed({})
        model = snapshot.model()
        if self._reference is None:
            self._begin(self._data(), model)
        assert self._reference is not None
        if snapshot.step < self._step:  # it went back to a checkpoint
            self._path.clear()
            if self._absent is not None:
                self._absent.clear()
        self._step = snapshot.step
        trained = self._beside.result if self._beside is not None else None
        found = self._reference.find(model, classifier=trained)
        return Observed(found.values | self._motion(found), self._alarms(found, snapshot, trained))

    def _begin(self, data: Dataset, model: Model) -> None:
        self._reference = Reference(data, samples=model.measured, like=model)
        if self._reference.is_mixture:
            self._absent = Absent("mode", data.spec.classes)
        elif data.labels is not None and classifiers.suits(data.spec):
            self._absent = Absent("class", data.spec.classes)
            self._beside = Beside(data)

    def _motion(self, found: Found) -> dict[str, float]:
        assert self._reference is not None
        motion = self._path.add(found.samples[: self._reference.count])  # as many with a classifier as without
        if motion is None:
            return {}
        values = {"oscillation/change since the last measure": motion.change}
        if motion.oscillation is not None:
            values[f"oscillation/oscillation over {self._path.steps} measures"] = motion.oscillation
        return values

    def _alarms(self, found: Found, snapshot: Snapshot, trained: Classifier | None) -> dict[str, Warned]:
        if self._absent is None or not found.covered:
            return {}
        steps = self._steps or snapshot.recipe.steps
        warned = self._absent.look(found.covered, snapshot.step >= LATE * steps)
        if warned is None:
            return {}
        about = "modes" if trained is None else "classes"
        if trained is not None and warned.message:
            sure = f"as a classifier sees them that is right on {trained.accuracy:.1%} of real ones"
            warned = Warned(f"{warned.message} ({sure})", warned.mark)
        return {about: warned}


class Beside:
    """Trains the classifier of a dataset on a thread of lower priority; takes it from the cache when it is there.

    Attributes:
        result: the classifier, once it is trained; None before, and when that failed.
    """

    def __init__(self, data: Dataset) -> None:
        self.result: Classifier | None = classifiers.cached(data.spec) if data.spec.fingerprint else None
        self._data = data
        self._watch = Watch()
        self._thread: threading.Thread | None = None
        if self.result is None:
            self._thread = threading.Thread(target=self._run, name="classifier", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Give it up, if it is not done; returns within a step of it."""
        self._watch.cancel()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        device.step_back()
        try:
            self.result = classifiers.classifier(self._data, self._watch)
        except Cancelled:
            pass
        except Exception:  # the boundary: a classifier that can't be had must not cost the training
            log.exception("no classifier could be trained on %s; classes are not looked for", self._data.spec.name)
