"""The Inception network whose features FID, KID and IS are of, as torch-fidelity has it, and its weights.

The weights are those of the TensorFlow graph of 2015-12-05, converted: one file, published with torch-fidelity and,
under another name, with pytorch-fid. It is known by its SHA-256, so whichever way it came here it is that file, and it
is read as weights alone, never as a program. A safetensors file of the same tensors is taken too, and named as what
it is. Images are brought to 299×299 by the bilinear resizer of TensorFlow 1, grey ones repeated over three channels.
"""

from __future__ import annotations

import hashlib
import io
import urllib.error
import urllib.request
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.errors import Unavailable, Unreadable
from studio.data.files import replacing
from studio.data.torchvision_shim import torchvision
from studio.data.watch import Watch
from studio.metrics.weights import NAME, OTHER_NAME, SHA256, SIZE, kept

FEATURES, LOGITS = "2048", "logits_unbiased"
BATCH = 32
PATIENCE = 30.0
"""Seconds without a byte before the server is given up."""
PIECE = 1 << 18


class Inception:
    """The network, ready; see :func:`load`.

    Attributes:
        source: how its weights are known, for beside the numbers.
    """

    def __init__(self, network: Any, source: str) -> None:
        # minutes on a CPU, seconds on a GPU, where it takes little room beside a training
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = network.to(self._device)
        self.source = source

    def look(
        self, images: npt.NDArray[np.uint8], watch: Watch | None = None, along: tuple[int, int] = (0, 0)
    ) -> tuple[Tensor, Tensor]:
        """Pool features N×2048 and logits without bias N×1008 of images uint8 N×C×H×W, C 1 or 3.

        Args:
            along: how many were looked at before, and how many there are in all, for ``watch``.
        """
        watch = watch or Watch()
        features, logits = [], []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                watch.advance(along[0] + start, along[1] or len(images), "Inception")
                part = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH]))
                if part.shape[1] == 1:
                    part = part.expand(-1, 3, -1, -1)
                one, two = self._network(part.to(self._device))
                features.append(one.cpu())
                logits.append(two.cpu())
        return torch.cat(features), torch.cat(logits)


def load(named: str = "", watch: Watch | None = None) -> Inception:
    """The network with the weights of a file; without a name those of the download.

    Raises:
        Unavailable: there is no such file.
        Unreadable: it is not the known file, nor a safetensors file of the same tensors.
    """
    path = Path(named).expanduser() if named else kept()
    (watch or Watch()).advance(0, 0, "loading Inception")
    try:
        raw = path.read_bytes()
    except OSError as wrong:
        what = (wrong.strerror or str(wrong)).lower()
        raise Unavailable(f"{path}: {what}. Name the file {NAME}, or have it downloaded") from wrong
    return _build(*_weights(raw, path))


def _weights(raw: bytes, path: Path) -> tuple[dict[str, Tensor], str]:
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load as parse

        try:
            # nothing but shapes can be checked, and that says little: the numbers are shown with the file's name
            return parse(raw), f"weights of {path.name}, which is not the published file"
        except SafetensorError as wrong:
            raise Unreadable(f"{path}: is no safetensors file ({wrong})") from wrong
    told = hashlib.sha256(raw).hexdigest()
    if told != SHA256:
        raise Unreadable(
            f"{path}: is not the published file of Inception's weights: its SHA-256 begins with {told[:8]} instead of "
            f"{SHA256[:8]}. It is not opened. The file is called {NAME} or {OTHER_NAME}"
        )
    try:
        found = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError) as wrong:
        raise Unreadable(f"{path}: cannot be read as weights ({wrong})") from wrong
    return found, f"published weights {SHA256[:8]}"


def _build(weights: dict[str, Tensor], source: str) -> Inception:
    torchvision()  # torch-fidelity imports it, and beside some builds of torch it only loads with help
    kind = import_module("torch_fidelity.feature_extractor_inceptionv3").FeatureExtractorInceptionV3

    class Given(kind):  # type: ignore[misc, valid-type]
        """Takes these tensors in place of what the library reads: it would run whatever is in a file. Nothing is
        drawn for it either, so a training beside it keeps its random numbers."""

        def load_state_dict(self, *unused: Any) -> Any:
            return super().load_state_dict(weights, assign=True)

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    try:
        with torch.device("meta"):
            network = Given("inception-v3-compat", [FEATURES, LOGITS], feature_extractor_weights_path=nothing)
    except RuntimeError as wrong:
        raise Unreadable(f"these are not the weights of Inception v3: {str(wrong).splitlines()[0]}") from wrong
    return Inception(network.eval(), source)


def download(watch: Watch | None = None, address: str = "") -> Path:
    """Fetch the published weights (96 MB), when they are not there yet, and check them.

    Raises:
        Unavailable: in words, with what to do.
        Cancelled: nothing is kept.
    """
    at = kept()
    if at.is_file() and at.stat().st_size == SIZE:
        return at
    watch = watch or Watch()
    if not address:
        torchvision()
        address = import_module("torch_fidelity.feature_extractor_inceptionv3").URL_INCEPTION_V3
    told = hashlib.sha256()
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer, replacing(at) as fresh:
            done = 0
            with fresh.open("wb") as file:
                while piece := answer.read(PIECE):
                    watch.advance(done, SIZE, "downloading Inception")
                    file.write(piece)
                    told.update(piece)
                    done += len(piece)
            if told.hexdigest() != SHA256:
                raise Unavailable(f"what {address} sent is not {NAME} (its checksum differs); nothing was kept")
    except urllib.error.HTTPError as wrong:
        raise Unavailable(_no(address, f"the server answered {wrong.code} {wrong.reason}")) from wrong
    except urllib.error.URLError as wrong:
        raise Unavailable(_no(address, f"no connection ({wrong.reason})")) from wrong
    except (TimeoutError, ConnectionError) as wrong:
        raise Unavailable(_no(address, f"the connection broke ({wrong})")) from wrong
    return at


def _no(address: str, why: str) -> str:
    return (
        f"Inception's weights could not be downloaded: {why}. Fetch {address} elsewhere and name the file, "
        "or take the measures of classifier features, which need none"
    )
