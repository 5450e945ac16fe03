"""Which addresses are this machine's own."""

import socket

import pytest

from localtopics.errors import UserError
from localtopics.server.address import ServerAddress, is_address


@pytest.mark.parametrize(
    ("name", "url", "model"),
    [
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", None),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1", None),
        ("HTTP://LocalHost:8080/v1/#a/b:c", "http://localhost:8080/v1", "a/b:c"),
        ("http://[::1]:1234/api/v1", "http://[::1]:1234/api/v1", None),
        ("https://127.1.2.3/v1#m", "https://127.1.2.3/v1", "m"),
    ],
)
def test_an_address_names_a_server_and_a_model(name: str, url: str, model: str | None) -> None:
    address = ServerAddress.parse(name)
    assert is_address(name)
    assert (address.url, address.model) == (url, model)
    assert address.is_here


@pytest.mark.parametrize(
    "name",
    [
        "http://example.org/v1",
        "http://0.0.0.0:8080/v1",
        "http://10.0.0.1:8080/v1",
        "http://2130706433/v1",
        "http://localhost.example.org/v1",
        "http://127.0.0.1.example.org/v1",
        "http://[::ffff:10.0.0.1]/v1",
    ],
)
def test_what_need_not_be_this_machine_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="nothing is sent") as refused:
        ServerAddress.parse(name).require_here()
    assert refused.value.arguments == ("allow_remote",)


def test_localhost_that_stands_for_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in ("127.0.0.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert not ServerAddress.parse("http://localhost:80/v1").is_here


@pytest.mark.parametrize("name", ["http://", "http://a b/", "http://127.0.0.1:x/", "http://h/v1?key=1"])
def test_no_address(name: str) -> None:
    with pytest.raises(UserError, match="is no address of a server"):
        ServerAddress.parse(name)


def test_a_password_is_kept_out_of_run_folders() -> None:
    with pytest.raises(UserError, match="LOCALTOPICS_API_KEY") as refused:
        ServerAddress.parse("http://me:hunter2@127.0.0.1/v1")
    assert "hunter2" not in str(refused.value)


def test_names_of_models_are_no_addresses() -> None:
    assert not any(map(is_address, (None, "llama-2-13b-chat", "hf:a/b/c.gguf", "http.gguf", "none")))
