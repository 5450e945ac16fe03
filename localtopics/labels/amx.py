"""Does llama.cpp's code for Intel's matrix units (AMX) work here? In most builds it can end the process.

It tells the processor the shapes of its tiles once in each thread. GCC before 11.5, 12.4 and 13.3 passes only
8 of their 64 bytes (GCC bug 114098), and PyTorch takes the shapes back whenever it has used AMX in the same
thread. `scripts/install` compiles it without either fault. Nothing in a library tells, so another process
tries.
"""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
from functools import cache

from localtopics.labels.context import Context
from localtopics.labels.llama import llama, load_model, system_features
from localtopics.labels.schedule import Schedule
from localtopics.labels.scheduler import scheduler
from localtopics.models import bundled_model

ROWS = 32
"""A product of so many rows is computed with AMX; one of a single row is not."""
TILERELEASE = bytes([0xC4, 0xE2, 0x78, 0x49, 0xC0, 0xC3])
"""Machine code of a function that takes the shapes back, as PyTorch's kernels do at their end."""
WITHOUT_AMX = (
    "llama.cpp's AMX code would crash as it was compiled here, so it is left out, which takes about twice "
    "the time: `scripts/install` compiles it soundly."
)


@cache
def amx_crashes() -> bool:
    """Whether this build of llama.cpp has AMX code that ends the process; it is tried once."""
    if "AMX_INT8" not in system_features().get("CPU", ()) or bundled_model() is None:
        return False
    trial = subprocess.run(
        [sys.executable, "-P", "-m", __name__], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return trial.returncode != 0


def _try() -> None:
    """Compute a few rows twice with a small model; where the AMX code is unsound, the process ends here."""
    path = bundled_model()
    assert path is not None
    model = load_model(path)
    context = Context(model, Schedule(1, 256, True, ROWS, ROWS), threads=1, vocabulary=1)
    _compute(context)
    _release_tiles()
    _compute(context)
    context.close()
    llama().llama_model_free(model)


def _compute(context: Context) -> None:
    for _ in context.run(scheduler([[1] * ROWS], 0, context.schedule, max_tokens=1)):
        break


def _release_tiles() -> None:
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
        page.write(TILERELEASE)
        code = ctypes.c_char.from_buffer(page)
        ctypes.CFUNCTYPE(None)(ctypes.addressof(code))()
        del code


if __name__ == "__main__":
    _try()
