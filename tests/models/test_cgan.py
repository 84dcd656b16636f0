"""The conditional GAN against the exact facts of its paper (papers.md 2.3e)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.cgan import CGAN, CGANRecipe
from studio.models.core import classic
from studio.models.core.latents import draw, one_hot
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make
from studio.nn.maxout import Maxout
from tests.models.every import CLASSES, PICTURES, POINTS, batch, examples


def build(data: DataSpec = PICTURES, **values: Value) -> CGAN:
    torch.manual_seed(0)
    small: dict[str, Value] = {
        "width": 12,
        "noise_units": 6,
        "class_units": 7,
        "units": 6,
        "class_maxout": 4,
        "latent": 5,
    }
    return CGAN(make(CGANRecipe, {**small, **values}), data)


def test_the_networks_on_mnist_are_the_papers() -> None:
    recipe = CGANRecipe()
    assert (recipe.batch, recipe.latent, recipe.decay, recipe.dropout) == (100, 100, 1.00004, 0.5)
    assert (recipe.optimiser, recipe.generator_rate, recipe.discriminator_rate) == ("sgd", 0.1, 0.1)
    assert (recipe.least_rate, recipe.momentum, recipe.final_momentum) == (1e-6, 0.5, 0.7)
    digits = tuple("0123456789")
    made = CGAN(recipe, DataSpec("m", "images", (1, 28, 28), 60_000, classes=digits))
    linear = {n: tuple(m.weight.shape) for n, m in made.generator.named_modules() if isinstance(m, nn.Linear)}
    assert list(linear.values()) == [(200, 100), (1000, 10), (1200, 1200), (784, 1200)]
    maxout = [(m.linear.in_features, m.linear.out_features // m.pieces, m.pieces)
              for m in made.discriminator.modules() if isinstance(m, Maxout)]  # fmt: skip
    assert maxout == [(784, 240, 5), (10, 50, 5), (290, 240, 4)]
    assert made.prior.size == 110
    for player in (made.generator, made.discriminator):
        assert 0.5 in [m.p for m in player.modules() if isinstance(m, nn.Dropout)]
    assert [p.labels for p, _ in made.prior.placed("class")] == [digits]


def test_the_printed_decay_reaches_the_least_rate_ten_times_sooner_than_the_gans() -> None:
    made = CGAN(make(CGANRecipe, {"width": 8, "units": 4}), DataSpec("m", "images", (1, 28, 28), 100, classes=CLASSES))
    at = made.updates()[0].schedule
    assert at is not None
    assert at(287_000).rate > 1e-5
    assert at(288_000).rate == at(10**6).rate == pytest.approx(1e-5, rel=1e-12)


def test_both_players_answer_to_the_class() -> None:
    made = build().eval()
    x, y = examples(PICTURES), torch.from_numpy(one_hot([0, 1, 2, 0, 1, 2], 3))
    z = torch.from_numpy(draw(made.prior, 6, 0))
    turned = z.clone()
    turned[:, 5:] = z[:, 5:].roll(1, 1)
    with torch.no_grad():
        logits, permuted = made.discriminator(x, y), made.discriminator(x, y.roll(1, 0))
        assert bool((logits != permuted).all())
        assert bool((made.decode(z) != made.decode(turned)).flatten(1).any(1).all())


def test_every_latent_that_a_person_sees_holds_one_class() -> None:
    made = build()
    z = draw(made.prior, 300, 0)
    where = made.prior.place(made.class_part)
    assert np.array_equal(z[:, where].sum(1), np.ones(300))
    assert set(np.unique(z[:, where])) == {0.0, 1.0}
    assert set(z[:, where].argmax(1)) == {0, 1, 2}


def test_the_made_side_has_the_classes_of_the_real_side_and_fresh_noise() -> None:
    made = build()
    real = batch(PICTURES)
    y = made.told(real)
    assert torch.equal(y.sum(1), torch.ones(6))
    assert torch.equal(y.argmax(1), real.labels)  # type: ignore[arg-type]
    told: list[Tensor] = []
    made.discriminator.register_forward_hook(lambda module, inputs, output: told.append(inputs[1]))
    drawn: list[Tensor] = []
    made.generator.register_forward_hook(lambda module, inputs, output: drawn.append(inputs[0]))
    made.discriminator_loss(real)
    made.generator_loss(real)
    assert [torch.equal(t, y) for t in told] == [True] * 3
    assert [torch.equal(z[:, 5:], y) for z in drawn] == [True] * 2
    assert not torch.equal(drawn[0][:, :5], drawn[1][:, :5])


def test_the_best_discriminator_judges_x_given_y_whatever_classes_are_frequent() -> None:
    """Three classes, two pictures; p(y) is far from even, and D* = p(x|y)/(p(x|y) + q(x|y)) does not know it."""
    real = np.array([[30, 10], [6, 2], [1, 1]])  # counts of (y, x)
    made = np.array([[20, 20], [2, 6], [1, 1]])  # as many of each y: its classes are those of the batch
    p, q = (counts / counts.sum(1, keepdims=True) for counts in (real, made))
    table = torch.from_numpy(np.log(p / q)).flatten().requires_grad_()
    on_real = table.repeat_interleave(torch.from_numpy(real.flatten()))
    on_fake = table.repeat_interleave(torch.from_numpy(made.flatten()))
    classic.discriminator_loss(on_real, on_fake).backward()  # type: ignore[no-untyped-call]
    assert table.grad is not None
    assert table.grad.abs().max() < 1e-15
    assert torch.equal(table[4:].detach().sigmoid(), torch.full((2,), 0.5, dtype=torch.float64))


def test_the_noise_is_the_papers_uniform_from_zero_to_one() -> None:
    made = build().eval()
    seen: list[Tensor] = []
    made.generator.of_noise.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        made.decode(made.latents(made.told(batch(PICTURES, 3000))))
    assert 0 <= seen[0].min() < 0.01 < 0.99 < seen[0].max() <= 1


@pytest.mark.parametrize(("classes", "said"), [((), "no labels"), (("all",), "only one class")])
def test_data_without_classes_are_refused_in_words(classes: tuple[str, ...], said: str) -> None:
    data = DataSpec("holiday", "images", (1, 8, 8), 100, classes=classes)
    (found,) = CGAN.problems(CGANRecipe(), data)
    assert said in found.message
    with pytest.raises(ValueError, match="no labels"):
        build().told(Batch(examples(PICTURES)))


def test_made_points_go_to_the_place_of_their_class() -> None:
    """The whole game, on three clouds."""
    made = build(
        POINTS, dropout=0.0, input_dropout=0.0, generator_dropout=0.0, norm="batch", units=16, width=16
    ).train()
    places = torch.tensor([[1.0, 0.0], [-1.0, 0.5], [0.0, -1.0]])
    labels = torch.arange(96) % 3
    real = Batch(places[labels] + 0.1 * torch.randn(96, 2, generator=torch.Generator().manual_seed(0)), labels)
    updates = made.updates()
    adams = [torch.optim.Adam(u.module.parameters(), 2e-3, (0.5, 0.999)) for u in updates]
    for _ in range(200):
        for update, adam in zip(updates, adams, strict=True):
            adam.zero_grad()
            update.loss(real).value.backward()  # type: ignore[no-untyped-call]
            adam.step()
    z = torch.from_numpy(draw(made.prior, 300, 0))
    with torch.no_grad():
        drawn, asked = made.eval().decode(z), z[:, 5:].argmax(1)
    nearest = torch.cdist(drawn, places).argmin(1)
    assert (nearest == asked).float().mean() > 0.9
