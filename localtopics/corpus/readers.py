"""The files, folders and datasets that documents are read from: columns of values, nothing dropped yet."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus.columns import Columns, Wanted
from localtopics.corpus.decoding import COMPRESSIONS, one_sentence, open_text
from localtopics.corpus.delimited import read_delimited
from localtopics.errors import UserError
from localtopics.text import one_line
from localtopics.timeout import within

log = logging.getLogger(__name__)

FOLDER_SUFFIXES = ("", ".txt", ".text", ".md", ".rst")
"""Endings of the files that a folder of documents is made of; others in it are passed over."""

_HUB_SECONDS = 10.0  # what a hub that does not answer may cost
_NAMED = 3  # of the files that are passed over


def read_columns(source: str, asked: Mapping[str, str | None], split: str | None = None) -> Columns:
    """Read the columns that hold documents and, where there are any, titles, times and ids.

    Args:
        source: as in `localtopics.corpus.read_corpus`.
        asked: field to the column that the user named, or None to find it by its usual names.
        split: which split of a dataset.

    Raises:
        UserError: the source is not there or cannot be read, or a column is missing.
    """
    wanted = Wanted(source, asked)
    if source.startswith("hf:"):
        return _read_dataset(source, split, wanted)
    if split is not None:
        raise UserError(
            f"{source} has no splits, which only datasets (hf:OWNER/NAME) have.", arguments=["split"]
        )
    path = Path(os.path.expanduser(source))  # noqa: PTH111, since pathlib's raises for a file called ~x
    with one_sentence(path):
        return _read_folder(path, wanted) if path.is_dir() else _read_file(path, wanted)


# -- files --------------------------------------------------------------------------------------------


def _read_file(path: Path, wanted: Wanted) -> Columns:
    if not path.exists():
        raise UserError(f"There is no file or folder {path}.")
    if not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = bool(suffixes) and suffixes[-1] in COMPRESSIONS
    suffix = (suffixes[-2:-1] if compressed else suffixes[-1:]) or [""]
    read = _READERS.get(suffix[0])
    if read is None or (compressed and read is _read_parquet):
        raise UserError(
            f"{path} is none of the files that can be read: .csv, .tsv, .jsonl, .parquet, .txt (all but "
            ".parquet also with .gz, .zst or .bz2 behind) or a folder of text files."
        )
    return read(path, wanted)


def _read_csv(path: Path, wanted: Wanted) -> Columns:
    return read_delimited(path, wanted, ",")


def _read_tsv(path: Path, wanted: Wanted) -> Columns:
    return read_delimited(path, wanted, "\t")


def _read_jsonl(path: Path, wanted: Wanted) -> Columns:
    """A JSON object a line; a key that an object lacks is missing in that row."""
    records: list[dict[str, object]] = []
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UserError(f"Line {number:,} of {path} is not JSON ({error}).") from None
            if not isinstance(record, dict):
                raise UserError(f'Line {number:,} of {path} is not a JSON object such as {{"text": "…"}}.')
            records.append(record)
    if not records:
        raise UserError(f"{path} is empty: it holds no documents.")
    names = wanted.among(list(dict.fromkeys(key for record in records for key in record)))
    return {role: [record.get(column) for record in records] for role, column in names.items()}


def _read_parquet(path: Path, wanted: Wanted) -> Columns:
    try:
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:  # Arrow knows no names but UTF-8
            names = wanted.among(list(file.schema_arrow.names))
            table = file.read(columns=list(names.values()))
            return {role: table.column(column).to_pylist() for role, column in names.items()}
    except (pa.ArrowException, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"{path} is not a sound Parquet file ({one_line(str(error))}).") from None


def _read_lines(path: Path, wanted: Wanted) -> Columns:
    """A document a line."""
    wanted.among(["text"])  # refuses the name of any other column
    with open_text(path) as file:
        return {"documents": [line.rstrip("\n") for line in file]}


def _read_folder(path: Path, wanted: Wanted) -> Columns:
    """A document a file, in the order of their relative paths; hidden files are passed over.

    What else is passed over is counted in a note: files with other endings, and those that cannot be read.
    """
    wanted.among(["text"])
    documents: dict[str, object] = {}
    others: list[Path] = []
    unreadable: list[str] = []
    for file in _files_below(path, unreadable):
        if file.suffix.lower() not in FOLDER_SUFFIXES:
            others.append(file)
            continue
        try:
            with one_sentence(file):
                documents[file.relative_to(path).as_posix()] = _read_whole(file)
        except UserError as error:
            unreadable.append(str(error))
    if not documents:
        endings = ", ".join(suffix for suffix in FOLDER_SUFFIXES if suffix)
        why = f": {unreadable[0]}" if unreadable else "."
        raise UserError(
            f"There are no text files ({endings} or without an ending) in the folder {path} that can be read"
            f"{why}"
        )
    if others:
        endings = ", ".join(sorted({file.suffix for file in others}))
        log.info("Passed over %s with other endings in %s: %s", _files(len(others)), path, endings)
    if unreadable:
        named = " ".join(unreadable[:_NAMED]) + (" …" if len(unreadable) > _NAMED else "")
        log.warning("Passed over %s in %s: %s", _files(len(unreadable)), path, named)
    ids = sorted(documents)
    return {"documents": [documents[id] for id in ids], "ids": ids}


def _read_whole(file: Path) -> str:
    if not file.is_file():  # a pipe, or a link to nothing
        raise UserError(f"{file} is no file.")
    with open_text(file) as text:
        return text.read()


def _files_below(path: Path, unreadable: list[str]) -> Iterator[Path]:
    """What a folder and those below it hold, but for what is hidden; what cannot be listed is noted."""
    with one_sentence(path):
        next(path.iterdir(), None)

    def note(error: OSError) -> None:
        unreadable.append(f"{error.filename} cannot be read: {error.strerror}.")

    for folder, below, names in os.walk(path, onerror=note):
        below[:] = [name for name in below if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


_READERS: dict[str, Callable[[Path, Wanted], Columns]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".txt": _read_lines,
}


# -- datasets -----------------------------------------------------------------------------------------


def _read_dataset(source: str, split: str | None, wanted: Wanted) -> Columns:
    import datasets

    name, config = source.removeprefix("hf:"), None
    if ":" in name and not Path(name).exists():
        name, config = name.rsplit(":", 1)
    saved = any((Path(name) / file).is_file() for file in ("state.json", "dataset_dict.json"))
    reachable = Path(name).exists() or _on_hub(name)
    try:
        with nullcontext() if reachable else _offline():
            loaded = (
                datasets.load_from_disk(name) if saved else datasets.load_dataset(name, config, split=split)
            )
    except Exception as error:  # each builder, file system and server raises its own
        reason = one_line(str(error))[:300] if reachable else "it is not here, and the hub does not answer."
        raise UserError(f"The dataset {source} cannot be read: {reason}") from None
    if isinstance(loaded, datasets.DatasetDict):
        only = next(iter(loaded)) if len(loaded) == 1 else None
        if (split or only) not in loaded:
            raise UserError(
                f"Choose which split of {source} to read: {', '.join(loaded)}.", arguments=["split"]
            )
        loaded = loaded[split or only]
    names = wanted.among(loaded.column_names)
    return {role: loaded.with_format(None)[column][:] for role, column in names.items()}


def _on_hub(name: str) -> bool:
    """Whether the hub answers when it is asked for a dataset, be it with a refusal."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        within(_HUB_SECONDS, lambda: HfApi().dataset_info(name, timeout=_HUB_SECONDS))
    except (HfHubHTTPError, HFValidationError):
        return True
    except Exception:  # no network, no answer in time, a proxy's error page
        return False
    return True


@contextmanager
def _offline() -> Iterator[None]:
    """Datasets come from this machine's cache: the client would ask an absent hub for half a minute first."""
    import datasets
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before
