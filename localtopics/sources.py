"""The files, folders and datasets that documents are read from: columns of values, nothing dropped yet."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, cast

from localtopics.errors import UserError
from localtopics.hub import within
from localtopics.tables import COMPRESSIONS as _COMPRESSIONS

if TYPE_CHECKING:
    from _csv import Reader

USUAL_COLUMNS = {
    "documents": ("text", "abstract", "document", "body", "content"),
    "titles": ("title", "headline"),
}
"""Names by which a column is found that the user did not name, whatever their case; the first one wins."""

FOLDER_SUFFIXES = ("", ".txt", ".text", ".md", ".rst")
"""Endings of the files that a folder of documents is made of; others in it are passed over."""

Columns = dict[str, Sequence[object]]
"""Field of a corpus ("documents", "titles", "times", "ids") to its values, all equally many."""

_Choose = Callable[[Sequence[str]], dict[str, str]]  # the columns there are -> field to the column to read
_HUB_SECONDS = 10.0  # what a hub that does not answer may cost


def read_columns(source: str, asked: Mapping[str, str | None], split: str | None = None) -> Columns:
    """Read the columns that hold documents and, where there are any, titles, times and ids.

    Args:
        source: as in `localtopics.corpus.read_corpus`.
        asked: field to the column that the user named, or None to find it in `USUAL_COLUMNS`.
        split: which split of a dataset.

    Raises:
        UserError: the source is not there or cannot be read, or a column is missing.
    """

    def choose(columns: Sequence[str]) -> dict[str, str]:
        return _choose_columns(columns, asked, source)

    if source.startswith("hf:"):
        return _read_dataset(source, split, choose)
    if split is not None:
        raise UserError(f"{source} has no splits: --split is for datasets (hf:OWNER/NAME).")
    path = Path(source).expanduser()
    with _one_sentence(path):
        return _read_folder(path, choose) if path.is_dir() else _read_file(path, choose)


def one_line(text: str) -> str:
    """The text on one line, what cannot be printed left out."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _choose_columns(columns: Sequence[str], asked: Mapping[str, str | None], source: str) -> dict[str, str]:
    """Which column is which field: as the user named them, or else by their usual names."""
    listed = ", ".join(map(repr, columns[:30])) + (", …" if len(columns) > 30 else "")
    folded = {column.strip().casefold(): column for column in reversed(columns)}
    names: dict[str, str] = {}
    for role, name in asked.items():
        if name is not None:
            column = name if name in columns else folded.get(name.strip().casefold())
            if column is None:
                raise UserError(f"{source} has no column {name!r}; its columns are {listed}.")
            names[role] = column
    for role, usual in USUAL_COLUMNS.items():
        found = (folded[name] for name in usual if name in folded and folded[name] not in names.values())
        if role not in names and (column := next(found, None)) is not None:
            names[role] = column
    if "documents" not in names:
        raise UserError(f"Name the column of {source} that holds the documents (--text): {listed}.")
    for column in names.values():
        if columns.count(column) > 1:
            raise UserError(f"{source} has {columns.count(column)} columns called {column!r}: rename one.")
    return names


# -- files --------------------------------------------------------------------------------------------


def _read_file(path: Path, choose: _Choose) -> Columns:
    if not path.exists():
        raise UserError(f"There is no file or folder {path}.")
    if not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = bool(suffixes) and suffixes[-1] in _COMPRESSIONS
    suffix = (suffixes[-2:-1] if compressed else suffixes[-1:]) or [""]
    read = _READERS.get(suffix[0])
    if read is None or (compressed and read is _read_parquet):
        raise UserError(
            f"{path} is none of the files that can be read: .csv, .tsv, .jsonl, .parquet, .txt (all but "
            ".parquet also with .gz, .zst or .bz2 behind) or a folder of text files."
        )
    return read(path, choose)


def _read_csv(path: Path, choose: _Choose) -> Columns:
    return _read_delimited(path, choose, ",")


def _read_tsv(path: Path, choose: _Choose) -> Columns:
    return _read_delimited(path, choose, "\t")


def _read_delimited(path: Path, choose: _Choose, delimiter: str) -> Columns:
    """A header, then rows of as many fields, quoted as RFC 4180 has it; every value is a string."""
    limit = csv.field_size_limit(2**31 - 1)  # the default refuses documents past 128 KiB
    try:
        with _open_text(path, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            try:
                return _read_rows(path, reader, choose)
            except csv.Error as error:
                raise UserError(
                    f"{path} is not well-formed near line {reader.line_num:,} ({error}): a quoted field must "
                    "be closed and a double quote inside it doubled."
                ) from None
    finally:
        csv.field_size_limit(limit)


def _read_rows(path: Path, reader: Reader, choose: _Choose) -> Columns:
    header: list[str] = next((row for row in reader if row), [])
    if not header:
        raise UserError(f"{path} is empty: it has no header line that names its columns.")
    positions = {role: header.index(column) for role, column in choose(header).items()}
    values: dict[str, list[object]] = {role: [] for role in positions}
    for row in reader:
        if len(row) == len(header):
            for role, position in positions.items():
                values[role].append(row[position])
        elif row:  # blank lines are no rows
            raise UserError(
                f"The row of {path} that ends in line {reader.line_num:,} has {len(row)} fields, the header "
                f"{len(header)}: put fields that hold a separator in double quotes."
            )
    return dict(values)


def _read_jsonl(path: Path, choose: _Choose) -> Columns:
    """A JSON object a line; a key that an object lacks is missing in that row."""
    records: list[dict[str, object]] = []
    with _open_text(path) as file:
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
    names = choose(list(dict.fromkeys(key for record in records for key in record)))
    return {role: [record.get(column) for record in records] for role, column in names.items()}


def _read_parquet(path: Path, choose: _Choose) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = choose(list(file.schema_arrow.names))
            table = file.read(columns=list(names.values()))
            return {role: table.column(column).to_pylist() for role, column in names.items()}
    except (pa.ArrowException, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"{path} is not a sound Parquet file ({one_line(str(error))}).") from None


def _read_lines(path: Path, choose: _Choose) -> Columns:
    """A document a line."""
    choose(["text"])  # refuses the name of any other column
    with _open_text(path) as file:
        return {"documents": [line.rstrip("\n") for line in file]}


def _read_folder(path: Path, choose: _Choose) -> Columns:
    """A document a file, in the order of their relative paths; hidden files are passed over."""
    choose(["text"])
    documents: dict[str, object] = {}
    with _one_sentence(path):  # `rglob` passes over what it may not read
        next(path.iterdir(), None)
    for file in path.rglob("*"):
        name = file.relative_to(path)
        hidden = any(part.startswith(".") for part in name.parts)
        if not hidden and file.suffix.lower() in FOLDER_SUFFIXES and file.is_file():
            with _one_sentence(file), _open_text(file) as text:
                documents[name.as_posix()] = text.read()
    if not documents:
        endings = ", ".join(suffix for suffix in FOLDER_SUFFIXES if suffix)
        raise UserError(f"There are no text files ({endings} or without an ending) in the folder {path}.")
    ids = sorted(documents)
    return {"documents": [documents[id] for id in ids], "ids": ids}


_READERS: dict[str, Callable[[Path, _Choose], Columns]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".txt": _read_lines,
}


# -- bytes to text ------------------------------------------------------------------------------------


def _open_bytes(path: Path) -> IO[bytes]:
    compression = _COMPRESSIONS.get(path.suffix.lower())
    if compression is None:
        return path.open("rb")
    import pyarrow as pa

    # Unlike zstandard.open, Arrow reads every frame and notices when the last one was cut off.
    return cast("IO[bytes]", pa.input_stream(str(path), compression=compression))


def _open_text(path: Path, newline: str | None = None) -> TextIO:
    """The file's text, UTF-8 with or without byte order mark; refuses what is plainly something else."""
    with _open_bytes(path) as file:
        head = file.read(4096)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{path} is UTF-16: convert it with `{_iconv(path, 'UTF-16')}`.")
    if head.count(0) > len(head) // 8:
        raise UserError(f"{path} is a binary file or UTF-16, not UTF-8 text: convert it to text first.")
    return io.TextIOWrapper(_open_bytes(path), encoding="utf-8-sig", newline=newline)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be read."""
    try:
        yield
    except UnicodeDecodeError:
        raise UserError(_undecodable(path)) from None
    except MemoryError:
        raise UserError(f"{path} does not fit into this machine's memory.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or one_line(str(error))
        raise UserError(f"{path} cannot be read: {reason}.") from None


def _undecodable(path: Path) -> str:
    """Where the first byte stands that is not UTF-8, and what to do."""
    with _open_bytes(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                position, byte = error.start, line[error.start]
                return (
                    f"{path} is not UTF-8 (line {number:,}, byte {position + 1:,}: 0x{byte:02X}): if it is "
                    f"text in another encoding, convert it, as in `{_iconv(path, 'WINDOWS-1252')}`."
                )
    return f"{path} is not UTF-8."


def _iconv(path: Path, encoding: str) -> str:
    """The shell command that makes UTF-8 of a file."""
    packed = path.suffix.lower() in _COMPRESSIONS
    converted = Path(path.stem if packed else path.name)
    converted = path.with_name(f"{converted.stem}.utf8{converted.suffix}")
    unpack = {".gz": "zcat", ".zst": "zstdcat", ".bz2": "bzcat"}.get(path.suffix.lower())
    before = f"{unpack} {shlex.quote(str(path))} | " if unpack else ""
    name = "" if unpack else f" {shlex.quote(str(path))}"
    return f"{before}iconv -f {encoding} -t UTF-8{name} > {shlex.quote(str(converted))}"


# -- datasets -----------------------------------------------------------------------------------------


def _read_dataset(source: str, split: str | None, choose: _Choose) -> Columns:
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
            raise UserError(f"Choose by --split which split of {source} to read: {', '.join(loaded)}.")
        loaded = loaded[split or only]
    names = choose(loaded.column_names)
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
