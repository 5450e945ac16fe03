"""HTTP to a server of chat models: what it refuses, and every way in which it may fail, in a sentence."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, TimeoutError

from localtopics.errors import UserError
from localtopics.server.address import ServerAddress
from localtopics.text import one_line, shortened

logging.getLogger("urllib3").addHandler(logging.NullHandler())  # else what it retries is printed

TOGETHER = 8
"""Requests at a time: servers answer several at once, and keep others waiting."""
_SECONDS = 300
"""The longest that a server may be silent; eight answers of a large model on a processor take minutes."""
_BUSY = (429, 503)
"""What a server answers that has too much to do, or is still loading its model."""
_RETRIES = urllib3.Retry(
    total=9,
    connect=0,
    read=1,
    redirect=False,
    other=0,
    allowed_methods=None,
    status_forcelist=_BUSY,
    raise_on_status=False,
    backoff_factor=0.5,
    backoff_max=10,
    respect_retry_after_header=False,
)
"""About a minute for one that is busy."""
_LARGEST = 2**24
"""The most bytes of an answer that are read."""
_KEY = "LOCALTOPICS_API_KEY"


class RefusedError(Exception):
    """The server understood and did not do it; the words are its own."""


class Client:
    """Speaks with one server. It uses no proxy and follows no redirection: what is asked stays there.

    Args:
        address: of the server.
    """

    def __init__(self, address: ServerAddress) -> None:
        self._url = address.url
        # a PoolManager does not read the environment's proxies
        self._pool = urllib3.PoolManager(
            1, maxsize=TOGETHER, retries=_RETRIES, timeout=urllib3.Timeout(connect=5, read=_SECONDS)
        )
        key = os.environ.get(_KEY)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def models(self) -> list[dict[str, Any]]:
        """What the server says of each of its models; each has an ``id``, a text.

        Raises:
            UserError: it does not answer, or otherwise than such a server does.
        """
        try:
            found = self._request("GET", "models").get("data")
        except RefusedError as error:
            raise self._failed(str(error)) from None
        if not isinstance(found, list):
            raise self._strange()
        models = [model for model in found if isinstance(model, dict) and isinstance(model.get("id"), str)]
        if len(models) != len(found):
            raise self._strange()
        return models

    def chat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The first choice of an answer: ``message`` and ``finish_reason``.

        Raises:
            RefusedError: the server does not answer this.
            UserError: it does not answer at all, or otherwise than such a server does.
        """
        choices = self._request("POST", "chat/completions", body).get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise self._strange()
        if not isinstance(choices[0].get("message"), dict):
            raise self._strange()
        choice: dict[str, Any] = choices[0]
        return choice

    def stream(self, body: Mapping[str, Any]) -> Iterator[str]:
        """An answer's text, piece by piece as the server sends it.

        Raises:
            RefusedError, UserError: as `chat`.
        """
        response = self._send("POST", "chat/completions", {**body, "stream": True})
        try:
            if response.status != 200:
                self._content(response)
            pending = b""
            for part in response.stream(2**12):
                *lines, pending = (pending + part).split(b"\n")
                for line in lines:
                    yield self._piece(line)
        except HTTPError as error:
            raise self._lost(error) from None
        finally:
            response.close()

    def _piece(self, line: bytes) -> str:
        """The text in a line of a stream of events; "" where it holds none."""
        field, _, value = line.decode("utf-8", "replace").strip().partition(":")
        if field != "data" or value.strip() == "[DONE]":
            return ""
        try:
            choices = json.loads(value)["choices"]
            return str(choices[0]["delta"].get("content") or "") if choices else ""
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise self._strange() from None

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        response = self._send(method, path, body)
        try:
            return self._content(response)
        except HTTPError as error:
            raise self._lost(error) from None
        finally:
            response.release_conn()

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """The server's answer, of which the head alone is read."""
        sent = {} if body is None else {"json": body}
        try:
            return self._pool.request(
                method,
                f"{self._url}/{path}",
                headers=self._headers | ({} if body is None else {"Content-Type": "application/json"}),
                redirect=False,
                preload_content=False,
                **sent,
            )
        except HTTPError as error:
            raise self._lost(error) from None

    def _content(self, response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        """The JSON object that was answered.

        Raises:
            RefusedError: it is an error of the server.
        """
        raw = response.read(_LARGEST, decode_content=True)
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            content = None
        fault = _fault(content)
        if response.status in (401, 403):
            raise UserError(f"The server {self._url} wants a key: set the environment variable {_KEY} to it.")
        if response.status in _BUSY:
            raise self._failed(fault or "it has too much to do, or is loading its model")
        if fault and response.status != 404:
            raise RefusedError(fault)
        if response.status != 200 or not isinstance(content, dict):
            raise self._strange(f" (status {response.status})" if response.status != 200 else "")
        return content

    def _lost(self, error: HTTPError) -> UserError:
        """The sentence for a server that is not there, or no longer."""
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, NewConnectionError):
            return UserError(
                f"No server answers at {self._url}: start it, and run the same command again.",
                arguments=["model"],
            )
        why = f"was silent for {_SECONDS} seconds" if isinstance(reason, TimeoutError) else "broke off"
        return UserError(
            f"The server {self._url} {why}: see that it runs, and run the same command again, which goes on."
        )

    def _failed(self, said: str) -> UserError:
        return UserError(f"The server {self._url} answered: {said.rstrip('.')}.")

    def _strange(self, status: str = "") -> UserError:
        return UserError(
            f"What answers at {self._url} is no OpenAI-compatible server{status}: give the address that its "
            "documentation tells, which ends in /v1 as a rule.",
            arguments=["model"],
        )


def _fault(content: Any) -> str | None:
    """What a server says is wrong, in the ways of all of them; None where it says nothing of the kind."""
    if not isinstance(content, dict):
        return None
    for name in ("error", "detail", "message"):
        said = content.get(name)
        if isinstance(said, dict):
            said = said.get("message") or json.dumps(said)
        if said:
            return shortened(one_line(said if isinstance(said, str) else json.dumps(said)), 300)
    return None
