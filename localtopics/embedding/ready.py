"""Embeddings that someone made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from localtopics.errors import UserError

if TYPE_CHECKING:
    import numpy as np


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
    import numpy as np

    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        reason = "it holds no array of numbers" if isinstance(error, ValueError) else str(error)
        raise UserError(f"{path} cannot be read as a .npy array of embeddings: {reason}.") from None
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f" or 0 in array.shape:
        found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise UserError(f"{path} must hold one 2-D array of floats, a row a document; it holds {found}.")
    if documents is not None and len(array) != documents:
        raise UserError(
            f"{path} has {len(array):,} rows for {documents:,} documents: it must have one for each."
        )
    array = array.astype(np.float32)  # a copy
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    unusable = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if unusable.size:
        raise UserError(f"Row {unusable[0]} of {path} (counted from 0) holds NaN, infinity or only zeros.")
    array /= lengths
    return array
