from pathlib import Path

import pytest

from localtopics.files import replacing


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
        with replacing(target) as path:
            path.mkdir()
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
    with replacing(target) as path:
        path.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert not any(target.iterdir())
