"""Reads plain text: a file of one document a line."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from localtopics.corpus.columns import Blocks, ColumnRequest
from localtopics.corpus.decoding import open_text


def read_lines(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a document a line.

    Raises:
        UserError: another column than "text" is asked for.
    """
    request.resolve(["text"])
    with open_text(path) as file:
        yield {"documents": [line.rstrip("\n") for line in islice(file, rows)]}
        while lines := [line.rstrip("\n") for line in islice(file, rows)]:
            yield {"documents": lines}
