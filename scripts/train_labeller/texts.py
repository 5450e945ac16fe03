"""Stage 3: running text as tokens: texts as they are, and groups' documents as lists."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from bytepairs import BytePairs
from ragged import Ragged
from recipe import GROUPS, TEXT, TOKENIZER, WORK

tokenizer = BytePairs(TOKENIZER)
CHUNK = 5_000


def encode(texts: list[str]) -> Iterator[np.ndarray]:
    """The tokens of every text and the one that ends it; none of an empty text."""
    for start in range(0, len(texts), CHUNK):
        for encoded in tokenizer.plain.encode_batch_fast(texts[start : start + CHUNK]):
            yield np.array([*encoded.ids, tokenizer.close] if encoded.ids else [], np.uint16)


def main() -> None:
    text = list(pd.read_parquet(TEXT, columns=["text"]).text)
    lists = ["\n".join(documents) for documents in pd.read_parquet(GROUPS, columns=["docs"]).docs]
    for name, texts in (("plain", text), ("lists", lists)):
        path = WORK / f"{name}.npz"
        if not path.exists():
            result = Ragged.of((tokens, 0) for tokens in encode(texts))
            result.save(path)
            print(f"{name}: {len(result):,} texts, {len(result.tokens) / 1e6:.1f} M tokens", flush=True)


if __name__ == "__main__":
    main()
