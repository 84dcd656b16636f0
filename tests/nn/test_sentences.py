"""The network that reads sentences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.nn.sentences import SentenceCNN


def network(**rest: object) -> SentenceCNN:
    torch.manual_seed(0)
    made = SentenceCNN(20, 2, size=8, filters=5, **rest).eval()  # type: ignore[arg-type]
    torch.nn.init.normal_(made.last.weight)
    for group in made.groups:
        torch.nn.init.normal_(group.bias)  # type: ignore[arg-type]
    return made


def test_padding_never_changes_what_is_said() -> None:
    net = network()
    short = torch.tensor([[3, 7, 1]])
    said = net(short)
    for behind in (1, 2, 30):
        padded = torch.cat([short, torch.zeros(1, behind, dtype=torch.int64)], 1)
        assert torch.allclose(net(padded), said, atol=1e-6)
        longer = torch.cat([padded, torch.randint(1, 21, (1, padded.shape[1]))])
        assert torch.allclose(net(longer)[:1], said, atol=1e-6), "nor does a longer sentence in the same batch"


def test_a_feature_is_the_largest_answer_of_its_filter_over_all_windows_that_hold_a_word() -> None:
    net = network()
    x = torch.tensor([[3, 7, 1, 9]])
    words = net.words(x)[0]
    found = []
    for group in net.groups:
        assert isinstance(group, torch.nn.Conv1d)
        assert group.bias is not None
        window = group.kernel_size[0]
        padded = torch.cat([torch.zeros(window - 1, 8), words, torch.zeros(window - 1, 8)])
        answers = [
            (group.weight * padded[at : at + window].T).sum((1, 2)) + group.bias
            for at in range(len(padded) - window + 1)
        ]
        found.append(torch.stack(answers).amax(0).clamp(min=0))
    assert torch.allclose(net.features(x)[0], torch.cat(found), atol=1e-6)


def test_a_sentence_without_words_and_a_word_that_nobody_knows_are_read_too() -> None:
    net = network()
    assert torch.equal(net.features(torch.zeros(1, 4, dtype=torch.int64)), torch.zeros(1, 15))
    assert torch.allclose(net(torch.tensor([[3, 0, 5, 0]])), net(torch.tensor([[3, 0, 5]])), atol=1e-6)
    assert not torch.allclose(net(torch.tensor([[3, 0, 5]])), net(torch.tensor([[3, 5, 0]]))), "it keeps its place"


def test_vectors_of_a_file_are_what_words_begin_with_where_there_are_some() -> None:
    net = network()
    before = net.words.weight.detach().clone()
    vectors = np.full((20, 8), np.nan, np.float32)
    vectors[4] = 0.5
    net.start_from(vectors)
    assert net.words.weight[5].eq(0.5).all()
    others = [i for i in range(21) if i != 5]
    assert torch.equal(net.words.weight[others], before[others])
    with pytest.raises(ValueError, match="8 values"):
        net.start_from(vectors[:, :4])


def test_padding_stays_zero_and_words_that_are_not_learned_are_no_parameters() -> None:
    net = network()
    net(torch.tensor([[3, 7, 0]])).sum().backward()
    assert net.words.weight[0].eq(0).all()
    assert net.words.weight.grad is not None
    assert net.words.weight.grad[0].eq(0).all()
    still = network(tuned=False)
    assert "words.weight" not in dict(still.named_parameters())
    assert "words.weight" in still.state_dict()


def test_the_weights_of_a_class_are_scaled_down_to_the_limit_and_never_up() -> None:
    net = network()
    with torch.no_grad():
        net.last.weight[0] = 10
        net.last.weight[1] = 0.01
    net.limit(3)
    assert net.last.weight[0].norm().item() == pytest.approx(3)
    assert net.last.weight[1].eq(0.01).all()
