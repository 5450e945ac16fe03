"""``labels.jsonl``: each label with the answers that it was chosen from, a line as soon as it is finished."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localtopics.files import PRIVATE, naming, replacing
from localtopics.labels.label import Candidate, Label


def append_label(path: Path, label: Label) -> None:
    """Add one finished label.

    Raises:
        OSError: the file cannot be written, or is a link.
    """
    with naming(path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, PRIVATE), "a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(asdict(label), ensure_ascii=False) + "\n")


def read_labels(path: Path) -> dict[int, Label]:
    """The labels finished so far; a line that a kill cut short, or that holds no label, is taken away."""
    if not path.is_file():
        return {}
    content = path.read_bytes().decode(errors="replace")
    *lines, cut = content.split("\n")  # at nothing else: answers may hold U+2028
    labels = {line: _parse(line) for line in lines}
    if cut or None in labels.values():
        with replacing(path) as temporary:
            whole = [line for line in lines if labels[line] is not None]
            temporary.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8", newline="\n")
    return {label.topic: label for label in map(labels.get, lines) if label is not None}


def _parse(line: str) -> Label | None:
    """The label in a line, or None where the line holds none."""
    try:
        content = json.loads(line)
        label = Label(
            topic=int(content["topic"]),
            text=str(content["text"]),
            fallback=bool(content["fallback"]),
            candidates=_candidates(content["candidates"]),
            prompt_sha256=str(content["prompt_sha256"]),
            seconds=float(content["seconds"]),
            again=_candidates(content.get("again", ())),
            again_sha256=str(content.get("again_sha256", "")),
        )
        _ = label.first  # a line of somebody else's may have none
        return label
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _candidates(found: Sequence[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    scored = [(each["text"], each["score"]) for each in found]
    return tuple(Candidate(str(text), None if score is None else float(score)) for text, score in scored)
