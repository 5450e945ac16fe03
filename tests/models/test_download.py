"""Downloads: cut off, killed, refused, on full disks; the hub's real client against a server here."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.models.client import NAME, parts, place, run, start
from tests.models.hub_server import HubServer


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
