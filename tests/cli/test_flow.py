"""Train, resume, sample, evaluate, export: each as a person types it, on the real thing in small."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.data import places, store
from studio.export import provenance
from studio.runs.folder import RunFolder
from studio.runs.library import Library
from tests.cli.conftest import TINY, Say


def test_train_says_where_everything_is(say: Say, tmp_path: Path) -> None:
    said = say("train", "wgan_gp", "digits", "--steps", "3", "--seed", "5", *TINY, "--held-out", "0.2")
    assert said.status == 0
    run = RunFolder(places.runs() / "digits-wgan_gp-1")
    paths = [Path(line.split(maxsplit=1)[1]) for line in said.out.splitlines() if str(places.home()) in line]
    assert paths[0] == run.path
    assert {p.name for p in paths} >= {"samples.png", "curves.png", "curves.svg", "curves.csv"}
    assert all(p.exists() for p in paths)
    model, recipe = run.recipe()
    assert (model, recipe["steps"], recipe["seed"], recipe["width"]) == ("wgan_gp", 3, 5, 4)
    assert run.state().status == "finished"
    assert run.info().data.held_out == round(1797 * 0.2)
    with Image.open(run.path / "samples.png") as sheet:
        assert min(sheet.size) >= 500


def test_resume_goes_on_to_n_in_all(say: Say, trained: Path) -> None:
    run = RunFolder(trained)
    assert run.state().step == 6
    assert say("resume", "digits-wgan_gp-1", "--steps", "9").status == 0
    assert (run.state().step, run.state().steps) == (9, 9)
    assert max(r.step for r in run.records()) == 9
    again = say("resume", "digits-wgan_gp-1")
    assert again.status == 2
    assert "at step 9 already" in again.line


def test_stopped_and_resumed_equals_never_stopped(say: Say, trained: Path, tmp_path: Path) -> None:
    assert say("resume", str(trained), "--steps", "8").status == 0
    whole = tmp_path / "whole"
    assert say("train", "wgan_gp", "digits", "--steps", "8", *TINY, "--out", str(whole)).status == 0
    name = "average.safetensors"
    from safetensors.numpy import load_file

    one, two = (load_file(RunFolder(p).checkpoint(8) / name) for p in (trained, whole))
    assert all(np.array_equal(one[k], two[k]) for k in two)


def test_a_lost_dataset_is_read_again_from_where_it_came(say: Say, trained: Path) -> None:
    fingerprint = RunFolder(trained).info().data.fingerprint
    for file in (places.datasets() / fingerprint).iterdir():
        file.unlink()
    (places.datasets() / fingerprint).rmdir()
    assert say("resume", "digits-wgan_gp-1", "--steps", "7").status == 0
    assert store.open(fingerprint).spec.name == "Digits"


def test_samples_are_the_same_for_the_same_seed(say: Say, trained: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png"]
    for out, seed in zip(outs, (3, 3, 4), strict=True):
        said = say("sample", "digits-wgan_gp-1", "--n", "9", "--seed", seed, "--out", out)
        assert (said.status, said.out.strip()) == (0, str(out))
    one, two, three = (out.read_bytes() for out in outs)
    assert one == two != three
    origin = provenance.read(outs[0])
    assert origin is not None
    assert (origin.checkpoint, origin.settings["seed"], origin.settings["count"]) == (6, 3, 9)


def test_samples_come_as_files_and_arrays(say: Say, trained: Path, tmp_path: Path) -> None:
    said = say("sample", "digits-wgan_gp-1", "--n", "3", "--out", tmp_path / "all")
    assert said.out.split() == [str(tmp_path / "all" / f"{n:04d}.png") for n in range(3)]
    assert say("sample", "digits-wgan_gp-1", "--n", "3", "--out", tmp_path / "a.npz").status == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["images"].shape == (3, 8, 8, 1)


def test_evaluate_gives_labelled_numbers(say: Say, trained: Path) -> None:
    plain = json.loads(say("evaluate", "digits-wgan_gp-1", "--samples", "64", "--json").out)
    assert (plain["run"], plain["step"]) == (str(trained), 6)
    assert {k.partition("/")[0] for k in plain["values"]} == {"wasserstein"}
    assert all(np.isfinite(v) for v in plain["values"].values())
    assert say("evaluate", "digits-wgan_gp-1", "--samples", "64").out.startswith("step 6\n")


@pytest.mark.parametrize("format", ["onnx", "safetensors", "bundle"])
def test_exports_say_where_they_came_from(say: Say, trained: Path, tmp_path: Path, format: str) -> None:
    out = tmp_path / "new folder" / f"it.{format}"
    said = say("export", "digits-wgan_gp-1", "--format", format, "--out", out)
    assert (said.status, said.out.strip()) == (0, str(out))
    origin = provenance.read(out)
    assert origin is not None
    assert origin.run_id == RunFolder(trained).info().id
    if format == "bundle":
        back = RunFolder(Library(tmp_path / "other").import_file(out))
        assert back.info() == RunFolder(trained).info()
        assert say("sample", back.path, "--n", "1", "--out", tmp_path / "s.png").status == 0


def test_ctrl_c_stops_with_a_checkpoint_and_says_how_to_go_on(home: Path) -> None:
    words = ["train", "wgan_gp", "digits", "--steps", "1000000", *TINY]
    environment = {**os.environ, "GEN_STUDIO_HOME": str(home)}
    with subprocess.Popen(
        [sys.executable, "-m", "studio", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        metrics = home / "runs" / "digits-wgan_gp-1" / "metrics.jsonl"
        until = time.monotonic() + 60
        while not (metrics.exists() and metrics.stat().st_size) and time.monotonic() < until:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    run = RunFolder(metrics.parent)
    step = run.state().step
    assert step > 0
    assert run.state().status == "stopped"
    assert run.checkpoints(resumable=True)[-1] == step
    assert f"gen-studio resume {run.path}" in err.strip().splitlines()[-1]
    assert "Traceback" not in err
    assert str(run.path) in out


def test_evaluate_takes_measures_by_name_and_says_what_it_leaves_out(say: Say, trained: Path, tmp_path: Path) -> None:
    words = ("evaluate", "digits-wgan_gp-1", "--samples", "40")
    said = say(*words, "--measures", "mmd,two-sample")
    assert said.status == 0
    assert "mmd/MMD², unbiased" in said.out
    assert "40 samples v 40 held-out examples" in said.out
    plain = json.loads(say(*words, "--measures", "mmd", "--seed", "4", "--json").out)
    assert plain["seed"] == 4
    assert plain["values"]["mmd/MMD², biased"] == plain["figures"][1]["value"]
    without = say(*words, "--measures", "mmd,fid")
    assert without.status == 1  # it was named, and can't be taken
    assert "left out fid: the weights of the Inception network are not here" in without.err
    assert "mmd/MMD², unbiased" in without.out
    kept = (trained / "measures.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in kept] == [6, 6, 6]
    # and they go along with the run as one file
    assert say("export", "digits-wgan_gp-1", "--format", "bundle", "--out", tmp_path / "run.zip").status == 0
    back = RunFolder(Library(tmp_path / "other").import_file(tmp_path / "run.zip"))
    assert len(back.measures()) == 3
