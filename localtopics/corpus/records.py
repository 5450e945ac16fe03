"""Reads records whose values have names: JSON lines and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from localtopics.corpus.columns import Blocks, ColumnRequest
from localtopics.corpus.decoding import open_text
from localtopics.errors import UserError
from localtopics.text import one_line


def read_jsonl(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a JSON object a line; a key that an object lacks is None in that row.

    Which key holds what is found among the objects of the first block.

    Raises:
        UserError: a line is no JSON object, there is none, or a column is missing.
    """
    names: dict[str, str] | None = None
    with open_text(path, encoding=request.reading.encoding, decided=request.decided) as file:
        records = _records(path, file)
        while block := list(islice(records, rows)):
            if names is None:
                columns = list(dict.fromkeys(key for record in block for key in record))
                names = request.kept(request.resolve(columns), columns)
            yield {role: [record.get(column) for record in block] for role, column in names.items()}
    if names is None:
        raise UserError(f"{path} is empty: it holds no documents.")


def _records(path: Path, lines: Iterable[str]) -> Iterator[dict[str, object]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"Line {number:,} of {path} is not JSON ({error}).") from None
        if not isinstance(record, dict):
            raise UserError(f'Line {number:,} of {path} is not a JSON object such as {{"text": "…"}}.')
        yield record


def wanted(request: ColumnRequest, schema: pa.Schema) -> dict[str, str]:
    """The columns to read of a typed table: of the others none that holds binary data, or vectors."""
    unfit = {field.name for field in schema if _is_binary(field.type) or _is_vector(field.type)}
    return request.kept(request.resolve(list(schema.names)), list(schema.names), unfit)


def _is_binary(kind: pa.DataType) -> bool:
    """Whether values are bytes, or hold some."""
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return "binary" in str(kind) or any(map(_is_binary, inner))


def _is_vector(kind: pa.DataType) -> bool:
    """Whether values are lists of numbers, as embeddings are."""
    lists = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    return any(test(kind) for test in lists) and (
        types.is_floating(kind.value_type) or _is_vector(kind.value_type)
    )


def read_parquet(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read the columns of a Parquet file that are asked for, and no others.

    Raises:
        UserError: the file is damaged or of another kind, or a column is missing.
    """
    try:
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:  # Arrow knows no names but UTF-8
            names = wanted(request, file.schema_arrow)
            columns = list(names.values())
            parts = [file.read(columns=columns)] if rows is None else file.iter_batches(rows, columns=columns)
            empty = True
            for part in parts:
                yield {role: part.column(column).to_pylist() for role, column in names.items()}
                empty = False
            if empty:
                yield {role: [] for role in names}
    except (pa.ArrowException, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"{path} is not a sound Parquet file ({one_line(str(error))}).") from None


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files in and below a folder, in the order of their paths, as Spark and others write them.

    Names that begin with "." or "_" are passed over.
    """
    found = [path for path in folder.rglob("*") if path.suffix.lower() == ".parquet" and path.is_file()]
    return sorted(
        path for path in found if not any(part[0] in "._" for part in path.relative_to(folder).parts)
    )


def read_parquet_files(files: Sequence[Path], request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read Parquet files one after the other; see `read_parquet`."""
    for path in files:
        yield from read_parquet(path, request, rows)
