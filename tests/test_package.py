"""The source distribution makes a wheel, and the wheel works without the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def python(*arguments: object, folder: Path, **environment: str) -> str:
    """What Python prints when it is called in a folder."""
    command = [sys.executable, *map(str, arguments)]
    environment = os.environ | environment
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert result.returncode == 0, result.stderr
    return result.stdout


def build(kind: str, source: Path, to: Path) -> Path:
    """Build a distribution and unpack it."""
    python("-m", "hatchling", "build", "--target", kind, "--directory", to, folder=source)
    (archive,) = to.iterdir()
    shutil.unpack_archive(archive, to / "files", "gztar" if kind == "sdist" else "zip")
    return to / "files"


def test_source_distribution_and_wheel_are_whole(tmp_path: Path) -> None:
    (source,) = build("sdist", ROOT, tmp_path / "sdist").iterdir()
    assert {path.name for path in source.iterdir()} == {
        *(".gitignore", "LICENSE", "PKG-INFO", "README.md", "localtopics", "models", "pyproject.toml")
    }
    installed = build("wheel", source, tmp_path / "wheel")
    files = [path for path in ROOT.glob("localtopics/**/*.*") if "__pycache__" not in path.parts]
    assert [file for file in files if not (installed / file.relative_to(ROOT)).is_file()] == []
    alone = {"PYTHONPATH": str(installed), "HOME": str(tmp_path), "COLUMNS": "300"}
    assert "Usage: " in python("-m", "localtopics", "--help", folder=tmp_path, **alone)
    models = python("-m", "localtopics", "models", "list", folder=tmp_path, **alone)
    assert str(installed / "localtopics" / "bundled") in models
