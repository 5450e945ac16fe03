"""Parts that a Ray cluster makes are those that one process makes, whatever happens to the cluster."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from localtopics.cluster import on_cluster
from localtopics.corpus import parts
from localtopics.corpus.parts import part_files, part_name
from localtopics.embedding import Embedder, EmbeddingModel
from localtopics.embedding.embedder import _ROWS
from localtopics.embedding.parts import embed_parts
from localtopics.errors import UserError
from localtopics.run.run import Run
from tests.run.folders import NOTES

cluster_utils = pytest.importorskip("ray.cluster_utils", reason="needs Ray")

COLUMNS: dict[str, Any] = {"title": "title", "id": "id"}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 10)
    monkeypatch.setitem(_ROWS, "cpu", 32)  # as Ray's processes embed


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 unlike rows, four without a document, in row groups that are no parts."""
    notes = pd.read_csv(NOTES)
    texts = notes["text"].tolist()
    some = [f"{row} {texts[row % 72]}" for row in range(160)]
    frame = pd.DataFrame({"text": some, "title": [f"Note {row}" for row in range(160)]})
    frame["id"] = [f"n{row}" for row in range(160)]
    frame.loc[[3, 40, 41, 120], "text"] = ""
    path = tmp_path_factory.mktemp("ray") / "rows.parquet"
    frame.to_parquet(path, row_group_size=45)
    return path


@pytest.fixture
def cluster() -> Iterator[Any]:
    """The head of a cluster on this machine, of one processor; a test adds nodes.

    It sees in 3 s that a node is gone, which would take 15.
    """
    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": {"health_check_period_ms": 500}}
    made = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    yield made
    made.shutdown()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_nodes_one_of_them_killed(
    cluster: Any, folder: Path, rows: Path, model: EmbeddingModel, tmp_path: Path
) -> None:
    run, embedder = Run.open(folder), Embedder(model, tmp_path / "cache")
    embed_parts(rows, tmp_path / "local", embedder)
    run.assign_parts(rows, tmp_path / "local-topics", limit=50, **COLUMNS)
    second = cluster.add_node(num_cpus=1)
    killed = []

    def kill() -> None:
        while len(part_files(tmp_path / "ray")) < 4:
            time.sleep(0.01)
        cluster.remove_node(second, allow_graceful=False)
        killed.append(len(part_files(tmp_path / "ray")))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    done = embed_parts(rows, tmp_path / "ray", embedder, ray=cluster.address)
    killer.join()
    assert killed[0] < 16, "it was killed half-way"
    assert [part.number for part in done.parts] == list(range(16))
    assert (done.documents, done.dropped, done.made) == (156, 4, 160)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")

    found = run.assign_parts(rows, tmp_path / "topics", limit=50, ray=cluster.address, **COLUMNS)
    assert (found.documents, found.dropped, found.made) == (47, 3, 50)
    assert contents(tmp_path / "topics") == contents(tmp_path / "local-topics")


def test_what_one_process_began_ray_ends_on_this_machine(folder: Path, rows: Path, tmp_path: Path) -> None:
    run = Run.open(folder)
    run.assign_parts(rows, tmp_path / "local", limit=30, **COLUMNS)
    shutil.copytree(tmp_path / "local", tmp_path / "ray")
    (tmp_path / "ray" / part_name(1)).unlink()
    kept = (tmp_path / "ray" / part_name(0)).stat().st_mtime_ns
    code = (
        "import sys\nfrom localtopics.corpus import parts\nparts.ROWS = 10\n"
        "from localtopics.cli import main\nmain()"
    )
    command = [sys.executable, "-c", code, "-q", "assign", folder, rows, "--title", "title", "--id", "id"]
    done = subprocess.run(
        [*map(str, command), "--out", str(tmp_path / "ray"), "--limit", "30", "--ray", "auto"],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "29 documents" in done.stdout
    assert done.stderr == ""
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    assert (tmp_path / "ray" / part_name(0)).stat().st_mtime_ns == kept
    assert not (tmp_path / ".ray").exists(), "Ray left nothing in the user's home"


class Doubled:
    """Work of no weight."""

    def opened(self) -> Any:
        return lambda thing: 2 * thing


@pytest.mark.parametrize("address", ["nowhere", "localhost:99999", "ray://:x", "head:0"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(UserError, match="is no address of a Ray cluster"):
        list(on_cluster(address, Doubled(), [1]))


@pytest.mark.parametrize("said", [None, b"", b"-ERR unknown command", b"HTTP/1.1 400 Bad Request"])
def test_an_address_where_no_ray_answers_is_told_soon(
    said: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localtopics.cluster._SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.sendall(said or b"")
                time.sleep(0.4)

        if said is None:
            server.close()
        else:
            threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(UserError, match="No Ray cluster answers at"):
            list(on_cluster(address, Doubled(), [1]))


def test_ray_reads_parquet_alone(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no Parquet file .* or leave Ray out"):
        Run.open(folder).assign_parts(NOTES, tmp_path / "out", ray="auto", **COLUMNS)
    assert not (tmp_path / "out").exists()
