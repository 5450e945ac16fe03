"""How columns travel in the page: deflated, in base64; `web/packing.js` unpacks them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Packed = dict[str, str]
"""A column: its kind, and its bytes as base64."""
_AT_ONCE = 10_000
"""Texts that are written before they are deflated: all of a large run would take much memory."""


def to_json(data: object) -> str:
    """Return JSON that a script element can hold: nothing in it can end the element or begin a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def packed(values: NDArray[np.generic]) -> Packed:
    """Return whole numbers of at least 0 in the narrowest type that holds them.

    The first bytes of all numbers come first, little-endian, then the second: bytes of one kind side by side
    are deflated to less.
    """
    kind = next(k for k in ("<u1", "<u2", "<u4") if not len(values) or values.max() <= np.iinfo(k).max)
    planes = values.astype(kind).reshape(-1, 1).view(np.uint8).T
    return _deflated(kind[1:], [planes.tobytes()])


def packed_texts(texts: Sequence[str]) -> Packed:
    """Return texts; what is no character, such as half of a surrogate pair, becomes "?"."""
    parts = (
        json.dumps(texts[start : start + _AT_ONCE], ensure_ascii=False, separators=(",", ":"))[1:-1]
        for start in range(0, len(texts), _AT_ONCE)
    )
    written = (("," if number else "") + part for number, part in enumerate(parts))
    return _deflated("json", (text.encode("utf-8", errors="replace") for text in chain("[", written, "]")))


def size(column: Packed) -> int:
    """Return the bytes that a column takes in the page."""
    return len(column["base64"])


def _deflated(kind: str, data: Iterable[bytes]) -> Packed:
    deflate = zlib.compressobj()
    deflated = b"".join([*map(deflate.compress, data), deflate.flush()])
    return {"kind": kind, "base64": base64.b64encode(deflated).decode()}
