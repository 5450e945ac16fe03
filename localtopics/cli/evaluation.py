"""What ``localtopics evaluate`` prints: the figures of the names, then those of the topics."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from localtopics.cli import terminal

if TYPE_CHECKING:
    from localtopics.run.evaluate import Evaluation
    from localtopics.run.gold import GoldFigures
    from localtopics.run.run import Run

_SCORES = {"first": "acc@1", "reciprocal_rank": "MRR", "cosine": "cosine", "exact": "exact"}
"""The fields of `Score`, by the names that they have in the table."""
_FIGURES = {
    "diversity": ("topic diversity", "more", "unlike words among the topics' keywords"),
    "coherence": ("NPMI coherence", "more", "a topic's keywords meet in documents, -1 to 1"),
    "outliers": ("outlier share", "less", "documents in no topic"),
    "silhouette": ("silhouette", "more", "documents lie with their own topic, -1 to 1"),
    "dbcv": ("DBCV", "more", "dense topics, sparse gaps between, -1 to 1"),
}
"""The fields of `TopicFigures`: the name in the table, what is better, and what it is in 46 letters."""
_AGREEMENTS = {
    "ami": ("AMI", "shared information, 0 by chance"),
    "ari": ("ARI", "pairs kept together or apart, 0 by chance"),
    "purity": ("purity", "in their topic's commonest class"),
    "homogeneity": ("homogeneity", "each topic is of one class"),
    "completeness": ("completeness", "each class is in one topic"),
}
"""The fields of `Agreement`, of all of which more is better: the name, and what it is in 44 letters."""


def print_evaluation(run: Run, evaluation: Evaluation) -> None:
    """The figures of the names, then those of the topics."""
    _print_names(run, evaluation)
    _print_topics(evaluation)


def _print_names(run: Run, evaluation: Evaluation) -> None:
    """The figures as a table, then each label that does not find its own topic first."""
    from localtopics.labels.fidelity import RIVALS

    console, labels = terminal.console(), run.labels
    table = terminal.table()
    scores = {name: asdict(score) for name, score in evaluation.scores.items()}
    shown = [field for field in _SCORES if any(score[field] is not None for score in scores.values())]
    table.add_column("")
    for field in shown:
        table.add_column(_SCORES[field], justify="right")
    for name, score in scores.items():
        figures = (score[field] for field in shown)
        table.add_row(name, *("" if figure is None else f"{figure:.3f}" for figure in figures))
    console.print(table)
    rivals = min(evaluation.topics - 1, RIVALS)
    console.print(
        f"\nacc@1: how often a label lies nearer to its own topic's documents than to {rivals} others'"
        "\nMRR: the mean of 1 where no other lies nearer, 1/2 where one does, 1/3 where two do, and so on",
    )
    if evaluation.headings:
        console.print(
            f"cosine, exact: against headings given with --headings, {evaluation.headings} of them.",
        )
    found = evaluation.topics - len(evaluation.doubts)
    console.print(f"\n{found} of {evaluation.topics} labels find their own topic first.")
    if evaluation.doubts:
        doubts = terminal.table()
        doubts.add_column("topic", justify="right")
        doubts.add_column("label")
        doubts.add_column("fidelity", justify="right")
        doubts.add_column("lies nearer to")
        for doubt in evaluation.doubts:
            nearest = f"{doubt.nearest} {labels[doubt.nearest]}"
            doubts.add_row(str(doubt.topic), labels[doubt.topic], f"{doubt.fidelity:.2f}", nearest)
        console.print("The others, the most doubtful first:")
        console.print(doubts)


def _print_topics(evaluation: Evaluation) -> None:
    """The figures of the topics, one a line with what it is."""
    console, table = terminal.console(), terminal.table()
    table.add_column("topics")
    table.add_column("", justify="right")
    table.add_column("better")
    table.add_column("", style="dim", overflow="fold")
    missing = []
    for field, value in asdict(evaluation.figures).items():
        name, better, meaning = _FIGURES[field]
        if value is None:
            missing.append(name)
        else:
            table.add_row(name, f"{value:.3f}", better, meaning)
    if evaluation.stability is not None:
        found = evaluation.stability
        table.add_row(
            "stability", f"{found.ami:.3f}", "more", f"mean AMI of {len(found.seeds)} seeds' topics"
        )
        if found.ami_without_outliers is not None:
            inside = f"{found.ami_without_outliers:.3f}"
            table.add_row("", inside, "more", "the same without a pair's outliers")
    console.print()
    console.print(table)
    if evaluation.stability is not None:
        counts = ", ".join(f"{count:,}" for count in evaluation.stability.topics)
        console.print(f"Topics by seed, the run's own first: {counts}.")
    if missing:
        console.print(
            f"Not measured, for want of layouts or of two topics that lie apart: {', '.join(missing)}."
        )
    if evaluation.gold is not None:
        _print_gold(evaluation.gold)


def _print_gold(gold: GoldFigures) -> None:
    """The topics against classes, with and without outliers."""
    console, table = terminal.console(), terminal.table()
    inside = gold.without_outliers
    table.add_column("against classes")
    table.add_column("all", justify="right")
    table.add_column("in topics", justify="right")
    table.add_column("more is better", style="dim", overflow="fold")

    def row(name: str, field: str, form: str, meaning: str) -> None:
        values = [f"{getattr(figures, field):{form}}" if figures else "" for figures in (gold.all, inside)]
        table.add_row(name, *values, meaning)

    row("documents", "documents", ",", f"{gold.classes:,} classes; all: outliers are a topic")
    for field, (name, meaning) in _AGREEMENTS.items():
        row(name, field, ".3f", meaning)
    console.print()
    console.print(table)
    if gold.without_class:
        console.print(f"{gold.without_class:,} documents have no class and are left out.")
