"""Stage 8: the loss curves of both trainings as a picture beside this file."""

import json
from pathlib import Path

import matplotlib as mpl
from recipe import WORK

mpl.use("agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).with_name("losses.png")


def column(lines: list[dict[str, float]], x: str, y: str) -> tuple[list[float], list[float]]:
    """The points of all lines that have both."""
    points = [(line[x], line[y]) for line in lines if x in line and y in line]
    return [a for a, _ in points], [b for _, b in points]


def read(name: str) -> list[dict[str, float]]:
    """The measurements that a stage logged."""
    return [json.loads(line) for line in (WORK / name).read_text().splitlines()]


def main() -> None:
    pretraining, labels = read("pretraining.jsonl"), read("label-training.jsonl")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    tokens, losses = column(pretraining, "tokens", "loss")
    left.plot([t / 1e6 for t in tokens], losses, color="#2b5c8a")
    left.set(title="Pre-training", xlabel="million tokens", ylabel="loss per token", ylim=(2.3, 5))
    right.plot(
        *column(labels, "step", "loss"), color="#2b5c8a", alpha=0.6, label="training (label and prompt)"
    )
    right.plot(*column(labels, "step", "development"), "o-", color="#c4502a", label="development (label)")
    for line in labels:
        if "average" in line:
            right.axhline(
                line["average"], color="#3a7d44", linestyle="--", label="average of the best snapshots"
            )
    right.set(title="Label training", xlabel="step", ylabel="loss per token")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=110)
    print(PICTURE)


if __name__ == "__main__":
    main()
