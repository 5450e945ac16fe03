"""What llama.cpp does with the broken files that we accept, and with those that we refuse."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from localtopics.gguf import read_info
from tests.gguf.files import edited, tiny_model, without_tensors

PROBE = Path(__file__).with_name("probe.py")


def probe(model: Path, *options: str) -> list[tuple[str, str, str]]:
    """What was done to each mutant of a model, what became of it, and what our check said."""
    process = subprocess.run(
        [sys.executable, PROBE, model, *options], capture_output=True, text=True, check=True, timeout=280
    )
    return [(done, became, said) for done, became, said in map(json.loads, process.stdout.splitlines())]


def assert_no_deaths(outcomes: list[tuple[str, str, str]]) -> Counter[str]:
    assert [(name, became) for name, became, _ in outcomes if became.startswith("died")] == []
    sentences = [said for _, _, said in outcomes if said]
    assert all(
        said.startswith(("The model file FILE ", "There is no ")) and "\n" not in said for said in sentences
    )
    return Counter(became for _, became, _ in outcomes)


def test_llama_cpp_survives_every_mutant_we_accept(tiny: Path) -> None:
    outcomes = probe(tiny, "--every", "5")
    assert len(outcomes) >= 900
    became = assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")
    assert became["ran"] > 50
    assert became["refused"] > 10 * became["failed"]


@pytest.mark.parametrize(
    ("architecture", "tokenizer", "experts"),
    [("llama", "gpt2", 0), ("llama", "llama", 4), ("qwen3", "gpt2", 0), ("gemma3", "llama", 0)],
)
def test_llama_cpp_survives_other_families(
    tmp_path: Path, architecture: str, tokenizer: str, experts: int
) -> None:
    outcomes = probe(tiny_model(tmp_path / "tiny.gguf", architecture, tokenizer, experts), "--every", "23")
    assert len(outcomes) >= 200
    assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")


def test_llama_cpp_survives_mutants_of_a_trained_model(story: Path) -> None:
    outcomes = probe(story, "--every", "31")
    assert len(outcomes) >= 200
    assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")


@pytest.mark.parametrize("tokenizer", ["llama", "gpt2"])
def test_llama_cpp_survives_vocabularies(tmp_path: Path, tokenizer: str) -> None:
    whole = tiny_model(tmp_path / "whole.gguf", "llama", tokenizer)
    model = edited(whole, tmp_path / "vocabulary.gguf", without_tensors)
    outcomes = probe(model, "--every", "11", "--vocabulary")
    assert len(outcomes) >= 150
    assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")


def test_the_check_is_needed_and_the_probe_sees_deaths(tiny: Path) -> None:
    """Without our check llama.cpp dies of some of the same files; the test above could fail."""
    outcomes = probe(tiny, "--every", "41", "--unchecked")
    died = [(name, said) for name, became, said in outcomes if became.startswith("died")]
    assert len(died) >= 3
    assert all(said for _, said in died)


def test_header_layout_of_the_mutants_is_right(tiny: Path, tmp_path: Path) -> None:
    again = edited(tiny, tmp_path / "again.gguf", lambda file: None)
    assert read_info(again).tensors == read_info(tiny).tensors
