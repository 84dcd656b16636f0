"""What flows share: a latent that is an invertible function of the example, trained by its exact likelihood.

log p(x) = log N(f(x)) + log|det ∂f/∂x| (Dinh et al. 2017, arXiv:1605.08803, equation 3). Whole-numbered grey levels are
made a density by adding a uniform number to each (dequantisation): the mean of log p over that number is a lower bound
on the log-probability of the picture (Theis et al. 2016, arXiv:1511.01844, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import training_problems
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.latents import Part, Prior
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Batch, Inverse, Loss, Model, Optimiser, Scheduled, Traced, Update
from studio.models.core.recipe import Field, Problem, recipe
from studio.nn.flows.base import Bijection, LogDets
from studio.nn.flows.levels import Dequantised, Logit, Range
from studio.nn.flows.scales import Scales, Top

LARGEST = 256
"""Side of images, in pixels, of the largest that the papers have."""


@recipe
class PointFlowRecipe(ConstrainedRecipe):
    """A flow of points."""

    rate: Annotated[
        float, Field("learning rate", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate")
    ] = 1e-3
    warm_up: Annotated[
        int,
        Field(
            "steps in which the learning rate rises to its value",
            0,
            1_000_000,
            "steps",
            group="Optimiser",
            term="warm-up",
        ),
    ] = 0
    clip: Annotated[
        float,
        Field(
            "largest norm of the gradient; a longer one is scaled down; 0: never",
            0,
            1e6,
            group="Optimiser",
            term="gradient clipping",
        ),
    ] = 0.0
    temperature: Annotated[
        float,
        Field("what the noise of the sample sheet is multiplied by; the density has 1", 0, 2, term="temperature"),
    ] = 1.0


@recipe
class FlowRecipe(PointFlowRecipe):
    """A flow of images as well, trained by maximum likelihood."""

    bits: Annotated[
        int,
        Field(
            "bits per value that are kept of images; with fewer the model spends itself less on noise",
            1,
            8,
            "bits",
            term="dequantisation",
        ),
    ] = 8


class Flow(Model):
    """A flow of images or of points. A system says ``build``, in which it calls :meth:`put_together`."""

    recipe: PointFlowRecipe
    """Of a system that takes images a :class:`FlowRecipe`."""
    class_conditional: bool = False
    """Whether the prior of the last scale depends on the label."""

    def put_together(
        self, scales: Scales, *, preprocess: Literal["range", "logit"] = "range", prior: Literal["learned", "fixed"]
    ) -> None:
        """Make the networks of the model. ``prior``: of the last scale; a fixed one is N(0, 1)."""
        self.scales = scales
        self.before: nn.Module = nn.Identity()
        if self.images:
            self.before = (Range if preprocess == "range" else Logit)(self.grey.levels)
        classes = len(self.data.classes) if self.class_conditional else 0
        self.top = Top(scales.shapes[-1][0], classes) if prior == "learned" or classes else None

    @property
    def temperature(self) -> float:  # type: ignore[override]
        return self.recipe.temperature

    @property
    def likelihood(self) -> str:
        if not self.images:
            return "exact"
        few = f" of {self.grey.bits}-bit values" if self.grey.bits < 8 else ""
        return f"lower bound (uniform dequantisation{few})"

    @property
    def chance(self) -> str:
        return "the noise" if self.images else ""

    @property
    def images(self) -> bool:
        return self.data.kind == "images"

    @property
    def grey(self) -> Dequantised:
        """Of images: their grey levels as values."""
        assert isinstance(self.recipe, FlowRecipe)
        return Dequantised(self.recipe.bits)

    @property
    def dimensions(self) -> int:
        return math.prod(self.data.shape)

    # --- training

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [Update("flow", self, self.loss, self.optimiser(), averaged=True, schedule=warm_up(r.warm_up))]

    def optimiser(self) -> Optimiser:
        return Optimiser("adam", self.recipe.rate, clip=self.recipe.clip)

    def loss(self, batch: Batch) -> Loss:
        """−log p: bits/dim of images, nats of points."""
        return self.descended(self.of(batch))

    def explained(self, batch: Batch) -> Tensor:
        return self.of(batch).log_likelihood

    def of(self, batch: Batch) -> Inverse:
        """An inversion of the batch, given its classes, and of images with noise within their grey levels."""
        within = torch.rand_like(batch.x) if self.images else None
        return self.read(batch.x, within, self.one_hot(batch.labels))

    def descended(self, found: Inverse) -> Loss:
        """What is descended and shown of an inversion."""
        nats = found.log_likelihood.mean()
        if self.images:
            value = bits_per_dim(nats, self.dimensions)
            shows = {"bits per dim/training": value.detach()}
        else:
            value = -nats
            shows = {"log-likelihood/training": nats.detach()}
        return Loss(value, shows | self.split(found.log_prior, found.log_dets))

    def split(self, log_prior: Tensor, log_dets: LogDets) -> dict[str, Tensor]:
        """What a log-likelihood is made up of, as curves."""
        shows = {"log-det/log N(z)": log_prior.detach().mean()}
        for name, log_det in log_dets.items():
            curve = f"log-det/{self.curve(name)}"
            shows[curve] = shows.get(curve, log_det.new_zeros(())) + log_det.detach().mean()
        return shows

    def curve(self, name: str) -> str:
        """Under which name the log-det of a step is shown, with those that have the same: its kind."""
        return name.rpartition("/")[2]

    # --- both directions

    def read(self, x: Tensor, within: Tensor | None, classes: Tensor | None) -> Inverse:
        """As :meth:`invert`, given one-hot classes B×K where the model has any: log p(x | class). None: log p(x), with
        the likeliest class in z."""
        found: LogDets = {}
        kept = values = x
        if self.images:
            kept = self.grey.kept(x)
            values, found[f"data/{type(self.before).__name__.lower()}"] = self.before(self.grey.values(x, within))
        parts, steps = self.scales(values)
        found |= steps
        if self.top is not None:
            others = None
            if self.class_conditional and classes is None:
                each = self.top.every_class(parts[-1])
                classes = one_hot(each.argmax(1), each.shape[1]).to(values)
                others = each.logsumexp(1) - each.amax(1) - math.log(each.shape[1])
            parts[-1], found["top/prior"] = self.top(parts[-1], classes)
            if others is not None:
                found["top/classes"] = others
        noise = torch.cat([p.flatten(1) for p in parts], dim=1)
        log_prior = -noise.square().sum(1) / 2 - self.dimensions / 2 * math.log(2 * math.pi)
        z = noise if classes is None or not self.class_conditional else torch.cat([noise, classes], dim=1)
        return Inverse(z, kept, found, log_prior)

    def one_hot(self, labels: Tensor | None) -> Tensor | None:
        if not self.class_conditional or labels is None:
            return None
        return one_hot(labels, len(self.data.classes)).float()

    def hold(self) -> None:
        for part in self.modules():
            if isinstance(part, Bijection):
                part.hold()

    # --- capabilities

    @property
    def prior(self) -> Prior:
        if not self.images:
            return Prior.of("normal", self.data.shape[0])
        parts = [Part(f"level {i + 1}", "normal", math.prod(s), shape=s) for i, s in enumerate(self.scales.shapes)]
        if self.class_conditional:
            parts.append(Part("class", "categorical", len(self.data.classes), "class", self.data.classes))
        return Prior(tuple(parts))

    @property
    def level_count(self) -> int:
        return len(self.scales.levels)

    def decode(self, z: Tensor) -> Tensor:
        """Of images: a latent so far out that a step overflows gives white, black, or mid-grey where the arithmetic
        has no answer. Couplings that divide by small scales do so to a few samples in a hundred of a young Glow."""
        parts = []
        classes = None
        for part, where in self.prior.placed():
            if part.role == "class":
                classes = z[:, where]
            else:
                parts.append(z[:, where].reshape(-1, *(part.shape or (part.size,))))
        if self.top is not None:
            parts[-1] = self.top.inverse(parts[-1], classes)
        values = self.scales.inverse(parts)
        if not self.images:
            return values
        made = self.grey.images(self.before.inverse(values))  # type: ignore[operator]
        return torch.where(made.isnan(), torch.zeros_like(made), made)

    def encode(self, x: Tensor) -> Tensor:
        return self.invert(x).z

    def invert(self, x: Tensor, within: Tensor | None = None) -> Inverse:
        return self.read(x, within, None)

    def log_likelihood(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        within = torch.rand(x.shape, generator=generator, dtype=x.dtype, device=x.device) if self.images else None
        return self.read(x, within, None).log_likelihood

    def trace(self, z: Tensor) -> list[Traced]:
        if self.images:
            raise ValueError(f"{self.title} of images changes their shape on the way; steps are shown of points")
        log_density = -z.square().sum(1) / 2 - self.dimensions / 2 * math.log(2 * math.pi)
        found = [Traced("prior", z, log_density)]
        points = z
        if self.top is not None:
            points = self.top.inverse(z, None)
            log_density = log_density + self.top(points, None)[1]
            found.append(Traced("top/prior", points, log_density))
        for name, step in reversed(list(self.scales.chain(0).single())):
            points, log_det = step.inverse_and_log_det(points)
            log_density = log_density - log_det
            found.append(Traced(name, points, log_density))
        return found

    def density_after(self, points: Tensor, steps: int) -> Tensor:
        if self.images:
            raise ValueError(f"{self.title} of images changes their shape on the way; steps are shown of points")
        taken: list[Callable[[Tensor], tuple[Tensor, Tensor]]] = [step for _, step in self.scales.chain(0).single()]
        if (top := self.top) is not None:
            taken.append(lambda p: top(p, None))
        if not 0 <= steps <= len(taken):
            raise ValueError(f"this flow has {len(taken)} steps, not {steps}")
        log_density = points.new_zeros(len(points))
        for step in taken[len(taken) - steps :]:
            points, log_det = step(points)
            log_density = log_density + log_det
        return log_density - points.square().sum(1) / 2 - self.dimensions / 2 * math.log(2 * math.pi)


def warm_up(steps: int) -> Callable[[int], Scheduled] | None:
    """The rate rises linearly in so many steps; None for none."""
    if not steps:
        return None
    return lambda cycle: Scheduled(min((cycle + 1) / steps, 1.0))


def epochs(data: DataSpec, often: int, batch: int, most: int) -> int:
    """Steps in which each training example is seen so often, 500 at least and ``most`` at most: flows learn few
    examples by heart, and their held-out likelihood falls again."""
    return max(500, min(most, often * (data.count - data.held_out) // batch))


def flow_problems(model: str, values: FlowRecipe, data: DataSpec, levels: int) -> list[Problem]:
    """What keeps a flow that halves the sides so often from being built for this dataset, in words; empty when nothing
    does."""
    if data.kind not in ("images", "points"):
        return [Problem("", f"{model} takes images and points; {data.name} holds {data.kind}. Choose another model")]
    found = training_problems(values, data)
    if data.kind != "images":
        return found
    if data.channels not in (1, 3):
        found.append(Problem("", f"{model} takes grey or colour images; those of {data.name} have {data.channels}"))
    most = most_levels(data)
    height, width = data.size
    if max(height, width) > LARGEST:
        found.append(
            Problem(
                "",
                f"{model} takes images of up to {LARGEST} px a side; those of {data.name} are {width}×{height}. "
                "Add the dataset again at a smaller size",
            )
        )
    if levels and most == 0:
        found.append(
            Problem(
                "",
                f"{model} halves the sides of images, and those of {data.name} are {width}×{height}. "
                "Add the dataset again at an even size",
            )
        )
    elif levels > most:
        found.append(Problem("levels", f"sides of {width}×{height} can be halved {most} times, not {levels}"))
    return found


def most_levels(data: DataSpec) -> int:
    """How often the sides of an image can be halved."""
    height, width = data.size
    count = 0
    while height % 2 == 0 and width % 2 == 0:
        height, width, count = height // 2, width // 2, count + 1
    return count
