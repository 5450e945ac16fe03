"""Stage 2: the SentencePiece tokenizer: byte-pair pieces with byte fallback, as Llama's."""

import pandas as pd
import sentencepiece
from recipe import FULL, GROUPS, TEXT, TOKENIZER


def main() -> None:
    text = pd.read_parquet(TEXT).text
    labels = pd.read_parquet(GROUPS).label.drop_duplicates()
    lines = (line for row in (*text, *labels) for line in row.split("\n") if line)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines,
        model_prefix=str(TOKENIZER.with_suffix("")),
        model_type="bpe",
        vocab_size=FULL.vocabulary,
        byte_fallback=True,
        character_coverage=0.9998,
        split_digits=True,
        normalization_rule_name="identity",  # llama.cpp normalises nothing
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        max_sentence_length=20_000,
        num_threads=2,
        minloglevel=1,
    )
    TOKENIZER.with_suffix(".vocab").unlink()
    trained = sentencepiece.SentencePieceProcessor(model_file=str(TOKENIZER))
    sample = text.iloc[:2000]
    tokens = sum(map(len, trained.encode(list(sample))))
    print(f"{len(trained):,} pieces, {sample.str.len().sum() / tokens:.2f} characters a token")


if __name__ == "__main__":
    main()
