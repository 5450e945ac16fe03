"""Pulling models: the hub's real client against a server on this machine."""

import hashlib
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.models import (
    DEFAULT_MODEL,
    KNOWN_MODELS,
    find_model,
    installed_models,
    licence_notice,
    verify,
)
from tests.gguf.files import split, tiny_model
from tests.models.client import NAME, parts, place, run
from tests.models.hub_server import COMMIT, HubServer


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
    known = next(known for known in KNOWN_MODELS if known.name == DEFAULT_MODEL)
    found = find_model()
    assert found is None or "labeller" in found.name
    with HubServer({f"{known.file.repo}/{known.file.path}": model}) as server:
        out, error = run(server, "pull", "llama-2-13b-chat")
    assert error == ""
    assert find_model() == find_model("llama-2-13b-chat") == Path(out[-1])
    assert installed_models()[0].name == "llama-2-13b-chat"


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


def test_split_model_is_pulled_whole(home: Path, tmp_path: Path) -> None:
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


def test_licences() -> None:
    assert "LLAMA 2 Community License" in licence_notice("llama-2-13b-chat")
    assert licence_notice("a/b/c.gguf") == "The licence of a/b/c.gguf is at https://huggingface.co/a/b."
    with pytest.raises(UserError, match="There is no model called"):
        licence_notice("none")
