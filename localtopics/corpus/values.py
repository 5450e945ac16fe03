"""The values of a table's cells: which are missing, what they are as text, and columns of one type."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa


def is_missing(value: object) -> bool:
    """Whether a value is None, NaN or pandas' own for nothing."""
    nan = isinstance(value, float) and value != value
    return value is None or nan or type(value).__name__ in ("NAType", "NaTType")  # pandas' own


def as_string(value: object, errors: str = "replace") -> str:
    """A value as text: "" where it is missing, ISO 8601 for a time, else as it is written."""
    if is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():  # integers of a column with gaps
        return str(int(value))
    isoformat = getattr(value, "isoformat", None)
    return encodable(str(isoformat() if isoformat is not None else value), errors)


def encodable(text: str, errors: str = "replace") -> str:
    """The text, or what UTF-8 can hold of it."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, as JSON can hold and names that are not UTF-8 do
        return text.encode(errors=errors).decode()
    return str(text)  # a numpy string becomes a plain one


def typed(values: Sequence[object]) -> pd.Series | None:
    """A column of one type: of booleans, numbers, times or strings as they are, of anything else as text.

    Lists and objects become JSON.

    Returns:
        A series with pandas' missing values, or None where there is binary data.
    """
    gaps = [None if is_missing(value) else _plain(value) for value in values]
    kinds = {_kind(value) for value in gaps if value is not None}
    if bytes in kinds:
        return None
    if kinds in ({bool}, {int}, {float}, {int, float}, {datetime.datetime}, {datetime.date}):
        try:
            array = pa.array(gaps, pa.float64() if float in kinds else None)
            return pd.Series(array.to_pandas(types_mapper=_NULLABLE.get))
        except (pa.ArrowException, OverflowError):  # integers past 64 bits, times of zones and of none
            pass
    return pd.Series([None if value is None else _text(value) for value in gaps], dtype="string")


_NULLABLE = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype()}


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _kind(value: object) -> type:
    """The type that decides how a column is kept."""
    kinds = (bytes, bytearray, memoryview, bool, int, float, datetime.datetime, datetime.date)
    found = next((kind for kind in kinds if isinstance(value, kind)), str)
    return bytes if found in (bytearray, memoryview) else found


def _text(value: object) -> str:
    if isinstance(value, list | tuple | dict):
        return encodable(json.dumps(value, ensure_ascii=False, default=as_string))
    return as_string(value)
