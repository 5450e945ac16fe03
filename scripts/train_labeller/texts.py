"""Stage 3: running text as tokens: as it is, as abstracts with titles for answers, and groups' documents."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from ragged import Ragged
from recipe import GROUPS, TEXT, TOKENIZER, WORK
from sentencepiece import SentencePieceProcessor

tokenizer = SentencePieceProcessor(model_file=str(TOKENIZER))
CHUNK = 20_000
LONGEST_TITLE = 200
"""Characters; what is longer was no title."""


def encode(texts: list[str]) -> Iterator[np.ndarray]:
    """The tokens of every text between BOS and EOS; none of an empty text."""
    for start in range(0, len(texts), CHUNK):
        for tokens in tokenizer.encode(texts[start : start + CHUNK], num_threads=-1):
            yield np.array([tokenizer.bos_id(), *tokens, tokenizer.eos_id()] if tokens else [], np.uint16)


def plain(texts: list[str]) -> Ragged:
    """Texts as they are."""
    return Ragged.of((tokens, 0) for tokens in encode(texts))


def titled(texts: list[str]) -> Ragged:
    """The title as the answer to its abstract; an empty list for a text that is no paper."""
    parts = [text.partition("\n\n") for text in texts]
    usable = [bool(abstract) and len(title) <= LONGEST_TITLE for title, _, abstract in parts]
    asked = [f"[INST] Abstract: {p[2]} [/INST]" if u else "" for p, u in zip(parts, usable, strict=True)]
    answered = [p[0] if u else "" for p, u in zip(parts, usable, strict=True)]
    return Ragged.of(
        (np.concatenate([question[:-1], title[1:]]), len(title[1:]))
        for question, title in zip(encode(asked), encode(answered), strict=True)
    )


def main() -> None:
    text = pd.read_parquet(TEXT)
    papers = list(text.text.where(text.source == "arxiv", ""))
    lists = ["\n".join(documents) for documents in pd.read_parquet(GROUPS).docs]
    for name, make, texts in (
        ("plain", plain, list(text.text)),
        ("titled", titled, papers),
        ("lists", plain, lists),
    ):
        path = WORK / f"{name}.npz"
        if not path.exists():
            result = make(texts)
            result.save(path)
            print(f"{name}: {len(result):,} texts, {len(result.tokens) / 1e6:.1f} M tokens", flush=True)


if __name__ == "__main__":
    main()
