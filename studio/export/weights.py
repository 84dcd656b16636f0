"""Weights for other programs: all of them as safetensors, or the decoder as ONNX, checked before it is handed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from studio.data import files
from studio.data.watch import Watch
from studio.export import provenance
from studio.export.context import Context
from studio.export.decoding import Decoder, ExportError, decoder
from studio.export.jobs import ExportWeights, Written, no_onnx
from studio.export.provenance import Provenance
from studio.export.tracing import OPSET, traced
from studio.models.core.latents import draw
from studio.models.core.model import Model, capabilities

TOLERANCE = 1e-4
"""Largest difference to the model, on its scale (images −1..1); of points relative to their extent."""
BATCHES = (1, 3)


def export_weights(job: ExportWeights, context: Context) -> Written:
    """Write the weights of a model.

    Raises:
        ExportError: the model cannot be written so, or the file does not compute what the model does; OSError: the
            disk refuses. No file is left behind then.
        Cancelled: nothing was written.
    """
    model, step = context.model(job.where)
    settings = {"format": job.format}
    against = no_onnx(capabilities(model)) if job.format == "onnx" else ""
    if against:
        raise ExportError(
            f"{model.title} cannot be written as ONNX. {against} Export the weights as safetensors instead"
        )
    run = context.run(job.where.run)
    origin = provenance.of(run, step, "weights", averaged=job.where.averaged, settings=settings)
    out = Path(job.out)
    with files.replacing(out) as fresh:
        if job.format == "onnx":
            write_onnx(fresh, decoder(model), origin, context.watch)
        else:
            context.watch.advance(0, 1, "weights")
            write_safetensors(fresh, model, origin)
            context.watch.advance(1, 1, "weights")
    return Written((str(out),))


def write_safetensors(path: Path, model: Model, origin: Provenance) -> None:
    """Every parameter and buffer under its own name; the recipe in the file's metadata."""
    own: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        own[name] = tensor.detach().cpu().contiguous().clone()  # the format wants no two names for one memory
    try:
        save_file(own, path, {"format": "pt", provenance.KEY: origin.text()})
    except SafetensorError as wrong:  # its own name for a full disk
        raise OSError(f"{path}: {wrong}") from wrong


# --- ONNX


def write_onnx(path: Path, model: Decoder, origin: Provenance, watch: Watch) -> float:
    """The decoder: ``z`` float32 batch×size → ``image`` float32 batch×C×H×W in −1..1 (points: ``points`` batch×2),
    any batch. Checked with onnxruntime on random latents; the largest difference is in the file's metadata.

    Returns:
        That difference.

    Raises:
        ExportError: when the file computes something else, or the model cannot be traced.
    """
    watch.advance(0, 3, "tracing the model")
    content = traced(origin.model, model, watch)
    watch.advance(1, 3, "checking")
    worst = compare(content, model)
    watch.advance(2, 3, "writing")
    path.write_bytes(_with_metadata(content, origin, worst))
    watch.advance(3, 3, "written")
    return worst


def compare(content: bytes, model: Decoder) -> float:
    """The largest difference between the file and the model, at batches of 1 and 3.

    Raises:
        ExportError: when it is more than :data:`TOLERANCE`.
    """
    import onnxruntime  # here, since it takes half a second and only this needs it

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # a training may need the others
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    device = next(model.parameters()).device
    worst = 0.0
    for batch in BATCHES:
        z = draw(model.prior, batch, seed=batch)
        with torch.inference_mode():
            wanted = model.decode(torch.from_numpy(z).to(device)).float().cpu().numpy()
        (found,) = session.run(None, {"z": z})
        if found.shape != wanted.shape:
            raise ExportError(f"the ONNX file gives {found.shape} where the model gives {wanted.shape}; not written")
        scale = max(1.0, float(np.abs(wanted).max()))
        worst = max(worst, float(np.abs(found - wanted).max()) / scale)
    if not worst <= TOLERANCE:
        raise ExportError(
            f"the ONNX file does not compute what the model does (off by {worst:.2g}, allowed {TOLERANCE:g}), "
            "so it was not kept; export the weights as safetensors instead"
        )
    return worst


def _with_metadata(content: bytes, origin: Provenance, worst: float) -> bytes:
    import onnx  # as onnxruntime

    proto = onnx.load_from_string(content)
    proto.producer_name = "Gen Studio"
    proto.producer_version = origin.version
    proto.doc_string = f"{origin.title}: decoder of {origin.model} at step {origin.checkpoint}"
    onnx.helper.set_model_props(
        proto, {provenance.KEY: origin.text(), "max error": f"{worst:.3g}", "opset": str(OPSET)}
    )
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())
