import errno
import os
import re
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from localtopics.files import replacing, replacing_folder


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    for content in ("first", "second"):
        with replacing(target) as path:
            path.write_text(content)
        assert target.read_text() == content
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "model"
    for name in ("first", "second"):
        with replacing_folder(target) as path:
            (path / name).touch()
        assert [path.name for path in target.iterdir()] == [name]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(target) as path:
        path.write_text("half" + (tmp_path / "missing").read_text())
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_kill_left_behind_is_taken_away(tmp_path: Path) -> None:
    target = tmp_path / "model"
    (tmp_path / ".model.part").mkdir()
    (tmp_path / ".model.part" / "half").touch()
    with replacing_folder(target):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert not any(target.iterdir())


def test_a_folder_in_the_way_stays(tmp_path: Path) -> None:
    target = tmp_path / "map.png"
    (target / "years").mkdir(parents=True)
    with pytest.raises(IsADirectoryError) as caught, replacing(target) as path:
        path.write_text("a picture")
    assert caught.value.filename == str(target)
    assert [path.name for path in tmp_path.rglob("*")] == ["map.png", "years"]


@pytest.mark.parametrize("there", ["file", "link"])
def test_a_folder_is_put_only_where_a_folder_was(tmp_path: Path, there: str) -> None:
    target, elsewhere = tmp_path / "model", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis.tex").touch()
    target.symlink_to(elsewhere) if there == "link" else target.touch()
    with pytest.raises(NotADirectoryError), replacing_folder(target) as path:
        (path / "new").touch()
    assert {path.name for path in tmp_path.rglob("*")} == {"model", "elsewhere", "thesis.tex"}


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "ours").symlink_to("theirs")
    (tmp_path / ".ours.part").symlink_to("theirs")
    with replacing(tmp_path / "ours") as path:
        path.write_text("new")
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "ours").is_symlink()


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with replacing(tmp_path / "a") as path:
            assert path.stat().st_mode & 0o777 == 0o600  # before anything is in it
        with replacing(tmp_path / "shown", mode=0o666) as path:
            path.write_text("for all")
        with replacing_folder(tmp_path / "folder") as path:
            (path / "inside").touch()
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"a": 0o600, "shown": 0o644, "folder": 0o700, "inside": 0o600}


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "d\udce9j\udce0-vu.csv"])
def test_every_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    with replacing(tmp_path / name) as path:
        path.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def _full_by_numpy(path: Path) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.save(file, np.zeros(100_000))


def _full_by_safetensors(path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"zeros": np.zeros(100_000)}, path)


def _full_by_parquet(path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"n": range(100_000)}).to_parquet(path)


@pytest.mark.parametrize("write", [_full_by_numpy, _full_by_safetensors, _full_by_parquet])
@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="the system has no limit on a file's size")
def test_a_full_disk_names_the_file(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """A limit on a file's size stands for the disk's."""
    target = tmp_path / "target"
    with replacing(target) as path:
        path.write_text("old")
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=re.escape(str(target))) as caught, replacing(target) as path:
            write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.filename == str(target)
    assert caught.value.errno in (errno.EFBIG, errno.ENOSPC)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
