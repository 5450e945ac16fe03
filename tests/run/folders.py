"""Run folders that tests change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localtopics.labels.label import Candidate, Label
from tests.conftest import ROOT

OLD = ROOT / "tests" / "data" / "run-0.1.0"
NOTES = ROOT / "tests" / "data" / "notes.csv"
LABEL = Label(0, "Bread", False, (Candidate("Bread", 0.5), Candidate("…", None)), "0" * 64, 0.1)


def changed(path: tuple[str, ...], value: Any) -> Callable[[Path], None]:
    """Put a value into a folder's run.json."""

    def damage(folder: Path) -> None:
        record = json.loads((folder / "run.json").read_text())
        inner = record
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        (folder / "run.json").write_text(json.dumps(record))

    return damage
