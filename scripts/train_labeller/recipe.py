"""What every stage agrees on: places, sizes, the prompt, the seed."""

from dataclasses import dataclass, replace
from pathlib import Path

from localtopics.labels.prompt import PromptText

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "labeller"
"""The three parquet files that the README describes."""
WORK = ROOT / "build" / "labeller"
"""Where the stages leave their results for each other."""
TEXT, GROUPS, DEVELOPMENT = (WORK / f"{name}.parquet" for name in ("text", "groups", "development"))
ADDED = ("manual", "dictionary", "factbook", "industry")
"""Sources of one's own that stage 1 joins to the shared data."""
EVERYDAY = (
    "awesome_list",
    "dictionary",
    "dictionary_field",
    "dictionary_names",
    "factbook",
    "industry",
    "openstax_chapter",
    "openstax_module",
    "openstax_section",
    "word_list",
)
"""Sources of everyday English under headings that people wrote."""
EVERYDAY_DEVELOPMENT = WORK / "everyday.parquet"
"""Some of their development groups, the same number of each, to be read by eye."""
CLUSTERS = WORK / "clusters.parquet"
TOKENIZER = Path(__file__).with_name("tokenizer.json")
WHOLE = WORK / "whole.gguf"
"""The whole model that the labeller is cut from and learns from, with the labeller's vocabulary."""
MODEL = ROOT / "models" / "localtopics-labeller-129m-q5_0.gguf"
SEED = 20


def added(name: str) -> tuple[Path, Path]:
    """Where a source of one's own leaves its text and its groups."""
    return WORK / f"{name}-text.parquet", WORK / f"{name}-groups.parquet"


SMALLEST = 8
"""Documents of a group in which fidelity is measured."""


@dataclass(frozen=True)
class Shape:
    """The size of a Qwen2; as it stands here, of the labeller."""

    layers: int = 12
    width: int = 896
    heads: int = 14
    kv_heads: int = 2
    feed_forward: int = 2432
    vocabulary: int = 32_000
    context: int = 2048
    rope_base: float = 1e6
    norm_epsilon: float = 1e-6


TOY_WHOLE = Shape(layers=4, width=64, heads=4, kv_heads=2, feed_forward=128)
TOY = replace(TOY_WHOLE, layers=2, feed_forward=64)
"""For trying the whole chain on a laptop in minutes; its labels are gibberish."""


def results(toy: bool) -> Path:
    """The folder of the models that the stages leave for each other."""
    return WORK / "toy" if toy else WORK


@dataclass(frozen=True)
class PromptSettings:
    """How `LlamaLabels` is to ask this model; the export writes it into the metadata."""

    documents: int = 5
    characters: int = 240
    document_tokens: int = 100
    keywords: int = 10
    candidates: int = 16
    phrases: int = 32
    temperature: float = 1.1
    top_p: float = 0.97


SETTINGS = PromptSettings()
PROMPT = PromptText(system="", example="", answer="", request="Documents:\n[DOCUMENTS]\nKeywords: [KEYWORDS]")
OPEN, END, CLOSE = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
"""What opens a turn, what ends it, what ends a text."""
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""ChatML, which the whole model knows, without its long system prompt."""
