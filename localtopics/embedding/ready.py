"""Embeddings that someone made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from localtopics.errors import UserError


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
        array = np.load(path, allow_pickle=False)
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
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)  # a copy
    unit_length(array, origin)
    return array


def unit_length(array: np.ndarray, origin: str) -> None:
    """Scale each row of float32 [n, d] to length 1, in its place.

    Raises:
        UserError: a row holds NaN, infinity or only zeros.
    """
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(array, axis=1, keepdims=True)
    unusable = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if unusable.size:
        raise UserError(f"Row {unusable[0]} of {origin} (counted from 0) holds NaN, infinity or only zeros.")
    array /= lengths


def _as_array(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):  # a tensor
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values  # NumPy knows no bfloat16
    array = np.asarray(values)
    return np.asarray(array.tolist()) if array.dtype == object else array  # a column of rows


def _unlike(origin: str, found: str) -> UserError:
    return UserError(f"{origin} must hold one 2-D array of floats, a row a document; it holds {found}.")
