"""Small GGUF files, whole and broken in every way a header can be broken."""

import io
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np

Kind = gguf.GGUFValueType
SCALARS = {
    Kind.UINT8: "B",
    Kind.INT8: "b",
    Kind.UINT16: "H",
    Kind.INT16: "h",
    Kind.UINT32: "I",
    Kind.INT32: "i",
    Kind.FLOAT32: "f",
    Kind.BOOL: "?",
    Kind.UINT64: "Q",
    Kind.INT64: "q",
    Kind.FLOAT64: "d",
}
WORDS = ["th", "top", "map", "▁a", "▁the", "▁of", "in", "er", "on", "▁t"]


def tiny_model(path: Path, architecture: str = "llama", tokenizer: str = "llama", experts: int = 0) -> Path:
    """Write a random model of 2 layers and 32 dimensions, as the gguf package writes one."""
    rng = np.random.default_rng(0)
    layers = 2
    width, heads, kv_heads, feed, length = 32, 4, 2, 64, 8
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(256)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    if architecture in ("qwen3", "gemma3"):
        writer.add_key_length(length)
        writer.add_value_length(length)
    if architecture == "gemma3":
        writer.add_sliding_window(16)
    if architecture == "llama":
        writer.add_rope_dimension_count(length)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(2)
    tokens = _add_tokenizer(writer, tokenizer)
    writer.add_chat_template("{{ bos_token }}[INST] {{ messages[0]['content'] }} [/INST]")
    shapes = {"token_embd": (tokens, width), "output_norm": (width,), "output": (tokens, width)}
    for layer in range(layers):
        block = {
            "attn_norm": (width,),
            "attn_q": (heads * length, width),
            "attn_k": (kv_heads * length, width),
            "attn_v": (kv_heads * length, width),
            "attn_output": (width, heads * length),
            "ffn_norm": (width,),
            "ffn_gate": (feed, width),
            "ffn_up": (feed, width),
            "ffn_down": (width, feed),
        }
        if architecture in ("qwen3", "gemma3"):
            block |= {"attn_q_norm": (length,), "attn_k_norm": (length,)}
        if architecture == "gemma3":
            block |= {"post_attention_norm": (width,), "post_ffw_norm": (width,)}
        if experts:
            block |= {
                f"{name}_exps": (experts, *block.pop(name)) for name in ("ffn_gate", "ffn_up", "ffn_down")
            }
            block["ffn_gate_inp"] = (experts, width)
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in block.items()}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", rng.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: gguf.GGUFWriter, model: str) -> int:
    """Add a vocabulary of 3 control tokens, all bytes and some words; how many tokens that is."""
    if model == "gpt2":
        alphabet = [*range(33, 127), *range(161, 173), *range(174, 256)]  # GPT-2's spelling of bytes
        alphabet += [256 + place for place in range(256 - len(alphabet))]
        words = list(dict.fromkeys(word.replace("▁", "Ġ")[:2] for word in WORDS))
        tokens = ["<unk>", "<s>", "</s>", *map(chr, alphabet), *words]
        types = [3, 3, 3, *[1] * (256 + len(words))]
        writer.add_token_merges([f"{word[0]} {word[1]}" for word in words])
        writer.add_tokenizer_pre("default")
    else:
        tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
        types = [2, 3, 3, *[6] * 256, *[1] * len(WORDS)]
        writer.add_token_scores([-float(place) for place in range(len(tokens))])
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    return len(tokens)


@dataclass(frozen=True)
class Entry:
    """A metadata key; ``element`` is the type inside an array."""

    key: str
    kind: int
    value: Any
    element: int = 0


@dataclass(frozen=True)
class Tensor:
    """A tensor's entry; ``offset`` None is where it belongs."""

    name: str
    shape: tuple[int, ...]
    kind: int
    data: bytes
    offset: int | None = None


@dataclass
class File:
    """A GGUF file taken apart, which can be put together wrongly."""

    entries: list[Entry]
    tensors: list[Tensor]
    version: int = 3
    keys_claimed: int | None = None
    tensors_claimed: int | None = None

    @classmethod
    def read(cls, path: Path) -> "File":
        reader = gguf.GGUFReader(path)
        entries = [
            Entry(field.name, field.types[0], field.contents(), field.types[-1])
            for field in reader.fields.values()
            if not field.name.startswith("GGUF.")
        ]
        tensors = [
            Tensor(t.name, tuple(map(int, t.shape)), int(t.tensor_type), t.data.tobytes())
            for t in reader.tensors
        ]
        return cls(entries, tensors)

    def bytes(self) -> bytes:
        out = io.BytesIO()
        count = len(self.tensors) if self.tensors_claimed is None else self.tensors_claimed
        keys = len(self.entries) if self.keys_claimed is None else self.keys_claimed
        out.write(b"GGUF" + struct.pack("<IQQ", self.version, count, keys))
        for entry in self.entries:
            out.write(_string(entry.key) + struct.pack("<I", entry.kind))
            if entry.kind == Kind.ARRAY:
                out.write(struct.pack("<IQ", entry.element, len(entry.value)))
                out.write(b"".join(_value(entry.element, value) for value in entry.value))
            else:
                out.write(_value(entry.kind, entry.value))
        data = io.BytesIO()
        for tensor in self.tensors:
            offset = data.tell() if tensor.offset is None else tensor.offset
            out.write(_string(tensor.name) + struct.pack("<I", len(tensor.shape)))
            out.write(b"".join(struct.pack("<Q", length % 2**64) for length in tensor.shape))
            out.write(struct.pack("<IQ", tensor.kind, offset % 2**64))
            data.write(tensor.data + b"\0" * (-len(tensor.data) % 32))
        return out.getvalue() + b"\0" * (-out.tell() % 32) + data.getvalue()


def _string(text: str) -> bytes:
    raw = text.encode("utf-8", errors="surrogateescape")
    return struct.pack("<Q", len(raw)) + raw


def _value(kind: int, value: Any) -> bytes:
    if kind == Kind.STRING:
        return _string(str(value))
    if kind == Kind.ARRAY:  # an array inside an array, which the format does not have
        return struct.pack("<IQ", Kind.UINT32, 1) + struct.pack("<I", 1)
    code = SCALARS.get(kind, "I")
    if code in "fd":
        return struct.pack("<" + code, float(value))
    if code == "?":
        return struct.pack("<B", bool(value))
    number = int(value) if isinstance(value, int | bool) or (value == value and abs(value) < 2**63) else 0
    return struct.pack("<Q", number % 2**64)[: struct.calcsize(code)]


Mutant = tuple[str, Callable[[], bytes]]
"""What was done to the file, and how to make it."""


def mutants(path: Path, seed: int = 0) -> Iterator[Mutant]:
    """All mutants of a model, several thousand, the model itself first."""
    base, whole = File.read(path), path.read_bytes()
    yield "whole", lambda: whole
    yield "whole, put together again", base.bytes
    yield from _bytes(whole, base, random.Random(seed))
    yield from _counts(base)
    yield from _metadata(base)
    yield from _tensors(base)


def _bytes(whole: bytes, base: File, rng: random.Random) -> Iterator[Mutant]:
    def put(place: int, new: bytes) -> Callable[[], bytes]:
        return lambda: whole[:place] + new + whole[place + len(new) :]

    header = len(whole) - sum(len(tensor.data) for tensor in base.tensors)
    ends = {0, 1, 3, 4, 7, 8, 16, 23, 24, len(whole) - 1} | {rng.randrange(header) for _ in range(100)}
    for end in sorted(ends | {rng.randrange(header - 1, len(whole)) for _ in range(10)}):
        yield f"cut at {end}", partial(whole.__getitem__, slice(end))
    for _ in range(150):
        place, bit = rng.randrange(header), rng.randrange(8)
        yield f"bit {bit} of byte {place} flipped", put(place, bytes([whole[place] ^ 1 << bit]))
    for place in range(24):
        for byte in (0, 0x7F, 0xFF):
            yield f"byte {place} is {byte}", put(place, bytes([byte]))
    for _ in range(50):
        place = rng.randrange(24, header - 8)
        for number in (0, 2**31, 2**63 - 1, 2**64 - 1):
            yield f"{number} at byte {place}", put(place, struct.pack("<Q", number))


def _counts(base: File) -> Iterator[Mutant]:
    for count in (0, 1, 2**16, 2**31, 2**63 - 1, 2**63, 2**64 - 1):
        yield f"{count} keys claimed", replace(base, keys_claimed=count).bytes
        yield f"{count} tensors claimed", replace(base, tensors_claimed=count).bytes
    for version in (0, 1, 2, 4, 3 << 24, 2**32 - 1):
        yield f"version {version}", replace(base, version=version).bytes


NUMBERS = [
    0,
    1,
    2,
    3,
    5,
    7,
    8,
    16,
    31,
    33,
    64,
    512,
    513,
    1024,
    1025,
    2**16,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
]
FLOATS = [0.0, -0.0, -1.0, 1e-45, 1e38, float("nan"), float("inf"), float("-inf")]
TEXTS = [
    "",
    "x",
    "llama",
    "gpt2",
    "bert",
    "t5",
    "none",
    "rwkv",
    "yarn",
    "longrope",
    "\udcff\udcfe",
    "a\0b",
    "y" * 5000,
]
ADDED = {
    "{}.attention.key_length": NUMBERS,
    "{}.attention.value_length": NUMBERS,
    "{}.attention.sliding_window": NUMBERS,
    "{}.attention.causal": [True, False],
    "{}.rope.dimension_count": NUMBERS,
    "{}.rope.scaling.factor": FLOATS,
    "{}.rope.scaling.type": ["none", "linear", "yarn", "longrope", "su", ""],
    "{}.rope.scaling.original_context_length": NUMBERS,
    "{}.expert_count": NUMBERS,
    "{}.expert_used_count": NUMBERS,
    "{}.expert_group_count": NUMBERS,
    "{}.nextn_predict_layers": NUMBERS,
    "{}.pooling_type": NUMBERS,
    "{}.embedding_length_out": NUMBERS,
    "{}.vocab_size": NUMBERS,
    "{}.logit_scale": FLOATS,
    "{}.attention.scale": FLOATS,
    "{}.attention.max_alibi_bias": FLOATS,
    "{}.attention.clamp_kqv": FLOATS,
    "{}.residual_scale": FLOATS,
    "{}.embedding_scale": FLOATS,
    "tokenizer.ggml.pre": ["default", "llama-bpe", "nonsense"],
    "tokenizer.ggml.eot_token_id": NUMBERS,
    "tokenizer.ggml.add_space_prefix": [True, False],
    "tokenizer.ggml.token_type_count": NUMBERS,
    "general.alignment": [0, 1, 2, 4, 8, 16, 31, 32, 64, 128, 2**31, 2**32 - 1],
    "general.type": ["model", "adapter", "mmproj"],
    "split.count": [0, 1, 2, 65535],
    "split.no": [0, 1, 65535],
}


def _metadata(base: File) -> Iterator[Mutant]:
    def put(place: int, *entries: Entry) -> Callable[[], bytes]:
        return replace(base, entries=[*base.entries[:place], *entries, *base.entries[place + 1 :]]).bytes

    for place, entry in enumerate(base.entries):
        yield f"{entry.key} removed", put(place)
        yield f"{entry.key} twice", put(place, entry, entry)
        yield f"{entry.key} renamed", put(place, replace(entry, key=entry.key[:-1] + "\0"))
        for kind in [*Kind, 13, 255]:
            value = entry.value if not isinstance(entry.value, list | str) else 1
            if kind == Kind.ARRAY:
                for element in [*Kind, 13]:
                    for count in (0, 1, 2, 3):
                        name = f"{entry.key} an array of {count} of type {int(element)}"
                        yield name, put(place, Entry(entry.key, kind, [value] * count, int(element)))
            elif kind != entry.kind:
                yield f"{entry.key} of type {int(kind)}", put(place, Entry(entry.key, int(kind), value))
        for value in _values(entry):
            name = (
                f"{entry.key} is {str(value)[:30]!r}, length {len(value) if isinstance(value, list) else 1}"
            )
            yield name, put(place, replace(entry, value=value))
    architecture = next(entry.value for entry in base.entries if entry.key == "general.architecture")
    for template, values in ADDED.items():
        key = template.format(architecture)
        for value in values:
            kind = Kind.UINT16 if key.startswith("split") else Kind.get_type(value)
            kind = Kind.UINT32 if kind == Kind.INT32 else kind
            kept = [entry for entry in base.entries if entry.key != key]
            yield f"{key} is {value}", replace(base, entries=[*kept, Entry(key, kind, value)]).bytes


def _values(entry: Entry) -> list[Any]:
    if entry.kind == Kind.ARRAY:
        doubled = [*entry.value[:-1], entry.value[0]]
        emptied = ["" if isinstance(value, str) else -1 for value in entry.value]
        swapped = [*entry.value[:60], *[entry.value[-1]], *entry.value[61:]]
        strange = [f"a\0{value}" if isinstance(value, str) else 99 for value in entry.value]
        return [[], entry.value[:-1], entry.value * 2, doubled, emptied, swapped, strange, entry.value[::-1]]
    if entry.kind == Kind.STRING:
        return TEXTS
    if entry.kind in (Kind.FLOAT32, Kind.FLOAT64):
        return FLOATS
    return [True, False] if entry.kind == Kind.BOOL else NUMBERS


def _tensors(base: File) -> Iterator[Mutant]:
    def put(place: int, *tensors: Tensor) -> Callable[[], bytes]:
        return replace(base, tensors=[*base.tensors[:place], *tensors, *base.tensors[place + 1 :]]).bytes

    for place, tensor in enumerate(base.tensors):
        name = tensor.name
        yield f"{name} removed", put(place)
        yield f"{name} twice", put(place, tensor, tensor)
        for other in (
            "",
            "x",
            "blk.0.x.weight",
            "blk.99.attn_q.weight",
            name.upper(),
            name + "\0",
            "n" * 64,
            "é",
        ):
            yield f"{name} called {other[:20]!r}", put(place, replace(tensor, name=other))
        for kind in (*range(1, 48), 255, 2**31, 2**32 - 1):
            yield f"{name} of type {kind}", put(place, replace(tensor, kind=kind))
            if kind in (1, 30):  # with the data that belongs to such a type
                yield (
                    f"{name} truly of type {kind}",
                    put(place, replace(tensor, kind=kind, data=tensor.data[: len(tensor.data) // 2])),
                )
            if kind in (24, 25, 26, 27, 28):
                size = {24: 1, 25: 2, 26: 4, 27: 8, 28: 8}[kind] * len(tensor.data) // 4
                yield (
                    f"{name} truly of type {kind}",
                    put(place, replace(tensor, kind=kind, data=(tensor.data * 2)[:size])),
                )
            if kind in (2, 8):
                size = len(tensor.data) // 4 // 32 * {2: 18, 8: 34}[kind]
                yield (
                    f"{name} truly of type {kind}",
                    put(place, replace(tensor, kind=kind, data=tensor.data[:size])),
                )
        shapes = {
            tensor.shape[::-1],
            (*tensor.shape, 1),
            (*tensor.shape, 1, 1, 1),
            (),
            (0,) * len(tensor.shape),
        }
        shapes |= {(*tensor.shape, 2), (tensor.shape[0] * 2, *tensor.shape[1:]), (tensor.shape[0] // 2, 2)}
        for length in (0, 1, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1):
            shapes |= {(length, *tensor.shape[1:]), (*tensor.shape[:-1], length), (2**32, length)}
        for shape in shapes - {tensor.shape}:
            yield f"{name} of shape {shape}", put(place, replace(tensor, shape=shape))
        for offset in (1, 32, -32, 2**32, 2**63, 2**64 - 32):
            yield f"{name} at {offset}", put(place, replace(tensor, offset=offset))
