"""From a model to the operations of its decoder, as ONNX; in a process of its own.

torch's exporter changes state that all threads of a process share: a training beside it dies of it, or trains something
else (seen with torch 2.13: ``KeyError: 'custom'`` from ``zero_grad``). So whoever wants a decoder traced writes down
what it is made of, starts this program anew with the word ``_trace``, and reads what that left.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import studio
from studio.data.dataset import DataSpec
from studio.data.watch import Watch
from studio.export.decoding import Decoder, ExportError, decoder
from studio.models.core import catalog
from studio.models.core.latents import draw
from studio.models.core.recipe import make, values_of
from studio.training.average import shell

WORD = "_trace"
OPSET = 18
_PARTS, _WEIGHTS, _DONE, _FAILED = "model.json", "weights.safetensors", "decoder.onnx", "failed.txt"


def traced(name: str, model: Decoder, watch: Watch) -> bytes:
    """The decoder of a model as an ONNX file: ``z`` → ``image`` (``points`` for points), any batch.

    Args:
        name: of the model, as :mod:`studio.models.core.catalog` knows it.

    Raises:
        ExportError: when it cannot be traced. Cancelled.
    """
    with tempfile.TemporaryDirectory(prefix="gen-studio-") as temporary:
        folder = Path(temporary)
        parts = {"name": name, "recipe": values_of(model.recipe), "data": model.data.as_dict()}
        (folder / _PARTS).write_bytes(orjson.dumps(parts))
        own = {k: t.detach().cpu().contiguous().clone() for k, t in model.state_dict().items()}
        save_file(own, folder / _WEIGHTS)
        _run(folder, watch)
        if (folder / _DONE).is_file():
            return (folder / _DONE).read_bytes()
        why = (folder / _FAILED).read_text("utf-8") if (folder / _FAILED).is_file() else "the exporter ended unseen"
        raise ExportError(f"{model.title} cannot be written as ONNX: {why}; take safetensors instead")


def _run(folder: Path, watch: Watch) -> None:
    """Start this program anew on the folder, and wait for it; it is ended when the watch is cancelled."""
    frozen = getattr(sys, "frozen", False)
    command = [sys.executable, *([] if frozen else ["-m", "studio"]), WORD, str(folder)]
    # One thread: it takes seconds either way, and must not hold up a training.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    above = Path(studio.__file__).parent.parent
    with subprocess.Popen(
        command,
        cwd=None if frozen else above,  # where -m looks first: this very package, and no namesake
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            while True:
                watch.advance(0, 3, "tracing the model")
                try:
                    child.wait(0.1)
                    return
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            child.kill()
            raise


def main(words: Sequence[str]) -> int:
    """The other side: trace what lies in the folder, and leave there what came of it."""
    folder = Path(words[0])
    try:
        (folder / _DONE).write_bytes(_trace(folder))
        return 0
    except Exception as wrong:  # the boundary to the exporter, whose errors share no base; told by the other process
        first = next((line.strip() for line in str(wrong).splitlines() if line.strip()), type(wrong).__name__)
        (folder / _FAILED).write_text(first, "utf-8")
        return 1


def _trace(folder: Path) -> bytes:
    parts = orjson.loads((folder / _PARTS).read_bytes())
    kind = catalog.load(parts["name"])
    recipe = make(kind.recipe_type, parts["recipe"])
    model = decoder(shell(kind, recipe, DataSpec.from_dict(parts["data"]), load_file(folder / _WEIGHTS)).float())
    model.hold()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")  # both of the exporter about its own insides
    example = torch.from_numpy(draw(model.prior, 2, seed=0))
    program: Any = torch.onnx.export(
        _graph(_Decode(model).eval(), example),
        input_names=["z"],
        output_names=["points" if model.data.kind == "points" else "image"],
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    return bytes(program.model_proto.SerializeToString())


class _Decode(nn.Module):
    """The one thing that is exported: latents in, examples out."""

    def __init__(self, model: Decoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Tensor:
        return self.model.decode(z)


def _graph(module: nn.Module, example: Tensor) -> Any:
    """The operations with the batch left open. Reading the code line by line (``strict``) takes longer, and is for
    models that ask for the batch by ``len(z)``, which otherwise is fixed at the example's."""
    shapes = ({0: torch.export.Dim("batch")},)
    try:
        return torch.export.export(module, (example,), dynamic_shapes=shapes, strict=False)
    except Exception:  # as in main; what is wrong in earnest is said by the second try
        return torch.export.export(module, (example,), dynamic_shapes=shapes, strict=True)
