"""Stage 2: the pieces of Qwen's vocabulary that English needs, and the whole model with these alone.

A piece of byte-pair encoding is reached by merging two others, those by merging others, down to bytes. A
piece is kept together with all that lead to it, and the merges keep their order; so a word whose pieces are
all kept is cut just as by the whole vocabulary, and any other word into smaller pieces.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import gguf
import numpy as np
import pandas as pd
from bytepairs import BYTES, SPECIAL, tokenizer
from header import ARCHITECTURE, add_shape, add_tokenizer, read_shape, write
from recipe import GROUPS, TEXT, TOKENIZER, WHOLE, Shape
from tokenizers import Tokenizer

from localtopics.files import replacing

CHUNK = 5_000
LABELS = 20
"""How often a label's pieces count: they are what the model has to write."""

Merge = tuple[str, str]


def count(texts: Iterable[str], whole: Tokenizer) -> Counter[str]:
    """How often each piece is used."""
    counts = np.zeros(whole.get_vocab_size(), np.int64)
    rows = list(texts)
    for start in range(0, len(rows), CHUNK):
        for encoded in whole.encode_batch_fast(rows[start : start + CHUNK]):
            np.add.at(counts, encoded.ids, 1)
    return Counter({piece: int(counts[i]) for piece, i in whole.get_vocab().items() if counts[i]})


def closed(counts: Mapping[str, int], merges: Iterable[Merge], size: int) -> list[Merge]:
    """The merges, in their order, of the most used pieces; with bytes and special pieces at most ``size``.

    Args:
        counts: how often each piece is used.
        merges: all merges, the first to be applied first.
        size: pieces that there may be.
    """
    ordered = list(merges)
    made_of: dict[str, Merge] = {}
    for merge in ordered:
        made_of.setdefault("".join(merge), merge)

    def needs(piece: str) -> set[str]:
        """The piece and all between it and the bytes."""
        if piece not in made_of:
            return set()
        left, right = made_of[piece]
        return {piece} | needs(left) | needs(right)

    kept: set[str] = set()
    room = size - len(BYTES) - len(SPECIAL)
    for piece in sorted(counts, key=lambda piece: (-counts[piece], piece)):
        more = needs(piece) - kept
        if len(kept) + len(more) <= room:
            kept |= more
    known = kept | set(BYTES)
    return [m for m in ordered if "".join(m) in kept and m[0] in known and m[1] in known]


def trim(reader: gguf.GGUFReader, rows: np.ndarray, pieces: list[str], merges: list[Merge]) -> None:
    """Write the whole model with these rows of its embeddings, and all else in the types it has."""
    shape = read_shape(reader)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    # the output's copy of the embeddings is the more exact one; tied, one serves for both
    embeddings = tensors.pop("output.weight", tensors["token_embd.weight"])
    with replacing(WHOLE) as part:
        writer = gguf.GGUFWriter(part, ARCHITECTURE)
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        add_shape(writer, Shape(**{**shape.__dict__, "vocabulary": len(pieces)}))
        add_tokenizer(writer, pieces, merges)
        for name, tensor in tensors.items():
            source = embeddings if name == "token_embd.weight" else tensor
            data = source.data[rows] if name == "token_embd.weight" else source.data
            writer.add_tensor(name, np.ascontiguousarray(data), raw_dtype=source.tensor_type)
        write(writer)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="a GGUF of Qwen2.5-Coder-0.5B-Instruct")
    parser.add_argument("--characters", type=int, default=60, help="millions of text that are counted")
    arguments = parser.parse_args()
    reader = gguf.GGUFReader(arguments.source)
    every = reader.fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in reader.fields["tokenizer.ggml.merges"].contents()]
    whole = tokenizer(every, merges)

    text, groups = pd.read_parquet(TEXT, columns=["text"]).text, pd.read_parquet(GROUPS)
    share = min(1.0, arguments.characters * 1e6 / text.str.len().sum())
    counts = count(text.sample(frac=share, random_state=0), whole)
    for word, times in count(groups.label, whole).items():
        counts[word] += LABELS * times
    kept = closed(counts, merges, Shape.vocabulary)

    ids = {piece: number for number, piece in enumerate(every)}
    named = [*BYTES, *("".join(merge) for merge in kept), *SPECIAL]
    pieces = sorted(dict.fromkeys(named), key=ids.__getitem__)
    pieces += [f"<|unused {n}|>" for n in range(Shape.vocabulary - len(pieces))]
    rows = np.array([ids.get(piece, ids[SPECIAL[0]]) for piece in pieces])
    trimmed = tokenizer(pieces, kept)
    with replacing(TOKENIZER) as part:
        trimmed.save(str(part), pretty=False)
    trim(reader, rows, pieces, kept)

    sample = list(text.sample(2000, random_state=1))
    before, after = (
        sum(len(e.ids) for e in tokenizer_.encode_batch_fast(sample)) for tokenizer_ in (whole, trimmed)
    )
    used = sum(counts[piece] for piece in pieces) / counts.total()
    print(
        json.dumps(
            {
                "pieces": len(pieces),
                "merges": len(kept),
                "of all uses": round(used, 5),
                "tokens": round(after / before, 4),
                "characters a token": round(sum(map(len, sample)) / after, 3),
                "MB": round(WHOLE.stat().st_size / 1e6, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
