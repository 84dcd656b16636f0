"""PG²: what each stage is, when it moves, and what the constraint adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.data.dataset import Dataset, DataSpec
from studio.data.skeleton import JOINTS
from studio.models.core.body import Parser
from studio.models.core.constrained import PLAYER
from studio.models.core.model import Batch, capabilities
from studio.models.pg2 import PG2, PG2Recipe
from studio.nn.pose import mask, mask_l1
from studio.training.cycle import Cycle
from tests.models.every import PICTURES, POINTS, POSED, batch, build, cross_talk, examples
from tests.nn.people import standing

CPU = torch.device("cpu")


def model(**values: float | str) -> PG2:
    made = build(PG2, POSED, **values)
    assert isinstance(made, PG2)
    return made


def refined(made: PG2) -> PG2:
    """One whose stage 2 says something: it begins with nothing."""
    torch.nn.init.normal_(made.fine.last.weight, std=0.05)
    return made


def people(n: int = 24) -> Dataset:
    """Grey people before black, three pictures of each."""
    joints = standing(POSED.size, n)
    joints[..., :2] += torch.randn(n, 1, 2, generator=torch.Generator().manual_seed(0))
    near = mask(joints, POSED.size)
    person = np.arange(n) // 3
    grey = torch.linspace(60, 250, n // 3)[torch.from_numpy(person)].view(-1, 1, 1, 1)
    values = (near * grey).expand(-1, 3, -1, -1).to(torch.uint8).numpy()
    columns = {"joints": joints.numpy(), "person": person, "parts": (near[:, 0] * 2).to(torch.uint8).numpy()}
    return Dataset(replace(POSED, count=n), values, None, np.arange(n), np.arange(0), columns=columns)


# --- the paper's invariants


def test_stage_2_that_adds_nothing_leaves_stage_1_and_training_begins_so() -> None:
    coarse, made = model().both(batch(POSED))
    assert torch.equal(coarse, made)
    x = examples(POSED)
    stages = model().pose(x, batch(POSED).columns["joints"], torch.zeros(6, len(JOINTS), 3))
    assert list(stages) == ["stage 1", "difference", "stage 2"]
    assert torch.equal(stages["stage 1"], stages["stage 2"])
    assert not stages["difference"].any()


def test_what_stage_2_adds_is_the_difference_of_the_two() -> None:
    made = refined(model())
    given = batch(POSED)
    coarse, fine = made.both(given)
    assert given.partner is not None
    added = made.difference(given.partner.x, coarse)
    assert added.abs().max() > 0.01
    assert torch.allclose(fine - coarse, added, atol=1e-6)
    stages = made.pose(given.partner.x, given.columns["joints"], given.columns["joints"])
    assert torch.allclose(stages["difference"], added.clamp(-2, 2) / 2, atol=1e-6)


def test_the_first_loss_is_the_pose_mask_loss_and_plain_l1_for_a_pose_that_nobody_knows() -> None:
    made = model()
    given = batch(POSED)
    assert given.partner is not None
    first = made.first(given.partner.x, given.columns["joints"])
    loss = made.first_loss(given).value
    assert torch.equal(loss, mask_l1(first, given.x, mask(given.columns["joints"], POSED.size)))
    nobody = replace(given, columns={"joints": torch.zeros(6, len(JOINTS), 3)})
    first = made.first(given.partner.x, nobody.columns["joints"])
    assert torch.allclose(made.first_loss(nobody).value, (first - given.x).abs().mean())


def test_the_pose_moves_the_picture_and_a_missing_joint_is_not_one_in_the_corner() -> None:
    made = model()
    source, joints = examples(POSED), batch(POSED).columns["joints"]
    moved, gone, corner = joints.clone(), joints.clone(), joints.clone()
    moved[:, 4] = torch.tensor([3.0, 12.0, 1.0])
    gone[:, 4] = 0
    corner[:, 4] = torch.tensor([0.0, 0.0, 1.0])
    first = made.first(source, joints)
    assert not torch.allclose(first, made.first(source, moved))
    assert not torch.allclose(made.first(source, gone), made.first(source, corner))


def test_the_order_of_the_pairs_in_a_batch_changes_nothing() -> None:
    made = refined(model())
    given = batch(POSED)
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    for loss in (made.first_loss, made.discriminator_loss, made.second_loss):
        assert torch.allclose(loss(given).value, loss(_ordered(given, order)).value, rtol=1e-4)


def test_the_discriminator_looks_at_both_pictures_of_a_pair_and_at_no_other_pair() -> None:
    made = model().eval()
    x = examples(POSED)
    logits = made.judged(x, x.flip(0))
    assert not torch.allclose(logits, made.judged(x.flip(0), x.flip(0)))
    assert not torch.allclose(logits, made.judged(x, x))
    assert cross_talk(lambda y: made.judged(x[:3], y), x[:3]) == 0


# --- the stages move one after the other


def test_stage_1_moves_first_then_the_game_with_stage_1_held() -> None:
    cycle = Cycle(PG2, PG2Recipe(steps=6, first=3, batch=4, width=4, bottleneck=4, seed=1), people(), CPU)
    moved = []
    for _ in range(3):
        moved.append(cycle.move().player)
    before = {name: value.clone() for name, value in cycle.model.state_dict().items()}
    for _ in range(4):
        moved.append(cycle.move().player)
    assert moved == ["stage 1"] * 3 + ["discriminator", "stage 2"] * 2
    after = cycle.model.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"discriminator", "fine"}


def test_the_rate_of_stage_1_stays_or_falls_to_a_hundredth_by_its_end() -> None:
    stays = model(first=1000)
    assert {stays.slowed(cycle).rate for cycle in (0, 500, 999, 5000)} == {1.0}
    falls = model(first=1000, falling=0.5)
    assert [falls.slowed(cycle).rate for cycle in (0, 500, 750)] == [1.0, 1.0, 0.5]
    assert falls.slowed(999).rate == falls.slowed(5000).rate == 0.01


def test_a_few_moves_make_people_greyer_than_nothing() -> None:
    cycle = Cycle(
        PG2,
        PG2Recipe(steps=60, first=50, batch=8, width=6, bottleneck=8, generator_rate=3e-3, average=0.5),
        people(),
        CPU,
    )
    losses = [float(cycle.move().values["loss/stage 1"]) for _ in range(50)]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


# --- the constraint


@pytest.mark.parametrize("constraint", ["fixed", "learned"])
def test_the_parser_takes_its_lessons_in_stage_1_and_goes_on_only_where_it_is_learned(constraint: str) -> None:
    recipe = PG2Recipe(
        steps=5,
        first=2,
        lessons=2,
        batch=4,
        width=4,
        parser_width=4,
        bottleneck=4,
        constraint=constraint,  # type: ignore[arg-type]
    )
    cycle = Cycle(PG2, recipe, people(), CPU)
    first = [cycle.move().player for _ in range(4)]
    assert first == [PLAYER, "stage 1"] * 2
    parser = cycle.model.constraint
    assert isinstance(parser, Parser)
    before = [p.detach().clone() for p in parser.parameters()]
    then = [cycle.move() for _ in range(6 if constraint == "learned" else 4)]
    assert [m.player for m in then][-2:] == ["discriminator", "stage 2"]
    held = all(torch.equal(a, b) for a, b in zip(before, parser.parameters(), strict=True))
    assert held == (constraint == "fixed")
    shown = then[-1].values.keys()
    assert {"constraint/f of samples, p", "constraint/f of data", "effective sample size/share of the batch"} <= shown


def test_a_learned_constraint_rests_between_its_lessons_and_stage_2() -> None:
    def moving(**values: float | str) -> list[list[str]]:
        players = model(first=3, constraint="learned", **values).players()
        return [[u.player for u in players if u.moves(cycle)] for cycle in range(5)]

    game = [PLAYER, "discriminator", "stage 2"]
    assert moving(lessons=1) == [[PLAYER, "stage 1"], ["stage 1"], ["stage 1"], game, game]
    assert moving(lessons=9)[1:4] == [[PLAYER, "stage 1"], [PLAYER, "stage 1"], game]
    assert moving(lessons=1, asked="network")[0] == ["stage 1"], "what needs no teaching waits for stage 2"


def test_the_constraint_is_of_the_very_pictures_that_the_loss_is_of_and_reaches_the_generator() -> None:
    made = refined(model(constraint="fixed", l1=0.0))
    assert isinstance(made.constraint, Parser)
    given = batch(POSED)
    made.second_loss(given)
    drawn = made.draw(given)
    assert torch.equal(drawn.columns["joints"], given.columns["joints"])
    assert torch.equal(drawn.x, made.both(given)[1])
    again = made.draw(given)  # the memory is used once
    assert again.x is not drawn.x
    made.constraint.score(drawn).sum().backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None for p in made.fine.parameters())
    assert all(p.grad is None for p in made.coarse.parameters())


def test_going_uphill_on_the_constraint_brings_parsed_parts_nearer_to_the_pose() -> None:
    made = model(constraint="fixed")
    parser = made.constraint
    assert isinstance(parser, Parser)
    given = batch(POSED)
    teacher = torch.optim.Adam(parser.parameters(), 1e-2)
    for _ in range(60):
        teacher.zero_grad()
        parser.lesson(given).backward()  # type: ignore[no-untyped-call]
        teacher.step()
    parser.requires_grad_(False)
    before = float(parser.score(made.draw(given)).detach().mean())
    mover = torch.optim.Adam(made.fine.parameters(), 1e-2)
    for _ in range(20):
        mover.zero_grad()
        (-parser.score(made.draw(given)).mean()).backward()  # type: ignore[no-untyped-call]
        mover.step()
    assert float(parser.score(made.draw(given)).detach().mean()) > before + 0.1


def test_it_parses_parts_only_where_it_has_a_parser() -> None:
    assert "parse parts" in capabilities(PG2)
    assert "parse parts" in capabilities(model(constraint="learned"))
    assert "parse parts" not in capabilities(model())
    assert "parse parts" not in capabilities(model(constraint="fixed", asked="symmetry"))


# --- which data


def test_misfits_are_named_in_words() -> None:
    said = [str(PG2.problems(PG2Recipe(), data)[0]) for data in (PICTURES, POINTS)]
    assert "joints" in said[0]
    assert "figures" in said[0]
    assert "points" in said[1]
    strangers = DataSpec("strangers", "images", (3, 64, 64), 100, carries=("joints",))
    assert "same person" in str(PG2.problems(PG2Recipe(), strangers)[0])
    huge = DataSpec("huge", "images", (3, 512, 512), 100, carries=("joints", "person"))
    assert "512×512" in str(PG2.problems(PG2Recipe(), huge)[0])


def test_it_is_proposed_first_for_several_pictures_of_each_person_and_for_nothing_else() -> None:
    assert PG2.made_for(POSED)
    assert not PG2.made_for(PICTURES)
    assert not PG2.made_for(replace(POSED, carries=("joints",)))


@pytest.mark.parametrize("size", [(64, 64), (128, 64), (256, 256)])
def test_what_suits_makes_a_recipe_without_problems(size: tuple[int, int]) -> None:
    data = DataSpec("people", "images", (3, *size), 1000, carries=("joints", "person"))
    assert PG2.problems(PG2Recipe(**PG2.suits(data)), data) == []  # type: ignore[arg-type]


def _ordered(given: Batch, order: Tensor) -> Batch:
    partner = None if given.partner is None else _ordered(given.partner, order)
    columns = {name: column[order] for name, column in given.columns.items()}
    return Batch(given.x[order], None, columns, partner)
