"""What the build of llama.cpp that is installed can use of this computer, and how a better one is had."""

from __future__ import annotations

import shutil
from pathlib import Path

from localtopics.llama.api import library, supports_gpus, system_info
from localtopics.llama.devices import devices
from localtopics.llama.log import unreadable

REBUILD = "CMAKE_ARGS=-DGGML_CUDA=ON pip install --force-reinstall --no-cache-dir llama-cpp-python==0.3.36"

WITHOUT_AMX = (
    "llama.cpp's AMX code is left out, which takes about twice the time: most builds of it crash, and this "
    "one does not say that it is sound. `scripts/install` compiles one that is."
)


def why_no_gpu() -> str | None:
    """Why llama.cpp has no GPU here, in one sentence, with the command that mends it if there is one.

    None where it has one, or where there is no NVIDIA GPU either.
    """
    if not (shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()) or devices():
        return None
    if supports_gpus():
        return "llama.cpp sees no NVIDIA GPU although a driver is installed: does `nvidia-smi` list one?"
    return f"This machine has an NVIDIA GPU, but llama.cpp was built without CUDA; rebuild it: {REBUILD}"


def system_features() -> dict[str, list[str]]:
    """What each backend of this build uses, such as {"CPU": ["AVX2", …], "CUDA": ["ARCHS = 900", …]}.

    Raises:
        RuntimeError: this version of llama.cpp describes itself in another way.
    """
    text = system_info()
    features: dict[str, list[str]] = {}
    backend = ""
    for part in text.split("|"):
        head, colon, rest = part.partition(" : ")
        if colon:
            backend, part = head.strip(), rest
        name, _, value = part.strip().partition(" = ")
        if name:
            features.setdefault(backend, []).append(name if value in ("1", "") else f"{name} = {value}")
    if "CPU" not in features:
        raise unreadable("its features", [text])
    return features


def amx_is_safe() -> bool:
    """Whether this build has no code for Intel's matrix units (AMX), or says that it was compiled soundly.

    The code of most builds can end the process; `scripts/amx_tiles.h` says why, and leaves a symbol in the
    libraries that are compiled with it.
    """
    return "AMX_INT8" not in system_features()["CPU"] or library("localtopics_sound_amx") is not None
