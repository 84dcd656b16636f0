"""BiGAN against the exact facts of its paper (papers.md 2.4), through the losses and the engine that train it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset, DataSpec, split
from studio.models.bigan import BiGAN, BiGANRecipe
from studio.models.core.model import Batch, Embeds, Encodes
from studio.models.core.recipe import Value, make
from studio.training.cycle import Cycle
from tests.models.every import PICTURES, examples

CPU = torch.device("cpu")
MNIST = DataSpec("m", "images", (1, 28, 28), 100)
COLOUR = DataSpec("c", "images", (3, 16, 16), 100)


def build(data: DataSpec = PICTURES, **values: Value) -> BiGAN:
    torch.manual_seed(0)
    return BiGAN(make(BiGANRecipe, {"width": 6, "latent": 4, "units": 12, **values}), data).train()


def convolutional() -> BiGAN:
    return build(COLOUR, networks="convolutional")


def test_the_papers_settings_are_the_defaults() -> None:
    r = BiGANRecipe()
    assert (r.generator_rate, r.discriminator_rate, r.beta1, r.batch, r.decay) == (2e-4, 2e-4, 0.5, 128, 2.5e-5)
    assert (r.latent, r.units, r.networks) == (50, 1024, "dense")
    assert r.steps == 400 * 60_000 / 128
    made = BiGAN(r, MNIST)
    assert [(p.kind, p.size) for p in made.prior.parts] == [("uniform", 50)]
    assert {u.optimiser.weight_decay for u in made.updates()} == {2.5e-5}


def test_the_networks_are_the_papers_on_mnist() -> None:
    """papers.md 2.4(b), and in the authors' code the latent enters the generator's second layer too; no biases."""
    made = BiGAN(BiGANRecipe(), MNIST)

    def shapes(of: nn.Module) -> list[tuple[int, ...]]:
        return sorted(tuple(m.weight.shape) for m in of.modules() if isinstance(m, nn.Linear))

    trunk, of_z = [(1024, 784), (1024, 1024)], (1024, 50)
    assert shapes(made.pair.encoder) == sorted([*trunk, (50, 1024)])
    assert shapes(made.discriminator) == sorted([*trunk, of_z, of_z, (1, 1024)])
    assert shapes(made.pair.generator) == sorted([of_z, of_z, (1024, 1024), (784, 1024)])
    norms = [m for m in made.modules() if isinstance(m, nn.BatchNorm1d)]
    assert len(norms) == 2 + 1 + 1
    assert not any(m.affine for m in norms)
    assert all(p.dim() == 2 for p in made.parameters())


def test_the_two_losses_are_the_game_and_the_game_with_its_labels_swapped() -> None:
    """Each as the mean of its two halves, as in the authors' code: Adam scales a cost away, but not the share that the
    decay 2.5e-5 has beside it."""
    logits = torch.tensor([[1.5, -0.5], [0.25, 2.0]], dtype=torch.float64)
    made = finite([0, 1], [1, 0], logits)
    z = torch.tensor([[0.0], [1.0]])
    made.noise = lambda like: z  # type: ignore[method-assign]
    x = Batch(torch.tensor([0.0, 1.0]).view(-1, 1, 1, 1))
    real, fake = [1.5, 2.0], [0.25, -0.5]  # pairs (x, E(x)) = (0, 0), (1, 1); (G(z), z) = (1, 0), (0, 1)

    def log_sigma(a: float) -> float:
        return -math.log(1 + math.exp(-a))

    honest = [log_sigma(a) for a in real] + [log_sigma(-a) for a in fake]
    swapped = [log_sigma(a) for a in fake] + [log_sigma(-a) for a in real]
    assert float(made.discriminator_loss(x).value.detach()) == pytest.approx(-sum(honest) / 4, abs=1e-12)
    assert float(made.pair_loss(x).value.detach()) == pytest.approx(-sum(swapped) / 4, abs=1e-12)


def test_rates_hold_for_half_of_the_training_and_fall_to_a_hundredth() -> None:
    made = build(steps=1000)
    rates = [made.rates(cycle).rate for cycle in range(1001)]
    assert set(rates[:501]) == {1.0}
    assert rates[750] == pytest.approx(0.1)
    assert rates[1000] == pytest.approx(0.01)
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[500:]))
    assert build(steps=1000, falling=False).rates(999).rate == 1.0


# --- the game on a finite X and Z, every pair as often as it is likely


class Lookup(nn.Module):
    """From the number in the first place of each row to a row of a table."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(table)

    def forward(self, x: Tensor) -> Tensor:
        return self.table[x.flatten(1)[:, 0].round().long()]


class Joint(nn.Module):
    """A logit for each pair (x, z)."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.logits[x.flatten(1)[:, 0].round().long(), z[:, 0].round().long()]


P_X = [3, 1, 2, 2]
P_Z = [2, 2, 3, 1]
SIZE = len(P_X)


def rows(counts: list[int], width: int) -> Tensor:
    values = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts)).float()
    return values[:, None].repeat(1, width)


def joint(first: list[int], to: list[int], flip: bool) -> npt.NDArray[np.float64]:
    """The distribution over (x, z) of pairs (i, to[i]), or of (to[i], i) when flipped."""
    found = np.zeros((SIZE, SIZE))
    for i, count in enumerate(first):
        found[(to[i], i) if flip else (i, to[i])] += count / sum(first)
    return found


def finite(encoder: list[int], generator: list[int], logits: Tensor) -> BiGAN:
    """A BiGAN of tables: E maps x to encoder[x], G maps z to generator[z]; the noise of a batch is all of Z."""
    made = build(latent=1)
    made.pair.encoder = Lookup(torch.tensor(encoder).float()[:, None])
    made.pair.generator = Lookup(torch.tensor(generator).float()[:, None, None, None])
    made.discriminator = Joint(logits)  # type: ignore[assignment]
    made.noise = lambda like: rows(P_Z, 1)  # type: ignore[method-assign]
    return made


REAL = Batch(rows(P_X, 1).view(-1, 1, 1, 1))


def jsd(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> float:
    m = (p + q) / 2
    return sum(float((a[a > 0] * np.log(a[a > 0] / m[a > 0])).sum()) / 2 for a in (p, q))


@pytest.mark.parametrize(
    ("encoder", "generator"),
    [([0, 1, 2, 3], [0, 1, 2, 3]), ([2, 3, 0, 1], [1, 3, 0, 2]), ([0, 0, 0, 0], [2, 2, 2, 2])],
    ids=["the same map", "permutations", "collapsed"],
)
def test_at_the_best_discriminator_the_value_is_the_divergence_of_the_joints(
    encoder: list[int], generator: list[int]
) -> None:
    """C(E, G) = −log 4 + 2 JSD(P_EX ‖ P_GZ): proposition 2 of the paper, by enumeration."""
    on_x, on_z = joint(P_X, encoder, False), joint(P_Z, generator, True)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.log(on_x) - np.log(on_z)
    logits = torch.from_numpy(np.clip(np.nan_to_num(best, nan=0.0), -40, 40))
    made = finite(encoder, generator, logits)
    loss = made.discriminator_loss(REAL)
    assert -2 * float(loss.value.detach()) == pytest.approx(-math.log(4) + 2 * jsd(on_x, on_z), abs=1e-9)
    loss.value.backward()  # type: ignore[no-untyped-call]
    (table,) = made.discriminator.parameters()
    assert table.grad is not None
    assert table.grad.abs().max() < 1e-12, "the loss is convex in the table: nothing is better"


def test_when_the_encoder_undoes_the_generator_and_both_fit_the_discriminator_says_one_half() -> None:
    """E = G⁻¹, G carries P_Z to P_X: the joints are one, D = ½ everywhere is best, and the value −log 4 least."""
    generator = [2, 3, 0, 1]  # P_Z = (2, 2, 3, 1) goes to P_X = (3, 1, 2, 2)
    encoder = [generator.index(x) for x in range(SIZE)]
    assert np.allclose(joint(P_X, encoder, False), joint(P_Z, generator, True))
    made = finite(encoder, generator, torch.zeros(SIZE, SIZE, dtype=torch.float64))
    loss = made.discriminator_loss(REAL)
    assert -2 * float(loss.value.detach()) == pytest.approx(-1.3862943611198906, abs=1e-12)
    loss.value.backward()  # type: ignore[no-untyped-call]
    (table,) = made.discriminator.parameters()
    assert table.grad is not None
    assert table.grad.abs().max() < 1e-12


# --- who learns from what


@pytest.mark.parametrize("made", [build, convolutional])
def test_the_discriminator_gets_a_gradient_from_both_of_its_inputs(made: type) -> None:
    model = made()
    x = examples(model.data).requires_grad_()
    z = torch.randn(6, 4, requires_grad=True)
    model.discriminator(x, z).square().sum().backward()
    assert x.grad is not None
    assert z.grad is not None
    assert bool((x.grad.flatten(1).norm(dim=1) > 0).all())
    assert bool((z.grad.norm(dim=1) > 0).all())


@pytest.mark.parametrize("made", [build, convolutional])
def test_swapped_labels_let_both_work_against_the_discriminator(made: type) -> None:
    """A small step of G and E down their own loss raises D's loss; had E kept its labels, it would help D."""
    model = made()
    batch = Batch(examples(model.data, 32))
    z = torch.rand(32, 4) * 2 - 1
    model.noise = lambda like: z
    for _ in range(20):  # a D that knows something
        adam = torch.optim.Adam(model.discriminator.parameters(), 1e-3)
        adam.zero_grad()
        model.discriminator_loss(batch).value.backward()
        adam.step()
    for part in (model.pair.encoder, model.pair.generator):
        before = float(model.discriminator_loss(batch).value.detach())
        model.zero_grad()
        model.pair_loss(batch).value.backward()
        kept = [p.detach().clone() for p in part.parameters()]
        size = math.sqrt(sum(float(p.grad.square().sum()) for p in part.parameters()))
        with torch.no_grad():
            for p in part.parameters():
                p -= 0.02 * p.grad / size
        after = float(model.discriminator_loss(batch).value.detach())
        assert after > before
        with torch.no_grad():
            for p, old in zip(part.parameters(), kept, strict=True):
                p.copy_(old)


def test_all_modules_move_at_once_from_the_same_weights() -> None:
    data = Dataset(PICTURES, np.random.default_rng(0).integers(0, 256, (64, 1, 8, 8), np.uint8), None, *split(64, 0.25))
    recipe = make(BiGANRecipe, {"width": 6, "latent": 4, "units": 12, "batch": 8, "steps": 10})
    training = Cycle(BiGAN, recipe, data, CPU)
    seen: list[list[Tensor]] = []
    assert isinstance(training.model, BiGAN)
    training.model.pair.encoder.register_forward_pre_hook(
        lambda module, inputs: seen.append([p.detach().clone() for p in training.model.parameters()])
    )
    before = [p.detach().clone() for p in training.model.parameters()]
    moved = training.move()
    assert moved.cycle
    assert moved.player == "discriminator and generator and encoder"
    assert {"loss/discriminator", "loss/generator and encoder"} <= set(moved.values)
    assert len(seen) == 2, "once for each loss"
    for weights in seen:
        assert all(torch.equal(a, b) for a, b in zip(weights, before, strict=True))
    assert all(not torch.equal(a, b) for a, b in zip(before, training.model.parameters(), strict=True))


# --- the way back


def test_features_are_the_layer_before_the_latent() -> None:
    made = build().eval()
    assert isinstance(made, Encodes)
    assert isinstance(made, Embeds)
    x = examples(PICTURES)
    with torch.no_grad():
        features = made.embed(x)
        assert features.shape == (6, 12)
        a = made.pair.encoder.last(features)  # type: ignore[operator]
        assert torch.allclose(2 * a.sigmoid() - 1, made.encode(x), atol=1e-6)  # type: ignore[operator]


def test_no_picture_has_a_latent_that_the_prior_cannot_draw() -> None:
    """As in the authors' code: otherwise the length of E(x) gives real pairs away, whatever x is."""
    made = build()
    with torch.no_grad():
        made.pair.encoder.last.weight.mul_(1000)  # type: ignore[union-attr, operator]
        found = made.encode(examples(PICTURES))
    assert 0.9 < float(found.abs().max()) <= 1


def test_the_reconstruction_error_is_zero_for_an_inverse_and_that_of_another_example_is_not() -> None:
    made = finite([0, 1, 2, 3], [0, 1, 2, 3], torch.zeros(SIZE, SIZE))
    shown = made.reconstruction(REAL.x, made.encode(REAL.x).detach())
    own, other = shown.values()
    assert float(own) == 0
    off = (REAL.x - REAL.x.roll(1, 0)).abs().mean() / 2
    assert float(other) == pytest.approx(float(off))
    black, white = -torch.ones(2, 1, 8, 8), torch.ones(2, 1, 8, 8)
    made = build()
    made.pair.generator = nn.Identity()
    assert float(next(iter(made.reconstruction(black, white).values()))) == pytest.approx(8), "pixels count from 0 to 1"


def test_looking_at_reconstructions_leaves_the_generators_statistics_alone() -> None:
    made = build()
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    made.reconstruction(examples(PICTURES), torch.randn(6, 4) * 50)
    assert made.pair.generator.training
    for name, tensor in made.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_real_and_made_pairs_are_normalised_apart() -> None:
    made = build()
    seen: list[int] = []
    made.discriminator.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    made.discriminator_loss(Batch(examples(PICTURES)))
    assert seen == [6, 6]


def test_on_pairs_that_differ_the_encoder_learns_to_undo_a_fixed_generator() -> None:
    """G: z ↦ (z, …, z), fixed; E and D play. Nobody compares pictures, and yet E comes to read z off them."""
    torch.manual_seed(0)
    data = DataSpec("lines", "images", (1, 8, 8), 100)
    made = BiGAN(make(BiGANRecipe, {"latent": 1, "units": 32}), data).train()

    def draw(z: Tensor) -> Tensor:
        return z.view(-1, 1, 1, 1).expand(-1, 1, 8, 8)

    class Flat(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return draw(z)

    made.pair.generator = Flat()
    players = [torch.optim.Adam(m.parameters(), 2e-3, (0.5, 0.999)) for m in (made.discriminator, made.pair.encoder)]
    for _ in range(400):
        x = Batch(draw(torch.rand(128, 1) * 2 - 1))
        for loss, adam in zip((made.discriminator_loss, made.pair_loss), players, strict=True):
            adam.zero_grad()
            loss(x).value.backward()  # type: ignore[no-untyped-call]
            adam.step()
    made.eval()
    z = torch.linspace(-0.9, 0.9, 50)[:, None]
    with torch.no_grad():
        found = made.encode(draw(z))
    assert np.corrcoef(found[:, 0], z[:, 0])[0, 1] > 0.95
