"""Reads plain text: a file of one document a line."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from localtopics.corpus.columns import Blocks, ColumnRequest
from localtopics.corpus.delimited import is_unicode_text, read_tsv


def read_lines(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a document a line; of what spreadsheets call Unicode text, UTF-16 with a header and tabs, a row.

    Raises:
        UserError: another column than "text" is asked for.
    """
    if is_unicode_text(path, request):
        yield from read_tsv(path, request, rows)
        return
    request.resolve(["text"])
    with request.open_text(path) as file:
        yield {"documents": [line.rstrip("\n") for line in islice(file, rows)]}
        while lines := [line.rstrip("\n") for line in islice(file, rows)]:
            yield {"documents": lines}
