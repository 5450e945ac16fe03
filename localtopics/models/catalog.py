"""The chat models that go by a short name: where the hub has them, and what their cards say.

Those under an open licence, Apache 2.0 or MIT, stand first, the large before the small and the new before
the old of a size. Their SHA-256 is the hub's own, asked for at the download; where one is written here too, a
file that was put in place by hand is checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from localtopics.models.download import HubFile


@dataclass(frozen=True)
class KnownModel:
    """A model that goes by a short name."""

    name: str
    file: HubFile
    """Where the hub has it."""
    bytes: int
    """Its size; where no SHA-256 is written here, as the model's page states it, to a hundredth of a GB."""
    parameters: int
    """The number of weights, as its card states it."""
    context_length: int
    """Tokens of the longest text that it was trained for."""
    layers: int
    kv_heads: int
    head_length: int
    """The width of a head's keys, and of its values."""
    licence: str
    """The licence's short name, such as "Apache 2.0"."""
    terms: str = ""
    """What the licence wants a person to read before the download."""
    sha256: str | None = None
    """In hexadecimal digits; None: the hub states it at the download."""

    @property
    def is_open(self) -> bool:
        """Whether its licence is one for open software."""
        return self.licence in OPEN_LICENCES

    @property
    def key_length(self) -> int:
        """The width of one head's keys."""
        return self.head_length

    @property
    def value_length(self) -> int:
        """The width of one head's values."""
        return self.head_length


OPEN_LICENCES = ("Apache 2.0", "MIT")
DEFAULT_MODEL = "llama-2-13b-chat"

_LLAMA_2 = (
    "Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta Platforms, Inc. All Rights "
    "Reserved. Who downloads it accepts https://ai.meta.com/llama/license and the use policy at "
    "https://ai.meta.com/llama/use-policy."
)

KNOWN_MODELS = (
    KnownModel(
        name="ministral-3-14b-instruct",
        file=HubFile(
            "mistralai/Ministral-3-14B-Instruct-2512-GGUF", "Ministral-3-14B-Instruct-2512-Q4_K_M.gguf"
        ),
        bytes=8_239_593_024,
        parameters=13_500_000_000,
        context_length=262_144,
        layers=40,
        kv_heads=8,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="phi-4",
        file=HubFile("microsoft/phi-4-gguf", "phi-4-q4.gguf"),
        bytes=9_050_000_000,
        parameters=14_700_000_000,
        context_length=16_384,
        layers=40,
        kv_heads=10,
        head_length=128,
        licence="MIT",
    ),
    KnownModel(
        name="qwen2.5-14b-instruct",
        file=HubFile("bartowski/Qwen2.5-14B-Instruct-GGUF", "Qwen2.5-14B-Instruct-Q4_K_M.gguf"),
        bytes=8_990_000_000,
        parameters=14_800_000_000,
        context_length=32_768,
        layers=48,
        kv_heads=8,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="granite-4.1-8b",
        file=HubFile("ibm-granite/granite-4.1-8b-GGUF", "granite-4.1-8b-Q4_K_M.gguf"),
        bytes=5_347_914_400,
        parameters=8_000_000_000,
        context_length=131_072,
        layers=40,
        kv_heads=8,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="ministral-3-8b-instruct",
        file=HubFile(
            "mistralai/Ministral-3-8B-Instruct-2512-GGUF", "Ministral-3-8B-Instruct-2512-Q4_K_M.gguf"
        ),
        bytes=5_198_911_904,
        parameters=8_500_000_000,
        context_length=262_144,
        layers=34,
        kv_heads=8,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="qwen2.5-7b-instruct",
        file=HubFile("bartowski/Qwen2.5-7B-Instruct-GGUF", "Qwen2.5-7B-Instruct-Q4_K_M.gguf"),
        bytes=4_680_000_000,
        parameters=7_600_000_000,
        context_length=32_768,
        layers=28,
        kv_heads=4,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="qwen3-4b-instruct-2507",
        file=HubFile("unsloth/Qwen3-4B-Instruct-2507-GGUF", "Qwen3-4B-Instruct-2507-Q4_K_M.gguf"),
        bytes=2_500_000_000,
        parameters=4_000_000_000,
        context_length=262_144,
        layers=36,
        kv_heads=8,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="ministral-3-3b-instruct",
        file=HubFile(
            "mistralai/Ministral-3-3B-Instruct-2512-GGUF", "Ministral-3-3B-Instruct-2512-Q4_K_M.gguf"
        ),
        bytes=2_147_023_008,
        parameters=3_400_000_000,
        context_length=262_144,
        layers=26,
        kv_heads=8,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="granite-4.0-micro",
        file=HubFile("ibm-granite/granite-4.0-micro-GGUF", "granite-4.0-micro-Q4_K_M.gguf"),
        bytes=2_099_502_528,
        parameters=3_000_000_000,
        context_length=131_072,
        layers=40,
        kv_heads=8,
        head_length=64,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="smollm2-1.7b-instruct",
        file=HubFile("HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF", "smollm2-1.7b-instruct-q4_k_m.gguf"),
        bytes=1_060_000_000,
        parameters=1_700_000_000,
        context_length=8_192,
        layers=24,
        kv_heads=32,
        head_length=64,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="qwen2.5-1.5b-instruct",
        file=HubFile("bartowski/Qwen2.5-1.5B-Instruct-GGUF", "Qwen2.5-1.5B-Instruct-Q4_K_M.gguf"),
        bytes=986_000_000,
        parameters=1_540_000_000,
        context_length=32_768,
        layers=28,
        kv_heads=2,
        head_length=128,
        licence="Apache 2.0",
    ),
    KnownModel(
        name="llama-2-13b-chat",
        file=HubFile("TheBloke/Llama-2-13B-chat-GGUF", "llama-2-13b-chat.Q4_K_M.gguf"),
        bytes=7_865_956_224,
        parameters=13_000_000_000,
        context_length=4_096,
        layers=40,
        kv_heads=40,
        head_length=128,
        licence="Llama 2",
        terms=_LLAMA_2,
        sha256="7ddfe27f61bf994542c22aca213c46ecbd8a624cca74abff02a7b5a8c18f787f",
    ),
    KnownModel(
        name="llama-2-7b-chat",
        file=HubFile("TheBloke/Llama-2-7B-Chat-GGUF", "llama-2-7b-chat.Q4_K_M.gguf"),
        bytes=4_081_004_224,
        parameters=6_700_000_000,
        context_length=4_096,
        layers=32,
        kv_heads=32,
        head_length=128,
        licence="Llama 2",
        terms=_LLAMA_2,
        sha256="08a5566d61d7cb6b420c3e4387a39e0078e1f2fe5f055f3a03887385304d4bfa",
    ),
)
