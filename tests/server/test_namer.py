"""Topics named by a model behind a real server, and by the same model here."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from click.testing import CliRunner

from localtopics.cli.main import cli
from localtopics.errors import UserError
from localtopics.labels.label import Label
from localtopics.labels.namer import Namer
from localtopics.labels.settings import LabelSettings
from localtopics.run.trust import trusted_labels
from tests.labels.namers import USABLE, names, topic
from tests.scripted_gguf import scripted_model
from tests.server.servers import Reply, llama_server, said, scripted

Served = tuple[str, "Popen[bytes]"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scripted_model(tmp_path_factory.mktemp("model") / "scripted.gguf", USABLE)


@pytest.fixture(scope="module")
def served(model: Path) -> Iterator[Served]:
    with llama_server(model) as served:
        yield served


def texts(labels: dict[int, Label]) -> dict[int, tuple[str, list[str]]]:
    return {number: (one.text, [each.text for each in one.candidates]) for number, one in labels.items()}


def test_a_real_server_names_topics_as_its_model_does_here(served: Served, model: Path) -> None:
    url, _ = served
    few = LabelSettings(candidates=2)
    with Namer(url, few) as namer:
        namer.check()
        labels = names(namer)
        assert namer.model_record is not None
        assert (namer.model_record["name"], namer.model_record["server"]) == ("tiny", url)
    assert texts(labels) == texts(names(Namer(model, few)))
    assert labels[0].text == "Urban buses"
    copy = pickle.loads(pickle.dumps(namer))
    assert names(copy, labels) == {}  # none is asked for again


def test_ask_and_prompt_know_servers(served: Served) -> None:
    url, _ = served
    found = CliRunner().invoke(cli, ["ask", "What is this?", "--model", url])
    assert (found.exit_code, found.stdout) == (0, "Urban buses\n")
    text, tokens = Namer(url).prompt_of(topic(1))
    assert text.startswith("<|system|>You are a careful librarian")
    assert text.endswith("<|assistant|>")
    assert 300 < tokens < 500  # of four bytes each


def _gather(labels: Iterator[Label], named: dict[int, Label]) -> None:
    for label in labels:
        named[label.topic] = label


def test_a_server_that_dies_leaves_what_was_named(model: Path) -> None:
    many = [topic(number) for number in range(12)]
    with llama_server(model) as (url, process):
        port = int(url.split(":")[2].partition("/")[0])
        with Namer(url) as namer:
            labels = namer.label(many)
            named = {label.topic: label for label in [next(labels)]}
            process.kill()
            with pytest.raises(UserError, match=r"No server answers|broke off"):
                _gather(labels, named)
    assert 0 < len(named) < 12
    with llama_server(model, port=port) as (again, _), Namer(again) as namer:
        assert again == url
        first = [one for one in namer.label(many, named) if not one.again_sha256]
    assert {one.topic for one in first} == set(range(12)) - named.keys()


def test_which_of_a_servers_models() -> None:
    two = (200, '{"data": [{"id": "small"}, {"id": "org/large:7b", "meta": {"size": 7}}]}')
    with scripted(lambda body: said(f"Buses of {body['model'][:5]}"), models=two) as script:
        with pytest.raises(UserError, match=r"several models; write one .*#: small, org/large:7b\.$"):
            Namer(script.url).check()
        with pytest.raises(UserError, match="no model smal"):
            Namer(f"{script.url}#smal").check()
        labels = names(Namer(f"{script.url}#small", LabelSettings(candidates=1)))
        assert labels[1].text == "Buses of small"
        large = Namer(f"{script.url}#org/large:7b")
        assert large.model_record != Namer(f"{script.url}#small").model_record
        changed = names(Namer(f"{script.url}#org/large:7b", LabelSettings(candidates=1)), labels)
        assert changed[1].text == "Buses of org/l"


def test_a_server_elsewhere_must_be_allowed(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is sent"):
        Namer("http://192.0.2.1:8080/v1")
    namer = Namer("http://192.0.2.1:8080/v1#m", LabelSettings(allow_remote=True))
    assert namer._model is not None
    namer._model.__dict__["info"] = {"id": "m"}
    namer.check()
    assert "Texts of documents go to 192.0.2.1, another machine" in caplog.text
    recorded = LabelSettings(model="http://127.0.0.1:1/v1")
    with pytest.raises(UserError, match="names the server"):
        trusted_labels(tmp_path, recorded)


def test_a_server_formats_chats_by_itself() -> None:
    with pytest.raises(UserError, match="chat format by itself"):
        Namer("http://127.0.0.1:1/v1", LabelSettings(chat_format="llama-2"))


def test_an_answer_of_no_use_is_asked_for_again() -> None:
    seen: list[Any] = []

    def answer(body: dict[str, Any]) -> Reply:
        seen.append(body["messages"])
        return said("Here it is:" if len(seen) <= 1 else "Urban buses")

    with scripted(answer) as script:
        labels = names(Namer(script.url, LabelSettings(candidates=1)))
    assert {labels[number].text for number in range(4)} == {"Urban buses"}
    assert all(messages[-1]["role"] == "user" for messages in seen)


def test_thoughts_belong_to_what_decides_an_answer() -> None:
    with scripted(lambda body: said("Buses")) as script:
        first = names(Namer(script.url, LabelSettings(candidates=1)))
        second = names(Namer(script.url, LabelSettings(candidates=1, thinking=500)))
    assert first[1].prompt_sha256 != second[1].prompt_sha256
    assert {body["max_tokens"] for body in script.bodies} == {32, 532}
