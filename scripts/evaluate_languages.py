#!/usr/bin/env python3
"""Are keywords of runs free of their language's small words, and names in the language that was asked for?

    python scripts/evaluate_languages.py de.topics fr.topics --languages de fr

For each run: how many of its topics' keywords are in stopwords-iso's list of the language, in which
languages its names are as far as they are long enough to tell, and all names, to be read.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import pandas as pd
import py3langid
from stopwordsiso import stopwords

from localtopics.topics.topic import OUTLIER


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--languages", nargs="+", required=True, help="ISO 639-1, one for each run")
    options = parser.parse_args()
    for run, language in zip(options.runs, options.languages, strict=True):
        topics = pd.read_parquet(run / "topics.parquet")
        topics = topics[topics["topic"] != OUTLIER]
        small = stopwords(language)
        keywords = [word for words in topics["keywords"] for word in words[:10]]
        found = [word for word in keywords if word.lower() in small]
        names = topics["label"].tolist()
        told = Counter(py3langid.classify(name)[0] for name in names if len(name) > 5)
        print(
            f"{run}: {len(topics)} topics, {len(found)} of {len(keywords)} keywords are small words {found}"
        )
        print(f"  names by language: {dict(told.most_common())}")
        print("  " + " | ".join(names))


if __name__ == "__main__":
    main()
