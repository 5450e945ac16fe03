"""Which models are found, under which names, and which is preferred."""

from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.models import (
    DEFAULT_MODEL,
    KNOWN_MODELS,
    find_model,
    installed_models,
    pull,
    registry,
    verify,
)
from tests.models.client import place, run
from tests.models.hub_server import HubServer


def test_places_in_their_order(
    home: Path, model: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = next(known for known in KNOWN_MODELS if known.name == DEFAULT_MODEL)
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
    monkeypatch.setattr(registry, "__file__", str(package / "models" / "registry.py"))
    assert find_model() == find_model("localtopics-labeller-1") == labeller
    assert installed_models()[-1].origin == "bundled"
    better = place(home, "llama-2-13b-chat.Q4_K_M.gguf")
    better.parent.mkdir()
    better.write_bytes(model)
    assert find_model() == better


def test_nothing_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "__file__", str(home / "localtopics" / "models" / "registry.py"))
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
    for name, says, command in (
        ("llama-2-7b-chat", "is not on this machine: fetch it", "models pull llama-2-7b-chat"),
        ("a/b/c.gguf", "is not on this machine: fetch it", "models pull a/b/c.gguf"),
        (tmp_path / "none.gguf", "There is no model file .*none.gguf", "models list"),
        ("./none.gguf", "There is no model file none.gguf", "models list"),
        (
            "llama-3",
            "There is no model called llama-3; give one of ministral-3-.*, llama-2-7b-chat, my-model, ",
            "",
        ),
        (tmp_path / "work", r"does not hold exactly one GGUF model \(none\)", ""),
    ):
        with pytest.raises(UserError, match=says) as refused:
            find_model(name)
        assert refused.value.command == command
    for name in ("llama-3", "a/b/../c.gguf", "/a/b/c.gguf", "a/b/c.bin"):
        with pytest.raises(UserError, match="There is no model called"):
            pull(name)
