"""How a source is read, beyond which of its columns hold what."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal

from localtopics.checked import Checked, setting
from localtopics.errors import UserError

_ALONE = {
    "split": "splits, which only datasets (hf:OWNER/NAME) have",
    "sheet": "sheets, which only workbooks (.xlsx, .xls, .ods) have",
    "table": "tables to choose from, which only databases and .json files have",
    "query": "queries, which only databases (SQLite, DuckDB) answer",
    "encoding": "encoding to name, which only files of text have",
    "delimiter": "delimiter, which only .csv and .tsv files have",
    "on_bad_row": "rows of fields, which only .csv and .tsv files have",
}
"""What sources lack for which a field says nothing."""

CLEANINGS = ("html", "email", "quotes", "latex", "urls", "boilerplate")
"""What can be taken out of texts, in the order in which it is done."""
PRIVATE = ("email", "iban", "card", "phone")
"""What can be redacted, in the order in which it is looked for: a card's number may look like a phone's."""
_ALL = "all"
_KIND = r"\s*(?:all|email|iban|card|phone(?::[A-Za-z]{2})?)\s*"
PRIVATE_FORM = re.compile(rf"{_KIND}(?:,{_KIND})*")
"""How kinds of it are written: separated by commas, phone with a country's two letters or without."""
_DELIMITER = re.compile(r"[^\w\s\"']|[\t _]|\\t|tab")


@dataclass(frozen=True)
class Reading(Checked):
    """How a source is read; a field that is not set is what the source itself says or shows."""

    split: str | None = setting(None, "split of a Hub dataset, such as train")
    sheet: str | None = setting(None, "sheet of a workbook, by its name or its number from 1")
    table: str | None = setting(None, "table of a database, or list of objects in a JSON file")
    query: str | None = setting(None, "SQL query whose rows are read from a database")
    encoding: str | None = setting(
        None, "encoding of a file of text, such as windows-1252", unset="what its bytes plainly are in"
    )
    delimiter: str | None = setting(
        None,
        'what separates the fields of a .csv or .tsv file: one sign, or "tab"',
        form=_DELIMITER,
        example='one sign such as ";", or "tab"',
        unset="what plainly does",
    )
    on_bad_row: Literal["error", "skip"] = setting(
        "error", "what is done where a row of a .csv or .tsv file has more or fewer fields than its header"
    )

    def require(self, source: str, *known: str) -> None:
        """Raise `UserError` where a field is set that says nothing of such a source.

        Args:
            source: what is read.
            known: the fields that say something of it.
        """
        for field in fields(Reading):
            if field.name not in known and getattr(self, field.name) != field.default:
                raise UserError(f"{source} has no {_ALONE[field.name]}.", arguments=[field.name])


def private_kinds(kinds: str) -> tuple[str, ...]:
    """The kinds of private data in a setting such as "email,phone:DE", each once and in one order."""
    asked = [kind.strip() for kind in kinds.split(",")]
    asked = [*(PRIVATE if _ALL in asked else ()), *(kind for kind in asked if kind != _ALL)]
    names = {kind[:5] + kind[5:].upper() for kind in asked}
    return tuple(sorted(names, key=lambda kind: (PRIVATE.index(kind.partition(":")[0]), kind)))
