"""What llama.cpp asserts about a model, asked of the header first, where the answer may be no.

Found in llama.cpp's sources (``llama-model.cpp``, ``llama-vocab.cpp``, ``models/*.cpp``) and by feeding it
thousands of broken files (``tests/gguf/probe.py``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from localtopics.gguf.header import Header, MalformedError, TensorInfo, UnsuitableError

_MOST_LAYERS = 512  # LLAMA_MAX_LAYERS
_MOST_EXPERTS = 1024  # LLAMA_MAX_EXPERTS

# Encoders, diffusion models, speech and vision parts, drafts for speculative decoding: llama.cpp knows them,
# and none of them answers a chat prompt token by token.
# fmt: off
_NO_CHAT = {
    "clip", "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
    "eurobert", "gemma-embedding", "llama-embed", "t5", "t5encoder", "wavtokenizer-dec", "pockettts",
    "qwen3tts", "dream", "llada", "llada-moe", "rnd1", "gemma4-assistant", "eagle3", "dflash",
}
# fmt: on
# Others throw through llama.cpp's C interface, which ends the process, on a character that they cannot spell.
_TOKENIZERS = ("llama", "gpt2", "gemma4")

# Architectures with ordinary attention, whose tensors go by the same names and shapes.
# fmt: off
_ORDINARY = {
    "llama", "mistral3", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3", "granite", "smollm3", "olmo2",
    "starcoder2", "internlm2",
}
# fmt: on

# The types of keys that any model may have; {} is the architecture.
_KINDS = {
    "general.name": "string",
    "general.type": "string",
    "general.file_type": "uint32",
    "tokenizer.chat_template": "string",
    "tokenizer.ggml.model": "string",
    "tokenizer.ggml.pre": "string",
    "tokenizer.ggml.tokens": "string[]",
    "tokenizer.ggml.merges": "string[]",
    "tokenizer.ggml.token_type": "int32[]",
    "tokenizer.ggml.bos_token_id": "uint32",
    "tokenizer.ggml.eos_token_id": "uint32",
    "tokenizer.ggml.eot_token_id": "uint32",
    "tokenizer.ggml.unknown_token_id": "uint32",
    "tokenizer.ggml.padding_token_id": "uint32",
    "tokenizer.ggml.add_bos_token": "bool",
    "tokenizer.ggml.add_eos_token": "bool",
    "tokenizer.ggml.add_space_prefix": "bool",
    "{}.vocab_size": "uint32",
    "{}.attention.causal": "bool",
    "{}.attention.layer_norm_epsilon": "float32",
    "{}.attention.layer_norm_rms_epsilon": "float32",
    "{}.attention.scale": "float32",
    "{}.logit_scale": "float32",
    "{}.rope.freq_base": "float32",
    "{}.rope.scale_linear": "float32",
    "{}.rope.scaling.factor": "float32",
    "{}.rope.scaling.original_context_length": "uint32",
    "{}.rope.scaling.type": "string",
}


@dataclass(frozen=True)
class Hyperparameters:
    """A model's numbers; one for each layer where they are tuples."""

    architecture: str
    tokenizer: str
    vocabulary: int
    layers: int
    context_length: int
    embedding_length: int
    feed_forward_length: tuple[int, ...]
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    rotated_length: int
    sliding_window: int
    experts: int
    experts_used: tuple[int, ...]


def read_hyperparameters(header: Header, weights: bool) -> Hyperparameters:
    """Read a model's numbers and check them; only its tokenizer where the file holds no ``weights``.

    Raises:
        MalformedError: llama.cpp could not run such a model, or would die of it.
        UnsuitableError: The model does not write text.
    """
    architecture = header.values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise MalformedError("does not name its architecture")
    fields = _Fields(header, architecture)
    _check_kinds(fields)
    _check_purpose(fields)
    _check_vocabulary(header)
    layers = fields.number("block_count")
    if layers > _MOST_LAYERS:
        raise MalformedError(f"has an impossible number of layers ({layers:,})")
    heads = fields.per_layer("attention.head_count", layers)
    embedding = fields.number("embedding_length")
    head_length = embedding // heads[0] if heads and heads[0] else 0
    key_length = fields.number("attention.key_length", head_length)
    numbers = Hyperparameters(
        architecture=architecture,
        tokenizer=str(header.values["tokenizer.ggml.model"]),
        vocabulary=len(header.tokens),
        layers=layers,
        context_length=fields.number("context_length"),
        embedding_length=embedding,
        feed_forward_length=fields.per_layer("feed_forward_length", layers),
        heads=heads,
        kv_heads=fields.per_layer("attention.head_count_kv", layers, heads),
        key_length=key_length,
        value_length=fields.number("attention.value_length", head_length),
        rotated_length=fields.number("rope.dimension_count", key_length),
        sliding_window=fields.number("attention.sliding_window"),
        experts=fields.number("expert_count"),
        experts_used=fields.per_layer("expert_used_count", layers),
    )
    if weights:
        _check_numbers(numbers, fields)
    return numbers


class _Fields:
    """The keys of a model's own architecture, by their names without it."""

    def __init__(self, header: Header, architecture: str) -> None:
        self.header = header
        self.architecture = architecture

    def number(self, name: str, default: int = 0) -> int:
        key = f"{self.architecture}.{name}"
        if self.header.kinds.get(key, "uint32") != "uint32":
            raise MalformedError(f"has {key} of the wrong type")
        return int(self.header.values.get(key, default))

    def per_layer(self, name: str, layers: int, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        key = f"{self.architecture}.{name}"
        if self.header.kinds.get(key) in ("uint32[]", "int32[]"):
            numbers = tuple(int(number) for number in self.header.arrays.get(key, ()))
            if len(numbers) != layers or min(numbers, default=0) < 0:
                raise MalformedError(f"has {key} for another number of layers than its {layers}")
            return numbers
        if default is not None and key not in self.header.kinds:
            return default
        return (self.number(name),) * layers


def _check_kinds(fields: _Fields) -> None:
    for template, kind in _KINDS.items():
        key = template.format(fields.architecture)
        if fields.header.kinds.get(key, kind) != kind:
            raise MalformedError(f"has {key} of the wrong type")


def _check_purpose(fields: _Fields) -> None:
    purpose = fields.header.values.get("general.type", "model")
    if purpose != "model":
        raise UnsuitableError(f"is no model but a part of one ({purpose})")
    causal = fields.header.values.get(f"{fields.architecture}.attention.causal", True)
    if fields.architecture in _NO_CHAT or not causal:
        raise UnsuitableError(f"is a {fields.architecture} model, which does not write text")


def _check_vocabulary(header: Header) -> None:
    tokenizer = header.values.get("tokenizer.ggml.model")
    if tokenizer is None or not header.tokens:
        raise MalformedError("has no tokenizer")
    if tokenizer not in _TOKENIZERS:
        raise UnsuitableError(
            f'has a "{tokenizer}" tokenizer, and localtopics works with {", ".join(_TOKENIZERS)}'
        )
    if header.kinds.get("tokenizer.ggml.scores", "float32[]") not in ("float32[]", "int32[]"):
        raise MalformedError("has tokenizer.ggml.scores of the wrong type")
    for name, plural in (("scores", "scores"), ("token_type", "types")):
        count = header.lengths.get(f"tokenizer.ggml.{name}", len(header.tokens))
        if count != len(header.tokens):
            raise MalformedError(f"has {len(header.tokens):,} tokens but {count:,} {plural} for them")
    if tokenizer == "llama":  # see _TOKENIZERS
        spelled = sum(
            bytes([byte]) in header.tokens or b"<0x%02X>" % byte in header.tokens for byte in range(256)
        )
        if spelled < 256:
            raise MalformedError(f"lacks {256 - spelled} of the 256 byte tokens in its vocabulary")


def _check_numbers(numbers: Hyperparameters, fields: _Fields) -> None:
    for name, number, least, most in (
        ("block_count", numbers.layers, 1, _MOST_LAYERS),
        ("context_length", numbers.context_length, 1, 2**31 - 1),
        ("embedding_length", numbers.embedding_length, 1, 2**24),
        ("attention.sliding_window", numbers.sliding_window, 0, 2**24),
        ("nextn_predict_layers", fields.number("nextn_predict_layers"), 0, numbers.layers - 1),
    ):
        if not least <= number <= most:
            raise MalformedError(f"has an impossible {numbers.architecture}.{name} ({number:,})")
    for key, value in fields.header.values.items():
        if not isinstance(value, float) or not key.startswith(f"{numbers.architecture}."):
            continue
        if not math.isfinite(value) or (value < 0 and key.endswith("_epsilon")):
            raise MalformedError(f"has an impossible {key} ({value})")
    scaling = fields.header.values.get(f"{numbers.architecture}.rope.scaling.type", "none")
    if scaling not in ("none", "linear", "yarn", "longrope"):
        raise MalformedError(f'has an unknown rope scaling ("{scaling}")')
    _check_experts(numbers, fields)
    if numbers.architecture in _ORDINARY:
        _check_attention(numbers)


def _check_experts(numbers: Hyperparameters, fields: _Fields) -> None:
    experts, used = numbers.experts, max(numbers.experts_used)
    groups = fields.number("expert_group_count")
    possible = experts <= _MOST_EXPERTS and used <= experts
    if experts:
        possible &= used > 0 and groups < experts
        if groups > 1:
            possible &= experts % groups == 0 and 0 < fields.number("expert_group_used_count") < groups
    else:
        possible &= groups == 0
    if not possible:
        raise MalformedError(f"has impossible numbers of experts ({used:,} used of {experts:,})")


def _check_attention(numbers: Hyperparameters) -> None:
    for heads, kv_heads in zip(numbers.heads, numbers.kv_heads, strict=True):
        if not heads or not kv_heads or heads % kv_heads:
            raise MalformedError(f"has impossible numbers of attention heads ({heads:,} on {kv_heads:,})")
    length, rotated = numbers.key_length, numbers.rotated_length
    if length != numbers.value_length or length % 2 or not length:
        raise MalformedError(f"has impossible attention heads ({length:,} wide)")
    if rotated != length and (numbers.architecture != "phi3" or not 0 < rotated < length or rotated % 2):
        raise MalformedError(f"has an impossible {numbers.architecture}.rope.dimension_count ({rotated:,})")


# --- tensors ---

_LAYER = re.compile(r"blk\.(\d+)\.")
# Vectors that ggml adds to others or multiplies with them; it can do so with F32 alone.
_VECTOR = re.compile(r"_norm\.weight$|\.bias$|scale$|^rope_|\.rope_")


def check_tensors(numbers: Hyperparameters, tensors: Sequence[TensorInfo]) -> None:
    """Check that the tensors are of types and shapes that fit the model's numbers.

    Raises:
        MalformedError: One is missing, or llama.cpp would die of it.
    """
    ordinary = numbers.architecture in _ORDINARY
    shapes = {tensor.name: tensor.shape for tensor in tensors}
    for tensor in tensors:
        if tensor.type != "F32" and _VECTOR.search(tensor.name):
            raise MalformedError(f"has the tensor {tensor.name} as {tensor.type}, which must be F32")
        if tensor.type in ("I8", "I16", "I32", "I64", "F64") and ordinary:
            raise MalformedError(f"has the tensor {tensor.name} as {tensor.type}, which weights cannot be")
    for name in _required_tensors(numbers, shapes):
        if name not in shapes:
            raise MalformedError(f"lacks the tensor {name}")
    for name, shape in _expected_shapes(numbers).items():
        if shapes.get(name, shape) != shape:
            raise MalformedError(f"has the tensor {name} in shape {shapes[name]} where {shape} belongs")
    for name in shapes:
        layer = _LAYER.match(name)
        if ordinary and layer and int(layer[1]) >= numbers.layers:
            raise MalformedError(f"has the tensor {name} beyond its {numbers.layers} layers")


def _expected_shapes(numbers: Hyperparameters) -> dict[str, tuple[int, ...]]:
    embedding = numbers.embedding_length
    expected: dict[str, tuple[int, ...]] = {"token_embd.weight": (embedding, numbers.vocabulary)}
    if numbers.architecture not in _ORDINARY:
        return expected
    expected |= {"output.weight": (embedding, numbers.vocabulary), "output_norm.weight": (embedding,)}
    for layer in range(numbers.layers):
        queries = numbers.heads[layer] * numbers.key_length
        keys = numbers.kv_heads[layer] * numbers.key_length
        block: dict[str, tuple[int, ...]] = {
            "attn_q": (embedding, queries),
            "attn_k": (embedding, keys),
            "attn_v": (embedding, keys),
            "attn_qkv": (embedding, queries + 2 * keys),
            "attn_output": (queries, embedding),
        }
        if numbers.architecture == "llama":
            width = numbers.feed_forward_length[layer]
            feed = {
                "ffn_gate": (embedding, width),
                "ffn_up": (embedding, width),
                "ffn_down": (width, embedding),
            }
            block |= feed | {f"{name}_exps": (*shape, numbers.experts) for name, shape in feed.items()}
            block |= {"attn_norm": (embedding,), "ffn_norm": (embedding,)}
        expected |= {f"blk.{layer}.{name}.weight": shape for name, shape in block.items()}
    return expected


def _required_tensors(numbers: Hyperparameters, present: Iterable[str]) -> list[str]:
    required = ["token_embd.weight"]
    if numbers.architecture != "llama":  # of the others llama.cpp says itself what is missing
        return required
    required.append("output_norm.weight")
    for layer in range(numbers.layers):
        block = f"blk.{layer}."
        fused = f"{block}attn_qkv.weight" in present
        names = ["attn_norm", "attn_output", "ffn_norm"]
        names += ["attn_qkv"] if fused else ["attn_q", "attn_k", "attn_v"]
        names += ["ffn_gate_inp", "ffn_down_exps", "ffn_up_exps"] if numbers.experts else []
        names += [] if numbers.experts else ["ffn_gate", "ffn_up", "ffn_down"]
        required += [f"{block}{name}.weight" for name in names]
    return required
