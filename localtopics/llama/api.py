"""llama.cpp itself, through llama-cpp-python's low-level API: the one place that imports llama_cpp."""

from __future__ import annotations

import ctypes
import re
import shutil
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from localtopics.errors import UserError
from localtopics.progress import Advance

REBUILD = "CMAKE_ARGS=-DGGML_CUDA=ON pip install --force-reinstall --no-cache-dir llama-cpp-python==0.3.36"

WITHOUT_AMX = (
    "llama.cpp's AMX code is left out, which takes about twice the time: most builds of it crash, and this "
    "one does not say that it is sound. `scripts/install` compiles one that is."
)

_said: deque[str] = deque(maxlen=20)
"""The last warnings and errors."""
_recorded: list[str] | None = None
_keep: Any = None


def llama() -> Any:
    """llama_cpp, with its log kept instead of printed."""
    import llama_cpp

    global _keep
    if _keep is None:

        def keep(level: int, text: bytes, _: object) -> None:
            line = text.decode("utf-8", "replace").strip()
            if level in (3, 4):  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
                _said.append(line)
            if _recorded is not None:
                _recorded.append(line)

        _keep = llama_cpp.llama_log_callback(keep)
        llama_cpp.llama_log_set(_keep, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
    return llama_cpp


def clear_log() -> None:
    """Forget what llama.cpp said so far."""
    _said.clear()


def reason() -> str:
    """What llama.cpp said went wrong since `clear_log`, for an error message."""
    said = [line for line in _said if re.search(r"error|fail|unable|cannot", line)]
    return said[0].partition(": ")[2].rstrip(".") if said else "llama.cpp gave no reason"


def unreadable(what: str, lines: Sequence[str]) -> RuntimeError:
    """The error for a llama.cpp that does not say something in the words that are known here."""
    said = "\n".join(lines)
    return RuntimeError(f"llama-cpp-python {llama().__version__} does not say {what} as 0.3.36 does:\n{said}")


@contextmanager
def recording() -> Iterator[list[str]]:
    """Everything that llama.cpp logs meanwhile."""
    global _recorded
    _recorded = []
    try:
        yield _recorded
    finally:
        _recorded = None


class Interrupt:
    """Keeps a Ctrl-C until llama.cpp has returned, as its callbacks would swallow the exception.

    Use it in a ``with`` block around the call; meanwhile ``struck`` tells callbacks to stop.
    """

    def __init__(self) -> None:
        self.struck = False
        self._before: Any = None

    def __enter__(self) -> Self:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self.struck = False
            self._before = before
            signal.signal(signal.SIGINT, self._strike)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
            if self.struck:
                self.struck = False
                signal.raise_signal(signal.SIGINT)

    def _strike(self, *_: object) -> None:
        self.struck = True


def load_model(
    path: Path,
    *,
    layers: int = 0,
    split: Sequence[float] = (),
    vocabulary_only: bool = False,
    dry: bool = False,
    relaid: bool = True,
    advance: Advance | None = None,
) -> Any:
    """A llama_model; free it with llama_model_free.

    Args:
        path: A GGUF that `localtopics.gguf.read_info` has found sound.
        layers: Layers on GPUs, as llama.cpp counts: the output layer first, then the last layers.
        split: Each GPU's share of them; none, and no GPU is used for anything.
        vocabulary_only: Only the tokenizer.
        dry: No weights; contexts of the model only show what would be allocated.
        relaid: Whether weights may be laid out anew for the processor's matrix units, AMX among them.
        advance: Called with every further hundredth that is loaded.

    Raises:
        MemoryError: there is not enough memory, on a GPU or here.
        UserError: llama.cpp cannot load the file.
    """
    lib = llama()
    no_device = (ctypes.c_void_p * 1)(None)
    parameters = lib.llama_model_default_params()
    parameters.vocab_only = vocabulary_only
    parameters.no_alloc = dry
    parameters.use_extra_bufts = relaid
    parameters.n_gpu_layers = layers
    shares = (ctypes.c_float * lib.LLAMA_MAX_DEVICES)(*split)
    if split:
        parameters.tensor_split = shares
        # weights that stay in RAM are read into memory from which a GPU fetches them fast, instead of mapped
        parameters.load_mode = lib.LLAMA_LOAD_MODE_NONE
    else:
        parameters.devices = ctypes.cast(no_device, ctypes.c_void_p)
    if dry:
        parameters.load_mode = lib.LLAMA_LOAD_MODE_NONE
    interrupt, loaded = Interrupt(), 0

    def follow(part: float, _: object) -> bool:
        nonlocal loaded
        if advance is not None and int(100 * part) > loaded:
            advance(int(100 * part) - loaded)
            loaded = int(100 * part)
        return not interrupt.struck

    callback = lib.llama_progress_callback(follow)
    parameters.progress_callback = callback
    clear_log()
    with interrupt:
        model = lib.llama_model_load_from_file(str(path).encode(), parameters)
    if not model:
        why = reason()
        if re.search(r"alloc|memory", why):
            raise MemoryError(why)
        raise UserError(f"llama.cpp cannot load {path}: {why}.")
    return model


@dataclass(frozen=True)
class Device:
    """A GPU that llama.cpp can use; bytes."""

    name: str
    description: str
    free: int
    total: int
    buffer: str
    """What llama.cpp's log calls its memory: mostly the device's name."""


def devices() -> tuple[Device, ...]:
    """The GPUs that this build of llama.cpp can use, with their memory at this moment."""
    library = llama().llama_cpp._lib  # ggml-backend.h is not part of the Python package's interface
    library.ggml_backend_dev_count.restype = ctypes.c_size_t
    library.ggml_backend_dev_get.restype = ctypes.c_void_p
    library.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    library.ggml_backend_dev_buffer_type.restype = ctypes.c_void_p
    library.ggml_backend_dev_buffer_type.argtypes = [ctypes.c_void_p]
    for name in ("ggml_backend_dev_name", "ggml_backend_dev_description", "ggml_backend_buft_name"):
        getattr(library, name).restype = ctypes.c_char_p
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    size_pointer = ctypes.POINTER(ctypes.c_size_t)
    library.ggml_backend_dev_memory.restype = None
    library.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size_pointer, size_pointer]
    found = []
    for index in range(library.ggml_backend_dev_count()):
        device = library.ggml_backend_dev_get(index)
        if library.ggml_backend_dev_type(device) not in (1, 2):  # GPU, integrated GPU
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        library.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        name = library.ggml_backend_dev_name(device).decode()
        description = library.ggml_backend_dev_description(device).decode()
        buffer = library.ggml_backend_buft_name(library.ggml_backend_dev_buffer_type(device)).decode()
        found.append(Device(name, description, free.value, total.value, buffer))
    return tuple(found)


def why_no_gpu() -> str | None:
    """Why llama.cpp has no GPU here, in one sentence, with the command that mends it if there is one.

    None where it has one, or where there is no NVIDIA card either.
    """
    if not (shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()) or devices():
        return None
    if llama().llama_supports_gpu_offload():
        return "llama.cpp sees no NVIDIA card although a driver is installed: does `nvidia-smi` list one?"
    return f"This machine has an NVIDIA card, but llama.cpp was built without CUDA; rebuild it: {REBUILD}"


def system_features() -> dict[str, list[str]]:
    """What each backend of this build uses, such as {"CPU": ["AVX2", …], "CUDA": ["ARCHS = 900", …]}.

    Raises:
        RuntimeError: this version of llama.cpp describes itself in another way.
    """
    text = llama().llama_print_system_info().decode("utf-8", "replace")
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
    if "AMX_INT8" not in system_features()["CPU"]:
        return True
    return hasattr(llama().llama_cpp._lib, "localtopics_sound_amx")
