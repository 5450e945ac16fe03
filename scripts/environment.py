"""The checkout, its .venv, and what of them the steps of an installation share."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

CHOICES = ("LOCALTOPICS_CUDA", "LOCALTOPICS_COMPILE", "LOCALTOPICS_WHEELS", "CMAKE_ARGS")


class InstallError(Exception):
    """What the user can mend, in one sentence."""


def output(*command: str | Path) -> str | None:
    """What a command prints, None where it fails or is not there."""
    try:
        return subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, errors="replace", check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def works(*command: str | Path) -> bool:
    """Whether a command ends well."""
    return output(*command) is not None


def chosen() -> dict[str, str]:
    """The choices that are made by environment variables."""
    return {name: os.environ[name] for name in CHOICES if os.environ.get(name)}


def pinned(package: str) -> str:
    """The version of a package in constraints.txt."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{package}==(.+)$", text, re.MULTILINE)
    assert found, f"constraints.txt pins no {package}"
    return found[1].strip()


def make_venv() -> None:
    """Make .venv, where there is none that works."""
    if works(PYTHON, "-c", "import pip"):
        return
    base = os.environ.get("PYTHON") or sys.executable
    if not works(base, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        raise InstallError(
            f"localtopics needs Python 3.11 or newer, and {base} is not: name one with the variable PYTHON."
        )
    if not works(base, "-m", "venv", VENV):
        raise InstallError(
            "Python cannot make a virtual environment here. On Debian: apt install python3-venv"
        )
