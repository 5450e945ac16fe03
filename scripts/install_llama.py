"""llama-cpp-python for .venv: a compiled one where one suits this machine, else compiled here."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from environment import PYTHON, ROOT, VENV, InstallError, chosen, output, pinned, works
from pip_progress import Pip, PipError, say

RECORD = VENV / ".llama.json"
CMAKE_FILE = ROOT / "scripts" / "llama_cpp.cmake"

WHEELS = "https://abetlen.github.io/llama-cpp-python/whl"
CUDA_WHEELS = (118, 121, 122, 123, 124, 125, 130, 132)

UNSOUND_AMX = "its AMX code may crash"
CHECK = f"""
import sys
from localtopics.llama.build import amx_is_safe
if not amx_is_safe():
    sys.exit({UNSOUND_AMX!r})
import llama_cpp
model = llama_cpp.Llama(sys.argv[1], n_ctx=256, n_threads=2, verbose=False)
answer = model("A name for this topic: graph, edge, path.", max_tokens=8, temperature=0)
sys.exit(not answer["usage"]["completion_tokens"] and "no tokens")
"""


def write_record(wheels: str | None) -> None:
    """Note the choices with which llama.cpp was installed, and the index a compiled one was taken from."""
    RECORD.write_text(json.dumps({"choices": chosen(), "wheels": wheels}), encoding="utf-8")


def read_record() -> dict[str, Any]:
    """What `write_record` noted; nothing for a .venv without a note."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}


def is_as_chosen() -> bool:
    """Whether llama.cpp was installed with the choices that are made now; made none, any will do."""
    return not chosen() or chosen() == read_record().get("choices")


@cache
def driver_cuda() -> int | None:
    """The newest CUDA that the NVIDIA driver runs, 124 for 12.4; None without a GPU."""
    found = re.search(r"CUDA[\w ]* Version: *(\d+)\.(\d+)", output("nvidia-smi") or "")
    return int(found[1]) * 10 + int(found[2]) if found else None


def wants_cuda() -> bool:
    """Whether an NVIDIA GPU is to be used."""
    wish = os.environ.get("LOCALTOPICS_CUDA")
    return wish == "1" if wish else driver_cuda() is not None


def wheel_index() -> str:
    """The package index with llama-cpp-python compiled for such a machine."""
    named = os.environ.get("LOCALTOPICS_WHEELS")
    if named:
        return named
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return f"{WHEELS}/metal"
    runs = [version for version in CUDA_WHEELS if version <= (driver_cuda() or 0)]
    return f"{WHEELS}/cu{runs[-1]}" if wants_cuda() and runs else f"{WHEELS}/cpu"


def has_amx() -> bool:
    """Whether the processor has Intel's matrix units, which only what is compiled here makes use of."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and "amx_int8" in cpuinfo.read_text(encoding="utf-8")


def has_compiler() -> bool:
    """Whether there is a C++ compiler; Windows has them where only CMake finds them."""
    return os.name == "nt" or bool(shutil.which(os.environ.get("CXX", "c++").split()[0]))


def may_take_wheel() -> bool:
    """Whether a compiled llama-cpp-python is looked for."""
    wish = os.environ.get("LOCALTOPICS_COMPILE")
    if wish:
        return wish != "1"
    if os.environ.get("CMAKE_ARGS"):
        return False
    gpu_or_other = wants_cuda() or bool(os.environ.get("LOCALTOPICS_WHEELS"))
    return gpu_or_other or not (has_amx() and has_compiler())


def take_wheel(pip: Pip) -> bool:
    """Install a compiled llama-cpp-python; False where there is none."""
    version, index = pinned("llama_cpp_python"), wheel_index()
    say(f"Looking for a compiled llama-cpp-python {version} at {index} ...")
    package = f"llama-cpp-python=={version}"
    only = ("--no-deps", "--force-reinstall", "--only-binary=llama-cpp-python")
    try:
        pip.install(*only, "--index-url", index, "--timeout=10", "--retries=0", "-vv", package)
    except PipError as failed:
        reached = "Could not fetch URL" not in str(failed.lines)
        say(f"  {'It has none for this machine' if reached else 'It is out of reach'}.")
        return False
    say("  Took it.")
    write_record(index)
    return True


def compile_llama(pip: Pip, *options: str) -> None:
    """Compile llama.cpp for this machine."""
    if os.environ.get("LOCALTOPICS_COMPILE") == "0":
        raise InstallError("No compiled llama-cpp-python suits, and LOCALTOPICS_COMPILE=0: set it to 1.")
    if not has_compiler():
        raise InstallError(
            "llama.cpp must be compiled here and needs a C++ compiler. On Debian: apt install g++, "
            "on macOS: xcode-select --install"
        )
    cuda = wants_cuda() and (os.environ.get("LOCALTOPICS_CUDA") == "1" or bool(shutil.which("nvcc")))
    if wants_cuda() and not cuda:
        say("The CUDA toolkit (nvcc) is not there: llama.cpp will not use the GPU.")
    say(f"Compiling llama.cpp for {'CUDA: 10 to 30' if cuda else 'this machine: 2 to 5'} minutes, once ...")
    settings = {"CMAKE_PROJECT_llama_cpp_INCLUDE": CMAKE_FILE.as_posix()}
    if cuda:
        settings["GGML_CUDA"] = "ON"
    defines = [f"--config-settings=cmake.define.{name}={value}" for name, value in settings.items()]
    if chosen() or cuda:
        options = ("--no-cache-dir", "--force-reinstall", "--no-deps")  # pip's cache may hold another build
    pip.install(*options, *defines, "--verbose", f"llama-cpp-python=={pinned('llama_cpp_python')}")
    write_record(None)


def install(pip: Pip) -> None:
    """Install llama-cpp-python, unless it is there as chosen."""
    there = f"import llama_cpp; assert llama_cpp.__version__ == {pinned('llama_cpp_python')!r}"
    if works(PYTHON, "-c", there) and is_as_chosen():
        return
    RECORD.unlink(missing_ok=True)
    if not (may_take_wheel() and take_wheel(pip)):
        compile_llama(pip)


def fault() -> str | None:
    """What is wrong with the llama.cpp in .venv, None if it answers; it may end the process that asks."""
    (model,) = (ROOT / "models").glob("localtopics-labeller-*.gguf")
    command = [str(PYTHON), "-c", CHECK, str(model)]
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=ROOT)
    if asked.returncode == 0:
        return None
    said = asked.stderr.strip().splitlines()
    return said[-1] if asked.returncode > 0 and said else f"it ended the process ({asked.returncode})"


def make_sound(pip: Pip) -> None:
    """Check that llama.cpp answers, and compile it anew if not."""
    wrong = fault()
    if wrong is None or (wrong == UNSOUND_AMX and read_record().get("wheels")):
        return  # localtopics leaves AMX code out that does not say that it is sound
    say(f"This llama-cpp-python does not suit this machine: {wrong}.")
    output(PYTHON, "-m", "pip", "cache", "remove", f"llama_cpp_python-{pinned('llama_cpp_python')}")
    compile_llama(pip, "--force-reinstall", "--no-deps")
    wrong = fault()
    if wrong not in (None, UNSOUND_AMX):
        raise InstallError(f"llama.cpp was compiled here and does not work: {wrong}.")
