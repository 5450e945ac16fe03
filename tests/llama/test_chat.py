"""Dialogs in the chat formats that models were trained on, token by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.llama.chat import Frame, Message, Tokenizer, arrange, chosen_format, follow
from localtopics.llama.engine import Vocabulary
from tests.scripted_gguf import scripted_model

BOS, EOS = 1, 2
INST = [518, 25580, 29962]  # " [" "INST" "]"
END_INST = [518, 29914, 25580, 29962]  # " [" "/" "INST" "]"
SYS = [3532, 14816, 29903, 6778, 13]  # " <<" "SY" "S" ">>" "\n"
END_SYS = [13, 29966, 829, 14816, 29903, 6778, 13, 13]  # "\n" "<" "</" "SY" "S" ">>" "\n" "\n"

SYSTEM = Message("system", "You are a helpful assistant.")
EXAMPLE = [Message("user", "Hi there"), Message("assistant", "Hello!")]
ASKED = Message("user", "Name it: [X]\nNow")

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim + '<end_of_turn>\n' }}{% endfor %}{{ '<start_of_turn>model\n' }}"
)
SILENT_ABOUT_SYSTEM = (
    "{% for m in messages if m.role != 'system' %}{{ m.role | upper + ': ' + m.content + ' ' }}{% endfor %}"
    "ASSISTANT:"
)


@dataclass
class Templated:
    """A vocabulary with another chat template."""

    vocabulary: Vocabulary
    chat_template: str | None
    family: str = "gpt2"
    architecture: str = "llama"
    opens: bool = True
    granularity: int = 1

    @property
    def bos(self) -> int | None:
        return self.vocabulary.bos

    @property
    def eos(self) -> int | None:
        return self.vocabulary.eos

    def encode(self, text: str, *, special: bool) -> list[int]:
        return self.vocabulary.encode(text, special=special)

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        return self.vocabulary.decode(tokens, special=special)

    def piece(self, token: int) -> bytes:
        return self.vocabulary.piece(token)


@pytest.fixture(scope="module")
def llama2(sentencepiece: Path) -> Vocabulary:
    """The vocabulary of a model that is asked in Llama 2's format."""
    return Vocabulary.open(sentencepiece)


@pytest.fixture(scope="module")
def metas(metas_vocabulary: Path) -> Vocabulary:
    return Vocabulary.open(metas_vocabulary)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return Vocabulary.open(scripted_model(tmp_path_factory.mktemp("models") / "small.gguf", {}))


def test_the_system_prompt_opens_as_in_metas_reference(metas: Vocabulary) -> None:
    tokens = Frame([SYSTEM, ASKED], ("[X]",), metas).filled({"[X]": []})
    assert tokens[:13] == (1, 518, 25580, 29962, 3532, 14816, 29903, 6778, 13, 3492, 526, 263, 8444)


def test_two_turns_of_llama_2_token_by_token(metas: Vocabulary) -> None:
    frame = Frame([SYSTEM, *EXAMPLE, ASKED], ("[X]",), metas)
    assert list(frame.filled({"[X]": follow(" foo", metas, special=False)})) == [
        *[BOS, *INST, *SYS, 3492, 526, 263, 8444, 20255, 29889, *END_SYS, 18567, 727, *END_INST],
        *[15043, 29991, 29871, EOS],  # " Hello" "!" " "
        *[BOS, *INST, 4408, 372, 29901, 7953, 13, 10454, *END_INST],  # "Name it:" " foo" "\nNow"
    ]


def test_llama_2_without_system_prompt_or_example(metas: Vocabulary) -> None:
    tokens = Frame([Message("user", "Hi there [X]")], ("[X]",), metas).filled({"[X]": []})
    assert list(tokens) == [BOS, *INST, 6324, 727, *END_INST]


def test_messages_are_stripped_as_in_metas_reference(llama2: Vocabulary) -> None:
    loose = [Message(role, f" \n{content}\n ") for role, content in [SYSTEM, *EXAMPLE, ASKED]]
    assert arrange(loose, llama2) == arrange([SYSTEM, *EXAMPLE, ASKED], llama2)


@pytest.mark.parametrize(
    "template",
    [
        None,
        "{% for m in messages %}{{ '[INST] ' + '<<SYS>>' }}{% endfor %}",
    ],
)
def test_llama_2_is_known_by_its_template_or_its_kind_of_vocabulary(
    small: Vocabulary, template: str | None
) -> None:
    arranged = arrange([SYSTEM, ASKED], Templated(small, template, family="llama"))
    assert arranged.pieces == (
        BOS,
        "[INST] <<SYS>>\nYou are a helpful assistant.\n<</SYS>>\n\nName it: [X]\nNow [/INST]",
    )


def test_another_family_speaks_as_its_own_template_says(small: Vocabulary) -> None:
    arranged = arrange([SYSTEM, *EXAMPLE, ASKED], Templated(small, CHATML))
    assert arranged.pieces == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi there<|im_end|>\n"
        "<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nName it: [X]\nNow<|im_end|>\n"
        "<|im_start|>assistant\n",
    )


@pytest.mark.parametrize(("family", "opened"), [("llama", True), ("gpt2", False)])
def test_bos_opens_where_the_family_expects_it_and_never_twice(
    small: Vocabulary, family: str, opened: bool
) -> None:
    assert (arrange([ASKED], Templated(small, CHATML, family)).pieces[0] == BOS) == opened
    twice = arrange([ASKED], Templated(small, "{{ bos_token }}" + CHATML, family)).pieces
    assert twice[0] == BOS
    assert "<s>" not in str(twice[1])


THOUGHTFUL = "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
"""The end of Qwen3's template."""


@pytest.mark.parametrize("end", [THOUGHTFUL, "<think>\n", "<think>", "{{ '<think>\n\n' }}"])
def test_thinking_is_switched_off(small: Vocabulary, end: str) -> None:
    text = str(arrange([ASKED], Templated(small, CHATML + end)).pieces[-1])
    assert text.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


@pytest.mark.parametrize("template", [NO_SYSTEM, SILENT_ABOUT_SYSTEM])
def test_a_model_without_system_role_hears_it_in_the_first_turn(small: Vocabulary, template: str) -> None:
    text = str(arrange([SYSTEM, *EXAMPLE, ASKED], Templated(small, template)).pieces[-1])
    assert "You are a helpful assistant.\n\nHi there" in text
    assert text.index("helpful") < text.index("Hello!") < text.index("[X]")


def test_marks_without_brackets_are_reported(small: Vocabulary) -> None:
    arranged = arrange([SYSTEM, *EXAMPLE, ASKED], Templated(small, SILENT_ABOUT_SYSTEM))
    assert arranged.marks == ("ASSISTANT:", "USER:")
    assert arrange([SYSTEM, ASKED], Templated(small, CHATML)).marks == ()


def test_templates_may_use_what_transformers_offers(small: Vocabulary) -> None:
    template = (
        "{%- for message in messages -%}{% generation %}{{ message | tojson }}{% endgeneration %}"
        "{% if loop.last %}{% break %}{% endif %}{% endfor %}{{ strftime_now('%Y-%m-%d') }}{{ tools }}"
    )
    text = str(arrange([Message("user", "naïve <b>")], Templated(small, template)).pieces[-1])
    assert '"content": "naïve <b>"' in text
    assert arrange([Message("user", "naïve <b>")], Templated(small, template)).pieces[-1] == text


@pytest.mark.parametrize(
    "template",
    [
        "{% for message in messages %}",
        "{{ nothing.at.all }}",
        "{{ messages[7].content }}",
        "{{ raise_exception('no') }}",
        "{{ 1 / 0 }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "no message",
        "{{ messages[0].content }}",
        "{{ messages[-1].content }}",
        "{{ messages[-1].content | upper }}",
        "{% for message in messages %}{{ message.content }}{{ message.content }}{% endfor %}",
        "",
    ],
)
def test_a_broken_template_is_the_users_to_mend(small: Vocabulary, template: str) -> None:
    with pytest.raises(UserError, match="chat template") as raised:
        Frame([SYSTEM, *EXAMPLE, ASKED], ("[X]",), Templated(small, template))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("architecture", "family"), [("gemma3", "llama"), ("llama", "gpt2"), ("qwen2", "gpt2"), ("llama", "bert")]
)
def test_a_base_model_is_given_a_text_to_continue(small: Vocabulary, architecture: str, family: str) -> None:
    base = Templated(small, None, family, architecture)
    assert arrange([SYSTEM, *EXAMPLE, ASKED], base).pieces == (
        BOS,
        "You are a helpful assistant.\n\nHi there\nAnswer: Hello!\n\nName it: [X]\nNow\nAnswer:",
    )
    assert arrange([ASKED], base).pieces == (BOS, "Name it: [X]\nNow\nAnswer:")
    assert arrange([ASKED], base).marks == ("Answer:",)


def test_a_plain_text_is_opened_only_where_the_model_expects_it(small: Vocabulary) -> None:
    base = Templated(small, None, architecture="qwen2", opens=False)
    assert arrange([ASKED], base).pieces == ("Name it: [X]\nNow\nAnswer:",)


INST_TEMPLATE = "{{ '[INST] <<SYS>>' }}" + CHATML


@pytest.mark.parametrize(
    ("template", "architecture", "family", "chosen"),
    [
        (None, "llama", "llama", "llama-2"),
        (None, "llama", "gpt2", "plain"),
        (None, "gemma3", "llama", "plain"),
        (CHATML, "llama", "llama", "template"),
        (CHATML, "gemma3", "llama", "template"),
        (INST_TEMPLATE, "gemma3", "gpt2", "llama-2"),
    ],
)
def test_the_format_is_the_metadatas_unless_another_is_asked_for(
    small: Vocabulary, template: str | None, architecture: str, family: str, chosen: str
) -> None:
    model = Templated(small, template, family, architecture)
    assert chosen_format(model) == chosen
    assert chosen_format(model, "plain") == "plain"
    assert chosen_format(model, "llama-2") == "llama-2"
    if template is None:
        with pytest.raises(UserError, match="no chat template: choose llama-2 or plain") as refused:
            arrange([ASKED], model, "template")
        assert refused.value.arguments == ("chat_format",)
    else:
        assert "<|im_start|>user\nName it" in str(arrange([ASKED], model, "template").pieces[-1])


def test_a_model_with_a_template_can_be_asked_in_another_format(small: Vocabulary) -> None:
    model = Templated(small, CHATML)
    assert arrange([ASKED], model, "plain") == arrange([ASKED], Templated(small, None), "plain")
    assert arrange([ASKED], model, "llama-2").pieces == (BOS, "[INST] Name it: [X]\nNow [/INST]")


def test_special_tokens_are_read_in_the_template_alone(small: Vocabulary) -> None:
    template = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"
    tokenizer: Tokenizer = Templated(small, template)
    tokens = Frame([ASKED], ("[X]",), tokenizer).filled({"[X]": follow(" </s>", tokenizer, special=False)})
    assert (tokens[0], tokens[-1]) == (BOS, EOS)
    assert BOS not in tokens[1:]
    assert EOS not in tokens[:-1]


@pytest.mark.parametrize(
    "text", ["foo", " foo", "\nfoo", "\n\n- foo", "[/INST]", " [/INST]", "'s", "日本", ". "]
)
def test_what_follows_gets_no_space_of_its_own(llama2: Vocabulary, small: Vocabulary, text: str) -> None:
    for vocabulary in (llama2, small):
        pieces = b"".join(map(vocabulary.piece, follow(text, vocabulary, special=False)))
        assert pieces.decode() == text
