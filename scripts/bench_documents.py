"""How long files of one document each take to be read, by their ending.

    python scripts/bench_documents.py [FOLDER]

Without a folder those in tests/data/documents are read, each fifty times. A ratio to HTML stands beside each
time.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from localtopics.formats.document import Unreadable
from localtopics.formats.formats import FORMATS
from localtopics.formats.process import Reader

TESTED = Path(__file__).parents[1] / "tests" / "data" / "documents"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TESTED
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in FORMATS]
    seconds: dict[str, list[float]] = defaultdict(list)
    with Reader() as reader:
        for repetition in range(51 if folder == TESTED else 2):
            for path in files:
                content, start = path.read_bytes(), time.perf_counter()
                with suppress(Unreadable):
                    reader.read(path.suffix.lower(), content)
                    if repetition:  # at first packages are loaded
                        seconds[path.suffix.lower()].append(time.perf_counter() - start)
    means = {ending: sum(each) / len(each) for ending, each in seconds.items()}
    for ending, mean in sorted(means.items(), key=lambda item: item[1]):
        ratio = f", {mean / means['.html']:.1f} times an .html" if ".html" in means else ""
        print(f"{ending:6} {1000 * mean:7.2f} ms a file ({len(seconds[ending])} readings){ratio}")


if __name__ == "__main__":
    main()
