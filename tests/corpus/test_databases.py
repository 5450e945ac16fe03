"""Databases: which table, what a query may do, and that nothing is written."""

import os
import shutil
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from localtopics.corpus import read_corpus
from localtopics.corpus.blocks import read_blocks
from tests.corpus.tables import refusal
from tests.corpus.test_samples import PAPERS, SAMPLES

NEVER_ENDS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS text FROM n"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A database with tables, a view and a text that is no UTF-8, in a folder of its own."""
    (tmp_path / "own").mkdir()
    return Path(shutil.copy(SAMPLES / "tables.db", tmp_path / "own"))


def test_a_table_is_chosen(tables: Path) -> None:
    assert "Choose which table of" in refusal(tables)
    assert refusal(tables).endswith("'notes', 'papers', 'recent'.")
    assert read_corpus(tables, table="PAPERS").documents == PAPERS
    assert read_corpus(tables, table="recent").documents == PAPERS[1:]
    assert "no table 'paper'; its tables are 'notes'" in refusal(tables, table="paper")
    assert "no column 'x'" in refusal(tables, table="papers", text="x")
    assert "Name a table of" in refusal(tables, table="papers", query="SELECT 1")
    assert "has no sheets" in refusal(tables, sheet="papers")


def test_text_that_is_not_utf8_is_read_and_counted(tables: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read_corpus(tables, table="notes").documents == ["A note.", "nä�!"]
    assert "that are not UTF-8: 1" in caplog.text


def test_binary_columns_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    corpus = read_corpus(SAMPLES / "papers.sqlite")
    assert list(corpus.columns) == ["key", "day", "cited", "open"]
    assert "not kept: 'scan'" in caplog.text


def test_a_query_gives_rows(tables: Path) -> None:
    query = "SELECT group_concat(abstract, ' ') AS text, open AS kind FROM papers GROUP BY open ORDER BY open"
    corpus = read_corpus(tables, query=query, group="kind")
    assert corpus.documents == [PAPERS[1], f"{PAPERS[0]} {PAPERS[2]}"]
    assert corpus.groups == ["0", "1"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("DELETE FROM papers", "attempt to write a readonly database"),
        ("ATTACH 'other.db' AS other", "not authorized"),
        ("VACUUM INTO 'other.db'", "authorization denied"),
        ("CREATE TEMP TABLE t (text)", "gives no rows"),
        ("SELECT abstract FROM papers; SELECT 1", "one statement at a time"),
        ("SELECT abstract FROM papers WHERE key = ?", "Incorrect number of bindings"),
        ("SELECT abstract FROM nowhere", "no such table: nowhere"),
        ("SELECT load_extension('x')", "not authorized"),
        ("nonsense", "does not answer the query: near"),
    ],
)
def test_a_query_is_refused(tables: Path, query: str, sentence: str) -> None:
    before = tables.read_bytes()
    assert sentence in refusal(tables, query=query)
    assert tables.read_bytes() == before
    assert list(tables.parent.iterdir()) == [tables]


def test_what_another_program_is_writing_is_read(tables: Path) -> None:
    with closing(sqlite3.connect(tables)) as writer:
        writer.execute("INSERT INTO notes VALUES ('Just now.')")
        writer.commit()
        assert len(tables.with_name("tables.db-wal").read_bytes())
        assert read_corpus(tables, table="notes").documents[-1] == "Just now."


def test_a_database_that_may_not_be_written_to(tables: Path) -> None:
    tables.chmod(0o400)
    tables.parent.chmod(0o500)
    try:
        assert read_corpus(tables, table="papers").documents == PAPERS
    finally:
        tables.parent.chmod(0o700)


def test_odd_names(tmp_path: Path) -> None:
    path = tmp_path / "odd name %20?#.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('CREATE TABLE "a ""table""; --" ("the ""text""" TEXT, "select" TEXT)')
        connection.execute("""INSERT INTO "a ""table""; --" VALUES ('a document', 'g')""")
        connection.commit()
    corpus = read_corpus(path, text='the "text"', group="select")
    assert (corpus.documents, corpus.groups) == (["a document"], ["g"])


def test_a_search_index_is_one_table(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE VIRTUAL TABLE pages USING fts5(body)")
        connection.execute("INSERT INTO pages VALUES ('found me')")
        connection.commit()
    assert read_corpus(tmp_path / "a.db").documents == ["found me"]


def test_blocks_of_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE rows (text TEXT)")
        connection.executemany("INSERT INTO rows VALUES (?)", [(f"text {row}",) for row in range(25)])
        connection.commit()
    assert [block.rows for block in read_blocks(tmp_path / "a.db", 10)] == [10, 10, 5]
    assert [block.rows for block in read_blocks(tmp_path / "a.db", 10, limit=3)] == [3]


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"Berkeley DB" * 10)
    assert "neither an SQLite nor a DuckDB database" in refusal(path)
    with closing(sqlite3.connect(tmp_path / "b.db")) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert "is empty: it has no tables" in refusal(tmp_path / "b.db")


def test_control_c_ends_a_query(tables: Path) -> None:
    striking = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    striking.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            read_corpus(tables, query=NEVER_ENDS)
    finally:
        striking.cancel()


def test_duckdb(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    duckdb = pytest.importorskip("duckdb")
    caplog.set_level("INFO")
    path, other = tmp_path / "a.duckdb", tmp_path / "other.csv"
    other.write_text("text\nsecret\n")
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(
            "CREATE TABLE rows AS SELECT 'text ' || i AS text, i, ['a', 'b'] AS tags, "
            "[0.5, 1.0]::FLOAT[] AS vector, 'x'::BLOB AS image, TIMESTAMP '2020-01-02 03:04:05' AS at "
            "FROM range(2500) r(i)"
        )
        connection.execute("CREATE VIEW few AS SELECT text FROM rows LIMIT 2")
    before = path.read_bytes()
    corpus = read_corpus(path, table="rows", time="at")
    assert len(corpus) == 2500
    assert corpus.times is not None
    assert corpus.times[0] == "2020-01-02T03:04:05"
    assert corpus.columns["tags"].iloc[0] == '["a", "b"]'
    assert "not kept: 'vector', 'image'" in caplog.text
    assert read_corpus(path, query="SELECT text FROM rows WHERE i = 7").documents == ["text 7"]
    assert [block.rows for block in read_blocks(path, 1000, table="rows")] == [1000, 1000, 500]
    assert "Choose which table" in refusal(path)
    for query in (f"SELECT * FROM '{other}'", f"COPY rows TO '{other}'", f"ATTACH '{tmp_path}/new.duckdb'"):
        assert "Permission Error" in refusal(path, query=query)
    assert "configuration has been locked" in refusal(path, query="SET enable_external_access = true")
    assert "Parser Error" in refusal(path, query="nonsense")
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path, other]


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "pip install 'localtopics[duckdb]'" in refusal(SAMPLES / "papers.duckdb")
