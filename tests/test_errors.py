import errno
import os
import sysconfig
import tempfile
from pathlib import Path

import pytest

import localtopics
from localtopics.errors import explained
from localtopics.files import temporary_folder


def system_error(name: str, path: object = None) -> OSError:
    number = getattr(errno, name)
    return OSError(number, os.strerror(number), path)


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EFBIG", "EACCES", "EPERM", "EROFS", "EIO"])
def test_what_the_disk_refuses_is_a_sentence_with_or_without_a_name(name: str) -> None:
    reason = os.strerror(getattr(errno, name))
    room = "make room or " if name in ("ENOSPC", "EDQUOT", "EFBIG") else ""
    end = f"{room}name another place, and run the command again."
    assert explained(system_error(name)) == f"{reason}: {end}"
    for path in ("/data/map.png", b"/data/map.png", Path("/data/map.png")):
        assert explained(system_error(name, path)) == f"{reason} (/data/map.png): {end}"


@pytest.mark.parametrize(
    "name",
    [
        *("ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY", "ENAMETOOLONG", "ELOOP", "EINVAL"),
        *("ENODEV", "EBUSY", "ETXTBSY", "EXDEV", "EOPNOTSUPP"),
    ],
)
def test_what_is_wrong_with_a_place_is_a_sentence_where_the_place_has_a_name(name: str) -> None:
    assert "(/data/map.png): name another place" in str(explained(system_error(name, "/data/map.png")))
    assert explained(system_error(name)) is None


@pytest.mark.parametrize("name", ["EBADF", "ECHILD", "EPIPE", "EAGAIN", "ESRCH", "ENOTCONN"])
def test_faults_of_ours_keep_their_traceback(name: str) -> None:
    assert explained(system_error(name)) is None
    assert explained(system_error(name, "/data/map.png")) is None
    assert explained(OSError("a library's own words")) is None
    assert explained(OSError(getattr(errno, name), "x", 7)) is None


def test_a_missing_file_of_the_package_is_a_fault_of_ours() -> None:
    for folder in (Path(localtopics.__file__).parent, Path(sysconfig.get_paths()["stdlib"])):
        assert explained(system_error("ENOENT", folder / "lost.py")) is None
        assert explained(system_error("ENOSPC", folder / "cache")) is not None


def test_the_place_of_temporary_files_has_its_own_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="No space left") as full, temporary_folder() as folder:
        raise OSError(f"{2**20} requested and 0 written")  # numpy's words
    assert explained(full.value) == (
        f"No space left on device ({folder}): make room or name another folder by TMPDIR, and run the "
        "command again."
    )
    assert not folder.exists()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/none"])
    with pytest.raises(FileNotFoundError) as none, temporary_folder():
        pass
    assert "make room or name another folder by TMPDIR" in str(explained(none.value))
