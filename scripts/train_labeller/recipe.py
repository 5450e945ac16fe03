"""What every stage agrees on: places, sizes, the prompt, the seed."""

from dataclasses import dataclass
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
TOKENIZER = Path(__file__).with_name("tokenizer.model")
MODEL = ROOT / "models" / "localtopics-labeller-41m-q8_0.gguf"
SEED = 20


def added(name: str) -> tuple[Path, Path]:
    """Where a source of one's own leaves its text and its groups."""
    return WORK / f"{name}-text.parquet", WORK / f"{name}-groups.parquet"


SMALLEST = 8
"""Documents of a group in which fidelity is measured."""


@dataclass(frozen=True)
class Shape:
    """The size of the Llama that is trained."""

    layers: int = 8
    width: int = 576
    heads: int = 9
    feed_forward: int = 1536
    vocabulary: int = 16_000
    context: int = 2048
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5


FULL = Shape()
TOY = Shape(layers=2, width=64, heads=2, feed_forward=128)
"""For trying the whole chain on a laptop in minutes; its labels are gibberish."""


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
TEMPLATE = (
    "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}"
    "{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
    "{% else %}{% set turns = messages %}{% set system = '' %}{% endif %}"
    "{% for message in turns %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
"""Llama 2's chat format."""
