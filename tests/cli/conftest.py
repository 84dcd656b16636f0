"""The command line in this process, and a run that it trained once for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.__main__ import main

TINY = ("--width", "4", "--latent", "4", "--batch", "8", "--critic-steps", "1", "--average", "0.5")


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of an error; everything before it is progress."""
        return self.err.strip().splitlines()[-1]


Say = Callable[..., Said]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """``say("runs", "--json")``: what the command answers."""

    def run(*words: str) -> Said:
        capsys.readouterr()
        try:
            status = main([str(w) for w in words])
        except SystemExit as end:  # --help, --version
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return Said(status, out, err)

    return run


@pytest.fixture(scope="session")
def _trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_STUDIO_HOME", str(at))
        assert main(["train", "wgan_gp", "digits", "--steps", "6", *TINY]) == 0
    return at


@pytest.fixture
def trained(_trained_once: Path, home: Path) -> Path:
    """A home of this test's own, in which the run ``digits-wgan_gp-1`` was trained for 6 steps."""
    shutil.copytree(_trained_once, home)
    return home / "runs" / "digits-wgan_gp-1"
