from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from studio.data import fetch, resolve, standard, store
from studio.data.errors import Unavailable, Unrecognised
from studio.data.watch import Cancelled, Watch
from tests.data.made import cifar_batches, idx, noise, tarred


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way out for this process and its children: the proxy that all must go through does not exist."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def _serve(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], md5: str = "") -> list[str]:
    """Answers to addresses https://here/NAME; returns the list of those asked for."""
    asked: list[str] = []

    class Answer(io.BytesIO):
        headers: dict[str, str] = {}

    def answer(request: Any, timeout: float) -> Any:
        asked.append(request.full_url)
        content = files[request.full_url.rpartition("/")[2]]
        made = Answer(content)
        made.headers = {"Content-Length": str(len(content))}
        return made

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    remotes = [
        fetch.Remote((f"https://here/{name}",), name, md5 or hashlib.md5(content).hexdigest())
        for name, content in files.items()
    ]
    monkeypatch.setattr(fetch, "remotes", lambda _: remotes)
    return asked


def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard, "download", lambda name, folder, watch: fetch.fetch(name, folder, lambda **_: None))


def test_torchvision_loads_beside_any_torch_and_knows_the_addresses() -> None:
    files = {name: [(r.name, r.md5, len(r.addresses)) for r in fetch.remotes(name)] for name in standard.NAMES}
    assert len(files["mnist"]) == len(files["fashion-mnist"]) == len(files["kmnist"]) == 4
    assert files["cifar10"] == [("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 1)]
    assert [name for name, _, _ in files["svhn"]] == ["train_32x32.mat", "test_32x32.mat"]
    assert files["celeba"][0][0] == "img_align_celeba.zip"
    assert all(len(md5) == 32 for rows in files.values() for _, md5, _ in rows)


@pytest.mark.usefixtures("offline")
def test_without_a_network_the_message_says_so_and_what_to_do(home: Path) -> None:
    with pytest.raises(
        Unavailable, match=r"MNIST could not be downloaded: no connection to .*built-in dataset"
    ) as told:
        resolve("mnist").inspect()
    assert "Traceback" not in str(told.value)
    assert not [p for p in (home / "downloads").rglob("*") if p.is_file()]


def test_no_torch_comes_into_the_process_that_asks() -> None:
    code = (
        "import sys; from studio.data import resolve, standard, builtin, sources, store, pictures;"
        "standard.source('mnist'); builtin.source('digits');"
        "print([m for m in sys.modules if m.partition('.')[0] in ('torch', 'torchvision', 'PySide6')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_download_is_read_checked_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "train-images-idx3-ubyte.gz": idx(noise(30, 28, 28), True),
        "train-labels-idx1-ubyte.gz": idx(np.arange(30, dtype=np.uint8) % 10, True),
        "t10k-images-idx3-ubyte.gz": idx(noise(10, 28, 28), True),
        "t10k-labels-idx1-ubyte.gz": idx(np.arange(10, dtype=np.uint8), True),
    }
    asked = _serve(monkeypatch, files)
    _in_process(monkeypatch)
    source = standard.source("fashion-mnist")
    data = store.prepare(source)
    assert (data.spec.name, data.spec.classes[:2], data.spec.held_out) == ("Fashion-MNIST", ("T-shirt", "trouser"), 10)
    assert data.spec.source == "standard:fashion-mnist"
    assert len(asked) == 4
    assert store.prepare(standard.source("fashion-mnist")).spec == data.spec
    assert len(asked) == 4


def test_packed_standard_datasets_are_read_as_they_came(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = tarred(tmp_path / "c.tgz", cifar_batches()).read_bytes()
    _serve(monkeypatch, {"cifar-10-python.tar.gz": packed})
    _in_process(monkeypatch)
    found = standard.source("cifar10").inspect()
    assert (found.count, found.natural_held_out, found.classes[0]) == (72, 12, "airplane")


def test_svhn_becomes_arrays_with_ten_as_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def mat(count: int) -> bytes:
        out = io.BytesIO()
        labels = (1 + np.arange(count) % 10).astype(np.uint8)[:, None]
        savemat(out, {"X": noise(count, 32, 32, 3).transpose(1, 2, 3, 0), "y": labels})
        return out.getvalue()

    _serve(monkeypatch, {"train_32x32.mat": mat(20), "test_32x32.mat": mat(10)})
    _in_process(monkeypatch)
    data = store.prepare(standard.source("svhn"))
    assert data.values.shape == (30, 3, 32, 32)
    assert np.array_equal(data.values[3], noise(20, 32, 32, 3)[3].transpose(2, 0, 1))
    assert data.labels is not None
    assert data.labels[:10].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


def test_a_wrong_checksum_is_refused_and_nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _serve(monkeypatch, {"a.gz": b"something else"}, md5="0" * 32)
    with pytest.raises(fetch.Failed, match=r"here sent is not a\.gz \(its checksum differs\)"):
        fetch.fetch("mnist", tmp_path / "x", lambda **_: None)
    assert list((tmp_path / "x").iterdir()) == []


def _child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let another program speak in the place of the download."""
    begin: Callable[..., Any] = subprocess.Popen
    monkeypatch.setattr(standard.subprocess, "Popen", lambda _, **how: begin([sys.executable, "-c", code], **how))


def test_progress_is_passed_on_and_cancel_ends_the_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _child(
        monkeypatch,
        'import time; print(\'{"done": 5, "total": 9, "what": "Downloading MNIST"}\', flush=True); time.sleep(60)',
    )
    seen = threading.Event()
    watch = Watch(lambda done, total, what: seen.set() if (done, total) == (5, 9) else None)
    threading.Thread(target=lambda: seen.wait(30) and watch.cancel()).start()
    with pytest.raises(Cancelled):
        standard.download("mnist", tmp_path, watch)
    assert seen.is_set()


def test_a_download_that_dies_says_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _child(monkeypatch, "raise SystemExit('it went wrong')")
    with pytest.raises(Unavailable, match="MNIST could not be downloaded: it went wrong"):
        standard.download("mnist", tmp_path, Watch())


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(Unrecognised, match="mnist, fashion-mnist"):
        standard.source("imagenet")
    assert fetch.main(["one"]) == 2
