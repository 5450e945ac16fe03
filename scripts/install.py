"""Make .venv and install localtopics in it with pinned versions.

    scripts/install         what `scripts/demo` needs
    scripts/install dev     what `scripts/test` needs

On Windows: `python scripts\\install [dev]`. docs/install.md tells more.

    PYTHON=python3.12       the interpreter that .venv is made with, 3.11 or newer
    LOCALTOPICS_CUDA=1      use the NVIDIA GPU, or 0: do not; left out, it is used where nvidia-smi sees it
    LOCALTOPICS_COMPILE=1   compile llama.cpp for this machine, or 0: never compile
    LOCALTOPICS_WHEELS=URL  the package index with compiled llama-cpp-python, instead of that project's own
    CMAKE_ARGS=...          more options for compiling llama.cpp
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import install_llama
from environment import BIN, PYTHON, ROOT, VENV, InstallError, make_venv, pinned, works
from pip_progress import Pip, PipError, say

HAS_TORCH = "from importlib.metadata import version; version('torch')"
TORCH_CPU = "https://download.pytorch.org/whl/cpu"


def files_hash() -> str:
    """The files that say what is installed."""
    names = ("pyproject.toml", "constraints.txt", "scripts/amx_tiles.h", "scripts/llama_cpp.cmake")
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in names)).hexdigest()


def stamp(extra: str) -> Path:
    """The file that says with which files .venv was made."""
    return VENV / f".installed-{extra or 'use'}"


def is_installed(extra: str) -> bool:
    """Whether the same was installed before, for the same purpose or a larger one."""
    stamps = [path for path in (stamp(extra), stamp("dev")) if path.is_file()]
    is_same = any(path.read_text(encoding="utf-8") == files_hash() for path in stamps)
    return is_same and install_llama.is_as_chosen()


def install_torch(pip: Pip) -> None:
    """PyTorch for the CPU on Linux without a GPU, where PyPI's brings gigabytes of CUDA libraries."""
    if sys.platform != "linux" or install_llama.wants_cuda() or works(PYTHON, "-c", HAS_TORCH):
        return
    say("Installing PyTorch for the CPU ...")
    package = f"torch=={pinned('torch')}+cpu"
    try:
        pip.install(package)
    except PipError:
        pip.install("--extra-index-url", TORCH_CPU, package)


def seconds(times: list[float]) -> str:
    """How long each step took."""
    steps = ("PyTorch", "llama.cpp", "the rest", "a look whether llama.cpp works")
    took = [f"{step} {times[i + 1] - times[i]:.0f} s" for i, step in enumerate(steps)]
    return f"{times[-1] - times[0]:.0f} s: {', '.join(took)}"


def install(extra: str = "") -> None:
    """Install what is not there yet."""
    if is_installed(extra):
        return
    make_venv()
    pip = Pip(PYTHON, constraints=ROOT / "constraints.txt", log=VENV / "install.log")
    times = [time.monotonic()]
    install_torch(pip)
    times.append(time.monotonic())
    install_llama.install(pip)
    times.append(time.monotonic())
    say("Installing localtopics ...")
    pip.install("--editable", f"{ROOT}[{extra}]" if extra else str(ROOT))
    times.append(time.monotonic())
    install_llama.make_sound(pip)
    times.append(time.monotonic())
    stamp(extra).write_text(files_hash(), encoding="utf-8")
    say(f"Installed. {seconds(times)}.")


def main(extra: str = "") -> None:
    """Install, or say in a sentence why not."""
    try:
        install(extra)
    except (InstallError, PipError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def run(program: str, *arguments: str) -> int:
    """Run a program of .venv in the checkout; its exit code."""
    return subprocess.call([str(BIN / program), *arguments], cwd=ROOT)


def end_as(program: str, *arguments: str) -> NoReturn:
    """Become a program of .venv, so that what is sent to this process reaches it."""
    if os.name == "nt":
        sys.exit(run(program, *arguments))
    os.chdir(ROOT)
    os.execv(BIN / program, [str(BIN / program), *arguments])


def command() -> None:
    """`scripts/install [dev]`."""
    if sys.argv[1:] not in ([], ["dev"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])


if __name__ == "__main__":
    command()
