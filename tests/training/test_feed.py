"""What comes with a batch besides its examples: columns, partners, and the mirror image of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch

from studio.data.dataset import Dataset, DataSpec, split_groups
from studio.data.skeleton import PARTS, SWAPPED
from studio.models.core.model import Batch
from studio.training.feed import Examples, Feed, Partners, chosen, mirrored

CPU = torch.device("cpu")
PEOPLE, PICTURES, SIDE = 12, 4, 8
WANTS = ("joints", "person", "parts")


@pytest.fixture(scope="module")
def posed() -> Dataset:
    """Twelve people in four pictures each; every value of a picture is the number of the example."""
    count = PEOPLE * PICTURES
    random = np.random.default_rng(0)
    order = random.permutation(count)
    person = (order // PICTURES).astype(np.int64)
    joints = np.concatenate([random.uniform(0, SIDE, (count, 18, 2)), np.ones((count, 18, 1))], 2).astype(np.float32)
    joints[::5, 3] = 0
    columns = {
        "joints": joints,
        "person": person,
        "parts": random.integers(0, len(PARTS), (count, SIDE, SIDE), dtype=np.uint8),
    }
    values = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 3, SIDE, SIDE)).copy()
    train, held_out = split_groups(person, 0.25)
    spec = DataSpec("posed", "images", (3, SIDE, SIDE), count, len(held_out), fingerprint="posed", carries=WANTS)
    return Dataset(spec, values, None, train, held_out, columns=columns)


def numbers(batch: Batch) -> npt.NDArray[np.int64]:
    """Which examples a batch holds."""
    return ((batch.x[:, 0, 0, 0] + 1) * 127.5).round().long().numpy()


def test_nobody_who_is_held_out_is_seen_in_training(posed: Dataset) -> None:
    person = posed.columns["person"]
    assert len(posed.held_out) == PEOPLE // 4 * PICTURES
    assert not set(person[posed.train].tolist()) & set(person[posed.held_out].tolist())
    assert np.array_equal(np.sort(np.concatenate([posed.train, posed.held_out])), np.arange(len(posed)))


def test_columns_are_those_of_the_examples(posed: Dataset) -> None:
    batch = Feed(posed, 7, 0, False, CPU, ("joints", "parts", "unheard of")).next()
    assert set(batch.columns) == {"joints", "parts"}
    for name, column in batch.columns.items():
        assert np.array_equal(column.numpy(), posed.columns[name][numbers(batch)])


def test_a_partner_is_another_picture_of_the_same_person(posed: Dataset) -> None:
    feed = Feed(posed, 16, 0, False, CPU, WANTS, pairs=True)
    seen = set()
    for _ in range(40):
        batch = feed.next()
        assert batch.partner is not None
        assert torch.equal(batch.columns["person"], batch.partner.columns["person"])
        pairs = list(zip(numbers(batch).tolist(), numbers(batch.partner).tolist(), strict=True))
        assert all(a != b for a, b in pairs)
        assert {n for pair in pairs for n in pair} <= set(posed.train.tolist())
        seen |= set(pairs)
    assert len(seen) > 0.9 * len(posed.train) * (PICTURES - 1)  # every pair comes up sooner or later


def test_partners_depend_on_seed_and_place_alone(posed: Dataset) -> None:
    def after(batches: int) -> Feed:
        feed = Feed(posed, 10, 3, False, CPU, WANTS, pairs=True)
        for _ in range(batches):
            feed.next()
        return feed

    steady, resumed = after(5), after(0)
    resumed.order.go_to(steady.order.epoch, steady.order.at)
    a, b = steady.next(), resumed.next()
    assert a.partner is not None
    assert b.partner is not None
    assert np.array_equal(numbers(a.partner), numbers(b.partner))


def test_somebody_with_one_picture_is_their_own_partner(posed: Dataset) -> None:
    alone = replace(posed, columns={**posed.columns, "person": np.arange(len(posed))})
    batch = Feed(alone, 9, 0, False, CPU, WANTS, pairs=True).next()
    assert batch.partner is not None
    assert np.array_equal(numbers(batch), numbers(batch.partner))


def test_pairs_of_the_dataset_are_shown_once_an_epoch_each_way_as_listed(posed: Dataset) -> None:
    a, b, c = posed.train[:3]
    held = int(posed.held_out[0])
    listed = replace(posed, tables={"pairs": np.array([[a, b], [c, a], [a, held], [b, c]])})
    feed = Feed(listed, 3, 0, False, CPU, WANTS, pairs=True)
    assert feed.order.count == 3  # that with a held-out example is not for training
    for _ in range(2):
        batch = feed.next()
        assert batch.partner is not None
        pairs = set(zip(numbers(batch.partner).tolist(), numbers(batch).tolist(), strict=True))
        assert pairs == {(a, b), (c, a), (b, c)}
    assert Partners(listed, posed.held_out).listed is None


def test_the_mirror_image_swaps_left_and_right_of_joints_and_parts_with_the_partner(posed: Dataset) -> None:
    examples = Examples(posed, posed.train, CPU, WANTS)
    batch = replace(examples.at(np.arange(6)), partner=examples.at(np.arange(6, 12)))
    turned = mirrored(batch, torch.tensor([True, False] * 3))
    assert turned.partner is not None
    for before, after in ((batch, turned), (batch.partner, turned.partner)):
        assert before is not None
        assert torch.equal(after.columns["joints"][1::2], before.columns["joints"][1::2])
        was, now = before.columns["joints"][::2, list(SWAPPED)], after.columns["joints"][::2]
        known = was[..., 2] > 0
        assert torch.allclose(now[known][:, 0], SIDE - was[known][:, 0])
        assert torch.equal(now[..., 2], was[..., 2])
        assert not now[~known].any()
        assert not torch.equal(after.columns["parts"][::2], before.columns["parts"][::2])
    twice = mirrored(turned, torch.tensor([True, False] * 3))
    assert torch.equal(twice.columns["parts"], batch.columns["parts"])
    assert torch.allclose(twice.columns["joints"], batch.columns["joints"], atol=1e-5)
    assert torch.equal(twice.x, batch.x)


def test_half_of_the_batches_examples_are_mirrored(posed: Dataset) -> None:
    torch.manual_seed(0)
    plain, feed = (Feed(posed, 32, 0, mirror, CPU, WANTS) for mirror in (False, True))
    same = sum(
        int((a == b).flatten(1).all(1).sum())
        for a, b in ((plain.next().columns["parts"], feed.next().columns["parts"]) for _ in range(10))
    )
    assert 100 < same < 220  # of 320


@pytest.mark.parametrize("pairs", [False, True])
def test_examples_to_be_shown_are_held_out_and_the_same_each_time(posed: Dataset, pairs: bool) -> None:
    first, again = (chosen(posed, 5, 4, CPU, WANTS, pairs) for _ in range(2))
    assert np.array_equal(numbers(first), numbers(again))
    assert set(numbers(first).tolist()) <= set(posed.held_out.tolist())
    if pairs:
        assert first.partner is not None
        assert set(numbers(first.partner).tolist()) <= set(posed.held_out.tolist())
        assert torch.equal(first.columns["person"], first.partner.columns["person"])


def test_sentences_come_as_numbers_of_words() -> None:
    words = np.array([[3, 1, 0], [2, 0, 0]], np.int32)
    spec = DataSpec("said", "sentences", (3,), 2, classes=("no", "yes"), vocabulary=3)
    data = Dataset(spec, words, np.array([1, 0]), np.arange(2), np.arange(0))
    batch = Examples(data, data.train, CPU).at(np.array([1, 0]))
    assert batch.x.dtype == torch.int64
    assert batch.x.tolist() == [[2, 0, 0], [3, 1, 0]]
    assert batch.labels is not None
    assert batch.labels.tolist() == [0, 1]


def test_data_too_large_for_the_memory_gives_the_same_batches(
    posed: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    kept: Callable[[], Batch] = Feed(posed, 6, 1, False, CPU, WANTS, pairs=True).next
    monkeypatch.setattr("studio.training.feed.psutil.virtual_memory", lambda: type("M", (), {"available": 0}))
    mapped = Feed(posed, 6, 1, False, CPU, WANTS, pairs=True).next
    a, b = kept(), mapped()
    assert torch.equal(a.x, b.x)
    assert all(torch.equal(a.columns[name], b.columns[name]) for name in WANTS)
