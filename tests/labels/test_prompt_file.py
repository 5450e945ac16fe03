"""Prompt files: what replaces the built-in prompt, and what is no prompt."""

from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.labels.prompt import DEFAULT, DEFAULT_PROMPT, read_prompt


def test_the_built_in_prompt_is_a_prompt_file(tmp_path: Path) -> None:
    (tmp_path / "prompt.toml").write_text(DEFAULT_PROMPT)
    assert read_prompt(tmp_path / "prompt.toml") == DEFAULT
    assert DEFAULT.example.strip().endswith(DEFAULT.request.strip().splitlines()[-1])
    for part in (DEFAULT.system, DEFAULT.answer):
        assert "\n" not in part


def test_a_file_may_replace_some_parts(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('request = "[KEYWORDS]\\n[DOCUMENTS]"\nexample = ""\nanswer = ""\n', encoding="utf-8-sig")
    assert read_prompt(path) == replace(
        DEFAULT, request="[KEYWORDS]\n[DOCUMENTS]", example="", answer="", again="", broader=""
    )
    path.write_text('system = ""')
    assert read_prompt(path) == replace(DEFAULT, system=""), "the built-in request has words to ask again by"


def test_a_plain_text_file_is_the_request(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("Name this:\n[DOCUMENTS]\nand [KEYWORDS]")
    assert read_prompt(path) == replace(
        DEFAULT, request="Name this:\n[DOCUMENTS]\nand [KEYWORDS]", again="", broader=""
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"Name this: [KEYWORDS]", r"must hold \[DOCUMENTS\] exactly once"),
        ("a.txt", b"Name this: [DOCUMENTS]", r"must hold \[KEYWORDS\] exactly once"),
        ("a.txt", b"[DOCUMENTS] [KEYWORDS] [KEYWORDS]", "exactly once"),
        ("a.toml", b'again = "[DOCUMENTS] [KEYWORDS]"', r"again must hold \[OTHERS\] exactly once"),
        ("a.txt", b"[DOCUMENTS] [[KEYWORDS]]", r"touch \[KEYWORDS\]"),
        ("a.txt", b"[DOCUMENTS] <[KEYWORDS]>", r"touch \[KEYWORDS\]"),
        ("a.txt", b"[DOCUMENTS] [KEYWORDS]:", r"touch \[KEYWORDS\]"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b"\xff\xfe", "not UTF-8"),
        ("a.toml", b"request = [DOCUMENTS] [KEYWORDS]", "not valid TOML"),
        ("a.toml", b'question = "[DOCUMENTS] [KEYWORDS]"', "may set only system, example, answer, request"),
        ("a.toml", b"system = 3", "each to a text"),
        ("a.toml", b'answer = ""', "both an example and its answer"),
        ("missing.toml", None, "No such file"),
        ("", None, "Is a directory"),
    ],
)
def test_a_bad_prompt_file_is_explained(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_prompt(tmp_path / name)
