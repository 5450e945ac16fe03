"""Work on many things, spread over the machines of a Ray cluster; Ray is imported here and nowhere else."""

from __future__ import annotations

import logging
import os
import pickle
import secrets
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from localtopics.errors import UserError
from localtopics.files import TEMPORARY
from localtopics.machine import usable_cpus, use_cpus

HERE = "auto"
"""The address of the Ray that runs on this machine for this user, or else of one that is started."""
_PROCESSORS = 4
"""Of one worker without a GPU, at most: a small model gains little from more, and each worker holds one."""
_SECONDS = 5.0
"""What an address may take to answer."""
_RUNNING = Path("/tmp/ray/ray_current_cluster")
"""Where `ray start` writes the address of what it started."""
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_DATA_LOG_LEVEL": "ERROR"}
"""Nothing is reported to Ray's makers, and no notes are written into the terminal."""
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How HTTP/2, which Ray's head speaks, begins (RFC 9113, 3.4): the preface, and a frame of no settings."""
_SILENT: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
_LONGEST = 20
"""Characters of a folder in which the names of Ray's sockets find room."""

T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
R = TypeVar("R")


class Work(Protocol[T_contra, R_co]):
    """What is done with each thing; it can be pickled, and so can the things and the results."""

    def opened(self) -> Callable[[T_contra], R_co]:
        """Make ready for it, in the process where it is done."""
        ...


def on_cluster(address: str, work: Work[T, R], things: Sequence[T]) -> Generator[R]:
    """Do the work with each thing on a Ray cluster.

    Each of a pool of processes (actors of Ray Data) takes one thing after the other: one process for each
    GPU, or where there is none for each four processors of a machine. The work is put into the cluster's
    memory once. What was being done when a process or a machine ended is done again by another, so doing it
    twice must be as good as once.

    Args:
        address: ``HOST:PORT`` of a cluster that this machine is of; or ``auto``: the Ray that RAY_ADDRESS
            names or that runs on this machine for this user, or else one that is started, answers this
            machine alone and ends with the work.
        work: what is done.
        things: with what.

    Yields:
        The results, as they are finished, in no order.

    Raises:
        UserError: Ray is not installed, or the cluster does not answer or lacks localtopics.
        Exception: what the work raises, and then no more is done.
    """
    with _connected(address):
        yield from _results(work, things)


def require_cluster(address: str) -> None:
    """Raise `UserError` where `on_cluster` cannot begin: Ray is not installed, or nothing answers there."""
    if find_spec("ray") is None:
        raise UserError("Ray is not installed: `pip install 'localtopics[ray]'`.")
    if (found := address if address != HERE else _running()) is not None:
        _require_answer(found)


def _results(work: Work[T, R], things: Sequence[T]) -> Iterator[R]:
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    from ray.exceptions import RayError

    context = DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    room = _room(ray.nodes())
    size = min(room.workers, len(things))
    try:
        # a block a thing, which is there from the start: no task of Ray's own waits for a processor
        todo = ray.data.from_arrow([pa.table({"thing": [pickle.dumps(thing)]}) for thing in things])
        # that actors are started and their tasks done again without end is Ray Data's own default
        done = todo.map_batches(
            _Worker,
            batch_format="pyarrow",
            fn_constructor_args=([ray.put(work)], room.threads),
            batch_size=1,
            num_cpus=room.cpus,
            num_gpus=room.gpus,
            compute=ActorPoolStrategy(
                min_size=1, initial_size=size, max_size=size, max_tasks_in_flight_per_actor=1
            ),
        )
        for batch in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            for outcome in batch["outcome"].to_pylist():
                result, error = pickle.loads(outcome)
                if error is not None:
                    raise error
                yield result
    except RayError as error:
        if "No module named 'localtopics" in str(error):
            raise UserError(
                "The machines of the cluster lack localtopics: `pip install 'localtopics[ray]'` on each."
            ) from None
        raise


class _Worker:
    """One process of the pool: an actor of Ray Data."""

    def __init__(self, work: list[Any], threads: int | None) -> None:
        self._work, self._threads = work, threads
        self._do: Callable[[Any], Any] | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        outcomes = [self._outcome(pickle.loads(thing)) for thing in batch["thing"].to_pylist()]
        return pa.table({"outcome": pa.array(outcomes, pa.binary())})

    def _outcome(self, thing: object) -> bytes:
        """The result and None, or None and what was raised, which Ray would put into words of its own."""
        try:
            if self._do is None:
                import ray

                if self._threads is not None:
                    use_cpus(self._threads)
                self._do = ray.get(self._work[0]).opened()
            return pickle.dumps((self._do(thing), None))
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))
            return pickle.dumps((None, error))


@dataclass(frozen=True)
class _Room:
    """How many workers a cluster takes, and what each of them gets."""

    workers: int
    cpus: int
    gpus: int
    threads: int | None
    """None: as many as there are."""


def _room(nodes: Sequence[dict[str, Any]]) -> _Room:
    """A worker for each GPU, or where there is none for each few processors of a machine."""
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    gpus = sum(int(one.get("GPU", 0)) for one in resources)
    if gpus:
        return _Room(gpus, 1, 1, None)
    cpus = [int(one.get("CPU", 0)) for one in resources if one.get("CPU", 0) >= 1]
    threads = min([_PROCESSORS, *cpus])
    return _Room(max(1, sum(count // threads for count in cpus)), threads, 0, threads)


# -- the connection -------------------------------------------------------------------------------------


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """A cluster to work on; one that was started or joined for it is left again.

    Raises:
        UserError: see `on_cluster`.
    """
    require_cluster(address)
    found = address if address != HERE else _running()
    with _variables(_QUIET | (_alone() if found is None else {})):
        import ray

        if ray.is_initialized():  # by the program that calls
            yield
            return
        with _started() if found is None else _joined(found):
            try:
                yield
            finally:
                ray.shutdown()


def _running() -> str | None:
    """The address of the Ray that runs on this machine for this user, if it answers."""
    if named := os.environ.get("RAY_ADDRESS"):
        return named
    try:
        if hasattr(os, "getuid") and _RUNNING.stat().st_uid != os.getuid():
            return None  # another user's, who would get the documents
        address = _RUNNING.read_text(encoding="utf-8").strip()
        return address if _answers(address) else None
    except (OSError, ValueError):
        return None


def _answers(address: str) -> bool:
    """Whether anything at this address speaks Ray's protocol; Ray itself would wait for minutes.

    Raises:
        ValueError: it is no address.
    """
    host, _, port = address.rpartition(":")
    if not 0 < int(port) < 2**16:
        raise ValueError(port)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
                return True
            connection.sendall(_GREETING)
            head = connection.recv(9, socket.MSG_WAITALL)
            return head[3:4] == _GREETING[-6:-5]  # a frame of settings
    except OSError:
        return False


def _require_answer(address: str) -> None:
    try:
        answers = _answers(address)
    except ValueError:
        raise UserError(
            f"{address!r} is no address of a Ray cluster: auto or HOST:PORT.",
            arguments=["ray"],
        ) from None
    if not answers:
        raise UserError(f"No Ray cluster answers at {address}.", arguments=["ray"])


@contextmanager
def _joined(address: str) -> Iterator[None]:
    import ray

    try:
        with _no_greeting():
            ray.init(address=address, **_SILENT)
    except Exception as error:  # a server of something else, another token, another version of Ray or Python
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"The Ray cluster at {address} cannot be used: {reason}", arguments=["ray"]) from None
    yield


@contextmanager
def _started() -> Iterator[None]:
    """A Ray of our own, which ends with this process."""
    import ray

    usual = tempfile.gettempdir()
    temporary = TemporaryDirectory(
        prefix=TEMPORARY, dir=usual if len(usual) <= _LONGEST else "/tmp", ignore_cleanup_errors=True
    )
    with temporary as folder:
        with _no_greeting():
            ray.init(
                address="local",
                num_cpus=usable_cpus(),
                include_dashboard=False,
                _temp_dir=folder,
                **_SILENT,
            )
        yield


@contextmanager
def _no_greeting() -> Iterator[None]:
    """Keep from the terminal what Ray's C++ code says of its own log level."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@cache
def _alone() -> dict[str, str]:
    """What makes a Ray that is started answer this process alone: loopback addresses, and a secret token.

    Ray reads it when it is imported; a program that imported Ray before has settings of its own.
    """
    if "ray" in sys.modules:
        return {}
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # a cluster of several machines, on Linux too
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


@contextmanager
def _variables(values: dict[str, str]) -> Iterator[None]:
    """Let the environment have these meanwhile, for the processes that are started too."""
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
