"""Where a server is, and whether that is this machine."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from localtopics.errors import UserError

_USUAL_PATH = "/v1"


def is_address(name: object) -> bool:
    """Whether a model's name is the address of a server."""
    return isinstance(name, str) and re.match("https?://", name, re.IGNORECASE) is not None


@dataclass(frozen=True)
class ServerAddress:
    """A server and which of its models is asked."""

    url: str
    """Its address up to and without ``/chat/completions``, such as "http://127.0.0.1:8080/v1"."""
    host: str
    """A name or an address, without brackets."""
    model: str | None
    """The model's id; None: the only one that the server has."""

    @classmethod
    def parse(cls, name: str) -> Self:
        """The address in ``http://HOST:PORT/v1#MODEL``; the path and the model may be left out.

        Raises:
            UserError: it is no such address.
        """
        wrong = UserError(
            f"{name.partition('#')[0].rpartition('@')[2]} is no address of a server: write "
            "http://127.0.0.1:PORT/v1, with #MODEL behind it where the server has several models.",
            arguments=["model"],
        )
        try:
            parts = urlsplit(name)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        if not host or parts.query or not name.isprintable() or " " in parts.netloc:
            raise wrong
        if "@" in parts.netloc:
            raise UserError(
                "An address with a password would stay in run.json: leave it away, and set the environment "
                "variable LOCALTOPICS_API_KEY where the server wants a key.",
                arguments=["model"],
            )
        place = f"[{host}]" if ":" in host else host
        whole = f"{parts.scheme.lower()}://{place}" + (f":{port}" if port is not None else "")
        return cls(whole + (parts.path.rstrip("/") or _USUAL_PATH), host, parts.fragment or None)

    @property
    def is_here(self) -> bool:
        """Whether it is a loopback address, or localhost and that stands for nothing else.

        Other names are not looked up: who answers for them may say otherwise the next time.
        """
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            pass
        if self.host != "localhost" and not self.host.endswith(".localhost"):
            return False
        try:
            found = socket.getaddrinfo(self.host, None, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError):
            return False
        return all(ipaddress.ip_address(str(place[4][0]).partition("%")[0]).is_loopback for place in found)

    def require_here(self) -> None:
        """Raise `UserError` where the server need not be this machine."""
        if not self.is_here:
            raise UserError(
                f"{self.host} is not this machine's own address, as 127.0.0.1 and localhost are, and texts "
                "of documents would go there: nothing is sent unless you allow it.",
                arguments=["allow_remote"],
            )
