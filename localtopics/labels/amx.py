"""Does llama.cpp's code for Intel's matrix units (AMX) work here? As some compilers build it, it crashes.

GCC before 11.5, 12.4 and 13.3 passes ``ldtilecfg`` only the first 8 of its 64 bytes (GCC bug 114098), and the
first product of several rows ends the process. Nothing in the library tells, so a process of its own tries.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from localtopics.labels.llama import llama, load_model, system_features
from localtopics.labels.schedule import Schedule
from localtopics.labels.scheduler import scheduler
from localtopics.models import bundled_model

ROWS = 32
"""A product of so many rows is computed with AMX; one of a single row is not."""
WITHOUT_AMX = (
    "llama.cpp's AMX code crashes as it was compiled here, so it is left out, which takes about twice the "
    "time: `scripts/install` compiles it soundly, as does GCC 14."
)


@cache
def amx_crashes() -> bool:
    """Whether this build of llama.cpp has AMX code that ends the process; it is tried once."""
    if "AMX_INT8" not in system_features().get("CPU", ()) or bundled_model() is None:
        return False
    trial = subprocess.run(
        [sys.executable, "-m", __name__], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return trial.returncode != 0


def _try() -> None:
    """Compute a few rows with a small model; where the AMX code is unsound, the process ends here."""
    from localtopics.labels.context import Context

    path = bundled_model()
    assert path is not None
    model = load_model(path)
    context = Context(model, Schedule(1, 256, True, ROWS, ROWS), threads=1, vocabulary=1)
    for _ in context.run(scheduler([[1] * ROWS], 0, context.schedule, max_tokens=1)):
        break
    context.close()
    llama().llama_model_free(model)


if __name__ == "__main__":
    _try()
