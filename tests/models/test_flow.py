"""What flows share: grey levels as a density and back, where the volume of the data's own scale goes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.flow import Flow, FlowRecipe, epochs, flow_problems, most_levels, warm_up
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Batch, Paper
from studio.nn.flows.base import Bijection, Chain
from studio.nn.flows.levels import Dequantised, Logit, Range
from studio.nn.flows.scales import Scales, inner
from tests.nn.flows.jacobians import log_volume

PICTURES = DataSpec("made up", "images", (1, 4, 4), 100, classes=("a", "b"))
POINTS = DataSpec("points", "points", (2,), 100)


class Same(Bijection):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x.new_zeros(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y


class Plain(Flow):
    """Nothing but the data's own scale and a Gaussian."""

    title = "Plain"
    paper = Paper("", 2026, "", "")
    about = ""
    recipe_type = FlowRecipe

    def build(self, data: DataSpec) -> None:
        levels = [Chain([("step 1", Same())]) for _ in inner(data.shape, 2 if self.images else 1)]
        self.put_together(Scales(data.shape, levels), prior="learned")


class Conditional(Plain):
    class_conditional = True


def every_level(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.arange(256).view(16, 1, 4, 4).to(dtype) / 127.5 - 1


@pytest.mark.parametrize("bits", [1, 3, 5, 8])
def test_the_middle_of_a_grey_level_gives_the_level_back(bits: int) -> None:
    grey = Dequantised(bits)
    values = grey.values(every_level(), None)
    assert torch.equal(values.floor() + 0.5, values)
    assert values.min() == 0.5
    assert values.max() == 2**bits - 0.5
    assert torch.equal(grey.images(values), grey.kept(every_level()))
    assert len(grey.kept(every_level()).unique()) == 2**bits
    if bits == 8:
        assert torch.allclose(grey.kept(every_level()), every_level(), atol=1e-6)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7])
def test_fewer_bits_keep_black_and_white_and_come_back_from_whole_grey_levels(bits: int) -> None:
    kept = Dequantised(bits).kept(every_level())
    assert (float(kept.min()), float(kept.max())) == (-1, 1)
    grey = (kept + 1) * 127.5
    assert ((grey - grey.round()).abs() < 0.499).all()  # none is a toss-up
    assert torch.equal(Dequantised(bits).kept(grey.round() / 127.5 - 1), kept)


def test_what_overflows_on_its_way_to_a_picture_is_a_picture_all_the_same() -> None:
    made = Plain(FlowRecipe(), PICTURES).eval()
    z = torch.zeros(4, 16)
    z[0], z[1], z[2], z[3] = 1e30, -1e30, float("nan"), float("inf")
    pictures = made.decode(z).flatten(1)
    assert (pictures[0] == 1).all()
    assert (pictures[1] == -1).all()
    assert (pictures[2] == 0).all()
    assert torch.isfinite(pictures).all()


def test_what_the_likelihood_is_of_is_said() -> None:
    assert Plain(FlowRecipe(), PICTURES).likelihood == "lower bound (uniform dequantisation)"
    assert Plain(FlowRecipe(bits=5), PICTURES).likelihood == "lower bound (uniform dequantisation of 5-bit values)"
    assert Plain(FlowRecipe(), POINTS).likelihood == "exact"


def test_noise_stays_within_its_grey_level() -> None:
    grey = Dequantised(5)
    within = torch.rand(16, 1, 4, 4)
    assert torch.equal(grey.values(every_level(), within).floor(), grey.values(every_level(), None).floor())


@pytest.mark.parametrize("step", [Range(256), Range(32), Logit(256), Logit(32)], ids=["8", "5", "logit8", "logit5"])
def test_the_scale_of_the_data_is_part_of_the_volume(step: Range | Logit) -> None:
    x = torch.rand(3, 1, 2, 2, dtype=torch.float64) * step.levels
    y, log_det = step(x)
    assert torch.allclose(log_det, log_volume(lambda v: step(v)[0], x), atol=1e-8)
    assert torch.allclose(step.inverse(y), x)


def test_the_logit_keeps_a_twentieth_on_either_side() -> None:
    ends = torch.tensor([[0.0, 256.0]], dtype=torch.float64)
    y, log_det = Logit(256)(ends)
    assert torch.allclose(y, torch.logit(torch.tensor([[0.05, 0.95]], dtype=torch.float64)))
    each = -math.log(0.05) - math.log(0.95) + math.log(0.9) - math.log(256)
    assert log_det.item() == pytest.approx(2 * each)


def test_a_uniform_density_on_the_grey_levels_has_eight_bits() -> None:
    nats = torch.full((2,), -16 * math.log(256))
    assert torch.allclose(bits_per_dim(nats, 16), torch.tensor([8.0, 8.0]))
    assert bits_per_dim(-16 * math.log(32), 16) == pytest.approx(5)


def test_a_flow_that_does_nothing_is_a_gaussian_over_the_grey_levels() -> None:
    made = Plain(FlowRecipe(), PICTURES).double()
    x = every_level(torch.float64)
    normal = torch.distributions.Normal(128.0, 256.0)
    values = torch.arange(256).view(16, 16).double() + 0.5
    assert torch.allclose(made.invert(x).log_likelihood, normal.log_prob(values).sum(1))
    assert torch.allclose(made.decode(made.invert(x).z), x, atol=1e-12)


def test_the_density_of_five_bits_is_over_thirty_two_levels() -> None:
    made = Plain(FlowRecipe(bits=5), PICTURES).double()
    values = torch.arange(256).view(16, 16).double().div(8).floor() + 0.5
    expected = torch.distributions.Normal(16.0, 32.0).log_prob(values).sum(1)
    assert torch.allclose(made.invert(every_level(torch.float64)).log_likelihood, expected)


def test_the_loss_is_in_bits_of_images_and_in_nats_of_points() -> None:
    images = Plain(FlowRecipe(), PICTURES)
    torch.manual_seed(0)
    loss = images.loss(Batch(every_level()))
    torch.manual_seed(0)
    nats = images.log_likelihood(every_level()).mean()
    assert torch.allclose(loss.value, bits_per_dim(nats, 16))
    parts = [value for name, value in loss.shows.items() if name.startswith("log-det/")]
    assert torch.allclose(sum(parts, torch.zeros(())), nats, atol=1e-3), "what is shown of the log-det sums to log p"
    points = Plain(FlowRecipe(), POINTS)
    x = torch.randn(5, 2)
    assert torch.allclose(points.loss(Batch(x)).value, -points.log_likelihood(x).mean())


def test_dequantisation_is_left_to_the_generator_in_evaluation_too() -> None:
    made = Plain(FlowRecipe(), PICTURES).eval()
    torch.manual_seed(0)
    first = made.log_likelihood(every_level())
    assert not torch.equal(first, made.log_likelihood(every_level()))
    torch.manual_seed(0)
    assert torch.equal(first, made.log_likelihood(every_level()))
    assert torch.equal(made.invert(every_level()).z, made.invert(every_level()).z)


def test_a_class_is_the_likeliest_where_none_is_given() -> None:
    made = Conditional(FlowRecipe(), PICTURES).double()
    assert made.top is not None
    assert made.top.by_class is not None
    torch.nn.init.normal_(made.top.by_class, 0, 0.3)
    x = every_level(torch.float64)
    found = made.invert(x)
    assert found.z.shape == (16, 18)
    each = torch.stack([made.read(x, None, torch.eye(2).double()[[k] * 16]).log_likelihood for k in range(2)], dim=1)
    assert torch.allclose(found.log_likelihood, each.logsumexp(1) - math.log(2)), "a density, whatever the class"
    others = found.log_dets["top/classes"]
    assert torch.allclose(found.log_likelihood - others, each.amax(1))
    assert torch.equal(found.z[:, -2:].argmax(1), each.argmax(1))
    assert torch.allclose(made.decode(found.z), x, atol=1e-12)


def test_the_parts_of_the_latent_are_the_scales_and_the_class() -> None:
    prior = Conditional(FlowRecipe(), PICTURES).prior
    assert [(p.name, p.shape, p.role) for p in prior.parts] == [
        ("level 1", (2, 2, 2), "noise"), ("level 2", (8, 1, 1), "noise"), ("class", (), "class"),
    ]  # fmt: skip
    assert prior.size == 18


def test_points_are_traced_from_the_prior_to_the_data() -> None:
    made = Plain(FlowRecipe(), POINTS)
    z = torch.randn(4, 2)
    traced = made.trace(z)
    assert [t.name for t in traced] == ["prior", "top/prior", "step 1"]
    assert torch.equal(traced[0].points, z)
    assert torch.equal(traced[-1].points, made.decode(z))
    assert torch.allclose(traced[-1].log_density, made.log_likelihood(traced[-1].points))
    with pytest.raises(ValueError, match="points"):
        Plain(FlowRecipe(), PICTURES).trace(torch.zeros(1, 16))


def test_the_density_after_some_steps_is_that_of_the_trace() -> None:
    made = Plain(FlowRecipe(), POINTS)
    for steps, one in enumerate(made.trace(torch.randn(6, 2))):
        assert torch.allclose(made.density_after(one.points, steps), one.log_density, atol=1e-5)
    with pytest.raises(ValueError, match="has 2 steps"):
        made.density_after(torch.zeros(1, 2), 3)
    with pytest.raises(ValueError, match="points"):
        Plain(FlowRecipe(), PICTURES).density_after(torch.zeros(1, 16), 0)


def test_what_can_not_be_halved_is_said() -> None:
    odd = DataSpec("odd", "images", (2, 9, 12), 100)
    assert most_levels(odd) == 0
    said = "\n".join(map(str, flow_problems("Plain", FlowRecipe(), odd, 1)))
    assert "12×9" in said
    assert "have 2" in said
    assert most_levels(DataSpec("d", "images", (1, 28, 28), 100)) == 2
    (deep,) = flow_problems("Plain", FlowRecipe(), DataSpec("d", "images", (1, 28, 28), 100), 3)
    assert deep.field == "levels"
    (large,) = flow_problems("Plain", FlowRecipe(), DataSpec("murals", "images", (3, 4000, 4000), 100), 1)
    assert "4000×4000" in large.message


def test_few_examples_are_not_learned_by_heart() -> None:
    def of(count: int) -> int:
        return epochs(DataSpec("d", "images", (1, 8, 8), count), 20, 64, 4000)

    assert [of(10), of(6400), of(1_000_000)] == [500, 2000, 4000]


def test_the_rate_rises_to_its_value_and_stays() -> None:
    at = warm_up(10)
    assert at is not None
    assert [at(cycle).rate for cycle in (0, 4, 9, 10, 1000)] == [0.1, 0.5, 1.0, 1.0, 1.0]
    assert warm_up(0) is None
