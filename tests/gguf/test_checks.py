"""Single faults of a model, each with its own sentence."""

from pathlib import Path

import numpy as np
import pytest

from localtopics.errors import UserError
from localtopics.gguf import read_info
from tests.gguf.files import (
    Change,
    Entry,
    File,
    Kind,
    Tensor,
    edited,
    put,
    put_tensor,
    without,
    without_tensors,
)

FAULTS: dict[str, tuple[Change, str]] = {
    "llama.attention.head_count_kv": (
        lambda file: put(file, "llama.attention.head_count_kv", 3),
        r"impossible numbers of attention heads \(4 on 3\)",
    ),
    "llama.block_count": (
        lambda file: put(file, "llama.block_count", 3),
        r"lacks the tensor blk.2.attn_norm.weight",
    ),
    "fewer layers": (
        lambda file: put(file, "llama.block_count", 1),
        r"blk.1.attn_norm.weight beyond its 1 layers",
    ),
    "no layers": (lambda file: put(file, "llama.block_count", 0), r"impossible llama.block_count \(0\)"),
    "llama.embedding_length": (
        lambda file: put(file, "llama.embedding_length", 64),
        r"impossible llama.rope.dimension_count \(8\)",
    ),
    "llama.feed_forward_length": (
        lambda file: put(file, "llama.feed_forward_length", 65),
        r"blk.0.ffn_gate.weight in shape \(32, 64\) where \(32, 65\) belongs",
    ),
    "a token too few": (
        lambda file: put_tensor(file, "token_embd.weight", shape=(32, 268), data=bytes(32 * 268 * 4)),
        r"token_embd.weight in shape \(32, 268\) where \(32, 269\) belongs",
    ),
    "a wrong type": (
        lambda file: put(file, "llama.block_count", 2, Kind.INT32),
        r"llama.block_count of the wrong type",
    ),
    "a nested array": (
        lambda file: put(file, "x.y", [1], Kind.ARRAY, Kind.ARRAY),
        r"array of unknown type at the metadata key x.y",
    ),
    "an unknown rope scaling": (
        lambda file: put(file, "llama.rope.scaling.type", "su", Kind.STRING),
        r'unknown rope scaling \("su"\)',
    ),
    "alignment": (lambda file: put(file, "general.alignment", 3), r"impossible alignment \(3\)"),
    "small alignment": (lambda file: put(file, "general.alignment", 8), r"aligns its tensors to 8 bytes"),
    "an adapter": (
        lambda file: put(file, "general.type", "adapter", Kind.STRING),
        r"a part of one \(adapter\)",
    ),
    "an encoder": (
        lambda file: put(file, "general.architecture", "bert", Kind.STRING),
        r"is a bert model, which does not write text",
    ),
    "no tokenizer": (lambda file: without(file, "tokenizer.ggml.tokens"), r"has no tokenizer"),
    "no weights": (without_tensors, r"holds only a vocabulary and no weights"),
    "no norm": (lambda file: without(file, "output_norm.weight"), r"lacks the tensor output_norm.weight"),
    "an unknown tensor type": (
        lambda file: put_tensor(file, "output.weight", kind=99),
        r"output.weight of a type \(99\) that llama.cpp cannot read",
    ),
    "a shape that the type cannot have": (
        lambda file: put_tensor(file, "blk.0.attn_norm.weight", kind=12),
        r"blk.0.attn_norm.weight in a shape that Q4_K cannot have",
    ),
    "a swapped shape": (
        lambda file: put_tensor(file, "blk.1.ffn_up.weight", shape=(64, 32)),
        r"blk.1.ffn_up.weight in shape \(64, 32\) where \(32, 64\) belongs",
    ),
    "an overlap": (
        lambda file: put_tensor(file, "output.weight", offset=0),
        r"output.weight at another place",
    ),
    "a duplicate tensor": (
        lambda file: file.tensors.append(Tensor("output.weight", (8,), 0, bytes(32))),
        r"has the tensor output.weight twice",
    ),
    "a duplicate key": (
        lambda file: file.entries.append(Entry("general.name", Kind.STRING, "again")),
        r"has the metadata key general.name twice",
    ),
    "a norm in half precision": (
        lambda file: put_tensor(file, "output_norm.weight", kind=1, data=bytes(64)),
        r"output_norm.weight as F16, which must be F32",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_sentence(tiny: Path, tmp_path: Path, fault: str) -> None:
    change, says = FAULTS[fault]
    with pytest.raises(UserError, match=says) as caught:
        read_info(edited(tiny, tmp_path / "model.gguf", change))
    assert str(caught.value).count(". ") == 0
    assert caught.value.command == "models pull NAME"


def test_per_layer_heads(tiny: Path, tmp_path: Path) -> None:
    """Heads may be given for each layer; the model's info tells the most."""

    def change(file: File) -> None:
        put(file, "llama.attention.head_count_kv", [2, 1], Kind.ARRAY, Kind.UINT32)
        for name in ("blk.1.attn_k.weight", "blk.1.attn_v.weight"):
            put_tensor(file, name, shape=(32, 8), data=np.zeros((8, 32), np.float32).tobytes())

    def too_few(file: File) -> None:
        put(file, "llama.attention.head_count_kv", [2], Kind.ARRAY, Kind.UINT32)

    assert read_info(edited(tiny, tmp_path / "model.gguf", change)).kv_heads == 2
    with pytest.raises(UserError, match="another number of layers"):
        read_info(edited(tiny, tmp_path / "model.gguf", too_few))
