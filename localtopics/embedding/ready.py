"""Embeddings that someone made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from localtopics.errors import UserError

_ROWS = 2**16
"""Embeddings checked at a time."""


def load_embeddings(path: Path, documents: int | None = None) -> np.ndarray:
    """Read ready embeddings, a row a document, from a .npy file.

    Args:
        path: a 2-D array of floats.
        documents: how many rows there must be; None where any number will do.

    Returns:
        float32 [n, d], each row scaled to length 1.

    Raises:
        UserError: the file is no such array, or has another number of rows, gaps or rows of zeros.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # whatever a damaged header makes NumPy raise
        reason = "it holds no array of numbers"
        if isinstance(error, MemoryError):
            reason = "it does not fit into this machine's memory"
        elif isinstance(error, (OSError, EOFError)):
            reason = str(error)
        raise UserError(f"{path} cannot be read as a .npy array of embeddings: {reason}.") from None
    if not isinstance(array, np.ndarray):
        array.close()
        raise _unlike(str(path), "an archive")
    embeddings = checked_embeddings(array, str(path))
    if documents is not None and len(embeddings) != documents:
        raise UserError(
            f"{path} has {len(embeddings):,} rows for {documents:,} documents: it must have one for each."
        )
    return embeddings


def checked_embeddings(values: Any, origin: str) -> np.ndarray:
    """Ready embeddings as localtopics uses them.

    Args:
        values: [n, d] floats, a row a document: an array, a list of rows, a table of numbers, a PyTorch
            tensor on any device. Integers are refused: quantised or packed embeddings are no directions.
        origin: what they are called in messages.

    Returns:
        float32 [n, d], each row scaled to length 1; a copy.

    Raises:
        UserError: they are no such numbers, or a row holds NaN, infinity or only zeros.
    """
    try:
        array = _as_array(values)
    except (RuntimeError, TypeError, ValueError):  # rows of several lengths, or no numbers
        raise _unlike(origin, f"a {type(values).__name__} of something else") from None
    if array.ndim != 2 or array.dtype.kind != "f" or 0 in array.shape:
        raise _unlike(origin, f"{array.dtype} {array.shape}")
    embeddings = np.empty(array.shape, np.float32)
    for start in range(0, len(array), _ROWS):  # no more than one whole copy at a time
        rows = embeddings[start : start + _ROWS]
        with np.errstate(over="ignore"):
            rows[:] = array[start : start + _ROWS]
        unit_length(rows, origin, start)
    return embeddings


def unit_length(rows: np.ndarray, origin: str, first: int = 0) -> None:
    """Scale each of float32 [n, d] to length 1, in its place.

    Args:
        rows: embeddings.
        origin: what they are called in messages.
        first: the number of the first one there.

    Raises:
        UserError: a row holds NaN, infinity or only zeros.
    """
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unusable = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if unusable.size:
        row = first + unusable[0]
        raise UserError(f"Row {row} of {origin} (counted from 0) holds NaN, infinity or only zeros.")
    rows /= lengths


def _as_array(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):  # a tensor
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values  # NumPy knows no bfloat16
    array = np.asarray(values)
    return np.asarray(array.tolist()) if array.dtype == object else array  # a column of rows


def _unlike(origin: str, found: str) -> UserError:
    return UserError(f"{origin} must hold one 2-D array of floats, a row a document; it holds {found}.")
