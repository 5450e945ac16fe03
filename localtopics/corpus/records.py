"""Reads records whose values have names: JSON lines and Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from localtopics.corpus.columns import ColumnRequest, Columns
from localtopics.corpus.decoding import open_text
from localtopics.errors import UserError
from localtopics.text import one_line


def read_jsonl(path: Path, request: ColumnRequest) -> Columns:
    """Read a JSON object a line; a key that an object lacks is None in that row.

    Raises:
        UserError: a line is no JSON object, there is none, or a column is missing.
    """
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
    columns = list(dict.fromkeys(key for record in records for key in record))
    names = request.kept(request.resolve(columns), columns)
    return {role: [record.get(column) for record in records] for role, column in names.items()}


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


def read_parquet(path: Path, request: ColumnRequest) -> Columns:
    """Read the columns of a Parquet file that are asked for, and no others.

    Raises:
        UserError: the file is damaged or of another kind, or a column is missing.
    """
    try:
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:  # Arrow knows no names but UTF-8
            names = wanted(request, file.schema_arrow)
            table = file.read(columns=list(names.values()))
            return {role: table.column(column).to_pylist() for role, column in names.items()}
    except (pa.ArrowException, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"{path} is not a sound Parquet file ({one_line(str(error))}).") from None
