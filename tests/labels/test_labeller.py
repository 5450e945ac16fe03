"""The labeller that comes with localtopics: the file, its tokenizer, its prompts, its labels."""

import sys
from email import message_from_string
from importlib import import_module
from pathlib import Path
from types import ModuleType

import jinja2
import pytest
from tokenizers import Tokenizer

from localtopics.gguf import ModelInfo, read_info
from localtopics.labels.representation import LlamaLabels
from localtopics.llama.engine import Vocabulary
from localtopics.topics.topic import Topic
from tests.varied import varied

ROOT = Path(__file__).resolve().parents[2]
TRAINING = ROOT / "scripts" / "train_labeller"
TOKENIZER = TRAINING / "tokenizer.json"


@pytest.fixture(scope="module")
def path() -> Path:
    (found,) = (ROOT / "models").glob("localtopics-labeller-*.gguf")
    return found


@pytest.fixture(scope="module")
def card(path: Path) -> ModelInfo:
    return read_info(path)


@pytest.fixture(scope="module")
def vocabulary(path: Path) -> Vocabulary:
    return Vocabulary.open(path)


def test_the_file_is_small_and_takes_long_prompts(card: ModelInfo) -> None:
    assert card.file_bytes <= 95_000_000
    assert card.architecture == "qwen2"
    assert card.context_length == 2048
    assert card.quantization == "Q5_0"


def test_llama_cpp_tokenises_as_the_tokenizer_of_the_training_does(vocabulary: Vocabulary) -> None:
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.encode_special_tokens = True
    strings = varied(1000)
    differing = [
        text
        for text in strings
        if vocabulary.encode(text, special=False) != tokenizer.encode(text, add_special_tokens=False).ids
    ]
    assert len(set(strings)) > 950
    assert differing == []


def test_the_metadata_say_how_it_was_trained_to_be_asked(card: ModelInfo) -> None:
    prompt = {key.rpartition(".")[2]: value for key, value in card.metadata.items() if ".prompt." in key}
    assert "[DOCUMENTS]" in str(prompt["request"])
    assert prompt["documents"] == 5
    assert prompt["characters"] == 240
    assert prompt["candidates"] == 16


def test_the_chat_template_is_chatml(card: ModelInfo) -> None:
    assert card.chat_template is not None
    messages = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    told = jinja2.Template(card.chat_template).render(messages=messages, add_generation_prompt=True)
    turns = "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n"
    assert told == turns + "<|im_start|>assistant\n"


def test_the_licence_of_the_model_that_it_is_cut_from_lies_beside_it(path: Path, card: ModelInfo) -> None:
    assert card.metadata["general.license"] == "apache-2.0"
    licence = path.with_name("LICENSE-APACHE-2.0").read_text(encoding="utf-8")
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in licence
    assert "Qwen2.5-Coder-0.5B-Instruct" in path.with_name("README.md").read_text(encoding="utf-8")


TOPICS = {
    "cluster": [
        "We propose a variant of k-means that chooses the number of clusters by itself.",
        "Spectral clustering of graphs: how many eigenvectors are needed?",
        "A fast algorithm for hierarchical clustering of large data sets.",
        "Density-based clustering finds groups of any shape and marks noise.",
        "On the stability of clustering solutions under resampling.",
    ],
    "quantum": [
        "We study error correcting codes for noisy quantum computers.",
        "A quantum algorithm for linear systems of equations.",
        "Entanglement distillation with few qubits and local operations.",
        "Superconducting qubits reach gate fidelities above the threshold.",
        "Surface codes allow fault-tolerant quantum computation.",
    ],
    "exchange": [
        "A floating exchange rate is set by the market for foreign currency.",
        "Central banks intervene when the exchange rate of their currency falls.",
        "A stronger currency makes exports dearer and imports cheaper.",
        "Under a hard peg the central bank fixes the exchange rate.",
        "Purchasing power parity compares exchange rates and prices between countries.",
    ],
}
KEYWORDS = {
    "cluster": ("clustering", "clusters", "means", "spectral", "density"),
    "quantum": ("quantum", "qubits", "codes", "entanglement", "error"),
    "exchange": ("exchange", "currency", "rate", "central", "peg"),
}


def test_it_names_topics(path: Path) -> None:
    topics = [
        Topic(number, 50, KEYWORDS[word], (), (), tuple(documents))
        for number, (word, documents) in enumerate(TOPICS.items())
    ]
    with LlamaLabels(model=path) as namer:
        labels = {label.topic: label for label in namer.label(topics)}
    for number, word in enumerate(TOPICS):
        assert word in labels[number].text.lower(), labels[number]
        assert not labels[number].fallback
        assert len(labels[number].candidates) == 16


@pytest.fixture
def manuals(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that reads manuals for the training."""
    monkeypatch.syspath_prepend(str(TRAINING))
    for name in ("archives", "data", "headings", "recipe", "manuals"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return import_module("manuals")


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("Working with time zones", "Time Zones"),
        ("3.1. Window functions", "Window Functions"),
        ("The :class:`Session` API reference", "Session"),
        ("Examples", None),
        ("What you should know", None),
        ("Returns the sum of two arrays", None),
        ("Changed in version 1.2", None),
    ],
)
def test_a_manuals_title_teaches_only_if_it_names_something(
    manuals: ModuleType, title: str, heading: str | None
) -> None:
    assert manuals.heading(title) == heading


def test_a_page_falls_into_sections_with_the_objects_that_they_list(manuals: ModuleType) -> None:
    page = (
        "Signals\n=======\n\nAll about them.\n\nWindows\n-------\n\n.. currentmodule:: scipy.signal\n\n"
        ".. autosummary::\n   :toctree:\n\n   hann\n   ~windows.tukey\n\n"
        "Filters\n-------\n.. autofunction:: lfilter(b)\n"
    )
    found = manuals.sections(page, markdown=False)
    assert [(part.level, part.title) for part in found] == [
        (0, ""),
        (1, "Signals"),
        (2, "Windows"),
        (2, "Filters"),
    ]
    assert found[2].names == ["scipy.signal.hann", "scipy.signal.windows.tukey"]
    assert found[3].names == ["scipy.signal.lfilter"]
    found = manuals.sections("# Signals\n```\n# no heading\n```\n## [Windows](w.md)\ntext\n", markdown=True)
    assert [(part.level, part.title) for part in found] == [(0, ""), (1, "Signals"), (2, "[Windows](w.md)")]


@pytest.mark.parametrize(
    ("fields", "free"),
    [
        ("License-Expression: BSD-3-Clause", True),
        ("License: MIT License", True),
        ("Classifier: License :: OSI Approved :: Apache Software License", True),
        ("License: MIT OR GPL-3.0", False),
        ("License: LGPL", False),
        ("Summary: MIT was here", False),
    ],
)
def test_only_packages_under_a_free_licence_teach(manuals: ModuleType, fields: str, free: bool) -> None:
    assert manuals.is_free(message_from_string(f"Name: x\n{fields}\n\n")) is free
