"""The yardstick: how good are a GGUF's labels, made by `LlamaLabels` on this machine's CPU?

Each group of documents is taken for a topic. The model is shown its first five documents, and keywords that
c-TF-IDF finds in these alone; the selection knows no others either. Fidelity is measured on the rest, in
groups of eight and more; groups under the same human heading are no rivals. The row "centre of the shown"
takes the shown documents' mean embedding for a label: what can be known of the others from these.

Finished topics are kept in a file, and a run that was stopped goes on from there.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from bertopic.vectorizers import ClassTfidfTransformer
from recipe import DATA, DEVELOPMENT, SETTINGS, SMALLEST, WORK
from sklearn.feature_extraction.text import CountVectorizer

from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model
from localtopics.labels.cleaning import clean
from localtopics.labels.distinct import keyword_label
from localtopics.labels.fidelity import embedded_centres, fidelity
from localtopics.labels.representation import LlamaLabels
from localtopics.labels.scoring import LabelScorer, choose
from localtopics.labels.settings import LabelSettings
from localtopics.models import bundled_model
from localtopics.topics.topic import Topic

CHUNK = 200
"""Topics named at once, and kept."""


def keywords(groups: Sequence[Sequence[str]], count: int) -> list[tuple[str, ...]]:
    """Each group's words of highest c-TF-IDF, as BERTopic finds them."""
    vectorizer = CountVectorizer(stop_words="english")
    weights = ClassTfidfTransformer().fit_transform(vectorizer.fit_transform(map(" ".join, groups))).tocsr()
    words = vectorizer.get_feature_names_out()
    rows = (weights[i] for i in range(len(groups)))
    return [tuple(words[row.indices[np.argsort(-row.data, kind="stable")[:count]]]) for row in rows]


@dataclass(frozen=True)
class Answer:
    """What became of one topic."""

    greedy: str
    selected: str
    candidates: list[str]
    fallback: bool
    seconds: float


def answers(
    topics: Sequence[Topic], scorer: LabelScorer, arguments: argparse.Namespace, path: Path
) -> list[Answer]:
    """Label all topics, those that `path` does not hold yet."""
    done = [Answer(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
    settings = LabelSettings(threads=arguments.threads)
    with LlamaLabels(arguments.model, settings=settings) as namer, path.open("a") as file:
        for start in range(len(done), len(topics), CHUNK):
            part = topics[start : start + CHUNK]
            began = perf_counter()
            labels = {label.topic: label for label in namer.label(part, scorer=scorer)}
            seconds = (perf_counter() - began) / len(part)
            for topic in part:
                label = labels[topic.topic]
                texts = [candidate.text for candidate in label.candidates]
                greedy = choose(topic.topic, texts[:1]).text or keyword_label(topic.keywords)
                done.append(Answer(greedy, label.text, texts, label.fallback, seconds))
                file.write(json.dumps(done[-1].__dict__) + "\n")
            file.flush()
            print(f"{len(done):,} of {len(topics):,} topics, {seconds:.3f} s each", flush=True)
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default=str(bundled_model()), help="a GGUF's path or a known model's name")
    parser.add_argument("--development", action="store_true", help="the development groups")
    parser.add_argument("--limit", type=int, help="only so many groups, drawn at random")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", type=Path, default=WORK / "evaluation.jsonl")
    arguments = parser.parse_args()

    groups = pd.read_parquet(DEVELOPMENT if arguments.development else DATA / "groups_valid.parquet")
    if arguments.limit:
        groups = groups.sample(min(arguments.limit, len(groups)), random_state=1)
    shown = [list(docs[: SETTINGS.documents]) for docs in groups.docs]
    words = keywords(shown, SETTINGS.keywords)
    topics = [
        Topic(number, len(documents), found, (), (), tuple(documents))
        for number, (documents, found) in enumerate(zip(shown, words, strict=True))
    ]

    embed = Embedder(choose_model(BUILT_IN_MODEL)).embed
    seen = embedded_centres(embed, shown)
    unseen = embedded_centres(embed, [list(docs[SETTINGS.documents :]) for docs in groups.docs])
    scorer = LabelScorer(embed, dict(enumerate(shown)), dict(enumerate(seen)))
    found = answers(topics, scorer, arguments, arguments.out)
    columns = {
        "human headings": list(groups.label),
        "top 3 keywords": [keyword_label(topic.keywords) for topic in topics],
        "greedy": [answer.greedy for answer in found],
        "selected": [answer.selected for answer in found],
    }
    vectors = {name: embed(labels) for name, labels in columns.items()}
    report(vectors | {"centre of the shown": seen}, groups, unseen)
    for name in ("greedy", "selected"):
        same = [a.casefold() == b.casefold() for a, b in zip(columns[name], groups.label, strict=True)]
        print(f"{name}: {np.mean(same):.3f} exactly the human heading")
    faults = [a.selected for a in found if clean(a.selected) != a.selected]
    seconds = np.mean([answer.seconds for answer in found])
    print(f"{len(faults)} of {len(found):,} labels malformed {faults[:5]}")
    print(f"{sum(a.fallback for a in found)} fell back to keywords; {seconds:.3f} s a topic")


def report(labels: dict[str, np.ndarray], groups: pd.DataFrame, unseen: np.ndarray) -> None:
    """Print the table, and the cosine to the heading by source; labels: float32 [groups, d] for each row."""
    large = groups.docs.map(len).to_numpy() >= SMALLEST
    kinds = list(groups.label[large].str.casefold())
    print(f"\n{len(groups):,} groups, {large.sum():,} of {SMALLEST} documents and more")
    print(f"{'labels':20}{'acc@1':>8}{'MRR':>8}{'cosine':>8}")
    by_source = {}
    for name, vectors in labels.items():
        found = fidelity(vectors[large], unseen[large], kinds)
        cosines = pd.Series((vectors * labels["human headings"]).sum(axis=1), groups.source.to_numpy())
        by_source[name] = cosines.groupby(level=0).mean()
        print(f"{name:20}{found.first.mean():8.3f}{found.reciprocal_rank.mean():8.3f}{cosines.mean():8.3f}")
    print("\ncosine to the human heading by source")
    print(pd.DataFrame(by_source).drop(columns="human headings").round(3).to_string())
    print()


if __name__ == "__main__":
    main()
