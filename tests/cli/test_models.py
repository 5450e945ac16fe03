"""What a person sees of ``localtopics models``: the list, the suggestion, the files of a repository."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from localtopics.llama.fit import FreeMemory
from localtopics.models import DEFAULT_MODEL, KNOWN_MODELS, find_model
from tests.models.client import parts, place
from tests.models.hub_server import HubServer

GIB = 1024**3
REPO = "someone/tiny-GGUF"
NAME = f"hf:{REPO}/Tiny-Q4_K_M.gguf"

Models = Callable[..., Result]
"""``localtopics models ARGS`` in 80 columns."""


@pytest.fixture
def models(home: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: str, ram: float = 16, gpus: float = 0, answer: str | None = None) -> Result:
        free = FreeMemory(int(ram * GIB), int(gpus * GIB))
        monkeypatch.setattr("localtopics.llama.fit.free_memory", lambda: free)
        return CliRunner().invoke(cli, ["models", *arguments], input=answer)

    return command


def rows(listed: str) -> dict[str, str]:
    """The list's lines of figures by the model's name; a long name has its own line above them."""
    found, above = {}, ""
    for line in listed.splitlines():
        if line[:2] not in ("  ", "* "):
            continue
        if not line.startswith("    "):
            above = line[2:].split()[0]
        if re.search(r" \d+\.\d\d? ", line):
            found[above] = line
    return found


def test_the_list_as_json_lines_has_what_the_table_has(models: Models) -> None:
    found = {row["name"]: row for row in map(json.loads, models("list", "--json", ram=4).output.splitlines())}
    assert found.keys() >= {known.name for known in KNOWN_MODELS}
    assert (found["phi-4"]["fit"], found["phi-4"]["here"]) == ("too large", False)
    assert sum(row["default"] for row in found.values()) == 1
    assert all(row["needs"] > row["bytes"] > 0 for row in found.values())


def test_list_says_what_there_is_and_what_fits(models: Models) -> None:
    small, large = models("list", ram=4), models("list", ram=16, gpus=12)
    assert small.exit_code == large.exit_code == 0
    for known in KNOWN_MODELS:
        line = rows(small.output)[known.name]
        assert known.licence in line
        assert f"{known.context_length:,}" in line
        assert f"    {known.file.repo}/{known.file.path}" in small.output.splitlines()
    assert rows(small.output)["phi-4"].split() == ["phi-4", "9.05", "10.4", "16,384", "MIT", "too", "large"]
    assert rows(small.output)["qwen3-4b-instruct-2507"].endswith("fits, on the CPU")
    assert rows(large.output)["phi-4"].endswith("MIT         fits")
    assert rows(large.output)["llama-2-13b-chat"].endswith("fits")
    assert rows(models("list", ram=16, gpus=8).output)["phi-4"].endswith("fits in part")
    assert "This machine has 17.2 free and 12.9 on its GPUs." in large.output
    names = list(rows(small.output))
    assert names.index("qwen2.5-1.5b-instruct") < names.index(DEFAULT_MODEL)  # open licences first
    figures = [line for line in small.output.splitlines() if line in rows(small.output).values()]
    assert max(map(len, figures)) <= 80


def test_list_shows_what_is_here_with_what_its_header_says(models: Models, home: Path, model: bytes) -> None:
    known = next(known for known in KNOWN_MODELS if known.name == "phi-4")
    path = place(home, f"{known.file.repo}/{known.file.path}")
    for at, data in (("x/y/tiny.gguf", model), ("x/y/broken.gguf", model[:100]), (path, model)):
        place(home, str(at)).parent.mkdir(parents=True, exist_ok=True)
        place(home, str(at)).write_bytes(data)
    here, _, others = models("list").output.partition("By name from the Hugging Face hub")
    assert re.search(r"x/y/tiny.gguf +0\.00  0\.51 +256 +fits, on the CPU", here)
    assert re.search(r"x/y/broken.gguf +0\.00 +cannot be used", here)
    assert rows(here)["phi-4"].split()[-5:] == ["MIT", "fits,", "on", "the", "CPU"]
    assert f"    {path}" in here.splitlines()
    assert "phi-4" not in rows(others)
    assert "* names topics where no --model is given." in others


def test_pull_without_a_name_suggests_and_fetches_nothing(models: Models, home: Path, hub: HubServer) -> None:
    result = models("pull", ram=64, gpus=24)
    assert result.output == (
        "ministral-3-14b-instruct (Apache 2.0, 8.2 GB) is what fits this machine best: "
        "`localtopics models pull ministral-3-14b-instruct`.\n"
    )
    assert "qwen3-4b-instruct-2507" in models("pull", ram=16).output
    assert (result.exit_code, hub.paths, home.exists()) == (0, [], False)


def test_pull_where_nothing_fits(models: Models) -> None:
    result = models("pull", ram=0.5)
    assert result.exit_code == 2
    assert result.output.endswith("fits the memory that is free here (`localtopics models list`).\n")


def test_pull_suggests_what_is_here_already(models: Models, home: Path, model: bytes) -> None:
    known = KNOWN_MODELS[0]
    path = place(home, f"{known.file.repo}/{known.file.path}")
    path.parent.mkdir(parents=True)
    path.write_bytes(model)
    result = models("pull", ram=64, gpus=24)
    assert result.output.endswith("is what fits this machine best, and it is here already.\n")


def test_pull_at_a_terminal_asks_first(
    models: Models, home: Path, hub: HubServer, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KNOWN_MODELS[0]
    hub.files[f"{known.file.repo}/{known.file.path}"] = model
    monkeypatch.setattr("localtopics.cli.models.at_a_terminal", lambda: True)
    declined = models("pull", ram=64, gpus=24, answer="\n")
    assert (declined.exit_code, hub.paths) == (0, [])
    assert "Fetch it now? [y/N]" in declined.output
    models("pull", ram=64, gpus=24, answer="y\n")
    assert find_model(known.name) == place(home, f"{known.file.repo}/{known.file.path}")


def test_pull_of_what_does_not_fit_says_so_first(
    models: Models, home: Path, hub: HubServer, model: bytes
) -> None:
    hub.files[NAME.removeprefix("hf:")] = model
    known = KNOWN_MODELS[0]
    hub.files[f"{known.file.repo}/{known.file.path}"] = model
    large = "It does not fit this machine: it needs at least"
    result = models("pull", known.name, ram=4)
    assert f"{large} 9.4 GB of memory, and 4.3 GB are free.\n" in result.stderr
    assert result.exit_code == 0
    assert large in models("pull", NAME, ram=0.001).stderr  # by the size that the hub states
    assert large not in models("pull", NAME, ram=0.001).stderr  # it is here: nobody is asked
    hub.files[NAME.removeprefix("hf:").replace("Q4", "Q5")] = model
    assert large not in models("pull", NAME.replace("Q4", "Q5"), ram=4).stderr


def test_pull_of_any_file_and_its_use(models: Models, home: Path, hub: HubServer, model: bytes) -> None:
    hub.files[NAME.removeprefix("hf:")] = model
    result = models("pull", NAME)
    assert result.stdout == f"{place(home, NAME.removeprefix('hf:'))}\n"
    assert "--model Tiny-Q4_K_M.gguf names topics with it." in result.stderr
    assert models("path", "Tiny-Q4_K_M.gguf").stdout == result.stdout
    assert parts(home) == []


def test_a_repository_shows_its_files(models: Models, home: Path, hub: HubServer, model: bytes) -> None:
    hub.files[NAME.removeprefix("hf:")] = model
    hub.files[f"{REPO}/Tiny-Q8_0.gguf"] = model + bytes(9_000_000)
    result = models("pull", f"hf:{REPO}", ram=0.01)
    assert result.exit_code == 2
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["GB", "file"],
        ["0.00", "Tiny-Q4_K_M.gguf"],
        ["0.01", "Tiny-Q8_0.gguf", "too", "large"],
    ]
    assert result.stderr == (
        f"Error: {REPO} has 2 models: say which (`localtopics models pull hf:{REPO}/FILE.gguf`).\n"
    )
    assert not home.exists()


def test_a_repository_of_one_model_is_that_model(
    models: Models, home: Path, hub: HubServer, model: bytes
) -> None:
    hub.files[NAME.removeprefix("hf:")] = model
    hub.files[f"{REPO}/README.md"] = b"text"
    assert models("pull", f"hf:{REPO}").stdout == f"{place(home, NAME.removeprefix('hf:'))}\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hf:someone/nothing", "The hub has no repository someone/nothing open to you"),
        ("hf:someone/nothing/x.gguf", "The hub has no repository someone/nothing open to you"),
        (f"hf:{REPO}/other.gguf", f"The hub has no file other.gguf in {REPO}"),
        (f"hf:{REPO}/README.md", f"README.md in {REPO} is no GGUF file by its name"),
        (f"hf:{REPO}/fake.gguf", "but it is no GGUF file, so it was removed"),
        ("hf:tiny", "hf:tiny is not spelled as a file of the hub is: hf:OWNER/REPO/FILE.gguf."),
        ("hf:some one/tiny/x.gguf", "'some one/tiny' cannot be the name of a repository"),
        ("phi-5", "There is no model called phi-5; give one of ministral-3-14b-instruct, phi-4,"),
    ],
)
def test_errors_are_one_sentence(
    name: str, says: str, models: Models, home: Path, hub: HubServer, model: bytes
) -> None:
    hub.files |= {f"{REPO}/README.md": b"text", f"{REPO}/fake.gguf": b"no model" * 99}
    result = models("pull", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert [path for path in home.rglob("*") if path.suffix in (".gguf", ".part", ".sha256")] == []


def test_a_gated_repository_is_told_of(models: Models, home: Path, hub: HubServer, model: bytes) -> None:
    hub.files[NAME.removeprefix("hf:")] = model
    hub.gated = True
    result = models("pull", NAME)
    assert (result.exit_code, home.exists()) == (2, False)
    assert f"{REPO} is gated: accept its licence at {hub.url}/{REPO}" in result.stderr
