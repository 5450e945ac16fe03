"""The yardstick of names: how good are a model's names for groups of documents that people gave a heading?

    python scripts/test_models.py mpnet qwen-1.5b                     # the second opinion, a real chat model
    python scripts/evaluate_labels.py --model labeller --model PATH   # headed groups, held out
    python scripts/evaluate_labels.py --groups FILE --model PATH      # any parquet with label, docs, source

Each group is taken for a topic and named as a run would name it: keywords by c-TF-IDF from its documents,
representative documents, and a choice among candidates by the built-in embedding model; names that are taken
for each other are told apart. The figures come twice: by that model, and by all-mpnet-base-v2, which had no
part in the choice. Of each model there is its first answer, the chosen one, and the name that a run shows.
Finished names are kept in the folder ``--out``, and a run that was stopped goes on there; ``names.html``
there shows all names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from bertopic.vectorizers import ClassTfidfTransformer
from rich.console import Console
from rich.table import Table
from test_models import FetchError, fetched

from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model
from localtopics.embedding.embedder import Embed
from localtopics.labels.cleaning import folded
from localtopics.labels.distinct import final_names, keyword_label
from localtopics.labels.fidelity import centres, fidelity
from localtopics.labels.label import Label
from localtopics.labels.look_alikes import look_alikes
from localtopics.labels.namer import Namer
from localtopics.labels.proper import CapitalLetters, borrowed
from localtopics.labels.scoring import LabelScorer, choose
from localtopics.labels.settings import LabelSettings
from localtopics.labels.style import in_style
from localtopics.models import bundled_model
from localtopics.run.label_log import append_label, read_labels
from localtopics.topics.bertopic import representative_documents
from localtopics.topics.keywords import vectorizer
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import Topic

ROOT = Path(__file__).resolve().parent.parent
HEADED = ROOT.parent / "shared" / "labeller" / "groups_valid.parquet"
SMALLEST = 8
"""Documents of a group that is named."""
TOLD = 50
"""Labels after which it is said how far it is."""
PEOPLE, KEYWORDS = "people's headings", "three keywords"


_STYLE = """
body { font: 14px system-ui; margin: 2em }
table { border-collapse: collapse }
th { position: sticky; top: 0; background: #fff }
td, th { border-bottom: 1px solid #ccc; padding: .4em .8em; text-align: left; vertical-align: top }
ul { margin: .3em 0; color: #555 }
"""


@dataclass(frozen=True)
class Named:
    """What became of one group."""

    first: str
    chosen: str
    shown: str
    """Told apart from the other groups' names."""
    fallback: bool
    seconds: float
    tokens: int
    """Of its prompt."""


class Yardstick:
    """Groups as topics, with the embeddings of their documents.

    Args:
        groups: columns label, docs and source, one row a group.
        embedders: by name; names are chosen by the first.
    """

    def __init__(self, groups: pd.DataFrame, embedders: Mapping[str, Embed]) -> None:
        self.groups = groups
        self.embedders = embedders
        self.headings = list(groups.label)
        documents = [list(dict.fromkeys(docs)) for docs in groups.docs]
        flat = [document for docs in documents for document in docs]
        members = np.split(np.arange(len(flat)), np.cumsum([len(docs) for docs in documents])[:-1])
        vectors = {name: embed(flat) for name, embed in embedders.items()}
        self.centres = {name: centres(found, members) for name, found in vectors.items()}
        chooser = next(iter(embedders))
        words = _keywords(documents)
        strengths = np.ones(len(flat), np.float32)
        self.topics = [
            Topic(
                topic=number,
                size=len(rows),
                keywords=words[number],
                keybert=(),
                mmr=(),
                representative=tuple(representative_documents(flat, vectors[chooser], rows, strengths)),
            )
            for number, rows in enumerate(members)
        ]
        self.capitals = [CapitalLetters(docs) for docs in documents]
        directions = dict(enumerate(self.centres[chooser]))
        self.scorer = LabelScorer(embedders[chooser], dict(enumerate(documents)), directions)

    def row(self, names: Sequence[str]) -> dict[str, float]:
        """The figures of one name for each group."""
        kinds = [heading.casefold() for heading in self.headings]
        outside = ~self.groups.source.str.startswith("arxiv").to_numpy()
        found: dict[str, float] = {}
        for name, embed in self.embedders.items():
            vectors, headings = embed(names), embed(self.headings)
            first = fidelity(vectors, self.centres[name], kinds).first
            cosines = (vectors * headings).sum(axis=1)
            for part, rows in (("", np.ones(len(names), bool)), (" elsewhere", outside)):
                if rows.any():
                    found[f"acc@1{part}, {name}"] = float(first[rows].mean())
                    found[f"cosine{part}, {name}"] = float(cosines[rows].mean())
        same = [folded(name) == folded(heading) for name, heading in zip(names, self.headings, strict=True)]
        alone = [borrowed(name, capitals) > 0.5 for name, capitals in zip(names, self.capitals, strict=True)]
        return found | {
            "unlike": len(set(map(folded, names))) / len(names),
            "exact": float(np.mean(same)),
            "words": float(np.mean([len(name.split()) for name in names])),
            "shouted": float(np.mean([name.isupper() and len(name) > 5 for name in names])),
            "borrowed": float(np.mean(alone)),
        }

    def apart(self, names: Sequence[str], rivals: Mapping[int, Sequence[int]]) -> dict[str, float]:
        """How often a name is nearer to its own group than to those of other headings that it is taken for.

        Args:
            names: one for each group.
            rivals: group to the groups whose names are like its own, as `look_alikes` finds them.
        """
        others = {
            group: [one for one in found if self.headings[one].casefold() != self.headings[group].casefold()]
            for group, found in rivals.items()
        }
        others = {group: found for group, found in others.items() if found}
        result: dict[str, float] = {"alike": len(rivals), "of other headings": len(others)}
        for name, embed in self.embedders.items():
            cosines = embed(names) @ self.centres[name].T
            told = [cosines[group, group] > cosines[group, found].max() for group, found in others.items()]
            result[f"apart, {name}"] = float(np.mean(told)) if told else 1.0
        return result

    def cosines_by_source(self, columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """The mean cosine to the heading of each column of names, by the last embedder, by source."""
        embed = self.embedders[list(self.embedders)[-1]]
        headings = embed(self.headings)
        found = {name: (embed(names) * headings).sum(axis=1) for name, names in columns.items()}
        return pd.DataFrame(found).groupby(self.groups.source.to_numpy()).mean()


def _keywords(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Each group's ten words of the highest c-TF-IDF, as a run finds them."""
    flat = [document for documents in groups for document in documents]
    topics = np.repeat(np.arange(len(groups)), [len(documents) for documents in groups])
    counter = vectorizer(flat, topics, TopicSettings())
    weights = ClassTfidfTransformer().fit_transform(counter.fit_transform(map(" ".join, groups))).tocsr()
    words = counter.get_feature_names_out()
    rows = (weights[row] for row in range(len(groups)))
    return [tuple(words[row.indices[np.argsort(-row.data, kind="stable")[:10]]]) for row in rows]


def named(yardstick: Yardstick, model: Path, settings: LabelSettings, path: Path) -> list[Named]:
    """Every group's names by a model; what ``path`` holds already is not asked for again."""
    labels = read_labels(path)
    with Namer(model, settings) as namer:
        found = namer.label(yardstick.topics, labels, scorer=yardstick.scorer)
        for count, label in enumerate(found, 1):
            append_label(path, label)
            labels[label.topic] = label
            if count % TOLD == 0:
                print(f"{count:,} labels, the last in {label.seconds:.3f} s", file=sys.stderr)
        shown = final_names(yardstick.topics, labels, settings.label_case)
        return [_named(namer, topic, labels[topic.topic], shown[topic.topic]) for topic in yardstick.topics]


def _named(namer: Namer, topic: Topic, label: Label, shown: str) -> Named:
    answer = choose(topic.topic, [candidate.text for candidate in label.candidates[:1]]).text
    first = replace(
        label,
        text=answer or keyword_label(topic.keywords),
        fallback=answer is None,
        candidates=label.candidates[:1],
        again=(),
    )
    greedy, chosen = (in_style(one, topic.representative, "title").text for one in (first, label.first))
    return Named(greedy, chosen, shown, label.fallback, label.seconds, namer.prompt_of(topic)[1])


def read_groups(path: Path, limit: int | None) -> pd.DataFrame:
    """Groups of `SMALLEST` documents and more; of more than ``limit`` as many are drawn, always the same."""
    groups = pd.read_parquet(path)
    if "source" not in groups:
        groups["source"] = "all"
    groups = groups[groups.docs.map(len) >= SMALLEST]
    if limit and limit < len(groups):
        groups = groups.sample(limit, random_state=1)
    return groups.reset_index(drop=True)


def table(rows: Mapping[str, Mapping[str, float]]) -> Table:
    """The rows with their figures, one a line."""
    found = Table(box=None, header_style="bold")
    found.add_column("names")
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    for column in columns:
        found.add_column(column, justify="right")
    for name, row in rows.items():
        found.add_row(name, *(f"{row[column]:.3f}" if column in row else "" for column in columns))
    return found


def page(yardstick: Yardstick, columns: Mapping[str, Sequence[str]]) -> str:
    """All names side by side, with the start of two documents, for reading."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = []
    for number, topic in enumerate(yardstick.topics):
        cells = "".join(f"<td>{escape(names[number])}</td>" for names in columns.values())
        shown = "".join(f"<li>{escape(text[:160])}</li>" for text in topic.representative[:2])
        lines.append(f"<tr>{cells}<td>{escape(', '.join(topic.keywords[:6]))}<ul>{shown}</ul></td></tr>")
    return (
        f"<!doctype html><meta charset=utf-8><title>Names side by side</title><style>{_STYLE}</style>"
        f"<table><tr>{head}<th>keywords, documents</th></tr>{''.join(lines)}</table>"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--model", action="append", default=[], help="a GGUF, or labeller; several may be given"
    )
    parser.add_argument("--groups", type=Path, default=HEADED, help="a parquet with label, docs and source")
    parser.add_argument("--limit", type=int, default=600, help="groups at most, drawn at random")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "names")
    parser.add_argument("--prompt", help="a prompt file, as for a run")
    parser.add_argument("--candidates", type=int, help="answers a topic, as for a run")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    embedders = {"MiniLM": Embedder(choose_model(BUILT_IN_MODEL), arguments.out).embed}
    try:
        embedders["mpnet"] = Embedder(choose_model(str(fetched("mpnet"))), arguments.out).embed
    except FetchError as error:
        print(f"Without a second opinion: {error}", file=sys.stderr)
    yardstick = Yardstick(read_groups(arguments.groups, arguments.limit), embedders)
    columns = {
        PEOPLE: yardstick.headings,
        KEYWORDS: [keyword_label(topic.keywords) for topic in yardstick.topics],
    }
    rows = {name: yardstick.row(names) for name, names in columns.items()}
    for model in arguments.model:
        path = bundled_model() if model == "labeller" else Path(model)
        assert path is not None
        settings = LabelSettings(prompt=arguments.prompt, candidates=arguments.candidates)
        kept = arguments.out / f"{arguments.groups.stem}-{len(yardstick.topics)}-{path.stem}.jsonl"
        found = named(yardstick, path, settings, kept)
        rivals = look_alikes({number: one.chosen for number, one in enumerate(found)}, yardstick.scorer)
        for kind in ("first", "chosen", "shown"):
            names = [str(getattr(one, kind)) for one in found]
            columns[f"{path.stem}, {kind}"] = names
            rows[f"{path.stem}, {kind}"] = yardstick.row(names) | yardstick.apart(names, rivals)
            rows[f"{path.stem}, {kind}"] |= {
                "fallbacks": float(np.mean([n.fallback for n in found])),
                "s a topic": float(np.mean([n.seconds for n in found])),
                "tokens": float(np.mean([n.tokens for n in found])),
            }
    console = Console(width=240)
    console.print(f"{len(yardstick.topics):,} groups of {arguments.groups.name}")
    console.print(table(rows))
    console.print(yardstick.cosines_by_source(columns).round(3).to_string())
    (arguments.out / "names.html").write_text(page(yardstick, columns), encoding="utf-8")
    console.print(f"Names side by side: {arguments.out / 'names.html'}")


if __name__ == "__main__":
    main()
