"""The GPUs that llama.cpp can use."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localtopics.llama.api import library

_GPUS = (1, 2)  # ggml_backend_dev_type: GPU, integrated GPU


@dataclass(frozen=True)
class Device:
    """A GPU that llama.cpp can use."""

    name: str
    description: str
    free: int
    """Bytes of its memory that are free."""
    total: int
    """Bytes of its memory."""
    buffer: str
    """What llama.cpp's log calls its memory: mostly the device's name."""


def devices() -> tuple[Device, ...]:
    """The GPUs that this build of llama.cpp can use, with their memory at this moment."""
    ggml = _functions()
    found = []
    for index in range(ggml["dev_count"]()):
        device = ggml["dev_get"](index)
        if ggml["dev_type"](device) not in _GPUS:
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        ggml["dev_memory"](device, ctypes.byref(free), ctypes.byref(total))
        name = ggml["dev_name"](device).decode()
        description = ggml["dev_description"](device).decode()
        buffer = ggml["buft_name"](ggml["dev_buffer_type"](device)).decode()
        found.append(Device(name, description, free.value, total.value, buffer))
    return tuple(found)


def _functions() -> dict[str, Callable[..., Any]]:
    """The functions for devices (ggml-backend.h), with their types."""
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    sizes = ctypes.POINTER(size)
    found: dict[str, Callable[..., Any]] = {}
    for name, result, arguments in (
        ("dev_count", size, []),
        ("dev_get", pointer, [size]),
        ("dev_type", ctypes.c_int, [pointer]),
        ("dev_name", text, [pointer]),
        ("dev_description", text, [pointer]),
        ("dev_memory", None, [pointer, sizes, sizes]),
        ("dev_buffer_type", pointer, [pointer]),
        ("buft_name", text, [pointer]),
    ):
        function = getattr(library(f"ggml_backend_{name}"), f"ggml_backend_{name}")
        function.restype, function.argtypes = result, arguments
        found[name] = function
    return found
