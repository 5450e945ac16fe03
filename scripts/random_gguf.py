"""Write a Llama-shaped GGUF with random Q4_K weights: for speed and memory only the shapes matter.

    python scripts/random_gguf.py --shape 13b --vocabulary VOCABULARY.gguf OUT.gguf

The vocabulary is copied from any GGUF that has one. 13b: 7.3 GB, written in seconds.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

Q4_K = gguf.GGMLQuantizationType.Q4_K
F32 = gguf.GGMLQuantizationType.F32
BLOCK_WEIGHTS, BLOCK_BYTES = gguf.GGML_QUANT_SIZES[Q4_K]


@dataclass(frozen=True)
class Shape:
    """The sizes of a Llama model; widths must be multiples of 256."""

    layers: int
    embedding: int
    feed_forward: int
    heads: int
    kv_heads: int
    context: int = 4096

    def tensors(self, vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape (rows, columns) of every tensor."""
        wide, kv, deep = self.embedding, self.embedding // self.heads * self.kv_heads, self.feed_forward
        yield "token_embd.weight", (vocabulary, wide)
        yield "output_norm.weight", (wide,)
        yield "output.weight", (vocabulary, wide)
        for layer in range(self.layers):
            yield f"blk.{layer}.attn_norm.weight", (wide,)
            yield f"blk.{layer}.attn_q.weight", (wide, wide)
            yield f"blk.{layer}.attn_k.weight", (kv, wide)
            yield f"blk.{layer}.attn_v.weight", (kv, wide)
            yield f"blk.{layer}.attn_output.weight", (wide, wide)
            yield f"blk.{layer}.ffn_norm.weight", (wide,)
            yield f"blk.{layer}.ffn_gate.weight", (deep, wide)
            yield f"blk.{layer}.ffn_up.weight", (deep, wide)
            yield f"blk.{layer}.ffn_down.weight", (wide, deep)


SHAPES = {
    "13b": Shape(layers=40, embedding=5120, feed_forward=13824, heads=40, kv_heads=40),
    "7b": Shape(layers=32, embedding=4096, feed_forward=11008, heads=32, kv_heads=32),
    "1b": Shape(layers=22, embedding=2048, feed_forward=5632, heads=32, kv_heads=4),
    "tiny": Shape(layers=4, embedding=512, feed_forward=1536, heads=8, kv_heads=8),
}


def random_blocks(count: int, seed: int) -> npt.NDArray[np.uint8]:
    """uint8 [count, 144]: Q4_K blocks whose weights have mean about 0 and deviation about 0.02."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, BLOCK_BYTES), np.uint8)
    scales = np.array([1e-4, 7.5e-4], np.float16).view(np.uint8)
    blocks[:, :4] = scales
    return blocks


def copy_tokenizer(vocabulary: Path, writer: gguf.GGUFWriter) -> int:
    """Give a model the tokenizer of another GGUF; how many tokens it has."""
    fields = gguf.GGUFReader(vocabulary).fields
    for name, field in fields.items():
        if name.startswith("tokenizer."):
            kind = field.types[0]
            inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), kind, inner)
    tokens = len(fields["tokenizer.ggml.tokens"].data)
    writer.add_vocab_size(tokens)
    return tokens


def write(path: Path, shape: Shape, vocabulary: Path, seed: int = 0) -> None:
    """Write the model file."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.embedding)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_rope_dimension_count(shape.embedding // shape.heads)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_S)
    tokens = copy_tokenizer(vocabulary, writer)

    sizes = []
    for name, dims in shape.tensors(tokens):
        weights = int(np.prod(dims))
        matrix = len(dims) == 2
        size = weights // BLOCK_WEIGHTS * BLOCK_BYTES if matrix else weights * 4
        sizes.append((matrix, size))
        kind = np.dtype(np.uint8) if matrix else np.dtype(np.float32)
        stored = (*dims[:-1], dims[-1] // BLOCK_WEIGHTS * BLOCK_BYTES) if matrix else dims
        writer.add_tensor_info(name, stored, kind, size, Q4_K if matrix else F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    pool = random_blocks(1 << 17, seed).reshape(-1)  # 19 MB, used over and over from changing places
    start = 0
    for matrix, size in sizes:
        if matrix:
            start = (start + 7919 * BLOCK_BYTES) % len(pool)
            data = np.resize(np.roll(pool, -start), size)
        else:
            data = np.ones(size // 4, np.float32).view(np.uint8)
        writer.write_tensor_data(data)
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--vocabulary", type=Path, required=True, help="a GGUF that holds the tokenizer")
    parser.add_argument("--shape", choices=SHAPES, default="13b")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.out, SHAPES[options.shape], options.vocabulary, options.seed)
    print(f"{options.out}: {options.out.stat().st_size / 1e9:.2f} GB", file=sys.stderr)


if __name__ == "__main__":
    main()
