"""``edits.jsonl``: what people changed about the topics of a run, a line a change, as people can read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from localtopics.errors import UserError
from localtopics.files import replacing
from localtopics.text import one_line
from localtopics.topics.editing import Edit, Kind, Reference

EDITS = "edits.jsonl"
"""The file of a run folder; it is there from the first change, and outlives ``run --force``."""
LONGEST_NAME = 200
"""Characters of a name that somebody gives."""
MOST_PARTS = 100
"""Of a topic that is split."""


def read_edits(path: Path) -> list[Edit]:
    """The changes in a file, in their order; none where there is no file.

    Raises:
        UserError: it cannot be read, or a line holds no change.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}.") from None
    edits = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            edits.append(_edit(json.loads(line)))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else one_line(str(error))
            raise UserError(f"Line {number} of {path} holds no change to topics: {reason}.") from None
    return edits


def write_edits(edits: Sequence[Edit], path: Path) -> None:
    """Write the changes, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{_line(edit)}\n" for edit in edits), encoding="utf-8", newline="\n")


def digest(edits: Sequence[Edit]) -> str:
    """What tells these changes from others."""
    return hashlib.sha256("\n".join(map(_line, edits)).encode()).hexdigest()


def _line(edit: Edit) -> str:
    """A change as one line of JSON, in which what is empty is left out."""
    content = {name: value for name, value in asdict(edit).items() if value not in ("", (), None)}
    return json.dumps(content, ensure_ascii=False)


def _edit(content: Any) -> Edit:
    """The change that a line describes.

    Raises:
        ValueError, TypeError, KeyError: it describes none.
    """
    if not isinstance(content, dict):
        raise TypeError("it is no JSON object")
    known = ["edit", "topics", "documents", "text", "parts", "into"]
    if strange := content.keys() - set(known):
        raise ValueError(f"it has {min(strange)!r}, and a change has {', '.join(known)}")
    kind, text, parts = content["edit"], content.get("text", ""), content.get("parts")
    if kind not in get_args(Kind):
        raise ValueError(f"{kind!r} is none of {', '.join(get_args(Kind))}")
    if not isinstance(text, str) or not (parts is None or type(parts) is int):
        raise ValueError("its text or the number of its parts is none")
    topics = tuple(_reference(one) for one in content["topics"])
    into = tuple(_reference(one) for one in content.get("into", ()))
    documents, text = _texts(content.get("documents", ())), one_line(text)[:LONGEST_NAME]
    edit = Edit(kind, topics, documents, text, parts, into)
    check(edit)
    return edit


def check(edit: Edit) -> None:
    """Raise ValueError where a change lacks something that its kind needs."""
    if edit.edit == "merge" and len(set(edit.topics)) < 2:
        raise ValueError("two topics and more are merged")
    if edit.edit != "merge" and len(edit.topics) != 1:
        raise ValueError(f"{edit.edit} is about one topic")
    if edit.edit == "rename" and not edit.text:
        raise ValueError("the new name is empty")
    if edit.parts is not None and not 2 <= edit.parts <= MOST_PARTS:
        raise ValueError(f"its parts are not from 2 to {MOST_PARTS}")
    if edit.edit == "move" and not edit.documents:
        raise ValueError("no documents are named")
    if edit.edit not in ("rename", "note") and any(topic.level for topic in edit.topics):
        raise ValueError("a topic of topics can be renamed and noted of, and nothing else")


def _reference(content: Any) -> Reference:
    if not isinstance(content, dict):
        raise TypeError("a topic is no JSON object")
    label, number, level = content.get("label", ""), content.get("number"), content.get("level", 0)
    if not isinstance(label, str) or type(level) is not int or level < 0:
        raise ValueError("a topic has a label and a level")
    if number is not None and type(number) is not int:
        raise ValueError("a topic's number is none")
    return Reference(_texts(content.get("documents", ())), one_line(label), number, level)


def _texts(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise TypeError("documents are a list of ids")
    return tuple(found)
