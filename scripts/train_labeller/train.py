"""Stages 3 to 10 one after the other, on a machine with a GPU; what is there already is not made again.

It needs `text.parquet`, `groups.parquet`, `development.parquet` and `whole.gguf` in `build/labeller`, and no
network. What one stage has half done it goes on with when it is started again.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from recipe import ROOT, WORK, results

HERE = Path(__file__).parent


class Stages:
    """Runs stages whose result is not there."""

    def __init__(self, toy: bool) -> None:
        self._toy = toy
        self._environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
            "TOKENIZERS_PARALLELISM": "true",
        }

    def start(self, result: Path, script: str, *options: str) -> subprocess.Popen[bytes] | None:
        """Let a stage run beside what follows."""
        if result.exists():
            return None
        print(f"--- {script} {' '.join(options)}", flush=True)
        command = [sys.executable, "-u", str(HERE / f"{script}.py"), *options]
        return subprocess.Popen(command, env=self._environment)

    def run(self, result: str, script: str, *options: str) -> None:
        """Run a stage that trains."""
        began = time.perf_counter()
        toy = ("--toy",) if self._toy else ()
        process = self.start(results(self._toy) / result, script, *options, *toy)
        finish(process)
        if process is not None:
            print(f"--- {script}: {time.perf_counter() - began:.0f} s", flush=True)


def finish(process: subprocess.Popen[bytes] | None) -> None:
    """Wait for a stage, and stop where it failed."""
    if process is not None and process.wait():
        sys.exit(f"{process.args!r} failed; the same command goes on from here.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for stage, minutes in (("distil", 7.0), ("whole", 2.5), ("labels", 3.0), ("prefer", 3.5)):
        parser.add_argument(f"--{stage}", type=float, default=minutes, help="minutes that it may take")
    parser.add_argument("--layers", default="12")
    parser.add_argument("--feed-forward", default="2432")
    parser.add_argument("--toy", action="store_true", help="tiny models, to try the chain on a CPU")
    asked = parser.parse_args()
    stages = Stages(asked.toy)

    began = time.perf_counter()
    tokens = [
        stages.start(WORK / "plain.npz", "texts"),
        stages.start(WORK / "labels-2.npz", "prompts", "--epochs", "2"),
    ]
    for process in tokens:
        finish(process)
    toy = ("--toy",) if asked.toy else ()
    steps = ("--steps", "4") if asked.toy else ()
    beside = stages.start(results(asked.toy) / "lesson.pickle", "prefer", "--prepare", *steps, *toy)
    stages.run("cut.pt", "surgery", "--layers", asked.layers, "--feed-forward", asked.feed_forward)
    stages.run("distilled.pt", "distil", "--minutes", str(asked.distil))
    stages.run("teacher.pt", "learn_labels", "--whole", "--minutes", str(asked.whole))
    stages.run("labelled.pt", "learn_labels", "--minutes", str(asked.labels))
    finish(beside)
    stages.run("preferred.pt", "prefer", "--minutes", str(asked.prefer), *steps)
    print(f"{(time.perf_counter() - began) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
