"""The Inception network and the file of its weights. Tests have made-up ones, not the published file."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.data.errors import Unavailable, Unreadable
from studio.data.watch import Cancelled, Watch
from studio.metrics import inception
from studio.metrics import weights as weights_file


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """Of the right shapes, small numbers."""
    from studio.data.torchvision_shim import torchvision

    torchvision()
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Bare(FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, *unused: Any) -> None:
            pass

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with torch.device("meta"):
        shapes = Bare("bare", ["2048"], feature_extractor_weights_path=nothing).state_dict()
    made = torch.Generator().manual_seed(0)
    return {
        name: torch.full(shape.shape, 1) if not shape.is_floating_point()
        else torch.ones(shape.shape) if name.endswith("running_var")
        else 0.05 * torch.randn(shape.shape, generator=made)
        for name, shape in shapes.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def file(weights: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("inception") / "mine.safetensors"
    save_file(weights, path)
    yield path
    path.unlink()


def test_weights_of_safetensors_give_features_and_are_named_as_what_they_are(file: Path) -> None:
    before = torch.get_rng_state()
    network = inception.load(str(file))
    assert "mine.safetensors" in network.source
    assert "not the published" in network.source
    grey = np.random.default_rng(0).integers(0, 256, (2, 1, 9, 9), dtype=np.uint8)
    features, logits = network.look(grey)
    assert (features.shape, logits.shape) == ((2, 2048), (2, 1008))
    coloured, _ = network.look(np.repeat(grey, 3, axis=1))
    torch.testing.assert_close(features, coloured)
    assert torch.equal(before, torch.get_rng_state())  # a training beside it keeps its random numbers


def test_the_known_file_is_read_as_weights(
    weights: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    path = tmp_path / weights_file.NAME
    torch.save(weights, path)
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    assert inception.load(str(path)).source.startswith("published weights")


def test_a_file_that_is_not_the_known_one_is_not_opened(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (ran.touch, ())

    path = tmp_path / weights_file.NAME
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(Unreadable, match=r"SHA-256 begins with .* instead of 6726825d"):
        inception.load(str(path))
    assert not ran.exists()


def test_even_with_the_known_sum_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (ran.touch, ())

    path = tmp_path / weights_file.NAME
    torch.save({"a": Trap()}, path)
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(Unreadable, match="cannot be read as weights"):
        inception.load(str(path))
    assert not ran.exists()


def test_other_tensors_and_broken_files_are_named(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, other)
    with pytest.raises(Unreadable, match="not the weights of Inception"):
        inception.load(str(other))
    other.write_bytes(b"nothing")
    with pytest.raises(Unreadable, match=r"other\.safetensors: is no safetensors"):
        inception.load(str(other))
    with pytest.raises(Unavailable, match="have it downloaded"):
        inception.load(str(tmp_path / "none.pth"))
    with pytest.raises(Unavailable, match="have it downloaded"):
        inception.load()


def test_a_download_is_checked_and_can_be_cancelled(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not weights_file.available()
    sent = tmp_path / "sent"
    sent.write_bytes(b"something else")
    with pytest.raises(Unavailable, match="checksum"):
        inception.download(address=sent.as_uri())
    assert not weights_file.available()
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        inception.download(watch, address=sent.as_uri())
    assert not any(weights_file.kept().parent.iterdir())
    with pytest.raises(Unavailable, match="name the file"):
        inception.download(address=(tmp_path / "gone").as_uri())
    import hashlib

    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(b"something else").hexdigest())
    assert inception.download(address=sent.as_uri()) == weights_file.kept()
    assert weights_file.available()
    assert weights_file.available(str(sent))
