"""Reads a table of a database, or what a query gives: SQLite, and DuckDB where it is installed."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localtopics.corpus.columns import Blocks, ColumnRequest, in_blocks, listed, short
from localtopics.corpus.places import is_remote
from localtopics.errors import UserError
from localtopics.text import one_line

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger(__name__)

_SQLITE, _DUCKDB = b"SQLite format 3\0", b"DUCK"
_FETCHED = 1000  # rows at a time
_STEPS = 100_000  # of SQLite's, between two looks whether somebody pressed Ctrl-C

Rows = tuple[list[str], Iterator[Sequence[object]]]
"""Names of columns, and rows of their values."""


@dataclass(frozen=True)
class Database:
    """An open database, which nothing can write to."""

    tables: Sequence[str]
    """Tables and views."""
    ask: Callable[[str], Rows | None]
    """What a statement gives; None where it gives no rows."""
    unfit: Callable[[str], Collection[str]]
    """The columns of a table that hold binary data, or vectors."""


def read_database(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a table or a view, the only one if none is named, or the rows that a query gives.

    Nothing is written, and a query sees no other file. Text that is not UTF-8 is read with "�" in it.

    Raises:
        UserError: the file is damaged or no database, there is no such table or several, the query is at
            fault, or a column is missing.
    """
    if is_remote(request.source):
        raise UserError(f"{path} lies elsewhere, where a database cannot be opened: copy it to this machine.")
    with path.open("rb") as file:
        head = file.read(16)
    reading = request.reading
    if reading.table is not None and reading.query is not None:
        raise UserError(
            f"Name a table of {path} or give a query, and not both.", arguments=["table", "query"]
        )
    if not head.startswith(_SQLITE) and head[8:12] != _DUCKDB:
        raise UserError(f"{path} is neither an SQLite nor a DuckDB database.")
    unfit: Collection[str] = ()
    with (_sqlite if head.startswith(_SQLITE) else _duckdb)(path, reading.query) as database:
        if reading.query is not None:
            given, statement = _asked(database, path, reading.query), ""
        else:
            table = _chosen(database, path, reading.table)
            given, unfit = _asked(database, path, f"SELECT * FROM {table} LIMIT 0"), database.unfit(table)
            statement = f"SELECT {{}} FROM {table}"
        columns, found = given
        names = request.kept(request.resolve(columns), columns, unfit)
        places = {role: columns.index(column) for role, column in names.items()}
        if statement:  # of a table the columns that are needed, and no others
            _, found = _asked(database, path, statement.format(", ".join(map(_quoted, names.values()))))
            places = {role: place for place, role in enumerate(names)}
        yield from in_blocks(found, places, rows)


def _asked(database: Database, path: Path, statement: str) -> Rows:
    given = database.ask(statement)
    if given is None:
        raise UserError(
            f"The query of {path} gives no rows: it must be one that begins with SELECT or WITH.",
            arguments=["query"],
        )
    return given


def _chosen(database: Database, path: Path, wanted: str | None) -> str:
    """The table of a name, in quotes, or the only one."""
    if not database.tables:
        raise UserError(f"{path} is empty: it has no tables.")
    if wanted is None and len(database.tables) > 1:
        raise UserError(
            f"Choose which table of {path} to read: {listed(database.tables, 30)}.",
            arguments=["table", "query"],
        )
    folded = {name.casefold(): name for name in reversed(database.tables)}
    name = database.tables[0] if wanted is None else folded.get(wanted.strip().casefold())
    name = wanted if wanted in database.tables else name
    if name is None:
        raise UserError(
            f"{path} has no table {short(str(wanted))}; its tables are {listed(database.tables, 30)}.",
            arguments=["table"],
        )
    return _quoted(name)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


@contextmanager
def _one_sentence(path: Path, query: str | None, *faults: type[Exception]) -> Iterator[None]:
    """Say what is wrong with a query, or with the file where there is none; Ctrl-C stays what it is."""
    try:
        yield
    except faults as error:
        reason = one_line(str(error)).rstrip(".")[:300]
        if reason in ("interrupted", "Query interrupted"):
            raise KeyboardInterrupt from None
        if query is None:
            raise UserError(f"{path} cannot be read: {reason}.") from None
        raise UserError(f"{path} does not answer the query: {reason}.", arguments=["query"]) from None


# -- SQLite -------------------------------------------------------------------------------------------


@contextmanager
def _sqlite(path: Path, query: str | None) -> Iterator[Database]:
    replaced = 0

    def text(value: bytes) -> str:
        nonlocal replaced
        try:
            return value.decode()
        except UnicodeDecodeError:
            replaced += 1
            return value.decode(errors="replace")

    def ask(statement: str) -> Rows | None:
        cursor = connection.execute(statement)
        if cursor.description is None:
            return None
        return [name for name, *_ in cursor.description], iter(cursor)

    def unfit(table: str) -> set[str]:
        rows = connection.execute(f"PRAGMA table_xinfo({table})")
        return {name for _, name, declared, *_ in rows if "BLOB" in declared.upper()}

    with (
        _one_sentence(path, query, sqlite3.Error, sqlite3.Warning, OverflowError),
        closing(sqlite3.connect(_address(path), uri=True)) as connection,
    ):
        connection.text_factory = text
        connection.set_authorizer(_allowed)
        connection.set_progress_handler(lambda: 0, _STEPS)  # Python sees to Ctrl-C when it is called
        found = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        yield Database(sorted(name for (name,) in found), ask, unfit)
    if replaced:
        log.warning(
            "Texts of %s that are not UTF-8: %d; what cannot be read of them became �", path, replaced
        )


def _address(path: Path) -> str:
    """What opens a database for reading.

    One that writes ahead (WAL) and that nobody has open is opened as what does not change: SQLite would make
    files beside it otherwise.
    """
    with path.open("rb") as file:
        ahead = 2 in file.read(20)[18:20]
    at_rest = ahead and not path.with_name(path.name + "-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro" + "&immutable=1" * at_rest


def _allowed(action: int, *_: str | None) -> int:
    """No other database is attached, which would be one that can be written to."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


# -- DuckDB -------------------------------------------------------------------------------------------


@contextmanager
def _duckdb(path: Path, query: str | None) -> Iterator[Database]:
    try:
        import duckdb
    except ImportError:
        raise UserError(
            f"Reading {path} takes a package that is not installed: pip install 'localtopics[duckdb]'."
        ) from None

    def ask(statement: str) -> Rows | None:
        cursor = connection.execute(statement)
        if cursor.description is None:
            return None
        return [name for name, *_ in cursor.description], _fetched(cursor)

    def unfit(table: str) -> set[str]:
        kinds = {name: str(kind) for name, kind, *_ in connection.execute(f"DESCRIBE {table}").fetchall()}
        vectors = ("FLOAT[", "DOUBLE[")
        return {name for name, kind in kinds.items() if "BLOB" in kind or kind.startswith(vectors)}

    closed: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",  # a query reads no other file, and installs nothing
        "lock_configuration": "true",
    }
    with (
        _one_sentence(path, query, duckdb.Error, RuntimeError, UnicodeDecodeError),
        closing(duckdb.connect(str(path), read_only=True, config=closed)) as connection,
    ):
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
        )
        yield Database([name for (name,) in found.fetchall()], ask, unfit)


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[object]]:
    while rows := cursor.fetchmany(_FETCHED):
        yield from rows
