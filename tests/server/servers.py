"""Servers to ask: one that answers as it is told to, and llama.cpp's own with a real model."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

Reply = tuple[int, str]
"""Status and body."""


@dataclass
class Scripted:
    """What a scripted server was asked, and what it answers."""

    answer: Callable[[dict[str, Any]], Reply]
    models: Reply = (200, '{"data": [{"id": "scripted"}]}')
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


def said(text: str, **more: Any) -> Reply:
    """The answer of a model."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"} | more
    return 200, json.dumps({"choices": [choice]})


def refused(message: str, status: int = 400) -> Reply:
    return status, json.dumps({"error": {"message": message}})


@contextmanager
def scripted(answer: Callable[[dict[str, Any]], Reply], **more: Any) -> Iterator[Scripted]:
    """A server that answers each request to it by a function."""
    script = Scripted(answer, **more)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(script.models)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.bodies.append(body)
            script.headers.append(dict(self.headers))
            status, text = script.answer(body)
            if status == 0:  # it dies
                self.close_connection = True
                self.connection.close()
                return
            self._reply((status, text))

        def _reply(self, reply: Reply) -> None:
            status, text = reply
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            if 300 <= status < 400:
                self.send_header("Location", script.url + "/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def llama_server(model: Path, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a real ``llama_cpp.server`` with a model, and its process."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    options = ["--model", str(model), "--model_alias", "tiny", "--port", str(port), "--n_ctx", "2048"]
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", *options, "--host", "127.0.0.1", "--n_threads", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _wait(url, process)
        yield url, process
    finally:
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            with urlopen(f"{url}/models"):
                return
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until
            time.sleep(0.1)
