"""What the stages share of the machine."""

import subprocess
import sys

PROGRAM = """
import ctypes
import numba, numpy, torch
from threadpoolctl import threadpool_info
from localtopics.machine import no_nested_threads

def levels():
    paths = [library["filepath"] for library in threadpool_info() if library["user_api"] == "openmp"]
    return [ctypes.CDLL(path).omp_get_max_active_levels() for path in paths]

@numba.njit(parallel=True)
def total(numbers):
    found = 0.0
    for number in numba.prange(len(numbers)):
        found += numbers[number]
    return found

total(numpy.ones(1000))
before = levels()
assert max(before) > 1 or numba.threading_layer() != "omp", before
with no_nested_threads():
    assert set(levels()) == {1}, levels()
assert levels() == before, levels()
"""


def test_openmp_threads_start_no_others_even_after_numba() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
