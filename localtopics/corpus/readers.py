"""Which reader reads a source: a new format of files is a function like these and a line in `READERS`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from localtopics.corpus.columns import ColumnRequest, Columns
from localtopics.corpus.dataset import read_dataset
from localtopics.corpus.decoding import COMPRESSIONS, one_sentence
from localtopics.corpus.delimited import read_csv, read_tsv
from localtopics.corpus.plain import read_folder, read_lines
from localtopics.corpus.records import read_jsonl, read_parquet
from localtopics.errors import UserError

Reader = Callable[[Path, ColumnRequest], Columns]
"""Reads the columns that a file is asked for; the file is there and not empty. Values stay as they stand in
the file, None where there is none. A fault of the file is a `UserError`, or an OSError or ValueError that
`one_sentence` turns into one."""

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_jsonl,
    ".parquet": read_parquet,
    ".txt": read_lines,
}
"""Ending of a file's name, in small letters, to what reads such files."""
_ALIASES = {".ndjson": ".jsonl"}
_NEVER_PACKED = (".parquet",)  # `decoding.open_text` unpacks the others


def read_columns(
    source: str, named: Mapping[str, str | None], split: str | None = None, *, others: bool = False
) -> Columns:
    """Read the columns that hold documents and, where there are any, titles, times, groups and ids.

    Args:
        source: as in `localtopics.corpus.read_corpus`.
        named: field of a corpus to the column that the user named, or None to find it by its usual names.
        split: which split of a dataset.
        others: read the other columns too, see `ColumnRequest.kept`.

    Raises:
        UserError: the source is not there or cannot be read, or a column is missing.
    """
    request = ColumnRequest(source, named, others)
    if source.startswith("hf:"):
        return read_dataset(source, request, split)
    if split is not None:
        raise UserError(
            f"{source} has no splits, which only datasets (hf:OWNER/NAME) have.", arguments=["split"]
        )
    path = Path(os.path.expanduser(source))  # noqa: PTH111, since pathlib's raises for a file called ~x
    with one_sentence(path):
        return read_folder(path, request) if path.is_dir() else _read_file(path, request)


def _read_file(path: Path, request: ColumnRequest) -> Columns:
    if not path.exists():
        raise UserError(f"There is no file or folder {path}.")
    if not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in COMPRESSIONS
    suffix = ((suffixes[-2:-1] if packed else suffixes[-1:]) or [""])[0]
    suffix = _ALIASES.get(suffix, suffix)
    if suffix not in READERS or (packed and suffix in _NEVER_PACKED):
        raise UserError(
            f"{path} is none of the files that can be read: {', '.join(READERS)} (all but "
            f"{' and '.join(_NEVER_PACKED)} also with .gz, .zst or .bz2 behind) or a folder of text files."
        )
    return READERS[suffix](path, request)
