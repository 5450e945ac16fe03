"""A server on this machine that speaks as much of the Hugging Face hub's protocol as a download takes.

It answers HEAD and GET of ``/OWNER/REPO/resolve/REVISION/PATH`` as huggingface.co does: the commit, the
SHA-256 and the size of the file in headers, and a redirect to the storage host, which answers ranges. GET of
``/api/models/OWNER/REPO`` gets the files that the repository has. Its faults can be switched on.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Sent:
    """One answer to a GET of a file's bytes: which were asked for and which were sent."""

    range: str | None
    start: int
    bytes: int = 0


@dataclass
class HubServer:
    """``with HubServer({"owner/repo/model.gguf": data}) as hub:`` serves at ``hub.url``.

    Switches, all to be changed at any time: ``cut_at`` ends a connection once an answer has sent that many
    bytes, ``cuts`` times (-1: always); ``down_after_cut`` answers all with 503 from then on;
    ``wrong_bytes`` sends others than the hash promises; ``gated`` wants a token ("hf_good" opens, any other
    is refused); ``status`` answers all with an error; ``pause`` waits that many seconds after each 64 KiB;
    ``ignore_ranges`` sends all from the start.
    """

    files: dict[str, bytes]
    cut_at: int | None = None
    cuts: int = -1
    down_after_cut: bool = False
    wrong_bytes: bool = False
    gated: bool = False
    status: int | None = None
    pause: float = 0.0
    ignore_ranges: bool = False
    sent: list[Sent] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    """The token and the path of every request, those to the storage host included."""

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bytes_sent(self) -> int:
        return sum(answer.bytes for answer in self.sent)


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None: ...

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        hub = self.hub
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        hub.tokens.append(token)
        hub.paths.append(self.path)
        if hub.status is not None:
            return self._refuse(hub.status, None)
        path = unquote(self.path).lstrip("/")
        if path.startswith("storage/"):
            return self._send_file(path.removeprefix("storage/"), body)
        if token == "hf_invalid":
            return self._refuse(401, None, "Invalid credentials in Authorization header")
        if path.startswith("api/models/"):
            return self._list(path.removeprefix("api/models/").partition("?")[0], token)
        repository, _, rest = path.partition("/resolve/")
        file = f"{repository}/{rest.partition('/')[2]}"
        if not any(name.startswith(repository + "/") for name in hub.files):
            return self._refuse(404 if token else 401, "RepoNotFound")
        if hub.gated and token != "hf_good":
            return self._refuse(403 if token else 401, "GatedRepo")
        if file not in hub.files:
            return self._refuse(404, "EntryNotFound")
        self.send_response(302)
        self._headers(file)
        # Another host name than 127.0.0.1, as the hub's storage has one: no token may follow there.
        self.send_header("Location", f"http://localhost:{hub.port}/storage/{file}")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def _list(self, repository: str, token: str | None) -> None:
        files = {name: data for name, data in self.hub.files.items() if name.startswith(f"{repository}/")}
        if not files:
            return self._refuse(404 if token else 401, "RepoNotFound")
        siblings = [
            {"rfilename": name.removeprefix(f"{repository}/"), "size": len(data)}
            for name, data in files.items()
        ]
        body = json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def _headers(self, file: str) -> None:
        data = self.hub.files[file]
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("X-Linked-Etag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Linked-Size", str(len(data)))
        self.send_header("X-Xet-Hash", "0" * 64)  # as the hub says it; whoever follows it finds nothing here
        self.send_header("Accept-Ranges", "bytes")

    def _send_file(self, file: str, body: bool) -> None:
        hub = self.hub
        data = hub.files[file]
        wanted = self.headers.get("Range")
        start = (
            int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted and not hub.ignore_ranges else 0
        )
        answer = Sent(wanted, start)
        if start >= len(data):
            return self._refuse(416, None)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if not body:
            return None
        hub.sent.append(answer)
        end = len(data)
        if hub.cut_at is not None and hub.cuts:
            hub.cuts -= 1
            end = min(end, start + hub.cut_at)
            if hub.down_after_cut:  # before the last byte goes out: the client tries again at once
                hub.status = 503
        while (at := start + answer.bytes) < end:
            chunk = data[at : min(at + 65_536, end)]
            try:
                self.wfile.write(bytes(byte ^ 255 for byte in chunk) if hub.wrong_bytes else chunk)
            except OSError:  # the client has gone
                break
            answer.bytes += len(chunk)
            time.sleep(hub.pause)
        self.close_connection = end < len(data)
        return None

    def _refuse(self, status: int, code: str | None, message: str | None = None) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        if message:
            self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()
