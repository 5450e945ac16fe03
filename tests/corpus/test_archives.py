"""Zip and tar archives, sound, hostile and damaged."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from localtopics.corpus import archives
from localtopics.corpus.archives import members
from localtopics.corpus.folders import FOLDER_SUFFIXES
from localtopics.errors import UserError
from localtopics.formats.archive import BOMB
from tests.corpus.tables import refusal
from tests.formats.test_formats import DOCUMENTS, mutated


def zipped(path: Path, files: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def read(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """The files in an archive with their contents, and what could not be read."""
    unreadable: list[str] = []
    found = {name: file.open("rb").read() for name, file in members(path, FOLDER_SUFFIXES, unreadable)}
    return found, unreadable


def test_no_name_in_an_archive_leads_out_of_it(tmp_path: Path) -> None:
    names = (
        "../../up.txt",
        "/etc/passwd",
        "a\\b.txt",
        "a/../../c.txt",
        "__MACOSX/d.txt",
        "~$g.txt",
        ".hidden/e.txt",
        "f/",
    )
    found, unreadable = read(zipped(tmp_path / "a.zip", dict.fromkeys(names, "text")))
    assert list(found) == ["up.txt", "etc/passwd", "a/b.txt", "a/c.txt"]
    assert unreadable == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_links_and_devices_in_an_archive_are_no_files(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            entry = tarfile.TarInfo(f"{kind!r}.txt")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("good.txt")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"good"))
    assert read(tmp_path / "a.tar") == ({"good.txt": b"good"}, [])


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_all_compressions_of_a_zip_file_are_read(tmp_path: Path, compression: int) -> None:
    assert read(zipped(tmp_path / "a.zip", {"a.txt": "text"}, compression)) == ({"a.txt": b"text"}, [])


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "text")
        archive.filelist[0].file_size = 10**9
    assert refusal(tmp_path / "a.zip") == f"{tmp_path}/a.zip {BOMB}."


def test_an_archive_that_ends_too_early_is_read_so_far(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("a.pdf")
    entry.size = 10**12
    (tmp_path / "b.tar").write_bytes(entry.tobuf() + bytes(10**4))
    with pytest.raises(UserError, match="is damaged, or no archive"):
        read(tmp_path / "b.tar")
    (tmp_path / "cut.tar").write_bytes(gzip.decompress((DOCUMENTS / "all.tar.gz").read_bytes())[:4000])
    found, (sentence,) = read(tmp_path / "cut.tar")
    assert list(found) == ["talk.vtt", "plain.eml"]
    assert sentence.startswith(f"{tmp_path}/cut.tar is damaged behind plain.eml (")


def test_a_file_that_is_too_large_is_named_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 10**6)
    path = zipped(tmp_path / "a.zip", {"a.txt": "text", "b.txt": "text" * 10**6, "c.txt": "more"})
    found, unreadable = read(path)
    assert list(found) == ["a.txt", "c.txt"]
    assert unreadable == [f"{path}/b.txt is larger than 1 MB, too large for one document."]


def test_an_archive_of_tables_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.csv": "text\nOne", "b.XLSX": ""})
    assert refusal(path).endswith(f" in {path}; it holds .XLSX, .csv.")


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz", "locked.zip"])
def test_a_damaged_archive_is_read_or_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    content = (DOCUMENTS / name).read_bytes()
    for seed in range(20):
        path.write_bytes(mutated(content, seed))
        try:
            _, sentences = read(path)
        except (UserError, OSError) as error:  # `one_sentence` makes one of the latter
            sentences = [str(error)]
        assert not any("\n" in sentence for sentence in sentences)
        assert list(tmp_path.iterdir()) == [path]
