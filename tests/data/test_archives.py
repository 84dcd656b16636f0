from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from studio.data import trees
from studio.data.errors import DataError, Refused, Unreadable
from studio.data.sources import recognise
from studio.data.watch import Cancelled, Watch
from tests.data.made import class_images, put, tarred, zipped

CLIMBERS = ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "..\\evil.png", "a\\..\\..\\evil.png"]


@pytest.mark.parametrize("name", CLIMBERS)
@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_an_archive_that_climbs_out_is_refused_naming_the_member(tmp_path: Path, name: str, form: str) -> None:
    contents = class_images() | {name: b"x" * 20}
    if form == "zip":
        path = zipped(tmp_path / "x.zip", contents)
    else:
        path = tarred(tmp_path / "x.tar", contents, "w:gz" if form == "tar.gz" else "w")
    with pytest.raises(Refused, match=r"evil\.png” (climbs out|names a place outside)"):
        recognise(path)
    assert not list(tmp_path.rglob("evil.png"))


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Refused, match="link"):
        recognise(tmp_path / "a.zip")
    for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE)):
        member = tarfile.TarInfo("cat/link.png")
        member.type, member.linkname = kind, "/etc/passwd"
        with tarfile.open(tmp_path / f"{number}.tar", "w") as tar:
            tar.addfile(member)
        with pytest.raises(Refused, match=r"a link|no plain file"):
            recognise(tmp_path / f"{number}.tar")


def test_a_zip_bomb_is_refused_without_unpacking(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"a/0.png": b"\0" * (80 << 20)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    with pytest.raises(Refused, match=r"archive bomb.*80 MB"):
        recognise(path)


def test_a_tar_bomb_is_refused_while_it_unpacks(tmp_path: Path, home: Path) -> None:
    path = tarred(tmp_path / "bomb.tgz", {"a/0.png": b"\0" * (80 << 20)})
    with pytest.raises(Refused, match="archive bomb"):
        recognise(path)
    assert sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) == 0


def test_an_archive_of_more_than_64_gigabytes_is_refused() -> None:
    with pytest.raises(Refused, match="bomb"):
        trees.check_size(Path("x.zip"), packed=60 << 30, unpacked_to=65 << 30)
    trees.check_size(Path("x.zip"), packed=1 << 30, unpacked_to=60 << 30)


def test_a_zip_with_a_password_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", class_images())
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(Refused, match="password"):
        recognise(path)


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_a_cut_archive_is_named_as_damaged(tmp_path: Path, form: str) -> None:
    contents = class_images(per_class=20)
    if form == "zip":
        path = zipped(tmp_path / "x.zip", contents)
    else:
        path = tarred(tmp_path / "x.tar", contents, "w:gz" if form == "tar.gz" else "w")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3 + 7])
    with pytest.raises(Unreadable, match=r"x\.(zip|tar).*(damaged|cut short)"):
        recognise(path).inspect()


def test_a_damaged_member_of_a_zip_is_skipped(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", class_images())
    content = bytearray(path.read_bytes())
    start = content.find(b"IDAT")
    content[start + 10 : start + 20] = b"damaged!!!"
    path.write_bytes(content)
    found = recognise(path).inspect()
    assert (found.count, len(found.skipped)) == (5, 1)
    assert found.skipped[0].name == "cat/0.png"


def test_links_to_folders_do_not_go_in_circles(tmp_path: Path) -> None:
    put(tmp_path, class_images())
    (tmp_path / "cat" / "again").symlink_to(tmp_path)
    assert recognise(tmp_path).inspect().count == 6


def test_a_folder_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_FILES", 3)
    with pytest.raises(Refused, match="more than 3 files"):
        recognise(put(tmp_path, class_images()))


def test_unpacking_a_tar_can_be_cancelled(tmp_path: Path) -> None:
    path = tarred(tmp_path / "x.tgz", class_images())
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        recognise(path, watch)


@pytest.mark.parametrize("seed", range(30))
def test_any_damage_to_an_archive_ends_in_words(tmp_path: Path, seed: int) -> None:
    """Random bytes overwritten: whatever comes of it, it is a dataset or an error for a person, nothing else."""
    import random

    rng = random.Random(seed)
    made = io.BytesIO()
    if seed % 2:
        path = zipped(tmp_path / "x.zip", class_images(), zipfile.ZIP_DEFLATED)
    else:
        path = tarred(tmp_path / "x.tar", class_images(), "w:gz" if seed % 4 else "w")
    made.write(path.read_bytes())
    for _ in range(rng.choice((1, 5, 40))):
        made.seek(rng.randrange(path.stat().st_size))
        made.write(bytes([rng.randrange(256)]))
    path.write_bytes(made.getvalue())
    with suppress(DataError):
        assert recognise(path).inspect().count + len(recognise(path).inspect().skipped) >= 1
