"""Who may write in a run folder: one process at a time, no link's target, and nothing that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localtopics.errors import UserError
from localtopics.files import PRIVATE, PRIVATE_FOLDER, naming, remove, temporary_name
from localtopics.run.edits import EDITS
from localtopics.run.record import read_record

RECORD = "run.json"
TRENDS = (
    *("topics_over_time.csv", "topic_trends.csv", "topics_over_time.png"),
    *("topics_by_group.csv", "topics_by_group.png"),
    *("topics_by_group_over_time.csv", "topics_by_group_over_time.png"),
)
"""What it leaves where documents have times or groups."""
RESULTS = (
    *(
        "documents.parquet",
        "passages.parquet",
        "topics.parquet",
        "topics.csv",
        "labels.jsonl",
        "map.png",
        "map.html",
    ),
    *TRENDS,
    *("model", "stages"),
)
"""What a run leaves in its folder beside its record."""
_LOCK = ".lock"
_LEFT = {temporary_name(Path(name)).name for name in (RECORD, EDITS, *RESULTS)}
"""What a killed process can leave half-written."""


def require_ours(folder: Path) -> None:
    """Raise `UserError` where a folder holds anything but a run, or what a killed one left before its record.

    Names alone say nothing: other programs have a ``run.json`` or a ``model`` of their own.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_dir():
        with naming(folder):
            names = {path.name for path in folder.iterdir()}
        if names <= {*_LEFT, _LOCK}:
            return
        if RECORD in names:
            read_record(folder / RECORD)
            return
    raise UserError(f"{folder} exists and is not a run folder: name another.", arguments=["out"])


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no second process write in a run folder meanwhile; it is made if need be, for its owner alone.

    What a killed process left half-written is taken away.

    Raises:
        UserError: another process works there, or a link stands where a file of ours belongs.
    """
    from filelock import FileLock, Timeout

    with naming(folder):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
    _refuse_links(folder)
    lock = FileLock(folder / _LOCK, mode=PRIVATE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"Another localtopics is at work in {folder}: wait for it, or name another folder.",
            arguments=["out"],
        ) from None
    try:
        _mend(folder)
        yield
    finally:
        lock.release()


def _refuse_links(folder: Path) -> None:
    """Raise `UserError` where a name of ours is a link: what is written to it would land elsewhere."""
    inside = [path for part in ("stages", "model") for path in (folder / part).glob("*")]
    for path in [*(folder / name for name in (_LOCK, RECORD, EDITS, *RESULTS, *_LEFT)), *inside]:
        if path.is_symlink():
            raise UserError(f"{path} is a link, which a run folder does not hold: put the file itself there.")


def _mend(folder: Path) -> None:
    """Take away what a killed process left half-written."""
    model, old = folder / "model", folder / ".model.old"
    if old.is_dir() and not model.exists():  # 0.1.0 swapped two folders in two renames
        old.rename(model)
    inside = [temporary_name(path) for path in (folder / "stages" / "layouts.npz", model / "topics.json")]
    inside += (folder / "stages").glob(temporary_name(Path("grown-*")).name)
    for path in (old, *(folder / name for name in _LEFT), *inside):
        remove(path)
