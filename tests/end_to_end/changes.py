"""A command watched at each change that it makes to files: run as a program beside the tests.

python -m tests.end_to_end.changes record STATES ARGUMENTS...
    Runs ``localtopics ARGUMENTS`` in the working folder and keeps a copy of that folder, under STATES, as a
    kill before and after each change would leave it; equal states once.
python -m tests.end_to_end.changes stop CHANGES ARGUMENTS...
    Stops itself (SIGSTOP) before the first change of each of these kinds, a JSON list of such as
    "os.rename .run.json.part".
python -m tests.end_to_end.changes resume
    Runs ``localtopics`` as each line of standard input says, a JSON list of a folder and arguments, and
    answers with a line: what it printed where it failed, or nothing.
"""

import contextlib
import hashlib
import io
import json
import os
import pickle
import re
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from localtopics.cli import cli

PATHS = {  # audit event -> which of its arguments are paths
    "open": (0,),
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.mkdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "shutil.rmtree": (0,),
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
SECONDS = re.compile(rb'"seconds": [0-9.e-]+')


def content(path: Path) -> bytes:
    """What a file holds, without how long it took."""
    found = path.read_bytes()
    return SECONDS.sub(b'"seconds": 0', found) if path.suffix in (".json", ".jsonl") else found


def fingerprint(folder: Path) -> str:
    """A hash of all names and contents below a folder, but for those of half-written files: none is read."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)}\0{path.is_dir()}\0".encode())
        if path.is_file() and path.suffix != ".part":
            digest.update(hashlib.sha256(content(path)).digest())
    return digest.hexdigest()


_lock, _watching = threading.RLock(), threading.local()


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """What this thread does meanwhile is not the command's doing, and no other thread is watched either."""
    with _lock:
        _watching.off = True
        try:
            yield
        finally:
            _watching.off = False


def watch(folder: Path, change: Callable[[str, Path, int], None]) -> None:
    """Call ``change`` with event, path and flags before each change of this process below ``folder``."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in PATHS or getattr(_watching, "off", False):
            return
        flags = arguments[2] if event == "open" else 0
        if event == "open" and not (isinstance(flags, int) and flags & WRITING):
            return
        paths = [
            arguments[place] for place in PATHS[event] if isinstance(arguments[place], str | os.PathLike)
        ]
        inside = [path for path in map(Path, map(os.path.abspath, paths)) if folder in path.parents]
        if inside:
            with unwatched():
                change(event, inside[0], flags)

    sys.addaudithook(hook)


def record(states: Path, arguments: list[str]) -> None:
    folder, seen = Path.cwd(), set[str]()

    def keep(path: Path | None = None, flags: int = 0) -> None:
        copy = Path(shutil.copytree(folder, states / f"{len(seen):03}", symlinks=True))
        if path is not None:  # as it is once the file is open
            opened = copy / path.relative_to(folder)
            os.close(os.open(opened, flags & (os.O_CREAT | os.O_TRUNC) | os.O_WRONLY, 0o600))
        found = fingerprint(copy)
        if found in seen:
            shutil.rmtree(copy)
        seen.add(found)

    def change(event: str, path: Path, flags: int) -> None:
        keep()
        if event == "open":
            keep(path, flags)

    watch(folder, change)
    cli(arguments, standalone_mode=False)
    with unwatched():
        keep()


def stop(kinds: set[str], arguments: list[str]) -> None:
    def change(event: str, path: Path, flags: int) -> None:
        kind = f"{event} {path.name}"
        if kind in kinds:
            kinds.remove(kind)
            os.kill(os.getpid(), signal.SIGSTOP)

    watch(Path.cwd(), change)
    cli(arguments, standalone_mode=False)


def remember_layouts() -> None:
    """The same layouts for the same embeddings, as other tests show: computed once for all these programs."""
    from localtopics.run import stages
    from localtopics.topics.umap import lay_out

    def remembered(documents: Any, embeddings: Any, settings: Any, *rest: Any, **more: Any) -> Any:
        key = repr(settings).encode() + embeddings.tobytes()
        kept = Path(os.environ["LAYOUTS"], hashlib.sha256(key).hexdigest())
        if not kept.exists():
            found = lay_out(documents, embeddings, settings, *rest, **more)
            part = kept.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(found))
            part.replace(kept)
        return pickle.loads(kept.read_bytes())

    vars(stages)["lay_out"] = remembered


def resume() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        folder, *arguments = json.loads(line)
        os.chdir(folder)
        said, failed = io.StringIO(), ""
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                cli(arguments, standalone_mode=False)
            except BaseException:
                failed = f"{said.getvalue()}\n{traceback.format_exc()}"
        print(json.dumps(failed), file=answers, flush=True)


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    remember_layouts()
    if name == "record":
        record(Path(rest[0]), rest[1:])
    elif name == "stop":
        stop(set(json.loads(rest[0])), rest[1:])
    else:
        resume()
