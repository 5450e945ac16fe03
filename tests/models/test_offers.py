"""Any GGUF of the hub by its address, and what a repository offers."""

from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.models import OfferedModel, find_model, offered_models, pull, repository, verify
from localtopics.models.download import HubFile
from tests.gguf.files import split, tiny_model
from tests.models.client import place, run
from tests.models.hub_server import HubServer

REPO = "someone/tiny-GGUF"


def test_any_file_of_the_hub_is_pulled_and_found_by_its_name(home: Path, model: bytes) -> None:
    name = f"{REPO}/four bits/Tiny-Q4_K_M.gguf"
    with HubServer({name: model}) as server:
        out, error = run(server, "pull", f"hf:{name}")
    assert (out[-1], error) == (str(place(home, name)), "")
    for spelled in (f"hf:{name}", f"HF:{name}", name, "Tiny-Q4_K_M.gguf", "tiny-q4_k_m"):
        assert find_model(spelled) == place(home, name)
    assert verify("tiny-q4_k_m").files[0].stated_by == "the record of its download"


def test_two_files_of_one_name_are_not_mixed_up(home: Path, model: bytes) -> None:
    names = [f"{owner}/tiny-GGUF/tiny.gguf" for owner in ("anna", "bert")]
    with HubServer(dict.fromkeys(names, model)) as server:
        for name in names:
            run(server, "pull", f"hf:{name}")
    with pytest.raises(
        UserError, match=r"Several models here have a file called tiny.gguf; give one of anna/.*, b"
    ):
        find_model("tiny.gguf")
    assert find_model(f"hf:{names[1]}") == place(home, names[1])


def test_a_split_model_by_any_part_and_by_its_name(home: Path, tmp_path: Path) -> None:
    parts = split(tiny_model(tmp_path / "tiny.gguf"), tmp_path)
    files = {f"{REPO}/q8/{path.name}": path.read_bytes() for path in parts}
    first, second = files
    with HubServer(files) as server:
        out, error = run(server, "pull", f"hf:{second}")
    assert (out[-1], error) == (str(place(home, first)), "")
    assert find_model("tiny") == find_model(f"hf:{second}") == place(home, first)


def test_what_a_repository_offers(hub: HubServer, model: bytes, tmp_path: Path) -> None:
    parts = split(tiny_model(tmp_path / "tiny.gguf"), tmp_path)
    hub.files |= {f"{REPO}/{name}": model for name in ("README.md", "b.gguf", "mmproj-b.gguf", "sub/a.gguf")}
    hub.files |= {f"{REPO}/{path.name}": path.read_bytes() for path in parts}
    hub.files["someone/other/c.gguf"] = model
    size = sum(path.stat().st_size for path in parts)
    assert offered_models(REPO) == [
        OfferedModel(HubFile(REPO, parts[0].name), size),
        OfferedModel(HubFile(REPO, "b.gguf"), len(model)),
        OfferedModel(HubFile(REPO, "sub/a.gguf"), len(model)),
    ]
    assert offered_models(REPO)[2].name == f"hf:{REPO}/sub/a.gguf"
    assert hub.sent == []


def test_repositories_that_offer_nothing(hub: HubServer, model: bytes) -> None:
    hub.files["someone/texts/README.md"] = b"text"
    with pytest.raises(
        UserError, match="someone/texts has no GGUF model; look for one with GGUF in its name"
    ):
        offered_models("someone/texts")
    with pytest.raises(UserError, match="The hub has no repository someone/nothing open to you"):
        offered_models("someone/nothing")
    with pytest.raises(UserError, match="'some one/x' cannot be the name of a repository"):
        offered_models("some one/x")
    hub.status = 503
    with pytest.raises(UserError, match="The hub answers with error 503"):
        offered_models(REPO)


def test_addresses_that_are_none(home: Path) -> None:
    assert repository(f"hf:{REPO}") == REPO
    for name, says, command in (
        (f"hf:{REPO}", "is a repository; say which of its files", f"models pull hf:{REPO}"),
        (
            f"hf:{REPO}/x.safetensors",
            "x.safetensors in .* is no GGUF file by its name",
            f"models pull hf:{REPO}",
        ),
        ("hf:someone", "is not spelled as a file of the hub is: hf:OWNER/REPO/FILE.gguf", ""),
        ("hf:", "is not spelled as", ""),
        ("hf:a/../c.gguf", "is not spelled as", ""),
        ("hf:/a/b/c.gguf", "is not spelled as", ""),
        (REPO, "There is no model called", ""),
    ):
        with pytest.raises(UserError, match=says) as refused:
            pull(name)
        assert refused.value.command == command
        assert name == f"hf:{REPO}" or repository(name) is None
    assert not home.exists()
