"""Harnessing deep neural networks with logic rules. Hu, Ma, Liu, Hovy and Xing 2016, arXiv:1603.06318.

A student p_θ(y|x), Kim's network that reads sentences (arXiv:1408.5882), and its teacher, p made to follow rules r_l
with truth values in 0..1, in closed form:

    q(y|x) ∝ p_θ(y|x) exp{−Σ_l C λ_l (1 − r_l(x, y))}                                        (equation 4)
    θ  by  (1 − π_t) · cross entropy to the label  +  π_t · cross entropy to the teacher       (equation 2)
    π_t = min{π₀, 1 − α^t}

The rule says that "A but B" is as B is: with σ(B) the student's own prediction of the clause behind "but",
r = (1 + σ(B)₊)/2 for the label + and (2 − σ(B)₊)/2 for −. Sentences without the word have q = p.

What the paper leaves open is as in its published code, where that is the paper's method: t counts epochs, in parts of
one too, and α is 0.95 (the paper's text says 0.9); the teacher of a move is made of the p that moves, its dropout
included, σ(B) is read without, and no gradient goes through either. What that code does otherwise is not repeated: it
counts the rule twice, has σ(B) in the place of (1 + σ(B))/2, which together make it four times as strong, and parts
sentences at the letters "but" wherever they stand. It also moves words by 0.3 of Adadelta's step; here they move as
all else does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import training_problems
from studio.models.core.model import Batch, Gauge, Level, Loss, Model, Optimiser, Paper, Ruled, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.logic import but_rule, taught
from studio.nn.sentences import SentenceCNN

WINDOWS = (3, 4, 5)
EPOCHS = 20
"""Of a training, in the published code."""


@recipe
class RuleDistillationRecipe(Recipe):
    """As in the paper's experiment on SST-2, section 5.1."""

    steps: int = 2780
    batch: int = 50
    average: float = 0.0
    embedding: Annotated[
        int,
        Field("dimensions of a word; those of the dataset's vectors, where it has some", 1, 4096, essential=True),
    ] = 300
    filters: Annotated[int, Field("for each of the windows of 3, 4 and 5 words", 1, 4096, "filters", scale="log")] = 100
    dropout: Annotated[float, Field("share of the features that is left out at each move", 0, 0.95, term="dropout")] = (
        0.4
    )
    words: Annotated[
        Literal["vectors", "random"],
        Field("what words begin with: the vectors that came with the dataset, or random ones; without vectors, random"),
    ] = "vectors"
    tuned: Annotated[bool, Field("words are learned further (non-static), else they stay as they began")] = True
    rule: Annotated[
        Literal["A but B", "none"],
        Field(
            "what the teacher follows: a sentence A but B is as B is", essential=True, group="Rule", term="logic rule"
        ),
    ] = "A but B"
    strength: Annotated[
        float,
        Field(
            "C: how hard the teacher is held to its rules", 0, 10_000, essential=True, group="Rule", term="rule teacher"
        ),
    ] = 6.0
    confidence: Annotated[
        float, Field("λ: how much the rule is believed, beside others", 0, 1000, group="Rule", term="rule teacher")
    ] = 1.0
    imitation: Annotated[
        float,
        Field(
            "π₀: the largest share of the loss that imitates the teacher; 0: labels alone, the base of the comparison",
            0,
            1,
            essential=True,
            group="Rule",
            term="rule distillation",
        ),
    ] = 1.0
    decay: Annotated[
        float,
        Field(
            "α of π = min{π₀, 1 − α^t}, t in epochs: 0 imitates from the start, 1 never does",
            0,
            1,
            group="Rule",
            term="rule distillation",
        ),
    ] = 0.95
    optimiser: Annotated[
        Literal["adadelta", "adam"],
        Field("how it descends: Adadelta wants a rate of 1, Adam one near 0.001", group="Optimiser", term="adadelta"),
    ] = "adadelta"
    rate: Annotated[float, Field("learning rate", 0, 10, group="Optimiser", scale="log", term="rate")] = 1.0
    memory: Annotated[
        float, Field("ρ: decay of Adadelta's averages", 0, 0.9999, group="Optimiser", term="adadelta")
    ] = 0.95
    norm: Annotated[
        float,
        Field("largest length of the weights of a class's logit; 0: as they are", 0, 1000, group="Optimiser"),
    ] = 3.0


class RuleDistillation(Model):
    """See the top of this file."""

    title = "Rule distillation"
    paper = Paper("Hu, Ma, Liu, Hovy and Xing", 2016, "Harnessing Deep Neural Networks with Logic Rules", "1603.06318")
    about = "A network that reads sentences imitates a teacher: itself, made to follow a rule of logic."
    recipe_type = RuleDistillationRecipe
    recipe: RuleDistillationRecipe
    wants = ("but",)
    levels = (Level("truth of the rule", "always true", 1.0, "logic rule"),)
    gauges = (Gauge("imitation/π", "imitation of the teacher, π"),)

    taken: Tensor

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.given = r.words == "vectors" and data.vectors > 0
        size = data.vectors if self.given else r.embedding
        self.student = SentenceCNN(data.vocabulary, len(data.classes), size, WINDOWS, r.filters, r.dropout, r.tuned)
        self.epoch = (data.count - data.held_out) / r.batch
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))

    def meet(self, tables: Mapping[str, npt.NDArray[Any]]) -> None:
        if self.given and "vectors" in tables:
            self.student.start_from(tables["vectors"])

    # --- training

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        own = Optimiser(r.optimiser, r.rate, rho=r.memory)
        return [Update("student", self.student, self.loss, own, after=self.moved, averaged=True)]

    def moved(self) -> None:
        self.taken += 1
        if self.recipe.norm:
            self.student.limit(self.recipe.norm)

    @property
    def pi(self) -> Tensor:
        """π_t for the move that is due: t = (moves before it + 1) / (moves of an epoch), as in the code."""
        t = (self.taken + 1) / self.epoch
        return (1 - self.recipe.decay**t).clamp(max=self.recipe.imitation)

    def loss(self, batch: Batch) -> Loss:
        assert batch.labels is not None
        logits = self.student(batch.x)
        hard = cross_entropy(logits, batch.labels)
        shows = {"cross entropy/to the labels": hard.detach()}
        if self.recipe.rule == "none":
            return Loss(hard, shows)
        found = self.follow(logits.detach(), batch)
        shows |= self.said(found, batch.labels)
        if not self.recipe.imitation:
            return Loss(hard, shows)
        soft = cross_entropy(logits, found.teacher)
        pi = self.pi
        shows |= {"cross entropy/to the teacher": soft.detach(), "imitation/π": pi}
        return Loss((1 - pi) * hard + pi * soft, shows)

    def said(self, found: Ruled, labels: Tensor) -> dict[str, Tensor]:
        """Of the batch: how many sentences have a rule, how true it is of their labels and of what p and q say."""
        ruled = found.applies
        shows = {"rule/share of the batch that it is about": ruled.float().mean()}
        if ruled.any():
            truth = found.truth[ruled]
            of_label = truth.gather(1, labels[ruled, None]).mean()
            expected = {
                name: (truth * p[ruled]).sum(1).mean() for name, p in (("p", found.student), ("q", found.teacher))
            }
            shows["truth of the rule/for the labels of the batch"] = of_label
            shows |= {f"truth of the rule/as {name} expects it": value for name, value in expected.items()}
        return shows

    # --- the rule

    @torch.no_grad()
    def follow(self, logits: Tensor, batch: Batch) -> Ruled:
        """What student and teacher say of sentences whose logits B×K are these."""
        p = torch.softmax(logits.float(), dim=1)
        truth, clause = torch.ones_like(p), p.clone()
        where, applies = clauses(batch)
        if self.recipe.rule == "none":
            applies = torch.zeros_like(applies)
        if applies.any():
            training = self.student.training
            self.student.eval()  # nothing is left out of what the rule is told
            said = torch.softmax(self.student(where[applies]).float(), dim=1)
            self.student.train(training)
            clause[applies], truth[applies] = said, but_rule(said)
        strength, confidence = self.recipe.strength, self.recipe.confidence
        penalty = strength * confidence * (1 - truth)
        teacher = torch.where(applies[:, None], taught(p.log(), penalty).exp(), p)
        return Ruled(p, teacher, truth, applies, clause, strength, confidence)

    # --- capabilities

    def ruled(self, batch: Batch) -> Ruled:
        return self.follow(self.student(batch.x), batch)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, RuleDistillationRecipe)
        if data.kind != "sentences":
            return [Problem("", f"{cls.title} reads sentences; {data.name} holds {data.kind}. Choose another model")]
        found = training_problems(recipe, data)
        if len(data.classes) != 2:
            many = f"{len(data.classes)} labels" if data.classes else "no labels"
            found.append(Problem("", f"the rule is about two labels, negative and positive; {data.name} has {many}"))
        if recipe.rule != "none" and "but" not in data.carries:
            found.append(Problem("rule", f"nobody says where a clause behind “but” begins in {data.name}; take none"))
        return found

    @classmethod
    def made_for(cls, data: DataSpec) -> bool:
        return data.kind == "sentences"

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind != "sentences":
            return {}
        suited: dict[str, Value] = {"steps": max(1, round(EPOCHS * (data.count - data.held_out) / 50))}
        return suited | ({"embedding": data.vectors} if data.vectors else {})


def clauses(batch: Batch) -> tuple[Tensor, Tensor]:
    """The clauses that begin where the column "but" says, B×L, moved to the front, 0 behind their last word; and which
    of the sentences have one, bool B."""
    x = batch.x
    begin = batch.columns.get("but", torch.full_like(x[:, 0], -1)).long()
    at = begin[:, None] + torch.arange(x.shape[1], device=x.device)
    inside = (begin[:, None] >= 0) & (at < x.shape[1])
    taken = torch.where(inside, x.gather(1, at.clamp(0, x.shape[1] - 1)), 0)
    return taken, (taken > 0).any(1)
