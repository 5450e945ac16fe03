"""What a person sees of the commands that no other test gives: models, doctor, ask, prompt, demo."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from localtopics.labels.prompt import DEFAULT_PROMPT
from localtopics.run.run import Run
from tests.end_to_end.conftest import Command
from tests.gguf.files import tiny_model
from tests.models.hub_server import HubServer

BUNDLED = "localtopics-labeller-129m-q5_0"
NAME = "someone/tiny-GGUF/tiny.Q8_0.gguf"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf").read_bytes()


@pytest.fixture(scope="module")
def hub(served: bytes) -> Iterator[HubServer]:
    with HubServer({NAME: served}) as server:
        yield server


@pytest.fixture(scope="module")
def online(hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user with an empty home for models, to whom the hub answers."""
    home = tmp_path_factory.mktemp("models")
    return {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "LOCALTOPICS_HOME": str(home)}


def test_models_pull_then_path_list_and_verify(
    localtopics: Command, served: bytes, online: dict[str, str]
) -> None:
    pulled = localtopics("models", "pull", NAME, **online)
    assert pulled.returncode == 0, pulled.stderr
    path = Path(pulled.stdout.strip())
    assert path.read_bytes() == served
    assert path.is_relative_to(online["LOCALTOPICS_HOME"])
    assert f"The licence of {NAME} is at {online['HF_ENDPOINT']}/someone/tiny-GGUF" in pulled.stderr
    found = localtopics("models", "path", NAME, **online)
    assert (found.stdout.strip(), found.stderr, found.returncode) == (str(path), "", 0)
    listed = localtopics("models", "list", **online)
    assert listed.returncode == 0, listed.stderr
    lines = [line.rstrip() for line in listed.stdout.splitlines()]
    assert {f"  {NAME}", f"    {path}", f"* {BUNDLED}"} <= set(lines)
    assert any(line.startswith("  llama-2-13b-chat          7.87") for line in lines)
    assert "* names topics where no --model is given." in listed.stdout
    verified = localtopics("models", "verify", NAME, **online)
    assert verified.stdout == f"{hashlib.sha256(served).hexdigest()}  {path}\n"
    assert "The SHA-256 is that of the record of its download." in verified.stderr
    path.write_bytes(served[:-1] + b"x")
    damaged = localtopics("models", "verify", NAME, **online)
    assert damaged.returncode == 2
    assert "is damaged: its SHA-256 is" in damaged.stderr


def test_models_pull_of_what_is_not_there(localtopics: Command, online: dict[str, str]) -> None:
    missing = localtopics("models", "pull", "someone/tiny-GGUF/other.gguf", **online)
    assert missing.returncode == 2
    assert "Error: " in missing.stderr
    assert "Traceback" not in missing.stderr
    assert missing.stdout == ""


def test_models_path_names_the_bundled_one_first(localtopics: Command) -> None:
    path = localtopics("models", "path")
    assert Path(path.stdout.strip()).name == f"{BUNDLED}.gguf"
    verified = localtopics("models", "verify", path.stdout.strip())
    assert verified.stdout.split()[1] == path.stdout.strip()
    assert "Nobody states its SHA-256; the header is sound and the file whole." in verified.stderr


def test_doctor_shows_the_machine_and_the_plan(localtopics: Command) -> None:
    done = localtopics("doctor", "--gpu-layers", 0, "--threads", 1)
    assert done.returncode == 0, done.stderr
    facts = dict(re.findall(r"^(\S+(?: \S+)*?) {2,}(.+)$", done.stdout, re.MULTILINE))
    assert {"processor", "features", "memory", "GPU", "llama.cpp", "PyTorch", "model"} <= set(facts)
    assert re.fullmatch(r"localtopics labeller \(Q5_0, 0\.13 billion parameters\)", facts["plan for"])
    assert facts["layers"] == "all in memory"
    assert re.search(r"[\d,]+ cells of \w+, [\d,]+ tokens at once", facts["KV cache"])
    for name in ("reads", "writes"):
        assert re.match(r"[\d,]+ tokens a second", facts[name])
    assert float(facts["a topic"].removesuffix(" seconds")) > 0


def test_doctor_as_json(localtopics: Command) -> None:
    done = localtopics("doctor", "--gpu-layers", 0, "--threads", 1, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["system"]["threads"] >= 1
    assert Path(found["models"][0]["path"]).suffix == ".gguf"
    assert found["plan"]["layers"] == 0
    assert found["speed"]["seconds_per_prompt"] > 0


def test_ask_streams_the_models_answer(localtopics: Command) -> None:
    question = "Sourdough bread rises overnight. The baker kneads rye dough and bakes it in a stone oven."
    done = localtopics("ask", question, "--max-tokens", 12)
    assert done.returncode == 0, done.stderr
    assert 0 < len(done.stdout.split()) <= 12
    assert done.stdout.endswith("\n")
    none = localtopics("ask", question, "--model", "none")
    assert none.returncode == 2
    assert "There is no language model here" in none.stderr


def test_prompt_shows_what_the_model_is_shown(localtopics: Command, made_by_0_1_0: Run) -> None:
    shown = localtopics("prompt", made_by_0_1_0.folder, "--topic", 1, "--documents", 2)
    assert shown.returncode == 0, shown.stderr
    topic = made_by_0_1_0[1]
    assert topic.representative[0].split(".")[0] in shown.stdout
    assert topic.representative[2].split(".")[0] not in shown.stdout
    assert ", ".join(topic.keywords[:3]) in shown.stdout
    assert (tokens := re.fullmatch(r"\n(\d+) tokens\n", shown.stderr))
    assert int(tokens[1]) > 20
    assert localtopics("prompt").stdout == DEFAULT_PROMPT


def test_demo_does_the_whole_job(localtopics: Command, tmp_path: Path) -> None:
    arguments = ("demo", "--limit", 100, "--min-cluster-size", 5, "--candidates", 1)
    done = localtopics(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"100 docstrings\b.*the rest (takes )?about \d+ (second|minute)", done.stderr)
    run = Run.open(tmp_path / "demo.topics")
    assert len(run.documents) == 100
    for topic in run.topics:
        assert re.search(rf"^ *{topic.topic} +\d+ ", done.stdout, re.MULTILINE), topic
    found = sum(topic.topic >= 0 for topic in run.topics)
    assert f"{found} topics in 100 documents" in done.stdout
    assert done.stdout.endswith("demo.topics/map.html\ndemo.topics/map.png\ndemo.topics/topics.csv\n")
    assert json.loads((tmp_path / "demo.topics" / "run.json").read_text())["label_model"]["name"]
