"""Reads JSON objects: a line each, in a list, or in a list somewhere inside an object."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from localtopics.corpus.columns import Blocks, ColumnRequest, listed, short
from localtopics.corpus.json_stream import JsonStream
from localtopics.errors import UserError

log = logging.getLogger(__name__)

_SHOWN = 100  # objects whose inner keys are looked at


def read_jsonl(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a JSON object a line; a key that an object lacks is None in that row.

    Which key holds what is found among the objects of the first block. Keys inside of objects have dotted
    names, as in "a.b", and so have places in lists, "authors.0"; a key that has the dots itself comes first.

    Raises:
        UserError: a line is no JSON object, there is none, or a column is missing.
    """
    with request.open_text(path) as file:
        yield from _tabulated(path, _lines(path, file), request, rows)


def read_json(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a list of JSON objects, or of strings; else as `read_jsonl`.

    The list may stand inside of an object: the one of the dotted name that is asked for, the only one, or the
    only one that has the columns. Objects
    may also stand one after the other, in the values of an object, or be the columns of a table, as pandas
    writes it. But for these no more than a block is held.

    Raises:
        UserError: the file is not JSON, holds no objects or several lists of them, or a column is missing.
    """
    wanted = request.reading.table
    with request.open_text(path) as file:
        stream = JsonStream(file, path)
        first = stream.peek()
        if first == "[" and wanted is None:
            yield from _tabulated(path, _objects(path, stream.elements()), request, rows)
            stream.end()
            return
        if first == "[":
            raise UserError(
                f"{path} is itself a list, and has none inside of an object.", arguments=["table"]
            )
        if first != "{":
            raise UserError(f"{path} is not a JSON object, and no list of such objects.")
        lists: dict[str, list[dict[str, Any]]] = {}
        for name, element in stream.inner():
            if isinstance(element, dict) and len(sample := lists.setdefault(name, [])) < _SHOWN:
                sample.append(element)
        follow = bool(stream.peek())  # by objects
    if wanted is None and follow:
        with request.open_text(path) as file:
            yield from _tabulated(path, _objects(path, JsonStream(file, path).values()), request, rows)
        return
    fit = [name for name, first in lists.items() if request.resolves(_columns(first, request))]
    if wanted is None and not fit:
        with request.open_text(path) as file:
            records = _of_one(JsonStream(file, path).value(), request)
        if not lists or request.resolves(_columns(records, request)):
            yield from _tabulated(path, iter(records), request, rows)
            return
    name = _chosen(path, wanted, list(lists), fit)
    with request.open_text(path) as file:
        elements = (element for own, element in JsonStream(file, path).inner() if own == name)
        yield from _tabulated(path, _objects(path, elements), request, rows)


def _chosen(path: Path, wanted: str | None, lists: Sequence[str], fit: Sequence[str]) -> str:
    """The list of a name, the only one, or the only one that has the columns, which are ``fit``."""
    if wanted is not None:
        if wanted not in lists:
            there = f"its lists are {listed(lists, 30)}" if lists else "it has none inside of an object"
            raise UserError(f"{path} has no list of objects {short(wanted)}; {there}.", arguments=["table"])
        return wanted
    found = lists if len(lists) == 1 else fit
    if len(found) != 1:
        raise UserError(
            f"Choose which list of {path} holds the documents: {listed(fit or lists, 30)}.",
            arguments=["table"],
        )
    log.info("The documents of %s are its list %s", path, short(found[0]))
    return found[0]


def _of_one(value: Any, request: ColumnRequest) -> Sequence[dict[str, Any]]:
    """The rows of one object that holds no list of objects: columns, objects by a key, or a single row.

    Columns are lists, or objects as pandas writes them, or the parts of its orient="split".
    """
    inner = list(value.values())
    if not inner:
        return []
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return [dict(zip(map(str, value["columns"]), row, strict=False)) for row in value["data"]]
    if all(isinstance(one, dict) for one in inner):
        if not request.resolves(list(value)):
            return inner
        keys = dict.fromkeys(key for column in inner for key in column)
        return [{name: column.get(key) for name, column in value.items()} for key in keys]
    if all(isinstance(one, list) and len(one) == len(inner[0]) for one in inner):
        return [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)]
    return [value]


def _objects(path: Path, values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Values that must be objects; a string is one that holds a text."""
    for number, value in enumerate(values, 1):
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            raise UserError(f'Element {number:,} of {path} is not a JSON object such as {{"text": "…"}}.')
        yield value


def _lines(path: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
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


# -- names and what they stand for ----------------------------------------------------------------------


def _tabulated(
    path: Path, records: Iterator[dict[str, Any]], request: ColumnRequest, rows: int | None
) -> Blocks:
    names: dict[str, str] | None = None
    while block := list(islice(records, rows)):
        if names is None:
            names = request.kept(request.resolve(_columns(block, request)), _keys(block))
        yield {
            role: [
                value_at(record, name) if role in request.named and "." in name else record.get(name)
                for record in block
            ]
            for role, name in names.items()
        }
    if names is None:
        raise UserError(f"{path} is empty: it holds no documents.")


def _keys(block: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for record in block for key in record))


def _columns(block: Sequence[Mapping[str, Any]], request: ColumnRequest) -> list[str]:
    """The keys of objects, and dotted names: of what their objects hold, and those that are asked for."""
    inner = (
        f"{key}.{own}"
        for record in block[:_SHOWN]
        for key, value in record.items()
        if isinstance(value, dict)
        for own in value
    )
    asked = (name for name in request.named.values() if name is not None and "." in name)
    there = (name for name in asked if any(value_at(record, name) is not None for record in block))
    return list(dict.fromkeys([*_keys(block), *inner, *there]))


def value_at(value: Any, name: str) -> Any:
    """What stands under a dotted name: at a key that has the dots itself, or inside of objects and lists.

    None where there is nothing.
    """
    if (own := _item(value, name)) is not None:
        return own
    for place in reversed(range(len(name))):
        if name[place] == "." and (inner := _item(value, name[:place])) is not None:
            found = value_at(inner, name[place + 1 :])
            if found is not None:
                return found
    return None


def _item(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
        return value[int(key)]
    return None
