"""Stage 11: what the trainings logged, as pictures beside this file; a stage that did not run has none."""

import json
from pathlib import Path

import matplotlib as mpl
from recipe import WORK

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

LOSSES, REWARDS = (Path(__file__).with_name(f"{name}.png") for name in ("losses", "rewards"))
BLUE, RED, GREEN = "#2b5c8a", "#c4502a", "#3a7d44"


def column(lines: list[dict[str, float]], x: str, y: str) -> tuple[list[float], list[float]]:
    """The points of all lines that have both, the last of each x: a resumed stage logs some twice."""
    points = {line[x]: line[y] for line in lines if x in line and y in line}
    return list(points), list(points.values())


def read(name: str) -> list[dict[str, float]]:
    """The measurements that a stage logged."""
    return [json.loads(line) for line in (WORK / name).read_text().splitlines()]


def losses() -> None:
    """The losses of distillation and label training."""
    pretraining, labels = read("distilling.jsonl"), read("labelled.jsonl")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    tokens, loss = column(pretraining, "tokens", "loss")
    left.plot([t / 1e6 for t in tokens], loss, color=BLUE)
    left.set(title="Distillation", xlabel="million tokens", ylabel="loss per token")
    right.plot(*column(labels, "step", "loss"), color=BLUE, alpha=0.6, label="training (label and prompt)")
    right.plot(*column(labels, "step", "development"), "o-", color=RED, label="development (label)")
    for line in labels:
        if "average" in line:
            right.axhline(line["average"], color=GREEN, linestyle="--", label="average of the best snapshots")
    right.set(title="Label training", xlabel="step", ylabel="loss per token")
    save(figure, LOSSES)


def rewards() -> None:
    """How labels drawn in stage 9 and the likeliest ones of development groups got better."""
    lines = [line for line in read("preferred.jsonl") if "average" not in line]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.plot(*column(lines, "step", "best"), color=GREEN, label="the best of the 8 labels of a prompt")
    left.plot(*column(lines, "step", "reward"), color=BLUE, label="all of them")
    left.set(title="Labels drawn", xlabel="step", ylabel="mean reward")
    for name, label, colour in (
        ("mrr", "MRR", GREEN),
        ("first", "acc@1", BLUE),
        ("cosine", "cosine to the human heading", RED),
    ):
        right.plot(*column(lines, "step", name), "o-", color=colour, label=label)
    right.set(title="Development groups, greedy", xlabel="step")
    save(figure, REWARDS)


def save(figure: Figure, path: Path) -> None:
    """Finish the figure and write it."""
    for axes in figure.axes:
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    print(path)


def main() -> None:
    for name, draw in (("labelled.jsonl", losses), ("preferred.jsonl", rewards)):
        if (WORK / name).exists():
            draw()


if __name__ == "__main__":
    main()
