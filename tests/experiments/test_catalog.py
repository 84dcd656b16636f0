"""Every experiment can be listed without torch, and plans runs that its models and datasets allow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.data import builtin
from studio.data.dataset import DataSpec
from studio.experiments.core import catalog, material
from studio.experiments.core.experiment import PresetName
from studio.experiments.core.material import SHAPES
from studio.models.core import catalog as models
from studio.models.core import recipe as recipes

FEW = 10_000


def spec_of(name: str) -> DataSpec:
    if name == "sst2":
        return DataSpec(
            name, "sentences", (56,), 9613, 2693, ("negative", "positive"), name, name, ("but", "part"), 17_573
        )
    if name == "mushrooms":
        return DataSpec(name, "vectors", (112,), 8124, 6124, (), name, name, ("part",))
    if name == "four-points":
        return DataSpec(name, "vectors", (4,), 2000, 200, tuple("1234"), name, f"builtin:{name}")
    if name in SHAPES:
        shape, classes = SHAPES[name]
        return DataSpec(name, "images", shape, 70_000, FEW, tuple(map(str, range(classes))), name, name)
    if name == "digits":
        return DataSpec(name, "images", (1, 8, 8), 1797, 180, tuple("0123456789"), name, name)
    if name == "sprites":
        return DataSpec(name, "images", (3, 32, 32), 10_000, 1000, ("square", "ellipse", "heart"), name, name)
    if name == "figures":
        carried = ("joints", "parts", "person")
        return DataSpec(name, "images", (3, 64, 64), 10_000, 1000, (), name, f"builtin:{name}", carried)
    return DataSpec(name, "points", (2,), 20_000, 2000, tuple("abcdefgh"), name, f"builtin:{name}")


def test_all_of_them_are_listed_without_torch_qt_or_matplotlib() -> None:
    code = (
        "import sys\n"
        "from studio.experiments.core import attempts, catalog, material, summary\n"
        "import studio.experiments.questions\n"
        "assert len(catalog.experiments()) >= 11\n"
        "loaded = {'torch', 'PySide6', 'matplotlib'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_issue_s_experiments_are_there() -> None:
    assert {
        "infogan_mnist",
        "vanishing_gradient",
        "wasserstein_loss",
        "bigan_mnist",
        "cgan_mnist",
        "mode_collapse",
        "planar_bimodal",
        "realnvp_moons",
        "glow_mnist",
        "glow_cifar",
        "glow_sprites",
    } <= set(catalog.names())


@pytest.mark.parametrize("name", catalog.names())
def test_what_a_person_reads_of_it_is_there(name: str) -> None:
    experiment = catalog.load(name)
    for text in (experiment.title, experiment.claim, experiment.about, experiment.where, experiment.authors):
        assert text.strip()
        assert not text.endswith(" ")
    assert experiment.claim.endswith((".", ")"))
    assert experiment.short.minutes <= 10
    assert experiment.short.minutes < experiment.full.minutes
    assert all(p.shows.endswith(".") and p.budget for p in experiment.presets)
    foreign = [d for d in experiment.datasets if d not in builtin.NAMES]
    assert len(foreign) <= 1
    known = {*SHAPES, *material.BITS, *material.SENTENCES}
    assert all(material.about(d).title and d in known for d in foreign)


@pytest.mark.parametrize("preset", ["short", "full"])
@pytest.mark.parametrize("name", catalog.names())
def test_every_planned_recipe_is_good_for_its_dataset(name: str, preset: PresetName) -> None:
    experiment = catalog.load(name)
    planned = experiment.planned(preset, (0, 1))
    assert len({p.key for p in planned}) == len(planned)
    assert len({p.title for p in planned}) == len(planned)
    for one in planned:
        assert one.dataset in experiment.datasets
        kind = models.load(one.model)
        recipe = recipes.make(kind.recipe_type, one.values)
        assert kind.problems(recipe, spec_of(one.dataset)) == []
        assert one.values["seed"] in (0, 1)


def test_dashes_stand_for_underscores_and_a_wrong_name_names_the_right_ones() -> None:
    assert catalog.load("mode-collapse").name == "mode_collapse"
    with pytest.raises(KeyError, match="mode_collapse"):
        catalog.load("mode")


def test_a_short_attempt_takes_one_seed_and_a_full_one_as_many_as_it_says() -> None:
    experiment = catalog.load("mode_collapse")
    assert experiment.seeds("short") == (0,)
    assert experiment.seeds("full") == (0, 1, 2)
    assert experiment.seeds("short", 2) == (0, 1)
