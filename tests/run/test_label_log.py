"""labels.jsonl, a line a topic as it is finished."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.labels.label import Candidate
from localtopics.run.label_log import append_label, read_labels
from localtopics.run.run import Run
from tests.run.folders import LABEL


@pytest.mark.parametrize("text", ["a\u2028b", "a\u0085b", "a\x0bb\x0cc", "a\rb", "a\nb"])
def test_an_answer_may_hold_any_line_break(folder: Path, text: str) -> None:
    (folder / "labels.jsonl").unlink()
    run = Run.open(folder)
    labels = [replace(LABEL, topic=topic, candidates=(Candidate(text, 0.5),)) for topic in range(3)]
    for label in labels:
        append_label(run.labels_file, label)
    assert list(read_labels(run.labels_file).values()) == labels


def test_what_was_asked_again_is_kept(folder: Path) -> None:
    (folder / "labels.jsonl").unlink()
    run = Run.open(folder)
    again = replace(LABEL, text="Rye bread", again=(Candidate("Rye bread", 0.7),), again_sha256="1" * 64)
    for label in (LABEL, again):
        append_label(run.labels_file, label)
    assert read_labels(run.labels_file) == {LABEL.topic: again}
    assert again.first == LABEL


def test_lines_that_hold_no_label_are_taken_away(folder: Path) -> None:
    whole = (folder / "labels.jsonl").read_bytes().splitlines(keepends=True)
    run = Run.open(folder)
    labels = read_labels(run.labels_file)
    assert len(labels) == 3
    told_apart = json.loads(whole[0]) | {"again_sha256": "1" * 64, "candidates": []}
    junk = [
        b"\xff\xfe\n",
        b"[1]\n",
        b'{"topic": 1}\n',
        json.dumps(told_apart).encode() + b"\n",
        b"[" * 5000 + b"\n",
        b"\n",
        b'{"topic": 3, "text": "cut',
    ]
    (folder / "labels.jsonl").write_bytes(b"".join([whole[0], junk[0], *whole[1:], *junk[1:]]))
    assert read_labels(run.labels_file) == labels
    assert (folder / "labels.jsonl").read_bytes() == b"".join(whole)
