"""A convolutional network that reads sentences. Kim 2014, Convolutional Neural Networks for Sentence Classification,
arXiv:1408.5882."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class SentenceCNN(nn.Module):
    """Words → vectors → filters over windows of neighbouring words → each filter's maximum over the sentence → logits.

    Every window that holds a word is looked at, those that reach over an end of the sentence too; those without a word
    are not, so that nothing depends on how far a batch is padded. (In the authors' code all sentences are padded to the
    longest one of the dataset.) Weights begin as in that code: words U(−¼, ¼), filters U(−0.01, 0.01), the rest 0.

    Args:
        vocabulary: number of words; they count from 1, and 0 is padding.
        classes: number of logits.
        size: dimensions of a word.
        windows: words in a window, one group of filters for each.
        filters: in each group.
        dropout: share of the features that is left out in training.
        tuned: whether the words are parameters ("non-static") or stay as they are ("static").
    """

    def __init__(
        self,
        vocabulary: int,
        classes: int,
        size: int = 300,
        windows: Sequence[int] = (3, 4, 5),
        filters: int = 100,
        dropout: float = 0.5,
        tuned: bool = True,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary + 1, size, padding_idx=0)
        nn.init.uniform_(self.words.weight, -0.25, 0.25)
        with torch.no_grad():
            self.words.weight[0].zero_()
        if not tuned:  # a buffer's place: kept, never moved
            frozen = self.words.weight.detach().clone()
            del self.words.weight
            self.words.register_buffer("weight", frozen)
        self.groups = nn.ModuleList(nn.Conv1d(size, filters, window, padding=window - 1) for window in windows)
        for group in self.groups:
            assert isinstance(group, nn.Conv1d)
            assert group.bias is not None
            nn.init.uniform_(group.weight, -0.01, 0.01)
            nn.init.zeros_(group.bias)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(len(windows) * filters, classes)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    @torch.no_grad()
    def start_from(self, vectors: npt.NDArray[Any]) -> None:
        """Begin with these vectors V×size of the words; those of NaN stay as they are.

        Raises:
            ValueError: for vectors of another size or number.
        """
        table = self.words.weight
        if vectors.shape != (len(table) - 1, table.shape[1]):
            raise ValueError(f"{len(table) - 1:,} words of {table.shape[1]} values have no vectors {vectors.shape}")
        given = torch.from_numpy(np.array(vectors, np.float32)).to(table.device)
        known = torch.isfinite(given).all(1, keepdim=True)
        table[1:] = torch.where(known, given, table[1:])

    def features(self, x: Tensor) -> Tensor:
        """The maximum of each filter, B×(filters of all groups), of sentences B×L; 0 for a sentence without words. A 0
        before the last word is a word that nobody knows: it says nothing, and keeps its place."""
        length = ((x > 0) * torch.arange(1, x.shape[1] + 1, device=x.device)).amax(1)
        x = x[:, : max(int(length.max()), 1)]
        words = self.words(x).transpose(1, 2)
        found = []
        for group in self.groups:
            assert isinstance(group, nn.Conv1d)
            read = group(words).relu()
            last = (length + group.kernel_size[0] - 1) * (length > 0)
            there = torch.arange(read.shape[2], device=x.device) < last[:, None]
            found.append((read * there[:, None]).amax(2))  # what is rectified is never below 0
        return torch.cat(found, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits B×K of sentences B×L, int64."""
        logits: Tensor = self.last(self.dropout(self.features(x)))
        return logits

    @torch.no_grad()
    def limit(self, norm: float) -> None:
        """Scale down the weights of each class's logit to this Euclidean norm where they exceed it (Kim, section 2.1);
        the bias is not counted."""
        weight = self.last.weight
        weight.mul_((norm / weight.norm(dim=1, keepdim=True).clamp(min=1e-12)).clamp(max=1))
