"""A Python that starts in milliseconds: a fork of a process that has imported the large packages already.

python warm.py serve FOLDER
    Imports them, makes FOLDER/python and forks for each who calls it, until its standard input is closed.
FOLDER/python ARGUMENTS...
    Is ``python ARGUMENTS...`` with this process's files, working folder and environment, and ends as that
    does; killing one kills the other. What belongs to localtopics is imported anew. Variables that packages
    read at their import are those of the process that serves.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

ROWS = 4
"""Texts that are embedded together where tests embed: batches are filled up, and tests have few texts."""


def call(folder: str, arguments: list[str]) -> None:
    """Have the server run this, and end as that ended."""
    if arguments[0] == "-P" and arguments[1] != "-c":  # llama/template.py: a large process breaks its limits
        os.execv(sys.executable, [sys.executable, *arguments])
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(f"{folder}/socket")
        socket.send_fds(server, [b"\n"], [0, 1, 2])
        asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
        server.sendall(json.dumps(asked).encode() + b"\n")
        code = int(server.makefile().readline())
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


def serve(folder: Path) -> Callable[[], None]:
    """Answer calls until nobody can call any more; in a fork, return what it is for."""
    import gc
    import select

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/socket")
    listener.listen()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{__file__}" call "{folder}" "$@"\n')
    python.chmod(0o755)
    sys.executable = str(python)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    import_large_packages()
    gc.freeze()  # so that a fork does not copy what is never changed
    forks = 0
    while listener.fileno() in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        _, files, _, _ = socket.recv_fds(connection, 1, 3)
        if not os.fork():
            listener.close()
            return keep(connection, files)
        forks += 1
        for file in (connection.detach(), *files):
            os.close(file)
        while forks and os.waitpid(-1, os.WNOHANG)[0]:
            forks -= 1
    return lambda: None


def import_large_packages() -> None:
    """What takes seconds, and starts no thread."""
    import bertopic
    import hdbscan
    import llama_cpp
    import matplotlib.figure
    import sentence_transformers
    import umap

    assert all((bertopic, hdbscan, llama_cpp, matplotlib, sentence_transformers, umap))
    assert not any(name.partition(".")[0] == "localtopics" for name in sys.modules)


def keep(connection: socket.socket, files: list[int]) -> Callable[[], None]:
    """Fork once more, tell the caller how that ends, and end it when the caller is gone."""
    import signal
    import threading

    asked = json.loads(connection.makefile("rb").readline())
    if not (child := os.fork()):
        connection.close()
        return lambda: become(files, **asked)
    for file in files:
        os.close(file)

    def follow() -> None:
        connection.recv(1)  # nothing is written there: it returns when the caller is gone
        os.kill(child, signal.SIGKILL)

    threading.Thread(target=follow, daemon=True).start()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(f"{code}\n".encode())
    os._exit(0)


def become(files: list[int], arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be ``python ARGUMENTS`` from here on."""
    import runpy
    from types import ModuleType

    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if threads := environment.get("OMP_NUM_THREADS"):
        from threadpoolctl import threadpool_limits

        threadpool_limits(int(threads))
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    sys.stdin = os.fdopen(0, encoding=encoding, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding=encoding, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding=encoding, errors="backslashreplace", closefd=False)

    safe = arguments[0] == "-P"
    option, *rest = arguments[safe:]
    packages = list(filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))
    sys.path[:1] = packages if safe else [str(Path(option).parent) if option[0] != "-" else folder, *packages]
    fill_small_batches()
    sys.modules["__main__"] = main = ModuleType("__main__")
    if option == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif option == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), vars(main))
    else:
        sys.argv = [option, *rest]
        runpy.run_path(option, run_name="__main__")


def fill_small_batches() -> None:
    """Where localtopics embeds here, batches are as large as in the tests."""
    from localtopics.embedding import embedder

    embedder._ROWS["cpu"] = ROWS


if __name__ == "__main__":
    role, place, *more = sys.argv[1:]
    if role == "call":
        call(place, more)
    else:
        serve(Path(place))()
