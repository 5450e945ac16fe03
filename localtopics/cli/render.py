"""What a person sees in the terminal: progress bars, notes, the table of topics.

Results go to standard output; progress, notes and errors to standard error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from threading import Timer
from typing import TYPE_CHECKING, Any

from localtopics.cli import terminal
from localtopics.cli.group import hinted
from localtopics.cli.terminal import echo, echo_json, harmless_line
from localtopics.progress import Advance, Bytes, Progress
from localtopics.text import one_line, size_in_words, time_in_words
from localtopics.topics.topic import OUTLIER

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from localtopics.gguf import ModelInfo
    from localtopics.llama.offload import OffloadPlan
    from localtopics.llama.probe import Probe, SystemReport
    from localtopics.models import InstalledModel
    from localtopics.run.estimate import Estimate
    from localtopics.run.run import Run
    from localtopics.topics.topic import Topic

_ROWS = 30
_SHORT = 1.0
"""Seconds that work may take without a progress bar."""


class _Notes(logging.Handler):
    """Prints what the package logs as plain lines."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        note = hinted(self.format(record), getattr(record, "arguments", ()))
        self._console.print(harmless_line(note), soft_wrap=True)


@contextmanager
def reporting(quiet: bool) -> Iterator[Progress]:
    """Progress bars with the time left, and the package's notes as plain lines, on standard error."""
    if quiet:
        from localtopics.progress import silent

        yield silent
        return
    from rich import progress

    class Count(progress.ProgressColumn):
        """Steps done of all, bytes with their unit."""

        _steps, _bytes = progress.MofNCompleteColumn(), progress.DownloadColumn()

        def render(self, task: progress.Task) -> Text:
            return (self._bytes if isinstance(task.total, Bytes) else self._steps).render(task)

    console = terminal.console(err=True)
    handler = _Notes(console)
    notes = logging.getLogger("localtopics")
    notes.addHandler(handler)
    notes.setLevel(logging.INFO)
    bars = progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        Count(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        console=console,
    )

    def shown(task: progress.TaskID) -> None:
        bars.update(task, visible=True)
        bars.start()

    @contextmanager
    def bar(description: str, total: int | None = None) -> Iterator[Advance]:
        task = bars.add_task(f"{harmless_line(description):<24}", total=total, visible=False)
        show = Timer(_SHORT, shown, (task,))
        show.daemon = True
        show.start()
        try:
            yield lambda steps: bars.advance(task, steps)
        except BaseException:
            show.cancel()
            bars.update(task, visible=False)  # what went wrong is said below, without half a bar above it
            raise
        show.cancel()
        done = bars.tasks[bars.task_ids.index(task)].completed
        bars.update(task, total=total or done, completed=total or done)

    try:
        yield bar
    finally:
        if bars.live.is_started:
            bars.stop()
        notes.removeHandler(handler)


def print_topics(run: Run, rows: int | None = None) -> None:
    """The topics as a table: number, size, label, keywords."""
    from localtopics.labels.fidelity import LOW

    table = terminal.table()
    table.add_column("topic", justify="right")
    table.add_column("size", justify="right")
    table.add_column("label", overflow="fold", max_width=48)
    table.add_column("keywords", no_wrap=True, overflow="ellipsis", style="dim")
    labels = run.labels
    records = run.topic_table.query("level == 0").to_dict("records")
    named = [record for record in records if record["topic"] != OUTLIER]
    doubtful = {topic for topic, fidelity in run.fidelity.items() if fidelity < LOW}
    for record in named[:rows]:
        mark = " *" * record["fallback"] + " ?" * (record["topic"] in doubtful)
        table.add_row(
            str(record["topic"]),
            f"{record['size']:,}",
            labels[record["topic"]] + mark,
            ", ".join(record["keywords"]),
        )
    outliers = sum(record["size"] for record in records if record["topic"] == OUTLIER)
    if outliers:
        table.add_row("-1", f"{outliers:,}", labels[OUTLIER], "", style="dim")
    console = terminal.console()
    console.print(table)
    total = len(run.documents)
    console.print(
        f"\n{len(named)} topics in {total:,} documents, {outliers / total:.0%} of them outliers.",
    )
    if given := run.record.get("given_thresholds"):
        shown = ", ".join(f"{one['name']} ({one['cosine']:.2f})" for one in given)
        console.print(harmless_line(f"Given, with the cosine from which a text is near: {shown}."))
    if rows is not None and len(named) > rows:
        console.print(f"The {rows} largest are shown; `localtopics show {run.folder}` shows all.")
    if any(record["fallback"] for record in named[:rows]):
        console.print("* the topic's top keywords, since there is no label from a model.")
    if any(record["topic"] in doubtful for record in named[:rows]):
        console.print(
            "? a doubtful label: two or more other topics lie nearer to it than its own "
            f"(`localtopics evaluate {run.folder}`).",
        )


def print_topics_json(run: Run, topic: int | None = None) -> None:
    """The topics of all levels as JSON lines, or one of them."""
    labels = run.labels
    for found in chain(*run.levels):
        if topic is None or found.topic == topic:
            fields = asdict(found)
            del fields["members"]
            echo_json({"label": labels[found.topic], "fidelity": found.fidelity} | fields)


def print_tree(run: Run) -> None:
    """The topics of all levels, those that a topic holds below it, the largest first."""
    from rich.text import Text
    from rich.tree import Tree

    labels = run.labels
    below: dict[int | None, list[Topic]] = {}
    for found in sorted(chain(*run.levels), key=lambda found: (-found.size, found.topic)):
        if found.topic != OUTLIER:
            below.setdefault(found.parent, []).append(found)

    def add(branch: Tree, holder: int | None) -> None:
        for found in below.get(holder, []):
            name = harmless_line(f"{labels[found.topic]}  {found.size:,}  #{found.topic}")
            add(branch.add(Text(name, style="bold" if found.level else "")), found.topic)

    tree = Tree(Text(harmless_line(run.title)))
    add(tree, None)
    terminal.console().print(tree)


def explain(run: Run) -> None:
    """Say what to change where a run has no map to speak of."""

    found = sum(topic.topic != OUTLIER for topic in run.topics)
    if found > 1:
        return
    size = run.record["min_cluster_size"]
    echo(
        f"{'Only one topic was' if found else 'No topic was'} found: the documents are too few or too alike "
        f"for topics of at least {size}. Try a smaller --min-cluster-size, or --min-samples 1, with --force.",
        err=True,
    )


def finish(run: Run, as_json: bool) -> None:
    """Print what a command that named topics has to show."""
    from localtopics.labels.settings import NO_MODEL

    if as_json:
        print_topics_json(run)
    else:
        print_topics(run, _ROWS)
    explain(run)
    if run.settings.labels.model == NO_MODEL:
        echo(
            f"Labels are keywords, as asked; `localtopics label {run.folder}` lets a model name the topics.",
            err=True,
        )
    elif run.record.get("label_model") is None:
        echo(
            "Labels are keywords, for want of a language model: `localtopics models pull llama-2-13b-chat` "
            f"gets one, then `localtopics label {run.folder}` names the topics.",
            err=True,
        )
    if as_json:
        return
    echo()
    for name in ("map.html", "map.png", "topics.csv"):
        echo(harmless_line(run.folder / name))


def print_estimate(found: Estimate, as_json: bool) -> None:
    """What a run would take, a line a stage, or as JSON."""
    if as_json:
        echo_json(asdict(found) | {"seconds": found.seconds, "memory": found.memory, "disk": found.disk})
        return
    rows = terminal.table()
    for heading in ("stage", "time", "memory", "disk"):
        rows.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage in found.stages:
        if stage.seconds is None:
            rows.add_row(stage.name, "by the model", "by the model", "")
            continue
        disk = size_in_words(stage.disk) if stage.disk else ""
        rows.add_row(stage.name, time_in_words(stage.seconds), size_in_words(stage.memory), disk)
    rows.add_row("all", time_in_words(found.seconds), size_in_words(found.memory), size_in_words(found.disk))
    terminal.console().print(rows)
    kept = f"{size_in_words(found.cache)} for kept embeddings and " if found.cache else ""
    temporary = f"{size_in_words(found.temporary)} of temporary files meanwhile"
    echo(f"{found.documents:,} documents, about; beside the run folder, {kept}{temporary}.")


def rate(rows: int, seconds: float) -> str:
    """How quickly rows were done, as the end of a sentence; nothing where none was."""
    return f", {rows / seconds:,.0f} rows a second" if rows and seconds else ""


def print_system(report: SystemReport, models: Sequence[InstalledModel]) -> None:
    """One screen about the machine: processor, memory, GPUs, llama.cpp, PyTorch, models."""
    import torch

    gpus = [f"{gpu.description}, {_gib(gpu.free)} of {_gib(gpu.total)} free" for gpu in report.gpus]
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    _print_facts(
        ("processor", f"{report.cpu}, {report.threads} threads"),
        ("features", ", ".join(report.cpu_features)),
        ("memory", f"{_gib(report.free_ram)} free"),
        *[("GPU", gpu) for gpu in gpus or [report.gpu_note or "none"]],
        ("llama.cpp", f"{report.llama_cpp}, for {', '.join(report.backends)}"),
        ("PyTorch", f"{torch.__version__}, on {device}"),
        *[("model", f"{model.name}, {_gib(model.bytes)}, {model.path}") for model in models],
    )


def print_plan(info: ModelInfo, plan: OffloadPlan, probe: Probe) -> None:
    """How a model would be run here, and how fast it was."""
    where = f"{plan.layers} of {plan.all_layers} on the GPU" if plan.layers else "all in memory"
    echo()
    _print_facts(
        ("plan for", f"{info.name} ({info.quantization}, {info.parameters / 1e9:.2f} billion parameters)"),
        ("layers", where),
        ("KV cache", f"{plan.cells:,} cells of {plan.kv_type}, {plan.ubatch:,} tokens at once"),
        *[
            ("predicted", f"{_gib(size)} on {gpu.description}")
            for gpu, size in zip(plan.devices, plan.predicted, strict=False)
        ],
        *[("note", note) for note in plan.notes],
        ("reads", f"{probe.prompt_tokens_per_second:,.0f} tokens a second"),
        ("writes", f"{probe.answer_tokens_per_second:,.0f} tokens a second, several labels at once"),
        ("a topic", f"{probe.seconds_per_prompt:.2g} seconds"),
    )


def print_server(found: Mapping[str, Any]) -> None:
    """What a server of chat models is, and how it answered one question."""
    echo()
    _print_facts(
        ("server", f"{found['server']}, model {found['name']}"),
        ("answers", f"{one_line(found['answer'])!r}, after {found['seconds']:.2g} seconds"),
    )


def _print_facts(*facts: tuple[str, str]) -> None:
    console = terminal.console()
    for name, value in facts:
        console.print(f"{name:<10} {harmless_line(value)}", soft_wrap=True)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**29 else f"{size / 2**20:.0f} MiB"
