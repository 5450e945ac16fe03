"""What this machine has that the stages share."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_most: int | None = None


def usable_cpus() -> int:
    """The number of processors that this process may run on."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return found if _most is None else min(found, _most)


def use_cpus(most: int) -> None:
    """Let this process take no more processors than these from now on, to leave others theirs."""
    global _most
    _most = most


def free_memory() -> int | None:
    """Bytes of memory that this process could still take; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, StopIteration):
        return None
    group = Path("/sys/fs/cgroup")  # a container's own limit, where it has one
    try:
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return free if limit == "max" else max(0, min(free, int(limit) - int(used)))
    except (OSError, ValueError):
        return free


@contextmanager
def no_nested_threads() -> Iterator[None]:
    """Let no OpenMP thread start others meanwhile.

    Once numba has run on OpenMP's threads, as UMAP does, they may, in all of the process. Each small matrix
    product in PyTorch's attention then starts threads where MKL knows no better, and takes 23 times as long.
    """
    from threadpoolctl import threadpool_info

    paths = [library["filepath"] for library in threadpool_info() if library["user_api"] == "openmp"]
    found = [ctypes.CDLL(path) for path in paths]
    # Windows' own OpenMP is too old to know of levels
    libraries = [library for library in found if hasattr(library, "omp_set_max_active_levels")]
    levels = [library.omp_get_max_active_levels() for library in libraries]
    for library in libraries:
        library.omp_set_max_active_levels(1)
    try:
        yield
    finally:
        for library, level in zip(libraries, levels, strict=True):
            library.omp_set_max_active_levels(level)
