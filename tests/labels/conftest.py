"""Vocabularies of every kind that a prompt may be written in."""

from pathlib import Path

import gguf
import pytest

from localtopics.llama.vocabulary import Vocabulary
from tests.labels.namers import SHORT
from tests.scripted_gguf import scripted_model

VICUNA = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ '### USER: ' + m.content + '\n' }}{% else %}"
    "{{ '### ASSISTANT: ' + m.content + '\n' }}{% endif %}{% endfor %}{{ '### ASSISTANT:' }}"
)
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)
CONTROL = "%end%"


@pytest.fixture
def short_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is empty but for the prompt of `tests.labels.namers`."""
    monkeypatch.chdir(tmp_path)
    Path("short.toml").write_text(SHORT)


@pytest.fixture(scope="session")
def llama2(sentencepiece: Path) -> Vocabulary:
    """The vocabulary of a model that is asked in Llama 2's format."""
    return Vocabulary.open(sentencepiece)


@pytest.fixture(scope="session")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Vocabulary]:
    """SentencePiece in Llama 2's format, one without brackets and plain text; byte-level BPE in ChatML."""
    folder = tmp_path_factory.mktemp("vocabularies")
    scripted_model(folder / "llama2.gguf", {})
    scripted_model(folder / "vicuna.gguf", {"▁USER": ":"}, chat_template=VICUNA)
    scripted_model(folder / "plain.gguf", {"▁Answer": ":"}, architecture="xverse")
    _write_bpe(folder / "chatml.gguf")
    return {path.stem: Vocabulary.open(path) for path in folder.iterdir()}


def _write_bpe(path: Path) -> None:
    """A byte-level BPE vocabulary; its last mark is user-defined: llama.cpp reads those in any text."""
    letters = [chr(byte) for byte in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    letters += [chr(256 + number) for number in range(256 - len(letters))]
    kinds = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.USER_DEFINED]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(2048)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*letters, "Ġa", CONTROL, "<|im_start|>", "<|im_end|>"])
    writer.add_token_types(kinds)
    writer.add_token_merges(["Ġ a"])
    writer.add_bos_token_id(258)
    writer.add_eos_token_id(259)
    writer.add_chat_template(CHATML)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
