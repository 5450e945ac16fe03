#!/usr/bin/env python3
"""What ``update`` keeps, and what it costs in agreement beside finding all topics anew.

Of a corpus the first part makes a run, which then takes in the rest; beside it a run of all documents.
Printed are the share of the old documents in topics that keep theirs, the share of topics that keep their
names, and the AMI of both with the documents' classes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

import localtopics
from localtopics.corpus import Corpus
from localtopics.embedding import Embedder, choose_model
from localtopics.topics.agreement import ami, ami_without_outliers
from localtopics.topics.topic import OUTLIER


def main() -> None:
    """Run, update, run anew, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="a parquet file, the oldest documents first")
    parser.add_argument("--text", default="abstract")
    parser.add_argument("--group", default="primary_cat")
    parser.add_argument("--later", type=float, default=0.2, help="the share of documents that come later")
    options = parser.parse_args()
    table = pd.read_parquet(options.corpus)
    texts, classes = table[options.text].tolist(), table[options.group].astype(str).to_numpy()
    count = round(len(texts) * (1 - options.later))
    embeddings = Embedder(choose_model(None)).embed(texts)
    with TemporaryDirectory() as folder:
        first, rest = (Corpus.from_documents(part) for part in (texts[:count], texts[count:]))
        run = localtopics.fit(first, embeddings=embeddings[:count], model="none", out=Path(folder, "run"))
        before, names = run.documents["topic"].to_numpy(), run.labels
        started = time.monotonic()
        run.update(rest, embeddings=embeddings[count:])
        seconds = time.monotonic() - started
        after, later_names = run.documents["topic"].to_numpy(), run.labels
        started = time.monotonic()
        anew = localtopics.fit(
            Corpus.from_documents(texts), embeddings=embeddings, model="none", out=Path(folder, "anew")
        )
        ratio = seconds / (time.monotonic() - started)
        topics = anew.documents["topic"].to_numpy()
    inside = before != OUTLIER
    kept = np.mean([names[topic] == later_names.get(topic) for topic in set(before.tolist()) - {OUTLIER}])
    print(f"old documents in topics that keep theirs  {(after[:count] == before)[inside].mean():.3f}")
    print(f"topics that keep their names              {kept:.3f} of {len(set(before.tolist())) - 1}")
    both = ami(classes, after), ami(classes, topics)
    print(f"AMI with classes                          {both[0]:.3f}, anew {both[1]:.3f}")
    own = [ami_without_outliers(_numbers(classes), found) for found in (after, topics)]
    print(f"  without outliers                        {own[0]:.3f}, anew {own[1]:.3f}")
    print(f"update / anew, seconds                    {ratio:.2f}")


def _numbers(classes: np.ndarray) -> np.ndarray:
    return np.unique(classes, return_inverse=True)[1]


if __name__ == "__main__":
    main()
