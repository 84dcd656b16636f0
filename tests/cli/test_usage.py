"""What is said when something is wrong, what scripts may rely on, and what is not loaded without need."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.cli import commands
from studio.cli.terminal import Bar, duration
from studio.data import places
from studio.data.dataset import DataSpec
from studio.models.core import catalog
from studio.runs.folder import RunFolder, RunState
from tests.cli.conftest import TINY, Say

BAD = {
    ("bogus",): "no command, file or folder 'bogus'",
    ("train",): "MODEL, DATASET",
    ("train", "nope", "digits"): "no model 'nope'; there are: ",
    ("train", "wgan_gp", "nothing-here"): "no such file or folder, and no dataset of that name",
    ("train", "wgan_gp", "digits", "--stepz", "3"): "--stepz",
    ("train", "wgan_gp", "digits", "--step", "3"): "--step",  # never guessed from its beginning
    ("train", "wgan_gp", "digits", "--steps", "many"): "--steps",
    ("train", "wgan_gp", "digits", "--steps", "0", "--batch", "99999"): "--steps must be at least 1, not 0; --batch",
    ("train", "wgan_gp", "digits", "--norm", "layer"): "--norm",
    ("train", "wgan_gp", "digits", "--device", "cuda:77"): "--device cuda:77",
    ("train", "wgan_gp", "digits", "--size", "big"): "--size big",
    ("train", "wgan_gp", "digits", "--size", "99999"): "1024",
    ("train", "wgan_gp", "digits", "--held-out", "2"): "held-out",
    ("train", "wgan_gp", "digits", "--vectors", "v.txt"): "word vectors belong to sentences",
    ("train", "wgan_gp", "digits", "--recipe", "/none.toml"): "--recipe /none.toml",
    ("train", "wgan_gp", "digits", "--out", "/tmp"): "--out /tmp: there already is something",
    ("resume", "none"): "no run 'none'",
    ("sample", "none", "--out", "a.png"): "no run 'none'",
    ("sample", "a", "--n", "0", "--out", "a.png"): "--n 0",
    ("sample", "a", "--out", "a.jpg"): "--out a.jpg",
    ("sample", "a", "--out", "a.png", "--seed", "-1"): "--seed -1",
    ("sample", "a", "--out", "a.png", "--truncation", "-1"): "--truncation",
    ("sample", "a", "--out", "a.png", "--temperature", "nan"): "--temperature",
    ("sample", "a"): "--out",
    ("evaluate", "a", "--samples", "1"): "--samples 1",
    (
        "evaluate",
        "a",
        "--measures",
        "mmd,fidd",
    ): "no measure 'fidd'; there are: wasserstein, likelihood, pose, accuracy, swd",
    ("evaluate", "a", "--measures", ","): "name at least one",
    ("evaluate", "a", "--inception", "/none.pth"): "--inception /none.pth: there is no such file",
    ("evaluate", "a", "--inception", "/etc/passwd", "--download-inception"): "not allowed with",
    ("export", "a", "--format", "pt", "--out", "x"): "--format",
    ("export", "a", "--format", "onnx", "--out", "/tmp"): "is a folder",
    ("inspect", "nothing-here"): "no such file or folder",
    ("inspect",): "DATASET",
    ("runs", "extra"): "extra",
    ("experiment",): "NAME",
    ("experiment", "nothing"): "no experiment 'nothing'; there are: ",
    ("experiment", "mode_collapse", "--preset", "long"): "--preset",
    ("experiment", "mode_collapse", "--seeds", "0"): "--seeds 0: must be 1 to 100",
    ("experiment", "mode_collapse", "--data", "/tmp"): "brings its own data",
    ("experiment", "infogan_mnist", "--data", "/none"): "/none: there is no such file",
    ("experiment", "mode_collapse", "--device", "cuda:77"): "--device cuda:77",
    ("experiments", "--json", "--markdown"): "--markdown",
    ("--bogus",): "--bogus",
    ("bench", "nothing"): "no part 'nothing'",
}


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_bad_usage_is_status_2_and_one_line(say: Say, words: tuple[str, ...]) -> None:
    said = say(*words)
    assert said.status == 2
    assert BAD[words] in said.line
    assert said.line.startswith("gen-studio")
    assert "Traceback" not in said.err
    assert [line for line in said.err.splitlines() if line.startswith("gen-studio")] == [said.line]
    assert said.out == ""
    assert not list(places.runs().iterdir())


def test_a_failure_is_status_1_and_one_line(say: Say, trained: Path) -> None:
    (trained / "checkpoints" / "000000006" / "average.safetensors").write_bytes(b"junk")
    said = say("sample", "digits-wgan_gp-1", "--out", "a.png")
    assert said.status == 1
    assert "average.safetensors" in said.line
    assert "Traceback" not in said.err
    said = say("sample", "digits-wgan_gp-1", "--out", "a.png", "--checkpoint", "3")
    assert (said.status, "there are 6" in said.line) == (2, True)


def test_a_run_without_weights_says_how_to_get_some(say: Say) -> None:
    spec = DataSpec("d", "images", (1, 8, 8), 10, fingerprint="gone", source="builtin:gone")
    run = RunFolder.create(places.runs() / "empty", "wgan_gp", {"steps": 3}, spec)
    said = say("sample", "empty", "--out", "a.png")
    assert (said.status, f"gen-studio resume {run.path}" in said.line) == (1, True)
    said = say("resume", "empty")
    assert said.status == 1
    assert "not in the cache" in said.line


@pytest.mark.parametrize("file", ["run.json", "state.json", "recipe.toml"])
def test_a_damaged_run_is_a_failure_that_names_the_file(say: Say, trained: Path, file: str) -> None:
    (trained / file).write_text("{")
    for words in (["resume", "digits-wgan_gp-1", "--steps", "9"], ["evaluate", "digits-wgan_gp-1"]):
        said = say(*words)
        if said.status == 0:
            assert (words[0], file) == ("evaluate", "state.json")  # which it does not need
            continue
        assert (said.status, file in said.line) == (1, True)
    assert "damaged" in say("runs").out


def test_an_unforeseen_error_is_a_line_and_with_debug_a_traceback(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(parser: object, words: object) -> int:
        logging.getLogger("studio.x").error("a trace", exc_info=True)
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(commands, "import_module", lambda name: SimpleNamespace(runs=broken))
    said = say("runs")
    assert (said.status, said.err.strip()) == (1, "gen-studio: ZeroDivisionError: oh (--debug shows where)")
    with pytest.raises(ZeroDivisionError):
        say("runs", "--debug")


def test_a_run_in_training_elsewhere_is_refused(say: Say, trained: Path) -> None:
    with RunFolder(trained).lock():
        said = say("resume", "digits-wgan_gp-1", "--steps", "9")
    assert (said.status, "in training already" in said.line) == (1, True)


# --- help


def test_help_of_a_model_shows_its_recipe(say: Say) -> None:
    said = say("train", "wgan_gp", "--help")
    assert said.status == 0
    (card,) = (c for c in catalog.refresh(places.cache() / "models.json") if c.name == "wgan_gp")
    text = " ".join(said.out.split())
    for field in card.fields:
        assert field.flag in text
        assert " ".join(field.help.split()[:4]) in text
        if not isinstance(field.default, bool):
            assert f"default {field.default}" in text
    assert "1 to 10,000,000 steps" in text
    assert "arXiv:1704.00028" in text


@pytest.mark.parametrize("name", catalog.names())
def test_no_field_of_a_recipe_takes_a_flag_that_the_command_has_itself(say: Say, name: str) -> None:
    assert say("train", name, "--help").status == 0


@pytest.mark.parametrize("words", [("--help",), ("train", "--help"), ("sample", "--help"), ("bench", "--help")])
def test_help_is_status_0(say: Say, words: tuple[str, ...]) -> None:
    said = say(*words)
    assert said.status == 0
    assert said.out.startswith("usage: gen-studio")
    assert all(name in said.out for name in commands.COMMANDS) or words != ("--help",)


# --- recipes


def test_what_was_said_goes_over_the_file_over_what_suits_over_the_defaults(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text('model = "wgan_gp"\n[recipe]\nsteps = 2\nlatent = 6\nwidth = 8\npenalty = 3.0\n')
    said = say("train", "wgan_gp", "8gaussians", "--recipe", file, "--penalty", "4", "--batch", "8")
    assert said.status == 0, said.err
    (run,) = places.runs().iterdir()
    recipe = RunFolder(run).recipe()[1]
    assert (recipe["penalty"], recipe["latent"], recipe["width"], recipe["steps"]) == (4, 6, 8, 2)
    assert recipe["beta1"] == 0.5  # a default; what suits points would have been latent 2 and width 512
    said = say("train", "dcgan", "digits", "--recipe", file)
    assert (said.status, "is a recipe of wgan_gp" in said.line) == (2, True)


def test_a_model_that_does_not_fit_the_data_says_so_before_anything_is_made(say: Say) -> None:
    said = say("train", "dcgan", "8gaussians", *TINY[:4])
    assert said.status == 2
    assert not list(places.runs().iterdir())


# --- for scripts


def test_models_as_json(say: Say) -> None:
    models = {m["name"]: m for m in json.loads(say("models", "--json").out)}
    assert {"dcgan", "wgan_gp"} <= set(models)
    assert set(models["wgan_gp"]) == {
        "name", "title", "about", "authors", "year", "paper", "arxiv", "capabilities", "fields",
        "levels", "gauges",
    }  # fmt: skip
    assert models["wgan_gp"]["capabilities"] == ["decode latent", "criticise"]
    assert {"name", "type", "default", "help", "low", "high", "choices", "unit"} <= set(models["wgan_gp"]["fields"][0])
    assert "WGAN-GP" in say("models").out


def test_inspect_as_json(say: Say) -> None:
    plain = json.loads(say("inspect", "digits", "--json").out)
    assert {
        "title", "form", "source", "kind", "count", "sizes", "channels", "classes", "labelled", "skipped", "suggested",
    } <= set(plain)  # fmt: skip
    assert (plain["count"], plain["sizes"], plain["kind"]) == (1797, {"8×8": 1797}, "images")
    assert plain["suggested"]["held_out"] == 0.1
    assert "thumbnails" not in plain
    assert "1,797 images" in say("inspect", "digits").out


def test_runs_as_json(say: Say, trained: Path) -> None:
    (places.runs() / "bad").mkdir()
    crashed = RunFolder.create(places.runs() / "c", "dcgan", {"steps": 3}, RunFolder(trained).info().data)
    crashed.write_state(RunState("running", 1, 3))
    runs = {Path(r["path"]).name: r for r in json.loads(say("runs", "--json").out)}
    assert {name: r["status"] for name, r in runs.items()} == {
        "digits-wgan_gp-1": "finished", "bad": "damaged", "c": "crashed",
    }  # fmt: skip
    assert all(set(r) == set(runs["bad"]) for r in runs.values())
    assert set(runs["bad"]) == {
        "path", "id", "title", "model", "dataset", "status", "step", "steps", "seconds", "created", "updated",
        "message", "tags", "note", "size", "forked_from", "sheet",
    }  # fmt: skip
    assert "run.json" in runs["bad"]["message"]
    assert (runs["digits-wgan_gp-1"]["step"], runs["digits-wgan_gp-1"]["dataset"]["name"]) == (6, "Digits")
    text = say("runs").out
    assert all(word in text for word in ("damaged", "crashed", "finished", "wgan_gp on Digits"))


def test_an_empty_library_says_how_to_begin(say: Say) -> None:
    assert "gen-studio train" in say("runs").out
    assert json.loads(say("runs", "--json").out) == []


# --- what is loaded


def loaded_by(*words: str, home: Path) -> set[str]:
    code = (
        "import sys; from studio.__main__ import main\n"
        f"try: main({list(words)!r})\nexcept SystemExit: pass\n"
        "print('LOADED', *{m.split('.')[0] for m in sys.modules})"
    )
    environment = {**os.environ, "GEN_STUDIO_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split("LOADED")[-1].split())


@pytest.mark.parametrize(
    "words", [("models",), ("runs",), ("inspect", "digits"), ("--help",), ("train", "wgan_gp", "-h")]
)
def test_looking_loads_neither_torch_nor_qt(say: Say, home: Path, words: tuple[str, ...]) -> None:
    say("models")
    assert not loaded_by(*words, home=home) & {"torch", "PySide6", "pyqtgraph", "matplotlib", "onnx"}


def test_training_and_exports_need_no_qt(trained: Path, home: Path, tmp_path: Path) -> None:
    words = ("sample", "digits-wgan_gp-1", "--n", "1", "--out", str(tmp_path / "a.png"))
    assert "PySide6" not in loaded_by(*words, home=home)
    assert (tmp_path / "a.png").exists()


# --- the window


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the window was opened with."""
    calls: list[list[str]] = []
    app = SimpleNamespace(main=lambda paths: calls.append(paths) or 0)
    monkeypatch.setattr(commands, "import_module", lambda name: app)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return calls


def test_without_words_or_with_paths_the_window_opens(say: Say, opened: list[list[str]], tmp_path: Path) -> None:
    assert say().status == 0
    assert say(tmp_path, "pyproject.toml").status == (0 if Path("pyproject.toml").exists() else 2)
    assert opened[:2] == [[], [str(tmp_path), "pyproject.toml"]][: len(opened)]


def test_a_folder_with_the_name_of_a_command_does_not_hide_it(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "no runs yet" in say("runs").out


def test_without_a_display_the_window_says_what_to_do(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    said = say()
    assert (said.status, "gen-studio train wgan_gp digits" in said.line) == (1, True)


# --- progress


def test_progress_in_a_log_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar("reading", "examples") as bar:
        for n in range(1, 1001):
            bar.update(n, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["reading: 1 of 1,000 examples", "reading: 1,000 of 1,000 examples"]


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Bar("reading", "examples") as bar:
        bar.update(5, 10, "a note")
        bar.update(10, 10)
    err = capsys.readouterr().err
    assert "reading" in err
    assert "50%" in err
    assert "5/10" in err


def test_lengths_of_time_are_said_as_people_do() -> None:
    assert [duration(s) for s in (0, 45.4, 100, 3600, 12_000)] == ["0 s", "45 s", "2 min", "60 min", "3 h 20 min"]
