"""Finding, pulling and verifying models; downloads run the hub's real client against a local server."""

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from localtopics.errors import UserError
from localtopics.models import KNOWN_MODELS, find_model, installed_models, licence_notice, verify
from localtopics.models import download as hub
from localtopics.models import registry as models
from localtopics.progress import Advance
from tests.gguf.files import tiny_model
from tests.models.hub_server import COMMIT, HubServer

NAME = "someone/tiny-GGUF/tiny.Q8_0.gguf"
PROGRAM = """
import sys
from contextlib import contextmanager
from localtopics.errors import UserError
from localtopics import models

@contextmanager
def progress(description, total=None):
    done = []
    yield done.append
    print(description, sum(done), total, sep="|")

try:
    if sys.argv[1] == "pull":
        print(models.pull(sys.argv[2], progress))
    elif sys.argv[1] == "cache":
        from huggingface_hub import hf_hub_download
        owner, repo, file = sys.argv[2].split("/")
        print(hf_hub_download(f"{owner}/{repo}", file))
    elif sys.argv[1] == "find":
        print(models.find_model(sys.argv[2] if len(sys.argv) > 2 else None))
    elif sys.argv[1] == "list":
        for model in models.installed_models():
            print(model.name, model.origin, model.bytes)
    else:
        verified = models.verify(sys.argv[2])
        print(verified.files[0].stated_by)
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model of 3 MB: a tiny one with zeros after its tensors, which GGUF allows."""
    path = tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")
    return path.read_bytes() + bytes(3_000_000)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has nothing yet, working in an empty folder."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("LOCALTOPICS_HOME", str(home))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    for name in (
        "HF_TOKEN",
        "HF_ENDPOINT",
        "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    # These were read at import; the subprocesses below read the variables themselves.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    return home


def run(server: HubServer | str, *arguments: str, **environment: str) -> tuple[list[str], str]:
    """What the program prints, and the sentence of a UserError."""
    process = start(server, *arguments, **environment)
    out, error = process.communicate(timeout=60)
    assert process.returncode == (2 if error else 0), error
    assert error.count("\n") <= 1
    return out.splitlines(), error.strip()


def start(
    server: HubServer | str, *arguments: str, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.Popen[str]:
    url = server if isinstance(server, str) else server.url
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "HF_ENDPOINT": url, "PYTHONPATH": str(Path(hub.__file__).parents[2])}
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def place(home: Path, name: str = NAME) -> Path:
    return home / "models" / name


def parts(home: Path) -> list[Path]:
    return sorted(home.rglob("*.part"))


# --- pull ---


def test_pull_makes_the_model_be_there(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}) as server:
        out, error = run(server, "pull", NAME)
        assert error == ""
        assert out == [
            f"Downloading tiny.Q8_0.gguf|{len(model)}|{len(model)}",
            f"Checking tiny.Q8_0.gguf|{len(model)}|{len(model)}",
            str(place(home)),
        ]
        assert place(home).read_bytes() == model
        assert parts(home) == []
        assert [(answer.range, answer.bytes) for answer in server.sent] == [(None, len(model))]
        # From the commit whose hash was stated, not from a branch that may have moved on.
        assert any(f"/resolve/{COMMIT}/" in path for path in server.paths)
        recorded = (place(home).parent / "tiny.Q8_0.gguf.sha256").read_text()
        assert recorded == f"{hashlib.sha256(model).hexdigest()}  tiny.Q8_0.gguf\n"
        # Pulled again: checked, not downloaded, and without the hub.
        out, error = run("http://127.0.0.1:1", "pull", NAME, HF_HUB_OFFLINE="1")
        assert (out[-1], error) == (str(place(home)), "")
    assert find_model(NAME) == place(home)
    assert verify(NAME).files[0].stated_by == "the record of its download"


def test_pull_of_a_known_name_becomes_the_default(home: Path, model: bytes) -> None:
    known = KNOWN_MODELS[0]
    assert find_model() is None or "labeller" in find_model().name
    with HubServer({f"{known.file.repo}/{known.file.path}": model}) as server:
        out, error = run(server, "pull", "llama-2-13b-chat")
    assert error == ""
    assert find_model() == find_model("llama-2-13b-chat") == Path(out[-1])
    assert installed_models()[0].name == "llama-2-13b-chat"


def test_connection_cut_once_goes_on_by_itself(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, cut_at=1_000_001, cuts=1) as server:
        out, error = run(server, "pull", NAME)
        assert (out[-1], error) == (str(place(home)), "")
        assert [answer.range for answer in server.sent] == [None, "bytes=1000001-"]
        assert server.bytes_sent == len(model)  # no byte twice
    assert place(home).read_bytes() == model


def test_cut_off_half_way_and_resumed_by_the_next_process(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, cut_at=1_500_000, cuts=1, down_after_cut=True) as server:
        _, error = run(server, "pull", NAME)
        assert "error 503" in error
        assert "it goes on where it stopped" in error
        assert not place(home).exists()
        assert [part.stat().st_size for part in parts(home)] == [1_500_000]
        server.status = None
        out, error = run(server, "pull", NAME)
        assert (out[-1], error) == (str(place(home)), "")
        assert out[0] == f"Downloading tiny.Q8_0.gguf|{len(model)}|{len(model)}"
        assert [answer.range for answer in server.sent] == [None, "bytes=1500000-"]
        assert server.bytes_sent == len(model)  # no byte twice
    assert place(home).read_bytes() == model
    assert parts(home) == []


def test_killed_half_way_and_resumed(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, pause=0.2) as server:
        process = start(server, "pull", NAME)
        while not parts(home) or parts(home)[0].stat().st_size < 500_000:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        size = parts(home)[0].stat().st_size
        assert 500_000 <= size < len(model)
        assert not place(home).exists()
        server.pause = 0
        run(server, "pull", NAME)
        assert server.sent[-1].range == f"bytes={size}-"
        assert server.sent[-1].bytes == len(model) - size
    assert place(home).read_bytes() == model


def test_server_that_ignores_ranges(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, cut_at=1_000_000, cuts=1, ignore_ranges=True) as server:
        out, error = run(server, "pull", NAME)
        assert (out[-1], error) == (str(place(home)), "")
        assert out[0] == f"Downloading tiny.Q8_0.gguf|{len(model)}|{len(model)}"
    assert place(home).read_bytes() == model


def test_part_of_another_version_is_not_mixed_in(home: Path, model: bytes) -> None:
    part = place(home).with_name(f".tiny.Q8_0.gguf.{'0' * 16}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"old" * 1000)
    with HubServer({NAME: model}) as server:
        run(server, "pull", NAME)
        assert server.sent[0].range is None
    assert place(home).read_bytes() == model
    assert parts(home) == []


def test_wrong_bytes_are_thrown_away(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, wrong_bytes=True) as server:
        _, error = run(server, "pull", NAME)
        assert "has not the SHA-256 that the hub states" in error
        assert not place(home).exists()
        assert parts(home) == []
        server.wrong_bytes = False
        _, error = run(server, "pull", NAME)
        assert error == ""
    assert place(home).read_bytes() == model


def test_damaged_copy_is_replaced(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}) as server:
        run(server, "pull", NAME)
        damaged = bytearray(model)
        damaged[-1] ^= 1
        place(home).write_bytes(damaged)
        with pytest.raises(
            UserError, match=r"is damaged: its SHA-256 is .* where the record of its download says"
        ):
            verify(NAME)
        _, error = run(server, "pull", NAME)
        assert error == ""
    assert place(home).read_bytes() == model


def test_whole_file_that_is_no_model_is_removed(home: Path) -> None:
    with HubServer({NAME: b"not a GGUF file" * 100}) as server:
        _, error = run(server, "pull", NAME)
    assert error.startswith(f"{NAME} arrived as the hub has it, but it is no GGUF file, so it was removed")
    assert not place(home).exists()


def test_gated(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, gated=True) as server:
        _, error = run(server, "pull", NAME)
        assert error == (
            f"someone/tiny-GGUF is gated: accept its licence at {server.url}/someone/tiny-GGUF, log in with "
            "`hf auth login` or set HF_TOKEN, and pull again."
        )
        _, error = run(server, "pull", NAME, HF_TOKEN="hf_other")
        assert "your token has no access to it" in error
        _, error = run(server, "pull", NAME, HF_TOKEN="hf_invalid")
        assert error == "The hub does not accept your token; log in with `hf auth login` or set HF_TOKEN."
        assert server.sent == []
        assert not home.exists()
        server.tokens.clear()
        _, error = run(server, "pull", NAME, HF_TOKEN="hf_good")
        assert error == ""
        assert server.tokens[-1] is None  # the storage host does not get the token
        assert "hf_good" in server.tokens
    assert place(home).read_bytes() == model


def test_forbidden_missing_and_failing(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}) as server:
        for name, token, says in (
            ("nobody/none/x.gguf", "", "The hub has no repository nobody/none open to you"),
            ("nobody/none/x.gguf", "hf_good", "The hub has no repository nobody/none open to you"),
            ("someone/tiny-GGUF/x.gguf", "", "The hub has no file x.gguf in someone/tiny-GGUF"),
            ("some one/tiny/x.gguf", "", "cannot be the name of a repository"),
        ):
            _, error = run(server, "pull", name, **({"HF_TOKEN": token} if token else {}))
            assert says in error
        server.status = 403
        assert "does not let you have someone/tiny-GGUF" in run(server, "pull", NAME)[1]
        server.status = 500
        assert "answers with error 500" in run(server, "pull", NAME)[1]
    assert not home.exists()


def test_unreachable_and_offline(home: Path) -> None:
    _, error = run("http://127.0.0.1:1", "pull", NAME)
    assert error.startswith("The hub cannot be reached at http://127.0.0.1:1/someone/tiny-GGUF (")
    _, error = run("http://127.0.0.1:1", "pull", NAME, HF_HUB_OFFLINE="1")
    assert error == "HF_HUB_OFFLINE forbids going to the hub; unset it to download a model."
    assert not home.exists()


def test_another_kind_of_server(home: Path) -> None:
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Plain(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None: ...

        def send_head(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    Thread(target=server.serve_forever, daemon=True).start()
    _, error = run(f"http://127.0.0.1:{server.server_port}", "pull", NAME)
    server.shutdown()
    assert "is not answered as the hub answers; check HF_ENDPOINT" in error


def test_two_downloads_of_one_model(home: Path, model: bytes) -> None:
    with HubServer({NAME: model}, pause=1.0) as server:
        process = start(server, "pull", NAME)
        while not parts(home):
            time.sleep(0.01)
        _, error = run(server, "pull", NAME)
        assert error == "Another process is downloading tiny.Q8_0.gguf already; wait until it is done."
        server.pause = 0
        process.communicate()
        assert process.returncode == 0
    assert place(home).read_bytes() == model


# --- full disks ---


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*root, "mount", "-t", "tmpfs", "-o", f"size={size},uid={os.geteuid()}", "tmpfs", str(folder)]
    if not shutil.which(command[0]) or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("may not mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run([*root, "umount", "-l", str(folder)], check=True)


def test_too_little_room_is_seen_before_the_download(home: Path, model: bytes) -> None:
    with small_disk(home, "2m"), HubServer({NAME: model}) as server:
        _, error = run(server, "pull", NAME)
        assert "MB are still to come; make room, or set LOCALTOPICS_HOME" in error
        assert server.sent == []
        assert not place(home).exists()


def test_disk_that_fills_up_half_way(home: Path, model: bytes) -> None:
    with small_disk(home, "4m"), HubServer({NAME: model}, pause=0.2) as server:
        process = start(server, "pull", NAME)
        while not parts(home) or parts(home)[0].stat().st_size < 200_000:
            time.sleep(0.01)
        (home / "ballast").write_bytes(bytes(2_500_000))
        _, error = process.communicate(timeout=60)
        assert process.returncode == 2
        assert error.startswith(
            "The disk is full (No space left on device); make room or set LOCALTOPICS_HOME"
        )
        assert not place(home).exists()
        (home / "ballast").unlink()
        server.pause = 0
        _, error = run(server, "pull", NAME)
        assert error == ""
        assert server.sent[-1].range is not None
        assert place(home).read_bytes() == model


def test_file_size_limit_half_way(home: Path, model: bytes) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    with HubServer({NAME: model}) as server:
        process = start(server, "pull", NAME, before=limit)
        _, error = process.communicate(timeout=60)
        assert process.returncode == 2
        assert error.startswith("The disk is full (File too large)")
        assert not place(home).exists()
        assert parts(home)[0].stat().st_size == 1_000_000
        run(server, "pull", NAME)
        assert server.sent[-1].range == "bytes=1000000-"
    assert place(home).read_bytes() == model


# --- find, list, verify ---


def test_places_in_their_order(
    home: Path, model: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KNOWN_MODELS[0]
    name = f"{known.file.repo}/{known.file.path}"
    with HubServer({name: model}) as server:
        out, _ = run(server, "cache", name, HF_HUB_DISABLE_XET="1")
        cached = Path(out[-1])
        assert cached.name == known.file.path
        assert find_model() == cached
        assert run(server, "pull", known.name)[0][-1] == str(
            cached
        )  # there is a copy already: none more is made
    assert not home.exists()
    assert verify(known.name).files[0].stated_by == "the hub cache"
    ours = place(home, name)
    ours.parent.mkdir(parents=True)
    ours.write_bytes(model)
    assert find_model() == ours
    dropped = Path.cwd() / "models" / "Llama-2-13B-chat.Q4_K_M.gguf"  # as people spell it
    dropped.parent.mkdir()
    dropped.write_bytes(model)
    assert find_model() == dropped
    listed = [(model.name, model.origin) for model in installed_models() if model.origin != "bundled"]
    assert listed == [(known.name, place) for place in ("models folder", "data folder", "hub cache")]


def test_bundled_labeller_is_the_last_choice(
    home: Path, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = home / "site-packages" / "localtopics"
    (package / "bundled").mkdir(parents=True)
    labeller = package / "bundled" / "localtopics-labeller-1.gguf"
    labeller.write_bytes(model)
    monkeypatch.setattr(models, "__file__", str(package / "models" / "registry.py"))
    assert find_model() == find_model("localtopics-labeller-1") == labeller
    assert installed_models()[-1].origin == "bundled"
    better = place(home, "llama-2-13b-chat.Q4_K_M.gguf")
    better.parent.mkdir()
    better.write_bytes(model)
    assert find_model() == better


def test_nothing_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "__file__", str(home / "localtopics" / "models" / "registry.py"))
    assert installed_models() == []
    assert find_model() is None


def test_explicit_names_and_paths(home: Path, model: bytes, tmp_path: Path) -> None:
    loose = place(home, "my-model.gguf")
    loose.parent.mkdir(parents=True)
    loose.write_bytes(model)
    assert (
        find_model("my-model")
        == find_model(loose)
        == find_model(str(loose))
        == find_model(loose.parent)
        == loose
    )
    for name, says in (
        ("llama-2-7b-chat", r"fetch it with `localtopics models pull llama-2-7b-chat`"),
        ("a/b/c.gguf", r"fetch it with `localtopics models pull a/b/c.gguf`"),
        (tmp_path / "none.gguf", r"There is no model file .*none.gguf"),
        ("./none.gguf", r"There is no model file none.gguf"),
        (
            "llama-3",
            r"There is no model called llama-3; give one of llama-2-13b-chat, llama-2-7b-chat, my-model, ",
        ),
        (tmp_path / "work", r"does not hold exactly one GGUF model \(none\)"),
    ):
        with pytest.raises(UserError, match=says):
            find_model(name)
    for name in ("llama-3", "a/b/../c.gguf", "/a/b/c.gguf", "a/b/c.bin"):
        with pytest.raises(UserError, match="There is no model called"):
            models.pull(name)


def test_split_model_is_pulled_whole(home: Path, tmp_path: Path) -> None:
    from tests.gguf.files import split

    first, second = split(tiny_model(tmp_path / "tiny.gguf"), tmp_path)
    folder = "someone/tiny-GGUF/"
    with HubServer({folder + path.name: path.read_bytes() for path in (first, second)}) as server:
        out, error = run(server, "pull", folder + second.name)
        assert (out[-1], error) == (str(place(home, folder + first.name)), "")
    assert [model.name for model in installed_models() if model.origin == "data folder"] == [
        folder + first.name
    ]
    assert installed_models()[0].bytes == first.stat().st_size + second.stat().st_size
    assert len(verify(folder + first.name).files) == 2


def test_verify_without_a_stated_hash(home: Path, model: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(model)
    verified = verify(path)
    assert verified.files[0].sha256 == hashlib.sha256(model).hexdigest()
    assert verified.files[0].stated_by is None
    assert verified.card.name == "tiny"
    path.write_bytes(model[:1000])
    with pytest.raises(UserError, match="is damaged or unfinished"):
        verify(path)


def test_known_file_dropped_by_hand_is_checked(
    home: Path, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = models.KnownModel(
        "llama-2-13b-chat", KNOWN_MODELS[0].file, len(model), hashlib.sha256(model).hexdigest(), ""
    )
    monkeypatch.setattr(models, "KNOWN_MODELS", (known,))
    path = Path.cwd() / "models" / known.file.path
    path.parent.mkdir()
    path.write_bytes(model)
    assert verify(path).files[0].stated_by == "the list of known models for llama-2-13b-chat"
    path.write_bytes(model[:-1] + b"x")
    with pytest.raises(UserError, match="the list of known models for llama-2-13b-chat says"):
        verify(path)


def test_progress_of_a_check(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    seen: list[tuple[str, int | None, int]] = []

    @contextmanager
    def progress(description: str, total: int | None = None) -> Iterator[Advance]:
        done: list[int] = []
        yield done.append
        seen.append((description, total, sum(done)))

    assert hub.sha256(path, progress) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert seen == [("Checking file", 3_000_000, 3_000_000)]


def test_licences() -> None:
    assert "LLAMA 2 Community License" in licence_notice("llama-2-13b-chat")
    assert licence_notice("a/b/c.gguf") == "The licence of a/b/c.gguf is at https://huggingface.co/a/b."
    with pytest.raises(UserError, match="There is no model called"):
        licence_notice("none")
