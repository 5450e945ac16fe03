"""Small GGUF files, broken in every way a header can be broken."""

import random
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.gguf.files import Entry, File, Kind, Tensor

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
        yield f"cut at {end}", partial(_cut, whole, end)
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


def _cut(whole: bytes, end: int) -> bytes:
    return whole[:end]


def _counts(base: File) -> Iterator[Mutant]:
    for count in (0, 1, 2**16, 2**31, 2**63 - 1, 2**63, 2**64 - 1):
        yield f"{count} keys claimed", replace(base, keys_claimed=count).bytes
        yield f"{count} tensors claimed", replace(base, tensors_claimed=count).bytes
    for version in (0, 1, 2, 4, 3 << 24, 2**32 - 1):
        yield f"version {version}", replace(base, version=version).bytes


# fmt: off
NUMBERS = [
    0, 1, 2, 3, 5, 7, 8, 16, 31, 33, 64, 512, 513, 1024, 1025, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1,
]
# fmt: on
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
ADDED: dict[str, Sequence[bool | int | float | str]] = {
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
