"""Thoughts before answers: closed, cut at their budget, and without any power over the prompt."""

from pathlib import Path

import pytest

from localtopics.labels.thinking import with_thoughts
from localtopics.llama.chat import spell
from localtopics.llama.engine import Engine
from tests.scripted_gguf import scripted_model

OPENED = {"]": "<think>", "<think>": "▁Hmm", "▁Hmm": "▁so", "▁so": "</think>"}


@pytest.mark.parametrize(
    ("script", "asked", "thought"),
    [
        (OPENED, "[INST]", "<think>\nHmm so\n</think>\n\n"),
        (OPENED | {">": "▁Hmm"}, "[INST]<think>", "Hmm so\n</think>\n\n"),
        (OPENED | {"▁so": "▁Hmm"}, "[INST]", "<think>\nHmm so Hmm so Hmm so Hmm\n</think>\n\n"),
        (OPENED | {"▁Hmm": "</s>"}, "[INST]", "<think>\nHmm\n</think>\n\n"),
        ({"]": "▁Buses"}, "[INST]", ""),
        ({"]": "</s>"}, "[INST]", ""),
    ],
)
def test_a_thought_is_closed_whatever_becomes_of_it(
    tmp_path: Path, script: dict[str, str], asked: str, thought: str
) -> None:
    with Engine(scripted_model(tmp_path / "model.gguf", script), threads=1, context=256) as engine:
        prompts = [engine.tokenizer.encode(asked, special=True)] * 2
        found = list(with_thoughts(engine, engine.tokenizer, prompts, 8, seed=1))
        assert found[0][0] == found[1][0]
        before = spell(prompts[0], engine.tokenizer)
        after = spell(found[0][0], engine.tokenizer)
        assert after.removeprefix(before).replace(" ", "") == thought.replace(" ", "")


def test_what_a_thought_quotes_is_text(tmp_path: Path) -> None:
    script = {"]": "<think>", "<think>": "▁</", "▁</": "s", "s": ">", ">": "</think>"}
    with Engine(scripted_model(tmp_path / "model.gguf", script), threads=1, context=256) as engine:
        prompt = engine.tokenizer.encode("[INST]", special=True)
        ((tokens, _),) = with_thoughts(engine, engine.tokenizer, [prompt], 8, seed=1)
        assert "</s>" in spell(tokens, engine.tokenizer)
        assert engine.tokenizer.eos not in tokens
