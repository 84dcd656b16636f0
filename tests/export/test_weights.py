"""Weights: what other programs compute from the file is what the model computes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from studio.data.dataset import DataSpec
from studio.data.watch import Cancelled, Watch
from studio.explore.questions import Where
from studio.export import provenance, tracing, weights
from studio.export.decoding import ExportError
from studio.export.jobs import ExportWeights
from studio.export.weights import export_weights
from studio.runs.folder import RunFolder
from tests.export.conftest import COLOUR, GREY, POINTS, Asking

LONG = pytest.mark.skipif(
    not os.environ.get("GEN_STUDIO_LONG"),
    reason="torch's exporter takes a quarter of a minute for each model; GEN_STUDIO_LONG=1 tries them all",
)


def test_safetensors_hold_the_weights_and_the_recipe(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking
) -> None:
    run = trained()
    out = tmp_path / "w.safetensors"
    export_weights(ExportWeights(Where(str(run.path), 10), str(out)), asking)
    model, _ = asking.model(Where(str(run.path), 10))
    found = load_file(out)
    assert found.keys() == model.state_dict().keys()
    assert all(torch.equal(found[k], v) for k, v in model.state_dict().items())
    with safe_open(str(out), framework="numpy") as file:
        assert provenance.KEY in file.metadata()
    origin = provenance.read(out)
    assert origin is not None
    assert (origin.checkpoint, origin.recipe) == (10, run.recipe()[1])


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("wgan_gp", POINTS),
        ("glow", GREY),
        pytest.param("dcgan", COLOUR, marks=LONG),
        pytest.param("planar_flow", POINTS, marks=LONG),
        pytest.param("nice", GREY, marks=LONG),
    ],
)
def test_onnx_computes_what_the_model_does_at_any_batch(
    tmp_path: Path,
    trained: Callable[..., RunFolder],
    asking: Asking,
    model: str,
    data: DataSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And torch's exporter runs in a process of its own: a training beside it would not survive."""
    for module, name in ((torch.export, "export"), (torch.onnx, "export")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("in this process"))
    run = trained(model, data)
    out = tmp_path / "w.onnx"
    before = torch.random.get_rng_state()
    export_weights(ExportWeights(Where(str(run.path)), str(out), "onnx"), asking)
    assert torch.equal(before, torch.random.get_rng_state())  # a training beside it must not feel it
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["z"]
    assert [o.name for o in session.get_outputs()] == ["points" if data.kind == "points" else "image"]
    own, _ = asking.model(Where(str(run.path)))
    for batch in (1, 2, 5):
        z = torch.randn(batch, own.prior.size, generator=torch.Generator().manual_seed(batch))  # type: ignore[union-attr]
        (found,) = session.run(None, {"z": z.numpy()})
        with torch.no_grad():
            assert np.abs(found - own.decode(z).numpy()).max() < 1e-4  # type: ignore[operator]
    loaded = onnx.load(out)
    assert loaded.opset_import[0].version == tracing.OPSET
    props = {p.key: p.value for p in loaded.metadata_props}
    assert float(props["max error"]) < weights.TOLERANCE
    origin = provenance.read(out)
    assert origin is not None
    assert (origin.kind, origin.model) == ("weights", model)


def test_what_is_drawn_value_by_value_is_refused_as_onnx_in_words(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "traced", lambda *_: pytest.fail("it would take minutes and a graph of every value"))
    run = trained("gated_pixelcnn", GREY)
    with pytest.raises(ExportError, match=r"Gated PixelCNN .* value by value.* safetensors"):
        export_weights(ExportWeights(Where(str(run.path)), str(tmp_path / "w.onnx"), "onnx"), asking)
    assert not (tmp_path / "w.onnx").exists()
    export_weights(ExportWeights(Where(str(run.path)), str(tmp_path / "w.safetensors")), asking)
    assert load_file(tmp_path / "w.safetensors")


def test_an_onnx_file_that_disagrees_is_not_kept(
    tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(data=GREY)
    other, _ = asking.model(Where(str(run.path), 20))
    content = tracing.traced("wgan_gp", other, Watch())  # type: ignore[arg-type]
    monkeypatch.setattr(weights, "traced", lambda name, model, watch: content)
    out = tmp_path / "outs" / "w.onnx"
    export_weights(ExportWeights(Where(str(run.path), 20), str(out), "onnx"), asking)
    out.unlink()
    with pytest.raises(ExportError, match="not kept"):
        export_weights(ExportWeights(Where(str(run.path), 10), str(out), "onnx"), asking)
    assert list(out.parent.iterdir()) == []


def test_a_model_that_cannot_be_traced_says_why(trained: Callable[..., RunFolder], asking: Asking) -> None:
    run = trained()
    model, _ = asking.model(Where(str(run.path)))
    with pytest.raises(ExportError, match=r"no model 'gone'.*safetensors"):
        tracing.traced("gone", model, Watch())  # type: ignore[arg-type]


def test_tracing_can_be_called_off(tmp_path: Path, trained: Callable[..., RunFolder], asking: Asking) -> None:
    run = trained()
    asking.watch.cancel()
    with pytest.raises(Cancelled):
        export_weights(ExportWeights(Where(str(run.path)), str(tmp_path / "outs" / "w.onnx"), "onnx"), asking)
    assert list((tmp_path / "outs").iterdir()) == []
