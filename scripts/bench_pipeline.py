"""Time localtopics' pipeline against the notebook's cells written plainly, on the same documents.

    python scripts/bench_pipeline.py                              # 10,000 documents, 15 minutes on 2 cores
    python scripts/bench_pipeline.py --documents 1000 --seeds 42  # a quick look; the bars are for 10,000

Each pipeline runs in a process of its own, with empty caches (embeddings and numba): the plain one once,
ours twice, the second time on the caches that its first run left. Then both find topics with each seed, to
compare their adjusted mutual information with the corpus' categories. The exit code is 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpora" / "arxiv_ml.parquet"
FIRST_RUN, SECOND_RUN, LESS_INFORMATION = 0.55, 0.10, 0.02  # the bars


class Stages(dict[str, float]):
    """Seconds by stage, in the order in which they were begun."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.time()
        yield
        self[name] = time.time() - begun


# -- what is timed: each in a process of its own --------------------------------------------------------


def plain(options: argparse.Namespace) -> Stages:
    """The notebook's cells; they leave their embeddings behind for the other seeds."""
    stages = Stages()
    with stages.stage("imports"):
        import numpy as np
        import pandas as pd
        from bertopic import BERTopic
        from bertopic.representation import KeyBERTInspired, MaximalMarginalRelevance
        from hdbscan import HDBSCAN
        from sentence_transformers import SentenceTransformer
        from umap import UMAP
    with stages.stage("reading"):
        abstracts = pd.read_parquet(options.corpus)["abstract"][: options.documents].tolist()
    with stages.stage("embedding"):
        embedding_model = SentenceTransformer(options.embedding_model)
        embeddings = embedding_model.encode(abstracts, show_progress_bar=False)
    umap_model = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=42)
    hdbscan_model = HDBSCAN(
        min_cluster_size=150,
        metric="euclidean",
        cluster_selection_method="eom",
        prediction_data=True,
    )
    with stages.stage("2-D layout"):
        UMAP(n_neighbors=15, n_components=2, min_dist=0.0, metric="cosine", random_state=42).fit_transform(
            embeddings
        )
    topic_model = BERTopic(
        embedding_model=embedding_model,
        umap_model=umap_model,
        hdbscan_model=hdbscan_model,
        representation_model={
            "KeyBERT": KeyBERTInspired(),
            "MMR": MaximalMarginalRelevance(diversity=0.3),
        },
        top_n_words=10,
    )
    with stages.stage("5-D layout and topics"):
        topic_model.fit_transform(abstracts, embeddings)
    np.save(options.folder / "plain.npy", embeddings)
    return stages


def ours(options: argparse.Namespace) -> Stages:
    """The stages of `localtopics run` before labels, with the caches as they are."""
    stages = Stages()
    with stages.stage("imports"):
        from localtopics.corpus import read_corpus
        from localtopics.embedding import Embedder, choose_model
        from localtopics.topics.save import save_model
        from localtopics.topics.settings import TopicSettings
        from localtopics.topics.umap import lay_out
    with stages.stage("reading"):
        documents = read_corpus(str(options.corpus), text="abstract").documents[: options.documents]
    with stages.stage("embedding"):
        model = choose_model(options.embedding_model)
        embedder = Embedder(model, options.folder / "embeddings")
        embeddings = embedder.embed(documents)
    settings = TopicSettings()
    with stages.stage("both layouts"):
        bertopic = "localtopics.topics.bertopic"  # imported meanwhile, as a run does
        layouts = lay_out(documents, embeddings, settings, meanwhile=lambda: import_module(bertopic))
    with stages.stage("topics"):
        from localtopics.topics.bertopic import find_topics

        found = find_topics(documents, embeddings, layouts, settings, embedder.embed)
        save_model(found.model, options.folder / "model", model.location)
    return stages


def information(options: argparse.Namespace) -> dict[str, list[float]]:
    """Each pipeline's adjusted mutual information with the categories, by seed."""
    import numpy as np
    import pandas as pd
    from hdbscan import HDBSCAN
    from sklearn.metrics import adjusted_mutual_info_score
    from umap import UMAP

    from localtopics.embedding import Embedder, choose_model
    from localtopics.topics.clusters import find_clusters
    from localtopics.topics.settings import TopicSettings
    from localtopics.topics.umap import lay_out

    corpus = pd.read_parquet(options.corpus)[: options.documents]
    categories = corpus["primary_cat"].to_numpy()
    plain_embeddings = np.load(options.folder / "plain.npy")
    embedder = Embedder(choose_model(options.embedding_model), options.folder / "embeddings")
    documents = corpus["abstract"].tolist()
    our_embeddings = embedder.embed(documents)
    scores: dict[str, list[float]] = {"plain": [], "smaller": [], "ours": []}
    for seed in options.seeds:
        reduced = UMAP(
            n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed
        ).fit_transform(plain_embeddings)
        settings = TopicSettings(seed=seed)
        size, samples = settings.density(len(corpus))
        for name, smallest in (("plain", 150), ("smaller", size)):
            topics = HDBSCAN(min_cluster_size=smallest).fit_predict(reduced)
            scores[name].append(adjusted_mutual_info_score(categories, topics))
        topics, _ = find_clusters(lay_out(documents, our_embeddings, settings).reduced, size, samples)
        scores["ours"].append(adjusted_mutual_info_score(categories, topics))
    return scores


JOBS = {"plain": plain, "ours": ours, "information": information}


# -- the comparison -------------------------------------------------------------------------------------


def run(job: str, options: argparse.Namespace, folder: Path, **more: object) -> Any:
    """The result of one job in a fresh process."""
    asked = {"corpus": options.corpus, "documents": options.documents, "folder": folder, "job": job} | more
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items()]
    arguments += ["--seeds", *map(str, options.seeds)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / f"numba-{job}")}
    subprocess.run([sys.executable, __file__, *arguments], env=environment, check=True)
    return json.loads((folder / f"{job}.json").read_text())


def timed(job: str, options: argparse.Namespace, folder: Path, **more: object) -> dict[str, float]:
    """The seconds of a job's stages, and what they do not cover as "start and end"."""
    begun = time.time()
    stages: dict[str, float] = run(job, options, folder, **more)
    seconds = time.time() - begun
    return stages | {"start and end": seconds - sum(stages.values())}


def compare(options: argparse.Namespace) -> bool:
    """Run everything and print it; whether all bars are met."""
    from localtopics.embedding import choose_model
    from localtopics.topics.settings import TopicSettings

    model = choose_model(options.embedding_model)
    size = TopicSettings().cluster_size(options.documents)
    print(f"{options.documents:,} documents of {options.corpus.name}, embedded by {model.name}.")
    print(f"Plain: fp32, topics of 150 documents and more. Ours: {model.precision}, of {size} and more.\n")
    named = {} if options.embedding_model is None else {"embedding_model": options.embedding_model}
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as name:
        times = {
            "Plain": timed("plain", options, Path(name), embedding_model=model.location),
            "Ours, first run": timed("ours", options, Path(name), **named),
            "Ours, second run": timed("ours", options, Path(name), **named),
        }
        for title, stages in times.items():
            print(f"{title:<24}{sum(stages.values()):8.1f} s")
            for stage, seconds in stages.items():
                print(f"  {stage:<22}{seconds:8.1f}")
        scores: dict[str, list[float]] = run("information", options, Path(name), **named)
    print("\nAdjusted mutual information of topics and categories, for each seed, and the mean")
    print("(the plain pipeline's embeddings are computed once and serve all its seeds):")
    means = {name: sum(values) / len(values) for name, values in scores.items()}
    titles = {"plain": "Plain", "smaller": f"Plain, but from {size}", "ours": "Ours"}
    for name, values in scores.items():
        print(f"  {titles[name]:<22}", *(f"{value:8.3f}" for value in values), f"   mean {means[name]:.3f}")
    print()
    plain, first, second = (sum(stages.values()) for stages in times.values())
    return all(
        [
            bar("first run / plain", first / plain, FIRST_RUN),
            bar("second run / plain", second / plain, SECOND_RUN),
            bar("information, plain - ours", means["plain"] - means["ours"], LESS_INFORMATION),
        ]
    )


def bar(name: str, value: float, highest: float) -> bool:
    print(f"{name:<28}{value:6.3f}   at most {highest:.2f}: {'met' if value <= highest else 'MISSED'}")
    return value <= highest


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, help="a .parquet with abstract and primary_cat"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[42, 43, 44])
    parser.add_argument("--embedding-model", help="a sentence-transformers model [default: localtopics' own]")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        result = JOBS[options.job](options)
        (options.folder / f"{options.job}.json").write_text(json.dumps(result))
    else:
        sys.exit(0 if compare(options) else 1)


if __name__ == "__main__":
    main()
