"""Small GGUF files, written as the gguf package does, taken apart and put together again."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np

Kind = gguf.GGUFValueType
SCALARS: dict[int, str] = {
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


Change = Callable[[File], object]


def edited(model: Path, to: Path, change: Change) -> Path:
    """A model's file with a change."""
    file = File.read(model)
    change(file)
    to.write_bytes(file.bytes())
    return to


def put(file: File, key: str, value: object, kind: int = Kind.UINT32, element: int = 0) -> None:
    """Give a metadata key another value."""
    file.entries = [entry for entry in file.entries if entry.key != key]
    file.entries.append(Entry(key, kind, value, element))


def put_tensor(file: File, name: str, **changes: Any) -> None:
    """Change a tensor's entry or data."""
    file.tensors = [replace(each, **changes) if each.name == name else each for each in file.tensors]


def without(file: File, name: str) -> None:
    """Leave out a tensor or a metadata key."""
    file.tensors = [tensor for tensor in file.tensors if tensor.name != name]
    file.entries = [entry for entry in file.entries if entry.key != name]


def without_tensors(file: File) -> None:
    """Leave out all tensors: what is left holds only a vocabulary."""
    file.tensors = []


def split(model: Path, folder: Path) -> list[Path]:
    """The model in two parts, as llama-gguf-split writes them: all keys in the first."""
    file = File.read(model)
    half = len(file.tensors) // 2
    first, second = replace(file, tensors=file.tensors[:half]), File([], file.tensors[half:])
    paths = []
    for number, part in enumerate((first, second)):
        put(part, "split.no", number, Kind.UINT16)
        put(part, "split.count", 2, Kind.UINT16)
        put(part, "split.tensors.count", len(file.tensors), Kind.INT32)
        paths.append(folder / f"tiny-0000{number + 1}-of-00002.gguf")
        paths[-1].write_bytes(part.bytes())
    return paths
