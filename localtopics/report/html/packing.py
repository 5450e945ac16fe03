"""How columns travel in the page: deflated, in base64; `web/packing.js` unpacks them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Packed = dict[str, str]
"""A column: its kind, and its bytes as base64."""


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
    return _deflated(kind[1:], planes.tobytes())


def packed_texts(texts: Sequence[str]) -> Packed:
    """Return texts; what is no character, such as half of a surrogate pair, becomes "?"."""
    written = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    return _deflated("json", written.encode("utf-8", errors="replace"))


def size(column: Packed) -> int:
    """Return the bytes that a column takes in the page."""
    return len(column["base64"])


def _deflated(kind: str, data: bytes) -> Packed:
    return {"kind": kind, "base64": base64.b64encode(zlib.compress(data)).decode()}
